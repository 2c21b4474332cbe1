/* SPDX-License-Identifier: Apache-2.0 */
/* GENERATE ASYMMETRIC KEY PAIR and GENERAL AUTHENTICATE: part 2, 3.2.4, 3.3.2;
 * key references and algorithms of SP 800-78-4, tables 6 and 7. */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include "pivcard.h"

enum { PIN_NEVER = 1, PIN_ONCE = 2, PIN_ALWAYS = 3 };

static const struct {
	uint8_t		 alg;
	bool		 extended;	/* only there */
	unsigned int	 bits;		/* RSA */
	const char	*curve;
} algs[] = {
	{ 0x07, false, 2048, NULL },
	{ 0x05, true, 3072, NULL },
	{ 0x16, true, 4096, NULL },
	{ 0x11, false, 0, "P-256" },
	{ 0x14, false, 0, "P-384" },
};
#define NALGS	(sizeof(algs) / sizeof(algs[0]))

bool
pivcard_slot_is(const struct pivcard *c, uint8_t slot)
{
	return slot == 0x9a || (slot >= 0x9c && slot <= 0x9e) ||
	    (slot >= 0x82 && slot <= 0x95) || (c->extended && slot == 0xf9);
}

struct pivcard_key *
pivcard_key_find(struct pivcard *c, uint8_t slot)
{
	for (size_t i = 0; i < c->nkeys; i++)
		if (c->keys[i].slot == slot)
			return &c->keys[i];
	return NULL;
}

void
pivcard_key_set(struct pivcard *c, uint8_t slot, uint8_t alg,
    uint8_t pin_policy, uint8_t touch, EVP_PKEY *key)
{
	struct pivcard_key	*k = pivcard_key_find(c, slot);

	if (k == NULL) {
		pivcard_must(c->nkeys < PIVCARD_KEYS, "keep another key");
		k = &c->keys[c->nkeys++];
	} else
		EVP_PKEY_free(k->key);
	*k = (struct pivcard_key){ slot, alg, pin_policy, touch, key };
}

EVP_PKEY *
pivcard_key_make(uint8_t alg)
{
	for (size_t i = 0; i < NALGS; i++)
		if (algs[i].alg == alg)
			return algs[i].curve != NULL ?
			    EVP_EC_gen(algs[i].curve) :
			    EVP_RSA_gen(algs[i].bits);
	return NULL;
}

static void
put_number(struct buf *out, uint8_t tag, EVP_PKEY *key, const char *name)
{
	BIGNUM	*n = NULL;
	uint8_t	 b[512];
	int	 len = 0;

	pivcard_must(EVP_PKEY_get_bn_param(key, name, &n) == 1 &&
	    (len = BN_bn2bin(n, b)) > 0, "read a key's number");
	ber_put(out, tag, b, (size_t)len);
	BN_free(n);
}

void
pivcard_public(struct buf *out, EVP_PKEY *key)
{
	unsigned char	*point = NULL;
	size_t		 n;

	if (EVP_PKEY_is_a(key, "RSA")) {
		put_number(out, 0x81, key, OSSL_PKEY_PARAM_RSA_N);
		put_number(out, 0x82, key, OSSL_PKEY_PARAM_RSA_E);
		return;
	}
	n = EVP_PKEY_get1_encoded_public_key(key, &point);
	pivcard_must(n > 0, "read a key's point");
	ber_put(out, 0x86, point, n);
	OPENSSL_free(point);
}

/* AC { 80 algorithm }, and the vendors' AA PIN policy and AB touch. */
static int
read_control(const struct pivcard *c, struct bytes in, uint8_t got[3])
{
	struct bytes	 v;
	uint32_t	 tag;
	int		 rc;

	if (ber_next(&in, &tag, &v) != 1 || tag != 0xac || in.len != 0)
		return -1;
	in = v;
	while ((rc = ber_next(&in, &tag, &v)) == 1) {
		if (v.len != 1)
			return -1;
		if (tag == 0x80)
			got[0] = v.p[0];
		else if (c->extended && (tag == 0xaa || tag == 0xab))
			got[tag - 0xa9] = v.p[0];
		else
			return -1;
	}
	return rc;
}

