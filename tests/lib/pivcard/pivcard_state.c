/* SPDX-License-Identifier: Apache-2.0 */
/* What a card keeps: a line each, a word and its values in hexadecimal. */
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <errno.h>
#include "pivcard.h"

#define LINE_MAX_	40000

static void
put_hex(FILE *f, const void *p, size_t n)
{
	const uint8_t	*b = p;

	for (size_t i = 0; i < n; i++)
		fprintf(f, "%02x", b[i]);
	putc('\n', f);
}

static void
save_pin(FILE *f, const char *name, const struct pivcard_pin *pin)
{
	fprintf(f, "%s %x %x %x ", name, (unsigned int)pin->tries,
	    (unsigned int)pin->max, (unsigned int)pin->is_default);
	put_hex(f, pin->value, sizeof(pin->value));
}

static void
save_channel(FILE *f, const struct pivcard *c)
{
	uint8_t	 keys[64];

	memcpy(keys, c->channel_enc, c->channel_size);
	memcpy(keys + c->channel_size, c->channel_mac, c->channel_size);
	fprintf(f, "channel %zx %x %x ", c->channel_size,
	    (unsigned int)c->channel_count, (unsigned int)c->is_bare);
	put_hex(f, keys, 2 * c->channel_size);
	for (size_t i = 0; i < c->ndefined; i++)
		fprintf(f, "has %x 0 0\n", (unsigned int)c->defined[i]);
}

static void
save_all(FILE *f, const struct pivcard *c)
{
	fprintf(f, "card %x %zx %x\n", (unsigned int)c->extended,
	    c->object_max, (unsigned int)c->serial);
	save_pin(f, "pin", &c->pin);
	save_pin(f, "puk", &c->puk);
	fprintf(f, "manage %x %x 0 ", (unsigned int)c->manage_alg,
	    (unsigned int)c->manage_default);
	put_hex(f, c->manage, pivcard_manage_size(c->manage_alg));
	if (c->channel_size != 0)
		save_channel(f, c);
	for (size_t i = 0; i < c->nkeys; i++) {
		const struct pivcard_key *k = &c->keys[i];
		unsigned char	*der = NULL;
		int		 n = i2d_PrivateKey(k->key, &der);

		pivcard_must(n > 0, "write a key");
		fprintf(f, "key %x %x %x ", k->slot, k->alg,
		    (unsigned int)(k->pin_policy << 8 | k->touch));
		put_hex(f, der, (size_t)n);
		OPENSSL_free(der);
	}
	for (size_t i = 0; i < c->nobjects; i++) {
		fprintf(f, "object %x 0 0 ", (unsigned int)c->objects[i].tag);
		put_hex(f, c->objects[i].value.p, c->objects[i].value.len);
	}
}

void
pivcard_save(const struct pivcard *c)
{
	char	*tmp;
	FILE	*f;

	if (c->path == NULL)
		return;
	tmp = mem_printf("%s.new", c->path);
	pivcard_must((f = fopen(tmp, "w")) != NULL, "create the state file");
	save_all(f, c);
	pivcard_must(fclose(f) == 0 && rename(tmp, c->path) == 0,
	    "write the state file");
	mem_free(&tmp);
}

static void
load_key(struct pivcard *c, const unsigned int v[3], const uint8_t *p, long n)
{
	EVP_PKEY	*key = d2i_AutoPrivateKey(NULL, &p, n);

	pivcard_must(key != NULL, "read a key");
	pivcard_key_set(c, v[0] & 0xff, v[1] & 0xff, v[2] >> 8 & 0xff,
	    v[2] & 0xff, key);
}

static void
load_pin(struct pivcard_pin *pin, const unsigned int v[3], const uint8_t *p,
    long n)
{
	pivcard_must(n == sizeof(pin->value), "read a PIN");
	memcpy(pin->value, p, sizeof(pin->value));
	pin->tries = (int)v[0];
	pin->max = (int)v[1];
	pin->is_default = v[2] != 0;
}

static void
load_channel(struct pivcard *c, const unsigned int v[3], const uint8_t *p,
    long n)
{
	pivcard_must(p != NULL && v[0] <= 32 && n == 2 * (long)v[0],
	    "read the keys of a channel");
	c->channel_size = v[0];
	memcpy(c->channel_enc, p, v[0]);
	memcpy(c->channel_mac, p + v[0], v[0]);
	c->channel_count = v[1];
	c->is_bare = v[2] != 0;
}

