/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet cert: certificates, looked at and acted on.
 */
#include <string.h>

#include "base/base64.h"
#include "base/text.h"
#include "cli/act.h"
#include "cli/cert_file.h"
#include "cli/list.h"
#include "db/db_archive.h"
#include "db/db_cert.h"
#include "desk/renewal.h"
#include "desk/review.h"
#include "desk/selector.h"
#include "desk/target.h"
#include "x509/ca_name.h"

#define SERIAL_SHOWN	12	/* digits in tables */

static const struct cmd_opt list_opts[] = {
	{ "ca", 0, CMD_STRING, false, "NAME", "of this CA" },
	{ "profile", 'p', CMD_STRING, false, "NAME", "of this profile" },
	{ "holder", 0, CMD_STRING, false, "ID", "of this holder" },
	{ "card", 0, CMD_STRING, false, "ID", "on this card" },
	{ "key-of", 0, CMD_STRING, false, "FILE|HEX", "with this key" },
	{ "status", 0, CMD_STRING, false, "STATUS", "good, held or revoked" },
	{ "name", 0, CMD_STRING, false, "TEXT",
	    "with this mail address, host or common name; \"text*\" for how "
	    "it begins" },
	{ "valid", 0, CMD_FLAG, false, NULL, "not expired" },
	{ "archived", 0, CMD_FLAG, false, NULL,
	    "what was archived, by number; with --ca, --profile, --holder, "
	    "--key-of, --status" },
	{ "expires-within", 0, CMD_STRING, false, "TIME",
	    "valid now and not after this time, such as 30d" },
	LIST_OPTS,
	CMD_OPT_END
};
static const struct cmd_opt find_opts[] = {
	LIST_OPTS,
	CMD_OPT_END
};
static const struct cmd_opt export_opts[] = {
	{ "format", 0, CMD_STRING, false, "FORMAT",
	    "pem (default), der or p7b" },
	{ "no-chain", 0, CMD_FLAG, false, NULL,
	    "without the CA's certificates" },
	{ "out", 'o', CMD_STRING, false, "FILE",
	    "write to this new file (standard output)" },
	CMD_OPT_END
};
static const struct cmd_opt renew_opts[] = {
	{ "csr", 0, CMD_STRING, true, "FILE",
	    "certificate request with the new key" },
	{ "proof-key", 0, CMD_STRING, false, "URI",
	    "the old key: the holder signs the renewal" },
	{ "proof-cert", 0, CMD_STRING, false, "FILE", "its certificate" },
	{ "proof-passphrase", 0, CMD_STRING, false, "SOURCE",
	    "where the passphrase of the old key comes from" },
	{ "comment", 0, CMD_STRING, false, "TEXT", "evidence, in words" },
	{ "sign", 0, CMD_FLAG, false, NULL, "approve it, too" },
	ACT_OFFICER_OPTS,
	CMD_OPT_END
};

static const struct out_col	cols[] = {
	{ "serial", "SERIAL", 0 },
	{ "ca", "CA", OUT_SPARE },
	{ "profile", "PROFILE", OUT_SHRINK | OUT_SPARE },
	{ "holder", "HOLDER", OUT_SHRINK },
	{ "status", "STATUS", 0 },
	{ "not_after", "EXPIRES", OUT_DAY | OUT_SPARE },
	{ "subject", "SUBJECT", OUT_SHRINK | OUT_SPARE },
	{ "not_before", NULL, OUT_JSON },
	{ "issued_at", NULL, OUT_JSON },
	{ "card", NULL, OUT_JSON },
	{ "revoked_at", NULL, OUT_JSON },
	{ "reason", NULL, OUT_JSON },
	{ "key_digest", NULL, OUT_JSON },
	{ "order", NULL, OUT_JSON },
	{ "item", NULL, OUT_JSON },
	{ "archive", NULL, OUT_JSON },
};
#define NCOLS	(sizeof(cols) / sizeof(cols[0]))

static const char *
reason_of(int reason)
{
	return reason < 0 ? NULL : selector_reason_name(reason);
}

