/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_ALG_PRIVATE_H
#define SIGNET_X509_ALG_PRIVATE_H
/*
 * RSASSA-PSS-params in the one form that we write and read: hash, MGF1 with
 * the same hash, a salt of its length, octet for octet what the S/MIME
 * baseline prints in 7.1.3.2.1.
 */
#include "x509/alg.h"

void	 alg_pss_put(struct buf *, const struct alg_hash *);

/* For signatures over pieces.  The digest, NULL: it is the algorithm's own. */
const EVP_MD *alg_md(const struct alg_sig *);
int	 alg_set_padding(const struct alg_sig *, EVP_PKEY_CTX *);	/* 1 */
int	 alg_check_size(const EVP_PKEY *, size_t, struct error *);
/* n octets of a signature are in the room that was reserved in out for it. */
int	 alg_signed(struct buf *out, size_t n, size_t room, EVP_PKEY *,
	    struct error *);
#endif
