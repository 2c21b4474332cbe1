/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_KEY_PIECES_H
#define SIGNET_X509_KEY_PIECES_H
/*
 * Signatures over what is too long to hold: the data comes in pieces.
 *
 * Ed25519 and its like want their data at once: then *out is NULL after a
 * successful begin, and the caller maps the data and uses alg_sign() or
 * alg_verify().
 */
#include "base/error.h"
#include "base/mem.h"
#include "x509/alg.h"

struct key_pieces;
int	 key_pieces_sign(struct key_pieces **out, const struct alg_sig *,
	    EVP_PKEY *, struct error *);
int	 key_pieces_verify(struct key_pieces **out, const struct alg_sig *,
	    EVP_PKEY *, struct error *);
int	 key_pieces_add(struct key_pieces *, struct bytes, struct error *);
/* The signature, appended; or whether sig is it: ERROR_CRYPTO if not. */
int	 key_pieces_end_sign(struct key_pieces *, struct buf *sig,
	    struct error *);
int	 key_pieces_end_verify(struct key_pieces *, struct bytes sig,
	    struct error *);
void	 key_pieces_free(struct key_pieces **);
#endif
