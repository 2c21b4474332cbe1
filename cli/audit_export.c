/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/audit_export.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/text.h"
#include "cli/archive.h"
#include "cli/bundle_out.h"
#include "cli/crl_file.h"
#include "cli/progress.h"
#include "db/db_audit.h"
#include "db/db_ca.h"
#include "db/db_export.h"
#include "os/fault.h"
#include "os/file.h"

#define PAGE	500

static const char readme[] =
    "An audit bundle of Signet.\n"
    "\n"
    "  entries.txt   the chain: number, hash, base64 of the body; the hash is\n"
    "                SHA-256(01 | hash before | number, 8 bytes | body)\n"
    "  heads.pem     signed heads (CMS): openssl cms -verify shows one\n"
    "  orders.pem    orders with their approvals (CMS)\n"
    "  requests.pem  certificate requests (PKCS#10)\n"
    "  proofs.txt    order digest, item, proof that the one-time code was known\n"
    "  certs.pem     certificates\n"
    "  crls.pem      revocation lists\n"
    "  cas.pem       CA certificates, the root first\n"
    "  status.txt    what the store said: ca, serial, status, reason, time, order\n"
    "\n"
    "Check it, on any machine, with the root certificate from a source that you\n"
    "trust, and with the signed heads that were pushed off the CA's machine:\n"
    "\n"
    "  signet audit verify DIR --root root.pem --heads heads.pem\n";

struct export {
	int64_t			 since;
	struct bundle_out	 b;
	const char *const	*archive;	/* folders to put back */
	size_t			 narchives;
	struct arena		*arena;		/* one page */
	struct progress		 progress;
	struct audit_exported	*out;
};

/* Write what has been gathered in the text. */
static int
put(struct export *x, enum bundle_part part, struct error *e)
{
	const struct bytes	text = BYTES(x->b.text.p, x->b.text.len);

	x->b.text.len = 0;
	return bundle_out_text(&x->b, part, text, e);
}

static int
put_blobs(struct export *x, enum bundle_part part,
    const struct db_export_blobs *blobs, struct error *e)
{
	size_t	 i;

	for (i = 0; i < blobs->n; i++)
		if (bundle_out_block(&x->b, part, blobs->v[i], e) == -1)
			return -1;
	return 0;
}

/* Pages. */

static int
export_entries(struct export *x, struct db *db, struct error *e)
{
	struct db_audit_entries	 page = { 0 };
	int64_t			 at = x->since;
	size_t			 i;

	do {
		arena_reset(x->arena);
		if (db_audit_list(db, at, PAGE, &page, x->arena, e) == -1)
			return -1;
		for (i = 0; i < page.n; i++) {
			at = page.v[i].seq;
			bundle_put_entry(&x->b.text, at, page.v[i].hash,
			    page.v[i].body);
		}
		x->out->entries += (int64_t)page.n;
		progress_set(&x->progress, (uint64_t)x->out->entries);
		if (put(x, BUNDLE_ENTRIES, e) == -1)
			return -1;
	} while (page.n > 0);
	return 0;
}

static int
export_heads(struct export *x, struct db *db, struct error *e)
{
	struct db_audit_signeds	 page = { 0 };
	char			 instance[65] = "";
	int64_t			 at = 0;
	size_t			 i;

	do {
		arena_reset(x->arena);
		if (db_audit_signed_list(db, at, instance, PAGE, &page,
		    x->arena, e) == -1)
			return -1;
		for (i = 0; i < page.n; i++) {
			at = page.v[i].seq;
			snprintf(instance, sizeof(instance), "%s",
			    page.v[i].instance);
			base64_put_pem(&x->b.text, "CMS", page.v[i].cms);
		}
		if (put(x, BUNDLE_HEADS, e) == -1)
			return -1;
	} while (page.n > 0);
	return 0;
}

static int
export_orders(struct export *x, struct db *db, struct error *e)
{
	struct db_export	 at = { 0 };
	struct db_export_blobs	 page = { 0 };

	do {
		arena_reset(x->arena);
		if (db_export_orders(db, &at, &page, x->arena, e) == -1 ||
		    put_blobs(x, BUNDLE_ORDERS, &page, e) == -1)
			return -1;
		x->out->orders += (int64_t)page.n;
	} while (page.n > 0);
	at = (struct db_export){ 0 };
	do {
		arena_reset(x->arena);
		if (db_export_stations(db, &at, &page, x->arena, e) == -1 ||
		    put_blobs(x, BUNDLE_ORDERS, &page, e) == -1)
			return -1;
	} while (page.n > 0);
	return 0;
}

/* And the proof that the one-time code was known. */
static int
put_request(struct export *x, const struct db_export_request *r,
    struct error *e)
{
	if (bundle_out_block(&x->b, BUNDLE_REQUESTS, r->der, e) == -1)
		return -1;
	return bundle_out_proof(&x->b, r->order, r->ref.n, r->proof, e);
}

static int
export_requests(struct export *x, struct db *db, struct error *e)
{
	struct db_export		 at = { 0 };
	struct db_export_requests	 page = { 0 };
	size_t				 i;

	do {
		arena_reset(x->arena);
		if (db_export_requests(db, &at, &page, x->arena, e) == -1)
			return -1;
		for (i = 0; i < page.n; i++)
			if (put_request(x, &page.v[i], e) == -1)
				return -1;
	} while (page.n > 0);
	return 0;
}

