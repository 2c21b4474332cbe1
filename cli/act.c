/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "cli/act.h"
#include "cli/report.h"
#include "cli/wait.h"
#include "desk/review.h"
#include "desk/selector.h"
#include "desk/target.h"

#define SHOWN_MAX	20	/* targets listed before the question */

#define WHICH_OPTS \
	{ "holder", 0, CMD_STRING, false, "ID", "all of this holder" }, \
	{ "key-of", 0, CMD_STRING, false, "FILE|HEX", "all with this key: a " \
	    "certificate, request or public key, or its SHA-256" }, \
	{ "card", 0, CMD_STRING, false, "ID", "all on this card" }
#define ORDER_OPTS \
	{ "comment", 0, CMD_STRING, false, "TEXT", "evidence, in words" }, \
	{ "no-sign", 0, CMD_FLAG, false, NULL, "only hand in the order" }, \
	{ "wait", 0, CMD_STRING, false, "TIME", \
	    "how long to wait for the CA (30s)" }, \
	ACT_OFFICER_OPTS

const struct cmd_opt ACT_REVOKE_OPTS[] = {
	WHICH_OPTS,
	{ "reason", 0, CMD_STRING, true, "REASON", "keyCompromise, "
	    "affiliationChanged, superseded, cessationOfOperation, "
	    "privilegeWithdrawn, unspecified" },
	{ "since", 0, CMD_STRING, false, "TIME", "when the key was no longer "
	    "to be trusted: a date, a time, or \"2d\" for two days ago" },
	ORDER_OPTS,
	CMD_OPT_END
};
const struct cmd_opt ACT_HOLD_OPTS[] = {
	WHICH_OPTS,
	ORDER_OPTS,
	CMD_OPT_END
};

int
act_wait_option(struct cli *c, const char *dflt, int64_t *seconds,
    struct error *e)
{
	const char	*text = cmd_string(c->args, "wait", dflt);

	*seconds = -1;
	if (text == NULL)
		return 0;
	if (text_parse_duration(seconds, text, e) == -1)
		return error_wrap(e, "--wait");
	return 0;
}

/* ---- hand in, sign, wait ---- */

/* Approved, but not by enough: for scripts a failure of its own. */
static int
still_pending(const struct review *r, struct error *e)
{
	char	id[REVIEW_SHORT + 1];

	review_short_id(id, r->row.id);
	error_set(e, ERROR_DENIED, "order %s is stored and waits for "
	    "approval: %.300s", id, r->missing.text);
	return error_hint(e, "another officer runs: signet order approve %s",
	    id);
}

static int
sign_stored(struct cli *c, const struct draft *d, bool sign,
    struct review *r, struct error *e)
{
	char	id[REVIEW_SHORT + 1];

	if (review_load_id(&c->desk, d->order->id, r, e) == -1)
		return -1;
	if (!sign)
		return review_judge(&c->desk, r, e);
	if (submit_approval(&c->desk, r, e) == 0)
		return 0;
	return error_wrap(e, "order %s is stored and not signed",
	    review_short_id(id, d->order->id));
}

static int
submit_and_sign(struct cli *c, const struct draft *d,
    const struct db_holder *holder, const struct identity *proof,
    bool sign, struct review *r, struct error *e)
{
	if (sign && cli_open_officer(c, e) == -1)
		return -1;
	if (submit_draft(&c->desk, d, holder, proof, e) == -1)
		return error_wrap(e, "nothing was ordered");
	return sign_stored(c, d, sign, r, e);
}

static void
report_stored(struct cli *c, const struct draft *d, bool sign,
    const struct review *r)
{
	report_order(c, r, sign ? "stored and signed" : "stored",
	    d->code.p != NULL ? &d->code : NULL);
}

int
act_stored(struct cli *c, const struct draft *d, bool sign, struct error *e)
{
	struct review	r = { 0 };
	int		rc;

	if ((rc = sign_stored(c, d, sign, &r, e)) == 0)
		report_stored(c, d, sign, &r);
	review_clear(&r);
	return rc;
}

int
act_submit(struct cli *c, const struct draft *d,
    const struct db_holder *holder, bool sign, int64_t seconds,
    struct error *e)
{
	return act_submit_proved(c, d, holder, NULL, sign, seconds, e);
}

int
act_submit_proved(struct cli *c, const struct draft *d,
    const struct db_holder *holder, const struct identity *proof, bool sign,
    int64_t seconds, struct error *e)
{
	struct review	r = { 0 };
	int		rc = -1;

	if (submit_and_sign(c, d, holder, proof, sign, &r, e) == -1)
		goto out;
	if (seconds < 0) {
		report_stored(c, d, sign, &r);
		rc = 0;
	} else if (!r.complete)
		rc = still_pending(&r, e);
	else
		rc = wait_done(c, r.row.id, seconds, e);
 out:
	review_clear(&r);
	return rc;
}

/* ---- revoke, hold, release ---- */

/* The tables of hold and release have neither --reason nor --since. */
static int
check_reason(struct cli *c, enum order_kind kind, int *reason,
    struct error *e)
{
	const char	*text;

	*reason = kind == ORDER_HOLD ? 6 : 0;
	if (kind != ORDER_REVOKE)
		return 0;
	if ((text = cmd_string(c->args, "reason", NULL)) == NULL) {
		error_set(e, ERROR_INPUT, "no reason given");
		return error_hint(e, "--reason keyCompromise, superseded, "
		    "cessationOfOperation, affiliationChanged, "
		    "privilegeWithdrawn or unspecified");
	}
	if (selector_reason(reason, text, e) == -1)
		return -1;
	if (*reason == 6)
		return error_set(e, ERROR_INPUT, "certificateHold is what "
		    "\"signet cert hold\" does");
	return 0;
}

