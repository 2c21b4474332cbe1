/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The officer's own identity.
 */
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"
#include "x509/cert.h"

/* Paths of the settings start at their file, also behind "file:". */
static char *
from_settings(struct cli *c, const char *what)
{
	if (what == NULL)
		return NULL;
	if (strncmp(what, "file:", 5) == 0)
		return arena_printf(c->desk.arena, "file:%s",
		    cli_path(c, what + 5));
	if (strchr(what, ':') != NULL || strcmp(what, "prompt") == 0)
		return arena_strdup(c->desk.arena, what);
	return cli_path(c, what);
}

static int
check_not_expired(struct cli *c, X509 *cert, struct error *e)
{
	struct cert_info	info = { 0 };
	char			when[TEXT_TIME_SIZE];
	int64_t			now = clock_now(c->desk.clock);
	int			rc = -1;

	if (cert_info(&info, cert, e) == -1)
		return -1;
	if (now > info.not_after) {
		error_set(e, ERROR_DENIED, "the certificate of \"%s\" expired "
		    "on %s", info.subject, text_time(when, info.not_after));
		error_hint(e, "nothing was signed; a new certificate is "
		    "ordered with: signet order new --profile officer ...");
	} else if (now < info.not_before)
		error_set(e, ERROR_DENIED, "the certificate of \"%s\" is not "
		    "valid before %s", info.subject,
		    text_time(when, info.not_before));
	else
		rc = 0;
	cert_info_clear(&info);
	return rc;
}

static int
load(struct cli *c, struct error *e)
{
	const char	*key = cmd_string(c->args, "key", NULL);
	const char	*cert = cmd_string(c->args, "cert", NULL);
	const char	*pass = cmd_string(c->args, "passphrase", NULL);
	char		*uri;
	int		 rc;

	if (cli_settings(c, e) == -1)
		return -1;
	if (key == NULL) {
		key = from_settings(c, c->conf.officer_key);
		if (cert == NULL)
			cert = from_settings(c, c->conf.officer_cert);
	}
	if (pass == NULL)
		pass = from_settings(c, c->conf.officer_passphrase);
	if (key == NULL) {
		error_set(e, ERROR_CONFIG, "no key to sign with");
		return error_hint(e, "give --key FILE-or-pkcs11:URI (and "
		    "--cert), or set officer_key in %.60s", c->conf_path);
	}
	uri = key_uri(key, c->conf.pkcs11_module);
	rc = identity_load(&c->officer, uri, cert,
	    pass != NULL ? pass : "prompt", e);
	mem_free(&uri);
	if (rc == -1)
		return error_wrap(e, "nothing is signed: officer's key");
	return 0;
}

static int
sign(void *arg, struct buf *out, struct bytes blob, struct error *e)
{
	struct cli	*c = arg;

	return approval_add(out, blob, &c->officer, c->desk.clock, e);
}

int
cli_open_officer(struct cli *c, struct error *e)
{
	struct desk_signer	*s = &c->desk.signer;

	if (s->cert != NULL)
		return 0;
	if ((c->officer.key == NULL && load(c, e) == -1) ||
	    check_not_expired(c, c->officer.cert, e) == -1)
		return -1;
	s->sign = sign;
	s->arg = c;
	s->cert = c->officer.cert;
	return 0;
}
