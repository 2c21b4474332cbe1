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
#include "db/db_crl.h"
#include "os/file.h"
#include "x509/cert.h"

static const struct cmd_opt init_opts[] = {
	{ "key", 0, CMD_STRING, true, "ALG",
	    "rsa:3072, rsa:4096, ec:P-256, ec:P-384" },
	{ "subject", 0, CMD_STRING, false, "TEXT",
	    "common name to ask for (else NAME); the root decides" },
	{ "passphrase", 0, CMD_STRING, false, "SOURCE",
	    "where the passphrase of the new key comes from: prompt, "
	    "file:PATH, credential:NAME, fd:N" },
	CMD_OPT_END
};
static const struct cmd_opt csr_opts[] = {
	{ "out", 'o', CMD_STRING, false, "FILE",
	    "write to this new file (standard output)" },
	CMD_OPT_END
};

static int
check_name(const char *name, struct error *e)
{
	if (text_is_name(name) && strcmp(name, "root") != 0)
		return 0;
	return error_set(e, ERROR_INPUT, "\"%.64s\" is no name for an issuing "
	    "CA: letters, digits, dot, dash and underscore, not \"root\"",
	    name);
}

static int
ca_init(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	char *const	*name;

	cli_begin(c, a);
	cmd_operands(a, &name);
	if (check_name(name[0], e) == -1 || cli_settings(c, e) == -1 ||
	    ca_make_key(c, name[0], cmd_string(a, "key", NULL),
	    cmd_string(a, "subject", name[0]),
	    cmd_string(a, "passphrase", "prompt"), e) == -1)
		return -1;
	cli_say(c, "key      %s (encrypted)\nrequest  %s",
	    ca_file(c, name[0], "key"), ca_file(c, name[0], "csr"));
	cli_say(c, "next, where the root is: signet-root certify ...\n"
	    "then here: signet ca import %s FILE", name[0]);
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
	if (check_name(name[0], e) == -1 || cli_settings(c, e) == -1)
		return -1;
	if (file_load(&b, ca_file(c, name[0], "csr"), 65536, e) == 0)
		rc = list_write(cmd_string(a, "out", "-"), &b, e);
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
	struct bytes	bytes;
	int		rc;

	audit_begin(&body, "ca-add", clock_now(d->c->clock));
	audit_str(&body, "ca", d->row.name);
	audit_hex(&body, "cert", d->digest, sizeof(d->digest));
	bytes = BYTES(body.p, body.len);
	rc = db_audit_append(db, &bytes, 1, NULL, e);
	buf_clear(&body);
	return rc;
}

static int
add_ca(struct db *db, void *arg, struct error *e)
{
	struct adding	*d = arg;
	struct db_ca	 there;
	int		 found;

	d->added = false;
	found = db_ca_find(db, d->row.name, &there, d->c->arena, e);
	if (found == -1)
		return -1;
	if (found == 1 && bytes_equal(there.der, d->row.der))
		return 0;
	if (found == 1) {
		error_set(e, ERROR_CONFLICT, "the store has another "
		    "certificate for CA %s", d->row.name);
		return error_hint(e, "a new generation needs a name of its "
		    "own, for instance %.60s-2", d->row.name);
	}
	d->added = true;
	if (db_ca_add(db, &d->row, e) == -1)
		return -1;
	return add_entry(d, db, e);
}

int
ca_store(struct cli *c, const char *name, X509 *cert, bool is_root,
    bool *added, struct error *e)
{
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
	d.row = (struct db_ca){ .name = name, .generation = 1,
	    .is_root = is_root, .subject = info.subject,
	    .der = BYTES(der, (size_t)len), .not_before = info.not_before,
	    .not_after = info.not_after };
	memcpy(d.row.key_digest, info.key_digest, KEY_DIGEST_SIZE);
	memcpy(d.digest, info.digest, sizeof(d.digest));
	rc = db_txn(c->db, add_ca, &d, e);
	*added = d.added;
 out:
	OPENSSL_free(der);
	cert_info_clear(&info);
	return rc;
}

static int
ca_import(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct ca_import	 in = { 0 };
	char *const		*arg;
	bool			 added = false;
	int			 rc = -1;

	cli_begin(c, a);
	cmd_operands(a, &arg);
	if (check_name(arg[0], e) == -1 ||
	    ca_import_read(c, arg[1], arg[0], &in, e) == -1 ||
	    ca_import_check(c, arg[0], &in, e) == -1 ||
	    cli_open_db(c, e) == -1 ||
	    ca_store(c, "root", sk_X509_value(c->anchors, 0), true, &added,
	    e) == -1 ||
	    ca_store(c, arg[0], in.cert, false, &added, e) == -1 ||
	    ca_import_store(c, arg[0], &in, e) == -1)
		goto out;
	cli_say(c, "CA %s %s; certificate in %s", arg[0], added ?
	    "imported" : "is there already", ca_file(c, arg[0], "pem"));
	rc = 0;
 out:
	ca_import_clear(&in);
	return rc;
}

