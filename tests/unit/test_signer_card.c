/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signer and keys that were made on cards: what a station may say alone,
 * whose word about a card counts, and what of it is in the certificate.
 */
#include "tests/unit/signer_fixture.h"

#include <sys/stat.h>
#include <openssl/x509v3.h>
#include "base/text.h"

#define OID_STATION	"1.3.6.1.4.1.99999.1"
#define OID_ATTESTED	"1.3.6.1.4.1.99999.2"

struct bureau {
	struct fixture	*f;
	struct identity	 station;
	EVP_PKEY	*maker_key;
	X509		*maker, *voucher;
	char		*roots, *profiles;
	struct buf	 spki, batch;
	uint8_t		 digest[32];
};

static void
write_profile(struct bureau *b, const char *extra)
{
	char	*path = mem_printf("%s/mail-dual", b->profiles);
	FILE	*out = fopen(path, "w");

	assert_non_null(out);
	fprintf(out, "description = \"card\"; cas = [ \"people\" ];\n"
	    "keys = ( { type = \"ec\"; curves = [ \"P-256\" ]; } );\n"
	    "subject = ( { attr = \"C\"; from = \"country\"; },\n"
	    " { attr = \"O\"; from = \"org\"; },\n"
	    " { attr = \"organizationIdentifier\"; from = \"orgid\"; },\n"
	    " { attr = \"GN\"; from = \"given\"; },\n"
	    " { attr = \"SN\"; from = \"surname\"; },\n"
	    " { attr = \"CN\"; from = \"name\"; } );\n"
	    "san = ( { type = \"email\"; from = \"mail\"; max = 3; } );\n"
	    "key_usage = [ \"digitalSignature\" ];\n"
	    "ext_key_usage = [ \"clientAuth\" ];\n"
	    "approvals = [ \"officer\" ]; order_lifetime = \"30d\";\n"
	    "batch_approvals = [ \"officer + officer\" ]; %s\n", extra);
	assert_int_equal(fclose(out), 0);
	mem_free(&path);
}

/* The signer reads settings and profiles when it starts. */
static void
restart(struct bureau *b, bool knows_makers, const char *extra)
{
	struct fixture	*f = b->f;

	signer_free(&f->signer);
	write_profile(b, extra);
	f->conf.attestation_roots = knows_makers ? b->roots : NULL;
	start(f);
	buf_clear(&b->batch);
	approve(f, &b->batch, batch_order(f, 2, false), &f->officer,
	    &f->second);
	msg_init(&f->ask, WIRE_BATCH);
	msg_put_blob(&f->ask, b->batch.p, b->batch.len);
	answer(f);
	assert_int_equal(f->e.code, ERROR_NONE);
	memcpy(b->digest, msg_get_blob(&f->answer, 32).p, 32);
}

static int
set_up_bureau(void **state)
{
	struct bureau		*b = mem_alloc(sizeof(*b));
	struct testpki_spec	 ca = { .name = "maker", .is_ca = true };
	struct testpki_spec	 leaf = { .name = "slot 9a" };
	void			*f;

	if (set_up(&f) == -1)
		return -1;
	b->f = f;
	testpki_identity(&b->station, &b->f->pki, "P-256", "Station", "s1",
	    OID_ROLE_STATION_AGENT);
	b->maker_key = testpki_key("P-256");
	b->maker = testpki_cert(&b->f->pki, &ca, b->maker_key, b->f->pki.root,
	    b->f->pki.root_key);
	b->voucher = testpki_cert(&b->f->pki, &leaf, b->f->key, b->maker,
	    b->maker_key);
	assert_int_equal(key_public_der(&b->spki, b->f->key, &b->f->e), 0);
	b->roots = mem_printf("%s/makers.pem", b->f->dir);
	testpki_write_cert(b->roots, b->f->pki.root);
	b->profiles = mem_printf("%s/profiles", b->f->dir);
	assert_int_equal(mkdir(b->profiles, 0700), 0);
	mem_free(&b->f->conf.profiles);
	b->f->conf.profiles = mem_strdup(b->profiles);
	*state = b;
	return 0;
}

static int
tear_down_bureau(void **state)
{
	struct bureau	*b = *state;
	void		*f = b->f;

	buf_clear(&b->batch);
	buf_clear(&b->spki);
	X509_free(b->voucher);
	X509_free(b->maker);
	EVP_PKEY_free(b->maker_key);
	testpki_identity_clear(&b->station);
	mem_free(&b->roots);
	mem_free(&b->profiles);
	mem_free(&b);
	return tear_down(&f);
}

