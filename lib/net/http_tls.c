/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_tls.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

#include "net/http_private.h"

#define CHAIN_MAX	16

/* A certificate that is shown.  Connections refer to it as long as they last,
 * so it stays until the end; there is a new one once or twice a year. */
struct credentials {
	gnutls_certificate_credentials_t cred;
	struct http_tls		*tls;		/* whose sign() it is */
	uint8_t			 key[32];	/* SHA-256 of its public half */
	gnutls_pk_algorithm_t	 pk;
	unsigned int		 bits;
	int64_t			 not_after;
	struct credentials	*older;
};

struct http_tls {
	struct http_tls_base	 base;		/* first */
	http_tls_sign_fn	*sign;
	void			*arg;
	bool			 ask;
	struct buf		 shown;		/* PEM */
	pthread_mutex_t		 lock;		/* for what follows */
	struct credentials	*now;
};

static int
error_tls(struct error *e, int rv, const char *what)
{
	return error_set(e, ERROR_CONFIG, "%s: %s", what,
	    gnutls_strerror(rv));
}

/* ---- the key, which is elsewhere ---- */

static const struct {
	gnutls_sign_algorithm_t	 alg;
	uint16_t		 scheme;	/* RFC 8446, 4.2.3 */
} schemes[] = {
	{ GNUTLS_SIGN_RSA_PSS_RSAE_SHA256, 0x0804 },
	{ GNUTLS_SIGN_RSA_PSS_RSAE_SHA384, 0x0805 },
	{ GNUTLS_SIGN_RSA_PSS_RSAE_SHA512, 0x0806 },
	{ GNUTLS_SIGN_RSA_SHA256, 0x0401 },
	{ GNUTLS_SIGN_RSA_SHA384, 0x0501 },
	{ GNUTLS_SIGN_RSA_SHA512, 0x0601 },
	{ GNUTLS_SIGN_ECDSA_SECP256R1_SHA256, 0x0403 },
	{ GNUTLS_SIGN_ECDSA_SECP384R1_SHA384, 0x0503 },
	{ GNUTLS_SIGN_ECDSA_SECP521R1_SHA512, 0x0603 },
	{ GNUTLS_SIGN_ECDSA_SHA256, 0x0403 },
	{ GNUTLS_SIGN_ECDSA_SHA384, 0x0503 },
	{ GNUTLS_SIGN_ECDSA_SHA512, 0x0603 },
};

static uint16_t
scheme_of(gnutls_sign_algorithm_t alg)
{
	size_t	 i;

	for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (schemes[i].alg == alg)
			return schemes[i].scheme;
	return 0;
}

/* With RSA as in PKCS #1, 1.5, GnuTLS has made a DigestInfo already. */
static uint16_t
raw_scheme(const gnutls_datum_t *info, uint8_t digest[64],
    struct bytes *out)
{
	gnutls_digest_algorithm_t	 hash;
	unsigned int			 len = 64;
	gnutls_sign_algorithm_t		 alg;

	if (gnutls_decode_ber_digest_info(info, &hash, digest, &len) < 0)
		return 0;
	*out = BYTES(digest, len);
	alg = gnutls_pk_to_sign(GNUTLS_PK_RSA, hash);
	return scheme_of(alg);
}

static int
key_sign(gnutls_privkey_t key, gnutls_sign_algorithm_t alg, void *arg,
    unsigned int flags, const gnutls_datum_t *hash, gnutls_datum_t *sig)
{
	const struct credentials	*c = arg;
	struct bytes			 digest = BYTES(hash->data, hash->size);
	uint8_t				 raw[64];
	uint16_t			 scheme = alg == GNUTLS_SIGN_RSA_RAW ?
					    raw_scheme(hash, raw, &digest) :
					    scheme_of(alg);
	struct error			 e = ERROR_INIT;
	struct buf			 out = { 0 };
	int				 rc = GNUTLS_E_PK_SIGN_FAILED;

	(void)key;
	(void)flags;
	if (scheme != 0 && c->tls->sign(c->tls->arg, c->key, scheme,
	    digest, &out, &e) == 0 &&
	    (sig->data = gnutls_malloc(out.len)) != NULL) {
		memcpy(sig->data, out.p, out.len);
		sig->size = (unsigned int)out.len;
		rc = 0;
	}
	buf_clear(&out);
	return rc;
}

