/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed: what the benches of signet-cad work on, made as fast as it can be.
 *
 *	feed init DIR CONNINFO		a PKI in P-256 and cad.conf in DIR
 *	feed requests DIR COUNT		COUNT keys and requests in DIR/requests
 *	feed pem DIR COUNT		the first COUNT of them as DIR/pem/N.pem
 *	feed single DIR CONNINFO COUNT	that many orders, one approval each
 *	feed twins DIR CONNINFO COUNT	the same, and for each request a second
 *					order for another holder, TWINS later
 *	feed batch DIR CONNINFO COUNT	one order, two approvals, that many items
 *	feed revoke DIR CONNINFO COUNT	that many orders, one good certificate each
 *
 * single and batch take requests after the first SKIP, a last argument.
 *
 * Orders, approvals and requests are real; only their people are not.
 */
#include <errno.h>
#include <sys/stat.h>

#include <openssl/pem.h>

#include "audit/chain.h"
#include "base/log.h"
#include "db/db_audit.h"
#include "db/db_ca.h"
#include "db/db_cert.h"
#include "db/db_order.h"
#include "db/migrate.h"
#include "order/approval.h"
#include "os/file.h"
#include "tests/lib/testpki.h"
#include "x509/cert.h"
#include "x509/csr.h"

#define PAGE	2000
#define TWINS	20

struct feed {
	const char	*dir;
	struct db	*db;
	struct identity	 officer[2];
	struct buf	 requests;	/* length-prefixed DER */
	long		 skip;		/* as many of them */
	struct error	 e;
};

static void
die(struct feed *f, const char *what)
{
	fprintf(stderr, "feed: %s: %s\n", what, f->e.text);
	exit(1);
}

static char *
in_dir(const struct feed *f, const char *name)
{
	return mem_printf("%s/%s", f->dir, name);
}

static void
put_identity(struct feed *f, const char *name, X509 *cert, EVP_PKEY *key)
{
	char	*pem = mem_printf("%s/%s.pem", f->dir, name);
	char	*file = mem_printf("%s/%s.key", f->dir, name);

	testpki_write_cert(pem, cert);
	testpki_write_key(file, key);
	if (chmod(file, 0600) == -1)
		die(f, file);
	mem_free(&pem);
	mem_free(&file);
}

static void
open_db(struct feed *f, const char *conninfo)
{
	static const struct db_table *const	 tables[] = { &DB_AUDIT_APPEND,
	    &DB_CA_ADD, &DB_CERT, &DB_ORDER_ADD, &DB_ORDER_NEW };

	if (db_open(&f->db, conninfo, "feed", tables,
	    sizeof(tables) / sizeof(tables[0]), &f->e) == -1)
		die(f, "store");
}

static void
add_ca(struct feed *f, const char *name, X509 *x)
{
	struct cert_info	 info;
	struct db_ca		 ca = { .name = name, .generation = 1,
	    .is_root = strcmp(name, "root") == 0 };
	unsigned char		*der = NULL;
	int			 len = i2d_X509(x, &der);

	if (cert_info(&info, x, &f->e) == -1)
		die(f, name);
	ca.subject = info.subject;
	ca.der = BYTES(der, (size_t)len);
	memcpy(ca.key_digest, info.key_digest, DB_DIGEST);
	ca.not_before = info.not_before;
	ca.not_after = info.not_after;
	if (db_ca_add(f->db, &ca, &f->e) == -1)
		die(f, name);
	OPENSSL_free(der);
	cert_info_clear(&info);
}