/* What is not there is NULL, empty, or 0. */
static void
cert_row(struct out_list *l, const struct db_cert *x, const char *archive)
{
	out_id(l, x->serial.p, x->serial.len, SERIAL_SHOWN);
	out_text(l, x->ca);
	out_text(l, x->profile);
	out_text(l, x->holder);
	out_text(l, x->status);
	out_time(l, x->not_after);
	out_text(l, x->subject);
	out_time(l, x->not_before);
	out_time(l, x->issued_at);
	out_text(l, x->card);
	out_time(l, x->revoked_at);
	out_text(l, reason_of(x->reason));
	out_hex(l, x->key_digest, DB_DIGEST);
	out_hex(l, x->ref.order_id, DB_ORDER_ID);
	out_num(l, x->ref.n);
	out_text(l, archive);
}

/* What the store has of one that was archived. */
static void
archived_row(struct out_list *l, const struct db_archived *x)
{
	struct db_cert	 c = { .ca = x->ca, .serial = x->serial,
			    .ref = x->ref, .profile = x->profile,
			    .holder = x->holder, .not_after = x->not_after,
			    .status = x->status, .revoked_at = x->revoked_at,
			    .reason = x->reason };

	memcpy(c.key_digest, x->key_digest, DB_DIGEST);
	cert_row(l, &c, x->archive);
}

/* ---- list, find ---- */

struct search {
	struct db_cert_filter	 f;
	uint8_t			 key[32];
	int64_t			 before;
	struct db_serial	 after;		/* of archived ones */
	const char		*after_ca;
};

static int
after_id(struct cli *c, struct search *s, struct error *e)
{
	const char	*after = cmd_string(c->args, "after", NULL);
	struct db_cert	 cert;

	if (after == NULL)
		return 0;
	if (target_find(&c->desk, after, &cert, e) == -1)
		return error_wrap(e, "--after");
	s->before = cert.id;
	return 0;
}

static int
check_expiry(struct cli *c, struct search *s, struct error *e)
{
	const char	*within = cmd_string(c->args, "expires-within", NULL);
	int64_t		 now = clock_now(c->desk.clock), seconds;

	if (cmd_flag(c->args, "valid") || within != NULL)
		s->f.valid_after = now;
	if (within == NULL)
		return 0;
	if (text_parse_duration(&seconds, within, e) == -1)
		return error_wrap(e, "--expires-within");
	s->f.expires_before = now + seconds;
	return 0;
}

/* "holm*" is how a name begins. */
static void
set_name(struct cli *c, struct search *s, const char *text)
{
	size_t	 n;
	char	*name;

	if (text == NULL || text[0] == '\0')
		return;
	n = strlen(text);
	name = arena_strdup(c->desk.arena, text);
	s->f.name_begins = text[n - 1] == '*';
	if (s->f.name_begins)
		name[n - 1] = '\0';
	s->f.name = name;
}

static int
check_key(struct cli *c, struct search *s, struct error *e)
{
	const char	*key = cmd_string(c->args, "key-of", NULL);

	if (key == NULL)
		return 0;
	if (target_key_digest(s->key, key, e) == -1)
		return error_wrap(e, "--key-of");
	s->f.key_digest = BYTES(s->key, sizeof(s->key));
	return 0;
}

static int
check_search(struct cli *c, struct search *s, struct error *e)
{
	static const char *const	words[] = { "good", "held",
		"revoked" };

	memset(s, 0, sizeof(*s));
	s->f.ca = cmd_string(c->args, "ca", NULL);
	s->f.profile = cmd_string(c->args, "profile", NULL);
	s->f.holder = cmd_string(c->args, "holder", NULL);
	s->f.card = cmd_string(c->args, "card", NULL);
	s->f.status = cmd_string(c->args, "status", NULL);
	set_name(c, s, cmd_string(c->args, "name", NULL));
	if (list_check_word("--status", s->f.status, words, 3, e) == -1 ||
	    check_expiry(c, s, e) == -1 || check_key(c, s, e) == -1)
		return -1;
	return cmd_flag(c->args, "archived") ? 0 : after_id(c, s, e);
}

