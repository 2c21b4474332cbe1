/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet card puk and management: what is sealed to the escrow, opened once two
 * officers have signed for it.  It is written down before it is shown.
 */
#include <string.h>
#include <unistd.h>

#include "audit/chain.h"
#include "base/digest.h"
#include "base/text.h"
#include "card/seal.h"
#include "cli/cmd_card.h"
#include "db/db_audit.h"
#include "db/db_card_life.h"
#include "desk/permit.h"

const struct cmd_opt CARD_SECRET_OPTS[] = {
	{ "reason", 0, CMD_STRING, false, "TEXT", "why it is needed" },
	{ "valid", 0, CMD_STRING, false, "TIME",
	    "how long the order may be used (1d)" },
	{ "order", 0, CMD_STRING, false, "ID", "this order permits it" },
	{ "escrow-key", 0, CMD_STRING, false, "URI",
	    "the escrow's key: a file or a pkcs11: URI" },
	{ "escrow-cert", 0, CMD_STRING, false, "FILE", "its certificate" },
	{ "escrow-passphrase", 0, CMD_STRING, false, "SOURCE",
	    "where its passphrase or PIN comes from" },
	ACT_OFFICER_OPTS,
	CMD_OPT_END
};

struct opening {
	struct cli		*c;
	const char		*kind;		/* puk, management */
	struct db_card		 card;
	struct bytes		 sealed;
	struct permit		 permit;
	struct review		 order;
	struct identity		 escrow;
	struct secret		 clear;
};

/* ---- which ---- */

static int
find_secret(struct opening *o, struct error *e)
{
	struct cli	*c = o->c;
	int		 found;

	if ((found = db_card_escrow(c->desk.db, o->card.hold.id, o->kind,
	    &o->sealed, c->desk.arena, e)) == -1)
		return -1;
	if (found == 0)
		return error_set(e, ERROR_NOTFOUND, "card %s is %s: no %s of "
		    "it is kept", o->card.number, o->card.state,
		    strcmp(o->kind, "puk") == 0 ? "PUK" : "management key");
	o->permit.what = arena_printf(c->desk.arena, "%s %s", o->kind,
	    o->card.number);
	digest_sha256(o->permit.digest, o->sealed.p, o->sealed.len);
	return 0;
}

/* ---- asking ---- */

static int
ask(struct opening *o, struct error *e)
{
	struct cli		*c = o->c;
	struct out_record	*r;
	uint8_t			 id[ORDER_ID_SIZE];
	char			 hex[2 * ORDER_ID_SIZE + 1];

	o->permit.comment = cmd_string(c->args, "reason", NULL);
	if (text_parse_duration(&o->permit.lifetime, cmd_string(c->args,
	    "valid", "1d"), e) == -1)
		return error_wrap(e, "--valid");
	if (cli_open_officer(c, e) == -1 || cli_confirm(c, e, "Sign for "
	    "opening the %s of card %s, %s?", o->kind, o->card.number,
	    o->card.holder) == -1 ||
	    permit_ask(&c->desk, &o->permit, id, e) == -1)
		return -1;
	r = out_record_new(stdout, c->json);
	text_hex(hex, id, ORDER_ID_SIZE);
	out_put(r, "card", "Card", o->card.number);
	out_put(r, "order", "Order", hex);
	out_put(r, "state", "State", "pending");
	out_put_line(r, "another officer has to: signet order approve %.8s",
	    hex);
	out_put_line(r, "then: signet card %s %s --escrow-key URI", o->kind,
	    o->card.number);
	out_record_free(&r);
	return 0;
}

/* ---- opening ---- */

/* Anybody can seal to the escrow, who writes the store can put it there, and a
 * PUK is shown as it is: on a terminal, or in JSON. */
static int
check_clear(const struct opening *o, struct error *e)
{
	size_t	 i;

	if (strcmp(o->kind, "puk") != 0)
		return 0;
	for (i = 0; i < o->clear.len; i++)
		if (o->clear.p[i] < '0' || o->clear.p[i] > '9')
			return error_set(e, ERROR_INPUT, "what was sealed is "
			    "no PUK; nothing was used up");
	return 0;
}

