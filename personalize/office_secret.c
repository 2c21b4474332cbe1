/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PIN, PUK and management key of a card: made here, sealed, in the journal,
 * and only then told to the worker.
 */
#include "office_private.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "card/pin.h"
#include "card/seal.h"

#define PUK_LENGTH	8
#define LABEL		"signet card management key"

/* SP 800-108 in counter mode with CMAC-AES-256: from the master key and the
 * card's GUID, so that no list of such keys is needed. */
static int
derive(const struct secret *master, const uint8_t id[DB_CARD_ID], size_t size,
    struct secret *out, struct error *e)
{
	char		 mac[] = "CMAC", cipher[] = "AES-256-CBC",
			 mode[] = "counter", label[] = LABEL;
	OSSL_PARAM	 p[] = {
		OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_MAC, mac,
		    sizeof(mac) - 1),
		OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_CIPHER, cipher,
		    sizeof(cipher) - 1),
		OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_MODE, mode,
		    sizeof(mode) - 1),
		OSSL_PARAM_octet_string(OSSL_KDF_PARAM_KEY, master->p,
		    master->len),
		OSSL_PARAM_octet_string(OSSL_KDF_PARAM_SALT, label,
		    sizeof(label) - 1),
		OSSL_PARAM_octet_string(OSSL_KDF_PARAM_INFO, NULL, 0),
		OSSL_PARAM_END
	};
	uint8_t		 guid[DB_CARD_ID];
	EVP_KDF		*kdf = EVP_KDF_fetch(NULL, "KBKDF", NULL);
	EVP_KDF_CTX	*ctx = EVP_KDF_CTX_new(kdf);
	int		 rc = -1;

	memcpy(guid, id, sizeof(guid));
	p[5] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, guid,
	    sizeof(guid));
	if (secret_new(out, size, e) == 0)
		rc = EVP_KDF_derive(ctx, out->p, out->len, p) == 1 ? 0 :
		    error_ssl(e, ERROR_CRYPTO, "derive a management key");
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return rc;
}

/* The i-th kind of management key that will do; 0: no more. */
static uint8_t
kind(const struct seat *s, size_t i)
{
	static const char *const	 usual[] = { "aes-256", "aes-192",
		"aes-128", "3des" };
	const struct conf_list		*own = &s->layout->management_algs;

	if (own->n > 0)
		return i < own->n ? card_management_named(own->v[i]) : 0;
	return i < sizeof(usual) / sizeof(usual[0]) ?
	    card_management_named(usual[i]) : 0;
}

static int
make_management(struct seat *s, uint8_t alg, struct job *j, struct error *e)
{
	struct office	*o = s->office;
	size_t		 size = card_management_size(alg);

	if (!s->extended && seat_channel(s) == NULL)
		return 0;		/* it keeps the one that it came with */
	j->management_alg = alg;
	if (strcmp(s->layout->management, "derived") != 0)
		return secret_new(&j->management, size, e) == -1 ? -1 :
		    rng_fill(&rng_system, j->management.p, size, e);
	if (o->conf->master == NULL)
		return error_set(e, ERROR_CONFIG, "layout %s derives "
		    "management keys, and there is no setting \"master\"",
		    s->layout->name);
	return derive(&o->master, s->card.hold.id, size, &j->management, e);
}

static int
make_secrets(struct seat *s, struct job *j, struct error *e)
{
	struct pin_avoid	 avoid = { NULL, 0 };

	return pin_make(&j->pin, (size_t)s->layout->pin_length, &avoid,
	    &rng_system, e) == -1 || pin_make(&j->puk, PUK_LENGTH, NULL,
	    &rng_system, e) == -1 ||
	    make_management(s, kind(s, 0), j, e) == -1 ? -1 : 0;
}

/* ---- kept ---- */

struct sealed {
	const char	*kind;
	const struct secret *clear;
	bool		 escrow;	/* a PIN is for its holder alone */
	struct buf	 sealed, work;
};

static int
seal_to(struct buf *out, STACK_OF(X509) *to, const struct secret *clear,
    struct error *e)
{
	struct seal	 seal = { NULL };
	int64_t		 now = clock_now(&clock_system);
	int		 rc = 0;

	for (int i = 0; rc == 0 && i < sk_X509_num(to); i++)
		rc = seal_add_cert(&seal, sk_X509_value(to, i), now, e);
	if (rc == 0)
		rc = seal_make(out, &seal, clear->p, clear->len, e);
	seal_clear(&seal);
	return rc;
}

static int
seal_escrow(struct seat *s, struct sealed *v, struct error *e)
{
	STACK_OF(X509)	*to = sk_X509_new_null();
	int		 rc = -1;

	if (to == NULL || sk_X509_push(to, s->office->escrow) <= 0)
		error_set(e, ERROR_NOMEM, "no memory");
	else
		rc = seal_to(&v->sealed, to, v->clear, e);
	sk_X509_free(to);
	return rc;
}

struct keeping {
	struct seat	*seat;
	struct sealed	*v;
	size_t		 n;
};