/* Item 1, with such a request, ordered by the station. */
static int
ask_for(struct bureau *b, const struct buf *request,
    struct prepared_reply *r)
{
	struct fixture	*f = b->f;
	struct order	*o;
	struct buf	 signed_order;
	int		 rc;

	assert_int_equal(order_new(&o, ORDER_ITEM, 3600, &f->clock, &f->rng,
	    &f->e), 0);
	memcpy(o->batch, b->digest, 32);
	o->n = 1;
	o->has_request = true;
	digest_of(o->request, request);
	approve(f, &signed_order, o, &b->station, NULL);
	rc = prepare(f, true, BYTES(b->digest, 32), 1, request,
	    BYTES(NULL, 0), BYTES(signed_order.p, signed_order.len), r);
	buf_clear(&signed_order);
	return rc;
}

static void
put(struct bureau *b, struct buf *out, bool is_bare, X509 *leaf, X509 *issuer)
{
	struct buf	 l = { 0 }, i = { 0 };

	buf_clear(out);
	testpki_cert_der(&l, leaf);
	testpki_cert_der(&i, issuer);
	csr_card_put(out, is_bare ? BYTES(b->spki.p, b->spki.len) :
	    BYTES(b->f->request.p, b->f->request.len), is_bare,
	    BYTES(l.p, l.len), BYTES(i.p, i.len));
	buf_clear(&l);
	buf_clear(&i);
}

static void
refused(struct bureau *b, const struct buf *request, const char *text)
{
	struct prepared_reply	 r;

	assert_int_equal(ask_for(b, request, &r), -1);
	assert_string_equal(b->f->e.text, text);
	assert_int_equal(b->f->e.code, ERROR_DENIED);
	error_clear(&b->f->e);
}

/* What is issued, and its only policy; NULL: it has none. */
static void
issued_with(struct bureau *b, const struct buf *request, const char *policy)
{
	struct prepared_reply	 r;
	CERTIFICATEPOLICIES	*got;
	char			 oid[80];
	X509			*x;

	if (ask_for(b, request, &r) == -1)
		fail_msg("%s", b->f->e.text);
	x = sign(b->f, r.digest, 1, r.serial, BYTES(NULL, 0));
	assert_non_null(x);
	assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(x), b->f->key), 1);
	got = X509_get_ext_d2i(x, NID_certificate_policies, NULL, NULL);
	if (policy == NULL)
		assert_null(got);
	else {
		assert_int_equal(sk_POLICYINFO_num(got), 1);
		OBJ_obj2txt(oid, sizeof(oid),
		    sk_POLICYINFO_value(got, 0)->policyid, 1);
		assert_string_equal(oid, policy);
	}
	CERTIFICATEPOLICIES_free(got);
	X509_free(x);
	buf_clear(&r.tbs);
}

#define BOTH	"station_policy = \"" OID_STATION "\"; "		\
		"attested_policy = \"" OID_ATTESTED "\";"

static void
signer_takes_a_key_alone_from_stations_only(void **state)
{
	struct bureau		*b = *state;
	struct prepared_reply	 r;
	struct buf		 bare = { 0 }, blob;
	struct order		*o;

	restart(b, true, BOTH);
	put(b, &bare, true, NULL, NULL);
	/* Officers who approve its digest do not see whether it is proved. */
	o = batch_order(b->f, 1, true);
	digest_of(o->item[0].request, &bare);
	approve(b->f, &blob, o, &b->f->officer, &b->f->second);
	msg_init(&b->f->ask, WIRE_BATCH);
	msg_put_blob(&b->f->ask, blob.p, blob.len);
	answer(b->f);
	assert_int_equal(b->f->e.code, ERROR_NONE);
	memcpy(r.digest, msg_get_blob(&b->f->answer, 32).p, 32);
	assert_int_equal(prepare(b->f, true, BYTES(r.digest, 32), 1, &bare,
	    BYTES(NULL, 0), BYTES(NULL, 0), &r), -1);
	assert_string_equal(b->f->e.text,
	    "request: not a PKCS#10 request");
	error_clear(&b->f->e);
	issued_with(b, &bare, OID_STATION);
	buf_clear(&blob);
	buf_clear(&bare);
}

