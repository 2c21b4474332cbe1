/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_CMP_H
#define SIGNET_RA_CMP_H
/*
 * The Certificate Management Protocol over HTTP (RFC 9810, 9811, 9483), by
 * OpenSSL's server functions: ir, cr, p10cr, kur, rr, genm, certConf and
 * pollReq.
 *
 * Who asks is known by a shared secret, of which the settings say for what it
 * is good, or by the signature of a certificate of ours.  Answers are
 * protected by the same secret, or signed by the web server's key.
 */
#include <openssl/cmp.h>
#include "base/secret.h"
#include "cmp_trans.h"
#include "db/db_cert.h"
#include "enrol.h"
#include "settings.h"

/* What all threads share. */
struct cmp {
	struct cmp_table	*table;
	struct secret		*secret;	/* as conf->cmp_secrets */
	size_t			 n;
	struct secret		 decoy;		/* of references that are none */
};
int	 cmp_open(struct cmp **, const struct rad_conf *, struct error *);
void	 cmp_close(struct cmp **);

/* One message on its way through OpenSSL. */
struct cmp_turn {
	struct page			*page;
	struct cmp_trans		*trans;
	const struct profile		*profile;	/* of the path; or NULL */
	/*
	 * Who: by the certificate that signs; or by the secret that this
	 * reference names.  A reference that names none has a MAC that nobody
	 * can make, and goes the way of a wrong secret.
	 */
	struct db_cert			 row;	/* what client leads to */
	const struct db_cert		*client;
	const struct secret		*mac;
	struct bytes			 reference;
	const struct rad_cmp_secret	*secret;	/* NULL: names none */
	unsigned int			 body;
	bool				 later;	/* the CA is at trans->order */
	bool				 goes_on;
};
/* Answer it.  ERROR_INPUT for what OpenSSL cannot even read. */
int	 cmp_serve(struct cmp_turn *, struct bytes message, struct buf *reply,
	    struct error *);

/* cmp_order.c: the order that this request makes, by whom it comes. */
int	 cmp_enrol(struct cmp_turn *, const struct csr *, struct error *);
/* ... and a revocation of the client's own certificate. */
int	 cmp_revoke(struct cmp_turn *, const X509_NAME *issuer,
	    const ASN1_INTEGER *serial, struct error *);

/* cmp_info.c: what is known of that which is asked for. */
int	 cmp_inform(struct cmp_turn *, const STACK_OF(OSSL_CMP_ITAV) *asked,
	    STACK_OF(OSSL_CMP_ITAV) *told, struct error *);
#endif
