/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_SEALER_H
#define SIGNET_RA_SEALER_H
/*
 * The process that has the key of the registration authority.
 *
 * It knows neither the network nor the store: it gets an order over a
 * socketpair and gives it back with the RA's signature.  What that signature
 * is worth the CA decides: beside an officer's assertion it carries what the
 * officer decided, alone only what a profile leaves to the RA.
 */
#include <openssl/x509.h>
#include "base/error.h"
#include "base/mem.h"
#include "settings.h"

/* The body of the process (proc_fn); arg is a struct rad_conf. */
int	 sealer_main(int parent, void *conf);

/* The other end, for many threads. */
struct sealer;
void	 sealer_new(struct sealer **, int fd);
void	 sealer_free(struct sealer **);
/* assertion len 0: the RA's signature alone, officer is not looked at. */
int	 sealer_seal(struct sealer *, struct bytes blob, X509 *officer,
	    struct bytes assertion, struct buf *out, struct error *);
/* The RA's certificate as it is now; the caller frees it. */
int	 sealer_cert(struct sealer *, X509 **, struct error *);
#endif
