/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet backup: the store and the folders of this machine, sealed.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/chain.h"
#include "base/text.h"
#include "cli/backup.h"
#include "cli/cli.h"
#include "db/conninfo.h"
#include "db/db_audit.h"
#include "os/fault.h"
#include "os/file.h"
#include "os/program.h"

#define TAKES_MAX	5	/* of a folder that changes meanwhile */

static const struct cmd_opt backup_opts[] = {
	{ "for", 0, CMD_MANY, true, "FILE",
	    "certificate of who can open it; may be repeated: any of them" },
	{ "files", 0, CMD_MANY, false, "DIR",
	    "a folder to take, with all below it (else the one of the "
	    "settings); may be repeated" },
	{ "with-secrets", 0, CMD_FLAG, false, NULL,
	    "take folders called \"secrets\", too: who opens the backup then "
	    "has the passphrases of the keys in it" },
	{ "database", 0, CMD_STRING, false, "CONNINFO",
	    "the store (else the settings', as user signet_backup)" },
	CMD_OPT_END
};

struct making {
	struct cli	*c;
	struct seal	 seal;
	char		 name[32];	/* 20270115T080000Z */
	char		*parent, *stage, *final;
	int		 at_work;	/* the stage, locked */
	json_t		*index, *folders;
	struct backup_list seen;	/* of all folders, without names */
	char		*conninfo;
};

static int
add_recipients(struct making *m, struct error *e)
{
	const char *const	*v;
	size_t			 n = cmd_many(m->c->args, "for", &v);

	for (size_t i = 0; i < n; i++)
		if (seal_add(&m->seal, v[i], clock_now(m->c->desk.clock),
		    e) == -1)
			return error_wrap(e, "--for %s", v[i]);
	return 0;
}

/* What is not whole has another name. */
/* .20270115T080000Z.part, and nothing else that may lie there. */
static bool
is_stage(const char *name)
{
	static const char	 like[] = ".00000000T000000Z.part";
	size_t			 i;

	for (i = 0; like[i] != '\0'; i++)
		if (like[i] == '0' ? !isdigit((unsigned char)name[i]) :
		    name[i] != like[i])
			return false;
	return name[i] == '\0';
}