static void
write_conf(struct feed *f, const char *conninfo)
{
	static const char *const	 name[] = { "services", "people" };
	const char	*profiles = getenv("SIGNET_PROFILES");
	const char	*group = getenv("SIGNET_GROUP");
	struct buf	 b = { 0 };
	char		*path = in_dir(f, "cad.conf");
	int		 i;

	buf_printf(&b, "instance = \"bench\";\ndatabase = \"%s "
	    "user=signet_ca\";\nstate = \"%s/state\";\nprofiles = \"%s\";\n"
	    "root = \"%s/root.pem\";\nworkers = %s;\ngroup = %s;\ncas = (\n",
	    conninfo, f->dir, profiles != NULL ? profiles : "etc/profiles",
	    f->dir, getenv("SIGNET_WORKERS") != NULL ?
	    getenv("SIGNET_WORKERS") : "2", group != NULL ? group : "400");
	for (i = 0; i < 2; i++)
		buf_printf(&b, "%s{ name = \"%s\"; cert = \"%s/%s.pem\"; "
		    "key = \"file:%s/%s.key\"; cdp = [ \"http://pki.example/"
		    "%s.crl\" ]; ocsp = [ \"http://pki.example/ocsp\" ]; "
		    "aia = [ \"http://pki.example/%s.cer\" ]; }\n",
		    i > 0 ? "," : "", name[i], f->dir, name[i], f->dir,
		    name[i], name[i], name[i]);
	buf_str(&b, ");\n");
	if (file_store(path, b.p, b.len, 0644, &f->e) == -1)
		die(f, path);
	mem_free(&path);
	buf_clear(&b);
}

static void
feed_init(struct feed *f, const char *conninfo)
{
	struct testpki	 pki;
	const char	*sql = getenv("SIGNET_SQL");
	char		*state = in_dir(f, "state"), *root;

	if (file_mkdir(state, 0700, &f->e) == -1)
		die(f, state);
	testpki_init(&pki, clock_now(&clock_system));
	root = in_dir(f, "root.pem");
	testpki_write_cert(root, pki.root);
	mem_free(&root);
	put_identity(f, "services", pki.services, pki.services_key);
	put_identity(f, "people", pki.people, pki.people_key);
	testpki_identity(&f->officer[0], &pki, "P-256", "Officer One", "1",
	    OID_ROLE_OFFICER);
	testpki_identity(&f->officer[1], &pki, "P-256", "Officer Two", "2",
	    OID_ROLE_OFFICER);
	put_identity(f, "officer1", f->officer[0].cert, f->officer[0].key);
	put_identity(f, "officer2", f->officer[1].cert, f->officer[1].key);
	if (migrate_create(conninfo, &f->e) == -1 ||
	    migrate_apply(conninfo, sql != NULL ? sql : "db", NULL, NULL,
	    &f->e) == -1)
		die(f, "schema");
	open_db(f, conninfo);
	add_ca(f, "root", pki.root);
	add_ca(f, "services", pki.services);
	add_ca(f, "people", pki.people);
	write_conf(f, conninfo);
	mem_free(&state);
	testpki_clear(&pki);
}

static void
feed_requests(struct feed *f, long count)
{
	struct buf	 all = { 0 };
	char		*path = in_dir(f, "requests.bin");
	long		 i;

	for (i = 0; i < count; i++) {
		EVP_PKEY	*key = NULL;
		struct buf	 der = { 0 };
		uint8_t		 len[4];

		if (key_generate(&key, "ec:P-256", &f->e) == -1 ||
		    csr_make(&der, key, "bench", &f->e) == -1)
			die(f, "request");
		len[0] = len[1] = 0;
		len[2] = (uint8_t)(der.len >> 8);
		len[3] = (uint8_t)der.len;
		buf_add(&all, len, 4);
		buf_add(&all, der.p, der.len);
		buf_clear(&der);
		EVP_PKEY_free(key);
	}
	if (file_store(path, all.p, all.len, 0644, &f->e) == -1)
		die(f, path);
	mem_free(&path);
	buf_clear(&all);
}

static struct bytes
request_at(struct feed *f, size_t *pos)
{
	const uint8_t	*p = f->requests.p + *pos;
	struct bytes	 der = BYTES(p + 4, (size_t)p[2] << 8 | p[3]);

	*pos += 4 + der.len;
	if (*pos > f->requests.len) {
		error_set(&f->e, ERROR_INPUT, "too few; run feed requests");
		die(f, "requests");
	}
	return der;
}