/* What was written is on the card: all of it was read back. */
static int
note_written(struct seat *s, struct db *db, struct error *e)
{
	struct db_card_keys	 keys;

	if (strcmp(s->card.state, "certified") != 0)
		return 0;
	if (db_card_keys(db, s->card.hold.id, &keys, s->arena, e) == -1)
		return -1;
	for (size_t i = 0; i < keys.n; i++)
		if (keys.v[i].written_at == 0 && db_card_key_written(db,
		    &s->card.hold, keys.v[i].slot, e) == -1)
			return -1;
	return db_card_advance(db, &s->card.hold, "certified", "written", e);
}

static int
keep(struct db *db, void *arg, struct error *e)
{
	struct keeping	*k = arg;
	struct seat	*s = k->seat;
	int		 version;

	if (seat_close_step(s, db, e) == -1 || note_written(s, db, e) == -1)
		return -1;
	for (size_t i = 0; i < k->n; i++) {
		struct db_card_secret	 row = { .kind = k->v[i].kind,
			.sealed = BYTES(k->v[i].sealed.p, k->v[i].sealed.len),
			.work = BYTES(k->v[i].work.p, k->v[i].work.len) };

		if (k->v[i].clear->len > 0 && db_card_secret_put(db,
		    &s->card.hold, &row, &version, e) == -1)
			return -1;
	}
	return 0;
}

static int
keep_secrets(struct seat *s, const struct job *j, struct error *e)
{
	struct sealed	 v[] = {
		{ .kind = "pin", .clear = &j->pin },
		{ .kind = "puk", .clear = &j->puk, .escrow = true },
		{ .kind = "management", .clear = &j->management,
		    .escrow = true },
	};
	struct keeping	 k = { s, v, sizeof(v) / sizeof(v[0]) };
	int		 rc = 0;

	for (size_t i = 0; rc == 0 && i < k.n; i++) {
		if (v[i].clear->len == 0)
			continue;
		rc = seal_to(&v[i].work, s->office->stations, v[i].clear, e);
		if (rc == 0 && v[i].escrow)
			rc = seal_escrow(s, &v[i], e);
	}
	if (rc == 0)
		rc = db_txn(s->office->db, keep, &k, e);
	for (size_t i = 0; i < k.n; i++) {
		buf_clear(&v[i].sealed);
		buf_clear(&v[i].work);
	}
	if (rc == 0) {
		s->step = 0;
		if (strcmp(s->card.state, "certified") == 0)
			s->card.state = "written";
	}
	return rc;
}

int
office_weaker(void *arg, struct job *j, struct error *e)
{
	struct seat	*s = arg;
	struct job	 new = { .nslots = 0 };
	uint8_t		 next = 0;
	int		 rc = -1;

	if (!s->has_card)
		return error_set(e, ERROR_BUG, "no card was found");
	for (size_t i = 0; next == 0 && kind(s, i) != 0; i++)
		if (kind(s, i) == j->management_alg)
			next = kind(s, i + 1);
	if (next == 0)
		return error_set(e, ERROR_CARD, "the card has none of the "
		    "kinds of management keys that layout %s allows",
		    s->layout->name);
	if (make_management(s, next, &new, e) == 0 &&
	    keep_secrets(s, &new, e) == 0 &&
	    secret_dup(&j->management, &new.management, e) == 0) {
		j->management_alg = next;
		rc = 0;
	}
	job_clear(&new);
	return rc;
}

/* ---- opened ---- */

static int
open_one(struct seat *s, const struct db_card_secret *row, struct secret *to,
    struct error *e)
{
	struct office	*o = s->office;

	if (row->void_at != 0 || row->work.p == NULL || to->len > 0)
		return 0;
	if (seal_open(to, row->work, o->seal_cert, o->seal_key, e) == 0)
		return 0;
	error_wrap(e, "%s of card %s", row->kind, s->card.number);
	return error_hint(e, "another station began with this card: put its "
	    "certificate into \"peers\" on both");
}

int
office_known_secrets(struct seat *s, struct job *j, struct error *e)
{
	struct db_card_secrets	 all;

	if (db_card_secrets(s->office->db, s->card.hold.id, &all, s->arena,
	    e) == -1)
		return -1;
	for (size_t i = 0; i < all.n; i++) {
		const char	*what = all.v[i].kind;

		if (open_one(s, &all.v[i], strcmp(what, "pin") == 0 ?
		    &j->pin : strcmp(what, "puk") == 0 ? &j->puk :
		    &j->management, e) == -1)
			return -1;
	}
	/* Of two kinds with keys of one length the first is tried first. */
	for (size_t i = 0; j->management_alg == 0 && kind(s, i) != 0; i++)
		if (card_management_size(kind(s, i)) == j->management.len)
			j->management_alg = kind(s, i);
	return 0;
}

int
office_secrets(void *arg, struct job *j, struct error *e)
{
	static const struct job	 none = { .nslots = 0 };
	struct seat		*s = arg;

	if (!s->has_card)
		return error_set(e, ERROR_BUG, "no card was found");
	if (office_known_secrets(s, j, e) == -1)
		return -1;
	if (j->pin.len == 0)
		return make_secrets(s, j, e) == -1 ? -1 :
		    keep_secrets(s, j, e);
	return strcmp(s->card.state, "certified") != 0 ? 0 :
	    keep_secrets(s, &none, e);
}
