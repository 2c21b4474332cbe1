/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_TESTS_LIB_TESTSEAL_H
#define SIGNET_TESTS_LIB_TESTSEAL_H
/*
 * For tests of sealing; a failure in here is the test's.
 */
#include "base/mem.h"
#include "tests/lib/testpki.h"

/* A certificate of the services CA with this key usage. */
X509	*testseal_cert(const struct testpki *, EVP_PKEY *, const char *usage);
/* It opens, and has this in it. */
/* With another algorithm of the content, or another tag; NULL: its own. */
void	 testseal_remade(struct buf *out, const struct buf *sealed,
	    struct bytes algorithm, struct bytes tag);
void	 testseal_opens(const struct buf *sealed, X509 *, EVP_PKEY *,
	    const char *clear);
#endif
