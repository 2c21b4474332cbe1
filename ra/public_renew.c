/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Renewing with the old key, which stays in the browser: the server draws the
 * order up, the browser signs it, the server puts both together.
 *
 * What is prepared is kept nowhere: it goes to the browser and comes back with
 * our MAC, so that the RA's signature, which is added in the end, is only ever
 * put on an order that was drawn up here.
 */
#include <string.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/sha.h>

#include "base/base64.h"
#include "base/text.h"
#include "db/db_order.h"
#include "desk/draft.h"
#include "desk/renewal.h"
#include "desk/review.h"
#include "desk/submit.h"
#include "public.h"
#include "rad.h"
#include "x509/alg.h"
#include "x509/ca_name.h"

#define MAC		32
#define TIME		8
#define VALID		600	/* seconds between the two halves */
#define TOKEN_MAX	(128u << 10)

static const struct limit_rate renew_rate = { "renew", 20, 10 };
/* So that no other MAC of this key is one of these. */
static const char label[] = "signet renewal";

static int
form_show(struct page *p, struct error *e)
{
	public_put_keys(p, NULL);
	return page_show(p, "renew.html", e);
}

/* ---- tokens: time, length of the request, request, half; MAC first ---- */

static int
mac(const struct page *p, struct bytes body, uint8_t out[MAC],
    struct error *e)
{
	struct buf	 all = { 0 };
	unsigned int	 n = MAC;
	int		 rc = 0;

	buf_add(&all, label, sizeof(label));
	buf_add(&all, body.p, body.len);
	if (HMAC(EVP_sha256(), p->rad->session_key, SESSION_KEY, all.p,
	    all.len, out, &n) == NULL)
		rc = error_ssl(e, ERROR_CRYPTO, "HMAC");
	buf_clear(&all);
	return rc;
}

static void
put_number(struct buf *b, uint64_t n)
{
	for (int i = TIME - 1; i >= 0; i--)
		buf_byte(b, (uint8_t)(n >> (8 * i)));
}

static uint64_t
get_number(const uint8_t *p)
{
	uint64_t	 n = 0;

	for (int i = 0; i < TIME; i++)
		n = n << 8 | p[i];
	return n;
}

static char *
token_make(struct page *p, const struct buf *request, const struct buf *half,
    struct error *e)
{
	struct buf	 body = { 0 }, all = { 0 };
	uint8_t		 tag[MAC];
	char		*text = NULL;

	put_number(&body, (uint64_t)p->now);
	put_number(&body, request->len);
	buf_add(&body, request->p, request->len);
	buf_add(&body, half->p, half->len);
	if (mac(p, BYTES(body.p, body.len), tag, e) == 0) {
		buf_add(&all, tag, MAC);
		buf_add(&all, body.p, body.len);
		text = text_base64(all.p, all.len);
	}
	buf_clear(&all);
	buf_clear(&body);
	return text;
}

/* What a token holds; points into room. */
struct second {
	struct bytes	request, half;
	bool		late;
};

static int
token_open(struct page *p, const char *text, struct buf *room,
    struct second *out, struct error *e)
{
	struct bytes	 body;
	uint8_t		 tag[MAC];
	uint64_t	 at, len;

	if (strlen(text) > TOKEN_MAX || base64_parse(room, text,
	    strlen(text), e) == -1 || room->len < MAC + 2 * TIME)
		return error_set(e, ERROR_INPUT, "token: is none of ours");
	body = BYTES(room->p + MAC, room->len - MAC);
	if (mac(p, body, tag, e) == -1)
		return -1;
	if (CRYPTO_memcmp(tag, room->p, MAC) != 0)
		return error_set(e, ERROR_DENIED, "token: is none of ours");
	at = get_number(body.p);
	len = get_number(body.p + TIME);
	if (len > body.len - 2 * TIME)
		return error_set(e, ERROR_BUG, "token");
	out->late = at + VALID < (uint64_t)p->now;
	out->request = BYTES(body.p + 2 * TIME, len);
	out->half = BYTES(body.p + 2 * TIME + len, body.len - 2 * TIME - len);
	return 0;
}

/* ---- the first half ---- */

