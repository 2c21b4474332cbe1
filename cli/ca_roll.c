/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet ca roll: the next generation of an issuing CA.
 */
#include <string.h>
#include <openssl/x509.h>

#include "base/text.h"
#include "cli/ca_key.h"
#include "os/file.h"
#include "x509/ca_name.h"
#include "x509/key.h"

#define CN_MAX	64		/* ub-common-name */

const struct cmd_opt CA_ROLL_OPTS[] = {
	{ "key", 0, CMD_STRING, false, "ALG",
	    "kind of the new key (that of the present one), or the pkcs11: "
	    "URI of a key in a token" },
	{ "subject", 0, CMD_STRING, false, "TEXT",
	    "common name to ask for (the present one with G2, G3 ...); the "
	    "root decides" },
	{ "passphrase", 0, CMD_STRING, false, "SOURCE",
	    "where the passphrase of the new key comes from: prompt, "
	    "file:PATH, credential:NAME, fd:N" },
	CMD_OPT_END
};

int
ca_check_name(const char *name, bool generation, struct error *e)
{
	char	 family[CA_NAME_SIZE];

	if (!text_is_name(name) || strcmp(name, "root") == 0)
		return error_set(e, ERROR_INPUT, "\"%.64s\" is no name for an "
		    "issuing CA: letters, digits, dot, dash and underscore, "
		    "not \"root\"", name);
	if (generation || ca_name_split(name, family) == 1)
		return 0;
	error_set(e, ERROR_INPUT, "\"%s\" is the name of a generation", name);
	return error_hint(e, "the next one is made by: signet ca roll %s",
	    family);
}

int
ca_newest(struct cli *c, const char *family, const struct desk_issuer **out)
{
	char	 own[CA_NAME_SIZE];
	size_t	 i;
	int	 newest = 0, g;

	*out = NULL;
	for (i = 0; i < c->desk.nissuers; i++) {
		g = ca_name_split(c->desk.issuer[i].name, own);
		if (strcmp(own, family) == 0 && g > newest) {
			newest = g;
			*out = &c->desk.issuer[i];
		}
	}
	return newest;
}

/* Length without " G2" at the end. */
static size_t
stem_length(const char *cn)
{
	size_t	 len = strlen(cn), digits = len;

	while (digits > 0 && cn[digits - 1] >= '0' && cn[digits - 1] <= '9')
		digits--;
	return digits < len && digits > 2 && cn[digits - 1] == 'G' &&
	    cn[digits - 2] == ' ' ? digits - 2 : len;
}

/* "Example People CA" becomes "Example People CA G2", and that "... G3". */
static char *
next_subject(struct cli *c, X509 *cert, int generation)
{
	char	 cn[256] = "CA", tail[16];
	size_t	 len;

	X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName,
	    cn, sizeof(cn));
	snprintf(tail, sizeof(tail), " G%d", generation);
	len = stem_length(cn);
	if (len > CN_MAX - strlen(tail))
		len = CN_MAX - strlen(tail);
	return arena_printf(c->desk.arena, "%.*s%s", (int)len, cn, tail);
}

/* One generation after the other: not by a command that ran twice. */
static int
confirm_next(struct cli *c, const struct desk_issuer *newest, int generation,
    struct error *e)
{
	if (generation == 1)
		return 0;
	return cli_confirm(c, e, "%s is the newest generation.  Begin "
	    "another one?", newest->name);
}

static void
say_next(struct cli *c, const char *name, const char *family)
{
	cli_say(c, "next, where the root is: signet-root certify --name %s "
	    "--csr %s.csr ...\nthen here: signet ca import %s FILE [--start "
	    "TIME]", name, name, family);
}

int
ca_roll(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	const struct desk_issuer	*newest;
	char			 name[CA_NAME_SIZE], alg[16];
	char *const		*arg;
	struct ca_new_key	 k = { .name = name,
		.passphrase = cmd_string(a, "passphrase", "prompt") };
	int			 g;

	cli_begin(c, a);
	cmd_operands(a, &arg);
	if (ca_check_name(arg[0], false, e) == -1 ||
	    cli_open_trust(c, e) == -1)
		return -1;
	if ((g = ca_newest(c, arg[0], &newest)) == 0)
		return desk_find_ca(&c->desk, arg[0], &newest, e);
	if (ca_name_make(name, arg[0], g + 1) == -1)
		return error_set(e, ERROR_INPUT, "the name of CA %s is too "
		    "long for a generation", arg[0]);
	if (file_exists(ca_file(c, name, "csr"))) {
		cli_did(c, json_pack("{s:s, s:n, s:s, s:b}", "name", name,
		    "key", "request", ca_file(c, name, "csr"), "made", false),
		    "CA %s has its key and request already: %s", name,
		    ca_file(c, name, "csr"));
		say_next(c, name, arg[0]);
		return 0;
	}
	k.token_alg = key_algorithm(X509_get0_pubkey(newest->cert), alg);
	k.key = cmd_string(a, "key", k.token_alg);
	k.common_name = cmd_string(a, "subject", next_subject(c,
	    newest->cert, g + 1));
	if (confirm_next(c, newest, g, e) == -1 ||
	    ca_make_key(c, &k, e) == -1)
		return -1;
	ca_say_key(c, &k);
	say_next(c, name, arg[0]);
	return 0;
}
