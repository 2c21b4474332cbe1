/* SPDX-License-Identifier: Apache-2.0 */
#include "signer.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/text.h"
#include "os/fault.h"
#include "signer_private.h"
#include "wire.h"
#include "x509/cert.h"

static uint64_t
prepared_hash(const void *item)
{
	const struct prepared	*p = item;

	return map_hash_bytes(p->order, 8) ^ (p->n * 0x9e3779b97f4a7c15u >> 7);
}

static bool
prepared_equal(const void *a, const void *b)
{
	const struct prepared	*x = a, *y = b;

	return x->n == y->n && memcmp(x->order, y->order, 32) == 0;
}

void
prepared_free(struct prepared **pp)
{
	struct prepared	*p = *pp;

	if (p == NULL)
		return;
	if (p->batch != NULL)
		p->batch->pins--;
	approval_free(&p->approved);
	buf_clear(&p->spki);
	buf_clear(&p->tbs);
	mem_free(pp);
}

static int
load_anchors(struct signer *s, struct error *e)
{
	if (cert_load_chain(&s->anchors, s->conf->root, e) == -1)
		return error_wrap(e, "root");
	if (s->conf->attestation_roots != NULL && cert_load_chain(&s->makers,
	    s->conf->attestation_roots, e) == -1)
		return error_wrap(e, "attestation_roots");
	return 0;
}

int
signer_new(struct signer **out, const struct cad_conf *conf,
    const struct clock *clock, const struct rng *rng, struct buf *unusable,
    struct error *e)
{
	struct signer	*s = mem_alloc(sizeof(*s));
	size_t		 cut, i;

	*out = NULL;
	s->conf = conf;
	s->clock = clock;
	s->rng = rng;
	map_init(&s->prepared, prepared_hash, prepared_equal);
	s->cache = approval_cache_new();
	if (profiles_load(&s->profiles, conf->profiles, e) == -1 ||
	    blocklists_open(&s->blocklists, &conf->blocklists, e) == -1 ||
	    load_anchors(s, e) == -1 ||
	    signer_load_cas(s, unusable, e) == -1 ||
	    signer_agent_load(s, unusable, e) == -1 ||
	    ledger_open(&s->ledger, conf->state, clock_now(clock), &cut,
	    e) == -1)
		goto fail;
	ledger_get_head(s->ledger, &s->head);
	if (cut > 0)
		buf_printf(unusable, "ledger: a torn end of %zu bytes was cut "
		    "off\n", cut);
	for (i = 0; i < s->nca; i++)
		if (signer_shard_load(s, &s->ca[i], e) == -1 ||
		    ((s->ca[i].usable || s->ca[i].token != NULL) &&
		    signer_crl_load(s, &s->ca[i], e) == -1))
			goto fail;
	*out = s;
	return 0;
 fail:
	signer_free(&s);
	return -1;
}

void
signer_free(struct signer **sp)
{
	struct signer	*s = *sp;
	struct prepared	*p;
	size_t		 i, pos = 0;

	if (s == NULL)
		return;
	while ((p = map_next(&s->prepared, &pos)) != NULL)
		prepared_free(&p);
	map_clear(&s->prepared);
	for (i = 0; i < SIGNER_BATCHES; i++)
		approval_free(&s->batch[i].approved);
	for (i = 0; i < s->nca; i++) {
		signer_crl_drop(&s->ca[i]);
		crl_free(&s->ca[i].last);
		crl_free(&s->ca[i].delta);
		signer_shard_free(&s->ca[i]);
		issuer_clear(&s->ca[i].issuer);
		signer_key_clear(&s->ca[i]);
	}
	mem_free(&s->ca);
	signer_agent_clear(s);
	ledger_close(&s->ledger);
	approval_cache_free(&s->cache);
	blocklists_close(&s->blocklists);
	profiles_free(&s->profiles);
	sk_X509_pop_free(s->anchors, X509_free);
	sk_X509_pop_free(s->intermediates, X509_free);
	sk_X509_pop_free(s->makers, X509_free);
	sk_X509_free(s->officers_cas);
	mem_free(sp);
}

/* Few people approve much: who has signed a certificate of theirs is verified
 * once.  NULL: none of our CAs has. */
static struct signer_ca *
approver_ca(struct signer *s, X509 *cert)
{
	struct signer_known	*k;
	struct signer_ca	*ca;
	uint8_t			 digest[32];
	unsigned int		 n = 0;

	if (X509_digest(cert, EVP_sha256(), digest, &n) != 1 ||
	    n != sizeof(digest))
		return signer_ca_of(s, cert);
	for (k = s->known; k < s->known + SIGNER_KNOWN; k++)
		if (k->ca != NULL && memcmp(k->digest, digest,
		    sizeof(digest)) == 0)
			return k->ca;
	if ((ca = signer_ca_of(s, cert)) == NULL)
		return NULL;
	k = &s->known[s->known_at++ % SIGNER_KNOWN];
	memcpy(k->digest, digest, sizeof(digest));
	k->ca = ca;
	return ca;
}

int
signer_cert_status(void *arg, X509 *cert, struct error *e)
{
	struct signer			*s = arg;
	const struct ledger_status	*st;
	const ASN1_INTEGER		*n = X509_get0_serialNumber(cert);
	struct signer_ca		*ca;
	int				 i;

	(void)e;
	/* An anchor: the root's own key, which no CA of ours can revoke. */
	for (i = 0; i < sk_X509_num(s->anchors); i++)
		if (cert_is_same(cert, sk_X509_value(s->anchors, i)))
			return 1;
	if ((ca = approver_ca(s, cert)) == NULL)
		return 0;
	st = ledger_find_status(s->ledger, ca->conf->name, n->data,
	    (size_t)n->length);
	if (st != NULL)
		return st->status == CERT_GOOD && !ledger_is_expired(st);
	/* What the ledger has not seen may be on the last list. */
	return ca->last == NULL ||
	    !crl_find(ca->last, n->data, (size_t)n->length, NULL);
}