static void
load_line(struct pivcard *c, const char *line)
{
	char		 word[8], *hex = mem_alloc(LINE_MAX_);
	unsigned int	 v[3] = { 0 };
	unsigned char	*p = NULL;
	long		 n = 0;

	pivcard_must(sscanf(line, "%7s %x %x %x %39000s", word, &v[0], &v[1],
	    &v[2], hex) >= 4, "read a line of the state file");
	if (hex[0] != '\0')
		pivcard_must((p = OPENSSL_hexstr2buf(hex, &n)) != NULL,
		    "read hexadecimal");
	if (strcmp(word, "card") == 0) {
		c->extended = v[0] != 0;
		c->object_max = v[1];
		c->serial = v[2];
	} else if (strcmp(word, "pin") == 0)
		load_pin(&c->pin, v, p, n);
	else if (strcmp(word, "puk") == 0)
		load_pin(&c->puk, v, p, n);
	else if (strcmp(word, "manage") == 0) {
		c->manage_alg = v[0] & 0xff;
		c->manage_default = v[1] != 0;
		pivcard_must(n > 0 && n <= (long)sizeof(c->manage), "read the key");
		memcpy(c->manage, p, (size_t)n);
	} else if (strcmp(word, "key") == 0)
		load_key(c, v, p, n);
	else if (strcmp(word, "channel") == 0)
		load_channel(c, v, p, n);
	else if (strcmp(word, "has") == 0)
		pivcard_must(pivcard_define(c, v[0]) == 0, "define more");
	else if (strcmp(word, "object") == 0)
		pivcard_object_set(c, v[0], BYTES(p, (size_t)n));
	OPENSSL_free(p);
	mem_free(&hex);
}

int
pivcard_load(struct pivcard *c, const char *path)
{
	char	*line = mem_alloc(LINE_MAX_);
	FILE	*f = fopen(path, "r");

	c->path = path;
	if (f == NULL) {
		mem_free(&line);
		return -1;
	}
	while (fgets(line, LINE_MAX_, f) != NULL)
		load_line(c, line);
	fclose(f);
	mem_free(&line);
	return 0;
}

void
pivcard_init(struct pivcard *c, bool extended, uint8_t manage_alg)
{
	static const uint8_t	 key[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

	*c = (struct pivcard){ .extended = extended, .object_max = 3000,
	    .manage_alg = manage_alg, .manage_default = true,
	    .pin = { "123456\xff\xff", 3, 3, true },
	    .puk = { "12345678", 3, 3, true } };
	for (size_t i = 0; i < sizeof(c->manage); i++)
		c->manage[i] = key[i % sizeof(key)];
}

void
pivcard_strip(struct pivcard *c, size_t key_size)
{
	c->is_bare = true;
	c->channel_size = key_size;
	for (size_t i = 0; i < key_size; i++)
		c->channel_enc[i] = c->channel_mac[i] = 0x40 + (i & 0xf);
	/* Nobody knows them. */
	pivcard_must(RAND_bytes(c->manage, sizeof(c->manage)) == 1 &&
	    RAND_bytes(c->pin.value, sizeof(c->pin.value)) == 1 &&
	    RAND_bytes(c->puk.value, sizeof(c->puk.value)) == 1,
	    "make secrets");
}

void
pivcard_clear(struct pivcard *c)
{
	for (size_t i = 0; i < c->nkeys; i++)
		EVP_PKEY_free(c->keys[i].key);
	for (size_t i = 0; i < c->nobjects; i++)
		buf_clear(&c->objects[i].value);
	buf_clear(&c->chain);
	buf_clear(&c->answer);
	*c = (struct pivcard){ .path = NULL };
}

/* A reset: nothing is selected, nobody has shown anything. */
void
pivcard_power(struct pivcard *c)
{
	c->selected = c->verified = c->verified_now = c->managed = false;
	c->in_domain = c->is_warm = false;
	c->channel = (struct pivcard_channel){ .mac_len = 0 };
	c->has_witness = c->has_challenge = false;
	buf_clear(&c->chain);
	buf_clear(&c->answer);
	c->answered = 0;
}
