/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between OpenSSL's CMP server and orders.
 */
#include <openssl/err.h>
#include <string.h>

#include "base/log.h"
#include "cmp.h"
#include "db/db_order.h"
#include "rad.h"

#define CHECK_CA	2	/* seconds until a client may poll again */
#define CHECK_OFFICERS	300
#define FAIL(what)	(1 << OSSL_CMP_PKIFAILUREINFO_##what)

static OSSL_CMP_PKISI *
status(int what)
{
	return OSSL_CMP_STATUSINFO_new(what, 0, NULL);
}

/* In words; what is our own affair goes to the log. */
static OSSL_CMP_PKISI *
reject(const struct error *e, int fail)
{
	bool	 ours = e->code != ERROR_INPUT && e->code != ERROR_DENIED &&
		    e->code != ERROR_NOTFOUND && e->code != ERROR_CONFLICT;

	if (ours)
		log_error(e, "CMP");
	return OSSL_CMP_STATUSINFO_new(OSSL_CMP_PKISTATUS_rejection,
	    ours ? FAIL(systemUnavail) : fail, ours ? "not possible just now, "
	    "try again in a minute" : e->text);
}

/* ---- ir, cr, p10cr, kur ---- */

static int
request_der(struct buf *der, const OSSL_CRMF_MSG *crm, const X509_REQ *p10,
    struct error *e)
{
	unsigned char	*p = NULL;
	int		 n;

	n = crm != NULL ? i2d_OSSL_CRMF_MSG(crm, &p) : i2d_X509_REQ(p10, &p);
	if (n <= 0)
		return error_ssl(e, ERROR_INPUT, "request");
	buf_add(der, p, (size_t)n);
	OPENSSL_free(p);
	return 0;
}

/* RFC 9483, 4.1.3: kur names the certificate that it renews, the one that
 * protects it. */
static int
check_old(const struct cmp_turn *t, const OSSL_CRMF_MSG *crm,
    struct error *e)
{
	const OSSL_CRMF_CERTID	*old;
	const ASN1_INTEGER	*n;

	if (t->body != CMP_KUR)
		return 0;
	if (t->client == NULL)
		return error_set(e, ERROR_DENIED, "a renewal is signed with "
		    "the old certificate");
	old = crm == NULL ? NULL : OSSL_CRMF_MSG_get0_regCtrl_oldCertID(crm);
	if (old == NULL)
		return 0;
	n = OSSL_CRMF_CERTID_get0_serialNumber(old);
	if (n != NULL && (size_t)n->length == t->client->serial.len &&
	    memcmp(n->data, t->client->serial.p, t->client->serial.len) == 0)
		return 0;
	return error_set(e, ERROR_DENIED, "oldCertID is not the certificate "
	    "that signs the request");
}

static OSSL_CMP_PKISI *
issued(struct cmp_turn *t, const struct db_cert *c, X509 **out)
{
	const unsigned char	*p = c->der.p;

	if ((*out = d2i_X509(NULL, &p, (long)c->der.len)) == NULL)
		return NULL;
	X509_free(t->trans->cert);
	t->trans->cert = *out;
	X509_up_ref(*out);
	t->goes_on = true;
	return status(OSSL_CMP_PKISTATUS_accepted);
}

/* What became of the order: its certificate, a refusal, or "wait". */
static OSSL_CMP_PKISI *
answer(struct cmp_turn *t, X509 **out)
{
	enum enrol_state	 state;
	struct db_cert		 cert;
	struct error		 e = ERROR_INIT;
	const char		*why;

	if (enrol_look(t->page, t->trans->order, &state, &cert, &why,
	    &e) == -1)
		return reject(&e, FAIL(systemFailure));
	if (state == ENROL_ISSUED)
		return issued(t, &cert, out);
	if (state == ENROL_REFUSED) {
		error_set(&e, ERROR_DENIED, "the order was refused: %.300s",
		    why);
		return reject(&e, FAIL(badRequest));
	}
	t->later = state == ENROL_READY && t->page->waited == NULL &&
	    t->page->rad->conf->patience > 0;
	t->goes_on = true;
	return status(OSSL_CMP_PKISTATUS_waiting);
}

