/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_NET_HTTP_TLS_H
#define SIGNET_NET_HTTP_TLS_H
/*
 * TLS for the HTTP server: libmicrohttpd's, which is GnuTLS.
 *
 * GnuTLS does the protocol.  Whether a client's certificate is good it is not
 * asked: any is taken, and http_peer_certificate() gives it to the handler,
 * which judges it and can say in words what is wrong.  No session is resumed,
 * so what the handler sees was proved on this very connection.
 */
#include <stdbool.h>
#include "net/http.h"

/*
 * A handshake is to be signed by the key whose public half (SPKI) has this
 * SHA-256: scheme is a number of RFC 8446, 4.2.3, digest what is hashed for
 * it.  Called by many threads.  The key itself the server does not need.
 */
typedef int http_tls_sign_fn(void *arg, const uint8_t key[32],
	    uint16_t scheme, struct bytes digest, struct buf *sig,
	    struct error *);

struct http_tls_conf {
	const char	*priorities;	/* NULL: HTTP_TLS_PRIORITIES */
	bool		 ask;		/* clients for a certificate */
	http_tls_sign_fn *sign;
	void		*arg;
};
/* TLS 1.2 and 1.3, forward secrecy and authenticated encryption only. */
#define HTTP_TLS_PRIORITIES	"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:" \
	"-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:-CIPHER-ALL:+AES-256-GCM:" \
	"+AES-128-GCM:+CHACHA20-POLY1305:-MAC-ALL:+AEAD:-SIGN-RSA-SHA1:" \
	"-SIGN-ECDSA-SHA1:-GROUP-FFDHE2048:-GROUP-FFDHE3072:" \
	"-GROUP-FFDHE4096:-GROUP-FFDHE6144:-GROUP-FFDHE8192:%NO_TICKETS"

struct http_tls;
/* It must outlive the servers that it is given to. */
int	 http_tls_new(struct http_tls **, const struct http_tls_conf *,
	    struct error *);
void	 http_tls_free(struct http_tls **);
/*
 * What the server shows, PEM, its own certificate first: 1 connections from
 * now on get it, 0 it is the same as before, -1 it is not usable and the old
 * one stays.  Once before a server is started.
 */
int	 http_tls_show(struct http_tls *, struct bytes pem, struct error *);
int64_t	 http_tls_not_after(struct http_tls *);

/* The i-th certificate that the client sent (0: its own), DER, until the
 * handler returns; len 0: there is none. */
struct bytes http_peer_certificate(const struct http_request *, unsigned int i);
#endif
