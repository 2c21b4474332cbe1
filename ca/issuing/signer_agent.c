/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent whose key signs audit heads.  A process beside us renews its
 * certificate; what it has put in place is taken up with the next head.
 */
#include <sys/stat.h>

#include "os/file.h"
#include "signer_private.h"

static bool
has_changed(const struct signer *s, struct stat *now)
{
	return stat(s->conf->agent_cert, now) == 0 &&
	    (now->st_ino != s->agent_file.st_ino ||
	    now->st_mtim.tv_sec != s->agent_file.st_mtim.tv_sec ||
	    now->st_mtim.tv_nsec != s->agent_file.st_mtim.tv_nsec);
}

static int
begin(struct signer *s, struct error *e)
{
	const struct cad_conf	*c = s->conf;
	char			*uri = key_uri(c->agent_key, c->pkcs11_module);

	place_init(&s->agent_place, uri, c->agent_cert, &s->agent_secret);
	mem_free(&uri);
	return c->agent_passphrase == NULL ? 0 :
	    secret_fetch(&s->agent_secret.secret, c->agent_passphrase,
	    "agent", e);
}

/* The agent is certified by this CA, so it is not there at the first start. */
int
signer_agent_load(struct signer *s, struct buf *unusable, struct error *e)
{
	const struct cad_conf	*c = s->conf;

	if (c->agent_cert == NULL)
		return 0;
	if (!file_exists(c->agent_cert)) {
		buf_printf(unusable, "agent: %s is not there yet: audit heads "
		    "are not signed\n", c->agent_cert);
		return 0;
	}
	if (begin(s, e) == -1 ||
	    place_load(&s->agent_place, &s->agent, e) == -1)
		return error_wrap(e, "agent");
	(void)has_changed(s, &s->agent_file);
	return 0;
}

/*
 * While key and certificate are being replaced they do not fit each other:
 * then the former stay until the next head.
 */
void
signer_agent_refresh(struct signer *s)
{
	struct error	 ignored = ERROR_INIT;
	struct identity	 fresh;
	struct stat	 now;

	if (s->agent.key == NULL || !has_changed(s, &now) ||
	    place_read(&s->agent_place, &fresh, &ignored) == -1)
		return;
	identity_free(&s->agent);
	s->agent = fresh;
	s->agent_file = now;
}

void
signer_agent_clear(struct signer *s)
{
	identity_free(&s->agent);
	place_clear(&s->agent_place);
	secret_free(&s->agent_secret.secret);
}
