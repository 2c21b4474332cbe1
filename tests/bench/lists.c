/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lists: what bench-crl.sh needs beside feed.
 *
 *	lists make DIR CONNINFO		the next list of CA people, two days
 *					old, with what the store calls revoked
 *	lists revoke DIR CONNINFO COUNT	revoke that many good certificates, one
 *					after the other; milliseconds of each
 *					from handing in to signet-cad's commit
 */
#include <poll.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/db_cert.h"
#include "db/db_crl.h"
#include "db/db_order.h"
#include "order/approval.h"
#include "os/file.h"
#include "x509/crl.h"

#define PAGE	5000

struct lists {
	const char	*dir;
	struct db	*db;
	struct identity	 who;
	struct error	 e;
};

static void
die(struct lists *l, const char *what)
{
	fprintf(stderr, "lists: %s: %s\n", what, l->e.text);
	exit(1);
}

static void
load(struct lists *l, const char *name)
{
	char	*key = mem_printf("%s/%s.key", l->dir, name);
	char	*pem = mem_printf("%s/%s.pem", l->dir, name);

	if (identity_load(&l->who, key, pem, NULL, &l->e) == -1)
		die(l, key);
	mem_free(&key);
	mem_free(&pem);
}

static void
open_db(struct lists *l, const char *conninfo, const char *user)
{
	static const struct db_table *const	 ca[] = { &DB_CRL,
	    &DB_CRL_ENTRIES, &DB_CRL_MAKE }, *const cli[] = { &DB_CERT,
	    &DB_ORDER_ADD, &DB_ORDER_NEW };
	char	*full = mem_printf("%s user=%s", conninfo, user);
	bool	 is_ca = strcmp(user, "signet_ca") == 0;

	if (db_open(&l->db, full, "lists", is_ca ? ca : cli, 3,
	    &l->e) == -1)
		die(l, "store");
	mem_free(&full);
}

static void
write_entries(struct lists *l, struct crl_writer *w, int64_t until)
{
	struct arena		*a = arena_new();
	struct db_crl_entries	 page;
	struct db_serial	 after;
	bool			 began = false;
	size_t			 i;

	do {
		arena_reset(a);
		if (db_crl_entries(l->db, "people", 0, began ? &after : NULL, 0,
		    PAGE, &page, a, &l->e) == -1)
			die(l, "entries");
		for (i = 0; i < page.n; i++) {
			struct crl_entry	 c = { .reason = (int8_t)
						    page.v[i].reason };

			after = page.v[i].serial;
			memcpy(c.serial, after.p, after.len);
			c.serial_len = (uint8_t)after.len;
			c.revoked_at = page.v[i].revoked_at;
			if (c.revoked_at > until)
				continue;	/* signet-cad's own */
			if (crl_writer_add(w, &c, &l->e) == -1)
				die(l, "entry");
		}
		began = true;
	} while (page.n == PAGE);
	arena_free(&a);
}

struct storing {
	struct crl_params	 p;
	struct buf		 der;
};

static int
txn_store(struct db *db, void *arg, struct error *e)
{
	struct storing	*s = arg;
	struct db_crl	 row = { .ca = "people", .number = s->p.number,
	    .this_update = s->p.this_update, .next_update = s->p.next_update,
	    .size = (int64_t)s->der.len };
	size_t		 at, n;

	if (db_crl_add(db, &row, e) == -1)
		return -1;
	for (at = 0; at < s->der.len; at += n) {
		n = s->der.len - at < DB_CRL_PART ? s->der.len - at :
		    DB_CRL_PART;
		if (db_crl_add_part(db, &row, (int64_t)(at / DB_CRL_PART),
		    BYTES(s->der.p + at, n), e) == -1)
			return -1;
	}
	return 0;
}

static int64_t
next_number(struct lists *l)
{
	struct arena	*a = arena_new();
	struct db_crl	 last = { .number = 0 };

	if (db_crl_find(l->db, "people", 0, DB_CRL_COMPLETE, 0, &last, a,
	    &l->e) == -1)
		die(l, "last list");
	arena_free(&a);
	return last.number + 1;
}