/* Half a backup at which nobody is any more. */
static int
remove_stage(const char *parent, const char *name, struct error *e)
{
	char	*path = file_join(parent, name);
	int	 fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int	 rc = 0;

	if (fd != -1 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		rc = program_remove(path, e);
	if (fd != -1)
		close(fd);
	mem_free(&path);
	return rc;
}

/* What was killed, or found no room, has left what it had by then. */
static int
remove_dead(const char *parent, struct error *e)
{
	DIR		*d = opendir(parent);
	struct dirent	*x;
	int		 rc = 0;

	if (d == NULL)
		return error_sys(e, "%s", parent);
	while (rc == 0 && (x = readdir(d)) != NULL)
		if (is_stage(x->d_name))
			rc = remove_stage(parent, x->d_name, e);
	closedir(d);
	return rc;
}

/* Nobody else may take it for dead before it has its lock. */
static int
make_stage(struct making *m, struct error *e)
{
	int	 parent, rc = -1;

	parent = open(m->parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (parent == -1 || flock(parent, LOCK_EX) == -1)
		error_sys(e, "lock %s", m->parent);
	else if (remove_dead(m->parent, e) == -1)
		;
	else if (mkdir(m->stage, 0700) == -1)
		error_sys(e, "%s", m->stage);
	else if ((m->at_work = open(m->stage, O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC)) == -1 || flock(m->at_work, LOCK_EX | LOCK_NB) == -1)
		error_sys(e, "lock %s", m->stage);
	else
		rc = 0;
	if (parent != -1)
		close(parent);
	return rc;
}

/* 20270115T080000Z */
static void
name_of(char name[TEXT_TIME_SIZE], int64_t at)
{
	char	 text[TEXT_TIME_SIZE];
	size_t	 n = 0;

	text_time(text, at);
	for (const char *p = text; *p != '\0'; p++)
		if (*p != '-' && *p != ':')
			name[n++] = *p;
	name[n] = '\0';
}

static int
begin(struct making *m, const char *dir, struct error *e)
{
	int64_t	 now = clock_now(m->c->desk.clock);
	char	 real[4096];

	if (file_mkdir(dir, 0700, e) == -1)
		return -1;
	if (realpath(dir, real) == NULL)
		return error_sys(e, "%s", dir);
	m->parent = mem_strdup(real);
	/* Of two in one second the later one has the next second's name. */
	do {
		mem_free(&m->final);
		name_of(m->name, now++);
		m->final = mem_printf("%s/%s", real, m->name);
	} while (file_exists(m->final));
	m->stage = mem_printf("%s/.%s.part", real, m->name);
	return make_stage(m, e);
}

/* ---- folders ---- */

static int
list_fd(const struct backup_list *l, struct error *e)
{
	int	 fd = memfd_create("names", MFD_CLOEXEC);

	if (fd == -1 || write(fd, l->names.p, l->names.len) !=
	    (ssize_t)l->names.len || lseek(fd, 0, SEEK_SET) == -1) {
		error_sys(e, "list of names");
		if (fd != -1)
			close(fd);
		return -1;
	}
	return fd;
}

/* tar says 1 when a file grew while it was read, as a ledger may. */
static int
take_listed(struct making *m, const char *root, const struct backup_list *l,
    json_t **parts, struct error *e)
{
	char		 name[BACKUP_FILE];
	const char	*argv[] = { "tar", "--create", "--file=-",
			    "--directory", root, "--no-recursion",
			    "--null", "--files-from=-", NULL };
	struct program	 tar = PROGRAM_INIT;
	int		 fd = list_fd(l, e), rc = -1;

	backup_folder_name(name, json_array_size(m->folders) + 1);
	if (fd == -1 || program_start(&tar, argv, NULL, PROGRAM_READ, fd,
	    e) == -1)
		goto out;
	progress_begin(&m->c->progress, root, 0);
	*parts = backup_seal(m->stage, name, &m->seal, tar.fd,
	    &m->c->progress, e);
	progress_end(&m->c->progress);
	rc = *parts != NULL ? 0 : -1;
	if (program_end(&tar, 1, rc == 0 ? e : &(struct error)ERROR_INIT) ==
	    -1)
		rc = -1;
 out:
	if (fd != -1)
		close(fd);
	return rc;
}

static void
note_seen(struct making *m, const struct backup_list *l)
{
	m->seen.n += l->n;
	m->seen.ledger |= l->ledger;
	buf_add(&m->seen.left_out, l->left_out.p, l->left_out.len);
	buf_add(&m->seen.clear_keys, l->clear_keys.p, l->clear_keys.len);
}

/* Could it be put back? */
static int
check_folder(const struct making *m, const char *root, struct error *e)
{
	const json_t	*other;
	size_t		 i;

	if (!backup_path_is_clean(root))
		return error_set(e, ERROR_INPUT, "%s: a folder of such a name "
		    "cannot be restored", root);
	json_array_foreach(m->folders, i, other) {
		const char	*path = json_string_value(json_object_get(other,
				    "path"));

		if (backup_paths_clash(path, root))
			return error_set(e, ERROR_INPUT, "%s and %s cannot be "
			    "restored side by side: what is below a folder is "
			    "taken with it", path, root);
	}
	return 0;
}

/* A name of the list that is there no more? */
static bool
has_lost_one(const char *root, const struct backup_list *l)
{
	const char	*name = (const char *)l->names.p;
	const char	*end = name + l->names.len;
	bool		 lost = false;

	for (; name < end && !lost; name += strlen(name) + 1) {
		char		*path = file_join(root, name);
		struct stat	 st;

		lost = lstat(path, &st) == -1 && errno == ENOENT;
		mem_free(&path);
	}
	return lost;
}

static int
drop_parts(struct making *m, struct error *e)
{
	char	 name[BACKUP_FILE], file[BACKUP_FILE];
	int	 there = 1;

	backup_folder_name(name, json_array_size(m->folders) + 1);
	for (size_t n = 1; there == 1; n++) {
		backup_file_name(file, name, n);
		if (unlinkat(m->at_work, file, 0) == -1)
			there = errno == ENOENT ? 0 :
			    error_sys(e, "%s/%s", m->stage, file);
	}
	return there;
}

/* Daemons write beside a file and put it in place: what is listed may be gone
 * before tar comes to it, which it does not forgive. */
static int
list_and_take(struct making *m, const char *root, struct backup_list *l,
    json_t **parts, struct error *e)
{
	bool	 secrets = cmd_flag(m->c->args, "with-secrets");

	for (int left = TAKES_MAX; ; left--) {
		if (backup_list(l, root, secrets, m->parent, e) == -1)
			return -1;
		if (take_listed(m, root, l, parts, e) == 0)
			return 0;
		if (left == 1 || !has_lost_one(root, l))
			return -1;
		error_clear(e);
		if (drop_parts(m, e) == -1)
			return -1;
		json_decref(*parts);
		*parts = NULL;
		backup_list_clear(l);
		*l = (struct backup_list){ .n = 0 };
	}
}

static int
take_folder(struct making *m, const char *dir, struct error *e)
{
	struct backup_list	 l = { .n = 0 };
	char			 root[4096];
	json_t			*parts = NULL;
	int			 rc = -1;

	if (realpath(dir, root) == NULL)
		return error_sys(e, "%s", dir);
	if (check_folder(m, root, e) == -1)
		return -1;
	if (list_and_take(m, root, &l, &parts, e) == 0) {
		note_seen(m, &l);
		rc = json_array_append_new(m->folders, json_pack(
		    "{s:s, s:I, s:o}", "path", root, "names",
		    (json_int_t)l.n, "parts", parts));
		parts = NULL;
		if (rc == -1)
			error_set(e, ERROR_INPUT, "%s: its name is no UTF-8",
			    root);
	}
	json_decref(parts);
	backup_list_clear(&l);
	return rc;
}

static int
take_folders(struct making *m, struct error *e)
{
	const char *const	*v;
	size_t			 n = cmd_many(m->c->args, "files", &v);

	if (n == 0)
		return take_folder(m, m->c->conf_dir, e);
	for (size_t i = 0; i < n; i++)
		if (take_folder(m, v[i], e) == -1)
			return -1;
	return 0;
}

/* ---- the store ---- */

static int
open_store(struct making *m, struct error *e)
{
	static const struct db_table *const	 tables[] = {
		&DB_AUDIT, &DB_AUDIT_APPEND };
	const char	*given = cmd_string(m->c->args, "database", NULL);

	if (conninfo_for(&m->conninfo, given != NULL ? given :
	    m->c->conf.database, given != NULL ? NULL : "signet_backup",
	    "signet", e) == -1)
		return -1;
	if (db_open(&m->c->desk.db, m->conninfo, "signet-backup", tables, 2,
	    e) == 0)
		return 0;
	return error_hint(e, "the user signet_backup is made by \"signet db "
	    "migrate\"; let it in by pg_hba.conf, or give --database");
}

/* What the dump has at least. */
static int
note_head(struct making *m, struct error *e)
{
	uint8_t	 hash[DB_DIGEST];
	char	 hex[2 * DB_DIGEST + 1];
	int64_t	 seq;

	if (db_audit_head(m->c->desk.db, &seq, hash, e) == -1)
		return -1;
	return json_object_set_new(m->index, "audit", json_pack("{s:I, s:s}",
	    "seq", (json_int_t)seq, "hash", text_hex(hex, hash,
	    sizeof(hash))));
}

static int
take_store(struct making *m, struct error *e)
{
	const char	*argv[] = { "pg_dump", "--format=custom",
			    "--compress=1", "--schema=signet",
			    "--no-password", NULL };
	const char *const *env = conninfo_env(m->c->desk.arena, m->conninfo, e);
	struct program	 dump = PROGRAM_INIT;
	json_t		*parts;
	int		 rc = -1;

	if (env == NULL || note_head(m, e) == -1 || program_start(&dump,
	    argv, env, PROGRAM_READ, -1, e) == -1)
		return -1;
	progress_begin(&m->c->progress, "the store", 0);
	parts = backup_seal(m->stage, "store", &m->seal, dump.fd,
	    &m->c->progress, e);
	progress_end(&m->c->progress);
	/* Why nothing came is what pg_dump says. */
	if (program_end(&dump, 0, e) == 0 && parts != NULL)
		rc = json_object_set_new(m->index, "store", json_pack(
		    "{s:i, s:O}", "schema", DB_SCHEMA_VERSION, "parts",
		    parts));
	json_decref(parts);
	return rc;
}

/* ---- the end ---- */

static int
finish(struct making *m, char hex[BACKUP_DIGEST], struct error *e)
{
	char		*text, *path;
	struct buf	 index = { 0 };
	int		 rc = -1;

	text = json_dumps(m->index, JSON_INDENT(1) | JSON_SORT_KEYS);
	path = file_join(m->stage, BACKUP_INDEX);
	if (text != NULL)
		buf_str(&index, text);
	if (text == NULL)
		error_set(e, ERROR_NOMEM, BACKUP_INDEX);
	else if (backup_digest(hex, &index, e) == 0 &&
	    file_create(path, index.p, index.len, 0600, e) == 0) {
		FAULT("backup.rename");
		rc = file_rename(m->stage, m->final, e);
	}
	free(text);
	buf_clear(&index);
	mem_free(&path);
	return rc;
}

/* A backup is a copy of all that must not be altered: that one was made is
 * something that an auditor may want to know. */
static int
note_backup(struct db *db, void *arg, struct error *e)
{
	struct buf	 body = { 0 };

	audit_begin(&body, "backup", clock_now(&clock_system));
	audit_str(&body, "index", arg);
	return db_audit_add(db, &body, e);
}

static void
warn_each(struct cli *c, struct buf *paths, const char *what)
{
	const char	*p, *end;

	for (p = buf_cstr(paths); (end = strchr(p, '\n')) != NULL; p = end + 1)
		cli_warn(c, "%.*s %s", (int)(end - p), p, what);
}

static void
say(struct making *m, const char *digest)
{
	struct out_record	*r = out_record_new(stdout, m->c->json);

	out_put(r, "backup", "backup", m->final);
	out_put(r, "digest", "digest", digest);
	out_put_num(r, "names", "names", (int64_t)m->seen.n);
	out_put_bool(r, "ledger", NULL, m->seen.ledger);
	out_put(r, "left_out", NULL, buf_cstr(&m->seen.left_out));
	out_put(r, "clear_keys", NULL, buf_cstr(&m->seen.clear_keys));
	out_record_free(&r);
	warn_each(m->c, &m->seen.left_out, "is not in it: keep it elsewhere");
	warn_each(m->c, &m->seen.clear_keys, "is a key without a passphrase: "
	    "who opens the backup has it");
	if (!m->seen.ledger)
		cli_warn(m->c, "no ledger of a signer is in it; is it in "
		    "another folder (--files), or on another machine?");
	cli_say(m->c, "next: signet restore --check %s --key ... --cert ...",
	    m->final);
}

static int
make(struct making *m, const char *dir, struct error *e)
{
	char	 digest[BACKUP_DIGEST];

	/* The signer follows the audit chain from where its ledger is: a
	 * ledger that is older than the store is good, a newer one is not. */
	if (begin(m, dir, e) == -1 || take_folders(m, e) == -1 ||
	    take_store(m, e) == -1 || finish(m, digest, e) == -1)
		return -1;
	if (db_txn(m->c->desk.db, note_backup, digest, e) == -1)
		return error_wrap(e, "%s is whole, and not in the audit "
		    "chain", m->final);
	say(m, digest);
	return 0;
}

static int
backup(struct cmd_args *a, void *ctx, struct error *e)
{
	struct making	 m = { .c = ctx, .at_work = -1 };
	char *const	*dir;
	int		 rc = -1;

	cli_begin(m.c, a);
	cmd_operands(a, &dir);
	m.folders = json_array();
	m.index = json_pack("{s:s, s:I, s:O}", "format", BACKUP_FORMAT,
	    "made_at", (json_int_t)clock_now(m.c->desk.clock), "folders",
	    m.folders);
	if (cli_settings(m.c, e) == 0 && add_recipients(&m, e) == 0 &&
	    open_store(&m, e) == 0)
		rc = make(&m, dir[0], e);
	json_decref(m.folders);
	json_decref(m.index);
	seal_clear(&m.seal);
	backup_list_clear(&m.seen);
	if (m.at_work != -1)
		close(m.at_work);
	mem_free(&m.parent);
	mem_free(&m.stage);
	mem_free(&m.final);
	mem_free(&m.conninfo);
	return rc;
}

const struct cmd CLI_BACKUP[] = {
	{ "backup", "DIR", "take store and folders away, sealed",
	    "Makes a folder in DIR, named by the time, with the store and "
	    "folders of this machine; each part is sealed to the certificates "
	    "of --for.  It may be made while everything is running.  Folders "
	    "called \"secrets\" are left out, so that keys stay under the "
	    "control of who has their passphrases.  Other machines are backed "
	    "up by themselves; the root, which has no network, by copying its "
	    "folder.",
	    "signet backup /srv/backup --for backup.pem\n"
	    "signet backup /srv/backup --for a.pem --for b.pem "
	    "--files /etc/signet --files /var/lib/signet\n",
	    backup_opts, 1, 1, backup },
	CMD_END
};
