/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/place.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "os/fault.h"
#include "os/file.h"
#include "x509/cert.h"
#include "x509/token.h"

#define FILE_MAX	(1u << 20)
#define PEM_URI		"SIGNET KEY URI"
#define PEM_ORDER	"CMS"

void
place_init(struct place *p, const char *key, const char *cert,
    struct place_secret *secret)
{
	memset(p, 0, sizeof(*p));
	if (token_is_uri(key))
		p->uri = mem_strdup(key);
	else
		p->key = mem_strdup(strncmp(key, "file:", 5) == 0 ? key + 5 :
		    key);
	p->cert = mem_strdup(cert != NULL ? cert : p->key);
	p->pending = mem_printf("%s.new", p->cert);
	p->secret = secret;
}

int
place_open(struct place *p, const struct place_source *from,
    struct place_secret *secret, struct error *e)
{
	char	*uri = key_uri(from->key, from->module);

	place_init(p, uri, from->cert, secret);
	mem_free(&uri);
	return from->secret == NULL ? 0 : secret_fetch(&secret->secret,
	    from->secret, from->what, e);
}

int
place_check_role(const struct place *p, const struct identity *id,
    enum role role, struct error *e)
{
	const char	*name = role_name(role);

	if (cert_role(id->cert) == role)
		return 0;
	error_set(e, ERROR_CONFIG, "%s does not have the role %s", p->cert,
	    name);
	return error_hint(e, "its profile is %s", name);
}

void
place_clear(struct place *p)
{
	mem_free(&p->key);
	mem_free(&p->cert);
	mem_free(&p->pending);
	mem_free(&p->uri);
}

void
pending_clear(struct pending *p)
{
	EVP_PKEY_free(p->key);
	mem_free(&p->uri);
	buf_clear(&p->csr);
	buf_clear(&p->order);
	sk_X509_pop_free(p->chain, X509_free);
	memset(p, 0, sizeof(*p));
}

/* Text that may have a key in clear in it. */
static void
wipe(struct buf *b)
{
	if (b->p != NULL)
		OPENSSL_cleanse(b->p, b->size);
	buf_clear(b);
}

int
place_token_key(struct place_secret *pin, const char *uri, const char *alg,
    EVP_PKEY **key, struct error *e)
{
	struct token_key	*k = NULL;
	int			 rc = -1;

	*key = NULL;
	if (pin->refused)
		return error_set(e, ERROR_DENIED, "%s: the token refused the "
		    "PIN before; it is not tried again", uri);
	if (token_key_new(&k, uri, NULL, e) == -1 ||
	    (pin->secret.p != NULL &&
	    token_key_set_pin(k, &pin->secret, e) == -1))
		goto out;
	rc = token_key_open(k, e);
	if (rc == -1 && e->code == ERROR_NOTFOUND && alg != NULL) {
		error_clear(e);
		rc = token_key_generate(k, alg, e) == 0 ?
		    token_key_open(k, e) : -1;
	}
	if (rc == 0)
		rc = token_key_pkey(k, key, e);
	else
		pin->refused = e->code == ERROR_DENIED;
 out:
	token_key_free(&k);
	return rc;
}

/* ---- writing ---- */

static int
put_block(struct buf *out, const char *name, const void *p, size_t len,
    struct error *e)
{
	BIO	*bio = BIO_new(BIO_s_mem());
	char	*text;
	long	 n;
	int	 rc = -1;

	if (bio == NULL || PEM_write_bio(bio, name, "", p, (long)len) <= 0) {
		error_ssl(e, ERROR_NOMEM, "encode %s", name);
		goto out;
	}
	n = BIO_get_mem_data(bio, &text);
	buf_add(out, text, (size_t)n);
	rc = 0;
 out:
	BIO_free(bio);
	return rc;
}

static int
put_key(struct buf *out, const struct place *p, const struct pending *new,
    struct error *e)
{
	if (new->uri != NULL)
		return put_block(out, PEM_URI, new->uri, strlen(new->uri), e);
	return key_encode(out, new->key, p->secret->secret.p != NULL ?
	    &p->secret->secret : NULL, e);
}

static int
put_chain(struct buf *out, STACK_OF(X509) *chain, struct error *e)
{
	unsigned char	*der;
	int		 i, n, rc = 0;

	for (i = 0; rc == 0 && i < sk_X509_num(chain); i++) {
		der = NULL;
		if ((n = i2d_X509(sk_X509_value(chain, i), &der)) <= 0)
			return error_ssl(e, ERROR_CRYPTO, "certificate");
		rc = put_block(out, "CERTIFICATE", der, (size_t)n, e);
		OPENSSL_free(der);
	}
	return rc;
}

