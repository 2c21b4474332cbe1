/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet publish: what signet-crld does in directories, watched and asked for.
 * Nothing here writes to a directory.
 */
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/list.h"
#include "cli/publish_check.h"

#define WAIT_DEFAULT	"60s"

static const struct cmd_opt one_opts[] = {
	{ "directory", 0, CMD_STRING, false, "NAME",
	    "only this one (else all of directories.conf)" },
	CMD_OPT_END
};
static const struct cmd_opt dead_opts[] = {
	{ "directory", 0, CMD_STRING, false, "NAME", "only of this one" },
	CMD_OPT_END
};
static const struct cmd_opt wait_opts[] = {
	{ "directory", 0, CMD_STRING, false, "NAME",
	    "only this one (else all of directories.conf)" },
	{ "wait", 0, CMD_STRING, false, "TIME",
	    "how long signet-crld may take (60s)" },
	CMD_OPT_END
};

/* ---- status ---- */

static void
status_row(struct out_list *out, const struct db_target *t)
{
	out_text(out, t->name);
	out_text(out, t->refusing ? "refusing" : t->error != NULL ?
	    "failing" : t->filling ? "filling" : t->seen_at == 0 ? "new" :
	    "well");
	out_num(out, t->waiting);
	out_time(out, t->oldest);
	out_num(out, t->dead);
	out_time(out, t->failing_since);
	out_time(out, t->seen_at);
	out_text(out, t->error);
}

/* What to do about it. */
static void
status_advice(struct cli *c, const struct db_target *t)
{
	if (t->refusing)
		cli_say(c, "%s is there and refuses whatever is written to "
		    "it: may signet-crld write there (access rules, "
		    "certificate), or is it read-only, full, or without the "
		    "schema?  Nothing is lost: it is tried again every half "
		    "minute, and the rest follows by itself", t->name);
	else if (t->error != NULL)
		cli_say(c, "%s cannot be reached: is it running, and right in "
		    "directories.conf?  Nothing is lost: it is tried again "
		    "every half minute", t->name);
}

static int
publish_status(struct cmd_args *a, void *ctx, struct error *e)
{
	static const struct out_col	 cols[] = {
		{ "directory", "DIRECTORY", 0 },
		{ "state", "STATE", 0 },
		{ "waiting", "WAITING", OUT_RIGHT },
		{ "oldest", "SINCE", 0 },
		{ "dead", "DEAD", OUT_RIGHT },
		{ "failing_since", "FAILING SINCE", 0 },
		{ "seen_at", "LAST WELL", OUT_JSON },
		{ "error", "ERROR", OUT_SHRINK },
	};
	struct cli			*c = ctx;
	struct db_targets		 v;
	struct out_list			*out;
	int64_t				 n, oldest, dead = 0;
	char				 at[TEXT_TIME_SIZE];

	cli_begin(c, a);
	if (cli_open_db(c, e) == -1 ||
	    db_publish_status(c->desk.db, &v, c->desk.arena, e) == -1 ||
	    db_publish_outbox(c->desk.db, &n, &oldest, e) == -1)
		return -1;
	out = out_list_new(stdout, c->json, 0, cols, 8);
	for (size_t i = 0; i < v.n; i++) {
		status_row(out, &v.v[i]);
		dead += v.v[i].dead;
	}
	out_list_free(&out);
	for (size_t i = 0; i < v.n; i++)
		status_advice(c, &v.v[i]);
	if (v.n == 0)
		cli_say(c, "no directory is known; signet-crld makes those "
		    "of directories.conf known");
	if (n > 0)
		cli_say(c, "the outbox has %lld rows, the oldest of %s: is "
		    "signet-crld running?", (long long)n,
		    text_time(at, oldest));
	if (dead > 0)
		cli_say(c, "next: signet publish dead");
	return 0;
}

/* ---- dead ---- */

static int
publish_dead(struct cmd_args *a, void *ctx, struct error *e)
{
	static const struct out_col	 cols[] = {
		{ "directory", "DIRECTORY", 0 },
		{ "kind", "KIND", 0 },
		{ "key", "KEY", OUT_SHRINK },
		{ "made_at", "SINCE", OUT_DAY },
		{ "attempts", "TRIES", OUT_RIGHT },
		{ "error", "ERROR", OUT_SHRINK },
	};
	struct cli			*c = ctx;
	struct db_dead			 last = { .target = NULL };
	struct db_deads			 v;
	struct out_list			*out;
	struct arena			*page[2] = { arena_new(), arena_new() };
	int				 turn = 0, rc = -1;

	cli_begin(c, a);
	out = out_list_new(stdout, c->json, 0, cols, 6);
	if (cli_open_db(c, e) == -1)
		goto out;
	do {
		arena_reset(page[turn]);
		if (db_publish_dead(c->desk.db, cmd_string(a, "directory",
		    NULL),
		    last.target != NULL ? &last : NULL, 200, &v, page[turn],
		    e) == -1)
			goto out;
		for (size_t i = 0; i < v.n; i++) {
			out_text(out, v.v[i].target);
			out_text(out, v.v[i].kind);
			out_text(out, v.v[i].key);
			out_time(out, v.v[i].made_at);
			out_num(out, v.v[i].attempts);
			out_text(out, v.v[i].error);
			last = v.v[i];
		}
		turn = !turn;
	} while (v.n == 200);
	rc = 0;
 out:
	out_list_free(&out);
	arena_free(&page[0]);
	arena_free(&page[1]);
	if (rc == 0 && last.target != NULL)
		cli_say(c, "next, when the cause is gone: signet publish "
		    "repair");
	return rc;
}

