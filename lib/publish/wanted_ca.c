/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries of CAs: cRLDistributionPoint, pkiCA and deltaCRL (RFC 4523).
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "db/db_crl.h"
#include "os/file.h"
#include "publish/wanted_private.h"
#include "x509/cert_pair.h"

#define PAIRS_MAX	16
#define PAIR_MAX	(64u << 10)

/* A value that the directory would not take is a problem, not a failure that
 * repeats. */
static int
check_size(size_t len, const char *what, struct error *e)
{
	if (len <= DIRECTORY_VALUE_MAX)
		return 0;
	return error_set(e, ERROR_INPUT, "%s: %zu bytes are too many for a "
	    "directory (%u)", what, len, DIRECTORY_VALUE_MAX);
}

/* The delta that adds to the complete list, or to one before it. */
static int
find_delta(struct buf *out, const struct publish_ca *ca, struct db *db,
    struct arena *a, struct error *e, struct error *problem)
{
	struct db_crl	 row;
	struct crl	*list = NULL;
	int		 found;

	found = db_crl_find(db, ca->name, 0, DB_CRL_DELTA, 0, &row, a, e);
	if (found != 1 || ca->list == NULL ||
	    row.number <= ca->list->params.number ||
	    row.base > ca->list->params.number)
		return found == -1 ? -1 : 0;
	if (db_crl_load(db, &row, out, e) == -1)
		return -1;
	if (crl_parse(&list, BYTES(out->p, out->len), &ca->issuer,
	    problem) == -1) {
		error_wrap(problem, "delta CRL %lld of %s",
		    (long long)row.number, ca->name);
		out->len = 0;
	}
	crl_free(&list);
	return 0;
}

/* The root's list is made off line and lies in a file. */
static void
find_root_list(struct buf *out, const struct publish_ca *ca, const char *dir,
    struct error *problem)
{
	char		*name = mem_printf("%s.crl", ca->name);
	char		*path = file_join(dir, name);
	struct crl	*list = NULL;

	if (file_exists(path) &&
	    (file_load(out, path, DIRECTORY_VALUE_MAX, problem) == -1 ||
	    crl_parse(&list, BYTES(out->p, out->len), &ca->issuer,
	    problem) == -1)) {
		error_wrap(problem, "%s", path);
		out->len = 0;
	}
	crl_free(&list);
	mem_free(&path);
	mem_free(&name);
}

static bool
is_pair_of(const char *file, const char *ca)
{
	size_t	 n = strlen(file), m = strlen(ca);

	return n > m + 4 && strncmp(file, ca, m) == 0 &&
	    (file[m] == '-' || file[m] == '.') &&
	    strcmp(file + n - 5, ".pair") == 0 && (file[m] == '-' ||
	    n == m + 5);
}

static void
take_pair(struct wanted *w, struct directory_attr *at,
    const struct publish_ca *ca, const char *path, struct arena *a)
{
	struct buf	 b = { 0 };
	struct error	 e = ERROR_INIT;

	if (file_load(&b, path, PAIR_MAX, &e) == -1 ||
	    cert_pair_check(BYTES(b.p, b.len), ca->cert, &e) == -1) {
		error_wrap(&e, "%s", path);
		wanted_problem(w, &e);
	} else {
		wanted_bytes(at, BYTES(arena_dup(a, b.p, b.len), b.len));
	}
	buf_clear(&b);
}

static void
take_pairs(struct wanted *w, struct directory_attr *at,
    const struct publish_ca *ca, const char *dir, struct arena *a)
{
	struct dirent	**entry = NULL;
	char		 *path;
	int		  n;

	if ((n = scandir(dir, &entry, NULL, alphasort)) == -1)
		return;
	for (int i = 0; i < n; i++) {
		if (is_pair_of(entry[i]->d_name, ca->name) &&
		    at->n < PAIRS_MAX) {
			path = file_join(dir, entry[i]->d_name);
			take_pair(w, at, ca, path, a);
			mem_free(&path);
		}
		free(entry[i]);
	}
	free(entry);
}

/* Of lists that cannot be published the directory keeps what it has. */
static void
put_list(struct wanted *w, const char *name, struct bytes der,
    const struct error *problem, struct arena *a)
{
	struct error		 e = ERROR_INIT;
	struct directory_attr	*at;

	if (problem->code != ERROR_NONE) {
		wanted_problem(w, problem);
		return;
	}
	if (check_size(der.len, name, &e) == -1) {
		wanted_problem(w, &e);
		return;
	}
	at = wanted_attr(w, name, 1, a);
	if (der.len > 0)
		wanted_bytes(at, BYTES(arena_dup(a, der.p, der.len),
		    der.len));
}

static void
put_lists(struct wanted *w, const struct publish_ca *ca,
    const struct buf *root, const struct error *root_problem,
    struct arena *a)
{
	struct bytes	 none = { NULL, 0 };

	if (ca->is_root) {
		put_list(w, "certificateRevocationList;binary",
		    BYTES(root->p, root->len), root_problem, a);
		/* What revokes CAs: some look for it under this name only. */
		put_list(w, "authorityRevocationList;binary",
		    BYTES(root->p, root->len), root_problem, a);
		return;
	}
	put_list(w, "certificateRevocationList;binary", ca->list != NULL ?
	    ca->list->der : none, &ca->list_error, a);
	put_list(w, "authorityRevocationList;binary", none, &ca->list_error,
	    a);
}

static int
build(struct wanted *w, const struct publish_ca *ca, struct db *db,
    const char *root_files, struct arena *a, struct error *e)
{
	struct directory_attr	*class, *at;
	struct buf		 delta = { 0 }, root = { 0 };
	struct error		 bad_root = ERROR_INIT, bad_delta = ERROR_INIT;
	int			 rc = -1;

	if (!ca->is_root && find_delta(&delta, ca, db, a, e, &bad_delta) == -1)
		goto out;
	if (ca->is_root && root_files != NULL)
		find_root_list(&root, ca, root_files, &bad_root);
	class = wanted_attr(w, "objectClass", 4, a);
	wanted_text(class, "top");
	wanted_text(class, "cRLDistributionPoint");
	wanted_text(class, "pkiCA");
	at = wanted_attr(w, "cn", 1, a);
	wanted_text(at, ca->name);
	at = wanted_attr(w, "cACertificate;binary", 1, a);
	wanted_bytes(at, BYTES(ca->der.p, ca->der.len));
	put_lists(w, ca, &root, &bad_root, a);
	put_list(w, "deltaRevocationList;binary", BYTES(delta.p, delta.len),
	    &bad_delta, a);
	if (delta.len > 0)
		wanted_text(class, "deltaCRL");
	at = wanted_attr(w, "crossCertificatePair;binary", PAIRS_MAX, a);
	if (root_files != NULL)
		take_pairs(w, at, ca, root_files, a);
	w->present = true;
	rc = 0;
 out:
	buf_clear(&delta);
	buf_clear(&root);
	return rc;
}

int
wanted_ca(struct wanted *w, const struct publish_target *t, const char *name,
    const struct publish_cas *cas, struct db *db, const char *root_files,
    struct arena *a, struct error *e)
{
	const struct publish_ca	*ca = publish_cas_get(cas, name);
	char			*dn;

	dn = publish_target_name(t, PUBLISH_CA, name);
	wanted_stray(w, dn, a);
	mem_free(&dn);
	if (ca == NULL || !ca->in_store)
		return 0;
	w->nattrs = 0;
	if (ca->cert == NULL) {
		w->keep = true;
		wanted_problem(w, &ca->error);
		return 0;
	}
	return build(w, ca, db, root_files, a, e);
}