static OSSL_CMP_PKISI *
on_request(OSSL_CMP_SRV_CTX *server, const OSSL_CMP_MSG *req, int id,
    const OSSL_CRMF_MSG *crm, const X509_REQ *p10, X509 **out,
    STACK_OF(X509) **chain, STACK_OF(X509) **ca_pubs)
{
	struct cmp_turn	*t = OSSL_CMP_SRV_CTX_get0_custom_ctx(server);
	struct error	 e = ERROR_INIT;
	struct csr	*csr = NULL;
	struct buf	 der = { 0 };
	int		 rc = -1;

	(void)req;
	(void)id;
	(void)chain;
	(void)ca_pubs;
	if (request_der(&der, crm, p10, &e) == 0 &&
	    csr_parse(&csr, BYTES(der.p, der.len), &e) == 0 &&
	    check_old(t, crm, &e) == 0)
		rc = cmp_enrol(t, csr, &e);
	csr_free(&csr);
	buf_clear(&der);
	return rc == 0 ? answer(t, out) : reject(&e, e.code == ERROR_DENIED ?
	    FAIL(notAuthorized) : FAIL(badRequest));
}

static int
on_poll(OSSL_CMP_SRV_CTX *server, const OSSL_CMP_MSG *req, int id,
    OSSL_CMP_MSG **again, int64_t *after)
{
	struct cmp_turn		*t = OSSL_CMP_SRV_CTX_get0_custom_ctx(server);
	enum enrol_state	 state;
	struct db_cert		 cert;
	struct error		 e = ERROR_INIT;
	const char		*why;

	(void)req;
	(void)id;
	*again = NULL;
	if (t->trans->request == NULL || !t->trans->has_order)
		return 0;
	if (enrol_look(t->page, t->trans->order, &state, &cert, &why,
	    &e) == -1) {
		log_error(&e, "CMP");
		return 0;
	}
	t->goes_on = true;
	*after = state == ENROL_PENDING ? CHECK_OFFICERS : CHECK_CA;
	if (state == ENROL_ISSUED || state == ENROL_REFUSED)
		*again = OSSL_CMP_MSG_dup(t->trans->request);
	return 1;
}

/* The certificate is in the store whatever the client says of it: a client
 * that does not want it revokes it. */
static int
on_confirm(OSSL_CMP_SRV_CTX *server, const OSSL_CMP_MSG *req, int id,
    const ASN1_OCTET_STRING *hash, const OSSL_CMP_PKISI *si)
{
	struct cmp_turn		*t = OSSL_CMP_SRV_CTX_get0_custom_ctx(server);
	ASN1_OCTET_STRING	*ours;
	char			 text[200] = "";
	bool			 same;

	(void)req;
	(void)id;
	if (t->trans->cert == NULL || (ours = X509_digest_sig(t->trans->cert,
	    NULL, NULL)) == NULL)
		return 0;
	same = hash != NULL && ASN1_OCTET_STRING_cmp(hash, ours) == 0;
	ASN1_OCTET_STRING_free(ours);
	if (!same) {
		ERR_raise_data(ERR_LIB_CMP, CMP_R_CERTHASH_UNMATCHED,
		    "not the certificate that was issued");
		return 0;
	}
	if (si != NULL)
		log_info("CMP: a client says of its certificate: %s",
		    OSSL_CMP_snprint_PKIStatusInfo(si, text, sizeof(text)));
	return 1;
}

/* ---- rr ---- */

