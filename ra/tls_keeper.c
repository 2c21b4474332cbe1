/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_keeper.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "keeper_private.h"
#include "os/msg.h"
#include "x509/alg.h"
#include "x509/tls_sign.h"
#include "x509/token.h"

#define CHAIN_BYTES	(256 * 1024)
#define DIGEST_BYTES	64
#define SIG_BYTES	1024

/* ---- the process ---- */

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
	bio = BIO_new(BIO_s_mem());
	pthread_mutex_lock(&t->lock);
	tls_look(t);
	if (bio != NULL && put_chain(bio, &t->k.id) == 1 &&
	    (n = BIO_get_mem_data(bio, &text)) > 0) {
		msg_put_blob(r, text, (size_t)n);
		rc = 0;
	} else
		error_ssl(e, ERROR_CRYPTO, "the web server's certificate");
	pthread_mutex_unlock(&t->lock);
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

/* Its own reference: it may be replaced while it signs.  NULL: not here. */
static EVP_PKEY *
find_key(struct tls *t, struct bytes digest)
{
	EVP_PKEY	*key;

	pthread_mutex_lock(&t->lock);
	key = is_it(&t->k.id, digest) ? t->k.id.key :
	    is_it(&t->before, digest) ? t->before.key : NULL;
	if (key != NULL)
		EVP_PKEY_up_ref(key);
	pthread_mutex_unlock(&t->lock);
	return key;
}

static int
answer_sign(struct tls *t, struct msg *q, struct msg *r, struct error *e)
{
	struct bytes	 which = msg_get_blob(q, KEY_DIGEST_SIZE);
	uint32_t	 scheme = msg_get_u32(q);
	struct bytes	 digest = msg_get_blob(q, DIGEST_BYTES);
	EVP_PKEY	*key;
	struct buf	 sig = { 0 };
	int		 rc;

	if (msg_done(q, e) == -1)
		return -1;
	if (scheme > UINT16_MAX)
		return error_set(e, ERROR_INPUT, "signature scheme %u",
		    (unsigned int)scheme);
	if ((key = find_key(t, which)) == NULL)
		return error_set(e, ERROR_NOTFOUND, "that key is not here");
	rc = tls_sign(&sig, key, (uint16_t)scheme, digest, e);
	if (rc == 0)
		msg_put_blob(r, sig.p, sig.len);
	buf_clear(&sig);
	EVP_PKEY_free(key);
	return rc;
}

int
tls_keeper_answer(void *arg, struct msg *q, struct msg *r, struct error *e)
{
	if (q->type == TLS_SIGN)
		return answer_sign(arg, q, r, e);
	if (q->type == TLS_CHAIN)
		return answer_chain(arg, q, r, e);
	return error_set(e, ERROR_BUG, "unknown message");
}

/* Two at least: so one may wait for its token. */
static size_t
processors(void)
{
	long	 cpus = sysconf(_SC_NPROCESSORS_ONLN);

	return cpus < 2 ? 2 : (size_t)cpus;
}

int
tls_lanes_open(struct tls_lanes *l, size_t n, struct error *e)
{
	int	 pair[2];

	if (n == 0)
		n = processors();
	if (n > TLS_LANES_MAX)
		n = TLS_LANES_MAX;
	for (; l->n < n; l->n++) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
		    pair) == -1)
			return error_sys(e, "sockets of the keeper");
		l->ask[l->n] = pair[0];
		l->answer[l->n] = pair[1];
	}
	return 0;
}

void
tls_lanes_close(struct tls_lanes *l, bool ask, bool answer)
{
	size_t	 i;

	for (i = 0; i < l->n; i++) {
		if (ask && l->ask[i] != -1)
			close(l->ask[i]);
		if (answer && l->answer[i] != -1)
			close(l->answer[i]);
		l->ask[i] = ask ? -1 : l->ask[i];
		l->answer[i] = answer ? -1 : l->answer[i];
	}
}

int
tls_keeper_main(const struct rad_conf *c, const struct tls_lanes *l)
{
	const struct place_source from = { .key = c->tls_key,
				    .cert = c->tls_cert,
				    .secret = c->tls_passphrase,
				    .module = c->pkcs11_module,
				    .what = "web server" };
	struct tls		 t;
	struct error		 e = ERROR_INIT;
	int			 rc = EXIT_FAILURE;

	memset(&t, 0, sizeof(t));
	pthread_mutex_init(&t.lock, NULL);
	if (secret_init(&e) == 0 && keeper_open(&t.k, &from, &e) == 0 &&
	    keeper_confine(&t.k, c, &e) == 0 && keeper_lanes(l->answer, l->n,
	    tls_keeper_answer, &t, &e) == 0)
		rc = EXIT_SUCCESS;
	else
		log_error(&e, "the web server's key");
	identity_free(&t.before);
	keeper_clear(&t.k);
	pthread_mutex_destroy(&t.lock);
	return rc;
}

