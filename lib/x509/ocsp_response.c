/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Responses written: RFC 6960, 4.2.
 */
#include <string.h>
#include "x509/crl_private.h"
#include "x509/der.h"
#include "x509/ocsp_private.h"

static const struct {
	const char	*name;
	uint8_t		 der[5];
} statuses[] = {
#define ERROR_RESPONSE(n)	{ 0x30, 0x03, 0x0a, 0x01, n }
	[OCSP_SUCCESSFUL] = { "successful", { 0 } },
	[OCSP_MALFORMED] = { "malformedRequest", ERROR_RESPONSE(1) },
	[OCSP_INTERNAL] = { "internalError", ERROR_RESPONSE(2) },
	[OCSP_TRY_LATER] = { "tryLater", ERROR_RESPONSE(3) },
	[4] = { "4", { 0 } },
	[OCSP_SIG_REQUIRED] = { "sigRequired", ERROR_RESPONSE(5) },
	[OCSP_UNAUTHORIZED] = { "unauthorized", ERROR_RESPONSE(6) },
};

const char *
ocsp_status_name(enum ocsp_status s)
{
	return s <= OCSP_UNAUTHORIZED ? statuses[s].name : "?";
}

enum ocsp_status
ocsp_status_of(const struct error *e)
{
	switch (e->code) {
	case ERROR_INPUT:
		return OCSP_MALFORMED;
	case ERROR_DENIED:
		return OCSP_UNAUTHORIZED;
	case ERROR_RETRY:
	case ERROR_UPSTREAM:
		return OCSP_TRY_LATER;
	default:
		return OCSP_INTERNAL;
	}
}

struct bytes
ocsp_status_response(enum ocsp_status s)
{
	return BYTES(statuses[s].der, sizeof(statuses[s].der));
}

void
ocsp_single_never_issued(struct ocsp_single *s)
{
	s->state = OCSP_REVOKED;
	s->reason = 6;			/* certificateHold */
	s->revoked_at = 0;
}

/*
 * Writing.
 */
struct ocsp_writer {
	struct alg_signer	*signer;
	struct buf		 alg;		/* AlgorithmIdentifier */
	struct buf		 certs;		/* [0] { SEQUENCE OF } */
	uint8_t			 key_hash[20];
	int64_t			 not_before, not_after;
	struct buf		 tbs, sig;	/* of the answer being made */
};

int
ocsp_writer_open(struct ocsp_writer **out, const struct ocsp_signer *s,
    struct error *e)
{
	const struct alg_sig	*how;
	struct ocsp_writer	*w;
	size_t			 tagged, seq;

	*out = NULL;
	if (alg_sig_choose(&how, s->key, NULL, e) == -1)
		return error_wrap(e, "OCSP signer");
	w = mem_alloc(sizeof(*w));
	if (alg_signer_open(&w->signer, how, s->key, e) == -1) {
		mem_free(&w);
		return error_wrap(e, "OCSP signer");
	}
	alg_sig_put(&w->alg, how);
	tagged = der_begin(&w->certs, DER_CONTEXT_CONS(0));
	seq = der_begin(&w->certs, DER_SEQUENCE);
	der_put_raw(&w->certs, BYTES(s->cert_der.p, s->cert_der.len));
	der_end(&w->certs, seq);
	der_end(&w->certs, tagged);
	memcpy(w->key_hash, s->key_hash, sizeof(w->key_hash));
	w->not_before = s->not_before;
	w->not_after = s->not_after;
	*out = w;
	return 0;
}

void
ocsp_writer_close(struct ocsp_writer **wp)
{
	struct ocsp_writer	*w = *wp;

	if (w == NULL)
		return;
	alg_signer_close(&w->signer);
	buf_clear(&w->alg);
	buf_clear(&w->certs);
	buf_clear(&w->tbs);
	buf_clear(&w->sig);
	mem_free(wp);
}

static int
bug(struct error *e, const char *what)
{
	return error_set(e, ERROR_BUG, "OCSP answer: %s", what);
}

static int
check_single(const struct ocsp_writer *w, const struct ocsp_answer *a,
    const struct ocsp_single *s, struct error *e)
{
	if (s->this_update > a->produced_at)
		return bug(e, "thisUpdate is after producedAt");
	if (s->next_update <= s->this_update)
		return bug(e, "nextUpdate is not after thisUpdate");
	if (s->next_update > w->not_after)
		return bug(e, "nextUpdate is beyond the signer's life");
	if (s->state != OCSP_REVOKED)
		return 0;
	if (s->reason != -1 && !crl_is_reason(s->reason, false))
		return error_set(e, ERROR_BUG, "OCSP answer: reason %d",
		    s->reason);
	if (s->revoked_at > s->this_update)
		return bug(e, "revoked after thisUpdate");
	return 0;
}

static int
check(const struct ocsp_writer *w, const struct ocsp_answer *a,
    struct error *e)
{
	size_t	 i;

	if (a->n == 0)
		return bug(e, "about nothing");
	if (a->produced_at < w->not_before || a->produced_at > w->not_after)
		return bug(e, "outside of the signer's life");
	if (a->nonce.len > 0 && !ocsp_nonce_fits(a->nonce))
		return bug(e, "nonce is not of 1 to 128 octets");
	for (i = 0; i < a->n; i++)
		if (check_single(w, a, &a->single[i], e) == -1)
			return -1;
	return 0;
}

