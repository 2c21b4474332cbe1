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
	SHA256((const uint8_t *)rp_id, strlen(rp_id), hash);
	if (memcmp(data->p, hash, sizeof(hash)) != 0)
		return error_set(e, ERROR_DENIED, "the credential is for "
		    "another relying party than %s", rp_id);
	if ((data->p[sizeof(hash)] & FLAGS) != FLAGS)
		return error_set(e, ERROR_DENIED, "the authenticator did not "
		    "check who was there (flags UP, UV), or made no "
		    "credential");
	return 0;
}

static EVP_PKEY *
key_of(const fido_cred_t *cred, int alg)
{
	const unsigned char	*p = fido_cred_pubkey_ptr(cred);
	size_t			 n = fido_cred_pubkey_len(cred);
	es256_pk_t		*es = NULL;
	eddsa_pk_t		*ed = NULL;
	rs256_pk_t		*rs = NULL;
	EVP_PKEY		*key = NULL;

	if (p == NULL)
		return NULL;
	if (alg == COSE_ES256 && (es = es256_pk_new()) != NULL &&
	    es256_pk_from_ptr(es, p, n) == FIDO_OK)
		key = es256_pk_to_EVP_PKEY(es);
	else if (alg == COSE_EDDSA && (ed = eddsa_pk_new()) != NULL &&
	    eddsa_pk_from_ptr(ed, p, n) == FIDO_OK)
		key = eddsa_pk_to_EVP_PKEY(ed);
	else if (alg == COSE_RS256 && (rs = rs256_pk_new()) != NULL &&
	    rs256_pk_from_ptr(rs, p, n) == FIDO_OK)
		key = rs256_pk_to_EVP_PKEY(rs);
	es256_pk_free(&es);
	eddsa_pk_free(&ed);
	rs256_pk_free(&rs);
	return key;
}

static int
put_key(struct order_bind *b, const fido_cred_t *cred, int alg,
    struct error *e)
{
	EVP_PKEY	*key = key_of(cred, alg);
	unsigned char	*der = NULL;
	int		 n;

	n = key != NULL ? i2d_PUBKEY(key, &der) : 0;
	EVP_PKEY_free(key);
	ERR_clear_error();
	if (n <= 0)
		return error_set(e, ERROR_INPUT, "the credential's key is not "
		    "one that is taken (ES256, EdDSA, RS256)");
	buf_add(&b->key, der, (size_t)n);
	OPENSSL_free(der);
	return 0;
}

static int
take_credential(struct order_bind *b, const struct buf *data, int alg,
    struct error *e)
{
	fido_cred_t	*cred = fido_cred_new();
	int		 rc = -1;

	if (cred == NULL || fido_cred_set_type(cred, alg) != FIDO_OK ||
	    fido_cred_set_authdata_raw(cred, data->p, data->len) !=
	    FIDO_OK || fido_cred_id_len(cred) == 0) {
		error_set(e, ERROR_INPUT, "authenticatorData has no "
		    "credential for algorithm %d", alg);
		goto out;
	}
	buf_add(&b->credential, fido_cred_id_ptr(cred),
	    fido_cred_id_len(cred));
	rc = put_key(b, cred, alg, e);
 out:
	fido_cred_free(&cred);
	return rc;
}

static int
read_response(struct order_bind *b, const json_t *r, struct bytes challenge,
    const char *origin, const char *rp_id, struct error *e)
{
	const json_t	*alg = json_object_get(r, "publicKeyAlgorithm");
	struct buf	 client = { 0 }, data = { 0 };
	int		 rc = -1;

	if (!json_is_integer(alg) || json_integer_value(alg) < -65535 ||
	    json_integer_value(alg) > 0)
		return error_set(e, ERROR_INPUT, "no \"publicKeyAlgorithm\" "
		    "in it");
	if (take_base64url(&client, json_object_get(r, "clientDataJSON"),
	    "clientDataJSON", e) == 0 &&
	    take_base64url(&data, json_object_get(r, "authenticatorData"),
	    "authenticatorData", e) == 0 &&
	    assertion_check_client(BYTES(client.p, client.len),
	    "webauthn.create", challenge.p, challenge.len, origin, e) == 0 &&
	    check_auth_data(&data, rp_id, e) == 0)
		rc = take_credential(b, &data, (int)json_integer_value(alg),
		    e);
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
