/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/backup.h"
#include "os/file.h"

#define KEY_FILE_MAX	65536

struct walk {
	struct backup_list	*list;
	struct buf		 late;	/* names that come last */
	const char		*root, *except;
	bool			 secrets;
};

static bool
ends_with(const char *name, const char *end)
{
	size_t	 n = strlen(name), m = strlen(end);

	return n > m && strcmp(name + n - m, end) == 0;
}

static void
look_at_key(struct backup_list *l, const char *path)
{
	struct error	 ignored = ERROR_INIT;
	struct buf	 pem = { 0 };

	if (file_load(&pem, path, KEY_FILE_MAX, &ignored) == 0) {
		const char	*text = buf_cstr(&pem);

		if (strstr(text, "-----BEGIN PRIVATE KEY") != NULL ||
		    strstr(text, "-----BEGIN RSA PRIVATE KEY") != NULL ||
		    strstr(text, "-----BEGIN EC PRIVATE KEY") != NULL)
			buf_printf(&l->clear_keys, "%s\n", path);
	}
	buf_clear(&pem);
}

/*
 * A signer refuses a last list that is older than its ledger, and takes one
 * that is newer: so lists come after everything else.
 */
static void
add(struct walk *w, const FTSENT *f)
{
	struct backup_list	*l = w->list;
	const char		*below = f->fts_path + strlen(w->root);
	struct buf		*to = ends_with(f->fts_name, ".crl") ?
				    &w->late : &l->names;

	if (f->fts_info == FTS_F && ends_with(f->fts_name, ".key"))
		look_at_key(l, f->fts_path);
	l->ledger |= strcmp(f->fts_name, "ledger") == 0;
	buf_printf(to, ".%s", below);
	buf_byte(to, '\0');
	l->n++;
}

static bool
is_left_out(struct walk *w, const FTSENT *f)
{
	if (f->fts_info == FTS_D && w->except != NULL &&
	    strcmp(f->fts_path, w->except) == 0)
		return true;
	if (f->fts_info == FTS_D && !w->secrets &&
	    strcmp(f->fts_name, "secrets") == 0) {
		buf_printf(&w->list->left_out, "%s\n", f->fts_path);
		return true;
	}
	return false;
}

static int
visit(struct walk *w, FTS *fts, FTSENT *f, struct error *e)
{
	switch (f->fts_info) {
	case FTS_D:
		if (is_left_out(w, f))
			return fts_set(fts, f, FTS_SKIP) == 0 ? 0 :
			    error_sys(e, "%s", f->fts_path);
		add(w, f);
		return 0;
	case FTS_F:
	case FTS_SL:
	case FTS_SLNONE:
		add(w, f);
		return 0;
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		if (f->fts_errno == ENOENT && f->fts_level > 0)
			return 0;	/* was there a moment ago */
		errno = f->fts_errno;
		return error_sys(e, "%s", f->fts_path);
	default:
		return 0;		/* sockets and the like; FTS_DP */
	}
}

static int
by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

int
backup_list(struct backup_list *l, const char *root, bool secrets,
    const char *except, struct error *e)
{
	struct walk	 w = { .list = l, .root = root, .except = except,
			    .secrets = secrets };
	char		*path = mem_strdup(root);
	char		*paths[] = { path, NULL };
	FTS		*fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR,
			    by_name);
	FTSENT		*f;
	int		 rc = 0;

	if (fts == NULL)
		rc = error_sys(e, "%s", root);
	for (errno = 0; rc == 0 && (f = fts_read(fts)) != NULL; errno = 0)
		rc = visit(&w, fts, f, e);
	if (rc == 0 && errno != 0)
		rc = error_sys(e, "%s", root);
	buf_add(&l->names, w.late.p, w.late.len);
	buf_clear(&w.late);
	if (fts != NULL)
		fts_close(fts);
	mem_free(&path);
	return rc;
}

void
backup_list_clear(struct backup_list *l)
{
	buf_clear(&l->names);
	buf_clear(&l->left_out);
	buf_clear(&l->clear_keys);
}
