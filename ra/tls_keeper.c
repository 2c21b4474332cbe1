/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_keeper.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "keeper.h"
#include "os/msg.h"
#include "x509/tls_sign.h"
#include "x509/token.h"

enum { TLS_CHAIN = 1, TLS_SIGN };

#define CHAIN_BYTES	(256 * 1024)
#define DIGEST_BYTES	64
#define SIG_BYTES	1024

/* ---- the process ---- */

struct tls {
	struct keeper	 k;
	struct identity	 before;	/* what k.id was */
};

/* Keep what was, for handshakes that are under way. */
static void
tls_look(struct tls *t)
{
	struct identity	 was;

	if (keeper_look(&t->k, &was, "the web server's new key") == 0)
		return;
	identity_free(&t->before);
	t->before = was;
}

static int
put_chain(BIO *bio, const struct identity *id)
{
	int	 i;

	if (PEM_write_bio_X509(bio, id->cert) != 1)
		return 0;
	for (i = 0; i < sk_X509_num(id->chain); i++)
		if (PEM_write_bio_X509(bio, sk_X509_value(id->chain, i)) != 1)
			return 0;
	return 1;
}

static int
answer_chain(struct tls *t, struct msg *q, struct msg *r, struct error *e)
{
	BIO	*bio;
	char	*text;
	long	 n;
	int	 rc = -1;

	if (msg_done(q, e) == -1)
		return -1;
	tls_look(t);
	bio = BIO_new(BIO_s_mem());
	if (bio != NULL && put_chain(bio, &t->k.id) == 1 &&
	    (n = BIO_get_mem_data(bio, &text)) > 0) {
		msg_put_blob(r, text, (size_t)n);
		rc = 0;
	} else
		error_ssl(e, ERROR_CRYPTO, "the web server's certificate");
	BIO_free(bio);
	return rc;
}

static bool
is_it(const struct identity *id, struct bytes digest)
{
	struct error	 ignored = ERROR_INIT;
	uint8_t		 own[KEY_DIGEST_SIZE];

	return id->key != NULL && key_digest(own, id->key, &ignored) == 0 &&
	    bytes_equal(digest, BYTES(own, sizeof(own)));
}

static int
answer_sign(struct tls *t, struct msg *q, struct msg *r, struct error *e)
{
	struct bytes		 key = msg_get_blob(q, KEY_DIGEST_SIZE);
	uint32_t		 scheme = msg_get_u32(q);
	struct bytes		 digest = msg_get_blob(q, DIGEST_BYTES);
	const struct identity	*id;
	struct buf		 sig = { 0 };
	int			 rc;

	if (msg_done(q, e) == -1)
		return -1;
	if (scheme > UINT16_MAX)
		return error_set(e, ERROR_INPUT, "signature scheme %u",
		    (unsigned int)scheme);
	id = is_it(&t->k.id, key) ? &t->k.id : &t->before;
	if (!is_it(id, key))
		return error_set(e, ERROR_NOTFOUND, "that key is not here");
	rc = tls_sign(&sig, id->key, (uint16_t)scheme, digest, e);
	if (rc == 0)
		msg_put_blob(r, sig.p, sig.len);
	buf_clear(&sig);
	return rc;
}

static int
answer(void *arg, struct msg *q, struct msg *r, struct error *e)
{
	if (q->type == TLS_SIGN)
		return answer_sign(arg, q, r, e);
	if (q->type == TLS_CHAIN)
		return answer_chain(arg, q, r, e);
	return error_set(e, ERROR_BUG, "unknown message");
}

int
tls_keeper_main(int parent, void *arg)
{
	const struct rad_conf	*c = arg;
	const struct place_source from = { .key = c->tls_key,
				    .cert = c->tls_cert,
				    .secret = c->tls_passphrase,
				    .module = c->pkcs11_module,
				    .what = "web server" };
	struct tls		 t;
	struct error		 e = ERROR_INIT;
	int			 rc = EXIT_FAILURE;

	memset(&t, 0, sizeof(t));
	if (secret_init(&e) == 0 && keeper_open(&t.k, &from, &e) == 0 &&
	    keeper_confine(&t.k, c, &e) == 0) {
		keeper_loop(parent, answer, &t);
		rc = EXIT_SUCCESS;
	} else
		log_error(&e, "the web server's key");
	identity_free(&t.before);
	keeper_clear(&t.k);
	return rc;
}

/* ---- the other end ---- */