/* Where the first one is that is to be taken. */
static size_t
first_request(struct feed *f)
{
	size_t	pos = 0;
	long	i;

	for (i = 0; i < f->skip; i++)
		request_at(f, &pos);
	return pos;
}

static void
load(struct feed *f)
{
	char	*path = in_dir(f, "requests.bin"), name[16];
	int	 i;

	if (file_load(&f->requests, path, (size_t)2 << 30, &f->e) == -1)
		die(f, path);
	mem_free(&path);
	for (i = 0; i < 2; i++) {
		char	*key, *pem;

		snprintf(name, sizeof(name), "officer%d", i + 1);
		key = mem_printf("%s/%s.key", f->dir, name);
		pem = mem_printf("%s/%s.pem", f->dir, name);
		if (identity_load(&f->officer[i], key, pem, NULL,
		    &f->e) == -1)
			die(f, key);
		mem_free(&key);
		mem_free(&pem);
	}
}

static void
feed_pem(struct feed *f, long count)
{
	char		*path = in_dir(f, "pem");
	size_t		 pos = 0;
	long		 i;

	load(f);
	if (file_mkdir(path, 0755, &f->e) == -1)
		die(f, path);
	mem_free(&path);
	for (i = 0; i < count; i++) {
		struct bytes		 der = request_at(f, &pos);
		const unsigned char	*p = der.p;
		X509_REQ		*req;
		BIO			*bio;

		path = mem_printf("%s/pem/%06ld.pem", f->dir, i);
		req = d2i_X509_REQ(NULL, &p, (long)der.len);
		bio = BIO_new_file(path, "w");
		if (req == NULL || bio == NULL ||
		    PEM_write_bio_X509_REQ(bio, req) != 1)
			die(f, path);
		BIO_free(bio);
		X509_REQ_free(req);
		mem_free(&path);
	}
}

static void
person_fields(struct fields *to, long n)
{
	char	 name[64], mail[64], last[32];

	snprintf(last, sizeof(last), "%07ld", n);
	snprintf(name, sizeof(name), "Person %s", last);
	snprintf(mail, sizeof(mail), "p%s@example.org", last);
	fields_add(to, "name", name);
	fields_add(to, "given", "Person");
	fields_add(to, "surname", last);
	fields_add(to, "mail", mail);
	fields_add(to, "org", "Example AB");
	fields_add(to, "orgid", "NTRSE-5560000001");
	fields_add(to, "country", "SE");
}

static struct order *
new_order(struct feed *f, enum order_kind kind)
{
	struct order	*o;

	if (order_new(&o, kind, 7 * 86400, &clock_system, &rng_system,
	    &f->e) == -1)
		die(f, "order");
	o->ca = mem_strdup("people");
	o->profile = mem_strdup("mail-dual");
	return o;
}

static void
seal(struct feed *f, struct order *o, int approvals, struct buf *blob,
    struct db_order *row)
{
	struct buf	 der = { 0 }, next = { 0 };
	int		 i;

	*blob = (struct buf){ 0 };
	if (order_encode(&der, o, &f->e) == -1 ||
	    approval_wrap(blob, o, &f->e) == -1)
		die(f, "order");
	for (i = 0; i < approvals; i++) {
		if (approval_add(&next, BYTES(blob->p, blob->len),
		    &f->officer[i], &clock_system, &f->e) == -1)
			die(f, "approve");
		buf_clear(blob);
		*blob = next;
		next = (struct buf){ 0 };
	}
	*row = (struct db_order){ .kind = order_kind_name(o->kind),
	    .state = "ready", .ca = "people", .profile = "mail-dual",
	    .summary = "bench", .approvals = approvals,
	    .items = o->kind == ORDER_BATCH ? (int)o->nitems : 1,
	    .created_at = o->created, .expires_at = o->expires };
	memcpy(row->id, o->id, DB_ORDER_ID);
	EVP_Digest(der.p, der.len, row->digest, NULL, EVP_sha256(), NULL);
	buf_clear(&der);
}

