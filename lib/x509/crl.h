/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_CRL_H
#define SIGNET_X509_CRL_H
/*
 * Certificate revocation lists (RFC 5280 section 5): from an iterator of
 * entries sorted by serial to signed DER, and back.  No clock, no store.
 */
#include <stdint.h>
#include "base/error.h"
#include "base/mem.h"
#include "x509/cert.h"

struct crl_entry {
	uint8_t	 serial[CERT_SERIAL_SIZE + 1];	/* magnitude, big-endian */
	uint8_t	 serial_len;
	int8_t	 reason;	/* CRLReason, or -1: absent (never 0) */
	int64_t	 revoked_at;
	int64_t	 invalid_since;	/* 0: absent */
};
int	 crl_entry_compare(const struct crl_entry *, const struct crl_entry *);

struct crl_params {
	int64_t	 number;
	int64_t	 this_update, next_update;
};
/* 1: *entry filled, 0: end, -1.  Serials strictly ascending, or ERROR_BUG. */
typedef int crl_next_fn(void *arg, struct crl_entry *, struct error *);

int	 crl_sign(struct buf *out, const struct crl_params *, crl_next_fn *,
	    void *arg, const struct issuer *, EVP_PKEY *, struct error *);

struct crl {
	struct crl_params	 params;
	struct crl_entry	*v;
	size_t			 n;
};
/* Strict parse and signature check against the issuer. */
int	 crl_parse(struct crl **, struct bytes der, const struct issuer *,
	    struct error *);
/* By binary search: the entry, or NULL.  Needs ascending order, which
 * crl_parse checks. */
const struct crl_entry *crl_find(const struct crl *, const uint8_t *serial,
	    size_t len);
void	 crl_free(struct crl **);
#endif