int
signer_check_approvals(struct signer *s, struct approved *a,
    const struct approval_rule *rule, X509 *renewed, struct error *e)
{
	return signer_check_approvals_at(s, a, rule, renewed,
	    clock_now(s->clock), e);
}

int
signer_check_approvals_at(struct signer *s, struct approved *a,
    const struct approval_rule *rule, X509 *renewed, int64_t at,
    struct error *e)
{
	const struct profile	*profile = NULL;
	struct error		 unknown = ERROR_INIT;
	struct approval_trust	 trust = {
		.anchors = s->anchors, .intermediates = s->intermediates,
		.officers_cas = s->officers_cas, .renewed = renewed,
		.now = at, .status = signer_cert_status,
		.status_arg = s, .cache = s->cache,
		.bound = signer_is_bound, .bound_arg = s,
	};

	if (a->order->profile != NULL && profiles_find(&s->profiles,
	    a->order->profile, &profile, &unknown) == 0)
		trust.profile = profile;
	if (approval_check(a, &trust, e) == -1)
		return -1;
	return approval_satisfies(a, rule, e);
}

#define CLOCK_SLACK	300	/* officers' machines may be this far ahead */

int
signer_check_live(struct signer *s, const struct approved *a,
    struct error *e)
{
	const struct order	*o = a->order;
	char			 at[TEXT_TIME_SIZE];
	int64_t			 now = clock_now(s->clock);

	if (o->created > now + CLOCK_SLACK)
		return error_set(e, ERROR_DENIED, "order is dated %s, which is "
		    "in the future", text_time(at, o->created));
	if (o->expires <= now)
		return error_set(e, ERROR_DENIED, "order expired at %s",
		    text_time(at, o->expires));
	if (ledger_find_use(s->ledger, a->digest, LEDGER_WHOLE) != NULL)
		return error_set(e, ERROR_DENIED, "an officer has rejected "
		    "the order");
	return 0;
}

int
signer_check_chain(struct signer *s, struct error *e)
{
	if (!s->forked)
		return 0;
	error_set(e, ERROR_UPSTREAM, "audit chain does not continue: %s",
	    s->fork_why);
	return error_hint(e, "after a restore two security officers sign: "
	    "signet order new --kind adopt; else find out who edited the store");
}

static signer_fn *const handlers[WIRE__MAX] = {
	[WIRE_HELLO] = signer_hello,
	[WIRE_FOLLOW] = signer_follow,
	[WIRE_BATCH] = signer_batch,
	[WIRE_PREPARE] = signer_prepare,
	[WIRE_SIGN] = signer_sign,
	[WIRE_RESUME] = signer_resume,
	[WIRE_STATUS] = signer_status,
	[WIRE_ADOPT] = signer_adopt,
	[WIRE_CRL] = signer_crl,
	[WIRE_CRL_SEEN] = signer_crl_seen,
	[WIRE_CRL_ENTRIES] = signer_crl_entries,
	[WIRE_CRL_EVIDENCE] = signer_crl_evidence,
	[WIRE_CRL_SIGN] = signer_crl_sign,
	[WIRE_CRL_PIECE] = signer_crl_piece,
	[WIRE_HEAD] = signer_head,
	[WIRE_REJECT] = signer_reject,
	[WIRE_BIND] = signer_bind,
	[WIRE_LOST] = signer_lost,
};

void
signer_answer(struct signer *s, struct msg *in, struct msg *out)
{
	struct error	 e = ERROR_INIT;

	s->tick++;
	msg_init(out, in->type);
	if (in->type >= WIRE__MAX || handlers[in->type] == NULL)
		error_set(&e, ERROR_BUG, "unknown message %u", in->type);
	else if (handlers[in->type](s, in, out, &e) == 0)
		return;
	msg_init(out, 0);
	msg_put_error(out, &e);
}

/* 1 served, 0 this worker is gone, -1. */
static int
serve_one(struct signer *s, int fd, struct msg *in, struct msg *out,
    struct error *e)
{
	int	 got;

	if ((got = msg_recv(fd, in, e)) != 1)
		return got;
	signer_answer(s, in, out);
	return msg_send(fd, out, e) == 0 ? 1 : -1;
}

int
signer_serve(struct signer *s, const int *fd, size_t nfd, struct error *e)
{
	struct msg	 in = { 0 }, out = { 0 };
	struct pollfd	 p[64];
	size_t		 i, live = nfd;
	int		 got;

	for (i = 0; i < nfd; i++)
		p[i] = (struct pollfd){ .fd = fd[i], .events = POLLIN };
	while (live > 0) {
		if (poll(p, nfd, -1) == -1 && errno != EINTR) {
			error_sys(e, "poll");
			break;
		}
		for (i = 0; i < nfd; i++) {
			if (p[i].fd == -1 || p[i].revents == 0)
				continue;
			/* A worker that died is no reason to stop. */
			got = serve_one(s, p[i].fd, &in, &out, e);
			if (got == 1)
				continue;
			error_clear(e);
			close(p[i].fd);
			p[i].fd = -1;
			live--;
		}
	}
	msg_clear(&in);
	msg_clear(&out);
	return e->code == ERROR_NONE ? 0 : -1;
}