static bool
alg_is_offered(const struct pivcard *c, uint8_t alg)
{
	for (size_t i = 0; i < NALGS; i++)
		if (algs[i].alg == alg)
			return c->extended || !algs[i].extended;
	return false;
}

static uint8_t
policy_of(uint8_t slot, uint8_t wanted)
{
	if (wanted != 0)
		return wanted;
	return slot == 0x9e ? PIN_NEVER : slot == 0x9c ? PIN_ALWAYS : PIN_ONCE;
}

/* The same for all cards of this file; made when the first one asks. */
static EVP_PKEY *
injected_key(const char *path, uint8_t alg)
{
	EVP_PKEY	*key = NULL;
	FILE		*f = fopen(path, "r");

	if (f != NULL)
		key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	else if ((f = fopen(path, "wx")) != NULL &&
	    (key = pivcard_key_make(alg)) != NULL)
		pivcard_must(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL,
		    NULL) == 1, "keep the key");
	pivcard_must(f != NULL && fclose(f) == 0, "open the key");
	return key;
}

uint16_t
pivcard_generate(struct pivcard *c, const struct pivcard_command *cmd,
    struct buf *out)
{
	struct buf	 in = { 0 };
	uint8_t		 got[3] = { 0, 0, 0 };
	EVP_PKEY	*key, *other;

	if (!c->managed && !c->channel.is_open)
		return SW_SECURITY;
	if (!pivcard_is_defined(c, cmd->p2))
		return SW_NO_REFERENCE;
	/* Keys that have retired come to a strict card from elsewhere. */
	if (cmd->p1 != 0 || !pivcard_slot_is(c, cmd->p2) ||
	    (!c->extended && cmd->p2 < 0x9a))
		return SW_P1P2;
	if (read_control(c, cmd->data, got) == -1)
		return SW_DATA;
	if (!alg_is_offered(c, got[0]))
		return c->kind != NULL ? c->kind->not_offered : SW_DATA;
	key = c->injected != NULL ? injected_key(c->injected, got[0]) :
	    pivcard_key_make(got[0]);
	pivcard_must(key != NULL, "make a key");
	pivcard_key_set(c, cmd->p2, got[0], policy_of(cmd->p2, got[1]),
	    got[2] == 0 ? 1 : got[2], key);
	pivcard_save(c);
	if (c->lie == LIE_KEY) {
		other = pivcard_key_make(got[0]);
		pivcard_public(&in, other);
		EVP_PKEY_free(other);
	} else
		pivcard_public(&in, key);
	ber_put(out, 0x7f49, in.p, in.len);
	buf_clear(&in);
	return SW_OK;
}

/* A block as long as the modulus, to the private exponent. */
static uint16_t
use_rsa(EVP_PKEY *key, struct bytes in, struct buf *out)
{
	EVP_PKEY_CTX	*ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	uint8_t		 r[512];
	size_t		 n = sizeof(r);
	uint16_t	 sw = SW_DATA;

	pivcard_must(ctx != NULL && EVP_PKEY_decrypt_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1,
	    "use an RSA key");
	if (in.len == (size_t)EVP_PKEY_get_size(key) &&
	    EVP_PKEY_decrypt(ctx, r, &n, in.p, in.len) == 1) {
		ber_put(out, 0x82, r, n);
		sw = SW_OK;
	}
	EVP_PKEY_CTX_free(ctx);
	return sw;
}

static uint16_t
use_ecdsa(EVP_PKEY *key, struct bytes in, struct buf *out)
{
	EVP_PKEY_CTX	*ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	uint8_t		 r[160];
	size_t		 n = sizeof(r);
	uint16_t	 sw = SW_DATA;

	pivcard_must(ctx != NULL && EVP_PKEY_sign_init(ctx) == 1,
	    "use an EC key");
	if (in.len * 8 == (size_t)EVP_PKEY_get_bits(key) &&
	    EVP_PKEY_sign(ctx, r, &n, in.p, in.len) == 1 && n <= sizeof(r)) {
		ber_put(out, 0x82, r, n);
		sw = SW_OK;
	}
	EVP_PKEY_CTX_free(ctx);
	return sw;
}

