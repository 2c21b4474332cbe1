/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent whose key signs audit heads.  A process beside us renews its
 * certificate; what it has put in place is taken up with the next head.
 */
#include "os/file.h"
#include "signer_private.h"

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
	    place_load(&s->agent_place, &s->agent, e) == -1 ||
	    place_seen(&s->agent_place, &s->agent_file, e) == -1)
		return error_wrap(e, "agent");
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

	if (s->agent.key == NULL || place_look(&s->agent_place,
	    &s->agent_file, &fresh, &ignored) != 1)
		return;
	identity_free(&s->agent);
	s->agent = fresh;
}

void
signer_agent_clear(struct signer *s)
{
	identity_free(&s->agent);
	place_clear(&s->agent_place);
	secret_free(&s->agent_secret.secret);
}