static int
key_info(gnutls_privkey_t key, unsigned int flags, void *arg)
{
	const struct credentials	*c = arg;
	gnutls_sign_algorithm_t		 alg;

	(void)key;
	if ((flags & GNUTLS_PRIVKEY_INFO_PK_ALGO) != 0)
		return (int)c->pk;
	if ((flags & GNUTLS_PRIVKEY_INFO_PK_ALGO_BITS) != 0)
		return (int)c->bits;
	if ((flags & GNUTLS_PRIVKEY_INFO_HAVE_SIGN_ALGO) == 0)
		return -1;
	alg = GNUTLS_FLAGS_TO_SIGN_ALGO(flags);
	return scheme_of(alg) != 0 &&
	    gnutls_sign_supports_pk_algorithm(alg, c->pk) != 0;
}

/* ---- what is shown ---- */

static int
look_at(struct credentials *c, gnutls_x509_crt_t cert, struct error *e)
{
	size_t	 size = sizeof(c->key);
	int	 pk = gnutls_x509_crt_get_pk_algorithm(cert, &c->bits), rv;

	if (pk != GNUTLS_PK_RSA && pk != GNUTLS_PK_ECDSA)
		return error_set(e, ERROR_CONFIG, "its key is neither RSA "
		    "nor EC");
	c->pk = (gnutls_pk_algorithm_t)pk;
	c->not_after = (int64_t)gnutls_x509_crt_get_expiration_time(cert);
	rv = gnutls_x509_crt_get_key_id(cert, GNUTLS_KEYID_USE_SHA256,
	    c->key, &size);
	return rv < 0 ? error_tls(e, rv, "its key") : 0;
}

/* The elements and the key belong to cred from then on. */
static int
set_key(struct credentials *c, gnutls_pcert_st *chain, unsigned int n,
    struct error *e)
{
	gnutls_privkey_t	 key = NULL;
	unsigned int		 i;
	int			 rv;

	rv = gnutls_privkey_init(&key);
	if (rv == 0)
		rv = gnutls_privkey_import_ext4(key, c, NULL, key_sign, NULL,
		    NULL, key_info, 0);
	if (rv == 0 && (rv = gnutls_certificate_set_key(c->cred, NULL, 0,
	    chain, (int)n, key)) >= 0)
		return 0;
	if (key != NULL)
		gnutls_privkey_deinit(key);
	for (i = 0; i < n; i++)
		gnutls_pcert_deinit(&chain[i]);
	return error_tls(e, rv, "certificate");
}

static int
set_chain(struct credentials *c, gnutls_x509_crt_t *crt, unsigned int n,
    struct error *e)
{
	gnutls_pcert_st	 chain[CHAIN_MAX];
	unsigned int	 i;
	int		 rv = 0;

	if (n == 0 || n > CHAIN_MAX)
		return error_set(e, ERROR_CONFIG, "%u certificates", n);
	if (look_at(c, crt[0], e) == -1)
		return -1;
	for (i = 0; rv == 0 && i < n; i++)
		rv = gnutls_pcert_import_x509(&chain[i], crt[i], 0);
	if (rv == 0)
		return set_key(c, chain, n, e);
	while (i > 1)
		gnutls_pcert_deinit(&chain[--i - 1]);
	return error_tls(e, rv, "certificate");
}

static void
credentials_free(struct credentials **c)
{
	gnutls_certificate_free_credentials((*c)->cred);
	mem_free(c);
}

static int
credentials_new(struct credentials **out, struct http_tls *t,
    struct bytes pem, struct error *e)
{
	const gnutls_datum_t	 text = { (unsigned char *)(uintptr_t)pem.p,
				    (unsigned int)pem.len };
	struct credentials	*c = mem_alloc(sizeof(*c));
	gnutls_x509_crt_t	*crt = NULL;
	unsigned int		 n = 0, i;
	int			 rc = -1, rv;

	*out = NULL;
	c->tls = t;
	rv = gnutls_certificate_allocate_credentials(&c->cred);
	if (rv == 0)
		rv = gnutls_x509_crt_list_import2(&crt, &n, &text,
		    GNUTLS_X509_FMT_PEM, 0);
	if (rv >= 0) {
		/* Who signs has looked whether they belong together. */
		gnutls_certificate_set_flags(c->cred,
		    GNUTLS_CERTIFICATE_SKIP_KEY_CERT_MATCH);
		rc = set_chain(c, crt, n, e);
	} else
		error_tls(e, rv, "certificate");
	for (i = 0; i < n; i++)
		gnutls_x509_crt_deinit(crt[i]);
	gnutls_free(crt);
	if (rc == 0)
		*out = c;
	else
		credentials_free(&c);
	return rc;
}

