/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The archives of the years before: what the chain says of the members that
 * they took can only be proven when they are at hand, too.
 */
#include <string.h>

#include "base/digest.h"
#include "cli/archive.h"
#include "os/file.h"

/* Is that the archive with this digest?  1, 0 there is none or another, -1.
 * Whether its files are as they were is looked at when it is put back. */
static int
is_it(const char *dir, const uint8_t digest[32], struct error *e)
{
	struct buf	 text = { 0 };
	char		*index = file_join(dir, ARCHIVE_INDEX);
	uint8_t		 is[32];
	int		 rc = 0;

	if (file_exists(index) &&
	    (rc = file_load(&text, index, ARCHIVE_INDEX_MAX, e)) == 0) {
		digest_sha256(is, text.p, text.len);
		rc = memcmp(is, digest, sizeof(is)) == 0;
	}
	buf_clear(&text);
	mem_free(&index);
	return rc;
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
