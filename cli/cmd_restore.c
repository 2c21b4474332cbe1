/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet restore: what signet backup took away.
 */
#include <dirent.h>
#include <errno.h>
#include <fts.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/act.h"
#include "cli/backup.h"
#include "cli/cli.h"
#include "db/conninfo.h"
#include "db/db.h"
#include "db/migrate.h"
#include "os/fault.h"
#include "os/file.h"
#include "os/program.h"

#define INDEX_MAX	(16u << 20)
#define CONF_MAX	(1u << 20)
#define SKIP		1000	/* numbers of lists */

static const struct cmd_opt restore_opts[] = {
	{ "key", 0, CMD_STRING, true, "URI",
	    "the key that it was sealed to: a file or pkcs11:..." },
	{ "cert", 0, CMD_STRING, false, "FILE", "its certificate" },
	{ "passphrase", 0, CMD_STRING, false, "SOURCE",
	    "of the key: prompt, file:PATH, fd:N or env:NAME" },
	{ "check", 0, CMD_FLAG, false, NULL,
	    "only see that it can be opened and is whole" },
	{ "move", 0, CMD_MANY, false, "OLD=NEW",
	    "a path that is another here: folders go there, and settings "
	    "(*.conf) are rewritten; may be repeated" },
	{ "owner", 0, CMD_STRING, false, "CONNINFO",
	    "who may make databases and roles; names the new store" },
	{ "no-store", 0, CMD_FLAG, false, NULL,
	    "folders only: the store is there, a replica perhaps" },
	{ "skip-numbers", 0, CMD_NUMBER, false, "N",
	    "revocation lists go on N numbers above those of the backup (1000): "
	    "more than were published since" },
	CMD_OPT_END
};

struct folder {
	const char	*old;
	char		*path, *stage;	/* where it goes; until it is whole */
	const json_t	*parts;
};
struct restoring {
	struct cli	*c;
	const char	*dir;
	json_t		*index;
	const json_t	*store;		/* its parts */
	struct identity	 with;
	struct folder	*folder;
	size_t		 n;
	char		*owner, *owner_user;
	uint64_t	 rewritten;
};

/* ---- what there is ---- */

/* OLD=NEW, the longest OLD that fits; NULL when none does. */
static const char *
moved(struct restoring *r, const char *path, size_t *old_len)
{
	const char *const	*v;
	const char		*to = NULL;
	size_t			 n = cmd_many(r->c->args, "move", &v);

	*old_len = 0;
	for (size_t i = 0; i < n; i++) {
		size_t	 len = strcspn(v[i], "=");

		if (len > *old_len && strncmp(path, v[i], len) == 0 &&
		    strchr("/\"'= ", path[len]) != NULL) {
			*old_len = len;
			to = v[i] + len + 1;
		}
	}
	return to;
}

static int
check_moves(struct restoring *r, struct error *e)
{
	const char *const	*v;
	size_t			 n = cmd_many(r->c->args, "move", &v);

	for (size_t i = 0; i < n; i++)
		if (v[i][0] != '/' || strstr(v[i], "=/") == NULL)
			return error_set(e, ERROR_INPUT, "--move %s: it is "
			    "/OLD/PATH=/NEW/PATH", v[i]);
	return 0;
}

static int
add_folder(struct restoring *r, const json_t *folder, struct error *e)
{
	struct folder	*f = &r->folder[r->n];
	const char	*to;
	size_t		 len;

	f->old = json_string_value(json_object_get(folder, "path"));
	f->parts = json_object_get(folder, "parts");
	if (f->old == NULL || f->old[0] != '/' || !json_is_array(f->parts))
		return error_set(e, ERROR_INPUT, "%s: folder %zu has no path "
		    "or parts", BACKUP_INDEX, r->n + 1);
	to = moved(r, f->old, &len);
	f->path = to != NULL ? mem_printf("%s%s", to, f->old + len) :
	    mem_strdup(f->old);
	f->stage = mem_printf("%s.restoring", f->path);
	r->n++;
	return 0;
}