static void
lists_make(struct lists *l, const char *conninfo)
{
	struct storing		 s = { .p = { .this_update =
	    clock_now(&clock_system) - 2 * 86400 } };
	struct crl_writer	*w = NULL;
	struct issuer		 people;
	int			 more;

	load(l, "people");
	open_db(l, conninfo, "signet_ca");
	s.p.number = next_number(l);
	s.p.next_update = s.p.this_update + 7 * 86400;
	if (issuer_init(&people, "people", l->who.cert, &l->e) == -1 ||
	    crl_writer_open(&w, NULL, &s.p, &people, &l->e) == -1)
		die(l, "list");
	write_entries(l, w, s.p.this_update);
	while ((more = crl_writer_sign(w, l->who.key, &l->e)) == 1)
		;
	if (more == -1 || crl_writer_get(w, &s.der, &l->e) == -1 ||
	    db_txn(l->db, txn_store, &s, &l->e) == -1)
		die(l, "list");
	crl_writer_close(&w);
	issuer_clear(&people);
	buf_clear(&s.der);
}

struct handing {
	struct buf	 blob;
	struct db_order	 row;
};

static void
order_make(struct lists *l, const struct db_cert *c, struct handing *h)
{
	struct order	*o;
	struct buf	 der = { 0 }, bare = { 0 };

	memset(h, 0, sizeof(*h));
	if (order_new(&o, ORDER_REVOKE, 86400, &clock_system, &rng_system,
	    &l->e) == -1)
		die(l, "order");
	o->reason = 4;
	o->target = mem_array(1, sizeof(*o->target));
	o->ntargets = 1;
	o->target[0].ca = mem_strdup(c->ca);
	memcpy(o->target[0].serial, c->serial.p, c->serial.len);
	o->target[0].serial_len = c->serial.len;
	if (order_encode(&der, o, &l->e) == -1 ||
	    approval_wrap(&bare, o, &l->e) == -1 || approval_add(&h->blob,
	    BYTES(bare.p, bare.len), &l->who, &clock_system, &l->e) == -1)
		die(l, "order");
	h->row = (struct db_order){ .kind = order_kind_name(o->kind),
	    .state = "ready", .summary = "bench", .approvals = 1,
	    .created_at = o->created, .expires_at = o->expires };
	memcpy(h->row.id, o->id, DB_ORDER_ID);
	EVP_Digest(der.p, der.len, h->row.digest, NULL, EVP_sha256(), NULL);
	buf_clear(&der);
	buf_clear(&bare);
	order_free(&o);
}

static int
txn_order(struct db *db, void *arg, struct error *e)
{
	struct handing	*h = arg;

	if (db_order_add(db, &h->row, BYTES(h->blob.p, h->blob.len), e) == -1)
		return -1;
	return db_notify(db, "signet_order", e);
}

static double
now_ms(void)
{
	struct timespec	 t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void
await(struct lists *l)
{
	struct pollfd	 p = { .events = POLLIN };
	char		 channel[64];
	int		 got;

	for (;;) {
		if ((got = db_notified(l->db, channel, &l->e)) == -1)
			die(l, "notification");
		if (got == 1)
			return;
		p.fd = db_socket(l->db);
		if (poll(&p, 1, 30000) == 0)
			die(l, "signet-cad does not answer");
	}
}

static void
lists_revoke(struct lists *l, const char *conninfo, size_t count)
{
	struct db_cert_filter	 good = { .status = "good" };
	struct arena		*a = arena_new();
	struct db_certs		 certs;
	struct handing		*h;
	double			 began;
	size_t			 i;

	load(l, "officer1");
	open_db(l, conninfo, "signet_cli");
	if (db_cert_list(l->db, &good, 0, count, &certs, a, &l->e) == -1 ||
	    db_listen(l->db, "signet_status", &l->e) == -1)
		die(l, "certificates");
	h = mem_array(certs.n + 1, sizeof(*h));
	for (i = 0; i < certs.n; i++)
		order_make(l, &certs.v[i], &h[i]);
	for (i = 0; i < certs.n; i++) {
		began = now_ms();
		if (db_txn(l->db, txn_order, &h[i], &l->e) == -1)
			die(l, "hand in");
		await(l);
		printf("%.2f\n", now_ms() - began);
		buf_clear(&h[i].blob);
	}
	mem_free(&h);
	arena_free(&a);
}

int
main(int argc, char *argv[])
{
	struct lists	 l = { .e = ERROR_INIT };

	log_open("lists", true, false);
	if (argc < 4)
		return 2;
	l.dir = argv[2];
	if (strcmp(argv[1], "make") == 0)
		lists_make(&l, argv[3]);
	else if (strcmp(argv[1], "revoke") == 0 && argc == 5)
		lists_revoke(&l, argv[3], (size_t)strtol(argv[4], NULL, 10));
	else
		return 2;
	db_close(&l.db);
	identity_free(&l.who);
	return 0;
}