/* With its entry, as who hands in writes it. */
static int
put_order(struct db *db, const struct db_order *row, const struct buf *blob,
    struct error *e)
{
	struct buf	body = { 0 };

	if (db_order_add(db, row, BYTES(blob->p, blob->len), e) == -1)
		return -1;
	audit_begin(&body, "order-new", row->created_at);
	audit_hex(&body, "order", row->digest, sizeof(row->digest));
	audit_hex(&body, "id", row->id, sizeof(row->id));
	audit_str(&body, "kind", row->kind);
	return db_audit_add(db, &body, e);
}

struct page {
	struct feed	*f;
	long		 first, n;
	size_t		 pos;
	char		 who;		/* first letter of the holders */
};

static int
txn_single(struct db *db, void *arg, struct error *e)
{
	struct page	*p = arg;
	size_t		 pos = p->pos;
	long		 i;

	for (i = p->first; i < p->first + p->n; i++) {
		struct order		*o = new_order(p->f, ORDER_ISSUE);
		struct bytes		 der = request_at(p->f, &pos);
		struct db_item_new	 item = { .request = der };
		struct db_order		 row;
		struct buf		 blob;

		o->holder = mem_printf("%c%07ld", p->who, i);
		person_fields(&o->fields, i);
		o->has_request = true;
		EVP_Digest(der.p, der.len, o->request, NULL, EVP_sha256(),
		    NULL);
		seal(p->f, o, 1, &blob, &row);
		row.holder = item.holder = o->holder;
		memcpy(item.ref.order_id, o->id, DB_ORDER_ID);
		if (put_order(db, &row, &blob, e) == -1 ||
		    db_order_add_items(db, &item, 1, e) == -1)
			return -1;
		buf_clear(&blob);
		order_free(&o);
	}
	p->pos = pos;
	return 0;
}

static void
feed_single(struct feed *f, const char *conninfo, long count)
{
	struct page	 p = { f, f->skip + 1, 0, 0, 'p' };
	long		 left;

	load(f);
	p.pos = first_request(f);
	open_db(f, conninfo);
	for (left = count; left > 0; left -= p.n, p.first += p.n) {
		p.n = left < 500 ? left : 500;
		if (db_txn(f->db, txn_single, &p, &f->e) == -1)
			die(f, "store");
	}
}

static int
txn_twins(struct db *db, void *arg, struct error *e)
{
	struct page	*p = arg;
	size_t		 pos = p->pos;

	p->who = 'p';
	if (txn_single(db, p, e) == -1)
		return -1;
	p->who = 'q';
	p->pos = pos;
	return txn_single(db, p, e);
}

static void
feed_twins(struct feed *f, const char *conninfo, long count)
{
	struct page	 p = { f, 1, 0, 0, 'p' };

	load(f);
	open_db(f, conninfo);
	for (; p.first <= count; p.first += p.n) {
		p.n = count - p.first + 1 < TWINS ? count - p.first + 1 :
		    TWINS;
		if (db_txn(f->db, txn_twins, &p, &f->e) == -1)
			die(f, "store");
	}
}

struct batch {
	struct feed	*f;
	struct order	*o;
	struct db_order	 row;
	struct buf	 blob;
};

static int
txn_batch(struct db *db, void *arg, struct error *e)
{
	struct batch		*b = arg;
	struct db_item_new	*item = mem_array(PAGE, sizeof(*item));
	size_t			 i, k, pos = first_request(b->f);

	if (put_order(db, &b->row, &b->blob, e) == -1)
		return -1;
	for (i = 0; i < b->o->nitems; i += k) {
		for (k = 0; k < PAGE && i + k < b->o->nitems; k++) {
			item[k] = (struct db_item_new){
			    .holder = b->o->item[i + k].holder,
			    .request = request_at(b->f, &pos) };
			item[k].ref.n = b->o->item[i + k].n;
			memcpy(item[k].ref.order_id, b->o->id, DB_ORDER_ID);
		}
		if (db_order_add_items(db, item, k, e) == -1)
			return -1;
	}
	mem_free(&item);
	return 0;
}