static int
walk(struct cli *c, struct list *list, struct search *s, struct error *e)
{
	struct db_certs	 page = { 0 };
	char		 last[66] = "", hex[43];
	size_t		 i;
	int		 rc = -1;

	if (cli_open_db(c, e) == -1)
		goto out;
	while (list_wants(list)) {
		if (db_cert_list(c->desk.db, &s->f, s->before, list_page(list),
		    &page, list->arena, e) == -1)
			goto out;
		for (i = 0; i < page.n && list_take(list); i++)
			cert_row(list->out, &page.v[i], NULL);
		if (i > 0) {
			s->before = page.v[i - 1].id;
			text_hex(hex, page.v[i - 1].serial.p,
			    page.v[i - 1].serial.len);
			snprintf(last, sizeof(last), "%.*s", SERIAL_SHOWN,
			    hex);
		}
		list_turn(list, page.n);
	}
	rc = 0;
 out:
	list_end(c, list, rc == 0 ? last : NULL);
	return rc;
}

static int
after_archived(struct cli *c, struct search *s, struct error *e)
{
	const char		*after = cmd_string(c->args, "after", NULL);
	struct db_archived	 x;
	int			 found;

	if (after == NULL)
		return 0;
	if ((found = target_find_archived(&c->desk, after, &x, e)) == 0)
		error_set(e, ERROR_NOTFOUND, "no archived certificate %s",
		    after);
	if (found != 1)
		return error_wrap(e, "--after");
	s->after = x.serial;
	s->after_ca = x.ca;
	return 0;
}

/* Names and cards went with what was archived. */
static int
check_archived(struct cli *c, struct search *s, struct error *e)
{
	static const char *const	not[] = { "card", "name",
	    "expires-within" };
	size_t				i;

	for (i = 0; i < sizeof(not) / sizeof(not[0]); i++)
		if (cmd_string(c->args, not[i], NULL) != NULL)
			return error_set(e, ERROR_CONFIG, "--archived cannot be "
			    "given with --%s", not[i]);
	if (cmd_flag(c->args, "valid"))
		return error_set(e, ERROR_CONFIG, "--archived cannot be given "
		    "with --valid");
	if (check_search(c, s, e) == -1 || cli_open_db(c, e) == -1)
		return -1;
	s->after_ca = "";
	return after_archived(c, s, e);
}

/* By number: the last one that was shown is where the next page begins. */
static int
walk_archived(struct cli *c, struct list *list, const struct search *s,
    struct error *e)
{
	const struct db_archived_filter	 f = { .ca = s->f.ca,
	    .profile = s->f.profile, .holder = s->f.holder,
	    .status = s->f.status, .key_digest = s->f.key_digest };
	struct db_archiveds		 page;
	struct db_serial		 at = s->after;
	char				 last[66] = "", ca[65] = "", hex[43];
	size_t				 i;
	int				 rc = -1;

	snprintf(ca, sizeof(ca), "%s", s->after_ca);
	while (list_wants(list)) {
		if (db_archived_list(c->desk.db, &f, &at, ca, list_page(list),
		    &page, list->arena, e) == -1)
			goto out;
		for (i = 0; i < page.n && list_take(list); i++)
			archived_row(list->out, &page.v[i]);
		if (i > 0) {
			at = page.v[i - 1].serial;
			snprintf(ca, sizeof(ca), "%s", page.v[i - 1].ca);
			snprintf(last, sizeof(last), "%s",
			    text_hex(hex, at.p, at.len));
		}
		list_turn(list, page.n);
	}
	rc = 0;
 out:
	list_end(c, list, rc == 0 ? last : NULL);
	return rc;
}

