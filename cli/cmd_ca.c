/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet ca: issuing CAs, their keys, requests and certificates.
 */
#include <string.h>

#include "audit/chain.h"
#include "base/text.h"
#include "cli/ca_key.h"
#include "cli/cli.h"
#include "cli/list.h"
#include "db/db_audit.h"
#include "db/db_ca.h"
#include "os/fault.h"
#include "os/file.h"
#include "x509/ca_name.h"
#include "x509/cert.h"
#include "x509/token.h"

static const struct cmd_opt init_opts[] = {
	{ "key", 0, CMD_STRING, true, "ALG-or-URI",
	    "rsa:3072, rsa:4096, ec:P-256, ec:P-384; or pkcs11:URI of a key "
	    "in a token, which is made there unless it is there" },
	{ "algorithm", 0, CMD_STRING, false, "ALG",
	    "of a key that is made in a token (rsa:3072)" },
	{ "subject", 0, CMD_STRING, false, "TEXT",
	    "common name to ask for (else NAME); the root decides" },
	{ "passphrase", 0, CMD_STRING, false, "SOURCE",
	    "where the passphrase of the new key comes from: prompt, "
	    "file:PATH, credential:NAME, fd:N" },
	CMD_OPT_END
};
static const struct cmd_opt import_opts[] = {
	{ "start", 0, CMD_STRING, false, "TIME",
	    "from when on this generation is meant to issue (at once)" },
	CMD_OPT_END
};
static const struct cmd_opt csr_opts[] = {
	{ "out", 'o', CMD_STRING, false, "FILE",
	    "write to this new file (standard output)" },
	CMD_OPT_END
};

static int
ca_init(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct ca_new_key	 k = { .key = cmd_string(a, "key", NULL),
		.token_alg = cmd_string(a, "algorithm", "rsa:3072"),
		.passphrase = cmd_string(a, "passphrase", "prompt") };
	char *const		*name;

	cli_begin(c, a);
	cmd_operands(a, &name);
	k.name = name[0];
	k.common_name = cmd_string(a, "subject", name[0]);
	if (ca_check_name(name[0], false, e) == -1 ||
	    cli_settings(c, e) == -1 || ca_make_key(c, &k, e) == -1)
		return -1;
	ca_say_key(c, &k);
	cli_say(c, "next, where the root is: signet-root certify ...\n"
	    "then here: signet ca import %s FILE", name[0]);
	return 0;
}

static int
give_request(struct cli *c, const char *name, struct buf *pem,
    struct error *e)
{
	const char	*out = cmd_string(c->args, "out", NULL);

	if ((out != NULL || !c->json) &&
	    list_write(out != NULL ? out : "-", pem, e) == -1)
		return -1;
	if (c->json)
		cli_did(c, json_pack("{s:s, s:s?, s:s}", "name", name, "file",
		    out, "pem", buf_cstr(pem)), "%s", "");
	return 0;
}

static int
ca_csr(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	struct buf	 b = { 0 };
	char *const	*name;
	int		 rc = -1;

	cli_begin(c, a);
	cmd_operands(a, &name);
	if (ca_check_name(name[0], true, e) == -1 ||
	    cli_settings(c, e) == -1)
		return -1;
	if (file_load(&b, ca_file(c, name[0], "csr"), 65536, e) == 0)
		rc = give_request(c, name[0], &b, e);
	else
		error_hint(e, "make one: signet ca init %.64s --key ALG",
		    name[0]);
	buf_clear(&b);
	return rc;
}

/* ---- import ---- */

struct adding {
	struct cli	*c;
	struct db_ca	 row;
	uint8_t		 digest[32];	/* of the certificate */
	bool		 added;
};

static int
add_entry(const struct adding *d, struct db *db, struct error *e)
{
	struct buf	body = { 0 };
	char		at[TEXT_TIME_SIZE];

	audit_begin(&body, "ca-add", clock_now(d->c->desk.clock));
	audit_str(&body, "ca", d->row.name);
	audit_hex(&body, "cert", d->digest, sizeof(d->digest));
	if (d->row.starts_at != 0)
		audit_str(&body, "start", text_time(at, d->row.starts_at));
	return db_audit_add(db, &body, e);
}