struct tls_keeper {
	int		 fd;
	pthread_mutex_t	 lock;
	struct msg	 q, r;
};

void
tls_keeper_new(struct tls_keeper **out, int fd)
{
	*out = mem_alloc(sizeof(**out));
	(*out)->fd = fd;
	pthread_mutex_init(&(*out)->lock, NULL);
}

void
tls_keeper_free(struct tls_keeper **kp)
{
	if (*kp == NULL)
		return;
	close((*kp)->fd);
	msg_clear(&(*kp)->q);
	msg_clear(&(*kp)->r);
	pthread_mutex_destroy(&(*kp)->lock);
	mem_free(kp);
}

/* Under the lock: send what is in q, take the one blob of the answer. */
static int
ask(struct tls_keeper *k, size_t max, struct buf *out, struct error *e)
{
	struct bytes	 blob;

	if (msg_call(k->fd, &k->q, &k->r, k->q.type, e) == -1)
		return -1;
	blob = msg_get_blob(&k->r, max);
	if (msg_done(&k->r, e) == -1)
		return -1;
	buf_add(out, blob.p, blob.len);
	return 0;
}

int
tls_keeper_chain(struct tls_keeper *k, struct buf *pem, struct error *e)
{
	int	 rc;

	pthread_mutex_lock(&k->lock);
	msg_init(&k->q, TLS_CHAIN);
	rc = ask(k, CHAIN_BYTES, pem, e);
	pthread_mutex_unlock(&k->lock);
	return rc;
}

int
tls_keeper_sign(void *arg, const uint8_t key[32], uint16_t scheme,
    struct bytes digest, struct buf *sig, struct error *e)
{
	struct tls_keeper	*k = arg;
	int			 rc;

	pthread_mutex_lock(&k->lock);
	msg_init(&k->q, TLS_SIGN);
	msg_put_blob(&k->q, key, KEY_DIGEST_SIZE);
	msg_put_u32(&k->q, scheme);
	msg_put_blob(&k->q, digest.p, digest.len);
	rc = ask(k, SIG_BYTES, sig, e);
	pthread_mutex_unlock(&k->lock);
	return rc;
}

/* The schemes' numbers, by hash: RFC 8446, 4.2.3. */
static uint16_t
scheme_for(EVP_PKEY *pub, const EVP_MD *md, enum token_padding padding)
{
	unsigned int	 hash = EVP_MD_get_size(md) == 64 ? 2 :
			    EVP_MD_get_size(md) == 48 ? 1 : 0;

	if (EVP_PKEY_is_a(pub, "EC"))
		return (uint16_t)(0x0403 + (hash << 8));
	return (uint16_t)(padding == TOKEN_PSS ? 0x0804 + hash :
	    0x0401 + (hash << 8));
}

static int
sign_elsewhere(void *arg, EVP_PKEY *pub, const EVP_MD *md,
    struct bytes digest, enum token_padding padding, struct buf *sig,
    struct error *e)
{
	uint8_t	 key[KEY_DIGEST_SIZE];

	if (key_digest(key, pub, e) == -1)
		return -1;
	return tls_keeper_sign(arg, key, scheme_for(pub, md, padding),
	    digest, sig, e);
}

/* What the keeper says comes from a file that was read and fits. */
static int
take_chain(struct identity *id, struct bytes pem, struct error *e)
{
	BIO	*bio = BIO_new_mem_buf(pem.p, (int)pem.len);
	X509	*cert;

	id->chain = sk_X509_new_null();
	while (bio != NULL && id->chain != NULL &&
	    (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		if (id->cert == NULL)
			id->cert = cert;
		else if (sk_X509_push(id->chain, cert) <= 0)
			X509_free(cert);
	ERR_clear_error();	/* of the end */
	BIO_free(bio);
	return id->cert != NULL ? 0 : error_set(e, ERROR_CONFIG, "the web "
	    "server has no certificate");
}

int
tls_keeper_identity(struct tls_keeper *k, struct identity *id,
    struct error *e)
{
	struct buf	 pem = { 0 };
	int		 rc = -1;

	memset(id, 0, sizeof(*id));
	if (tls_keeper_chain(k, &pem, e) == 0 &&
	    take_chain(id, BYTES(pem.p, pem.len), e) == 0)
		rc = token_key_elsewhere(&id->key,
		    X509_get0_pubkey(id->cert), sign_elsewhere, k, e);
	buf_clear(&pem);
	if (rc == -1)
		identity_free(id);
	return rc;
}