static int
cert_list(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	struct search	 s;
	struct list	 list;
	bool		 archived = cmd_flag(a, "archived");

	cli_begin(c, a);
	if (archived) {
		if (check_archived(c, &s, e) == -1 ||
		    list_begin(c, &list, cols, NCOLS, e) == -1)
			return -1;
		return walk_archived(c, &list, &s, e);
	}
	if (check_search(c, &s, e) == -1 ||
	    list_begin(c, &list, cols, NCOLS, e) == -1)
		return -1;
	return walk(c, &list, &s, e);
}

/* Hex is a serial number, everything else a name; both are tried. */
static int
cert_find(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct search		 s = { .f = { .name_begins = true } };
	struct selector_serial	 sel;
	struct list		 list;
	struct db_cert		 cert;
	struct db_archived	 gone;
	struct error		 ignored = ERROR_INIT;
	char *const		*text;

	cli_begin(c, a);
	cmd_operands(a, &text);
	if (list_begin(c, &list, cols, NCOLS, e) == -1)
		return -1;
	if (cli_open_db(c, e) == -1 || after_id(c, &s, e) == -1) {
		list_end(c, &list, NULL);
		return -1;
	}
	if (selector_serial(&sel, text[0], &ignored) == 0 &&
	    target_find(&c->desk, text[0], &cert, &ignored) == 0) {
		cert_row(list.out, &cert, NULL);
		list_end(c, &list, "");
		return 0;
	}
	if (selector_serial(&sel, text[0], &ignored) == 0 &&
	    target_find_archived(&c->desk, text[0], &gone, &ignored) == 1) {
		archived_row(list.out, &gone);
		list_end(c, &list, "");
		return 0;
	}
	s.f.name = text[0];
	return walk(c, &list, &s, e);
}

/* ---- show, export ---- */

static int
put_history(struct cli *c, struct out_record *r, const struct db_cert *x,
    struct error *e)
{
	struct db_status_entries	 h;
	json_t				*list = json_array();
	char				 at[TEXT_TIME_SIZE], id[33], *line;
	size_t				 i;
	int				 rc;

	rc = db_cert_history(c->desk.db, x->ca, &x->serial, &h, c->desk.arena,
	    e);
	for (i = 0; rc == 0 && i < h.n; i++) {
		text_time(at, h.v[i].changed_at);
		text_hex(id, h.v[i].order_id, DB_ORDER_ID);
		line = mem_printf("%s %s%s%s by order %.8s", at,
		    h.v[i].status, h.v[i].reason < 0 ? "" : ", ",
		    h.v[i].reason < 0 ? "" :
		    selector_reason_name(h.v[i].reason), id);
		out_put(r, NULL, "Change", line);
		mem_free(&line);
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:i}",
		    "at", at, "status", h.v[i].status, "order", id, "reason",
		    h.v[i].reason));
	}
	out_put_json(r, "history", list);
	return rc;
}

static void
put_cert(struct out_record *r, const struct db_cert *x)
{
	out_put_hex(r, "serial", "Serial", x->serial.p, x->serial.len);
	out_put(r, "ca", "CA", x->ca);
	out_put(r, "subject", "Subject", x->subject);
	out_put(r, "profile", "Profile", x->profile);
	out_put(r, "holder", "Holder", x->holder);
	out_put(r, "card", "Card", x->card);
	out_put_time(r, "not_before", "Valid from", x->not_before);
	out_put_time(r, "not_after", "Valid until", x->not_after);
	out_put_time(r, "issued_at", "Issued", x->issued_at);
	out_put(r, "status", "Status", x->status);
	out_put_time(r, "revoked_at", "Since", x->revoked_at);
	out_put(r, "reason", "Reason", x->reason < 0 ? NULL :
	    selector_reason_name(x->reason));
	out_put_time(r, "invalid_since", "Not to trust since",
	    x->invalid_since);
	out_put_hex(r, "key_digest", "Key SHA-256", x->key_digest, DB_DIGEST);
	out_put_hex(r, "order", "Order", x->ref.order_id, DB_ORDER_ID);
	out_put_num(r, "item", NULL, x->ref.n);
}

