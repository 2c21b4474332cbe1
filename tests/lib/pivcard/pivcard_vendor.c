/* SPDX-License-Identifier: Apache-2.0 */
/* What the extended personality answers beyond the standard. */
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include "pivcard.h"

#define TAG_ATTESTER	0x5fff01
#define ATTESTER	"Test Card Attestation"
#define OID_CONSTRAINTS	"2.5.29.19"
#define OID_VERSION	"1.3.6.1.4.1.41482.3.3"
#define OID_SERIAL	"1.3.6.1.4.1.41482.3.7"
#define OID_POLICY	"1.3.6.1.4.1.41482.3.8"

static const uint8_t	 version[3] = { 5, 7, 0 };

uint16_t
pivcard_version(struct pivcard *c, const struct pivcard_command *cmd,
    struct buf *out)
{
	(void)c;
	(void)cmd;
	buf_add(out, version, sizeof(version));
	return SW_OK;
}

uint16_t
pivcard_serial(struct pivcard *c, const struct pivcard_command *cmd,
    struct buf *out)
{
	(void)cmd;
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_byte(out, c->serial >> shift & 0xff);
	return SW_OK;
}

static void
put_byte(struct buf *out, uint8_t tag, unsigned int v)
{
	uint8_t	 b = v & 0xff;

	ber_put(out, tag, &b, 1);
}

static uint16_t
pin_metadata(const struct pivcard_pin *pin, struct buf *out)
{
	uint8_t	 tries[2] = { pin->max & 0xff, pin->tries & 0xff };

	put_byte(out, 0x01, 0xff);
	put_byte(out, 0x05, pin->is_default);
	ber_put(out, 0x06, tries, sizeof(tries));
	return SW_OK;
}

uint16_t
pivcard_metadata(struct pivcard *c, const struct pivcard_command *cmd,
    struct buf *out)
{
	struct pivcard_key	*k;
	struct buf		 in = { 0 };
	uint8_t			 policy[2] = { 0, 1 };

	if (cmd->p2 == 0x80 || cmd->p2 == 0x81)
		return pin_metadata(cmd->p2 == 0x80 ? &c->pin : &c->puk, out);
	if (cmd->p2 == 0x9b) {
		put_byte(out, 0x01, c->manage_alg);
		ber_put(out, 0x02, policy, sizeof(policy));
		put_byte(out, 0x05, c->manage_default);
		return SW_OK;
	}
	if ((k = pivcard_key_find(c, cmd->p2)) == NULL)
		return SW_NO_REFERENCE;
	policy[0] = k->pin_policy;
	policy[1] = k->touch;
	put_byte(out, 0x01, k->alg);
	ber_put(out, 0x02, policy, sizeof(policy));
	put_byte(out, 0x03, 1);
	pivcard_public(&in, k->key);
	ber_put(out, 0x04, in.p, in.len);
	buf_clear(&in);
	return SW_OK;
}

static void
add_extension(X509 *x, const char *oid, const void *p, int n)
{
	ASN1_OBJECT		*o = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING	*v = ASN1_OCTET_STRING_new();
	X509_EXTENSION		*ext = NULL;

	pivcard_must(o != NULL && v != NULL &&
	    ASN1_OCTET_STRING_set(v, p, n) == 1 &&
	    (ext = X509_EXTENSION_create_by_OBJ(NULL, o, 0, v)) != NULL &&
	    X509_add_ext(x, ext, -1) == 1, "make an extension");
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(v);
	ASN1_OBJECT_free(o);
}

static X509 *
make_cert(const char *subject, const char *issuer, EVP_PKEY *key)
{
	X509	*x = X509_new();

	pivcard_must(x != NULL && X509_set_version(x, 2) == 1 &&
	    ASN1_INTEGER_set(X509_get_serialNumber(x), 1) == 1 &&
	    X509_gmtime_adj(X509_getm_notBefore(x), -86400) != NULL &&
	    X509_time_adj_ex(X509_getm_notAfter(x), 7300, 0, NULL) != NULL &&
	    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN",
	    MBSTRING_UTF8, (const unsigned char *)subject, -1, -1, 0) == 1 &&
	    X509_NAME_add_entry_by_txt(X509_get_issuer_name(x), "CN",
	    MBSTRING_UTF8, (const unsigned char *)issuer, -1, -1, 0) == 1 &&
	    X509_set_pubkey(x, key) == 1, "make a certificate");
	return x;
}