/* ---- the other end ---- */

struct lane {
	int		 fd;
	struct msg	 q, r;
	struct lane	*next;		/* that is free, too */
};

struct tls_keeper {
	pthread_mutex_t	 lock;
	pthread_cond_t	 given;
	struct lane	 lane[TLS_LANES_MAX], *free;
	size_t		 n;
};

void
tls_keeper_new(struct tls_keeper **out, const struct tls_lanes *l)
{
	struct tls_keeper	*k = mem_alloc(sizeof(*k));

	pthread_mutex_init(&k->lock, NULL);
	pthread_cond_init(&k->given, NULL);
	for (k->n = 0; k->n < l->n; k->n++) {
		k->lane[k->n] = (struct lane){ .fd = l->ask[k->n],
		    .next = k->free };
		k->free = &k->lane[k->n];
	}
	*out = k;
}

void
tls_keeper_free(struct tls_keeper **kp)
{
	struct lane	*l;

	if (*kp == NULL)
		return;
	for (l = (*kp)->lane; l < (*kp)->lane + (*kp)->n; l++) {
		close(l->fd);
		msg_clear(&l->q);
		msg_clear(&l->r);
	}
	pthread_cond_destroy(&(*kp)->given);
	pthread_mutex_destroy(&(*kp)->lock);
	mem_free(kp);
}

/* Each is one thread's until it gives it back: who finds none free waits. */
static struct lane *
lane_take(struct tls_keeper *k, uint32_t type)
{
	struct lane	*l;

	pthread_mutex_lock(&k->lock);
	while ((l = k->free) == NULL)
		pthread_cond_wait(&k->given, &k->lock);
	k->free = l->next;
	pthread_mutex_unlock(&k->lock);
	msg_init(&l->q, type);
	return l;
}

static void
lane_give(struct tls_keeper *k, struct lane *l)
{
	pthread_mutex_lock(&k->lock);
	l->next = k->free;
	k->free = l;
	pthread_cond_signal(&k->given);
	pthread_mutex_unlock(&k->lock);
}

/* Send what is in q, take the one blob of the answer; the lane is given back
 * in any case. */
static int
ask(struct tls_keeper *k, struct lane *l, size_t max, struct buf *out,
    struct error *e)
{
	struct bytes	 blob;
	int		 rc;

	if ((rc = msg_call(l->fd, &l->q, &l->r, l->q.type, e)) == 0) {
		blob = msg_get_blob(&l->r, max);
		if ((rc = msg_done(&l->r, e)) == 0 && blob.len == 0)
			rc = error_set(e, ERROR_BUG, "its keeper has nothing "
			    "to say");
		if (rc == 0)
			buf_add(out, blob.p, blob.len);
	}
	lane_give(k, l);
	return rc;
}

int
tls_keeper_chain(struct tls_keeper *k, struct buf *pem, struct error *e)
{
	return ask(k, lane_take(k, TLS_CHAIN), CHAIN_BYTES, pem, e);
}

int
tls_keeper_sign(void *arg, const uint8_t key[32], uint16_t scheme,
    struct bytes digest, struct buf *sig, struct error *e)
{
	struct lane	*l = lane_take(arg, TLS_SIGN);

	msg_put_blob(&l->q, key, KEY_DIGEST_SIZE);
	msg_put_u32(&l->q, scheme);
	msg_put_blob(&l->q, digest.p, digest.len);
	return ask(arg, l, SIG_BYTES, sig, e);
}

/* The schemes' numbers, by hash: RFC 8446, 4.2.3. */
static uint16_t
scheme_for(EVP_PKEY *pub, const EVP_MD *md, enum token_padding padding)
{
	unsigned int	 hash = EVP_MD_get_size(md) == 64 ? 2 :
			    EVP_MD_get_size(md) == 48 ? 1 : 0;

	if (alg_key_is(pub, "EC"))
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
	EVP_PKEY	*pub;
	int		 rc = -1;

	memset(id, 0, sizeof(*id));
	if (tls_keeper_chain(k, &pem, e) == -1 ||
	    take_chain(id, BYTES(pem.p, pem.len), e) == -1)
		;
	else if ((pub = X509_get0_pubkey(id->cert)) == NULL)
		error_ssl(e, ERROR_CONFIG, "the web server's certificate: its "
		    "key");
	else
		rc = token_key_elsewhere(&id->key, pub, sign_elsewhere, k, e);
	buf_clear(&pem);
	if (rc == -1)
		identity_free(id);
	return rc;
}
