/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include "order/approval.h"
#include "os/file.h"
#include "tests/lib/testpki.h"
#include "x509/der.h"

extern char	**environ;

struct fixture {
	struct testpki		 pki;
	struct identity		 alice, bob;	/* officers 4711, 4712 */
	struct clock		 clock;
	struct buf		 blob;		/* no approval yet */
	struct approval_trust	 trust;
	STACK_OF(X509)		*officers;
	struct approved		*a;
	struct error		 e;
	int			 asked;		/* of status */
	int			 status;
};

static int
status(void *arg, X509 *cert, struct error *e)
{
	struct fixture	*f = arg;

	(void)cert;
	f->asked++;
	if (f->status == -1)
		error_set(e, ERROR_RETRY, "ledger is busy");
	return f->status;
}

static void
wrap_order(struct fixture *f)
{
	struct order	*o;

	assert_int_equal(order_new(&o, ORDER_ISSUE, 86400, &f->clock,
	    &rng_system, &f->e), 0);
	o->ca = mem_strdup("people");
	o->profile = mem_strdup("mail-sign");
	o->holder = mem_strdup("17");
	fields_add(&o->fields, "name", "Carol Berg");
	fields_add(&o->fields, "mail", "carol@example.org");
	o->has_request = true;
	assert_int_equal(approval_wrap(&f->blob, o, &f->e), 0);
	order_free(&o);
}

static int
setup(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));

	f->clock = clock_fixed(TESTPKI_NOW);
	testpki_init(&f->pki, TESTPKI_NOW);
	testpki_identity(&f->alice, &f->pki, "P-256", "Alice Holm", "4711",
	    OID_ROLE_OFFICER);
	testpki_identity(&f->bob, &f->pki, "P-256", "Bob Ek", "4712",
	    OID_ROLE_OFFICER);
	f->trust.anchors = f->pki.anchors;
	f->trust.intermediates = f->pki.intermediates;
	f->officers = sk_X509_new_null();
	sk_X509_push(f->officers, f->pki.services);
	f->trust.officers_cas = f->officers;
	f->trust.now = TESTPKI_NOW;
	f->trust.status = status;
	f->trust.status_arg = f;
	f->status = 1;
	wrap_order(f);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture	*f = *state;

	approval_free(&f->a);
	approval_cache_free(&f->trust.cache);
	buf_clear(&f->blob);
	testpki_identity_clear(&f->alice);
	testpki_identity_clear(&f->bob);
	sk_X509_free(f->officers);
	testpki_clear(&f->pki);
	mem_free(&f);
	return 0;
}

#define BLOB(b)	BYTES((b)->p, (b)->len)

static void
approve(struct fixture *f, const struct identity *id)
{
	struct buf	 out = { 0 };

	if (approval_add(&out, BLOB(&f->blob), id, &f->clock, &f->e) == -1)
		fail_msg("%s", f->e.text);
	buf_clear(&f->blob);
	f->blob = out;
}

static void
open_blob(struct fixture *f)
{
	approval_free(&f->a);
	if (approval_open_cached(&f->a, BLOB(&f->blob), f->trust.cache,
	    &f->e) == -1)
		fail_msg("%s", f->e.text);
}