static void
feed_batch(struct feed *f, const char *conninfo, long count)
{
	struct batch	 b = { .f = f };
	size_t		 pos;
	long		 i;

	load(f);
	pos = first_request(f);
	open_db(f, conninfo);
	b.o = new_order(f, ORDER_BATCH);
	b.o->item = mem_array((size_t)count, sizeof(*b.o->item));
	b.o->nitems = (size_t)count;
	for (i = 0; i < count; i++) {
		struct order_item	*it = &b.o->item[i];
		struct bytes		 der = request_at(f, &pos);

		it->n = (uint32_t)i + 1;
		it->holder = mem_printf("b%07ld", f->skip + i + 1);
		person_fields(&it->fields, f->skip + i + 1);
		it->has_request = true;
		EVP_Digest(der.p, der.len, it->request, NULL, EVP_sha256(),
		    NULL);
	}
	seal(f, b.o, 2, &b.blob, &b.row);
	if (db_txn(f->db, txn_batch, &b, &f->e) == -1)
		die(f, "store");
	buf_clear(&b.blob);
	order_free(&b.o);
}

struct revoking {
	struct feed		*f;
	const struct db_certs	*certs;
};

static int
txn_revoke(struct db *db, void *arg, struct error *e)
{
	struct revoking	*r = arg;
	size_t		 i;

	for (i = 0; i < r->certs->n; i++) {
		const struct db_cert	*c = &r->certs->v[i];
		struct order		*o;
		struct db_order		 row;
		struct buf		 blob;

		if (order_new(&o, ORDER_REVOKE, 86400, &clock_system,
		    &rng_system, e) == -1)
			return -1;
		o->reason = 1;
		o->target = mem_array(1, sizeof(*o->target));
		o->ntargets = 1;
		o->target[0].ca = mem_strdup(c->ca);
		memcpy(o->target[0].serial, c->serial.p, c->serial.len);
		o->target[0].serial_len = c->serial.len;
		seal(r->f, o, 1, &blob, &row);
		row.ca = row.profile = NULL;
		row.items = 0;
		if (put_order(db, &row, &blob, e) == -1)
			return -1;
		buf_clear(&blob);
		order_free(&o);
	}
	return 0;
}

static void
feed_revoke(struct feed *f, const char *conninfo, long count)
{
	struct db_cert_filter	 good = { .status = "good" };
	struct arena		*a = arena_new();
	struct db_certs		 certs;
	struct revoking		 r = { f, &certs };

	load(f);
	open_db(f, conninfo);
	if (db_cert_list(f->db, &good, 0, (size_t)count, &certs, a,
	    &f->e) == -1 || db_txn(f->db, txn_revoke, &r, &f->e) == -1)
		die(f, "store");
	arena_free(&a);
}

int
main(int argc, char *argv[])
{
	struct feed	 f = { .e = ERROR_INIT };
	long		 count = argc > 4 ? strtol(argv[4], NULL, 10) : 0;

	log_open("feed", true, false);
	if (argc < 4)
		return 2;
	f.dir = argv[2];
	f.skip = argc > 5 ? strtol(argv[5], NULL, 10) : 0;
	if (strcmp(argv[1], "init") == 0)
		feed_init(&f, argv[3]);
	else if (strcmp(argv[1], "requests") == 0)
		feed_requests(&f, strtol(argv[3], NULL, 10));
	else if (strcmp(argv[1], "pem") == 0)
		feed_pem(&f, strtol(argv[3], NULL, 10));
	else if (strcmp(argv[1], "single") == 0)
		feed_single(&f, argv[3], count);
	else if (strcmp(argv[1], "twins") == 0)
		feed_twins(&f, argv[3], count);
	else if (strcmp(argv[1], "batch") == 0)
		feed_batch(&f, argv[3], count);
	else if (strcmp(argv[1], "revoke") == 0)
		feed_revoke(&f, argv[3], count);
	else
		return 2;
	db_close(&f.db);
	identity_free(&f.officer[0]);
	identity_free(&f.officer[1]);
	buf_clear(&f.requests);
	return 0;
}
