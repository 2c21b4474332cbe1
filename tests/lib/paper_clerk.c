/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/paper_clerk.h"

static void
set(struct secret *s, const char *text, size_t len)
{
	struct error	 e = ERROR_INIT;

	if (secret_set(s, text, len, &e) == -1)
		abort();
}

static struct paper_slot *
find(struct paper_clerk *p, enum card_slot slot)
{
	for (size_t i = 0; i < p->nslots; i++)
		if (p->slot[i].slot == slot)
			return &p->slot[i];
	return NULL;
}

static void
tell_secrets(const struct paper_clerk *p, struct job *j)
{
	if (p->own_management) {
		secret_free(&j->management);
		set(&j->management, "32 bytes for an AES-256 key, yes",
		    card_management_size(p->management_alg));
		j->management_alg = p->management_alg;
	}
	secret_free(&j->pin);
	secret_free(&j->puk);
	set(&j->pin, "72430981", 8);
	set(&j->puk, "98127364", 8);
}

static int
found(void *arg, const struct card_info *info, struct job *j,
    struct error *e)
{
	struct paper_clerk	*p = arg;

	if (info->has_guid && memcmp(info->guid, p->guid, 16) != 0)
		return error_set(e, ERROR_CONFLICT, "not this card");
	if (p->is_issued)
		return error_set(e, ERROR_CONFLICT, "issued already");
	*j = (struct job){ .name = { .expires = j->expires,
	    .unique = "random, truly" }, .expires = "20300101",
	    .number = "C-1", .holder = "somebody", .nslots = p->nslots,
	    .is_bare = p->is_bare,
	    .keeps_management = p->keeps_management, .channel_s16 = p->s16 };
	memcpy(j->name.guid, p->guid, sizeof(p->guid));
	set(&j->factory_management, "\1\2\3\4\5\6\7\10\1\2\3\4\5\6\7\10"
	    "\1\2\3\4\5\6\7\10", 24);
	set(&j->factory_pin, "123456", 6);
	set(&j->factory_puk, "12345678", 8);
	if (p->has_secrets)
		tell_secrets(p, j);
	for (size_t i = 0; i < p->nslots; i++) {
		struct paper_slot	*s = &p->slot[i];

		j->slot[i] = (struct job_slot){ .slot = s->slot,
		    .alg = s->alg, .ordered = s->ordered, .key = s->key,
		    .cert = s->cert };
		if (s->key != NULL)
			EVP_PKEY_up_ref(s->key);
		if (s->cert != NULL)
			X509_up_ref(s->cert);
	}
	return 0;
}

static int
begin(void *arg, enum job_step step, enum card_slot slot, struct error *e)
{
	struct paper_clerk	*p = arg;
	struct paper_slot	*s = find(p, slot);

	if (step == STEP_CHANNEL && p->begun[STEP_DENIED] > 0)
		return error_set(e, ERROR_CONFLICT, "denied before");
	p->begun[step]++;
	if (step == STEP_KEY && (s == NULL || s->ordered))
		return error_set(e, ERROR_BUG, "a key twice");
	if (step == STEP_CERT && (s == NULL || s->cert == NULL))
		return error_set(e, ERROR_BUG, "no certificate yet");
	if ((step == STEP_PIN || step == STEP_PUK || step == STEP_PREPARE ||
	    step == STEP_MANAGEMENT) && !p->has_secrets)
		return error_set(e, ERROR_BUG, "no secret is kept yet");
	if (step == STEP_KEY)
		s->begun = true;
	return p->is_broken ? error_set(e, ERROR_UPSTREAM, "no store") : 0;
}

static int
key(void *arg, const struct job_slot *j, struct bytes leaf,
    struct bytes issuer, struct buf *nonce, struct error *e)
{
	struct paper_clerk	*p = arg;
	struct paper_slot	*s = find(p, j->slot);

	(void)leaf;
	(void)issuer;
	if (s == NULL || !s->begun || s->ordered)
		return error_set(e, ERROR_BUG, "a key out of turn");
	EVP_PKEY_free(s->key);
	EVP_PKEY_up_ref(j->key);
	s->key = j->key;
	p->keys++;
	buf_add(nonce, "nonce", 5);
	return 0;
}