static int
add_ca(struct db *db, void *arg, struct error *e)
{
	struct adding	*d = arg;
	struct db_ca	 there;
	int		 found;

	d->added = false;
	found = db_ca_find(db, d->row.name, &there, d->c->desk.arena, e);
	if (found == -1)
		return -1;
	if (found == 1 && bytes_equal(there.der, d->row.der))
		return 0;
	if (found == 1) {
		error_set(e, ERROR_CONFLICT, "the store has another "
		    "certificate for CA %s", d->row.name);
		return error_hint(e, "a new generation begins with: signet "
		    "ca roll %.64s", d->row.name);
	}
	d->added = true;
	if (db_ca_add(db, &d->row, e) == -1)
		return -1;
	return add_entry(d, db, e);
}

int
ca_store(struct cli *c, const char *name, X509 *cert, bool is_root,
    int64_t starts_at, bool *added, struct error *e)
{
	char			 family[CA_NAME_SIZE];
	struct adding		 d = { .c = c };
	struct cert_info	 info = { 0 };
	unsigned char		*der = NULL;
	int			 len, rc = -1;

	if (cert_info(&info, cert, e) == -1)
		return -1;
	if ((len = i2d_X509(cert, &der)) <= 0) {
		error_ssl(e, ERROR_CRYPTO, "encode certificate");
		goto out;
	}
	d.row = (struct db_ca){ .name = name,
	    .generation = ca_name_split(name, family),
	    .is_root = is_root, .subject = info.subject,
	    .starts_at = starts_at,
	    .der = BYTES(der, (size_t)len), .not_before = info.not_before,
	    .not_after = info.not_after };
	memcpy(d.row.key_digest, info.key_digest, KEY_DIGEST_SIZE);
	memcpy(d.digest, info.digest, sizeof(d.digest));
	rc = db_txn(c->desk.db, add_ca, &d, e);
	*added = d.added;
 out:
	OPENSSL_free(der);
	cert_info_clear(&info);
	return rc;
}

static bool
has_root(const struct db_cas *all, X509 *cert)
{
	const unsigned char	*p;
	X509			*x;
	size_t			 i;
	bool			 same = false;

	for (i = 0; i < all->n && !same; i++) {
		p = all->v[i].der.p;
		x = d2i_X509(NULL, &p, (long)all->v[i].der.len);
		same = x != NULL && cert_is_same(x, cert);
		X509_free(x);
	}
	return same;
}

/* The generations of the root, oldest first: the present one heads the file. */
static int
store_roots(struct cli *c, struct error *e)
{
	struct db_cas	 all;
	char		 name[CA_NAME_SIZE];
	size_t		 k;
	bool		 added;
	int		 i, generation;

	for (i = sk_X509_num(c->desk.anchors) - 1; i >= 0; i--) {
		X509	*root = sk_X509_value(c->desk.anchors, i);

		if (db_ca_list(c->desk.db, &all, c->desk.arena, e) == -1)
			return -1;
		if (has_root(&all, root))
			continue;
		for (generation = 1, k = 0; k < all.n; k++)
			generation += all.v[k].is_root;
		if (ca_name_make(name, "root", generation) == -1 ||
		    ca_store(c, name, root, true, 0, &added, e) == -1)
			return -1;
	}
	return 0;
}

/* What the operator puts into the settings of signet-cad. */
static void
say_settings(struct cli *c, const char *name, int64_t starts_at)
{
	char	 at[TEXT_TIME_SIZE];

	cli_say(c, "next: put this into cas of signet-cad.conf and restart "
	    "signet-cad\n\n\t{\n\t\tname = \"%s\";\n\t\tcert = \"%s\";", name,
	    ca_file(c, name, "pem"));
	if (file_exists(ca_file(c, name, "key")))
		cli_say(c, "\t\tkey = \"file:%s\";", ca_file(c, name, "key"));
	else
		cli_say(c, "\t\tkey = \"pkcs11:...\";");
	cli_say(c, "\t\tpassphrase = \"...\";");
	if (starts_at != 0)
		cli_say(c, "\t\tstart = \"%s\";", text_time(at, starts_at));
	cli_say(c, "\t\tcdp = [ \"http://.../%s.crl\" ];\n\t\tocsp = [ \"...\" "
	    "];\n\t\taia = [ \"http://.../%s.cer\" ];\n\t}", name, name);
}