static void
assert_open_fails(struct fixture *f, enum error_code code, const char *text)
{
	error_clear(&f->e);
	assert_int_equal(approval_open(&f->a, BLOB(&f->blob), &f->e), -1);
	assert_null(f->a);
	if (strstr(f->e.text, text) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", text, f->e.text);
	assert_int_equal(f->e.code, code);
	assert_int_equal(ERR_peek_error(), 0);
}

static void
assert_add_fails(struct fixture *f, const struct identity *id,
    enum error_code code, const char *text)
{
	struct buf	 out = { 0 };

	error_clear(&f->e);
	assert_int_equal(approval_add(&out, BLOB(&f->blob), id, &f->clock,
	    &f->e), -1);
	assert_string_equal(f->e.text, text);
	assert_int_equal(f->e.code, code);
	assert_int_equal(out.len, 0);
}

static void
assert_check_fails(struct fixture *f, enum error_code code, const char *text)
{
	open_blob(f);
	error_clear(&f->e);
	assert_int_equal(approval_check(f->a, &f->trust, &f->e), -1);
	if (strncmp(f->e.text, text, strlen(text)) != 0)
		fail_msg("\"%s\" does not begin with \"%s\"", f->e.text, text);
	assert_int_equal(f->e.code, code);
}

static void
check(struct fixture *f)
{
	open_blob(f);
	if (approval_check(f->a, &f->trust, &f->e) == -1)
		fail_msg("%s", f->e.text);
}

/* ---- blobs that another program, or an attacker, might make ---- */

static CMS_ContentInfo *
cms_read(const struct buf *blob)
{
	const unsigned char	*p = blob->p;
	CMS_ContentInfo		*cms;

	cms = d2i_CMS_ContentInfo(NULL, &p, (long)blob->len);
	assert_non_null(cms);
	return cms;
}

static void
cms_write(struct buf *blob, CMS_ContentInfo *cms)
{
	unsigned char	*der = NULL;
	int		 n = i2d_CMS_ContentInfo(cms, &der);

	assert_true(n > 0);
	buf_clear(blob);
	buf_add(blob, der, (size_t)n);
	OPENSSL_free(der);
	CMS_ContentInfo_free(cms);
}

static void
forge_final(CMS_ContentInfo *cms)
{
	const ASN1_STRING	*content = *CMS_get0_content(cms);
	BIO			*in, *nowhere = BIO_new(BIO_s_null());

	in = BIO_new_mem_buf(ASN1_STRING_get0_data(content),
	    ASN1_STRING_length(content));
	assert_int_equal(CMS_final(cms, in, nowhere, CMS_BINARY), 1);
	BIO_free(nowhere);
	BIO_free(in);
}

/* Sign as OpenSSL alone would, with the attributes that the flags ask for;
 * after another signature its digest is used again. */
static void
forge(struct fixture *f, const struct identity *id, const EVP_MD *md,
    unsigned int flags)
{
	CMS_ContentInfo	*cms = cms_read(&f->blob);
	bool		 first;

	first = sk_CMS_SignerInfo_num(CMS_get0_SignerInfos(cms)) <= 0;
	flags |= CMS_BINARY | (first ? CMS_PARTIAL : CMS_REUSE_DIGEST);
	if ((flags & CMS_NOCERTS) == 0)
		CMS_add1_cert(cms, id->cert);	/* may be there already */
	assert_non_null(CMS_add1_signer(cms, id->cert, id->key, md,
	    flags | CMS_NOCERTS));
	if (first)
		forge_final(cms);
	ERR_clear_error();
	cms_write(&f->blob, cms);
}

/* ---- opening ---- */

static void
bytes_that_are_no_cms_are_refused(void **state)
{
	struct fixture	*f = *state;
	size_t		 n, len = f->blob.len;

	for (n = 0; n < len; n += 3) {
		f->blob.len = n;
		assert_open_fails(f, ERROR_INPUT, "approved order: ");
	}
	f->blob.len = len;
	buf_byte(&f->blob, 0);
	assert_open_fails(f, ERROR_INPUT, "approved order: ");
	buf_clear(&f->blob);
	buf_add(&f->blob, "\x30\x03\x02\x01\x01", 5);
	assert_open_fails(f, ERROR_INPUT,
	    "approved order: not CMS SignedData");
}

static void
another_content_type_is_refused(void **state)
{
	struct fixture	*f = *state;
	CMS_ContentInfo	*cms;

	cms = cms_read(&f->blob);
	assert_int_equal(CMS_set1_eContentType(cms,
	    OBJ_nid2obj(NID_pkcs7_data)), 1);
	cms_write(&f->blob, cms);
	assert_open_fails(f, ERROR_INPUT,
	    "approved order: its content is not an order");
}

static void
other_kinds_of_cms_are_refused(void **state)
{
	struct fixture	*f = *state;
	BIO		*in = BIO_new_mem_buf("x", 1);
	CMS_ContentInfo	*cms = CMS_data_create(in, CMS_BINARY);

	BIO_free(in);
	cms_write(&f->blob, cms);
	assert_open_fails(f, ERROR_INPUT,
	    "approved order: not CMS SignedData");
}

static void
a_missing_content_is_refused(void **state)
{
	struct fixture	*f = *state;
	CMS_ContentInfo	*cms;

	approve(f, &f->alice);
	cms = cms_read(&f->blob);
	assert_int_equal(CMS_set_detached(cms, 1), 1);
	cms_write(&f->blob, cms);
	assert_open_fails(f, ERROR_INPUT,
	    "approved order: its content is missing");
}

static uint8_t *
find(const struct buf *blob, const char *what)
{
	uint8_t	*p = memmem(blob->p, blob->len, what, strlen(what));

	assert_non_null(p);
	return p;
}

static void
a_changed_order_is_refused(void **state)
{
	struct fixture	*f = *state;

	approve(f, &f->alice);
	*find(&f->blob, "Carol Berg") = 'K';
	assert_open_fails(f, ERROR_CRYPTO, "approved order: approval 1: the "
	    "signature is over another order");
}

static void
a_changed_signature_is_refused(void **state)
{
	struct fixture	*f = *state;

	approve(f, &f->alice);
	f->blob.p[f->blob.len - 1] ^= 1;
	assert_open_fails(f, ERROR_CRYPTO,
	    "approved order: approval 1: signature does not verify");
}

static void
a_changed_signing_time_is_refused(void **state)
{
	struct fixture	*f = *state;
	uint8_t		*t;

	approve(f, &f->alice);
	t = memmem(f->blob.p, f->blob.len, "\x17\x0d" "270115080000Z", 15);
	assert_non_null(t);
	t[2] = '1';
	assert_open_fails(f, ERROR_CRYPTO,
	    "approved order: approval 1: signature does not verify");
}

static void
a_weak_digest_is_refused(void **state)
{
	struct fixture	*f = *state;

	forge(f, &f->alice, EVP_sha1(), CMS_CADES);
	assert_open_fails(f, ERROR_INPUT, "approved order: approval 1: digest "
	    "algorithm is not SHA-256, SHA-384 or SHA-512");
}

static void
a_signature_without_signed_attributes_is_refused(void **state)
{
	struct fixture	*f = *state;

	forge(f, &f->alice, EVP_sha256(), CMS_NOATTR);
	assert_open_fails(f, ERROR_INPUT, "approved order: approval 1: "
	    "signed contentType is not that of an order");
}

static void
a_signature_that_names_no_certificate_is_refused(void **state)
{
	struct fixture	*f = *state;

	forge(f, &f->alice, EVP_sha256(), 0);
	assert_open_fails(f, ERROR_INPUT, "approved order: approval 1: "
	    "no signed signingCertificateV2");
}

static void
a_signature_without_its_certificate_is_refused(void **state)
{
	struct fixture	*f = *state;

	forge(f, &f->alice, EVP_sha256(), CMS_CADES | CMS_NOCERTS);
	assert_open_fails(f, ERROR_INPUT, "approved order: approval 1: the "
	    "approver's certificate is not in the blob");
}

static void
a_certificate_of_the_same_number_and_key_is_refused(void **state)
{
	struct fixture		*f = *state;
	struct testpki_spec	 spec = { 0 };
	CMS_ContentInfo		*cms;
	struct identity		 id = { 0 };
	X509			*one, *other;

	spec.name = "Eve Lund";
	spec.person = "6666";
	spec.serial = 99;
	one = testpki_cert(&f->pki, &spec, f->alice.key, f->pki.services,
	    f->pki.services_key);
	spec.eku = OID_ROLE_OFFICER;
	other = testpki_cert(&f->pki, &spec, f->alice.key, f->pki.services,
	    f->pki.services_key);
	testpki_identity_of(&id, &f->pki, one, f->alice.key);
	forge(f, &id, EVP_sha256(), CMS_CADES | CMS_NOCERTS);
	cms = cms_read(&f->blob);
	assert_int_equal(CMS_add1_cert(cms, other), 1);
	cms_write(&f->blob, cms);
	assert_open_fails(f, ERROR_CRYPTO, "approved order: approval 1: "
	    "signingCertificateV2 names another certificate");
	testpki_identity_clear(&id);
	X509_free(one);
	X509_free(other);
}

static void
unsigned_attributes_are_refused(void **state)
{
	struct fixture	*f = *state;
	CMS_ContentInfo	*cms;
	CMS_SignerInfo	*si;

	approve(f, &f->alice);
	cms = cms_read(&f->blob);
	si = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0);
	assert_int_equal(CMS_unsigned_add1_attr_by_NID(si,
	    NID_pkcs9_unstructuredName, V_ASN1_UTF8STRING, "x", 1), 1);
	cms_write(&f->blob, cms);
	assert_open_fails(f, ERROR_INPUT,
	    "approved order: approval 1: unsigned attributes");
}