static int
open_seal(struct opening *o, struct error *e)
{
	struct cli	*c = o->c;
	const char	*key = cmd_string(c->args, "escrow-key", NULL);
	char		*uri;
	int		 rc;

	if (key == NULL) {
		error_set(e, ERROR_CONFIG, "no key of the escrow to open it "
		    "with; nothing was used up");
		return error_hint(e, "give --escrow-key and --escrow-cert");
	}
	uri = key_uri(key, c->conf.pkcs11_module);
	rc = identity_load(&o->escrow, uri, cmd_string(c->args, "escrow-cert",
	    NULL), cmd_string(c->args, "escrow-passphrase", "prompt"), e);
	mem_free(&uri);
	if (rc == -1)
		return error_wrap(e, "escrow's key");
	return seal_open(&o->clear, o->sealed, o->escrow.cert, o->escrow.key,
	    e) == -1 ? -1 : check_clear(o, e);
}

static const char *
persons(const struct opening *o)
{
	const struct approved	*a = o->order.approved;
	const char		*text = "";
	size_t			 i;

	for (i = 0; i < a->n; i++)
		text = arena_printf(o->c->desk.arena, "%s%s%s", text,
		    i > 0 ? ", " : "", a->by[i].person);
	return text;
}

static int
note(struct db *db, void *arg, struct error *e)
{
	const struct opening	*o = arg;
	struct desk		*dk = &o->c->desk;
	struct buf		 body = { 0 };

	if (db_permit_use(db, o->order.row.id, o->order.row.digest, dk->who,
	    e) == -1 || db_card_note(db, o->card.hold.id, arena_printf(
	    dk->arena, "%s opened", o->kind), dk->who, arena_printf(dk->arena,
	    "signed for by %s", persons(o)), e) == -1)
		return -1;
	audit_begin(&body, "card-secret", clock_now(dk->clock));
	audit_str(&body, "card", o->card.number);
	audit_str(&body, "kind", o->kind);
	audit_hex(&body, "order", o->order.row.digest, DB_DIGEST);
	audit_hex(&body, "id", o->order.row.id, DB_ORDER_ID);
	audit_hex(&body, "sealed", o->permit.digest, DB_DIGEST);
	audit_str(&body, "persons", persons(o));
	audit_str(&body, "by", dk->who);
	return db_audit_add(db, &body, e);
}

/* ---- showing ---- */

/* Digits as they are, a key in hex; by no buffer that is not wiped. */
static int
put_clear(const struct opening *o, struct error *e)
{
	struct secret	 hex = { 0 };
	const struct secret *s = &o->clear;
	bool		 ok;

	if (strcmp(o->kind, "puk") != 0) {
		if (secret_new(&hex, 2 * o->clear.len, e) == -1)
			return -1;
		text_hex((char *)hex.p, o->clear.p, o->clear.len);
		s = &hex;
	}
	ok = fflush(stdout) == 0 &&
	    write(STDOUT_FILENO, s->p, s->len) == (ssize_t)s->len;
	secret_free(&hex);
	return ok ? 0 : error_sys(e, "show it");
}

static int
show(const struct opening *o, struct error *e)
{
	bool	json = o->c->json;

	printf(json ? "{\"card\": \"%s\", \"%s\": \"" : "%s, %s: ",
	    o->card.number, o->kind);
	if (put_clear(o, e) == -1)
		return -1;
	printf(json ? "\"}\n" : "\n");
	return 0;
}

static int
find_order(struct opening *o, struct error *e)
{
	const char	*id = cmd_string(o->c->args, "order", NULL);

	if (id == NULL)
		return permit_find(&o->c->desk, o->permit.what, &o->order, e);
	return review_load(&o->c->desk, id, &o->order, e) == -1 ? -1 : 1;
}

static int
open_it(struct opening *o, struct error *e)
{
	if (permit_check(&o->c->desk, &o->permit, &o->order, e) == -1 ||
	    open_seal(o, e) == -1 ||
	    db_txn(o->c->desk.db, note, o, e) == -1)
		return -1;
	return show(o, e);
}

int
card_secret_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct opening	 o = { .c = ctx,
			    .kind = strrchr(cmd_self(a)->name, ' ') + 1 };
	char *const	*number;
	int		 found, rc = -1;

	cli_begin(o.c, a);
	cmd_operands(a, &number);
	if (card_numbered(o.c, number[0], &o.card, e) == -1 ||
	    find_secret(&o, e) == -1 || (found = find_order(&o, e)) == -1)
		goto out;
	rc = found == 1 ? open_it(&o, e) : ask(&o, e);
 out:
	secret_free(&o.clear);
	identity_free(&o.escrow);
	review_clear(&o.order);
	return rc;
}
