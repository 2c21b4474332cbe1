/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/restore.h"
#include "os/file.h"
#include "os/program.h"

#define CONF_MAX	(1u << 20)

int
restore_check_absent(const struct folder *f, struct error *e)
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
rewrite_file(struct restoring *r, const FTSENT *f, struct error *e)
{
	struct buf	 text = { 0 }, out = { 0 };
	const char	*dot = strrchr(f->fts_name, '.');
	int		 rc = 0;

	if (f->fts_info != FTS_F || dot == NULL || strcmp(dot, ".conf") != 0)
		return 0;
	rc = file_load(&text, f->fts_path, CONF_MAX, e);
	if (rc == 0 && moves_rewrite(&r->moves, buf_cstr(&text), &out)) {
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
	FTS		*fts;
	FTSENT		*x;
	int		 rc = 0;

	if (r->moves.n == 0)
		return 0;
	if ((fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL)) == NULL)
		return error_sys(e, "%s", f->stage);
	while (rc == 0 && (x = fts_read(fts)) != NULL)
		rc = rewrite_file(r, x, e);
	fts_close(fts);
	return rc;
}

int
restore_unpack(struct restoring *r, struct folder *f, struct error *e)
{
	const char *argv[] = { "tar", "--extract", "--file=-",
		    "--preserve-permissions", "--directory", f->stage, NULL };

	if (program_remove(f->stage, e) == -1 ||
	    file_mkdir(f->stage, 0700, e) == -1)
		return -1;
	return restore_feed(r, f->parts, f->path, argv, NULL, e) == -1 ||
	    rewrite_settings(r, f, e) == -1 ? -1 : 0;
}

int
restore_put_in_place(const struct folder *f, struct error *e)
{
	if (rmdir(f->path) == -1 && errno != ENOENT)
		return error_sys(e, "%s", f->path);
	return file_rename(f->stage, f->path, e);
}

