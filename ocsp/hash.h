/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OCSP_HASH_H
#define SIGNET_OCSP_HASH_H
/*
 * SipHash-2-4, for tables whose keys strangers choose: without the secret
 * nobody can make many of them meet in one place.
 */
#include <stddef.h>
#include <stdint.h>

struct hash_key {
	uint64_t	 k[2];
};
uint64_t hash_keyed(const struct hash_key *, const void *, size_t);
#endif
