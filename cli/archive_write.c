/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/archive.h"

#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/crl_file.h"
#include "db/db_audit.h"
#include "db/db_ca.h"
#include "db/db_export.h"
#include "os/fault.h"
#include "os/file.h"

static const char readme[] =
    "An archive of Signet: what left the store.\n"
    "\n"
    "The files are those of an audit bundle.  members.txt says what the store\n"
    "called each of them, index.txt has their digests, and two officers have\n"
    "signed the digest of index.txt, in seal.pem.\n"
    "\n"
    "Keep it as long as you keep the audit chain: with the store's own export\n"
    "it proves the whole,\n"
    "\n"
    "  signet audit export --archive DIR BUNDLE\n"
    "  signet audit verify BUNDLE --root root.pem\n";

struct writing {
	struct archive		 a;	/* name, made, cutoff, head */
	struct bundle_out	 o;
	FILE			*members;
	char			*members_path;
	struct arena		*page, *orders;
	struct progress		*progress;
	struct archive_written	*out;
};

static int	 put_member(struct writing *, struct error *, struct bytes,
		    const char *, ...) __attribute__((format(printf, 4, 5)));

static int
put_member(struct writing *w, struct error *e, struct bytes bytes,
    const char *fmt, ...)
{
	uint8_t	 md[32];
	char	 hex[65];
	va_list	 ap;

	if (EVP_Digest(bytes.p, bytes.len, md, NULL, EVP_sha256(), NULL) != 1)
		return error_ssl(e, ERROR_CRYPTO, "digest");
	va_start(ap, fmt);
	vfprintf(w->members, fmt, ap);
	va_end(ap);
	fprintf(w->members, " %s\n", text_hex(hex, md, sizeof(md)));
	return ferror(w->members) ? error_sys(e, "write " ARCHIVE_MEMBERS) : 0;
}

static int
put_item(struct writing *w, const char *kind, const struct db_ref *ref,
    struct bytes bytes, struct error *e)
{
	char	id[2 * DB_ORDER_ID + 1];

	return put_member(w, e, bytes, "%s %s %u", kind, text_hex(id,
	    ref->order_id, DB_ORDER_ID), ref->n);
}

static int
put_request(struct writing *w, const struct db_archive_request *r,
    struct error *e)
{
	if (bundle_out_block(&w->o, BUNDLE_REQUESTS, r->der, e) == -1 ||
	    put_item(w, "request", &r->ref, r->der, e) == -1)
		return -1;
	if (r->station_order.p != NULL && (bundle_out_block(&w->o,
	    BUNDLE_ORDERS, r->station_order, e) == -1 ||
	    put_item(w, "station", &r->ref, r->station_order, e) == -1))
		return -1;
	if (r->proof.p == NULL)
		return 0;
	if (bundle_out_proof(&w->o, r->order, r->ref.n, r->proof, e) == -1)
		return -1;
	return put_item(w, "proof", &r->ref, r->proof, e);
}

static int
put_cert(struct writing *w, const struct db_archive_cert *c, struct error *e)
{
	if (bundle_out_cert(&w->o, &c->row, e) == -1)
		return -1;
	w->out->certs++;
	return put_item(w, "cert", &c->ref, c->row.der, e);
}

static int
put_requests(struct writing *w, struct db *db,
    const struct db_archive_orders *of, struct error *e)
{
	struct db_archive_requests	page;
	struct db_ref			at;
	bool				began = false;
	size_t				i;

	do {
		arena_reset(w->page);
		if (db_archive_requests(db, of, began ? &at : NULL, &page,
		    w->page, e) == -1)
			return -1;
		for (i = 0; i < page.n; i++)
			if (put_request(w, &page.v[i], e) == -1)
				return -1;
		if ((began = page.n > 0))
			at = page.v[page.n - 1].ref;
	} while (began);
	return 0;
}