static int
check_since(struct cli *c, enum order_kind kind, int64_t *since,
    struct error *e)
{
	int64_t		 now = clock_now(c->desk.clock);
	const char	*text;

	*since = 0;
	if (kind != ORDER_REVOKE ||
	    (text = cmd_string(c->args, "since", NULL)) == NULL)
		return 0;
	if (selector_time(since, text, now, e) == -1)
		return error_wrap(e, "--since");
	if (*since > now)
		return error_set(e, ERROR_INPUT, "--since is in the future");
	return 0;
}

static void
show_targets(struct cli *c, const struct targets *t)
{
	static const struct out_col	cols[] = {
		{ "serial", "SERIAL", 0 },
		{ "ca", "CA", 0 },
		{ "holder", "HOLDER", OUT_SHRINK },
		{ "status", "STATUS", 0 },
		{ "not_after", "EXPIRES", OUT_DAY },
		{ "subject", "SUBJECT", OUT_SHRINK },
	};
	struct out_list			*l;
	size_t				 i;

	if (c->json)
		return;
	l = out_list_new(stdout, false, 0, cols, 6);
	for (i = 0; i < t->n && i < SHOWN_MAX; i++) {
		out_id(l, t->v[i].serial.p, t->v[i].serial.len, 12);
		out_text(l, t->v[i].ca);
		out_text(l, t->v[i].holder);
		out_text(l, t->v[i].status);
		out_time(l, t->v[i].not_after);
		out_text(l, t->v[i].subject);
	}
	out_list_free(&l);
	if (t->n > SHOWN_MAX)
		cli_say(c, "... and %zu more", t->n - SHOWN_MAX);
}

static int
report_done(struct cli *c, enum order_kind kind, const struct targets *t)
{
	struct out_record	*r = out_record_new(stdout, c->json);
	const char		*done = kind == ORDER_REVOKE ? "revoked" :
				    kind == ORDER_HOLD ? "on hold" :
				    "released";
	json_t			*list = json_array();
	char			 hex[43];
	size_t			 i;

	for (i = 0; i < t->n; i++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "ca",
		    t->v[i].ca, "serial", text_hex(hex, t->v[i].serial.p,
		    t->v[i].serial.len)));
	out_put(r, "result", NULL, done);
	out_put_json(r, "certificates", list);
	out_put_line(r, "%zu certificate%s %s", t->n, t->n == 1 ? "" : "s",
	    done);
	out_record_free(&r);
	return 0;
}

static int
order_status(struct cli *c, enum order_kind kind, const struct targets *t,
    int reason, int64_t since, int64_t seconds, struct error *e)
{
	const char	*comment = cmd_string(c->args, "comment", NULL);
	bool		 sign = !cmd_flag(c->args, "no-sign");
	struct draft	 d;
	int		 rc = -1;

	if (draft_new(&c->desk, &d, kind, NULL, e) == -1)
		goto out;
	d.order->reason = reason;
	d.order->invalid_since = since;
	d.order->comment = mem_strdup(comment);
	target_set(d.order, t);
	rc = act_submit(c, &d, NULL, sign, sign ? seconds : -1, e);
	if (rc == 0 && sign)
		report_done(c, kind, t);
 out:
	draft_clear(&d);
	return rc;
}

static int
find_targets(struct cli *c, enum order_kind kind, struct targets *t,
    struct error *e)
{
	const char		*key = cmd_string(c->args, "key-of", NULL);
	struct target_ask	 ask = {
		.holder = cmd_string(c->args, "holder", NULL),
		.card = cmd_string(c->args, "card", NULL),
	};
	uint8_t			 digest[DB_DIGEST];
	char *const		*operand;
	int			 n = cmd_operands(c->args, &operand);

	if ((n > 0) + (ask.holder != NULL) + (key != NULL) +
	    (ask.card != NULL) != 1)
		return error_set(e, ERROR_INPUT, "say which certificates, in "
		    "one way: SERIAL..., --holder, --key-of or --card");
	ask.serial = (const char *const *)operand;
	ask.nserials = (size_t)n;
	if (key != NULL) {
		if (target_key_digest(digest, key, e) == -1)
			return -1;
		ask.key = digest;
	}
	return target_resolve(&c->desk, kind, &ask, t, e);
}

int
act_status(struct cli *c, enum order_kind kind, struct error *e)
{
	struct targets	t = { 0 };
	int64_t		since, seconds;
	int		reason, rc = -1;

	if (check_reason(c, kind, &reason, e) == -1 ||
	    check_since(c, kind, &since, e) == -1 ||
	    act_wait_option(c, "30s", &seconds, e) == -1 ||
	    find_targets(c, kind, &t, e) == -1)
		goto out;
	show_targets(c, &t);
	if (cli_confirm(c, e, "%s %zu certificate%s?", kind == ORDER_REVOKE ?
	    "Revoke for ever" : kind == ORDER_HOLD ? "Put on hold" :
	    "Release", t.n, t.n == 1 ? "" : "s") == -1)
		goto out;
	rc = order_status(c, kind, &t, reason, since, seconds, e);
 out:
	target_clear(&t);
	return rc;
}

int
act_revoke(struct cmd_args *a, void *ctx, struct error *e)
{
	cli_begin(ctx, a);
	return act_status(ctx, ORDER_REVOKE, e);
}

int
act_hold(struct cmd_args *a, void *ctx, struct error *e)
{
	cli_begin(ctx, a);
	return act_status(ctx, ORDER_HOLD, e);
}

int
act_release(struct cmd_args *a, void *ctx, struct error *e)
{
	cli_begin(ctx, a);
	return act_status(ctx, ORDER_RELEASE, e);
}