static void
put_revoked(struct buf *b, const struct ocsp_single *s)
{
	size_t	 info = der_begin(b, DER_CONTEXT_CONS(1)), tagged;
	uint8_t	 reason = (uint8_t)s->reason;

	der_put_general_time(b, s->revoked_at);
	if (s->reason != -1) {
		tagged = der_begin(b, DER_CONTEXT_CONS(0));
		der_put(b, DER_ENUMERATED, &reason, 1);
		der_end(b, tagged);
	}
	der_end(b, info);
}

/* [1] { SEQUENCE { SEQUENCE { oid, OCTET STRING { GeneralizedTime } } } } */
static void
put_cutoff(struct buf *b, int64_t t)
{
	static const uint8_t	 oid[] = { OCSP_OID, OCSP_EXT_CUTOFF };
	size_t			 tagged, list, ext, value;

	tagged = der_begin(b, DER_CONTEXT_CONS(1));
	list = der_begin(b, DER_SEQUENCE);
	ext = der_begin(b, DER_SEQUENCE);
	buf_add(b, oid, sizeof(oid));
	value = der_begin(b, DER_OCTET_STRING);
	der_put_general_time(b, t);
	der_end(b, value);
	der_end(b, ext);
	der_end(b, list);
	der_end(b, tagged);
}

static void
put_single(struct buf *b, const struct ocsp_single *s)
{
	size_t	 seq = der_begin(b, DER_SEQUENCE), tagged;

	der_put_raw(b, s->id);
	if (s->state == OCSP_REVOKED)
		put_revoked(b, s);
	else
		der_put(b, s->state == OCSP_GOOD ? DER_CONTEXT(0) :
		    DER_CONTEXT(2), NULL, 0);
	der_put_general_time(b, s->this_update);
	tagged = der_begin(b, DER_CONTEXT_CONS(0));
	der_put_general_time(b, s->next_update);
	der_end(b, tagged);
	if (s->archive_cutoff != 0)
		put_cutoff(b, s->archive_cutoff);
	der_end(b, seq);
}

static void
put_extensions(struct buf *b, const struct ocsp_answer *a)
{
	static const uint8_t	 nonce[] = { OCSP_OID, OCSP_EXT_NONCE };
	/* The whole extension: its value is NULL. */
	static const uint8_t	 extended[] = { 0x30, 0x0f, OCSP_OID,
				    OCSP_EXT_EXTENDED, 0x04, 0x02, 0x05, 0x00 };
	size_t			 tagged, list, ext;

	if (a->nonce.len == 0 && !a->extended_revoked)
		return;
	tagged = der_begin(b, DER_CONTEXT_CONS(1));
	list = der_begin(b, DER_SEQUENCE);
	if (a->nonce.len > 0) {
		ext = der_begin(b, DER_SEQUENCE);
		buf_add(b, nonce, sizeof(nonce));
		der_put(b, DER_OCTET_STRING, a->nonce.p, a->nonce.len);
		der_end(b, ext);
	}
	if (a->extended_revoked)
		buf_add(b, extended, sizeof(extended));
	der_end(b, list);
	der_end(b, tagged);
}

static void
put_tbs(struct buf *b, const struct ocsp_writer *w,
    const struct ocsp_answer *a)
{
	size_t	 data = der_begin(b, DER_SEQUENCE), mark, i;

	mark = der_begin(b, DER_CONTEXT_CONS(2));	/* byKey */
	der_put(b, DER_OCTET_STRING, w->key_hash, sizeof(w->key_hash));
	der_end(b, mark);
	der_put_general_time(b, a->produced_at);
	mark = der_begin(b, DER_SEQUENCE);
	for (i = 0; i < a->n; i++)
		put_single(b, &a->single[i]);
	der_end(b, mark);
	put_extensions(b, a);
	der_end(b, data);
}

static void
put_response(struct buf *b, const struct ocsp_writer *w)
{
	static const uint8_t	 basic[] = { OCSP_OID, OCSP_EXT_BASIC };
	static const uint8_t	 ok = OCSP_SUCCESSFUL;
	size_t			 response, tagged, seq, octets, mark;

	buf_reserve(b, w->tbs.len + w->certs.len + w->sig.len + 128);
	response = der_begin(b, DER_SEQUENCE);
	der_put(b, DER_ENUMERATED, &ok, 1);
	tagged = der_begin(b, DER_CONTEXT_CONS(0));
	seq = der_begin(b, DER_SEQUENCE);
	buf_add(b, basic, sizeof(basic));
	octets = der_begin(b, DER_OCTET_STRING);
	mark = der_begin(b, DER_SEQUENCE);
	buf_add(b, w->tbs.p, w->tbs.len);
	buf_add(b, w->alg.p, w->alg.len);
	der_put_bits(b, w->sig.p, w->sig.len);
	buf_add(b, w->certs.p, w->certs.len);
	der_end(b, mark);
	der_end(b, octets);
	der_end(b, seq);
	der_end(b, tagged);
	der_end(b, response);
}

int
ocsp_writer_sign(struct ocsp_writer *w, struct buf *out,
    const struct ocsp_answer *a, struct error *e)
{
	if (check(w, a, e) == -1)
		return -1;
	w->tbs.len = w->sig.len = 0;
	put_tbs(&w->tbs, w, a);
	if (alg_signer_sign(w->signer, &w->sig, BYTES(w->tbs.p, w->tbs.len),
	    e) == -1)
		return error_wrap(e, "OCSP answer");
	put_response(out, w);
	return 0;
}