static void
finish_cert(struct buf *out, X509 *x, EVP_PKEY *signer)
{
	unsigned char	*der = NULL;
	int		 n = 0;

	pivcard_must(X509_sign(x, signer, EVP_sha256()) > 0 &&
	    (n = i2d_X509(x, &der)) > 0, "sign a certificate");
	buf_add(out, der, (size_t)n);
	OPENSSL_free(der);
	X509_free(x);
}

/* Key and certificate, in one file of PEM. */
static bool
maker_load(const char *path, EVP_PKEY **key, X509 **cert)
{
	FILE	*f = fopen(path, "r");

	if (f == NULL)
		return false;
	pivcard_must((*key = PEM_read_PrivateKey(f, NULL, NULL, NULL)) !=
	    NULL && (*cert = PEM_read_X509(f, NULL, NULL, NULL)) != NULL,
	    "read the maker");
	fclose(f);
	return true;
}

static void
put_ca(X509 *x)
{
	static const uint8_t	 is_ca[5] = { 0x30, 3, 1, 1, 0xff };

	add_extension(x, OID_CONSTRAINTS, is_ca, sizeof(is_ca));
}

static void
maker_make(const char *path, EVP_PKEY **key, X509 **cert)
{
	char	*tmp = mem_printf("%s.new", path);
	FILE	*f = fopen(tmp, "wx");

	pivcard_must(f != NULL, "create the maker's file");
	*key = pivcard_key_make(0x11);
	*cert = make_cert("Test Card Maker", "Test Card Maker", *key);
	put_ca(*cert);
	pivcard_must(X509_sign(*cert, *key, EVP_sha256()) > 0 &&
	    PEM_write_PrivateKey(f, *key, NULL, NULL, 0, NULL, NULL) == 1 &&
	    PEM_write_X509(f, *cert) == 1 && fclose(f) == 0 &&
	    rename(tmp, path) == 0, "write the maker's file");
	mem_free(&tmp);
}

static void
keep_attester(struct pivcard *c, const struct buf *der)
{
	struct buf	 object = { 0 };
	uint8_t		 info = 0;

	ber_put(&object, 0x70, der->p, der->len);
	ber_put(&object, 0x71, &info, 1);
	ber_put(&object, 0xfe, NULL, 0);
	pivcard_object_set(c, TAG_ATTESTER, BYTES(object.p, object.len));
	buf_clear(&object);
}

void
pivcard_attester(struct pivcard *c, const char *maker)
{
	EVP_PKEY	*key = pivcard_key_make(0x11), *by = NULL;
	X509		*x, *root = NULL;
	struct buf	 der = { 0 };

	if (maker != NULL && !maker_load(maker, &by, &root))
		maker_make(maker, &by, &root);
	x = make_cert(ATTESTER, maker != NULL ? "Test Card Maker" : ATTESTER,
	    key);
	put_ca(x);
	finish_cert(&der, x, maker != NULL ? by : key);
	pivcard_key_set(c, 0xf9, 0x11, 1, 1, key);
	keep_attester(c, &der);
	buf_clear(&der);
	X509_free(root);
	EVP_PKEY_free(by);
}

uint16_t
pivcard_attest(struct pivcard *c, const struct pivcard_command *cmd,
    struct buf *out)
{
	struct pivcard_key	*k, *signer = pivcard_key_find(c, 0xf9);
	EVP_PKEY		*other = NULL;
	X509			*x;
	char			 name[40];
	uint8_t			 b[6] = { 0x02, 4 };