static int
put_certs(struct writing *w, struct db *db, const struct db_archive_orders *of,
    struct error *e)
{
	struct db_archive_certs	page;
	struct db_ref		at;
	bool			began = false;
	size_t			i;

	do {
		arena_reset(w->page);
		if (db_archive_certs(db, of, began ? &at : NULL, &page,
		    w->page, e) == -1)
			return -1;
		for (i = 0; i < page.n; i++)
			if (put_cert(w, &page.v[i], e) == -1)
				return -1;
		if ((began = page.n > 0))
			at = page.v[page.n - 1].ref;
		progress_set(w->progress, (uint64_t)w->out->certs);
	} while (began);
	return 0;
}

static int
put_orders(struct writing *w, struct db *db, struct error *e)
{
	struct db_archive_orders	page = { .last = 0 };
	char				id[2 * DB_ORDER_ID + 1];
	size_t				i;

	do {
		arena_reset(w->orders);
		if (db_archive_orders(db, page.last, w->a.cutoff, &page,
		    w->orders, e) == -1)
			return -1;
		for (i = 0; i < page.n; i++)
			if (bundle_out_block(&w->o, BUNDLE_ORDERS, page.blob[i],
			    e) == -1 || put_member(w, e, page.blob[i],
			    "order %s", text_hex(id, page.id[i].p,
			    DB_ORDER_ID)) == -1)
				return -1;
		w->out->orders += (int64_t)page.n;
		if (page.n > 0 && (put_requests(w, db, &page, e) == -1 ||
		    put_certs(w, db, &page, e) == -1))
			return -1;
		FAULT("archive.page");
	} while (page.n > 0);
	return 0;
}

static int
put_lists(struct writing *w, struct db *db, struct error *e)
{
	struct db_archive_crl	l = { .ca = NULL };
	struct db_crl		row;
	char			ca[65], key[ARCHIVE_CRL_KEY], hex[65];
	int			found;

	for (;;) {
		snprintf(ca, sizeof(ca), "%s", l.ca != NULL ? l.ca : "");
		arena_reset(w->page);
		l.ca = ca;
		if ((found = db_archive_crl(db, w->a.cutoff, &l, w->page,
		    e)) != 1)
			return found;
		row = (struct db_crl){ .ca = l.ca, .shard = l.shard,
		    .number = l.number, .base = l.base, .size = l.size };
		if (crl_file_write(db, &row, w->o.f[BUNDLE_CRLS], true,
		    e) == -1)
			return -1;
		fprintf(w->members, "%s %s\n", archive_crl_key(key, l.ca,
		    l.shard, l.number, l.base), text_hex(hex, l.digest, 32));
		if (ferror(w->members))
			return error_sys(e, "write " ARCHIVE_MEMBERS);
		w->out->lists++;
	}
}

/* Who signed what is in it; and where the chain is that has its entries. */
static int
put_cas(struct writing *w, struct db *db, struct error *e)
{
	static const char	where[] = "# The chain stays in the store; "
				    "index.txt says where it stood.\n";
	struct db_cas		cas = { 0 };
	size_t			i;

	arena_reset(w->page);
	if (bundle_out_text(&w->o, BUNDLE_ENTRIES, BYTES(where,
	    sizeof(where) - 1), e) == -1 ||
	    db_ca_list(db, &cas, w->page, e) == -1)
		return -1;
	for (i = 0; i < cas.n; i++)
		if (bundle_out_block(&w->o, BUNDLE_CAS, cas.v[i].der, e) == -1)
			return -1;
	return 0;
}

static int
close_members(struct writing *w, bool failed, struct error *e)
{
	int	rc = 0;

	if (w->members == NULL)
		return 0;
	if (!failed && (fflush(w->members) != 0 ||
	    fsync(fileno(w->members)) == -1))
		rc = error_sys(e, "write " ARCHIVE_MEMBERS);
	if (fclose(w->members) != 0 && !failed && rc == 0)
		rc = error_sys(e, "write " ARCHIVE_MEMBERS);
	w->members = NULL;
	return rc;
}