int
place_store_pending(const struct place *p, const struct pending *new,
    struct error *e)
{
	struct buf	 b = { 0 };
	int		 rc = -1;

	if (put_key(&b, p, new, e) == -1 ||
	    put_block(&b, "CERTIFICATE REQUEST", new->csr.p, new->csr.len,
	    e) == -1 || put_block(&b, PEM_ORDER, new->order.p, new->order.len,
	    e) == -1 || put_chain(&b, new->chain, e) == -1)
		goto out;
	rc = file_store(p->pending, b.p, b.len, 0600, e);
 out:
	wipe(&b);
	return rc;
}

/* Key and certificate in one file: one rename. */
static int
apply_one_file(const struct place *p, const struct pending *new,
    struct error *e)
{
	struct buf	 b = { 0 };
	int		 rc = -1;

	if (put_key(&b, p, new, e) == 0 && put_chain(&b, new->chain, e) == 0)
		rc = file_store(p->cert, b.p, b.len, 0600, e);
	wipe(&b);
	return rc;
}

static int
apply_two_files(const struct place *p, const struct pending *new,
    struct error *e)
{
	struct buf	 key = { 0 }, chain = { 0 };
	int		 rc = -1;

	if (put_chain(&chain, new->chain, e) == -1)
		goto out;
	if (p->key != NULL && (put_key(&key, p, new, e) == -1 ||
	    file_store(p->key, key.p, key.len, 0600, e) == -1))
		goto out;
	FAULT("agent.half-placed");
	rc = file_store(p->cert, chain.p, chain.len, 0644, e);
 out:
	wipe(&key);
	buf_clear(&chain);
	return rc;
}

static bool
is_one_file(const struct place *p)
{
	return p->key != NULL && strcmp(p->key, p->cert) == 0;
}

static int
apply(const struct place *p, const struct pending *new, struct error *e)
{
	if ((is_one_file(p) ? apply_one_file : apply_two_files)(p, new,
	    e) == -1)
		return -1;
	FAULT("agent.placed");
	return place_drop_pending(p, e);
}

int
place_finish(const struct place *p, const struct pending *new,
    struct error *e)
{
	if (place_store_pending(p, new, e) == -1)
		return -1;
	FAULT("agent.journal");
	return apply(p, new, e);
}

int
place_drop_pending(const struct place *p, struct error *e)
{
	return unlink(p->pending) == 0 || !file_exists(p->pending) ? 0 :
	    error_sys(e, "remove %s", p->pending);
}

/* ---- reading ---- */

static int
take_cert(struct pending *new, const unsigned char *der, long len,
    struct error *e)
{
	X509	*cert = d2i_X509(NULL, &der, len);

	if (cert == NULL)
		return error_ssl(e, ERROR_INPUT, "certificate");
	if (new->chain == NULL)
		new->chain = sk_X509_new_null();
	if (new->chain != NULL && sk_X509_push(new->chain, cert) > 0)
		return 0;
	X509_free(cert);
	return error_set(e, ERROR_NOMEM, "no memory");
}

static int
take_block(struct pending *new, const char *name, const unsigned char *p,
    long len, struct error *e)
{
	if (strcmp(name, PEM_URI) == 0) {
		mem_free(&new->uri);
		new->uri = mem_printf("%.*s", (int)len, (const char *)p);
	} else if (strcmp(name, PEM_ORDER) == 0)
		buf_add(&new->order, p, (size_t)len);
	else if (strcmp(name, PEM_STRING_X509_REQ) == 0)
		buf_add(&new->csr, p, (size_t)len);
	else if (strcmp(name, PEM_STRING_X509) == 0)
		return take_cert(new, p, len, e);
	return 0;
}

static int
take_blocks(struct pending *new, const struct buf *text, struct error *e)
{
	BIO		*bio = BIO_new_mem_buf(text->p, (int)text->len);
	char		*name = NULL, *header = NULL;
	unsigned char	*p = NULL;
	long		 len;
	int		 rc = 0;

	if (bio == NULL)
		return error_ssl(e, ERROR_NOMEM, "read");
	while (rc == 0 && PEM_read_bio(bio, &name, &header, &p, &len) == 1) {
		rc = take_block(new, name, p, len, e);
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_clear_free(p, (size_t)len);
	}
	ERR_clear_error();
	BIO_free(bio);
	return rc;
}

/* The key of a text: in it, or named by it. */
static int
take_key(const struct place *p, struct pending *new, const struct buf *text,
    struct error *e)
{
	if (new->uri != NULL)
		return place_token_key(p->secret, new->uri, NULL, &new->key,
		    e);
	return key_decode(&new->key, BYTES(text->p, text->len),
	    &p->secret->secret, e);
}

