/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CertIDs: the hashes, the issuers they name, and their DER.
 */
#include <string.h>
#include "x509/der.h"
#include "x509/key.h"
#include "x509/ocsp_private.h"

static const uint8_t	 sha1_oid[] = { 0x2b, 0x0e, 0x03, 0x02, 0x1a };
#define SHA2(n)		 { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, n }
static const uint8_t	 sha2_oid[3][9] = { SHA2(1), SHA2(2), SHA2(3) };

struct hash {
	const char	*name;
	const EVP_MD	*(*md)(void);
	uint8_t		 size;
	struct bytes	 oid;		/* content */
};

static const struct hash hashes[OCSP_HASHES] = {
	[OCSP_SHA1] = { "SHA-1", EVP_sha1, 20, { sha1_oid, 5 } },
	[OCSP_SHA256] = { "SHA-256", EVP_sha256, 32, { sha2_oid[0], 9 } },
	[OCSP_SHA384] = { "SHA-384", EVP_sha384, 48, { sha2_oid[1], 9 } },
	[OCSP_SHA512] = { "SHA-512", EVP_sha512, 64, { sha2_oid[2], 9 } },
};

const char *
ocsp_hash_name(enum ocsp_hash h)
{
	return h < OCSP_HASHES ? hashes[h].name : "?";
}

/*
 * Reading.
 */
static int
bad(struct error *e, enum error_code code, const char *what)
{
	return error_set(e, code, "CertID: %s", what);
}

/* AlgorithmIdentifier with parameters NULL or none. */
static int
read_hash(enum ocsp_hash *h, struct bytes alg, struct error *e)
{
	struct bytes	 oid, null;
	char		 text[DER_OID_TEXT];
	int		 i;

	if (der_take(&alg, DER_OID, &oid) == -1)
		return bad(e, ERROR_INPUT, "malformed hashAlgorithm");
	for (i = 0; i < OCSP_HASHES; i++)
		if (bytes_equal(oid, hashes[i].oid))
			break;
	if (i == OCSP_HASHES)
		return error_set(e, ERROR_DENIED, "CertID: hash %s is not"
		    " SHA-1, SHA-256, SHA-384 or SHA-512",
		    der_oid_text(text, oid));
	if (alg.len > 0 && (der_take(&alg, DER_NULL, &null) == -1 ||
	    null.len > 0 || alg.len > 0))
		return bad(e, ERROR_INPUT, "hashAlgorithm with parameters");
	*h = (enum ocsp_hash)i;
	return 0;
}

/* Any INTEGER is a question; whether it has an answer is another matter. */
static int
read_serial(struct bytes *serial, struct bytes *in)
{
	if (der_take_uint(in, serial) == 0) {
		if (serial->len > OCSP_SERIAL_MAX)
			serial->len = 0;
		return 0;
	}
	if (der_take(in, DER_INTEGER, serial) == -1)
		return -1;
	serial->len = 0;
	return 0;
}

int
ocsp_id_read(struct ocsp_id *id, struct bytes der, struct error *e)
{
	struct bytes	 in, alg;
	size_t		 size;

	id->der = der;
	if (der_take(&der, DER_SEQUENCE, &in) == -1 || der.len > 0 ||
	    der_take(&in, DER_SEQUENCE, &alg) == -1)
		return bad(e, ERROR_INPUT, "malformed");
	if (read_hash(&id->hash, alg, e) == -1)
		return -1;
	size = hashes[id->hash].size;
	if (der_take(&in, DER_OCTET_STRING, &id->name_hash) == -1 ||
	    id->name_hash.len != size)
		return bad(e, ERROR_INPUT, "issuerNameHash is none of that"
		    " hash");
	if (der_take(&in, DER_OCTET_STRING, &id->key_hash) == -1 ||
	    id->key_hash.len != size)
		return bad(e, ERROR_INPUT, "issuerKeyHash is none of that"
		    " hash");
	if (read_serial(&id->serial, &in) == -1 || in.len > 0)
		return bad(e, ERROR_INPUT, "malformed serialNumber");
	return 0;
}

/*
 * Issuers.
 */
static int
digest(uint8_t dst[64], const struct hash *h, struct bytes in,
    struct error *e)
{
	if (EVP_Digest(in.p, in.len, dst, NULL, h->md(), NULL) == 1)
		return 0;
	return error_ssl(e, ERROR_CRYPTO, "%s", h->name);
}

int
ocsp_issuer_init(struct ocsp_issuer *i, X509 *ca, struct error *e)
{
	const ASN1_BIT_STRING	*key = X509_get0_pubkey_bitstr(ca);
	unsigned char		*name = NULL;
	int			 h, n, rc = -1;

	memset(i, 0, sizeof(*i));
	if ((n = i2d_X509_NAME(X509_get_subject_name(ca), &name)) <= 0)
		return error_ssl(e, ERROR_CRYPTO, "issuer's name");
	for (h = 0; h < OCSP_HASHES; h++)
		if (digest(i->name_hash[h], &hashes[h], BYTES(name, (size_t)n),
		    e) == -1 ||
		    digest(i->key_hash[h], &hashes[h],
		    BYTES(ASN1_STRING_get0_data(key),
		    (size_t)ASN1_STRING_length(key)), e) == -1)
			goto out;
	rc = 0;
 out:
	OPENSSL_free(name);
	return rc;
}

bool
ocsp_issuer_is(const struct ocsp_issuer *i, const struct ocsp_id *id)
{
	return memcmp(i->key_hash[id->hash], id->key_hash.p,
	    id->key_hash.len) == 0 &&
	    memcmp(i->name_hash[id->hash], id->name_hash.p,
	    id->name_hash.len) == 0;
}

/*
 * Making.
 */
void
ocsp_id_put(struct buf *b, const struct ocsp_issuer *i, enum ocsp_hash h,
    struct bytes serial)
{
	const struct hash	*row = &hashes[h];
	size_t				 seq, alg;

	seq = der_begin(b, DER_SEQUENCE);
	alg = der_begin(b, DER_SEQUENCE);
	der_put(b, DER_OID, row->oid.p, row->oid.len);
	der_put(b, DER_NULL, NULL, 0);
	der_end(b, alg);
	der_put(b, DER_OCTET_STRING, i->name_hash[h], row->size);
	der_put(b, DER_OCTET_STRING, i->key_hash[h], row->size);
	der_put_uint(b, serial.p, serial.len);
	der_end(b, seq);
}