int
http_tls_show(struct http_tls *t, struct bytes pem, struct error *e)
{
	struct credentials	*fresh;

	if (t->now != NULL && bytes_equal(pem, BYTES(t->shown.p,
	    t->shown.len)))
		return 0;
	if (credentials_new(&fresh, t, pem, e) == -1)
		return -1;
	pthread_mutex_lock(&t->lock);
	fresh->older = t->now;
	t->now = fresh;
	pthread_mutex_unlock(&t->lock);
	buf_clear(&t->shown);
	buf_add(&t->shown, pem.p, pem.len);
	return 1;
}

/* Never asked: tls_started() puts our credentials in the place of those. */
static int
no_key(gnutls_session_t session, const gnutls_datum_t *names, int nnames,
    const gnutls_pk_algorithm_t *algs, int nalgs, gnutls_pcert_st **chain,
    unsigned int *n, gnutls_privkey_t *key)
{
	(void)session;
	(void)names;
	(void)nnames;
	(void)algs;
	(void)nalgs;
	(void)chain;
	(void)n;
	(void)key;
	return -1;
}

/* A connection begins; its handshake has not. */
static void
tls_started(struct http_tls_base *base, struct MHD_Connection *mhd)
{
	struct http_tls			*t = (struct http_tls *)(void *)base;
	const union MHD_ConnectionInfo	*info;
	gnutls_session_t		 session;

	info = MHD_get_connection_info(mhd,
	    MHD_CONNECTION_INFO_GNUTLS_SESSION);
	if (info == NULL || (session = info->tls_session) == NULL)
		return;
	pthread_mutex_lock(&t->lock);
	(void)gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE,
	    t->now->cred);
	pthread_mutex_unlock(&t->lock);
	if (!t->ask)
		return;
	/* Of all CAs: which are ours is not GnuTLS's business. */
	gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
	gnutls_certificate_send_x509_rdn_sequence(session, 1);
}

static int
check_priorities(const char *text, struct error *e)
{
	gnutls_priority_t	 p;
	const char		*at = "";
	int			 rv;

	if ((rv = gnutls_priority_init(&p, text, &at)) < 0)
		return error_set(e, ERROR_CONFIG, "tls_priorities: %s at "
		    "\"%s\"", gnutls_strerror(rv), at);
	gnutls_priority_deinit(p);
	return 0;
}

int
http_tls_new(struct http_tls **out, const struct http_tls_conf *conf,
    struct error *e)
{
	struct http_tls	*t = mem_alloc(sizeof(*t));

	*out = NULL;
	pthread_mutex_init(&t->lock, NULL);
	t->sign = conf->sign;
	t->arg = conf->arg;
	t->ask = conf->ask;
	t->base.started = tls_started;
	t->base.no_key = (void (*)(void))no_key;
	t->base.priorities = conf->priorities != NULL ? conf->priorities :
	    HTTP_TLS_PRIORITIES;
	if (check_priorities(t->base.priorities, e) == -1) {
		http_tls_free(&t);
		return -1;
	}
	*out = t;
	return 0;
}

void
http_tls_free(struct http_tls **tp)
{
	struct http_tls		*t = *tp;
	struct credentials	*c;

	if (t == NULL)
		return;
	while ((c = t->now) != NULL) {
		t->now = c->older;
		credentials_free(&c);
	}
	buf_clear(&t->shown);
	pthread_mutex_destroy(&t->lock);
	mem_free(tp);
}

int64_t
http_tls_not_after(struct http_tls *t)
{
	int64_t	 end;

	pthread_mutex_lock(&t->lock);
	end = t->now != NULL ? t->now->not_after : 0;
	pthread_mutex_unlock(&t->lock);
	return end;
}

struct bytes
http_peer_certificate(const struct http_request *r, unsigned int i)
{
	const union MHD_ConnectionInfo	*info;
	const gnutls_datum_t		*list;
	unsigned int			 n = 0;

	info = MHD_get_connection_info(r->mhd,
	    MHD_CONNECTION_INFO_GNUTLS_SESSION);
	if (info == NULL || info->tls_session == NULL)
		return BYTES(NULL, 0);
	list = gnutls_certificate_get_peers(info->tls_session, &n);
	if (list == NULL || i >= n || i >= CHAIN_MAX)
		return BYTES(NULL, 0);
	return BYTES(list[i].data, list[i].size);
}
