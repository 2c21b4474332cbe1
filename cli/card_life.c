/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet card packed, delivered, ... destroyed: what becomes of a card, and of
 * its certificates with it.  The order that has the effect is signed first and
 * stored in the transaction that moves the card.
 */
#include <string.h>

#include "audit/chain.h"
#include "base/text.h"
#include "cli/cmd_card.h"
#include "db/db_audit.h"
#include "db/db_card_life.h"
#include "desk/review.h"

const struct cmd_opt CARD_MOVE_OPTS[] = {
	{ "reason", 0, CMD_STRING, false, "TEXT", "for the history" },
	ACT_OFFICER_OPTS,
	CMD_OPT_END
};

static const struct verb {
	const char	*name;		/* of the command */
	const char	*state;		/* that it leads to */
} verbs[] = {
	{ "packed", "packed" }, { "delivered", "delivered" },
	{ "activated", "activated" }, { "suspended", "suspended" },
	{ "resumed", "activated" }, { "lost", "lost" },
	{ "replaced", "replaced" }, { "returned", "returned" },
	{ "destroyed", "destroyed" },
};

struct move {
	struct cli		*c;
	struct db_card		 card;
	const char		*verb, *after;
	char			 effect[16];
	int			 reason;	/* CRLReason */
	const char		*words;
	const uint8_t		*order_id;	/* or NULL */
};

int
card_numbered(struct cli *c, const char *number, struct db_card *card,
    struct error *e)
{
	int	found;

	if (cli_open_db(c, e) == -1 || (found = db_card_numbered(c->desk.db,
	    number, card, c->desk.arena, e)) == -1)
		return -1;
	if (found == 1)
		return 0;
	error_set(e, ERROR_NOTFOUND, "no card \"%.40s\"", number);
	return error_hint(e, layout_number_is_right(number) ?
	    "which there are: signet card list" :
	    "its last character does not fit: it was mistyped");
}

static int
add_entry(struct db *db, const struct move *m, struct error *e)
{
	struct buf	body = { 0 };

	audit_begin(&body, "card", clock_now(m->c->desk.clock));
	audit_str(&body, "card", m->card.number);
	audit_str(&body, "what", m->verb);
	if (m->order_id != NULL)
		audit_hex(&body, "id", m->order_id, DB_ORDER_ID);
	if (m->words != NULL)
		audit_str(&body, "reason", m->words);
	audit_str(&body, "by", m->c->desk.who);
	return db_audit_add(db, &body, e);
}

static int
move_card(struct db *db, void *arg, struct error *e)
{
	const struct move	*m = arg;

	if (db_card_move(db, m->card.hold.id, m->card.state, m->after,
	    m->c->desk.who, m->words, m->order_id, e) == -1)
		return error_wrap(e, "card %s", m->card.number);
	return add_entry(db, m, e);
}

/* ---- the order ---- */

/* Would an order of this kind change this certificate? */
static bool
is_changed(const struct db_card_key *k, enum order_kind kind)
{
	if (k->der.p == NULL || k->cert_status == NULL)
		return false;
	if (kind == ORDER_RELEASE)
		return strcmp(k->cert_status, "held") == 0;
	if (kind == ORDER_HOLD)
		return strcmp(k->cert_status, "good") == 0;
	return strcmp(k->cert_status, "revoked") != 0;
}

static int
add_targets(struct order *o, const struct move *m, struct error *e)
{
	struct cli		*c = m->c;
	struct db_card_keys	 keys;
	size_t			 i;

	if (db_card_keys(c->desk.db, m->card.hold.id, &keys, c->desk.arena,
	    e) == -1)
		return -1;
	o->target = mem_array(keys.n + 1, sizeof(*o->target));
	for (i = 0; i < keys.n; i++) {
		struct order_target	*t = &o->target[o->ntargets];

		if (!is_changed(&keys.v[i], o->kind))
			continue;
		t->ca = mem_strdup(keys.v[i].ca);
		t->serial_len = keys.v[i].serial.len;
		memcpy(t->serial, keys.v[i].serial.p, t->serial_len);
		o->ntargets++;
	}
	o->selector = mem_printf("card:%s", m->card.number);
	if (o->kind == ORDER_REVOKE)
		o->reason = m->reason;
	o->comment = mem_strdup(m->words);
	return 0;
}

