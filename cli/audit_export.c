/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/audit_export.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/bundle.h"
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
	const char		*dir;
	int64_t			 since;
	FILE			*f[BUNDLE__MAX];
	struct buf		 text;		/* on its way to a file */
	struct arena		*arena;		/* one page */
	struct progress		 progress;
	struct audit_exported	*out;
};

/* Files. */

static int
files_open(struct export *x, struct error *e)
{
	char	*path;
	int	 i;

	for (i = 0; i < BUNDLE__MAX; i++) {
		path = file_join(x->dir, bundle_name(i));
		x->f[i] = fopen(path, "we");
		if (x->f[i] == NULL)
			error_sys(e, "create %s", path);
		mem_free(&path);
		if (x->f[i] == NULL)
			return -1;
	}
	return 0;
}

static int
files_close(struct export *x, bool failed, struct error *e)
{
	int	 i, rc = 0;

	for (i = 0; i < BUNDLE__MAX; i++) {
		if (x->f[i] == NULL)
			continue;
		if (!failed && rc == 0 && (fflush(x->f[i]) != 0 ||
		    fsync(fileno(x->f[i])) == -1))
			rc = error_sys(e, "write %s", bundle_name(i));
		if (fclose(x->f[i]) != 0 && !failed && rc == 0)
			rc = error_sys(e, "write %s", bundle_name(i));
		x->f[i] = NULL;
	}
	return rc;
}

/* Write what has been gathered in text. */
static int
put(struct export *x, enum bundle_part part, struct error *e)
{
	size_t	 n = x->text.len;

	x->text.len = 0;
	if (n > 0 && fwrite(x->text.p, 1, n, x->f[part]) != n)
		return error_sys(e, "write %s", bundle_name(part));
	return 0;
}

static int
put_blobs(struct export *x, enum bundle_part part,
    const struct db_export_blobs *blobs, struct error *e)
{
	size_t	 i;

	for (i = 0; i < blobs->n; i++) {
		bundle_put_pem(&x->text, bundle_label(part), blobs->v[i]);
		if (put(x, part, e) == -1)
			return -1;
	}
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
			bundle_put_entry(&x->text, at, page.v[i].hash,
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
			bundle_put_pem(&x->text, "CMS", page.v[i].cms);
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

static void
put_proof(struct export *x, const struct db_export_request *r)
{
	char	 hex[2 * BUNDLE_PROOF_MAX + 1];

	buf_printf(&x->text, "%s %u ",
	    text_hex(hex, r->order, sizeof(r->order)), r->ref.n);
	buf_printf(&x->text, "%s\n", text_hex(hex, r->proof.p, r->proof.len));
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
			bundle_put_pem(&x->text,
			    bundle_label(BUNDLE_REQUESTS), page.v[i].der);
		if (put(x, BUNDLE_REQUESTS, e) == -1)
			return -1;
		for (i = 0; i < page.n; i++)
			if (page.v[i].proof.p != NULL &&
			    page.v[i].proof.len <= BUNDLE_PROOF_MAX)
				put_proof(x, &page.v[i]);
		if (put(x, BUNDLE_PROOFS, e) == -1)
			return -1;
	} while (page.n > 0);
	return 0;
}

static void
put_status(struct export *x, const struct db_export_cert *c)
{
	char	 serial[2 * DB_SERIAL + 1], id[2 * DB_ORDER_ID + 1] = "-";
	char	 at[TEXT_TIME_SIZE] = "-", reason[16] = "-";

	if (c->at != 0)
		text_time(at, c->at);
	if (c->reason != -1)
		snprintf(reason, sizeof(reason), "%d", c->reason);
	if (c->order.p != NULL && c->order.len == DB_ORDER_ID)
		text_hex(id, c->order.p, c->order.len);
	buf_printf(&x->text, "%s %s %s %s %s %s\n", c->ca,
	    text_hex(serial, c->serial.p, c->serial.len), c->status, reason,
	    at, id);
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
			bundle_put_pem(&x->text, "CERTIFICATE",
			    page.v[i].der);
		if (put(x, BUNDLE_CERTS, e) == -1)
			return -1;
		for (i = 0; i < page.n; i++)
			put_status(x, &page.v[i]);
		if (put(x, BUNDLE_STATUS, e) == -1)
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
	char			 ca[65];
	int			 found;

	for (;;) {
		/* The cursor's name lives in the page before. */
		snprintf(ca, sizeof(ca), "%s", at.ca != NULL ? at.ca : "");
		arena_reset(x->arena);
		at.ca = ca;
		found = db_export_crl(db, &at, &row, x->arena, e);
		if (found != 1)
			return found;
		if (crl_file_write(db, &row, x->f[BUNDLE_CRLS], true,
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
		bundle_put_pem(&x->text, "CERTIFICATE", cas.v[i].der);
	return put(x, BUNDLE_CAS, e);
}

/* May be run again after a lost connection: all files begin anew. */
static int
export_all(struct db *db, void *arg, struct error *e)
{
	struct export	*x = arg;
	int64_t		 entries, certs, orders;
	int		 rc = -1;

	*x->out = (struct audit_exported){ 0 };
	x->text.len = 0;
	if (files_open(x, e) == -1 || db_export_begin(db, e) == -1 ||
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
	if (files_close(x, rc == -1, e) == -1)
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
    struct audit_exported *out, struct error *e)
{
	char		*partial = partial_name(dir), *path = NULL;
	struct export	 x = { .dir = partial, .since = since, .out = out,
			    .arena = arena_new() };
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
	buf_clear(&x.text);
	arena_free(&x.arena);
	mem_free(&path);
	mem_free(&partial);
	return rc;
}