static void
the_same_certificate_twice_is_refused(void **state)
{
	struct fixture	*f = *state;

	approve(f, &f->alice);
	forge(f, &f->alice, EVP_sha256(), CMS_CADES);
	assert_open_fails(f, ERROR_INPUT, "approved order: approval 2: the "
	    "same certificate approves twice");
}

static void
more_than_sixteen_approvals_are_refused(void **state)
{
	struct fixture	*f = *state;
	int		 i;

	for (i = 0; i < APPROVAL_MAX_SIGNERS; i++)
		forge(f, &f->alice, EVP_sha256(), CMS_CADES);
	assert_add_fails(f, &f->bob, ERROR_CONFLICT,
	    "approve order: it has 16 approvals already");
	forge(f, &f->alice, EVP_sha256(), CMS_CADES);
	assert_open_fails(f, ERROR_INPUT,
	    "approved order: more than 16 approvals");
}

static void
signed_nonsense_is_refused(void **state)
{
	struct fixture	*f = *state;
	uint8_t		*version;

	version = memmem(f->blob.p, f->blob.len, "\x02\x01\x01\x04\x10", 5);
	assert_non_null(version);
	version[2] = 9;
	forge(f, &f->alice, EVP_sha256(), CMS_CADES);
	assert_open_fails(f, ERROR_INPUT,
	    "approved order: order: made in a version other than 1");
}

static void
an_order_without_approvals_opens_and_says_nothing(void **state)
{
	struct fixture	*f = *state;

	open_blob(f);
	assert_int_equal(f->a->n, 0);
	assert_string_equal(f->a->order->holder, "17");
}

static void
an_approval_tells_who_and_when(void **state)
{
	struct fixture	*f = *state;
	uint8_t		 digest[32];

	approve(f, &f->alice);
	open_blob(f);
	assert_int_equal(f->a->n, 1);
	assert_string_equal(f->a->by[0].person, "4711");
	assert_int_equal(f->a->by[0].role, ROLE_OFFICER);
	assert_int_equal(f->a->by[0].signed_at, TESTPKI_NOW);
	assert_int_equal(X509_cmp(f->a->by[0].cert, f->alice.cert), 0);
	X509_digest(f->alice.cert, EVP_sha256(), digest, NULL);
	assert_memory_equal(f->a->by[0].cert_digest, digest, 32);
	EVP_Digest(f->a->content.p, f->a->content.len, digest, NULL,
	    EVP_sha256(), NULL);
	assert_memory_equal(f->a->digest, digest, 32);
}

/* ---- adding ---- */

static void
who_has_approved_cannot_approve_again(void **state)
{
	struct fixture	*f = *state;
	struct identity	 id = { 0 };
	struct testpki_spec spec = { 0 };
	X509		*cert;

	approve(f, &f->alice);
	assert_add_fails(f, &f->alice, ERROR_CONFLICT, "approve order: "
	    "this certificate or key has approved it already");
	testpki_identity(&id, &f->pki, "P-256", "Alice Holm", "4711",
	    OID_ROLE_SECURITY_OFFICER);
	assert_add_fails(f, &id, ERROR_CONFLICT,
	    "approve order: 4711 has approved it already");
	testpki_identity_clear(&id);
	spec.name = "Eve Lund";
	spec.person = "6666";
	cert = testpki_cert(&f->pki, &spec, f->alice.key, f->pki.services,
	    f->pki.services_key);
	testpki_identity_of(&id, &f->pki, cert, f->alice.key);
	assert_add_fails(f, &id, ERROR_CONFLICT, "approve order: "
	    "this certificate or key has approved it already");
	testpki_identity_clear(&id);
	X509_free(cert);
}

static void
a_key_that_is_not_the_certificates_is_refused(void **state)
{
	struct fixture	*f = *state;
	struct identity	 id = { 0 };

	testpki_identity_of(&id, &f->pki, f->alice.cert, f->bob.key);
	assert_add_fails(f, &id, ERROR_CONFIG, "approve order: "
	    "the approver's key and certificate do not match");
	testpki_identity_clear(&id);
}

static void
a_damaged_order_cannot_be_approved(void **state)
{
	struct fixture	*f = *state;

	*find(&f->blob, "Carol Berg") = '\n';
	assert_add_fails(f, &f->alice, ERROR_INPUT, "approve order: order: "
	    "field \"name\": value is not clean UTF-8 text of at most 512 "
	    "bytes");
}

/* The SignerInfos of a blob, each as it stands there. */
static size_t
signer_infos(struct bytes *v, size_t max, const struct buf *blob)
{
	struct bytes	 in = BLOB(blob), x, last = { NULL, 0 };
	uint8_t		 tag;
	size_t		 n = 0;

	assert_int_equal(der_take(&in, DER_SEQUENCE, &x), 0);
	in = x;
	assert_int_equal(der_take(&in, DER_OID, &x), 0);
	assert_int_equal(der_take(&in, DER_CONTEXT_CONS(0), &x), 0);
	in = x;
	assert_int_equal(der_take(&in, DER_SEQUENCE, &x), 0);
	in = x;
	while (der_next(&in, &tag, &x, NULL) == 1)
		last = x;
	assert_int_equal(tag, DER_SET);
	while (last.len > 0 && n < max)
		assert_int_equal(der_take_whole(&last, DER_SEQUENCE, &v[n++]),
		    0);
	return n;
}

static void
adding_leaves_content_and_earlier_approvals_as_they_were(void **state)
{
	struct fixture	*f = *state;
	struct bytes	 before[3], after[3];
	struct buf	 one = { 0 };
	uint8_t		 digest[ORDER_DIGEST];
	bool		 same[2];

	open_blob(f);
	memcpy(digest, f->a->digest, sizeof(digest));
	approve(f, &f->alice);
	buf_add(&one, f->blob.p, f->blob.len);
	assert_int_equal(signer_infos(before, 3, &one), 1);
	approve(f, &f->bob);
	assert_int_equal(signer_infos(after, 3, &f->blob), 2);
	same[0] = bytes_equal(before[0], after[0]);
	same[1] = bytes_equal(before[0], after[1]);
	assert_true(same[0] != same[1]);
	open_blob(f);
	assert_int_equal(f->a->n, 2);
	assert_memory_equal(f->a->digest, digest, sizeof(digest));
	buf_clear(&one);
}

