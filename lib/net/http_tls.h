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

struct http_tls_conf {
	const char	*key;		/* PEM file */
	const char	*cert;		/* PEM file with its chain; NULL: key */
	const char	*priorities;	/* NULL: HTTP_TLS_PRIORITIES */
	bool		 ask;		/* clients for a certificate */
};
/* TLS 1.2 and 1.3, forward secrecy and authenticated encryption only. */
#define HTTP_TLS_PRIORITIES	"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:" \
	"-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:-CIPHER-ALL:+AES-256-GCM:" \
	"+AES-128-GCM:+CHACHA20-POLY1305:-MAC-ALL:+AEAD:-SIGN-RSA-SHA1:" \
	"-SIGN-ECDSA-SHA1:-GROUP-FFDHE2048:-GROUP-FFDHE3072:" \
	"-GROUP-FFDHE4096:-GROUP-FFDHE6144:-GROUP-FFDHE8192:%NO_TICKETS"

struct http_tls;
/* Reads both files.  ERROR_CONFIG when they do not belong together.  It must
 * outlive the servers that it is given to. */
int	 http_tls_new(struct http_tls **, const struct http_tls_conf *,
	    struct error *);
void	 http_tls_free(struct http_tls **);
/*
 * Read the files again: 1 connections from now on get another certificate, 0
 * it is still the same, -1 what is there is not usable and the old one stays.
 */
int	 http_tls_reload(struct http_tls *, struct error *);
int64_t	 http_tls_not_after(struct http_tls *);

/* The i-th certificate that the client sent (0: its own), DER, until the
 * handler returns; len 0: there is none. */
struct bytes http_peer_certificate(const struct http_request *, unsigned int i);
#endif