static int
read_index(struct restoring *r, struct error *e)
{
	char		*path = file_join(r->dir, BACKUP_INDEX);
	struct buf	 text = { 0 };
	json_error_t	 why;
	const json_t	*folders, *folder;
	const char	*format;
	size_t		 i;
	int		 rc = file_load(&text, path, INDEX_MAX, e);

	mem_free(&path);
	if (rc == 0)
		r->index = json_loadb((const char *)text.p, text.len, 0, &why);
	buf_clear(&text);
	if (rc == -1)
		return error_hint(e, "is it a backup that was finished?");
	format = json_string_value(json_object_get(r->index, "format"));
	folders = json_object_get(r->index, "folders");
	r->store = json_object_get(json_object_get(r->index, "store"),
	    "parts");
	if (format == NULL || strcmp(format, BACKUP_FORMAT) != 0)
		return error_set(e, ERROR_INPUT, "%s/%s: not a backup of the "
		    "format " BACKUP_FORMAT, r->dir, BACKUP_INDEX);
	r->folder = mem_array(json_array_size(folders) + 1,
	    sizeof(*r->folder));
	json_array_foreach(folders, i, folder)
		if (add_folder(r, folder, e) == -1)
			return -1;
	return 0;
}

static int
check_parts(struct restoring *r, struct error *e)
{
	progress_begin(&r->c->progress, "comparing", 0);
	for (size_t i = 0; i < r->n; i++)
		if (backup_check(r->dir, r->folder[i].parts, e) == -1)
			return -1;
	return backup_check(r->dir, r->store, e);
}

/* ---- through a program ---- */

static int
feed(struct restoring *r, const json_t *parts, const char *what,
    const char *const argv[], const char *const env[], struct error *e)
{
	struct error	 why = ERROR_INIT;
	struct program	 p = PROGRAM_INIT;
	int		 rc;

	if (program_start(&p, argv, env, PROGRAM_WRITE, -1, e) == -1)
		return -1;
	progress_begin(&r->c->progress, what, 0);
	rc = backup_open(r->dir, parts, &r->with, p.fd, &r->c->progress, e);
	progress_end(&r->c->progress);
	/* Who does not read on has the better account of it. */
	if (program_end(&p, 0, &why) == -1 && (rc == 0 ||
	    e->code == ERROR_UPSTREAM)) {
		*e = why;
		rc = -1;
	}
	return rc == 0 ? 0 : error_wrap(e, "%s", what);
}

static int
check_contents(struct restoring *r, struct error *e)
{
	static const char *const list_tar[] = { "tar", "--list", "--file=-", NULL };
	static const char *const list_pg[] = { "pg_restore", "--file=-",
	    NULL };

	for (size_t i = 0; i < r->n; i++)
		if (feed(r, r->folder[i].parts, r->folder[i].old, list_tar,
		    NULL, e) == -1)
			return -1;
	return feed(r, r->store, "the store", list_pg, NULL, e);
}

/* ---- folders ---- */

static int
check_absent(const struct folder *f, struct error *e)
{
	DIR		*d = opendir(f->path);
	struct dirent	*x;
	bool		 full = false;

	if (d == NULL && errno == ENOENT)
		return 0;
	if (d == NULL)
		return error_sys(e, "%s", f->path);
	while ((x = readdir(d)) != NULL)
		full |= strcmp(x->d_name, ".") != 0 &&
		    strcmp(x->d_name, "..") != 0;
	closedir(d);
	if (!full)
		return 0;
	error_set(e, ERROR_CONFLICT, "%s is not empty", f->path);
	return error_hint(e, "move it away, or say --move %.40s=/elsewhere",
	    f->old);
}

static int
remove_all(const char *path, struct error *e)
{
	const char	*argv[] = { "rm", "--recursive", "--force", "--",
			    path, NULL };
	struct program	 rm = PROGRAM_INIT;

	if (program_start(&rm, argv, NULL, PROGRAM_WRITE, -1, e) == -1)
		return -1;
	return program_end(&rm, 0, e);
}

static int
unpack(struct restoring *r, struct folder *f, struct error *e)
{
	const char *argv[] = { "tar", "--extract", "--file=-",
		    "--preserve-permissions", "--directory", f->stage, NULL };

	if (remove_all(f->stage, e) == -1 ||
	    file_mkdir(f->stage, 0700, e) == -1)
		return -1;
	return feed(r, f->parts, f->path, argv, NULL, e);
}