static int
read_old(struct page *p, X509 **x, struct error *e)
{
	const char	*pem = page_field(p, "certificate");
	BIO		*bio;

	*x = NULL;
	if (pem == NULL || *pem == '\0')
		return error_set(e, ERROR_INPUT, "certificate: is missing");
	if ((bio = BIO_new_mem_buf(pem, -1)) != NULL)
		*x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_free(bio);
	if (*x == NULL)
		return error_ssl(e, ERROR_INPUT, "certificate: is not PEM");
	return 0;
}

/* The same bytes in the store: then it is ours, and everything about it is
 * known. */
static int
find_old(struct page *p, X509 *x, struct db_cert *c, struct error *e)
{
	const struct desk_issuer	*issuer;
	const ASN1_INTEGER		*n = X509_get0_serialNumber(x);
	struct db_serial		 serial;
	unsigned char			*der = NULL;
	int				 len, found = 0;

	if (desk_need(p->desk, DESK_TRUST, e) == -1)
		return -1;
	issuer = desk_issuer_of(p->desk, x);
	if (issuer != NULL && n->length > 0 && n->length <= DB_SERIAL) {
		memcpy(serial.p, n->data, (size_t)n->length);
		serial.len = (size_t)n->length;
		if ((found = db_cert_find(p->db, issuer->name, &serial, c,
		    p->arena, e)) == -1)
			return -1;
	}
	if (found == 1) {
		len = i2d_X509(x, &der);
		found = len > 0 && bytes_equal(BYTES(der, (size_t)len),
		    c->der);
		OPENSSL_free(der);
	}
	return found ? 0 : error_set(e, ERROR_INPUT, "certificate: was not "
	    "issued here");
}

static int
draw_up(struct page *p, const struct db_cert *c, const struct csr *csr,
    struct draft *d, struct error *e)
{
	char			 family[CA_NAME_SIZE];
	struct draft_issue	 in = { .profile = c->profile, .ca = family,
	    .holder = c->holder, .request = csr, .renews = c->serial.p,
	    .renews_len = c->serial.len,
	    .comment = "renewed by the holder on the web page" };
	struct fields		 f = { 0 };
	const struct profile	*profile;
	int			 rc = -1;

	ca_name_split(c->ca, family);
	if (renewal_check(p->desk, c, e) == 0 &&
	    renewal_check_window(p->desk, c, e) == 0 &&
	    renewal_fields(p->desk, c, &f, e) == 0 &&
	    profiles_find(&p->desk->profiles, c->profile, &profile, e) == 0 &&
	    renewal_check_names(profile, &f, csr, e) == 0) {
		in.fields = &f;
		rc = draft_issue(p->desk, d, &in, e);
	}
	fields_clear(&f);
	return rc;
}

/* What SubtleCrypto calls the digest of approval_begin(). */
static const char *
digest_name(X509 *x)
{
	EVP_PKEY	*key = X509_get0_pubkey(x);

	return alg_key_is(key, "EC") &&
	    EVP_PKEY_get_bits(key) == 384 ? "SHA-384" : "SHA-256";
}

static int
answer_half(struct page *p, X509 *x, const struct draft *d,
    const struct csr *csr, struct error *e)
{
	struct buf	 blob = { 0 }, half = { 0 }, sign = { 0 };
	char		*token = NULL, *bytes = NULL;
	int		 rc = -1;

	if (approval_wrap_renewal(&blob, d->order, x, e) == -1 ||
	    approval_begin(&half, &sign, BYTES(blob.p, blob.len), x, NULL,
	    p->desk->clock, e) == -1 ||
	    (token = token_make(p, &csr->der, &half, e)) == NULL)
		goto out;
	bytes = text_base64(sign.p, sign.len);
	rc = page_send_json(p, json_pack("{s:s, s:s, s:s}", "token", token,
	    "bytes", bytes, "hash", digest_name(x)), e);
 out:
	mem_free(&bytes);
	mem_free(&token);
	buf_clear(&sign);
	buf_clear(&half);
	buf_clear(&blob);
	return rc;
}

