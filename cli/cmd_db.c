/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet db: make the store, bring its schema up to date, look at it.
 */
#include <string.h>

#include "cli/cli.h"
#include "db/migrate.h"

static const struct cmd_opt owner_opts[] = {
	{ "owner", 0, CMD_STRING, false, "CONNINFO",
	    "connect as the schema's owner, not as the settings say" },
	CMD_OPT_END
};
static const struct cmd_opt migrate_opts[] = {
	{ "owner", 0, CMD_STRING, false, "CONNINFO",
	    "connect as the schema's owner, not as the settings say" },
	{ "plan", 0, CMD_FLAG, false, NULL,
	    "only show what would be applied" },
	CMD_OPT_END
};

struct place {
	const char	*conninfo;
	const char	*dir;
};

static int
find_place(struct cli *c, struct place *p, struct error *e)
{
	if (cli_settings(c, e) == -1)
		return -1;
	p->conninfo = cmd_string(c->args, "owner", c->conf.database);
	p->dir = cli_path(c, c->conf.schema);
	return 0;
}

static void
say_step(void *arg, const struct migrate_step *s)
{
	cli_say(arg, "applying %04d-%s", s->version, s->name);
}

static void
list_steps(struct cli *c, const struct migrate_plan *plan, bool missing_only)
{
	static const struct out_col	cols[] = {
		{ "version", "VERSION", OUT_RIGHT },
		{ "name", "NAME", 0 },
		{ "applied_at", "APPLIED", 0 },
	};
	struct out_list			*l;
	size_t				 i;

	l = out_list_new(stdout, c->json, 0, cols, 3);
	for (i = 0; i < plan->n; i++) {
		if (missing_only && plan->v[i].applied)
			continue;
		out_num(l, plan->v[i].version);
		out_text(l, plan->v[i].name);
		out_text(l, plan->v[i].applied ? plan->v[i].applied_at :
		    NULL);
	}
	out_list_free(&l);
}

static size_t
count_missing(const struct migrate_plan *plan)
{
	size_t	i, n = 0;

	for (i = 0; i < plan->n; i++)
		n += !plan->v[i].applied;
	return n;
}

/* Also where nothing is missing: that is an answer. */
static void
show_plan(struct cli *c, const struct migrate_plan *plan)
{
	json_t	*missing = json_array();

	for (size_t i = 0; i < plan->n; i++)
		if (!plan->v[i].applied)
			json_array_append_new(missing, json_pack(
			    "{s:i, s:s}", "version", plan->v[i].version,
			    "name", plan->v[i].name));
	cli_did(c, json_pack("{s:i, s:i, s:o}", "schema", plan->current,
	    "newest", (int)plan->n, "missing", missing), "%s", "");
}

/* Apply what is missing and say where the schema stands. */
static int
bring_up(struct cli *c, const struct place *p, struct error *e)
{
	struct migrate_plan	 plan = { 0 };
	struct out_record	*r;
	int			 rc = -1;

	if (migrate_apply(p->conninfo, p->dir, say_step, c, e) == -1 ||
	    migrate_status(&plan, p->conninfo, p->dir, e) == -1)
		goto out;
	r = out_record_new(stdout, c->json);
	out_put_num(r, "schema", NULL, plan.current);
	out_put_line(r, "the schema is at version %d, roles and grants are "
	    "set", plan.current);
	out_record_free(&r);
	rc = 0;
 out:
	migrate_plan_clear(&plan);
	return rc;
}

static int
db_init(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	struct place	 p;

	cli_begin(c, a);
	if (find_place(c, &p, e) == -1 ||
	    migrate_create(p.conninfo, e) == -1)
		return -1;
	return bring_up(c, &p, e);
}

static int
db_migrate(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct migrate_plan	 plan = { 0 };
	struct place		 p;
	int			 rc;

	cli_begin(c, a);
	if (find_place(c, &p, e) == -1)
		return -1;
	if (!cmd_flag(a, "plan"))
		return bring_up(c, &p, e);
	rc = migrate_status(&plan, p.conninfo, p.dir, e);
	if (rc == 0 && c->json)
		show_plan(c, &plan);
	else if (rc == 0 && count_missing(&plan) > 0)
		list_steps(c, &plan, true);
	else if (rc == 0)
		cli_say(c, "nothing to apply");
	migrate_plan_clear(&plan);
	return rc;
}

static int
db_status(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct migrate_plan	 plan = { 0 };
	struct place		 p;
	int			 rc = -1;

	cli_begin(c, a);
	if (find_place(c, &p, e) == -1 ||
	    migrate_status(&plan, p.conninfo, p.dir, e) == -1)
		goto out;
	list_steps(c, &plan, false);
	if (plan.current == 0)
		cli_say(c, "\nempty; next: signet db init");
	else if (count_missing(&plan) > 0)
		cli_say(c, "\nbehind; next: signet db migrate");
	else if (plan.current > DB_SCHEMA_VERSION)
		cli_say(c, "\nthe store is newer than this program (%d); "
		    "install the newer suite", DB_SCHEMA_VERSION);
	else
		cli_say(c, "\nup to date");
	rc = 0;
 out:
	migrate_plan_clear(&plan);
	return rc;
}

const struct cmd CLI_DB[] = {
	{ "db init", NULL, "make the store: database, schema, roles",
	    "Makes the database if there is none, applies the migrations and "
	    "sets roles and grants.  Safe to repeat.",
	    "signet db init\n"
	    "signet db init --owner 'host=/run/postgresql user=postgres "
	    "dbname=signet'\n",
	    owner_opts, 0, 0, db_init },
	{ "db migrate", NULL, "bring the schema up to date",
	    "Applies the migrations that are missing, each in a transaction "
	    "of its own, then sets roles and grants.",
	    "signet db migrate --plan\n", migrate_opts, 0, 0, db_migrate },
	{ "db status", NULL, "say which migrations have been applied", NULL,
	    NULL, owner_opts, 0, 0, db_status },
	CMD_END
};