/* The same text with the paths of here. */
static bool
rewrite(struct restoring *r, const char *in, struct buf *out)
{
	bool	 changed = false;

	while (*in != '\0') {
		size_t		 len = 0;
		const char	*to = *in == '/' ? moved(r, in, &len) : NULL;

		if (to != NULL) {
			buf_str(out, to);
			in += len;
			changed = true;
		} else
			buf_byte(out, (uint8_t)*in++);
	}
	return changed;
}

static int
rewrite_file(struct restoring *r, const FTSENT *f, struct error *e)
{
	struct buf	 text = { 0 }, out = { 0 };
	const char	*dot = strrchr(f->fts_name, '.');
	int		 rc = 0;

	if (f->fts_info != FTS_F || dot == NULL || strcmp(dot, ".conf") != 0)
		return 0;
	rc = file_load(&text, f->fts_path, CONF_MAX, e);
	if (rc == 0 && rewrite(r, buf_cstr(&text), &out)) {
		rc = file_store(f->fts_path, out.p, out.len,
		    f->fts_statp->st_mode & 07777, e);
		if (rc == 0 && chown(f->fts_path, f->fts_statp->st_uid,
		    f->fts_statp->st_gid) == -1)
			rc = error_sys(e, "%s", f->fts_path);
		r->rewritten++;
	}
	buf_clear(&text);
	buf_clear(&out);
	return rc;
}

static int
rewrite_settings(struct restoring *r, struct folder *f, struct error *e)
{
	char		*paths[] = { f->stage, NULL };
	const char *const *v;
	FTS		*fts;
	FTSENT		*x;
	int		 rc = 0;

	if (cmd_many(r->c->args, "move", &v) == 0)
		return 0;
	if ((fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL)) == NULL)
		return error_sys(e, "%s", f->stage);
	while (rc == 0 && (x = fts_read(fts)) != NULL)
		rc = rewrite_file(r, x, e);
	fts_close(fts);
	return rc;
}

static int
put_in_place(const struct folder *f, struct error *e)
{
	if (rmdir(f->path) == -1 && errno != ENOENT)
		return error_sys(e, "%s", f->path);
	return file_rename(f->stage, f->path, e);
}

/* ---- the store ---- */

