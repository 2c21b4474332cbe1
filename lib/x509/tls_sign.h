/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_TLS_SIGN_H
#define SIGNET_X509_TLS_SIGN_H
/*
 * The signature of a TLS server's handshake, by a key in a file or a token,
 * for who has the key and does not speak TLS.
 */
#include <openssl/evp.h>
#include "base/error.h"
#include "base/mem.h"

/*
 * scheme is a number of RFC 8446, 4.2.3 (ecdsa_secp256r1_sha256 is 0x0403);
 * digest what is signed, hashed as the scheme says.  Of an ECDSA scheme only
 * the hash counts, as in TLS 1.2: which curve goes with it TLS 1.3 knows.
 * Appended to out.  ERROR_INPUT for a scheme that is not known, not the key's,
 * or of another digest.
 */
int	 tls_sign(struct buf *out, EVP_PKEY *, uint16_t scheme,
	    struct bytes digest, struct error *);
#endif
