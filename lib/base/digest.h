/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_BASE_DIGEST_H
#define SIGNET_BASE_DIGEST_H
/*
 * Digests of what is at hand.  OpenSSL needs memory for them; without it the
 * process ends like that of mem_alloc(), for nobody looks at what comes back of a
 * function that cannot fail, and what was in "out" before is no digest.
 */
#include <stddef.h>
#include <stdint.h>

#define DIGEST_SHA256	32
#define DIGEST_SHA1	20

void	 digest_sha256(uint8_t out[DIGEST_SHA256], const void *p, size_t n);
/* For formats that ask for it: no protection. */
void	 digest_sha1(uint8_t out[DIGEST_SHA1], const void *p, size_t n);
#endif
