/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet notice: mails to applicants and holders, watched.  They are written
 * and sent by signet-rad.
 */
#include <string.h>

#include "base/text.h"
#include "cli/list.h"
#include "db/db_notice.h"

static const struct cmd_opt dead_opts[] = {
	LIST_OPTS,
	CMD_OPT_END
};
static const struct cmd_opt retry_opts[] = {
	{ "all", 0, CMD_FLAG, false, NULL, "every one that was given up" },
	CMD_OPT_END
};

static int
notice_status(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct db_notice_state	 s;
	struct out_record	*r;
	char			 at[TEXT_TIME_SIZE];

	cli_begin(c, a);
	if (cli_open_db(c, e) == -1 ||
	    db_notice_status(c->desk.db, &s, e) == -1)
		return -1;
	text_time(at, s.oldest);
	r = out_record_new(stdout, c->json);
	out_put_num(r, "waiting", NULL, s.waiting);
	out_put_num(r, "due", NULL, s.due);
	out_put_num(r, "dead", NULL, s.dead);
	out_put_time(r, "oldest", NULL, s.oldest);
	out_put_line(r, "%lld wait, %lld of them are due; %lld were given up",
	    (long long)s.waiting, (long long)s.due, (long long)s.dead);
	out_record_free(&r);
	if (s.waiting > 0)
		cli_say(c, "the oldest is of %s%s", at, s.due > 0 ?
		    ": is signet-rad running, and the mail server?" : "");
	if (s.dead > 0)
		cli_say(c, "next: signet notice dead");
	return 0;
}

static void
dead_row(struct out_list *out, const struct db_notice *t)
{
	out_num(out, t->id);
	out_text(out, t->kind);
	out_text(out, t->mail);
	out_time(out, t->made_at);
	out_num(out, t->attempts);
	out_text(out, t->error);
}

static int
notice_dead(struct cmd_args *a, void *ctx, struct error *e)
{
	static const struct out_col	 cols[] = {
		{ "id", "ID", OUT_RIGHT },
		{ "kind", "KIND", 0 },
		{ "mail", "TO", OUT_SHRINK },
		{ "made_at", "SINCE", OUT_DAY },
		{ "attempts", "TRIES", OUT_RIGHT },
		{ "error", "ERROR", OUT_SHRINK },
	};
	const char		*from = cmd_string(a, "after", NULL);
	struct cli		*c = ctx;
	struct list		 list;
	struct db_notices	 v;
	int64_t			 after = 0;
	char			 last[24] = "";
	int			 rc = -1;

	cli_begin(c, a);
	if ((from != NULL && text_parse_number(&after, from, 0, INT64_MAX,
	    e) == -1) || cli_open_db(c, e) == -1 ||
	    list_begin(c, &list, cols, 6, e) == -1)
		return -1;
	while (list_wants(&list)) {
		if (db_notice_dead(c->desk.db, after, list_page(&list), &v,
		    list.arena, e) == -1)
			goto out;
		for (size_t i = 0; i < v.n && list_take(&list); i++) {
			dead_row(list.out, &v.v[i]);
			after = v.v[i].id;
		}
		list_turn(&list, v.n);
	}
	rc = 0;
	snprintf(last, sizeof(last), "%lld", (long long)after);
 out:
	list_end(c, &list, rc == 0 ? last : NULL);
	if (rc == 0 && after > 0)
		cli_say(c, "next, when the cause is gone: signet notice retry "
		    "ID, or --all");
	return rc;
}

static int
notice_retry(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	char *const	*arg;
	int64_t		 id = 0, n;

	cli_begin(c, a);
	if (cmd_operands(a, &arg) + cmd_flag(a, "all") != 1)
		return error_set(e, ERROR_INPUT, "say which: ID, or --all");
	if (!cmd_flag(a, "all") && text_parse_number(&id, arg[0], 1,
	    INT64_MAX, e) == -1)
		return error_wrap(e, "ID");
	if (cli_open_db(c, e) == -1 ||
	    (n = db_notice_retry(c->desk.db, id, e)) == -1)
		return -1;
	if (id != 0 && n == 0) {
		error_set(e, ERROR_NOTFOUND, "notice %lld was not given up",
		    (long long)id);
		return error_hint(e, "see \"signet notice dead\"");
	}
	cli_did(c, json_pack("{s:I}", "again", (json_int_t)n),
	    "%lld will be tried again", (long long)n);
	return 0;
}

const struct cmd CLI_NOTICE[] = {
	{ "notice status", NULL, "show how many mails wait to be sent", NULL,
	    "signet notice status --json\n", NULL, 0, 0, notice_status },
	{ "notice dead", NULL, "list mails that are not tried again",
	    "The mail server has refused them for good, or for five days.",
	    NULL, dead_opts, 0, 0, notice_dead },
	{ "notice retry", "[ID]", "try mails again that were given up", NULL,
	    "signet notice retry 4711\nsignet notice retry --all\n",
	    retry_opts, 0, 1, notice_retry },
	CMD_END
};