static OSSL_CMP_PKISI *
on_revoke(OSSL_CMP_SRV_CTX *server, const OSSL_CMP_MSG *req,
    const X509_NAME *issuer, const ASN1_INTEGER *serial)
{
	struct cmp_turn	*t = OSSL_CMP_SRV_CTX_get0_custom_ctx(server);
	struct page	*p = t->page;
	struct error	 e = ERROR_INIT;
	struct db_order	 o;
	int		 found;

	(void)req;
	if (cmp_revoke(t, issuer, serial, &e) == -1)
		return reject(&e, FAIL(notAuthorized));
	found = db_order_find(p->db, t->trans->order, &o, p->arena, &e);
	if (found == 1 && strcmp(o.state, "done") == 0)
		return status(OSSL_CMP_PKISTATUS_accepted);
	if (found == 1 && strcmp(o.state, "ready") == 0) {
		t->later = p->waited == NULL && p->rad->conf->patience > 0;
		error_set(&e, ERROR_DENIED, "the order is stored, the CA has "
		    "not carried it out yet");
	} else if (found != -1)
		error_set(&e, ERROR_DENIED, "the order was refused");
	return reject(&e, FAIL(systemUnavail));
}

/* ---- genm ---- */

static int
on_question(OSSL_CMP_SRV_CTX *server, const OSSL_CMP_MSG *req,
    const STACK_OF(OSSL_CMP_ITAV) *asked, STACK_OF(OSSL_CMP_ITAV) **told)
{
	struct cmp_turn	*t = OSSL_CMP_SRV_CTX_get0_custom_ctx(server);
	struct error	 e = ERROR_INIT;

	(void)req;
	if ((*told = sk_OSSL_CMP_ITAV_new_null()) != NULL &&
	    cmp_inform(t, asked, *told, &e) == 0)
		return 1;
	log_error(&e, "CMP");
	sk_OSSL_CMP_ITAV_pop_free(*told, OSSL_CMP_ITAV_free);
	*told = NULL;
	return 0;
}

/* ---- around ---- */

static int
on_log(const char *func, const char *file, int line,
    OSSL_CMP_severity level, const char *text)
{
	(void)func;
	(void)file;
	(void)line;
	(void)level;
	log_debug("CMP: %s", text);
	return 1;
}

static int
set_secret(OSSL_CMP_CTX *ctx, const struct cmp_turn *t)
{
	return t->mac == NULL || (OSSL_CMP_CTX_set1_referenceValue(ctx,
	    t->reference.p, (int)t->reference.len) == 1 &&
	    OSSL_CMP_CTX_set1_secretValue(ctx, t->mac->p,
	    (int)t->mac->len) == 1);
}

/* The client's certificate is judged already; OpenSSL is to look at the
 * signature alone. */
static int
set_signer(OSSL_CMP_CTX *ctx, const struct cmp_turn *t)
{
	const unsigned char	*p;
	X509			*x;
	int			 ok;

	if (t->client == NULL)
		return 1;
	p = t->client->der.p;
	if ((x = d2i_X509(NULL, &p, (long)t->client->der.len)) == NULL)
		return 0;
	ok = OSSL_CMP_CTX_set1_srvCert(ctx, x);
	X509_free(x);
	return ok;
}

/* As it is now: the agent renews it. */
static int
set_identity(OSSL_CMP_CTX *ctx, struct tls_keeper *keeper, struct error *e)
{
	struct identity	id;
	int		ok;

	if (tls_keeper_identity(keeper, &id, e) == -1)
		return -1;
	ok = OSSL_CMP_CTX_set1_cert(ctx, id.cert) == 1 &&
	    OSSL_CMP_CTX_set1_pkey(ctx, id.key) == 1 && (id.chain == NULL ||
	    OSSL_CMP_CTX_set1_untrusted(ctx, id.chain) == 1);
	identity_free(&id);
	return ok ? 0 : error_ssl(e, ERROR_CRYPTO, "CMP identity");
}