static int
import_start(const struct cmd_args *a, int64_t *start, struct error *e)
{
	const char	*text = cmd_string(a, "start", NULL);

	*start = 0;
	if (text == NULL || text_parse_time(start, text, e) == 0)
		return 0;
	return error_wrap(e, "option --start");
}

static int
ca_import(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct ca_import	 in = { 0 };
	char			 family[CA_NAME_SIZE];
	char *const		*arg;
	const char		*name;
	int64_t			 start;
	bool			 added = false;
	int			 rc = -1;

	cli_begin(c, a);
	cmd_operands(a, &arg);
	name = arg[0];
	if (ca_check_name(name, true, e) == -1 ||
	    import_start(a, &start, e) == -1 ||
	    ca_import_find(c, &name, arg[1], &in, e) == -1 ||
	    ca_import_check(c, name, &in, e) == -1 ||
	    cli_open_db(c, e) == -1 || store_roots(c, e) == -1)
		goto out;
	FAULT("ca.root-stored");
	if (ca_store(c, name, in.cert, false, start, &added, e) == -1)
		goto out;
	FAULT("ca.stored");
	if (ca_import_store(c, name, &in, e) == -1)
		goto out;
	cli_did(c, json_pack("{s:s, s:s, s:s}", "name", name, "result",
	    added ? "imported" : "there", "file", ca_file(c, name, "pem")),
	    "CA %s %s; certificate in %s", name, added ? "imported" :
	    "is there already", ca_file(c, name, "pem"));
	if (ca_name_split(name, family) > 1)
		say_settings(c, name, start);
	rc = 0;
 out:
	ca_import_clear(&in);
	return rc;
}

const struct cmd CLI_CA[] = {
	{ "ca init", "NAME", "make the key and the request of an issuing CA",
	    "The key is encrypted and never leaves this machine; the request "
	    "goes to the root.",
	    "signet ca init people --key rsa:3072 --passphrase "
	    "file:secrets/people\n", init_opts, 1, 1, ca_init },
	{ "ca csr", "NAME", "print the request of an issuing CA", NULL,
	    "signet ca csr people -o people.csr\n", csr_opts, 1, 1, ca_csr },
	{ "ca roll", "NAME", "begin the next generation of an issuing CA",
	    "Makes a new key, and a request with a subject of its own.  "
	    "Nothing changes for the present generation.  May be run again "
	    "after a crash: what is there already is kept.",
	    "signet ca roll people --passphrase file:secrets/people.g2\n"
	    "signet-root certify --name people.g2 --csr people.g2.csr\n"
	    "signet ca import people people.parcel --start 2027-03-01\n",
	    CA_ROLL_OPTS, 1, 1, ca_roll },
	{ "ca import", "NAME FILE", "take in the certificate of a CA",
	    "FILE is what the root made: a parcel, whose signature and number "
	    "are checked, or certificates in PEM, the CA's first.  It has to "
	    "lead to the root and to belong to the key made by \"ca init\" or "
	    "\"ca roll\".",
	    "signet ca import people people.parcel\n"
	    "signet ca import people people.parcel --start 2027-03-01\n",
	    import_opts, 2, 2, ca_import },
	{ "ca list", NULL, "list the CAs of the store and their generations",
	    "STATE is what each generation does: issuing, waiting for its "
	    "start, lists only, finished or expired.  ROLL BY is when the next "
	    "one is due: from then on certificates would be shortened to the "
	    "end of their CA.",
	    "signet ca list --json | jq -r 'select(.roll_due) | .name'\n",
	    NULL, 0, 0, ca_list },
	{ "ca show", "NAME", "show a CA, its generations and its latest "
	    "revocation list", NULL,
	    "signet ca show people\nsignet ca show people.g2\n", NULL, 1, 1,
	    ca_show },
	CMD_END
};