static int
request(void *arg, enum card_slot slot, struct bytes der, bool is_request,
    struct error *e)
{
	struct paper_slot	*s = find(arg, slot);

	(void)is_request;
	if (s == NULL || s->key == NULL || s->ordered || der.len == 0)
		return error_set(e, ERROR_BUG, "a request out of turn");
	s->ordered = true;
	return 0;
}

static int
wait_certs(void *arg, struct error *e)
{
	struct paper_clerk	*p = arg;
	struct testpki_spec	 spec = { .name = "holder" };

	for (size_t i = 0; i < p->nslots; i++) {
		struct paper_slot	*s = &p->slot[i];

		if (!s->ordered)
			return error_set(e, ERROR_BUG, "waits for nothing");
		if (s->cert != NULL)
			continue;
		s->cert = testpki_cert(p->pki, &spec, s->key, p->pki->people,
		    p->pki->people_key);
		p->certs++;
	}
	return 1;
}

static int
secrets(void *arg, struct job *j, struct error *e)
{
	struct paper_clerk	*p = arg;

	(void)e;
	tell_secrets(p, j);
	p->has_secrets = true;
	return 0;
}

static int
weaker(void *arg, struct job *j, struct error *e)
{
	static const uint8_t	 algs[] = { 0x0c, 0x0a, 0x08, 0x03, 0 };
	struct paper_clerk	*p = arg;
	size_t			 i = 0;

	while (algs[i] != 0 && algs[i] != j->management_alg)
		i++;
	if (algs[i] == 0 || algs[i + 1] == 0)
		return error_set(e, ERROR_CARD, "no weaker key");
	p->management_alg = algs[i + 1];
	tell_secrets(p, j);
	return 0;
}

/* Those that everybody knows, or others. */
static int
channel(void *arg, struct bytes diversification, struct secret *enc,
    struct secret *mac, struct error *e)
{
	struct paper_clerk	*p = arg;
	const char		*key = "@ABCDEFGHIJKLMNO@ABCDEFGHIJKLMNO@";

	if (p->begun[STEP_CHANNEL] == 0 || diversification.len != 10)
		return error_set(e, ERROR_BUG, "a channel out of turn");
	set(enc, key + (p->has_wrong_keys ? 1 : 0), p->channel_size);
	set(mac, key + (p->has_wrong_keys ? 1 : 0), p->channel_size);
	return 0;
}

static int
issued(void *arg, struct error *e)
{
	struct paper_clerk	*p = arg;

	if (p->is_issued || p->begun[STEP_CHECK] == 0)
		return error_set(e, ERROR_BUG, "issued out of turn");
	p->is_issued = true;
	return 0;
}

static int
failed(void *arg, const struct error *why, bool *again, struct error *e)
{
	struct paper_clerk	*p = arg;

	(void)e;
	p->failed = why->code;
	*again = false;
	return 0;
}

struct clerk
paper_clerk(struct paper_clerk *p)
{
	static const struct clerk_ops	 ops = { found, begin, key, request,
		wait_certs, secrets, weaker, channel, issued, failed };

	return (struct clerk){ &ops, p };
}

void
paper_clerk_init(struct paper_clerk *p, const struct testpki *pki,
    bool own_management)
{
	static const struct paper_slot	 slots[] = {
		{ .slot = CARD_AUTHENTICATION, .alg = CARD_P256 },
		{ .slot = CARD_SIGNATURE, .alg = CARD_P256 },
		{ .slot = CARD_KEY_MANAGEMENT, .alg = CARD_P384 },
		{ .slot = CARD_ITSELF, .alg = CARD_P256 },
	};

	*p = (struct paper_clerk){ .pki = pki, .guid = "a card for test",
	    .own_management = own_management, .management_alg = 0x0c,
	    .channel_size = 16 };
	p->nslots = sizeof(slots) / sizeof(slots[0]);
	memcpy(p->slot, slots, sizeof(slots));
}

void
paper_clerk_clear(struct paper_clerk *p)
{
	for (size_t i = 0; i < p->nslots; i++) {
		EVP_PKEY_free(p->slot[i].key);
		X509_free(p->slot[i].cert);
	}
	p->nslots = 0;
}