static int
prepare(struct page *p, struct error *e)
{
	const char	*text = page_field(p, "csr");
	struct db_cert	 c;
	struct draft	 d = { 0 };
	struct csr	*csr = NULL;
	X509		*x = NULL;
	int		 rc = -1;

	if (page_limit_address(p, &renew_rate, e) == -1 ||
	    read_old(p, &x, e) == -1 || find_old(p, x, &c, e) == -1)
		goto out;
	if (csr_parse(&csr, BYTES(text, text != NULL ? strlen(text) : 0),
	    e) == -1) {
		error_wrap(e, "csr");
		goto out;
	}
	if (draw_up(p, &c, csr, &d, e) == 0)
		rc = answer_half(p, x, &d, csr, e);
 out:
	draft_clear(&d);
	csr_free(&csr);
	X509_free(x);
	return rc;
}

/* ---- the second half ---- */

/* Who had no answer sends it again, however late.  What is signed is what was
 * drawn up here, so nothing else can be there under its number. */
static int
store(struct page *p, const struct second *in, const struct draft *d,
    struct bytes blob, struct error *e)
{
	struct db_order	 there;
	int		 found = db_order_find(p->db, d->order->id, &there,
			     p->arena, e);

	if (found != 0)
		return found == 1 ? 0 : -1;
	if (in->late)
		return error_set(e, ERROR_DENIED, "this took too long: begin "
		    "again");
	if (submit_check_keys(p->desk, d, e) == -1 ||
	    submit_blob(p->desk, d, blob, 1, e) == -1)
		return -1;
	return 0;
}

/* The RA's approval. */
static int
seal(struct page *p, const uint8_t id[ORDER_ID_SIZE], struct error *e)
{
	struct review	 r = { 0 };
	int		 rc = review_load_id(p->desk, id, &r, e);

	if (rc == 0)
		rc = submit_approval_once(p->desk, &r, e);
	review_clear(&r);
	return rc;
}

static int
hand_in(struct page *p, const struct second *in, struct bytes blob,
    struct error *e)
{
	struct approved	*a = NULL;
	struct buf	 one = { 0 };
	struct draft	 d = { .request = &one, .nrequests = 1 };
	int		 rc = -1;

	if (desk_need(p->desk, DESK_PROFILES, e) == -1 ||
	    desk_need(p->desk, DESK_TRUST, e) == -1 ||
	    desk_need(p->desk, DESK_SIGNER, e) == -1 ||
	    approval_open(&a, blob, e) == -1 ||
	    profiles_find(&p->desk->profiles, a->order->profile, &d.profile,
	    e) == -1)
		goto out;
	buf_add(&one, in->request.p, in->request.len);
	d.order = a->order;
	if (store(p, in, &d, blob, e) == -1 ||
	    seal(p, a->order->id, e) == -1)
		goto out;
	rc = page_send_json(p, json_pack("{s:s}", "location", arena_printf(
	    p->arena, "/status/%s", public_hex(p, a->order->id,
	    ORDER_ID_SIZE))), e);
 out:
	buf_clear(&one);
	approval_free(&a);
	return rc;
}

static int
finish(struct page *p, struct error *e)
{
	const char	*token, *text;
	struct buf	 room = { 0 }, signature = { 0 }, blob = { 0 };
	struct second	 in = { .late = false };
	int		 rc = -1;

	if (page_limit_address(p, &renew_rate, e) == -1 ||
	    page_need(p, "token", &token, e) == -1 ||
	    page_need(p, "signature", &text, e) == -1 ||
	    token_open(p, token, &room, &in, e) == -1)
		goto out;
	if (base64_parse(&signature, text, strlen(text), e) == -1) {
		error_wrap(e, "signature");
		goto out;
	}
	if (approval_finish(&blob, in.half, BYTES(signature.p,
	    signature.len), e) == 0)
		rc = hand_in(p, &in, BYTES(blob.p, blob.len), e);
 out:
	buf_clear(&blob);
	buf_clear(&signature);
	buf_clear(&room);
	return rc;
}

const struct page_route PAGES_RENEW[] = {
	{ HTTP_GET, "/renew", PAGE_ANYONE, form_show, PAGE_STATELESS },
	{ HTTP_POST, "/renew/prepare", PAGE_ANYONE, prepare, PAGE_JSON },
	{ HTTP_POST, "/renew/finish", PAGE_ANYONE, finish, PAGE_JSON },
	{ .path = NULL }
};
