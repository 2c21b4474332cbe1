/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The archives of the years before: what the chain says of the members that
 * they took can only be proven when they are at hand, too.
 */
#include <string.h>

#include "cli/archive.h"
#include "os/file.h"

/* Is that the archive with this digest?  1, 0 there is none or another, -1. */
static int
is_it(const char *dir, const uint8_t digest[32], struct error *e)
{
	struct archive	 x;
	char		*index = file_join(dir, ARCHIVE_INDEX);
	bool		 there = file_exists(index);
	int		 same;

	mem_free(&index);
	if (!there)
		return 0;
	if (archive_open(&x, dir, e) == -1)
		return error_wrap(e, "%.200s", dir);
	same = memcmp(x.digest, digest, sizeof(x.digest)) == 0;
	archive_close(&x);
	return same;
}

static int
find(const struct db_archive *known, const struct archive_places *at,
    const char **found, struct arena *a, struct error *e)
{
	size_t	 i;
	int	 is = 0;

	*found = arena_printf(a, "%s/../%s", at->dir, known->name);
	is = is_it(*found, known->digest, e);
	for (i = 0; i < at->n && is == 0; i++) {
		*found = at->given[i];
		is = is_it(*found, known->digest, e);
	}
	if (is != 0)
		return is == 1 ? 0 : -1;
	error_set(e, ERROR_NOTFOUND, "archive %s is not at hand, and the store "
	    "cannot be proven without what it took", known->name);
	return error_hint(e, "say where it is: --archive DIR");
}

int
archive_others(struct db *db, const struct archive_places *at,
    const uint8_t except[32], struct archive_dirs *out, struct arena *a,
    struct error *e)
{
	struct db_archives	 known;
	size_t			 i;

	*out = (struct archive_dirs){ .n = 0 };
	if (db_archive_list(db, &known, a, e) == -1)
		return -1;
	out->v = arena_alloc(a, (known.n + 1) * sizeof(*out->v));
	for (i = 0; i < known.n; i++) {
		if (memcmp(known.v[i].digest, except, DB_DIGEST) == 0)
			continue;
		if (find(&known.v[i], at, &out->v[out->n], a, e) == -1)
			return -1;
		out->n++;
	}
	return 0;
}
