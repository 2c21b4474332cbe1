/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_tls.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

#include "net/http_private.h"
#include "os/file.h"

#define FILE_MAX	(256 * 1024)
#define CHAIN_MAX	16

/* A key with its certificate.  Connections refer to it as long as they last,
 * so it stays until the end; there is a new one once or twice a year. */
struct credentials {
	gnutls_certificate_credentials_t cred;
	struct credentials	*older;
};

struct http_tls {
	struct http_tls_base	 base;		/* first */
	char			*key_path, *cert_path;
	bool			 ask;
	pthread_mutex_t		 lock;		/* for what follows */
	struct credentials	*now;
	struct buf		 key, cert;	/* as read, NUL-terminated */
	int64_t			 not_after;
};

static int
error_tls(struct error *e, int rv, const char *what)
{
	return error_set(e, ERROR_CONFIG, "%s: %s", what,
	    gnutls_strerror(rv));
}

static void
wipe(struct buf *b)
{
	if (b->p != NULL)
		gnutls_memset(b->p, 0, b->size);
	buf_clear(b);
}

static int
read_pem(struct buf *out, const char *path, struct error *e)
{
	if (file_load(out, path, FILE_MAX, e) == -1)
		return -1;
	(void)buf_cstr(out);
	return 0;
}

/* When the first of the chain ends. */
static int
chain_end(int64_t *end, const gnutls_datum_t *pem, struct error *e)
{
	gnutls_x509_crt_t	*chain = NULL;
	unsigned int		 n = 0, i;
	int			 rv;

	rv = gnutls_x509_crt_list_import2(&chain, &n, pem,
	    GNUTLS_X509_FMT_PEM, 0);
	if (rv < 0)
		return error_tls(e, rv, "certificate");
	*end = n > 0 ? (int64_t)gnutls_x509_crt_get_expiration_time(chain[0]) :
	    0;
	for (i = 0; i < n; i++)
		gnutls_x509_crt_deinit(chain[i]);
	gnutls_free(chain);
	return 0;
}

static int
credentials_new(struct credentials **out, int64_t *end, struct buf *key,
    struct buf *cert, struct error *e)
{
	gnutls_datum_t		 k = { key->p, (unsigned int)key->len };
	gnutls_datum_t		 c = { cert->p, (unsigned int)cert->len };
	struct credentials	*new = mem_alloc(sizeof(*new));
	int			 rv;

	*out = NULL;
	rv = gnutls_certificate_allocate_credentials(&new->cred);
	if (rv == 0)
		rv = gnutls_certificate_set_x509_key_mem2(new->cred, &c, &k,
		    GNUTLS_X509_FMT_PEM, NULL, 0);
	if (rv < 0) {
		gnutls_certificate_free_credentials(new->cred);
		mem_free(&new);
		return error_tls(e, rv, "key and certificate");
	}
	if (chain_end(end, &c, e) == -1) {
		gnutls_certificate_free_credentials(new->cred);
		mem_free(&new);
		return -1;
	}
	*out = new;
	return 0;
}

/* Key and certificate are replaced one after the other: between the two they
 * do not fit, and the next look finds them whole. */
int
http_tls_reload(struct http_tls *t, struct error *e)
{
	struct credentials	*fresh;
	struct buf		 key = { 0 }, cert = { 0 };
	int64_t			 end = 0;
	int			 rc = -1;

	if (read_pem(&key, t->key_path, e) == -1 ||
	    read_pem(&cert, t->cert_path, e) == -1)
		goto out;
	if (bytes_equal(BYTES(cert.p, cert.len), BYTES(t->cert.p,
	    t->cert.len)) && bytes_equal(BYTES(key.p, key.len),
	    BYTES(t->key.p, t->key.len))) {
		rc = 0;
		goto out;
	}
	if (credentials_new(&fresh, &end, &key, &cert, e) == -1) {
		error_wrap(e, "%s", t->cert_path);
		goto out;
	}
	pthread_mutex_lock(&t->lock);
	fresh->older = t->now;
	t->now = fresh;
	t->not_after = end;
	pthread_mutex_unlock(&t->lock);
	wipe(&t->key);
	buf_clear(&t->cert);
	t->key = key;
	t->cert = cert;
	t->base.key_pem = (const char *)t->key.p;
	t->base.cert_pem = (const char *)t->cert.p;
	return 1;
 out:
	wipe(&key);
	buf_clear(&cert);
	return rc;
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
	t->key_path = mem_strdup(conf->key);
	t->cert_path = mem_strdup(conf->cert != NULL ? conf->cert :
	    conf->key);
	t->ask = conf->ask;
	t->base.started = tls_started;
	t->base.priorities = conf->priorities != NULL ? conf->priorities :
	    HTTP_TLS_PRIORITIES;
	if (check_priorities(t->base.priorities, e) == -1 ||
	    http_tls_reload(t, e) == -1) {
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
		gnutls_certificate_free_credentials(c->cred);
		mem_free(&c);
	}
	wipe(&t->key);
	buf_clear(&t->cert);
	mem_free(&t->key_path);
	mem_free(&t->cert_path);
	pthread_mutex_destroy(&t->lock);
	mem_free(tp);
}

int64_t
http_tls_not_after(struct http_tls *t)
{
	int64_t	 end;

	pthread_mutex_lock(&t->lock);
	end = t->not_after;
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
