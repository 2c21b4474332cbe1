/* SPDX-License-Identifier: Apache-2.0 */
#include "binds.h"
#include "base/digest.h"

#include <openssl/sha.h>
#include <string.h>

struct known {
	uint8_t		 digest[SHA256_DIGEST_LENGTH];	/* of the blob */
	struct approved	*order;
};

struct binds {
	struct known	*v;
	size_t		 n;
};

struct binds *
binds_new(void)
{
	return mem_alloc(sizeof(struct binds));
}

static void
forget(struct binds *b)
{
	while (b->n > 0)
		approval_free(&b->v[--b->n].order);
}

void
binds_free(struct binds **bp)
{
	if (*bp == NULL)
		return;
	forget(*bp);
	mem_free(&(*bp)->v);
	mem_free(bp);
}

void
binds_turn(struct binds *b)
{
	if (b->n > BINDS_MAX)
		forget(b);
}

int
binds_open(struct binds *b, struct bytes blob, struct approval_cache *cache,
    struct approved **out, struct error *e)
{
	struct known	 new;
	size_t		 i;

	*out = NULL;
	digest_sha256(new.digest, blob.p, blob.len);
	for (i = 0; i < b->n; i++)
		if (memcmp(b->v[i].digest, new.digest,
		    sizeof(new.digest)) == 0) {
			*out = b->v[i].order;
			return 0;
		}
	if (approval_open_cached(&new.order, blob, cache, e) == -1)
		return -1;
	b->v = mem_resize(b->v, b->n + 1, sizeof(*b->v));
	b->v[b->n++] = new;
	*out = new.order;
	return 0;
}