static int
sign_and_store(struct move *m, struct draft *d, struct error *e)
{
	struct desk	*dk = &m->c->desk;
	struct buf	 blob = { 0 }, signed_blob = { 0 };
	int		 rc = -1;

	if (cli_open_officer(m->c, e) == -1 ||
	    approval_wrap(&blob, d->order, e) == -1 ||
	    dk->signer.sign(dk->signer.arg, &signed_blob,
	    BYTES(blob.p, blob.len), e) == -1)
		goto out;
	m->order_id = d->order->id;
	d->also = move_card;
	d->also_arg = m;
	rc = submit_blob(dk, d, BYTES(signed_blob.p, signed_blob.len), 1, e);
 out:
	buf_clear(&signed_blob);
	buf_clear(&blob);
	return rc == -1 ? -1 : 0;
}

static int
move_with_order(struct move *m, struct error *e)
{
	struct draft	d = { 0 };
	int		rc = -1;

	if (draft_new(&m->c->desk, &d, order_kind_of(m->effect), NULL,
	    e) == -1 || add_targets(d.order, m, e) == -1)
		goto out;
	if (d.order->ntargets == 0)
		rc = db_txn(m->c->desk.db, move_card, m, e);
	else if ((rc = sign_and_store(m, &d, e)) == 0)
		cli_say(m->c, "card %s %s; order %.8s %ss %zu certificates",
		    m->card.number, m->verb, text_hex((char[33]){ 0 },
		    d.order->id, ORDER_ID_SIZE), m->effect, d.order->ntargets);
	m->order_id = NULL;
 out:
	draft_clear(&d);
	return rc;
}

/* ---- the verbs ---- */

static int
find_way(struct move *m, struct error *e)
{
	int	found;

	if ((found = db_card_effect(m->c->desk.db, m->card.state, m->after,
	    m->effect, &m->reason, e)) == -1)
		return -1;
	/* "resumed" is for what was suspended, and "activated" is not. */
	if (found == 1 && (strcmp(m->verb, "resumed") == 0) ==
	    (strcmp(m->card.state, "suspended") == 0 &&
	    strcmp(m->after, "activated") == 0))
		return 0;
	error_set(e, ERROR_CONFLICT, "card %s is %s and cannot be %s",
	    m->card.number, m->card.state, m->verb);
	return error_hint(e, "its history: signet card show %s",
	    m->card.number);
}

static int
move_one(struct cli *c, const struct verb *v, const char *number,
    struct error *e)
{
	struct move	m = { .c = c, .verb = v->name, .after = v->state,
			    .words = cmd_string(c->args, "reason", NULL) };

	if (card_numbered(c, number, &m.card, e) == -1 ||
	    find_way(&m, e) == -1)
		return -1;
	if (strcmp(m.effect, "none") != 0) {
		if (cli_confirm(c, e, "%s the certificates of card %s, %s?",
		    m.effect, m.card.number, m.card.holder) == -1)
			return -1;
		return move_with_order(&m, e);
	}
	if (db_txn(c->desk.db, move_card, &m, e) == -1)
		return -1;
	cli_say(c, "card %s %s", m.card.number, m.verb);
	return 0;
}

int
card_move_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	const char	*name = strrchr(cmd_self(a)->name, ' ') + 1;
	struct cli	*c = ctx;
	char *const	*number;
	size_t		 k = 0;
	int		 i, n = cmd_operands(a, &number);

	cli_begin(c, a);
	while (strcmp(verbs[k].name, name) != 0)
		k++;
	for (i = 0; i < n; i++)
		if (move_one(c, &verbs[k], number[i], e) == -1)
			return -1;
	return 0;
}

/* ---- unblocked: what happened without a change ---- */

static int
note_unblocked(struct db *db, void *arg, struct error *e)
{
	const struct move	*m = arg;

	if (db_card_note(db, m->card.hold.id, m->verb, m->c->desk.who,
	    m->words, e) == -1)
		return -1;
	return add_entry(db, m, e);
}

int
card_unblocked_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct move	 m = { .c = ctx, .verb = "unblocked",
			    .words = cmd_string(a, "reason", NULL) };
	char *const	*number;

	cli_begin(ctx, a);
	cmd_operands(a, &number);
	if (card_numbered(ctx, number[0], &m.card, e) == -1)
		return -1;
	if (strcmp(m.card.state, "delivered") != 0 &&
	    strcmp(m.card.state, "activated") != 0)
		return error_set(e, ERROR_CONFLICT, "card %s is %s: nobody is "
		    "to use it", m.card.number, m.card.state);
	if (db_txn(m.c->desk.db, note_unblocked, &m, e) == -1)
		return -1;
	cli_say(m.c, "card %s: noted", m.card.number);
	return 0;
}