static void
signer_refuses_the_word_of_a_maker_that_it_does_not_know(void **state)
{
	struct bureau		*b = *state;
	struct testpki_spec	 ca = { .name = "maker", .is_ca = true };
	struct testpki_spec	 leaf = { .name = "slot 9a" };
	EVP_PKEY		*key = testpki_key("P-256");
	X509			*self, *forged;
	struct buf		 request = { 0 };

	self = testpki_cert(&b->f->pki, &ca, key, b->maker, key);
	forged = testpki_cert(&b->f->pki, &leaf, b->f->key, self, key);
	restart(b, true, BOTH);
	put(b, &request, false, forged, self);
	assert_int_equal(ask_for(b, &request, &(struct prepared_reply){
	    .tbs = { 0 } }), -1);
	assert_int_equal(b->f->e.code, ERROR_DENIED);
	assert_non_null(strstr(b->f->e.text,
	    "attestation: certificate of CN=slot 9a,O=Test,C=SE: "));
	error_clear(&b->f->e);
	buf_clear(&request);
	X509_free(forged);
	X509_free(self);
	EVP_PKEY_free(key);
}

static void
signer_refuses_a_key_without_the_word_that_the_profile_needs(void **state)
{
	struct bureau	*b = *state;
	struct buf	 request = { 0 };

	restart(b, true, "needs_attestation = true;");
	put(b, &request, false, NULL, NULL);
	refused(b, &request, "profile mail-dual needs the word of a card's "
	    "maker, and the request has none");
	refused(b, &b->f->request, "profile mail-dual needs the word of a "
	    "card's maker, and the request has none");
	restart(b, false, "needs_attestation = true;");
	put(b, &request, false, b->voucher, b->maker);
	refused(b, &request, "profile mail-dual needs the word of a card's "
	    "maker, and attestation_roots is not set");
	buf_clear(&request);
}

/* E016: the maker says when the card wants its PIN for the key. */
static void
set_rules(struct bureau *b, const char rules[2])
{
	ASN1_OBJECT		*o = OBJ_txt2obj("1.3.6.1.4.1.41482.3.8", 1);
	ASN1_OCTET_STRING	*v = ASN1_OCTET_STRING_new();
	X509_EXTENSION		*ext;

	assert_int_equal(ASN1_OCTET_STRING_set(v,
	    (const unsigned char *)rules, 2), 1);
	ext = X509_EXTENSION_create_by_OBJ(NULL, o, 0, v);
	assert_int_equal(X509_add_ext(b->voucher, ext, -1), 1);
	assert_true(X509_sign(b->voucher, b->maker_key, EVP_sha256()) > 0);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(v);
	ASN1_OBJECT_free(o);
}

static void
e016_signer_refuses_a_key_that_needs_no_pin(void **state)
{
	struct bureau	*b = *state;
	struct buf	 request = { 0 };

	set_rules(b, "\x01\x01");
	restart(b, true, BOTH);
	put(b, &request, false, b->voucher, b->maker);
	refused(b, &request, "attestation: the card uses this key without a "
	    "PIN, which only keys of the card itself are for");
	buf_clear(&request);
}

static void
e016_signer_takes_a_key_that_needs_a_pin(void **state)
{
	struct bureau	*b = *state;
	struct buf	 request = { 0 };

	set_rules(b, "\x02\x01");
	restart(b, true, BOTH);
	put(b, &request, false, b->voucher, b->maker);
	issued_with(b, &request, OID_ATTESTED);
	buf_clear(&request);
}

static void
signer_says_in_the_certificate_what_is_known_about_the_key(void **state)
{
	struct bureau	*b = *state;
	struct buf	 request = { 0 };

	restart(b, true, BOTH);
	put(b, &request, false, b->voucher, b->maker);
	issued_with(b, &request, OID_ATTESTED);
	restart(b, false, BOTH);	/* nobody's word counts */
	issued_with(b, &request, OID_STATION);
	restart(b, true, "station_policy = \"" OID_STATION "\";");
	issued_with(b, &request, OID_STATION);
	restart(b, true, "needs_attestation = true;");
	issued_with(b, &request, NULL);
	restart(b, true, BOTH);
	put(b, &request, true, b->voucher, b->maker);
	issued_with(b, &request, OID_ATTESTED);
	restart(b, true, BOTH);
	issued_with(b, &b->f->request, OID_STATION);
	buf_clear(&request);
}

#define T(fn)								\
	cmocka_unit_test_setup_teardown(fn, set_up_bureau, tear_down_bureau)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		T(signer_takes_a_key_alone_from_stations_only),
		T(signer_refuses_the_word_of_a_maker_that_it_does_not_know),
		T(signer_refuses_a_key_without_the_word_that_the_profile_needs),
		T(e016_signer_refuses_a_key_that_needs_no_pin),
		T(e016_signer_takes_a_key_that_needs_a_pin),
		T(signer_says_in_the_certificate_what_is_known_about_the_key),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
