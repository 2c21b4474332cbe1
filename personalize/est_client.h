/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PERSONALIZE_EST_CLIENT_H
#define SIGNET_PERSONALIZE_EST_CLIENT_H
/*
 * The client's side of EST (RFC 7030, 4.2): a request goes to a registration
 * authority with a one-time code, and a certificate comes back, then or later.
 * The same request may be sent as often as one likes.
 */
#include <openssl/x509.h>
#include "base/error.h"
#include "base/mem.h"
#include "base/secret.h"

struct est_client {
	const char	*ra;		/* https://ra.example.org */
	const char	*profile;	/* a label in the path, or NULL */
	const char	*roots;		/* PEM; NULL: those of this machine */
	const char	*user;		/* holder or order */
	const struct secret *code;
	int		 ms;
};
/*
 * 1 and the certificate, which is for this key; 0 not yet, ask again in *after
 * seconds, and *why says what it waits for; -1: ERROR_DENIED a code that the
 * RA does not take, an order that was refused, an RA that cannot prove who it
 * is; ERROR_UPSTREAM it is away.
 */
int	 est_client_enrol(const struct est_client *, struct bytes request,
	    EVP_PKEY *key, X509 **cert, int *after, char why[200],
	    struct error *);
/* The certificate for this key in an answer's body (RFC 7030, 4.2.3). */
int	 est_client_parse(X509 **cert, struct bytes body, EVP_PKEY *key,
	    struct error *);
#endif
