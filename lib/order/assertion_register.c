/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an officer's browser gives when a credential was made (WebAuthn, 7.1),
 * as far as binding it needs.  No attestation: two people look at it instead.
 */
#include <string.h>
#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>
#include <jansson.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include "base/base64.h"
#include "base/digest.h"
#include "order/assertion.h"

#define HEADER		37	/* rpIdHash, flags, counter */
#define FLAGS		(0x01 | 0x04 | 0x40)	/* UP, UV, AT */

/* Base64url without padding, into bytes. */
static int
take_base64url(struct buf *out, const json_t *v, const char *name,
    struct error *e)
{
	struct buf	 text = { 0 };
	const char	*s;
	int		 rc = -1;

	if (!json_is_string(v) || json_string_length(v) > ASSERTION_MAX)
		return error_set(e, ERROR_INPUT, "no \"%s\" in it", name);
	for (s = json_string_value(v); *s != '\0'; s++)
		buf_byte(&text, *s == '-' ? '+' : *s == '_' ? '/' :
		    *s == '+' || *s == '/' ? '?' : (uint8_t)*s);
	while (text.len % 4 != 0)
		buf_byte(&text, '=');
	if (base64_parse(out, (const char *)text.p, text.len, e) == -1)
		error_wrap(e, "\"%s\"", name);
	else
		rc = 0;
	buf_clear(&text);
	return rc;
}

static int
check_auth_data(const struct buf *data, const char *rp_id, struct error *e)
{
	uint8_t	 hash[SHA256_DIGEST_LENGTH];

	if (data->len <= HEADER)
		return error_set(e, ERROR_INPUT, "authenticatorData is cut");
	digest_sha256(hash, rp_id, strlen(rp_id));
	if (memcmp(data->p, hash, sizeof(hash)) != 0)
		return error_set(e, ERROR_DENIED, "the credential is for "
		    "another relying party than %s", rp_id);
	if ((data->p[sizeof(hash)] & FLAGS) != FLAGS)
		return error_set(e, ERROR_DENIED, "the authenticator did not "
		    "check who was there (flags UP, UV), or made no "
		    "credential");
	return 0;
}

/*
 * COSE keys as CTAP2 has them encoded, octet for octet; so there is nothing to
 * parse, and no count that somebody sent is allocated.
 */
static const struct form {
	int		 alg;
	uint8_t		 head[11];
	size_t		 head_len, first;	/* of the key's first number */
	uint8_t		 middle[5];
	size_t		 middle_len, second;
} forms[] = {
	{ COSE_ES256, { 0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32 }, 10,
	    32, { 0x22, 0x58, 32 }, 3, 32 },
	{ COSE_EDDSA, { 0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 32 }, 10,
	    32, { 0 }, 0, 0 },
	{ COSE_RS256, { 0xa4, 1, 3, 3, 0x39, 1, 0, 0x20, 0x59, 1, 0 }, 11,
	    256, { 0x21, 0x43 }, 2, 3 },
};

static bool
take(struct bytes *in, struct buf *out, size_t n)
{
	if (in->len < n)
		return false;
	if (out != NULL)
		buf_add(out, in->p, n);
	*in = BYTES(in->p + n, in->len - n);
	return true;
}

static bool
take_exactly(struct bytes *in, const uint8_t *what, size_t n)
{
	return in->len >= n && memcmp(in->p, what, n) == 0 &&
	    take(in, NULL, n);
}

/* The numbers of the key, one after the other. */
static const struct form *
take_cose(struct buf *out, struct bytes in)
{
	const struct form	*f;
	size_t			 i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		f = &forms[i];
		if (take_exactly(&in, f->head, f->head_len))
			return take(&in, out, f->first) &&
			    take_exactly(&in, f->middle, f->middle_len) &&
			    take(&in, out, f->second) ? f : NULL;
	}
	return NULL;
}