/* May be run again after a lost connection: all files begin anew. */
static int
write_all(struct db *db, void *arg, struct error *e)
{
	struct writing	*w = arg;
	int		 rc = -1;

	*w->out = (struct archive_written){ 0 };
	if (bundle_out_open(&w->o, e) == -1)
		goto out;
	if ((w->members = fopen(w->members_path, "we")) == NULL) {
		error_sys(e, "create %s", w->members_path);
		goto out;
	}
	if (db_export_begin(db, e) == -1 ||
	    db_audit_head(db, &w->a.seq, w->a.hash, e) == -1)
		goto out;
	progress_begin(w->progress, "writing certificates", 0);
	if (put_cas(w, db, e) == 0 && put_orders(w, db, e) == 0 &&
	    put_lists(w, db, e) == 0)
		rc = 0;
 out:
	progress_end(w->progress);
	if (bundle_out_close(&w->o, rc == -1, e) == -1)
		rc = -1;
	if (close_members(w, rc == -1, e) == -1)
		rc = -1;
	return rc;
}

/* The digests are those of the files as they are read again. */
static int
write_index(struct writing *w, struct error *e)
{
	struct buf	 text = { 0 };
	char		*index = file_join(w->o.dir, ARCHIVE_INDEX);
	char		*about = file_join(w->o.dir, "README");
	int		 i, rc = -1;

	if (bundle_open(&w->a.b, w->o.dir, e) == 0 && bundle_file_open(
	    &w->a.members, ARCHIVE_MEMBERS, w->members_path, e) == 0 &&
	    archive_index(&text, &w->a, e) == 0 && file_store(about, readme,
	    sizeof(readme) - 1, 0600, e) == 0)
		rc = file_store(index, text.p, text.len, 0600, e);
	w->out->bytes = (int64_t)(text.len + w->a.members.data.len);
	for (i = 0; i < BUNDLE__MAX; i++)
		w->out->bytes += (int64_t)w->a.b.part[i].data.len;
	archive_close(&w->a);
	buf_clear(&text);
	mem_free(&index);
	mem_free(&about);
	return rc;
}

/* The last part of a path, without slashes at its end. */
static void
name_of(char dst[ARCHIVE_NAME], const char *dir, size_t n)
{
	size_t	at = n;

	while (at > 0 && dir[at - 1] != '/')
		at--;
	snprintf(dst, ARCHIVE_NAME, "%.*s", (int)(n - at), dir + at);
}

int
archive_write(struct db *db, const char *dir, int64_t now, int64_t cutoff,
    struct progress *progress, struct archive_written *out, struct error *e)
{
	struct writing	 w = { .a = { .made = now, .cutoff = cutoff },
			    .page = arena_new(), .orders = arena_new(),
			    .progress = progress, .out = out };
	size_t		 n = strlen(dir);
	char		*partial;
	int		 rc = -1;

	while (n > 1 && dir[n - 1] == '/')
		n--;
	partial = mem_printf("%.*s.partial", (int)n, dir);
	w.o.dir = partial;
	w.members_path = file_join(partial, ARCHIVE_MEMBERS);
	name_of(w.a.name, dir, n);
	if (archive_check_name(w.a.name, e) == -1 ||
	    file_mkdir(partial, 0700, e) == -1 ||
	    db_txn(db, write_all, &w, e) == -1)
		goto out;
	FAULT("archive.written");
	if (write_index(&w, e) == -1)
		goto out;
	FAULT("archive.index");
	if (rename(partial, dir) == -1)
		error_sys(e, "rename %s to %s", partial, dir);
	else
		rc = 0;
	FAULT("archive.renamed");
 out:
	bundle_out_clear(&w.o);
	arena_free(&w.page);
	arena_free(&w.orders);
	mem_free(&w.members_path);
	mem_free(&partial);
	return rc;
}
