/* SPDX-License-Identifier: Apache-2.0 */
#include "card.h"
#include "x509/alg.h"

static const struct card_driver *const drivers[] = { &piv_driver };

static const struct {
	const char	*name, *type, *group;
	int		 bits;
} algs[CARD_ALG__MAX] = {
	[CARD_RSA_2048] = { "rsa:2048", "RSA", NULL, 2048 },
	[CARD_RSA_3072] = { "rsa:3072", "RSA", NULL, 3072 },
	[CARD_RSA_4096] = { "rsa:4096", "RSA", NULL, 4096 },
	[CARD_P256] = { "ec:P-256", "EC", "prime256v1", 256 },
	[CARD_P384] = { "ec:P-384", "EC", "secp384r1", 384 },
};

const char *
card_alg_name(enum card_alg alg)
{
	return algs[alg].name;
}

int
card_alg_named(enum card_alg *alg, const char *name, struct error *e)
{
	for (int i = 0; i < CARD_ALG__MAX; i++)
		if (strcmp(algs[i].name, name) == 0) {
			*alg = (enum card_alg)i;
			return 0;
		}
	return error_set(e, ERROR_CONFIG, "no key \"%s\" for cards", name);
}

bool
card_key_is(EVP_PKEY *key, enum card_alg alg)
{
	char	 group[40] = "";

	if (!alg_key_is(key, algs[alg].type))
		return false;
	if (algs[alg].group == NULL)
		return EVP_PKEY_get_bits(key) == algs[alg].bits;
	return EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
	    strcmp(group, algs[alg].group) == 0;
}

/* SP 800-78-5, table 7; the best one first. */
static const struct {
	const char	*name;
	uint8_t		 alg, size;
} managements[] = {
	{ "aes-256", 0x0c, 32 }, { "aes-192", 0x0a, 24 },
	{ "aes-128", 0x08, 16 }, { "3des", 0x03, 24 },
};
#define NMANAGEMENTS	(sizeof(managements) / sizeof(managements[0]))

uint8_t
card_management_named(const char *name)
{
	for (size_t i = 0; i < NMANAGEMENTS; i++)
		if (strcmp(managements[i].name, name) == 0)
			return managements[i].alg;
	return 0;
}

size_t
card_management_size(uint8_t alg)
{
	for (size_t i = 0; i < NMANAGEMENTS; i++)
		if (managements[i].alg == alg)
			return managements[i].size;
	return 0;
}

uint8_t
card_management_best(size_t size)
{
	for (size_t i = 0; i < NMANAGEMENTS; i++)
		if (managements[i].size == size)
			return managements[i].alg;
	return 0;
}

uint8_t
card_management_next(uint8_t alg)
{
	for (size_t i = 0; i + 1 < NMANAGEMENTS; i++)
		if (managements[i].alg == alg)
			return managements[i + 1].alg;
	return 0;
}

const char *
card_slot_name(enum card_slot slot)
{
	static const char *const names[CARD_RETIRED] = {
		[CARD_AUTHENTICATION] = "authentication",
		[CARD_SIGNATURE] = "signature",
		[CARD_KEY_MANAGEMENT] = "key management",
		[CARD_ITSELF] = "card authentication",
	};

	return slot < CARD_RETIRED ? names[slot] : "former key management";
}

int
card_slot_named(enum card_slot *slot, const char *name, struct error *e)
{
	for (int i = 0; i < CARD_RETIRED; i++)
		if (strcmp(card_slot_name((enum card_slot)i), name) == 0) {
			*slot = (enum card_slot)i;
			return 0;
		}
	return error_set(e, ERROR_CONFIG, "no slot \"%s\" on cards", name);
}

int
card_open(struct card *c, struct card_io *io, struct error *e)
{
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		*c = (struct card){ .driver = drivers[i], .io = io };
		if (c->driver->select(c, e) == 0)
			return 0;
		if (e->code != ERROR_NOTFOUND)
			return -1;
	}
	return error_hint(e, "put in a card that has PIV");
}

/* What cannot change decides, where there is such a thing. */
bool
card_is_same(const struct card_info *a, const struct card_info *b)
{
	if (a->extended != b->extended ||
	    strcmp(a->identity, b->identity) != 0)
		return false;
	return a->identity[0] != '\0' || !a->has_guid || (b->has_guid &&
	    memcmp(a->guid, b->guid, sizeof(a->guid)) == 0);
}

int
card_reopen(struct card *c, struct error *e)
{
	struct card_info	 before = c->info;

	if (apdu_reconnect(c->io, e) == -1)
		return -1;
	if (c->driver->select(c, e) == -1) {
		c->info = before;	/* still whom we look for */
		c->io->lost = true;
		return -1;
	}
	if (card_is_same(&before, &c->info))
		return 0;
	c->info = before;
	c->io->lost = true;
	return error_set(e, ERROR_CONFLICT,
	    "another card is in the reader now");
}

void
card_release(struct card *c)
{
	apdu_release(c->io);
}