static int
export_certs(struct export *x, struct db *db, struct error *e)
{
	struct db_export	 at = { 0 };
	struct db_export_certs	 page = { 0 };
	size_t			 i;

	do {
		arena_reset(x->arena);
		if (db_export_certs(db, &at, &page, x->arena, e) == -1)
			return -1;
		for (i = 0; i < page.n; i++)
			if (bundle_out_cert(&x->b, &page.v[i], e) == -1)
				return -1;
		x->out->certs += (int64_t)page.n;
		progress_set(&x->progress, (uint64_t)x->out->certs);
	} while (page.n > 0);
	return 0;
}

static int
export_crls(struct export *x, struct db *db, struct error *e)
{
	struct db_export	 at = { 0 };
	struct db_crl		 row;
	char			 ca[65], key[ARCHIVE_CRL_KEY];
	int			 found;

	for (;;) {
		/* The cursor's name lives in the page before. */
		snprintf(ca, sizeof(ca), "%s", at.ca != NULL ? at.ca : "");
		arena_reset(x->arena);
		at.ca = ca;
		found = db_export_crl(db, &at, &row, x->arena, e);
		if (found != 1)
			return found;
		archive_crl_key(key, row.ca, row.shard, row.number, row.base);
		if (bundle_seen(&x->b, BYTES(key, strlen(key))))
			continue;
		if (crl_file_write(db, &row, x->b.f[BUNDLE_CRLS], true,
		    e) == -1)
			return error_wrap(e, "%s", bundle_name(BUNDLE_CRLS));
	}
}

static int
export_cas(struct export *x, struct db *db, struct error *e)
{
	struct db_cas	 cas = { 0 };
	size_t		 i;

	arena_reset(x->arena);
	if (db_ca_list(db, &cas, x->arena, e) == -1)
		return -1;
	for (i = 0; i < cas.n; i++)
		base64_put_pem(&x->b.text, "CERTIFICATE", cas.v[i].der);
	return put(x, BUNDLE_CAS, e);
}

/* What was taken away comes first; what the store has of it, too, because it
 * is not taken yet, is passed over then. */
static int
export_archives(struct export *x, struct error *e)
{
	size_t	i;

	for (i = 0; i < x->narchives; i++)
		if (archive_put_back(x->archive[i], &x->b, &x->out->certs,
		    &x->out->orders, e) == -1)
			return error_wrap(e, "%.200s", x->archive[i]);
	return 0;
}

/* May be run again after a lost connection: all files begin anew. */
static int
export_all(struct db *db, void *arg, struct error *e)
{
	struct export	*x = arg;
	int64_t		 entries, certs, orders;
	int		 rc = -1;

	*x->out = (struct audit_exported){ 0 };
	if (bundle_out_open(&x->b, e) == -1 || export_archives(x, e) == -1 ||
	    db_export_begin(db, e) == -1 ||
	    db_export_count(db, &entries, &certs, &orders, e) == -1)
		goto out;
	progress_begin(&x->progress, "writing entries",
	    (uint64_t)(entries - x->since));
	if (export_entries(x, db, e) == -1)
		goto out;
	progress_end(&x->progress);
	if (export_heads(x, db, e) == -1 || export_cas(x, db, e) == -1 ||
	    export_orders(x, db, e) == -1 || export_requests(x, db, e) == -1)
		goto out;
	progress_begin(&x->progress, "writing certificates", (uint64_t)certs);
	if (export_certs(x, db, e) == -1 || export_crls(x, db, e) == -1)
		goto out;
	rc = 0;
 out:
	progress_end(&x->progress);
	if (bundle_out_close(&x->b, rc == -1, e) == -1)
		rc = -1;
	return rc;
}

static int
check_target(const char *dir, struct error *e)
{
	DIR		*d;
	struct dirent	*entry;
	bool		 is_empty = true;

	if ((d = opendir(dir)) == NULL)
		return errno == ENOENT ? 0 : error_sys(e, "%s", dir);
	while ((entry = readdir(d)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			is_empty = false;
	closedir(d);
	if (!is_empty)
		return error_set(e, ERROR_CONFLICT, "%s is not empty", dir);
	return 0;
}

static char *
partial_name(const char *dir)
{
	size_t	 n = strlen(dir);

	while (n > 1 && dir[n - 1] == '/')
		n--;
	return mem_printf("%.*s.partial", (int)n, dir);
}

int
audit_export(struct db *db, const char *dir, int64_t since,
    const char *const *archive, size_t narchives, struct audit_exported *out,
    struct error *e)
{
	char		*partial = partial_name(dir), *path = NULL;
	struct export	 x = { .b = { .dir = partial }, .since = since,
			    .archive = archive, .narchives = narchives,
			    .out = out, .arena = arena_new() };
	int		 rc = -1;

	if (check_target(dir, e) == -1 ||
	    file_mkdir(partial, 0700, e) == -1 ||
	    db_txn(db, export_all, &x, e) == -1)
		goto out;
	FAULT("export.written");
	path = file_join(partial, "README");
	if (file_store(path, readme, sizeof(readme) - 1, 0600, e) == -1)
		goto out;
	if (rename(partial, dir) == -1) {
		error_sys(e, "rename %s to %s", partial, dir);
		goto out;
	}
	rc = 0;
 out:
	bundle_out_clear(&x.b);
	arena_free(&x.arena);
	mem_free(&path);
	mem_free(&partial);
	return rc;
}
