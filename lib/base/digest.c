/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <openssl/evp.h>
#include "base/mem.h"

void
digest_sha256(uint8_t out[DIGEST_SHA256], const void *p, size_t n)
{
	if (EVP_Digest(p, n, out, NULL, EVP_sha256(), NULL) != 1)
		mem_fail();
}

void
digest_sha1(uint8_t out[DIGEST_SHA1], const void *p, size_t n)
{
	if (EVP_Digest(p, n, out, NULL, EVP_sha1(), NULL) != 1)
		mem_fail();
}