/* ---- which directories ---- */

typedef int each_fn(struct cli *, const struct publish_conf *,
	    const struct publish_target *, void *arg, struct error *);

static int
each_directory(struct cli *c, each_fn *fn, void *arg, struct error *e)
{
	const char			*name = cmd_string(c->args,
					    "directory", NULL);
	const struct publish_target	*t;
	struct publish_conf		 conf;
	int				 rc = 0;

	if (cli_settings(c, e) == -1)
		return -1;
	if (publish_conf_load(&conf, cli_path(c, c->conf.directories),
	    e) == -1)
		return error_hint(e, "the setting is \"directories\" in "
		    "%.80s; signet-directories.conf(5)", c->conf_path);
	if (name != NULL) {
		rc = publish_conf_find(&conf, name, &t, e);
		if (rc == 0)
			rc = fn(c, &conf, t, arg, e);
	}
	for (size_t i = 0; name == NULL && rc == 0 && i < conf.targets.n;
	    i++) {
		t = (const struct publish_target *)conf.targets.v + i;
		rc = fn(c, &conf, t, arg, e);
	}
	publish_conf_free(&conf);
	return rc;
}

/* ---- check ---- */

struct checked {
	struct out_list	*out;
	bool		 mend;
	bool		 quiet;		/* count only */
	int64_t		 entries, differ, wait, unpublishable;
};

static int
check_one(struct cli *c, const struct publish_conf *conf,
    const struct publish_target *t, void *arg, struct error *e)
{
	struct checked		*sum = arg;
	struct publish_check	 k = { .cli = c, .conf = conf, .target = t,
	    .out = sum->out, .mend = sum->mend };

	if (publish_check_run(&k, e) == -1)
		return -1;
	sum->entries += k.entries;
	sum->differ += k.differ;
	sum->wait += k.wait;
	sum->unpublishable += k.unpublishable;
	return 0;
}

static int
check_all(struct cli *c, struct checked *sum, struct error *e)
{
	int	 rc;

	if (!sum->quiet)
		sum->out = out_list_new(stdout, c->json, 0,
		    PUBLISH_CHECK_COLS, PUBLISH_CHECK_NCOLS);
	rc = each_directory(c, check_one, sum, e);
	out_list_free(&sum->out);
	return rc;
}

static int
verdict(struct cli *c, const struct checked *sum, struct error *e)
{
	char	 n[32];

	if (sum->differ + sum->unpublishable == 0) {
		cli_say(c, "%s entries are as the store says%s", text_count(n,
		    (uint64_t)(sum->entries - sum->wait)), sum->wait > 0 ?
		    "; the others wait for signet-crld" : "");
		return 0;
	}
	error_set(e, ERROR_DENIED, "of %s entries %lld differ from the store, "
	    "%lld cannot be published", text_count(n, (uint64_t)sum->entries),
	    (long long)sum->differ, (long long)sum->unpublishable);
	return sum->differ > 0 ? error_hint(e, "mend them with: signet publish "
	    "repair") : error_hint(e, "what is refused does not verify; see "
	    "it with: signet audit verify");
}

static int
publish_check(struct cmd_args *a, void *ctx, struct error *e)
{
	struct checked	 sum = { .mend = false };
	struct cli	*c = ctx;

	cli_begin(c, a);
	return check_all(c, &sum, e) == -1 ? -1 : verdict(c, &sum, e);
}

/* ---- repair and rebuild ---- */

static int
revive_one(struct cli *c, const struct publish_conf *conf,
    const struct publish_target *t, void *arg, struct error *e)
{
	int64_t	*n = arg, got;

	(void)conf;
	if (cli_open_db(c, e) == -1 ||
	    (got = db_publish_revive(c->desk.db, t->name, e)) == -1)
		return -1;
	*n += got;
	return 0;
}

static int
refill_one(struct cli *c, const struct publish_conf *conf,
    const struct publish_target *t, void *arg, struct error *e)
{
	(void)conf;
	(void)arg;
	if (cli_open_db(c, e) == -1)
		return -1;
	return db_publish_refill(c->desk.db, t->name, e);
}

struct backlog {
	int64_t	 left;
	bool	 filling;
};

static int
count_one(struct cli *c, const struct publish_conf *conf,
    const struct publish_target *t, void *arg, struct error *e)
{
	struct backlog		*b = arg;
	struct db_targets	 v;

	(void)conf;
	if (db_publish_status(c->desk.db, &v, c->desk.arena, e) == -1)
		return -1;
	for (size_t i = 0; i < v.n; i++)
		if (strcmp(v.v[i].name, t->name) == 0) {
			b->left += v.v[i].waiting;
			b->filling |= v.v[i].filling;
		}
	return 0;
}

