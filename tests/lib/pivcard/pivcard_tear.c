/* SPDX-License-Identifier: Apache-2.0 */
/* What is left when the power goes in the middle of a write; or in the middle of
 * the use of a key, of which some cards keep a count beside it. */
#include <openssl/rand.h>
#include "pivcard.h"

static void
forget_key(struct pivcard *c, uint8_t slot)
{
	struct pivcard_key	*k = pivcard_key_find(c, slot);

	if (k == NULL)
		return;
	EVP_PKEY_free(k->key);
	*k = c->keys[--c->nkeys];
}

static void
halve_object(struct pivcard *c)
{
	struct pivcard_object	*o = pivcard_object_find(c, c->written);

	if (o != NULL)
		o->value.len /= 2;
}

static void
garble(uint8_t *p, size_t n)
{
	pivcard_must(RAND_bytes(p, (int)n) == 1, "garble");
}

void
pivcard_tear(struct pivcard *c, struct bytes in)
{
	if (in.len < 4 || in.p[0] != 0)
		return;
	switch (in.p[1]) {
	case 0x24:
	case 0x2c:
		garble((in.p[3] == 0x80 ? &c->pin : &c->puk)->value,
		    sizeof(c->pin.value));
		break;
	case 0x47:
	case 0x87:
		forget_key(c, in.p[3]);
		break;
	case 0xdb:
		halve_object(c);
		break;
	case 0xff:
		garble(c->manage, sizeof(c->manage));
		break;
	default:
		return;
	}
	pivcard_save(c);
}