int
place_load_pending(const struct place *p, struct pending *new,
    struct error *e)
{
	struct buf	 text = { 0 };
	int		 rc = -1;

	memset(new, 0, sizeof(*new));
	if (!file_exists(p->pending))
		return 0;
	if (file_load(&text, p->pending, FILE_MAX, e) == -1)
		return -1;
	if (take_blocks(new, &text, e) == 0 && take_key(p, new, &text,
	    e) == 0) {
		if (new->csr.len > 0 && new->order.len > 0)
			rc = 1;
		else
			error_set(e, ERROR_CONFIG, "no request and order in "
			    "it");
	}
	wipe(&text);
	if (rc == 1)
		return 1;
	pending_clear(new);
	error_wrap(e, "%s", p->pending);
	return error_hint(e, "if it is of no use, remove it: a new "
	    "certificate is ordered then");
}

/* What a crash left between the certificate's arrival and its place. */
static int
recover(const struct place *p, struct error *e)
{
	struct pending	 new;
	int		 rc;

	if ((rc = place_load_pending(p, &new, e)) != 1)
		return rc;
	rc = new.chain != NULL ? apply(p, &new, e) : 0;
	pending_clear(&new);
	return rc;
}

/* The certificate is the first of the chain, which is where we put it. */
static int
take_identity(struct identity *id, struct pending *now, struct error *e)
{
	if (sk_X509_num(now->chain) < 1)
		return error_set(e, ERROR_CONFIG, "no certificate in it");
	if (!key_matches(sk_X509_value(now->chain, 0), now->key))
		return error_set(e, ERROR_CONFIG, "the certificate does not "
		    "belong to the key");
	id->cert = sk_X509_shift(now->chain);
	id->chain = now->chain;
	id->key = now->key;
	now->chain = NULL;
	now->key = NULL;
	return 0;
}

static int
load_one_file(const struct place *p, struct identity *id, struct error *e)
{
	struct pending	 now = { .key = NULL };
	struct buf	 text = { 0 };
	int		 rc = -1;

	if (file_load(&text, p->cert, FILE_MAX, e) == -1)
		return -1;
	if (file_check_private(p->cert, e) == 0 &&
	    take_blocks(&now, &text, e) == 0 &&
	    take_key(p, &now, &text, e) == 0)
		rc = take_identity(id, &now, e);
	wipe(&text);
	pending_clear(&now);
	return rc == -1 ? error_wrap(e, "%s", p->cert) : 0;
}

static int
load_two_files(const struct place *p, struct identity *id, struct error *e)
{
	struct pending	 now = { .key = NULL };
	struct buf	 text = { 0 };
	int		 rc = -1;

	if (p->uri != NULL) {
		if (place_token_key(p->secret, p->uri, NULL, &now.key,
		    e) == -1)
			return -1;
		goto chain;
	}
	if (file_load(&text, p->key, FILE_MAX, e) == -1)
		return -1;
	if (file_check_private(p->key, e) == -1)
		goto out;
	if (take_key(p, &now, &text, e) == -1) {
		error_wrap(e, "%s", p->key);
		goto out;
	}
 chain:
	if (cert_load_chain(&now.chain, p->cert, e) == 0 &&
	    (rc = take_identity(id, &now, e)) == -1)
		error_wrap(e, "%s", p->cert);
 out:
	wipe(&text);
	pending_clear(&now);
	return rc;
}

int
place_read(const struct place *p, struct identity *id, struct error *e)
{
	memset(id, 0, sizeof(*id));
	return (is_one_file(p) ? load_one_file : load_two_files)(p, id, e);
}

int
place_load(const struct place *p, struct identity *id, struct error *e)
{
	memset(id, 0, sizeof(*id));
	if (!is_one_file(p) && recover(p, e) == -1)
		return -1;
	return place_read(p, id, e);
}

int
place_seen(const struct place *p, struct stat *seen, struct error *e)
{
	return stat(p->cert, seen) == 0 ? 0 : error_sys(e, "%s", p->cert);
}

/* The certificate is replaced last, and its file by another one. */
int
place_look(const struct place *p, struct stat *seen, struct identity *id,
    struct error *e)
{
	struct stat	 st;

	if (stat(p->cert, &st) == -1 || (st.st_ino == seen->st_ino &&
	    st.st_mtim.tv_sec == seen->st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == seen->st_mtim.tv_nsec))
		return 0;
	if (place_read(p, id, e) == -1)
		return -1;
	*seen = st;
	return 1;
}