/* What the archive has is shown by the archive. */
static void
put_archived(struct cli *c, const struct db_archived *x)
{
	struct out_record	*r = out_record_new(stdout, c->json);

	out_put_hex(r, "serial", "Serial", x->serial.p, x->serial.len);
	out_put(r, "ca", "CA", x->ca);
	out_put(r, "profile", "Profile", x->profile);
	out_put(r, "holder", "Holder", x->holder);
	out_put_time(r, "not_after", "Valid until", x->not_after);
	out_put(r, "status", "Status", x->status);
	out_put_time(r, "revoked_at", "Since", x->revoked_at);
	out_put(r, "reason", "Reason", reason_of(x->reason));
	out_put_time(r, "invalid_since", "Not to trust since",
	    x->invalid_since);
	if (x->changed_by.p != NULL)
		out_put_hex(r, "changed_by", "By order", x->changed_by.p,
		    x->changed_by.len);
	out_put_hex(r, "key_digest", "Key SHA-256", x->key_digest, DB_DIGEST);
	out_put_hex(r, "cert_digest", "SHA-256", x->cert_digest, DB_DIGEST);
	out_put_hex(r, "order", "Order", x->ref.order_id, DB_ORDER_ID);
	out_put_num(r, "item", NULL, x->ref.n);
	out_put(r, "archive", "Archive", x->archive);
	out_put_hex(r, "archive_digest", "  its SHA-256", x->digest,
	    DB_DIGEST);
	out_record_free(&r);
}

static int
cert_show(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct out_record	*r;
	struct db_cert		 x;
	struct db_archived	 gone;
	struct error		 ignored = ERROR_INIT;
	struct buf		 pem = { 0 };
	char *const		*serial;
	int			 rc;

	cli_begin(c, a);
	cmd_operands(a, &serial);
	if (target_find(&c->desk, serial[0], &x, e) == -1) {
		if (e->code != ERROR_NOTFOUND || target_find_archived(&c->desk,
		    serial[0], &gone, &ignored) != 1)
			return -1;
		error_clear(e);
		put_archived(c, &gone);
		return 0;
	}
	r = out_record_new(stdout, c->json);
	put_cert(r, &x);
	base64_put_pem(&pem, "CERTIFICATE", x.der);
	out_put(r, "pem", NULL, buf_cstr(&pem));
	buf_clear(&pem);
	rc = put_history(c, r, &x, e);
	out_record_free(&r);
	return rc;
}

static int
cert_export(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	const char	*format = cmd_string(a, "format", "pem");
	struct db_cert	 x;
	struct buf	 b = { 0 };
	char *const	*serial;
	int		 rc = -1;

	cli_begin(c, a);
	cmd_operands(a, &serial);
	if (cert_file_check_format(format, e) == -1 ||
	    target_find(&c->desk, serial[0], &x, e) == -1)
		return -1;
	if (cert_file_encode(c, &b, &x, format, !cmd_flag(a, "no-chain"),
	    e) == 0)
		rc = list_write(cmd_string(a, "out", "-"), &b, e);
	buf_clear(&b);
	return rc;
}

/* ---- renew ---- */

/* Officers may renew at any time. */
static int
check_renewable(struct cli *c, const struct db_cert *x, struct error *e)
{
	if (renewal_check(&c->desk, x, e) == -1)
		return -1;
	if (cmd_string(c->args, "proof-key", NULL) == NULL ||
	    renewal_check_window(&c->desk, x, e) == 0)
		return 0;
	return error_hint(e, "nothing was ordered; without --proof-key it is "
	    "an order that officers approve");
}

static int
load_proof(struct cli *c, struct identity *proof, struct error *e)
{
	const char	*key = cmd_string(c->args, "proof-key", NULL);

	if (key == NULL)
		return 0;
	if (identity_load(proof, key, cmd_string(c->args, "proof-cert", NULL),
	    cmd_string(c->args, "proof-passphrase", "prompt"), e) == -1)
		return error_wrap(e, "--proof-key");
	return 0;
}