static int
check_no_store(struct restoring *r, struct error *e)
{
	struct migrate_plan	 plan = { 0 };
	int			 rc;

	if (migrate_create(r->owner, e) == -1)
		return -1;
	rc = migrate_status(&plan, r->owner, cli_path(r->c,
	    r->c->conf.schema), e);
	if (rc == 0 && plan.current > 0) {
		rc = error_set(e, ERROR_CONFLICT, "the store is there "
		    "already, at version %d", plan.current);
		error_hint(e, "name another database in --owner, or say "
		    "--no-store");
	}
	migrate_plan_clear(&plan);
	return rc;
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
	rc = feed(r, r->store, "the store", (const char *[]){ "pg_restore", db,
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

/* What was published after the backup has numbers that must not come again. */
static int
skip_numbers(struct restoring *r, struct error *e)
{
	struct db	*db;
	char		*sql;
	int		 rc;

	if (db_open(&db, r->owner, "signet-restore", NULL, 0, e) == -1)
		return -1;
	sql = mem_printf("UPDATE signet.ca SET crl_number_from = greatest("
	    "crl_number_from, coalesce((SELECT max(number) FROM signet.crl"
	    " WHERE crl.ca = ca.name), 0)) + %lld WHERE NOT is_root",
	    (long long)cmd_number(r->c->args, "skip-numbers", SKIP));
	rc = db_script(db, sql, e);
	mem_free(&sql);
	db_close(&db);
	return rc;
}

static int
finish_store(struct restoring *r, struct error *e)
{
	if (migrate_apply(r->owner, cli_path(r->c, r->c->conf.schema),
	    say_step, r->c, e) == -1 || skip_numbers(r, e) == -1)
		return error_wrap(e, "the store is filled and not ready");
	return 0;
}

/* ---- all of it ---- */

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
prepare(struct restoring *r, struct error *e)
{
	const char	*owner = cmd_string(r->c->args, "owner", NULL);

	if (!cmd_flag(r->c->args, "no-store")) {
		if (owner == NULL)
			return error_set(e, ERROR_INPUT, "--owner or "
			    "--no-store is missing");
		if (conninfo_for(&r->owner, owner, NULL, "signet", e) == -1)
			return error_wrap(e, "--owner");
	}
	for (size_t i = 0; i < r->n; i++)
		if (check_absent(&r->folder[i], e) == -1)
			return -1;
	return 0;
}

static int
restore_all(struct restoring *r, struct error *e)
{
	bool	 store = !cmd_flag(r->c->args, "no-store");

	if (prepare(r, e) == -1)
		return -1;
	for (size_t i = 0; i < r->n; i++)
		if (unpack(r, &r->folder[i], e) == -1 ||
		    rewrite_settings(r, &r->folder[i], e) == -1)
			return -1;
	FAULT("restore.unpacked");
	if (store && (find_settings(r, e) == -1 || check_no_store(r, e) ==
	    -1 || fill_store(r, e) == -1 || finish_store(r, e) == -1))
		return -1;
	FAULT("restore.filled");
	for (size_t i = 0; i < r->n; i++)
		if (put_in_place(&r->folder[i], e) == -1)
			return -1;
	return 0;
}

static void
say(struct restoring *r)
{
	bool			 check = cmd_flag(r->c->args, "check");
	struct out_record	*o = out_record_new(stdout, r->c->json);
	const json_t		*audit = json_object_get(r->index, "audit");

	out_put_time(o, "made_at", "made", json_integer_value(
	    json_object_get(r->index, "made_at")));
	out_put_num(o, "audit_seq", "audit entries", json_integer_value(
	    json_object_get(audit, "seq")));
	out_put_num(o, "folders", NULL, (int64_t)r->n);
	for (size_t i = 0; i < r->n; i++)
		out_put(o, NULL, "folder", check ? r->folder[i].old :
		    r->folder[i].path);
	out_put_num(o, "rewritten", check ? NULL : "settings rewritten",
	    (int64_t)r->rewritten);
	out_put_bool(o, "checked_only", NULL, check);
	out_record_free(&o);
	if (check)
		cli_say(r->c, "it is whole, and this key opens it");
	else
		cli_say(r->c, "next: put the secrets in their places, start "
		    "the daemons, then: signet audit export and signet audit "
		    "verify");
}

static int
restore(struct cmd_args *a, void *ctx, struct error *e)
{
	struct restoring	 r = { .c = ctx };
	const char		*pass = cmd_string(a, "passphrase", "prompt");
	char *const		*dir;
	int			 rc = -1;

	cli_begin(r.c, a);
	signal(SIGPIPE, SIG_IGN);
	cmd_operands(a, &dir);
	r.dir = dir[0];
	if (check_moves(&r, e) == 0 && read_index(&r, e) == 0 &&
	    check_parts(&r, e) == 0 && identity_load(&r.with,
	    cmd_string(a, "key", NULL), cmd_string(a, "cert", NULL), pass,
	    e) == 0)
		rc = cmd_flag(a, "check") ? check_contents(&r, e) :
		    restore_all(&r, e);
	progress_end(&r.c->progress);
	if (rc == 0)
		say(&r);
	for (size_t i = 0; i < r.n; i++) {
		mem_free(&r.folder[i].path);
		mem_free(&r.folder[i].stage);
	}
	mem_free(&r.folder);
	mem_free(&r.owner);
	identity_free(&r.with);
	json_decref(r.index);
	return rc;
}

const struct cmd CLI_RESTORE[] = {
	{ "restore", "BACKUP", "bring back what signet backup took away",
	    "Compares every part with the index, opens them, and puts folders "
	    "and store in their places, which must be empty.  Nothing is in "
	    "its place before all of it is there.  Revocation lists then go on "
	    "with numbers above all that were published.",
	    "signet restore --check /srv/backup/20270115T080000Z "
	    "--key backup.key --cert backup.pem\n"
	    "signet restore /srv/backup/20270115T080000Z --key backup.key "
	    "--cert backup.pem --owner 'host=/run/postgresql user=postgres'\n",
	    restore_opts, 1, 1, restore },
	CMD_END
};