	if (signer == NULL || cmd->p1 == 0xf9 ||
	    (k = pivcard_key_find(c, cmd->p1)) == NULL)
		return SW_NO_REFERENCE;
	if (c->injected != NULL)
		return SW_DATA;
	if (c->lie == LIE_ATTESTATION)
		other = pivcard_key_make(k->alg);
	snprintf(name, sizeof(name), "Test Card Attestation %02x", k->slot);
	x = make_cert(name, "Test Card Attestation",
	    other != NULL ? other : k->key);
	add_extension(x, OID_VERSION, version, sizeof(version));
	for (int i = 0; i < 4; i++)
		b[2 + i] = c->serial >> (24 - 8 * i) & 0xff;
	add_extension(x, OID_SERIAL, b, sizeof(b));
	b[0] = k->pin_policy;
	b[1] = k->touch;
	add_extension(x, OID_POLICY, b, 2);
	finish_cert(out, x, signer->key);
	EVP_PKEY_free(other);
	return SW_OK;
}

static void
pins_to_default(struct pivcard *c, int pin_max, int puk_max)
{
	c->pin = (struct pivcard_pin){ "123456\xff\xff", pin_max, pin_max,
		true };
	c->puk = (struct pivcard_pin){ "12345678", puk_max, puk_max, true };
	c->verified = c->verified_now = false;
}

uint16_t
pivcard_retries(struct pivcard *c, const struct pivcard_command *cmd,
    struct buf *out)
{
	(void)out;
	if (!c->managed || !c->verified)
		return SW_SECURITY;
	if (cmd->p1 == 0 || cmd->p2 == 0 || cmd->p1 > 15 || cmd->p2 > 15)
		return SW_P1P2;
	pins_to_default(c, cmd->p1, cmd->p2);
	pivcard_save(c);
	return SW_OK;
}

/* All but what attests. */
static void
forget(struct pivcard *c)
{
	size_t	 n = 0;

	for (size_t i = 0; i < c->nkeys; i++)
		if (c->keys[i].slot == 0xf9)
			c->keys[n++] = c->keys[i];
		else
			EVP_PKEY_free(c->keys[i].key);
	c->nkeys = n;
	for (size_t i = n = 0; i < c->nobjects; i++)
		if (c->objects[i].tag == TAG_ATTESTER)
			c->objects[n++] = c->objects[i];
		else
			buf_clear(&c->objects[i].value);
	c->nobjects = n;
}

uint16_t
pivcard_reset(struct pivcard *c, const struct pivcard_command *cmd,
    struct buf *out)
{
	struct pivcard	 blank;

	(void)cmd;
	(void)out;
	if (c->pin.tries > 0 || c->puk.tries > 0)
		return SW_CONDITION;
	pivcard_init(&blank, true, c->manage_alg);
	pins_to_default(c, 3, 3);
	memcpy(c->manage, blank.manage, sizeof(c->manage));
	c->manage_default = true;
	c->managed = false;
	forget(c);
	pivcard_save(c);
	return SW_OK;
}

uint16_t
pivcard_set_manage(struct pivcard *c, const struct pivcard_command *cmd,
    struct buf *out)
{
	const uint8_t	*p = cmd->data.p;
	size_t		 n;

	(void)out;
	if (!c->managed)
		return SW_SECURITY;
	if (cmd->p1 != 0xff || (cmd->p2 != 0xff && cmd->p2 != 0xfe))
		return SW_P1P2;
	if (cmd->data.len < 3 || p[1] != 0x9b || p[2] != cmd->data.len - 3 ||
	    (n = pivcard_manage_size(p[0])) == 0 || n != p[2] || p[0] == 0)
		return SW_DATA;
	if (!pivcard_manage_has(c, p[0]))
		return c->kind != NULL ? c->kind->wrong_alg : SW_DATA;
	c->manage_alg = p[0];
	memcpy(c->manage, p + 3, n);
	c->manage_default = false;
	pivcard_save(c);
	return SW_OK;
}