/* The signed order says "renews" only when the old key has signed it: the
 * signer finds the old certificate in the order, brought by that signature. */
static int
renew(struct cli *c, const struct db_cert *x, const struct fields *f,
    struct identity *proof, struct error *e)
{
	char			family[CA_NAME_SIZE];
	struct draft_issue	in = { .profile = x->profile, .ca = family,
				    .holder = x->holder, .fields = f };
	struct db_holder	holder = { .id = x->holder,
				    .name = x->holder };
	struct draft		d;
	int			rc;

	ca_name_split(x->ca, family);
	in.csr = cmd_string(c->args, "csr", NULL);
	in.comment = cmd_string(c->args, "comment", NULL);
	if (proof->key != NULL) {
		in.renews = x->serial.p;
		in.renews_len = x->serial.len;
	}
	if (draft_issue(&c->desk, &d, &in, e) == -1)
		return -1;
	rc = act_submit_proved(c, &d, &holder, proof->key != NULL ? proof :
	    NULL, cmd_flag(c->args, "sign"), -1, e);
	draft_clear(&d);
	return rc;
}

static int
cert_renew(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	struct identity	 proof = { 0 };
	struct fields	 fields = { 0 };
	struct db_cert	 x;
	char *const	*serial;
	int		 rc = -1;

	cli_begin(c, a);
	cmd_operands(a, &serial);
	if (load_proof(c, &proof, e) == -1 ||
	    target_find(&c->desk, serial[0], &x, e) == -1 ||
	    check_renewable(c, &x, e) == -1 ||
	    renewal_fields(&c->desk, &x, &fields, e) == -1)
		goto out;
	rc = renew(c, &x, &fields, &proof, e);
 out:
	fields_clear(&fields);
	identity_free(&proof);
	return rc;
}

const struct cmd CLI_CERT[] = {
	{ "cert list", NULL, "list certificates, newest first", NULL,
	    "signet cert list --holder 4711\n"
	    "signet cert list --expires-within 30d --json\n",
	    list_opts, 0, 0, cert_list },
	{ "cert find", "TEXT",
	    "find by serial number, mail address, host or name", NULL,
	    "signet cert find alice@example.com\nsignet cert find 4f2a\n",
	    find_opts, 1, 1, cert_find },
	{ "cert show", "SERIAL", "show a certificate and its history", NULL,
	    "signet cert show 4f2a91\nsignet cert show people/4f2a91\n", NULL,
	    1, 1, cert_show },
	{ "cert export", "SERIAL", "write a certificate with its chain", NULL,
	    "signet cert export 4f2a91 -o alice.pem\n"
	    "signet cert export 4f2a91 --format p7b -o alice.p7b\n",
	    export_opts, 1, 1, cert_export },
	{ "cert renew", "SERIAL", "order a successor with the same names",
	    "With --proof-key the holder signs the order with the old key, "
	    "and the profile's rule for renewals applies; without, it is an "
	    "order like any other.",
	    "signet cert renew 4f2a91 --csr new.csr --proof-key old.key "
	    "--proof-cert old.pem\n", renew_opts, 1, 1, cert_renew },
	{ "cert revoke", "[SERIAL...]", "revoke certificates for ever",
	    "Lists what will be revoked, asks, and hands in one order, signed "
	    "by you.  The list is part of the order.",
	    "signet cert revoke 4f2a91 --reason superseded\n"
	    "signet cert revoke --holder 4711 --reason cessationOfOperation\n"
	    "signet cert revoke --key-of leaked.pem --reason keyCompromise "
	    "--since 2d\n", ACT_REVOKE_OPTS, 0, -1, act_revoke },
	{ "cert hold", "[SERIAL...]", "suspend certificates", NULL,
	    "signet cert hold --card 8949-01\n", ACT_HOLD_OPTS, 0, -1,
	    act_hold },
	{ "cert release", "[SERIAL...]", "end the suspension of certificates",
	    NULL, "signet cert release 4f2a91\n", ACT_HOLD_OPTS, 0, -1,
	    act_release },
	CMD_END
};