/* Until signet-crld has worked it off. */
static int
wait_until_done(struct cli *c, struct error *e)
{
	const struct timespec	 nap = { 0, 200000000 };
	const char		*text = cmd_string(c->args, "wait",
				    WAIT_DEFAULT);
	struct progress		 p;
	struct backlog		 b;
	int64_t			 seconds, end;
	int			 rc;

	if (text_parse_duration(&seconds, text, e) == -1)
		return error_wrap(e, "--wait");
	end = clock_monotonic_ms() + seconds * 1000;
	progress_begin(&p, "entries left to deliver", 0);
	for (;;) {
		b = (struct backlog){ 0, false };
		if ((rc = each_directory(c, count_one, &b, e)) == -1)
			break;
		progress_set(&p, (uint64_t)b.left);
		if (b.left == 0 && !b.filling)
			break;
		if (clock_monotonic_ms() >= end) {
			rc = error_set(e, ERROR_UPSTREAM, "%lld deliveries "
			    "wait still", (long long)b.left);
			error_hint(e, "is signet-crld running?  They stay; "
			    "look again with: signet publish status");
			break;
		}
		nanosleep(&nap, NULL);
	}
	progress_end(&p);
	return rc;
}

/* For programs one object, whether all is well now or not; people have seen the
 * entries. */
static int
report(struct cli *c, json_t *doc, const struct checked *after,
    struct error *e)
{
	json_t	*counts = json_pack("{s:I, s:I, s:I, s:I}",
		    "entries", (json_int_t)after->entries,
		    "waiting", (json_int_t)after->wait,
		    "differ", (json_int_t)after->differ,
		    "unpublishable", (json_int_t)after->unpublishable);

	json_object_update(doc, counts);
	json_decref(counts);
	if (c->json)
		cli_did(c, doc, "%s", "");
	else
		json_decref(doc);
	return verdict(c, after, e);
}

static int
publish_repair(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	struct checked	 sum = { .mend = true }, after = { .mend = false };
	int64_t		 revived = 0;

	cli_begin(c, a);
	sum.quiet = after.quiet = c->json;
	if (each_directory(c, revive_one, &revived, e) == -1 ||
	    check_all(c, &sum, e) == -1)
		return -1;
	cli_say(c, "%lld entries to mend, %lld dead deliveries to try again",
	    (long long)sum.differ, (long long)revived);
	if (db_notify(c->desk.db, "signet_delivery", e) == -1 ||
	    wait_until_done(c, e) == -1 || check_all(c, &after, e) == -1)
		return -1;
	return report(c, json_pack("{s:I, s:I}", "mended",
	    (json_int_t)sum.differ, "again", (json_int_t)revived), &after, e);
}

static int
publish_rebuild(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	struct checked	 after = { .mend = false };

	cli_begin(c, a);
	after.quiet = c->json;
	if (each_directory(c, refill_one, NULL, e) == -1 ||
	    db_notify(c->desk.db, "signet_issued", e) == -1 ||
	    wait_until_done(c, e) == -1 || check_all(c, &after, e) == -1)
		return -1;
	return report(c, json_object(), &after, e);
}

static int
publish_forget(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	char *const	*arg;

	cli_begin(c, a);
	cmd_operands(a, &arg);
	if (cli_open_db(c, e) == -1 || cli_confirm(c, e, "Forget what is to "
	    "be delivered to %.64s?", arg[0]) == -1 ||
	    db_publish_forget(c->desk.db, arg[0], e) == -1)
		return -1;
	cli_did(c, json_pack("{s:s, s:s}", "directory", arg[0], "result",
	    "forgotten"), "%s is forgotten; what it has stays there", arg[0]);
	return 0;
}

const struct cmd CLI_PUBLISH[] = {
	{ "publish status", NULL, "show what waits to be published, and where",
	    NULL, "signet publish status\n", NULL, 0, 0, publish_status },
	{ "publish dead", NULL, "list deliveries that are not tried again",
	    "A directory has refused the entry for good, or what the store "
	    "has does not verify.", NULL, dead_opts, 0, 0, publish_dead },
	{ "publish check", NULL, "compare directories with the store",
	    "Each entry that there must be and each that there is.  Exit "
	    "status 3 when something differs.",
	    "signet publish check --json\n", one_opts, 0, 0, publish_check },
	{ "publish repair", NULL, "have what differs mended by signet-crld",
	    "Compares, asks for a delivery of each entry that differs and of "
	    "each that was given up, waits, and compares again.", NULL,
	    wait_opts, 0, 0, publish_repair },
	{ "publish rebuild", NULL, "fill directories anew from the store",
	    NULL, "signet publish rebuild --directory main --wait 1h\n",
	    wait_opts, 0, 0, publish_rebuild },
	{ "publish forget", "NAME", "drop a directory that is no more", NULL,
	    NULL, NULL, 1, 1, publish_forget },
	CMD_END
};