static EVP_PKEY *
key_of(int alg, const struct buf *raw)
{
	es256_pk_t	*es = NULL;
	eddsa_pk_t	*ed = NULL;
	rs256_pk_t	*rs = NULL;
	EVP_PKEY	*key = NULL;

	if (alg == COSE_ES256 && (es = es256_pk_new()) != NULL &&
	    es256_pk_from_ptr(es, raw->p, raw->len) == FIDO_OK)
		key = es256_pk_to_EVP_PKEY(es);
	else if (alg == COSE_EDDSA && (ed = eddsa_pk_new()) != NULL &&
	    eddsa_pk_from_ptr(ed, raw->p, raw->len) == FIDO_OK)
		key = eddsa_pk_to_EVP_PKEY(ed);
	else if (alg == COSE_RS256 && (rs = rs256_pk_new()) != NULL &&
	    rs256_pk_from_ptr(rs, raw->p, raw->len) == FIDO_OK)
		key = rs256_pk_to_EVP_PKEY(rs);
	es256_pk_free(&es);
	eddsa_pk_free(&ed);
	rs256_pk_free(&rs);
	return key;
}

static int
take_key(struct order_bind *b, struct bytes in, struct error *e)
{
	const struct form	*f;
	struct buf		 raw = { 0 };
	EVP_PKEY		*key = NULL;
	unsigned char		*der = NULL;
	int			 n = 0;

	if ((f = take_cose(&raw, in)) != NULL &&
	    (key = key_of(f->alg, &raw)) != NULL)
		n = i2d_PUBKEY(key, &der);
	if (n > 0)
		buf_add(&b->key, der, (size_t)n);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	buf_clear(&raw);
	ERR_clear_error();
	return n > 0 ? 0 : error_set(e, ERROR_INPUT, "the credential's key is "
	    "not one that is taken (ES256, EdDSA, RS256)");
}

/* Attested credential data: AAGUID, length, id, key (WebAuthn, 6.5.2). */
static int
take_credential(struct order_bind *b, const struct buf *data, struct error *e)
{
	struct bytes	 in = BYTES(data->p + HEADER, data->len - HEADER);
	size_t		 n;

	if (!take(&in, NULL, 16) || in.len < 2)
		return error_set(e, ERROR_INPUT, "authenticatorData is cut");
	n = (size_t)in.p[0] << 8 | in.p[1];
	if (n == 0 || n > ORDER_CREDENTIAL_MAX || !take(&in, NULL, 2) ||
	    !take(&in, &b->credential, n))
		return error_set(e, ERROR_INPUT, "authenticatorData has no "
		    "credential");
	return take_key(b, in, e);
}

static int
read_response(struct order_bind *b, const json_t *r, struct bytes challenge,
    const char *origin, const char *rp_id, struct error *e)
{
	struct buf	 client = { 0 }, data = { 0 };
	int		 rc = -1;

	if (take_base64url(&client, json_object_get(r, "clientDataJSON"),
	    "clientDataJSON", e) == 0 &&
	    take_base64url(&data, json_object_get(r, "authenticatorData"),
	    "authenticatorData", e) == 0 &&
	    assertion_check_client(BYTES(client.p, client.len),
	    "webauthn.create", challenge.p, challenge.len, origin, e) == 0 &&
	    check_auth_data(&data, rp_id, e) == 0)
		rc = take_credential(b, &data, e);
	buf_clear(&client);
	buf_clear(&data);
	return rc;
}

int
assertion_read_registration(struct order_bind *b, struct bytes json,
    struct bytes challenge, const char *origin, const char *rp_id,
    struct error *e)
{
	json_error_t	 why;
	json_t		*o;
	int		 rc = -1;

	if (json.len > ASSERTION_MAX)
		return error_set(e, ERROR_INPUT, "registration of %zu bytes, "
		    "more than %d", json.len, ASSERTION_MAX);
	o = json_loadb((const char *)json.p, json.len, JSON_REJECT_DUPLICATES,
	    &why);
	if (!json_is_object(o))
		error_set(e, ERROR_INPUT, "not one JSON object without "
		    "duplicates");
	else
		rc = read_response(b, json_object_get(o, "response"),
		    challenge, origin, rp_id, e);
	json_decref(o);
	if (rc == -1)
		return error_wrap(e, "registration");
	b->origin = mem_strdup(origin);
	b->rp_id = mem_strdup(rp_id);
	return 0;
}
