/* SPDX-License-Identifier: Apache-2.0 */
#include "hash.h"

#include <endian.h>
#include <string.h>

static uint64_t
rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static void
rounds(uint64_t v[4], int n)
{
	while (n-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

static void
word(uint64_t v[4], uint64_t m)
{
	v[3] ^= m;
	rounds(v, 2);
	v[0] ^= m;
}

uint64_t
hash_keyed(const struct hash_key *key, const void *data, size_t len)
{
	const uint8_t	*p = data;
	uint64_t	 m, v[4] = {
		key->k[0] ^ 0x736f6d6570736575, key->k[1] ^ 0x646f72616e646f6d,
		key->k[0] ^ 0x6c7967656e657261, key->k[1] ^ 0x7465646279746573,
	};
	size_t		 left;

	for (left = len; left >= 8; left -= 8, p += 8) {
		memcpy(&m, p, 8);
		word(v, le64toh(m));
	}
	for (m = (uint64_t)len << 56; left > 0; left--)
		m |= (uint64_t)p[left - 1] << (8 * (left - 1));
	word(v, m);
	v[2] ^= 0xff;
	rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