static uint16_t
use_ecdh(EVP_PKEY *key, struct bytes point, struct buf *out)
{
	EVP_PKEY	*peer = EVP_PKEY_new();
	EVP_PKEY_CTX	*ctx = NULL;
	uint8_t		 z[66];
	size_t		 n = sizeof(z);
	uint16_t	 sw = SW_DATA;

	pivcard_must(peer != NULL &&
	    EVP_PKEY_copy_parameters(peer, key) == 1, "copy a curve");
	if (EVP_PKEY_set1_encoded_public_key(peer, point.p, point.len) == 1 &&
	    (ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL)) != NULL &&
	    EVP_PKEY_derive_init(ctx) == 1 &&
	    EVP_PKEY_derive_set_peer(ctx, peer) == 1 &&
	    EVP_PKEY_derive(ctx, z, &n) == 1) {
		ber_put(out, 0x82, z, n);
		sw = SW_OK;
	}
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(peer);
	return sw;
}

/* On a strict card EC keys for key management agree and do nothing else, and
 * the others sign: SP 800-73-4 part 2, A.4 and A.5. */
static uint16_t
use_key(struct pivcard *c, struct pivcard_key *k, struct bytes challenge,
    struct bytes point, struct buf *out)
{
	bool	 agrees = k->slot == 0x9d || k->slot < 0x9a;
	bool	 is_rsa = EVP_PKEY_is_a(k->key, "RSA");
	uint16_t sw;

	if (point.len > 0)
		return is_rsa || (!c->extended && !agrees) ? SW_P1P2 :
		    use_ecdh(k->key, point, out);
	if (is_rsa)
		sw = use_rsa(k->key, challenge, out);
	else if (!c->extended && agrees)
		sw = SW_P1P2;
	else
		sw = use_ecdsa(k->key, challenge, out);
	if (sw == SW_OK && c->lie == LIE_SIGNATURE)
		out->p[out->len - 1] ^= 1;
	return sw;
}

static uint16_t
check_use(struct pivcard *c, const struct pivcard_command *cmd,
    struct pivcard_key **k)
{
	bool	 now = c->verified_now;

	c->verified_now = false;
	if (!pivcard_slot_is(c, cmd->p2) ||
	    (*k = pivcard_key_find(c, cmd->p2)) == NULL ||
	    (*k)->alg != cmd->p1)
		return SW_P1P2;
	if (((*k)->pin_policy == PIN_ALWAYS && !now) ||
	    ((*k)->pin_policy == PIN_ONCE && !c->verified))
		return SW_SECURITY;
	return SW_OK;
}

uint16_t
pivcard_authenticate(struct pivcard *c, const struct pivcard_command *cmd,
    struct buf *out)
{
	struct bytes	 in = cmd->data, v, part[6] = { { NULL, 0 } };
	bool		 has[6] = { false };
	struct pivcard_key *k;
	struct buf	 made = { 0 };
	uint32_t	 tag;
	uint16_t	 sw;
	int		 rc;

	if (ber_next(&in, &tag, &v) != 1 || tag != 0x7c || in.len != 0)
		return SW_DATA;
	while ((rc = ber_next(&v, &tag, &in)) == 1) {
		if (tag < 0x80 || tag > 0x85)
			return SW_DATA;
		part[tag - 0x80] = in;
		has[tag - 0x80] = true;
	}
	if (rc == -1)
		return SW_DATA;
	if (cmd->p2 == 0x9b)
		return pivcard_manage_auth(c, cmd, part[0], has[0], part[1],
		    has[1], part[2], has[2], out);
	if ((sw = check_use(c, cmd, &k)) != SW_OK)
		return sw;
	if (!has[2] || part[2].len != 0 || has[1] == has[5])
		return SW_DATA;
	if ((sw = use_key(c, k, part[1], part[5], &made)) == SW_OK)
		ber_put(out, 0x7c, made.p, made.len);
	buf_clear(&made);
	return sw;
}
