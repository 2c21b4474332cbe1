/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may approve: the chain, role and status of each approver, and whether
 * together they are what the rule asks for.
 */
#include <string.h>
#include <openssl/x509v3.h>
#include "order/approval.h"
#include "order/approval_private.h"
#include "x509/cert.h"

#define CACHE_MAX	256	/* certificates; the oldest makes room */
#define CACHE_SECONDS	600	/* a chain is verified again after that */

struct known {
	uint8_t		 digest[32];	/* of the certificate */
	X509		*cert;		/* referenced */
	int64_t		 not_before, not_after;
	int64_t		 verified_at;
	enum role	 role;
	char		 person[65];
};

/* Officers are few: comparing 32 bytes a hundred times is nothing beside the
 * one signature that is verified for each approval anyway. */
struct approval_cache {
	struct known	 known[CACHE_MAX];
	size_t		 n, next;
	const void	*officers_cas, *anchors;	/* what it is true for */
};

/* ---- the cache ---- */

static void
cache_empty(struct approval_cache *cache)
{
	size_t	 i;

	for (i = 0; i < cache->n; i++)
		X509_free(cache->known[i].cert);
	memset(cache, 0, sizeof(*cache));
}

struct approval_cache *
approval_cache_new(void)
{
	return mem_alloc(sizeof(struct approval_cache));
}

void
approval_cache_free(struct approval_cache **cp)
{
	if (*cp == NULL)
		return;
	cache_empty(*cp);
	mem_free(cp);
}

static struct known *
known_find(struct approval_cache *cache, const uint8_t digest[32])
{
	size_t	 i;

	for (i = 0; i < cache->n; i++)
		if (memcmp(cache->known[i].digest, digest, 32) == 0)
			return &cache->known[i];
	return NULL;
}

/* The entry for a certificate, which may be new and then is zero beside the
 * certificate itself: known, but nothing is known in its favour. */
static struct known *
known_make(struct approval_cache *cache, X509 *cert, const uint8_t digest[32])
{
	struct known	*k;

	if ((k = known_find(cache, digest)) != NULL)
		return k;
	if (X509_up_ref(cert) != 1)
		return NULL;
	k = &cache->known[cache->next];
	cache->next = (cache->next + 1) % CACHE_MAX;
	if (cache->n < CACHE_MAX)
		cache->n++;
	X509_free(k->cert);
	memset(k, 0, sizeof(*k));
	memcpy(k->digest, digest, sizeof(k->digest));
	k->cert = cert;
	return k;
}

X509 *
approval_cache_cert(struct approval_cache *cache, const uint8_t digest[32])
{
	struct known	*k = cache != NULL ? known_find(cache, digest) : NULL;

	return k != NULL ? k->cert : NULL;
}

void
approval_cache_expect(struct approval_cache *cache, const struct approved *a)
{
	uint8_t	 digest[32];
	X509	*cert;
	int	 i;

	for (i = 0; i < sk_X509_num(a->certs); i++) {
		cert = sk_X509_value(a->certs, i);
		if (X509_digest(cert, EVP_sha256(), digest, NULL) == 1)
			known_make(cache, cert, digest);
	}
}

/* Forget all when it would speak of another CA. */
static void
cache_bind(struct approval_cache *cache, const struct approval_trust *t)
{
	uint8_t	 digest[32];
	X509	*cert;
	int	 i;

	if (cache->officers_cas == t->officers_cas &&
	    cache->anchors == t->anchors)
		return;
	cache_empty(cache);
	cache->officers_cas = t->officers_cas;
	cache->anchors = t->anchors;
	/* The CAs travel in each blob. */
	for (i = 0; i < sk_X509_num(t->intermediates); i++) {
		cert = sk_X509_value(t->intermediates, i);
		if (X509_digest(cert, EVP_sha256(), digest, NULL) == 1)
			known_make(cache, cert, digest);
	}
}

static bool
cache_find(const struct approval_trust *t, struct approver *by)
{
	struct known	*k;

	if (t->cache == NULL)
		return false;
	cache_bind(t->cache, t);
	if ((k = known_find(t->cache, by->cert_digest)) == NULL ||
	    t->now < k->not_before || t->now > k->not_after ||
	    t->now < k->verified_at ||
	    t->now - k->verified_at > CACHE_SECONDS)
		return false;
	by->role = k->role;
	memcpy(by->person, k->person, sizeof(by->person));
	return true;
}

