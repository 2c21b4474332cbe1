/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet restore: what signet backup took away.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/restore.h"
#include "db/conninfo.h"
#include "os/fault.h"
#include "os/file.h"
#include "os/program.h"

#define INDEX_MAX	(16u << 20)

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

static int
add_folder(struct restoring *r, const json_t *folder, struct error *e)
{
	struct folder	*f = &r->folder[r->n];
	size_t		 i;

	f->old = json_string_value(json_object_get(folder, "path"));
	f->parts = json_object_get(folder, "parts");
	f->path = moves_place(&r->moves, f->old);
	f->stage = mem_printf("%s" BACKUP_STAGE, f->path);
	r->n++;
	for (i = 0; i + 1 < r->n; i++)
		if (backup_paths_clash(r->folder[i].path, f->path))
			return error_set(e, ERROR_INPUT, "%s and %s cannot be "
			    "restored side by side", r->folder[i].path,
			    f->path);
	return 0;
}

static int
read_index(struct restoring *r, struct error *e)
{
	char		*path = file_join(r->dir, BACKUP_INDEX);
	struct buf	 text = { 0 };
	const json_t	*folders, *folder;
	size_t		 i;
	int		 rc = file_load(&text, path, INDEX_MAX, e);

	mem_free(&path);
	if (rc == -1)
		error_hint(e, "is it a backup that was finished?");
	else if ((rc = backup_index_parse(&r->index, BYTES(text.p, text.len),
	    e)) == -1 || (rc = backup_digest(r->digest, &text, e)) == -1)
		error_wrap(e, "%s", r->dir);
	buf_clear(&text);
	if (rc == -1)
		return -1;
	folders = json_object_get(r->index, "folders");
	r->store = json_object_get(json_object_get(r->index, "store"),
	    "parts");
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

int
restore_feed(struct restoring *r, const json_t *parts, const char *what,
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
		if (restore_feed(r, r->folder[i].parts, r->folder[i].old, list_tar,
		    NULL, e) == -1)
			return -1;
	return restore_feed(r, r->store, "the store", list_pg, NULL, e);
}

/* ---- all of it ---- */

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
		if (restore_check_absent(&r->folder[i], e) == -1)
			return -1;
	return 0;
}

static int
restore_all(struct restoring *r, struct error *e)
{
	if (prepare(r, e) == -1)
		return -1;
	for (size_t i = 0; i < r->n; i++)
		if (restore_unpack(r, &r->folder[i], e) == -1)
			return -1;
	FAULT("restore.unpacked");
	if (r->owner != NULL && restore_store(r, e) == -1)
		return -1;
	FAULT("restore.filled");
	for (size_t i = 0; i < r->n; i++)
		if (restore_put_in_place(&r->folder[i], e) == -1)
			return -1;
	return 0;
}

static void
say(struct restoring *r)
{
	bool			 check = cmd_flag(r->c->args, "check");
	struct out_record	*o = out_record_new(stdout, r->c->json);
	const json_t		*audit = json_object_get(r->index, "audit");

	out_put(o, "digest", "digest", r->digest);
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
	r.moves.n = cmd_many(a, "move", &r.moves.v);
	if (moves_check(&r.moves, e) == 0 && read_index(&r, e) == 0 &&
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