static void
the_chain_is_included_but_not_the_root(void **state)
{
	struct fixture	*f = *state;
	int		 i, services = 0;

	approve(f, &f->alice);
	approve(f, &f->bob);
	open_blob(f);
	assert_int_equal(sk_X509_num(f->a->certs), 3);
	for (i = 0; i < sk_X509_num(f->a->certs); i++) {
		X509	*cert = sk_X509_value(f->a->certs, i);

		assert_int_not_equal(X509_cmp(cert, f->pki.root), 0);
		services += X509_cmp(cert, f->pki.services) == 0;
	}
	assert_int_equal(services, 1);
}

static void
rsa_and_p384_keys_can_approve(void **state)
{
	static const char *const	 algs[] = { "rsa", "P-384", "P-521" };
	struct fixture			*f = *state;
	struct identity			 id = { 0 };
	char				 person[8];
	size_t				 i;

	for (i = 0; i < 3; i++) {
		snprintf(person, sizeof(person), "%zu", i);
		testpki_identity(&id, &f->pki, algs[i], "Any Body", person,
		    OID_ROLE_OFFICER);
		approve(f, &id);
		testpki_identity_clear(&id);
	}
	check(f);
	assert_int_equal(f->a->n, 3);
}

static void
ed25519_keys_are_refused_in_words(void **state)
{
	struct fixture	*f = *state;
	struct identity	 id = { 0 };

	testpki_identity(&id, &f->pki, "ed25519", "Any Body", "1",
	    OID_ROLE_OFFICER);
	assert_add_fails(f, &id, ERROR_CONFIG, "approve order: "
	    "ed25519 keys cannot sign CMS here: use EC or RSA");
	testpki_identity_clear(&id);
}

/* ---- trust ---- */