/* ---- list, show ---- */

static int
ca_list(struct cmd_args *a, void *ctx, struct error *e)
{
	static const struct out_col	 cols[] = {
		{ "name", "NAME", 0 },
		{ "is_root", "ROOT", 0 },
		{ "is_trusted", "KNOWN HERE", 0 },
		{ "not_after", "EXPIRES", OUT_DAY },
		{ "subject", "SUBJECT", OUT_SHRINK },
		{ "generation", NULL, OUT_JSON },
		{ "not_before", NULL, OUT_JSON },
		{ "key_digest", NULL, OUT_JSON },
	};
	struct cli			*c = ctx;
	const struct cli_issuer		*known;
	struct error			 ignored = ERROR_INIT;
	struct db_cas			 all;
	struct out_list			*l;
	size_t				 i;

	cli_begin(c, a);
	if (cli_open_trust(c, e) == -1 || cli_open_db(c, e) == -1 ||
	    db_ca_list(c->db, &all, c->arena, e) == -1)
		return -1;
	l = out_list_new(stdout, c->json, 0, cols, 8);
	for (i = 0; i < all.n; i++) {
		out_text(l, all.v[i].name);
		out_bool(l, all.v[i].is_root);
		out_bool(l, all.v[i].is_root || cli_find_ca(c,
		    all.v[i].name, &known, &ignored) == 0);
		out_time(l, all.v[i].not_after);
		out_text(l, all.v[i].subject);
		out_num(l, all.v[i].generation);
		out_time(l, all.v[i].not_before);
		out_hex(l, all.v[i].key_digest, DB_DIGEST);
	}
	if (all.n == 0)
		cli_say(c, "no CA yet; next: signet ca import NAME FILE");
	out_list_free(&l);
	return 0;
}

static int
put_crl(struct cli *c, struct out_record *r, const char *name,
    struct error *e)
{
	struct db_crl	crl;
	int		found;

	found = db_crl_find(c->db, name, 0, &crl, c->arena, e);
	if (found != 1)
		return found;
	out_put_num(r, "crl_number", "Latest CRL", crl.number);
	out_put_num(r, "crl_entries", "  entries", crl.entries);
	out_put_time(r, "crl_next_update", "  good until", crl.next_update);
	return 0;
}

static int
ca_show(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct out_record	*r;
	struct db_ca		 ca;
	char *const		*name;
	int			 found, rc;

	cli_begin(c, a);
	cmd_operands(a, &name);
	if (cli_open_db(c, e) == -1)
		return -1;
	if ((found = db_ca_find(c->db, name[0], &ca, c->arena, e)) == -1)
		return -1;
	if (found == 0) {
		error_set(e, ERROR_NOTFOUND, "the store knows no CA \"%.64s\"",
		    name[0]);
		return error_hint(e, "see: signet ca list");
	}
	r = out_record_new(stdout, c->json);
	out_put(r, "name", "Name", ca.name);
	out_put(r, "subject", "Subject", ca.subject);
	out_put_bool(r, "is_root", "Root", ca.is_root);
	out_put_num(r, "generation", "Generation", ca.generation);
	out_put_time(r, "not_before", "Valid from", ca.not_before);
	out_put_time(r, "not_after", "Valid until", ca.not_after);
	out_put_hex(r, "key_digest", "Key SHA-256", ca.key_digest,
	    DB_DIGEST);
	out_put_time(r, "added_at", "Added", ca.added_at);
	rc = put_crl(c, r, ca.name, e);
	out_record_free(&r);
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
	{ "ca import", "NAME FILE", "take in the certificate of a CA",
	    "FILE is what the root made: a parcel, whose signature and number "
	    "are checked, or certificates in PEM, the CA's first.  It has to "
	    "lead to the root and to belong to the key made by \"ca init\".",
	    "signet ca import people people.parcel\n", NULL, 2, 2,
	    ca_import },
	{ "ca list", NULL, "list the CAs of the store", NULL, NULL, NULL, 0,
	    0, ca_list },
	{ "ca show", "NAME", "show a CA and its latest revocation list", NULL,
	    NULL, NULL, 1, 1, ca_show },
	CMD_END
};