static int
server_new(struct cmp_turn *t, struct error *e)
{
	OSSL_CMP_SRV_CTX	*s = OSSL_CMP_SRV_CTX_new(NULL, NULL);
	OSSL_CMP_CTX		*ctx;

	if (s == NULL)
		return error_ssl(e, ERROR_CRYPTO, "CMP server");
	t->trans->server = s;
	ctx = OSSL_CMP_SRV_CTX_get0_cmp_ctx(s);
	if (OSSL_CMP_CTX_set_log_cb(ctx, on_log) != 1 ||
	    OSSL_CMP_SRV_CTX_set_grant_implicit_confirm(s, 1) != 1 ||
	    !set_secret(ctx, t) || !set_signer(ctx, t))
		return error_ssl(e, ERROR_CRYPTO, "CMP server");
	return t->mac != NULL ? 0 : set_identity(ctx, t->page->rad->keeper,
	    e);
}

static OSSL_CMP_MSG *
message_parse(struct bytes in, struct error *e)
{
	const unsigned char	*p = in.p;
	BIO			*bio = BIO_new_mem_buf(p, (int)in.len);
	OSSL_CMP_MSG		*m;

	m = bio == NULL ? NULL : d2i_OSSL_CMP_MSG_bio(bio, NULL);
	BIO_free(bio);
	if (m == NULL)
		error_ssl(e, ERROR_INPUT, "CMP message");
	return m;
}

static int
message_put(struct buf *out, const OSSL_CMP_MSG *m, struct error *e)
{
	BIO	*bio = BIO_new(BIO_s_mem());
	char	*p;
	long	 n;
	int	 rc = -1;

	if (bio == NULL || i2d_OSSL_CMP_MSG_bio(bio, m) <= 0)
		error_ssl(e, ERROR_CRYPTO, "CMP answer");
	else {
		n = BIO_get_mem_data(bio, &p);
		buf_add(out, p, (size_t)n);
		rc = 0;
	}
	BIO_free(bio);
	return rc;
}

/* An open transaction has its certificate to be confirmed, or its request to
 * be asked for again. */
static void
keep(struct cmp_turn *t, OSSL_CMP_MSG **req, const OSSL_CMP_MSG *reply)
{
	OSSL_CMP_CTX	*ctx = OSSL_CMP_SRV_CTX_get0_cmp_ctx(t->trans->server);
	int		 body = OSSL_CMP_MSG_get_bodytype(reply);

	if (body == CMP_ERROR ||
	    body == CMP_PKICONF || body == CMP_RP ||
	    (t->trans->cert != NULL && OSSL_CMP_CTX_get_option(ctx,
	    OSSL_CMP_OPT_IMPLICIT_CONFIRM) == 1))
		t->goes_on = false;
	if (t->trans->request == NULL && t->body != CMP_POLLREQ) {
		t->trans->request = *req;
		*req = NULL;
	}
}

/* The first that CMP says of it; below that are tries of decoders. */
static int
refused(struct error *e)
{
	const char	*why = NULL;
	unsigned long	 code;

	while ((code = ERR_get_error()) != 0)
		if (why == NULL && (ERR_GET_LIB(code) == ERR_LIB_CMP ||
		    ERR_GET_LIB(code) == ERR_LIB_CRMF))
			why = ERR_reason_error_string(code);
	return error_set(e, ERROR_INPUT, "CMP message: %s", why != NULL ?
	    why : "not accepted");
}

int
cmp_serve(struct cmp_turn *t, struct bytes message, struct buf *out,
    struct error *e)
{
	OSSL_CMP_MSG	*req, *reply = NULL;
	int		 rc = -1;

	if ((req = message_parse(message, e)) == NULL)
		return -1;
	if (t->trans->server == NULL && server_new(t, e) == -1)
		goto out;
	OSSL_CMP_SRV_CTX_init(t->trans->server, t, on_request, on_revoke,
	    on_question, NULL, on_confirm, on_poll);
	ERR_clear_error();
	reply = OSSL_CMP_SRV_process_request(t->trans->server, req);
	if (reply == NULL) {
		refused(e);
		goto out;
	}
	rc = message_put(out, reply, e);
	keep(t, &req, reply);
 out:
	ERR_clear_error();
	OSSL_CMP_MSG_free(req);
	OSSL_CMP_MSG_free(reply);
	return rc;
}
