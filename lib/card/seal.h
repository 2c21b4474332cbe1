/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CARD_SEAL_H
#define SIGNET_CARD_SEAL_H
/*
 * Sealing: CMS AuthEnvelopedData (RFC 5083) with AES-256-GCM to one or several
 * certificates, so that who has the key of any of them can open it and nobody
 * can alter it.  RSA keys by OAEP with SHA-256, EC keys by ephemeral ECDH with
 * SHA-256.  "openssl cms -decrypt -inform DER" opens it, too.
 */
#include <openssl/x509.h>
#include "base/error.h"
#include "base/mem.h"
#include "base/secret.h"

#define SEAL_CLEAR_MAX	(32u << 20)

struct seal {			/* to whom */
	STACK_OF(X509)	*to;
};
/* One more recipient: the certificate, PEM or DER.  ERROR_CONFIG when it has
 * expired, its key is too weak or of another kind, or its usages forbid it. */
int	 seal_add(struct seal *, const char *path, int64_t now,
	    struct error *);
int	 seal_add_cert(struct seal *, X509 *, int64_t now, struct error *);
void	 seal_clear(struct seal *);

/* Append DER.  What is clear is read and not copied. */
int	 seal_make(struct buf *out, const struct seal *, const void *clear,
	    size_t len, struct error *);
/* ERROR_DENIED: it is not sealed to this certificate, or was altered. */
int	 seal_open(struct secret *clear, struct bytes sealed, X509 *,
	    EVP_PKEY *, struct error *);
/* The same for much that is no secret once it is opened; appended. */
int	 seal_open_much(struct buf *clear, struct bytes sealed, X509 *,
	    EVP_PKEY *, struct error *);
#endif