static void
sign_as(struct fixture *f, const struct testpki_spec *spec, X509 *issuer,
    EVP_PKEY *issuer_key)
{
	struct identity	 id = { 0 };
	EVP_PKEY	*key = testpki_key("P-256");
	X509		*cert;

	cert = testpki_cert(&f->pki, spec, key, issuer, issuer_key);
	testpki_identity_of(&id, &f->pki, cert, key);
	approve(f, &id);
	testpki_identity_clear(&id);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void
a_certificate_without_role_is_denied(void **state)
{
	struct fixture		*f = *state;
	struct testpki_spec	 spec = { .name = "Eve Lund",
	    .person = "6666" };

	sign_as(f, &spec, f->pki.services, f->pki.services_key);
	assert_check_fails(f, ERROR_DENIED, "approval by signer 6666 "
	    "(Eve Lund): the certificate gives no role");
}

static void
a_certificate_that_is_not_for_signing_is_denied(void **state)
{
	struct fixture		*f = *state;
	struct testpki_spec	 spec = { .name = "Eve Lund",
	    .person = "6666", .eku = OID_ROLE_OFFICER };
	struct identity		 id = { 0 };
	EVP_PKEY		*key = testpki_key("P-256");
	X509			*cert = testpki_cert(&f->pki, &spec, key,
				    f->pki.services, f->pki.services_key);
	X509_EXTENSION		*x = X509V3_EXT_conf_nid(NULL, NULL,
				    NID_key_usage, "critical,keyEncipherment");

	X509_EXTENSION_free(X509_delete_ext(cert,
	    X509_get_ext_by_NID(cert, NID_key_usage, -1)));
	assert_int_equal(X509_add_ext(cert, x, -1), 1);
	assert_true(X509_sign(cert, f->pki.services_key, EVP_sha256()) > 0);
	testpki_identity_of(&id, &f->pki, cert, key);
	approve(f, &id);
	assert_check_fails(f, ERROR_DENIED, "approval by officer 6666 "
	    "(Eve Lund): the certificate is not for signing");
	testpki_identity_clear(&id);
	X509_EXTENSION_free(x);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void
a_certificate_without_person_is_denied(void **state)
{
	struct fixture		*f = *state;
	struct testpki_spec	 spec = { .name = "Eve Lund",
	    .eku = OID_ROLE_OFFICER };

	sign_as(f, &spec, f->pki.services, f->pki.services_key);
	assert_check_fails(f, ERROR_DENIED, "approval by officer (Eve Lund): "
	    "the certificate names no person (serialNumber)");
}

static void
an_expired_or_future_certificate_is_denied(void **state)
{
	struct fixture	*f = *state;

	approve(f, &f->alice);
	f->trust.now = TESTPKI_NOW + 366 * TESTPKI_DAY;
	assert_check_fails(f, ERROR_DENIED, "approval by officer 4711 "
	    "(Alice Holm): the certificate has expired");
	f->trust.now = TESTPKI_NOW - 3601;
	assert_check_fails(f, ERROR_DENIED, "approval by officer 4711 "
	    "(Alice Holm): the certificate is not valid yet");
}

static void
a_role_from_another_ca_is_denied(void **state)
{
	struct fixture		*f = *state;
	struct testpki_spec	 spec = { .name = "Eve Lund",
	    .person = "6666", .eku = OID_ROLE_OFFICER };

	sign_as(f, &spec, f->pki.people, f->pki.people_key);
	assert_check_fails(f, ERROR_DENIED, "approval by officer 6666 "
	    "(Eve Lund): the certificate is not from the CA that names "
	    "officers");
}

static void
a_role_from_a_ca_of_the_same_name_is_denied(void **state)
{
	struct fixture		*f = *state;
	struct testpki_spec	 spec = { .name = "Eve Lund",
	    .person = "6666", .eku = OID_ROLE_OFFICER };

	sign_as(f, &spec, f->pki.services, f->pki.people_key);
	assert_check_fails(f, ERROR_DENIED, "approval by officer 6666 "
	    "(Eve Lund): the certificate is not from the CA that names "
	    "officers");
}

static void
a_chain_that_ends_nowhere_is_denied(void **state)
{
	struct fixture	*f = *state;
	struct testpki	 other;

	testpki_init(&other, TESTPKI_NOW);
	approve(f, &f->alice);
	f->trust.anchors = other.anchors;
	assert_check_fails(f, ERROR_DENIED,
	    "approval by officer 4711 (Alice Holm): ");
	testpki_clear(&other);
}

static void
a_revoked_approver_is_denied_and_fails_the_others(void **state)
{
	struct fixture	*f = *state;

	approve(f, &f->alice);
	approve(f, &f->bob);
	f->status = 0;
	assert_check_fails(f, ERROR_DENIED, "approval by officer 471");
	assert_non_null(strstr(f->e.text,
	    "): the certificate is revoked or on hold"));
}

static void
a_status_that_cannot_be_had_keeps_its_code(void **state)
{
	struct fixture	*f = *state;

	approve(f, &f->alice);
	f->status = -1;
	assert_check_fails(f, ERROR_RETRY, "approval by officer 4711 "
	    "(Alice Holm): ledger is busy");
}

static void
good_officers_pass_and_their_status_is_asked(void **state)
{
	struct fixture	*f = *state;

	approve(f, &f->alice);
	approve(f, &f->bob);
	check(f);
	assert_int_equal(f->asked, 2);
}

static void
the_root_key_is_role_root(void **state)
{
	struct fixture	*f = *state;
	struct identity	 id = { 0 };

	testpki_identity_of(&id, &f->pki, f->pki.root, f->pki.root_key);
	approve(f, &id);
	check(f);
	assert_int_equal(f->a->by[0].role, ROLE_ROOT);
	assert_int_equal(f->asked, 0);
	testpki_identity_clear(&id);
}

static void
the_certificate_being_renewed_is_role_holder(void **state)
{
	struct fixture		*f = *state;
	struct testpki_spec	 spec = { .name = "Carol Berg" };

	sign_as(f, &spec, f->pki.people, f->pki.people_key);
	assert_check_fails(f, ERROR_DENIED, "approval by signer (Carol Berg): "
	    "the certificate gives no role");
	f->trust.renewed = f->a->by[0].cert;
	X509_up_ref(f->trust.renewed);
	check(f);
	assert_int_equal(f->a->by[0].role, ROLE_HOLDER);
	assert_int_equal(f->asked, 1);
	f->status = 0;
	assert_check_fails(f, ERROR_DENIED, "approval by holder (Carol Berg): "
	    "the certificate is revoked or on hold");
	f->trust.now = TESTPKI_NOW + 366 * TESTPKI_DAY;
	assert_check_fails(f, ERROR_DENIED, "approval by holder (Carol Berg): "
	    "the certificate has expired");
	X509_free(f->trust.renewed);
}

static void
nobody_but_its_holder_is_the_holder_of_what_is_renewed(void **state)
{
	struct fixture		*f = *state;
	struct testpki_spec	 spec = { .name = "Carol Berg" };
	EVP_PKEY		*key = testpki_key("P-256");
	struct testpki		 other;

	/* The certificate that is renewed is another one. */
	sign_as(f, &spec, f->pki.people, f->pki.people_key);
	f->trust.renewed = testpki_cert(&f->pki, &spec, key, f->pki.people,
	    f->pki.people_key);
	assert_check_fails(f, ERROR_DENIED, "approval by signer (Carol Berg): "
	    "the certificate gives no role");
	X509_free(f->trust.renewed);
	EVP_PKEY_free(key);
	/* Its CA has the name of ours. */
	buf_clear(&f->blob);
	wrap_order(f);
	testpki_init(&other, TESTPKI_NOW);
	sign_as(f, &spec, other.people, other.people_key);
	open_blob(f);
	f->trust.renewed = f->a->by[0].cert;
	X509_up_ref(f->trust.renewed);
	assert_check_fails(f, ERROR_DENIED, "approval by holder (Carol Berg): "
	    "certificate of ");
	X509_free(f->trust.renewed);
	testpki_clear(&other);
}

static void
the_cache_spares_the_chain_but_never_the_status(void **state)
{
	struct fixture	*f = *state;
	STACK_OF(X509)	*none = sk_X509_new_null();

	approve(f, &f->alice);
	f->trust.cache = approval_cache_new();
	check(f);
	f->trust.intermediates = none;
	check(f);
	assert_int_equal(f->asked, 2);
	f->status = 0;
	assert_check_fails(f, ERROR_DENIED, "approval by officer 4711 "
	    "(Alice Holm): the certificate is revoked or on hold");
	sk_X509_free(none);
}

static void
the_cache_does_not_outlive_time_or_ca(void **state)
{
	struct fixture	*f = *state;
	struct testpki	 other;
	STACK_OF(X509)	*none = sk_X509_new_null(), *people;

	approve(f, &f->alice);
	f->trust.cache = approval_cache_new();
	check(f);
	f->trust.intermediates = none;
	f->trust.now += 601;
	assert_check_fails(f, ERROR_DENIED, "approval by officer 4711");
	f->trust.now += 366 * TESTPKI_DAY;
	assert_check_fails(f, ERROR_DENIED, "approval by officer 4711 "
	    "(Alice Holm): the certificate has expired");
	f->trust.now = TESTPKI_NOW;
	check(f);
	testpki_init(&other, TESTPKI_NOW);
	f->trust.anchors = other.anchors;
	assert_check_fails(f, ERROR_DENIED, "approval by officer 4711 "
	    "(Alice Holm): certificate of ");
	f->trust.anchors = f->pki.anchors;
	testpki_clear(&other);
	people = sk_X509_new_null();
	sk_X509_push(people, f->pki.people);
	f->trust.officers_cas = people;
	assert_check_fails(f, ERROR_DENIED, "approval by officer 4711 "
	    "(Alice Holm): the certificate is not from the CA");
	sk_X509_free(people);
	sk_X509_free(none);
}

/* ---- together ---- */

static void
rule_add(struct approval_rule *rule, enum role a, enum role b)
{
	struct approval_way	*way = &rule->way[rule->n++];

	way->role[way->n++] = a;
	if (b != ROLE_NONE)
		way->role[way->n++] = b;
}

static void
assert_denied(struct fixture *f, const struct approval_rule *rule,
    const char *text)
{
	error_clear(&f->e);
	assert_int_equal(approval_satisfies(f->a, rule, &f->e), -1);
	assert_string_equal(f->e.text, text);
	assert_int_equal(f->e.code, ERROR_DENIED);
}

static void
what_is_missing_is_said(void **state)
{
	struct fixture		*f = *state;
	struct approval_rule	 rule = { 0 };

	rule_add(&rule, ROLE_OFFICER, ROLE_OFFICER);
	check(f);
	assert_denied(f, &rule, "needs officer and officer; has nobody");
	approve(f, &f->alice);
	check(f);
	assert_denied(f, &rule, "needs officer and officer; "
	    "has officer 4711 (Alice Holm)");
	approve(f, &f->bob);
	check(f);
	assert_int_equal(approval_satisfies(f->a, &rule, &f->e), 0);
}

static void
a_rule_that_names_nobody_allows_nothing(void **state)
{
	struct fixture		*f = *state;
	struct approval_rule	 rule = { 0 };

	approve(f, &f->alice);
	check(f);
	assert_denied(f, &rule, "no approval can allow this order");
	rule.n = 1;	/* one way, of no roles */
	error_clear(&f->e);
	assert_int_equal(approval_satisfies(f->a, &rule, &f->e), -1);
	assert_int_equal(f->e.code, ERROR_DENIED);
}

/* Two certificates: approval_add() would refuse the second. */
static void
one_person_with_two_certificates_counts_once(void **state)
{
	struct fixture		*f = *state;
	struct approval_rule	 rule = { 0 };
	struct identity		 id = { 0 };

	approve(f, &f->alice);
	testpki_identity(&id, &f->pki, "P-256", "Alice Holm", "4711",
	    OID_ROLE_SECURITY_OFFICER);
	forge(f, &id, EVP_sha256(), CMS_CADES);
	testpki_identity_clear(&id);
	check(f);
	rule_add(&rule, ROLE_OFFICER, ROLE_SECURITY_OFFICER);
	error_clear(&f->e);
	assert_int_equal(approval_satisfies(f->a, &rule, &f->e), -1);
	assert_non_null(strstr(f->e.text, ", not all different people"));
	rule.n = 0;
	memset(&rule, 0, sizeof(rule));
	rule_add(&rule, ROLE_SECURITY_OFFICER, ROLE_NONE);
	assert_int_equal(approval_satisfies(f->a, &rule, &f->e), 0);
}

static void
one_key_in_two_certificates_counts_once(void **state)
{
	struct fixture		*f = *state;
	struct testpki_spec	 spec = { .name = "Eve Lund",
	    .person = "6666", .eku = OID_ROLE_OFFICER };
	struct approval_rule	 rule = { 0 };
	struct identity		 id = { 0 };
	X509			*cert;

	cert = testpki_cert(&f->pki, &spec, f->alice.key, f->pki.services,
	    f->pki.services_key);
	testpki_identity_of(&id, &f->pki, cert, f->alice.key);
	approve(f, &f->alice);
	forge(f, &id, EVP_sha256(), CMS_CADES);
	check(f);
	rule_add(&rule, ROLE_OFFICER, ROLE_OFFICER);
	error_clear(&f->e);
	assert_int_equal(approval_satisfies(f->a, &rule, &f->e), -1);
	assert_non_null(strstr(f->e.text, ", not all different people"));
	testpki_identity_clear(&id);
	X509_free(cert);
}

/* A person who could fill either place is put where nobody else can be. */
static void
roles_are_matched_so_that_all_fit(void **state)
{
	struct fixture		*f = *state;
	struct approval_rule	 rule = { 0 };
	struct identity		 id = { 0 };

	approve(f, &f->alice);
	testpki_identity(&id, &f->pki, "P-256", "Alice Holm", "4711",
	    OID_ROLE_SECURITY_OFFICER);
	forge(f, &id, EVP_sha256(), CMS_CADES);
	testpki_identity_clear(&id);
	approve(f, &f->bob);
	check(f);
	rule_add(&rule, ROLE_OFFICER, ROLE_SECURITY_OFFICER);
	assert_int_equal(approval_satisfies(f->a, &rule, &f->e), 0);
	memset(&rule, 0, sizeof(rule));
	rule_add(&rule, ROLE_SECURITY_OFFICER, ROLE_OFFICER);
	assert_int_equal(approval_satisfies(f->a, &rule, &f->e), 0);
	memset(&rule, 0, sizeof(rule));
	rule_add(&rule, ROLE_SECURITY_OFFICER, ROLE_SECURITY_OFFICER);
	assert_int_equal(approval_satisfies(f->a, &rule, &f->e), -1);
}

static void
any_one_way_will_do(void **state)
{
	struct fixture		*f = *state;
	struct approval_rule	 rule = { 0 };

	rule_add(&rule, ROLE_ROOT, ROLE_NONE);
	rule_add(&rule, ROLE_OFFICER, ROLE_NONE);
	approve(f, &f->alice);
	check(f);
	assert_int_equal(approval_satisfies(f->a, &rule, &f->e), 0);
}

static void
a_role_is_revoked_by_the_strictest_rule_of_those_that_give_it(void **state)
{
	struct fixture			*f = *state;
	char				 role[] = OID_ROLE_OFFICER;
	char				*eku[] = { role };
	struct profile			 p[3] = { { .name = eku[0] } };
	struct profile			*v[] = { &p[0], &p[1], &p[2] };
	const struct profiles		 all = { v, 3 };
	struct order			 o = { .kind = ORDER_RELEASE };
	const struct approval_rule	*rule = NULL;
	unsigned char			*alice = NULL;
	const int			 n = i2d_X509(f->alice.cert, &alice);
	struct cert_look		 look;

	assert_int_equal(cert_look(&look, BYTES(alice, (size_t)n), &f->e), 0);
	p[0].revoke_approvals.n = p[2].revoke_approvals.n = 1;
	p[0].revoke_approvals.way[0].n = p[2].revoke_approvals.way[0].n = 1;
	/* Two together, or three. */
	p[1].revoke_approvals.n = 2;
	p[1].revoke_approvals.way[0].n = 3;
	p[1].revoke_approvals.way[1].n = 2;
	assert_int_equal(approval_rule_for_target(&rule, &all, &o, "services",
	    &look, eku[0], &f->e), -1);
	assert_null(rule);
	assert_int_equal(f->e.code, ERROR_DENIED);
	assert_string_equal(f->e.text, "no profile gives the role officer");
	for (int i = 0; i < 3; i++)
		p[i].ext_key_usage = (struct conf_list){ eku, 1 };
	assert_int_equal(approval_rule_for_target(&rule, &all, &o, "services",
	    &look, eku[0], &f->e), 0);
	assert_ptr_equal(rule, &p[1].revoke_approvals);
	OPENSSL_free(alice);
}

static void
each_kind_of_order_has_its_rule(void **state)
{
	struct profile			 p = { 0 };
	struct order			 o = { 0 };
	const struct approval_rule	*rule;

	(void)state;
	assert_ptr_equal(approval_rule_for(&p, &o), &p.approvals);
	o.is_renewal = true;
	assert_ptr_equal(approval_rule_for(&p, &o), &p.approvals);
	p.renewal_approvals.n = 1;
	assert_ptr_equal(approval_rule_for(&p, &o), &p.renewal_approvals);
	o.is_renewal = false;
	o.kind = ORDER_BATCH;
	assert_ptr_equal(approval_rule_for(&p, &o), &p.approvals);
	p.batch_approvals.n = 1;
	assert_ptr_equal(approval_rule_for(&p, &o), &p.batch_approvals);
	for (o.kind = ORDER_REVOKE; o.kind <= ORDER_RELEASE; o.kind++)
		assert_ptr_equal(approval_rule_for(&p, &o),
		    &p.revoke_approvals);
	p.self_revoke_approvals.n = 1;
	for (o.kind = ORDER_HOLD; o.kind <= ORDER_RELEASE; o.kind++)
		assert_ptr_equal(approval_rule_for(&p, &o),
		    &p.revoke_approvals);
	o.kind = ORDER_REVOKE;
	assert_ptr_equal(approval_rule_for(&p, &o), &p.self_revoke_approvals);
	o.kind = ORDER_ITEM;
	rule = approval_rule_for(NULL, &o);
	assert_int_equal(rule->n, 1);
	assert_int_equal(rule->way[0].n, 1);
	assert_int_equal(rule->way[0].role[0], ROLE_STATION_AGENT);
	o.kind = ORDER_ADOPT;
	rule = approval_rule_for(NULL, &o);
	assert_int_equal(rule->n, 1);
	assert_int_equal(rule->way[0].n, 2);
	assert_int_equal(rule->way[0].role[0], ROLE_SECURITY_OFFICER);
	assert_int_equal(rule->way[0].role[1], ROLE_SECURITY_OFFICER);
}

/* ---- with openssl(1) ---- */

static int
run(const char *const argv[])
{
	posix_spawn_file_actions_t	 files;
	char				*copy[32] = { NULL };
	pid_t				 pid;
	int				 st = -1, rc, i;

	for (i = 0; argv[i] != NULL; i++)
		copy[i] = mem_strdup(argv[i]);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
	rc = posix_spawnp(&pid, copy[0], &files, NULL, copy, environ);
	posix_spawn_file_actions_destroy(&files);
	for (i = 0; copy[i] != NULL; i++)
		mem_free(&copy[i]);
	assert_int_equal(rc, 0);
	assert_int_equal(waitpid(pid, &st, 0), pid);
	return WIFEXITED(st) ? WEXITSTATUS(st) : -1;
}

static void
in_dir(char dst[64], const char *dir, const char *name)
{
	snprintf(dst, 64, "%s/%s", dir, name);
}

static void
openssl_verifies_what_we_approve(void **state)
{
	struct fixture	*f = *state;
	char		 dir[] = "/tmp/signet-approval.XXXXXX";
	char		 blob[64], root[64], out[64], when[24];
	struct buf	 content = { 0 };
	const char *const verify[] = { "openssl", "cms", "-verify", "-binary",
	    "-inform", "DER", "-in", blob, "-CAfile", root, "-purpose", "any",
	    "-cades", "-attime", when, "-out", out, NULL };

	approve(f, &f->alice);
	approve(f, &f->bob);
	open_blob(f);
	assert_non_null(mkdtemp(dir));
	in_dir(blob, dir, "blob");
	in_dir(root, dir, "root");
	in_dir(out, dir, "out");
	snprintf(when, sizeof(when), "%lld", (long long)TESTPKI_NOW);
	testpki_write_cert(root, f->pki.root);
	assert_int_equal(file_store(blob, f->blob.p, f->blob.len, 0600,
	    &f->e), 0);
	assert_int_equal(run(verify), 0);
	assert_int_equal(file_load(&content, out, 1 << 20, &f->e), 0);
	assert_true(bytes_equal(BLOB(&content), BLOB(&f->a->content)));
	*find(&f->blob, "Carol Berg") = 'K';
	assert_int_equal(file_store(blob, f->blob.p, f->blob.len, 0600,
	    &f->e), 0);
	assert_int_not_equal(run(verify), 0);
	buf_clear(&content);
	unlink(blob);
	unlink(root);
	unlink(out);
	rmdir(dir);
}

static void
what_openssl_signs_is_an_approval(void **state)
{
	struct fixture	*f = *state;
	char		 dir[] = "/tmp/signet-approval.XXXXXX";
	char		 blob[64], cert[64], key[64], out[64];
	const char *const resign[] = { "openssl", "cms", "-resign", "-cades",
	    "-binary", "-nodetach", "-nosmimecap", "-inform", "DER",
	    "-outform", "DER", "-in", blob, "-signer", cert, "-inkey", key,
	    "-md", "sha256", "-out", out, NULL };

	assert_non_null(mkdtemp(dir));
	in_dir(blob, dir, "blob");
	in_dir(cert, dir, "cert");
	in_dir(key, dir, "key");
	in_dir(out, dir, "out");
	approve(f, &f->bob);
	testpki_write_cert(cert, f->alice.cert);
	testpki_write_key(key, f->alice.key);
	assert_int_equal(file_store(blob, f->blob.p, f->blob.len, 0600,
	    &f->e), 0);
	assert_int_equal(run(resign), 0);
	buf_clear(&f->blob);
	assert_int_equal(file_load(&f->blob, out, 1 << 20, &f->e), 0);
	check(f);
	assert_int_equal(f->a->n, 2);
	unlink(blob);
	unlink(cert);
	unlink(key);
	unlink(out);
	rmdir(dir);
}

/* Who signs a renewal need not hold the key that it renews. */
static void
a_look_at_an_order_asks_nobody_who_signed_it(void **state)
{
	struct fixture	*f = *state;
	uint8_t		 digest[ORDER_DIGEST];
	struct order	*o = (struct order *)-1;
	struct buf	 twice = { 0 };
	size_t		 last = f->blob.len - 1;

	assert_int_equal(approval_look(&o, digest, BYTES("\x30\x00", 2),
	    &f->e), -1);
	assert_null(o);
	assert_int_equal(f->e.code, ERROR_INPUT);
	assert_string_equal(f->e.text, "order: not CMS SignedData with an "
	    "order");
	error_clear(&f->e);
	assert_int_equal(approval_look(&o, digest, BYTES(f->blob.p, last),
	    &f->e), -1);
	assert_int_equal(f->e.code, ERROR_INPUT);
	error_clear(&f->e);
	approve(f, &f->alice);
	assert_int_equal(approval_open(&f->a, BLOB(&f->blob), &f->e), 0);
	/* A signature that is wrong is no matter here. */
	f->blob.p[f->blob.len - 1] ^= 1;
	assert_int_equal(approval_look(&o, digest, BLOB(&f->blob), &f->e), 0);
	assert_memory_equal(digest, f->a->digest, ORDER_DIGEST);
	assert_memory_equal(o->id, f->a->order->id, ORDER_ID_SIZE);
	assert_string_equal(fields_get(&o->fields, "mail", 0),
	    "carol@example.org");
	order_free(&o);
	buf_add(&twice, f->blob.p, f->blob.len);
	buf_byte(&twice, 0);
	assert_int_equal(approval_look(&o, digest, BLOB(&twice), &f->e), -1);
	assert_int_equal(f->e.code, ERROR_INPUT);
	buf_clear(&twice);
}

static void
a_renewal_carries_the_certificate_that_it_renews(void **state)
{
	struct fixture	*f = *state;
	struct approved	*plain = NULL;
	struct buf	 blob = { 0 }, out = { 0 };
	int		 i, found = 0;

	assert_int_equal(approval_open(&plain, BLOB(&f->blob), &f->e), 0);
	assert_int_equal(approval_wrap_renewal(&blob, plain->order,
	    f->bob.cert, &f->e), 0);
	assert_int_equal(approval_add(&out, BLOB(&blob), &f->alice, &f->clock,
	    &f->e), 0);
	assert_int_equal(approval_open(&f->a, BLOB(&out), &f->e), 0);
	assert_memory_equal(f->a->digest, plain->digest, ORDER_DIGEST);
	assert_int_equal(f->a->n, 1);
	for (i = 0; i < sk_X509_num(f->a->certs); i++)
		found += X509_cmp(sk_X509_value(f->a->certs, i),
		    f->bob.cert) == 0;
	assert_int_equal(found, 1);
	assert_int_equal(approval_check(f->a, &f->trust, &f->e), 0);
	approval_free(&plain);
	buf_clear(&blob);
	buf_clear(&out);
}

/* Its own use of keys is nonsense, which OpenSSL notes while it compares. */
static void
approval_leaves_no_error_behind_of_a_certificate_that_is_odd(void **state)
{
	const struct testpki_spec	 spec = { .name = "Odd" };
	struct fixture			*f = *state;
	EVP_PKEY			*key = testpki_key("P-256");
	X509				*x = testpki_cert(&f->pki, &spec, key,
					    f->pki.services,
					    f->pki.services_key);
	ASN1_OCTET_STRING		*junk = ASN1_OCTET_STRING_new();
	X509_EXTENSION			*ext;
	struct identity			 odd;

	assert_int_equal(ASN1_OCTET_STRING_set(junk,
	    (const unsigned char *)"junk", 4), 1);
	ext = X509_EXTENSION_create_by_NID(NULL, NID_ext_key_usage, 0, junk);
	assert_int_equal(X509_add_ext(x, ext, -1), 1);
	assert_true(X509_sign(x, f->pki.services_key, EVP_sha256()) > 0);
	testpki_identity_of(&odd, &f->pki, x, key);
	approve(f, &odd);
	assert_int_equal(ERR_peek_error(), 0);
	approve(f, &f->alice);
	assert_int_equal(ERR_peek_error(), 0);
	open_blob(f);
	assert_int_equal(ERR_peek_error(), 0);
	testpki_identity_clear(&odd);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(junk);
	X509_free(x);
	EVP_PKEY_free(key);
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest	 tests[] = {
		TEST(bytes_that_are_no_cms_are_refused),
		TEST(another_content_type_is_refused),
		TEST(other_kinds_of_cms_are_refused),
		TEST(a_missing_content_is_refused),
		TEST(
		    approval_leaves_no_error_behind_of_a_certificate_that_is_odd),
		TEST(a_changed_order_is_refused),
		TEST(a_changed_signature_is_refused),
		TEST(a_changed_signing_time_is_refused),
		TEST(a_weak_digest_is_refused),
		TEST(a_signature_without_signed_attributes_is_refused),
		TEST(a_signature_that_names_no_certificate_is_refused),
		TEST(a_signature_without_its_certificate_is_refused),
		TEST(a_certificate_of_the_same_number_and_key_is_refused),
		TEST(unsigned_attributes_are_refused),
		TEST(the_same_certificate_twice_is_refused),
		TEST(more_than_sixteen_approvals_are_refused),
		TEST(signed_nonsense_is_refused),
		TEST(an_order_without_approvals_opens_and_says_nothing),
		TEST(an_approval_tells_who_and_when),
		TEST(who_has_approved_cannot_approve_again),
		TEST(a_key_that_is_not_the_certificates_is_refused),
		TEST(a_damaged_order_cannot_be_approved),
		TEST(adding_leaves_content_and_earlier_approvals_as_they_were),
		TEST(the_chain_is_included_but_not_the_root),
		TEST(rsa_and_p384_keys_can_approve),
		TEST(ed25519_keys_are_refused_in_words),
		TEST(a_certificate_without_role_is_denied),
		TEST(a_certificate_that_is_not_for_signing_is_denied),
		TEST(a_certificate_without_person_is_denied),
		TEST(an_expired_or_future_certificate_is_denied),
		TEST(a_role_from_another_ca_is_denied),
		TEST(a_role_from_a_ca_of_the_same_name_is_denied),
		TEST(a_chain_that_ends_nowhere_is_denied),
		TEST(a_revoked_approver_is_denied_and_fails_the_others),
		TEST(a_status_that_cannot_be_had_keeps_its_code),
		TEST(good_officers_pass_and_their_status_is_asked),
		TEST(the_root_key_is_role_root),
		TEST(the_certificate_being_renewed_is_role_holder),
		TEST(a_look_at_an_order_asks_nobody_who_signed_it),
		TEST(a_renewal_carries_the_certificate_that_it_renews),
		TEST(nobody_but_its_holder_is_the_holder_of_what_is_renewed),
		TEST(the_cache_spares_the_chain_but_never_the_status),
		TEST(the_cache_does_not_outlive_time_or_ca),
		TEST(what_is_missing_is_said),
		TEST(a_rule_that_names_nobody_allows_nothing),
		TEST(one_person_with_two_certificates_counts_once),
		TEST(one_key_in_two_certificates_counts_once),
		TEST(roles_are_matched_so_that_all_fit),
		TEST(any_one_way_will_do),
		TEST(a_role_is_revoked_by_the_strictest_rule_of_those_that_give_it),
		TEST(each_kind_of_order_has_its_rule),
		TEST(openssl_verifies_what_we_approve),
		TEST(what_openssl_signs_is_an_approval),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