static int64_t
time_of(const ASN1_TIME *t)
{
	struct tm	 tm;

	return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static void
cache_add(const struct approval_trust *t, const struct approver *by)
{
	struct approval_cache	*cache = t->cache;
	struct known		*k;

	if (cache == NULL || cache->officers_cas == NULL ||
	    (k = known_make(cache, by->cert, by->cert_digest)) == NULL)
		return;
	k->not_before = time_of(X509_get0_notBefore(by->cert));
	k->not_after = time_of(X509_get0_notAfter(by->cert));
	k->verified_at = t->now;
	k->role = by->role;
	memcpy(k->person, by->person, sizeof(k->person));
}

/* ---- one approver ---- */

void
approval_put_name(struct buf *out, const struct approver *by)
{
	char	 cn[128] = "";

	X509_NAME_get_text_by_NID(X509_get_subject_name(by->cert),
	    NID_commonName, cn, sizeof(cn));
	buf_str(out, by->role == ROLE_NONE ? "signer" : role_name(by->role));
	if (by->person[0] != '\0')
		buf_printf(out, " %s", by->person);
	if (cn[0] != '\0')
		buf_printf(out, " (%s)", cn);
}

static bool
is_anchor(const struct approval_trust *t, const X509 *cert)
{
	int	 i;

	for (i = 0; i < sk_X509_num(t->anchors); i++)
		if (cert_is_same(sk_X509_value(t->anchors, i), cert))
			return true;
	return false;
}

static int
check_validity(const struct approver *by, int64_t now, struct error *e)
{
	if (now < time_of(X509_get0_notBefore(by->cert)))
		return error_set(e, ERROR_DENIED,
		    "the certificate is not valid yet");
	if (now > time_of(X509_get0_notAfter(by->cert)))
		return error_set(e, ERROR_DENIED,
		    "the certificate has expired");
	return 0;
}

static int
check_issuer(X509 *cert, STACK_OF(X509) *officers_cas, struct error *e)
{
	for (int i = 0; i < sk_X509_num(officers_cas); i++)
		if (cert_is_by(cert, sk_X509_value(officers_cas, i)))
			return 0;
	return error_set(e, ERROR_DENIED,
	    "the certificate is not from the CA that names officers");
}

static int
officer_check(struct approver *by, const struct approval_trust *t,
    struct error *e)
{
	if (cache_find(t, by))
		return 0;
	if (by->role == ROLE_NONE)
		return error_set(e, ERROR_DENIED,
		    "the certificate gives no role");
	if (by->person[0] == '\0')
		return error_set(e, ERROR_DENIED,
		    "the certificate names no person (serialNumber)");
	if ((X509_get_key_usage(by->cert) & KU_DIGITAL_SIGNATURE) == 0)
		return error_set(e, ERROR_DENIED,
		    "the certificate is not for signing");
	if (check_validity(by, t->now, e) == -1 ||
	    check_issuer(by->cert, t->officers_cas, e) == -1 ||
	    cert_verify_chain(by->cert, t->intermediates, t->anchors, t->now,
	    e) == -1)
		return -1;
	cache_add(t, by);
	return 0;
}

static int
status_check(struct approver *by, const struct approval_trust *t,
    struct error *e)
{
	int	 good;

	if ((good = t->status(t->status_arg, by->cert, e)) == -1)
		return -1;
	if (good != 1)
		return error_set(e, ERROR_DENIED,
		    "the certificate is revoked or on hold");
	return 0;
}

static int
approver_check(struct approver *by, const struct approval_trust *t,
    struct error *e)
{
	if (is_anchor(t, by->cert)) {
		by->role = ROLE_ROOT;
		return check_validity(by, t->now, e);
	}
	if (t->renewed != NULL && cert_is_same(t->renewed, by->cert)) {
		by->role = ROLE_HOLDER;
		if (check_validity(by, t->now, e) == -1 ||
		    cert_verify_chain(by->cert, t->intermediates, t->anchors,
		    t->now, e) == -1)
			return -1;
	} else if (officer_check(by, t, e) == -1)
		return -1;
	return status_check(by, t, e);
}

int
approval_check_one(struct approved *a, size_t i,
    const struct approval_trust *t, struct error *e)
{
	struct buf	 who = { 0 };

	if (approver_check(&a->by[i], t, e) == 0 && (a->by[i].bind == NULL ||
	    approval_assertion_check(a, &a->by[i], t, e) == 0))
		return 0;
	approval_put_name(&who, &a->by[i]);
	error_wrap(e, "approval by %s", buf_cstr(&who));
	buf_clear(&who);
	return -1;
}

int
approval_check(struct approved *a, const struct approval_trust *t,
    struct error *e)
{
	size_t	 i;

	for (i = 0; i < a->n; i++)
		if (approval_check_one(a, i, t, e) == -1)
			return -1;
	return 0;
}

/* ---- together ---- */

/* People, as far as we can tell them apart: approvers with the same person
 * or the same key, directly or through a third, are one. */
struct people {
	unsigned int	 roles[APPROVAL_MAX_SIGNERS];	/* set of enum role */
	size_t		 n;
};

/* A security key that was bound to two people is one of them twice. */
static bool
is_same_credential(const struct approver *a, const struct approver *b)
{
	const struct buf	*x, *y;

	if (a->bind == NULL || b->bind == NULL)
		return false;
	x = &a->bind->order->bind.key;
	y = &b->bind->order->bind.key;
	return bytes_equal(BYTES(x->p, x->len), BYTES(y->p, y->len));
}

static bool
is_same(const struct approver *a, const struct approver *b)
{
	return (a->person[0] != '\0' && strcmp(a->person, b->person) == 0) ||
	    approval_same_key(a->cert, b->cert) || is_same_credential(a, b);
}

static void
people_find(struct people *p, const struct approved *a)
{
	size_t	 id[APPROVAL_MAX_SIGNERS], i, j, k, old;

	for (i = 0; i < a->n; i++) {
		id[i] = i;
		for (j = 0; j < i; j++) {
			if (id[j] == id[i] || !is_same(&a->by[i], &a->by[j]))
				continue;
			for (old = id[i], k = 0; k <= i; k++)
				if (id[k] == old)
					id[k] = id[j];
		}
	}
	p->n = a->n;
	for (i = 0; i < a->n; i++)
		p->roles[id[i]] |= 1u << a->by[i].role;
}

struct matching {
	const struct people		*people;
	const struct approval_way	*way;
	size_t				 slot[APPROVAL_MAX_SIGNERS];
	unsigned int			 taken;		/* set of people */
};

/* Find a person for the slot, moving others to other slots if need be:
 * an augmenting path (Kuhn), so that no set of approvers takes long. */
static bool
matching_fill(struct matching *m, size_t slot, unsigned int *seen)
{
	size_t	 i;

	for (i = 0; i < m->people->n; i++) {
		if ((m->people->roles[i] & 1u << m->way->role[slot]) == 0 ||
		    (*seen & 1u << i) != 0)
			continue;
		*seen |= 1u << i;
		if ((m->taken & 1u << i) == 0 ||
		    matching_fill(m, m->slot[i], seen)) {
			m->taken |= 1u << i;
			m->slot[i] = slot;
			return true;
		}
	}
	return false;
}

static bool
way_is_fulfilled(const struct approval_way *way, const struct people *people)
{
	struct matching	 m = { .people = people, .way = way };
	unsigned int	 seen;
	size_t		 slot;

	for (slot = 0; slot < way->n; slot++) {
		seen = 0;
		if (way->role[slot] == ROLE_NONE ||
		    !matching_fill(&m, slot, &seen))
			return false;
	}
	return way->n > 0;
}

static int
deny(const struct approved *a, const struct approval_rule *rule,
    const struct people *people, struct error *e)
{
	struct buf	 has = { 0 };
	char		*needs = approval_rule_text(rule);
	size_t		 i, distinct = 0;

	for (i = 0; i < a->n; i++) {
		if (i > 0)
			buf_str(&has, ", ");
		approval_put_name(&has, &a->by[i]);
		distinct += people->roles[i] != 0;
	}
	if (rule->n == 0)
		error_set(e, ERROR_DENIED, "no approval can allow this order");
	else
		error_set(e, ERROR_DENIED, "needs %s; has %s%s", needs,
		    a->n == 0 ? "nobody" : buf_cstr(&has),
		    distinct < a->n ? ", not all different people" : "");
	buf_clear(&has);
	mem_free(&needs);
	return -1;
}

int
approval_satisfies(const struct approved *a, const struct approval_rule *rule,
    struct error *e)
{
	struct people	 people = { { 0 }, 0 };
	size_t		 i;

	people_find(&people, a);
	for (i = 0; i < rule->n; i++)
		if (way_is_fulfilled(&rule->way[i], &people))
			return 0;
	return deny(a, rule, &people, e);
}
