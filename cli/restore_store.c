/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/restore.h"
#include "db/conninfo.h"
#include "db/migrate.h"
#include "db/refill.h"
#include "os/file.h"

/* The settings of the backup say where the schema's files are. */
static int
find_settings(struct restoring *r, struct error *e)
{
	struct cli	*c = r->c;

	for (size_t i = 0; i < r->n; i++) {
		char	*path = file_join(r->folder[i].stage, "signet.conf");

		if (c->conf_path == NULL && file_exists(path) &&
		    cli_settings_of(c, path, e) == -1)
			i = r->n;
		mem_free(&path);
	}
	if (c->conf_path != NULL)
		return 0;
	if (e->code != ERROR_NONE)
		return -1;
	error_set(e, ERROR_NOTFOUND, "no folder of the backup has a "
	    "signet.conf");
	return error_hint(e, "restore the store where signet.conf is, this "
	    "machine with --no-store");
}

static int
check_no_store(struct restoring *r, bool begun, struct error *e)
{
	struct migrate_plan	 plan = { 0 };
	int			 rc;

	rc = migrate_status(&plan, r->owner, cli_path(r->c,
	    r->c->conf.schema), e);
	if (rc == 0 && plan.current > 0 && !begun) {
		rc = error_set(e, ERROR_CONFLICT, "the store is there "
		    "already, at version %d", plan.current);
		error_hint(e, "name another database in --owner, or say "
		    "--no-store");
	}
	migrate_plan_clear(&plan);
	return rc;
}

static int
begin_store(struct restoring *r, struct error *e)
{
	bool	 begun = false;

	if (migrate_create(r->owner, e) == -1 ||
	    refill_is_begun(&begun, r->owner, e) == -1 ||
	    check_no_store(r, begun, e) == -1)
		return -1;
	if (begun)
		cli_say(r->c, "what a restore before this one left in the "
		    "store is thrown away");
	return refill_begin(r->owner, begun, e);
}

static char *
database_of(const char *const *env)
{
	for (; *env != NULL; env++)
		if (strncmp(*env, "PGDATABASE=", 11) == 0)
			return mem_printf("--dbname=%s", *env + 11);
	return NULL;
}

/* Roles and grants are set by the migration that follows. */
static int
fill_store(struct restoring *r, struct error *e)
{
	const char *const *env = conninfo_env(r->c->desk.arena, r->owner,
			    e);
	char		*db;
	int	 rc;

	if (env == NULL || (db = database_of(env)) == NULL)
		return -1;
	rc = restore_feed(r, r->store, "the store", (const char *[]){ "pg_restore", db,
	    "--single-transaction", "--exit-on-error", "--no-owner",
	    "--no-privileges", "--no-password", NULL }, env, e);
	mem_free(&db);
	return rc;
}

static void
say_step(void *arg, const struct migrate_step *s)
{
	cli_say(arg, "applying %04d-%s", s->version, s->name);
}

static int
finish_store(struct restoring *r, struct error *e)
{
	/* What was published after the backup has numbers that must not come
	 * again. */
	if (migrate_apply(r->owner, cli_path(r->c, r->c->conf.schema),
	    say_step, r->c, e) == -1 || refill_end(r->owner,
	    cmd_number(r->c->args, "skip-numbers", RESTORE_SKIP), e) == -1)
		return error_wrap(e, "the store is filled and not ready");
	return 0;
}

int
restore_store(struct restoring *r, struct error *e)
{
	return find_settings(r, e) == -1 || begin_store(r, e) == -1 ||
	    fill_store(r, e) == -1 || finish_store(r, e) == -1 ? -1 : 0;
}
