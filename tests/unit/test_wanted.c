/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What entries must be, and how they differ from what they are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/x509v3.h>
#include "publish/wanted.h"
#include "tests/lib/testpki.h"

static struct testpki		 pki;
static struct publish_ca	 people = { .in_store = true };
static struct publish_ca	*all[] = { &people };
static struct publish_cas	 cas = { .v = all, .n = 1 };
static struct publish_target	 target;
static EVP_PKEY			*key;
static struct arena		*arena;

static int
set_up(void **state)
{
	static char	 name[] = "people", base[] = "dc=x";
	static char	 where[] = "uid={holder},ou=people,{base}";
	static char	 ca_where[] = "cn={ca},ou=PKI,{base}";

	(void)state;
	testpki_init(&pki, TESTPKI_NOW);
	key = testpki_key("P-256");
	people.name = name;
	people.cert = pki.people;
	target.base = base;
	target.people = where;
	target.cas = ca_where;
	arena = arena_new();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	EVP_PKEY_free(key);
	testpki_clear(&pki);
	return 0;
}

static void
add_ext(X509 *x, int nid, const char *value)
{
	X509_EXTENSION	*ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(ext);
	X509_EXTENSION_free(X509_delete_ext(x, X509_get_ext_by_NID(x, nid,
	    -1)));
	assert_int_equal(X509_add_ext(x, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

/* A certificate as the store has it. */
static struct db_published
certificate(long serial, const char *usage, const char *san)
{
	const struct testpki_spec	 spec = { .name = "Anna Ek",
	    .serial = serial };
	struct db_published		 p = { .holder = "anna",
	    .ca = "people", .profile = "mail-encrypt", .id = serial };
	X509				*x = testpki_cert(&pki, &spec, key,
	    pki.people, pki.people_key);
	unsigned char			*der = NULL;
	const ASN1_INTEGER		*n = X509_get0_serialNumber(x);
	int				 len;

	if (usage != NULL)
		add_ext(x, NID_key_usage, usage);
	if (san != NULL)
		add_ext(x, NID_subject_alt_name, san);
	assert_true(X509_sign(x, pki.people_key, EVP_sha256()) > 0);
	len = i2d_X509(x, &der);
	p.der = BYTES(arena_dup(arena, der, (size_t)len), (size_t)len);
	p.serial.len = (size_t)ASN1_STRING_length(n);
	memcpy(p.serial.p, ASN1_STRING_get0_data(n), p.serial.len);
	OPENSSL_free(der);
	X509_free(x);
	return p;
}

static int
look(struct wanted_cert *c, const struct db_published *p, struct error *e)
{
	struct error	 ignored = ERROR_INIT;
	int		 rc;

	error_clear(e);
	rc = wanted_look(c, p, &cas, TESTPKI_NOW, arena, e, &ignored);
	return rc == 1 && wanted_verify(c, e) == -1 ? 0 : rc;
}

#define USAGE	"critical,keyAgreement"
#define MAIL	"email:anna@example.org"

static void
wanted_look_refuses_what_does_not_verify(void **state)
{
	struct db_published	 p = certificate(7, USAGE, MAIL);
	struct wanted_cert	 c;
	struct error		 e;
	uint8_t			*der = arena_dup(arena, p.der.p, p.der.len);

	(void)state;
	assert_int_equal(look(&c, &p, &e), 1);
	p.ca = "others";
	assert_int_equal(look(&c, &p, &e), 0);
	assert_string_equal(e.text, "certificate 07: the store has no CA "
	    "others");
	p.ca = "people";
	p.serial.p[0] = 8;
	assert_int_equal(look(&c, &p, &e), 0);
	assert_string_equal(e.text, "certificate 08: the certificate has "
	    "another number than its row");
	p.serial.p[0] = 7;
	p.der.len--;
	assert_int_equal(look(&c, &p, &e), 0);
	assert_string_equal(e.text, "certificate 07: it cannot be read");
	p.der.len++;
	der[p.der.len - 1] ^= 1;
	p.der.p = der;
	assert_int_equal(look(&c, &p, &e), 0);
	assert_int_equal(e.code, ERROR_CRYPTO);
	assert_string_equal(e.text, "certificate 07: CA people has not "
	    "signed it");
}

static void
wanted_look_passes_over_what_senders_cannot_use(void **state)
{
	struct db_published	 sign = certificate(9,
	    "critical,digitalSignature", MAIL);
	struct db_published	 old = certificate(10, USAGE, MAIL);
	struct db_published	 ca = certificate(11,
	    "critical,keyAgreement,keyCertSign", MAIL);
	struct wanted_cert	 c;
	struct error		 e, ignored = ERROR_INIT;

	(void)state;
	assert_int_equal(look(&c, &sign, &e), 0);
	assert_int_equal(look(&c, &ca, &e), 0);
	assert_int_equal(wanted_look(&c, &old, &cas,
	    TESTPKI_NOW + 400 * TESTPKI_DAY, arena, &e, &ignored), 0);
	assert_int_equal(e.code, ERROR_NONE);
	assert_int_equal(look(&c, &old, &e), 1);
	assert_string_equal(c.cn, "Anna Ek");
	assert_int_equal(c.nmail, 1);
	assert_string_equal(c.mail[0], "anna@example.org");
}

static void
a_clock_that_is_behind_leaves_no_certificate_out(void **state)
{
	struct db_published	 p = certificate(12, USAGE, MAIL);
	struct wanted_cert	 c;
	struct error		 e = ERROR_INIT, ignored = ERROR_INIT;

	(void)state;
	assert_int_equal(wanted_look(&c, &p, &cas, TESTPKI_NOW - TESTPKI_DAY,
	    arena, &e, &ignored), 1);
}

static const struct directory_attr *
attr(const struct wanted *w, const char *name)
{
	for (size_t i = 0; i < w->nattrs; i++)
		if (strcmp(w->attr[i].name, name) == 0)
			return &w->attr[i];
	fail_msg("no %s", name);
	return NULL;
}

static void
assert_text(struct bytes v, const char *s)
{
	assert_int_equal(v.len, strlen(s));
	assert_memory_equal(v.p, s, v.len);
}

static void
person(struct wanted *w, const char *holder, const struct db_published *v,
    size_t n)
{
	struct error	 e = ERROR_INIT;

	assert_int_equal(wanted_person(w, &target, holder, v, n, &cas,
	    TESTPKI_NOW, arena, &e), 0);
}

static void
a_person_offers_the_newest_certificate_of_each_address(void **state)
{
	struct db_published	 v[] = {
		certificate(30, "critical,digitalSignature", MAIL),
		certificate(29, USAGE, MAIL),
		certificate(28, USAGE, "email:ANNA@example.org,"
		    "email:ek@example.org"),
		certificate(27, USAGE, MAIL ",email:ek@example.org"),
		certificate(26, USAGE, NULL),
		certificate(25, USAGE, NULL),
	};
	const struct directory_attr *at;
	struct wanted		 w;

	(void)state;
	v[4].profile = v[5].profile = "domain-gateway";
	person(&w, "an,na", v, 6);
	assert_true(w.present);
	assert_int_equal(w.problem.code, ERROR_NONE);
	assert_string_equal(w.dn, "uid=an\\,na,ou=people,dc=x");
	at = attr(&w, "userCertificate;binary");
	assert_int_equal(at->n, 3);
	assert_true(bytes_equal(at->v[0], v[1].der));
	assert_true(bytes_equal(at->v[1], v[2].der));
	assert_true(bytes_equal(at->v[2], v[4].der));
	at = attr(&w, "mail");
	assert_int_equal(at->n, 2);
	assert_text(at->v[0], "anna@example.org");
	assert_text(at->v[1], "ek@example.org");
	assert_text(attr(&w, "cn")->v[0], "Anna Ek");
	assert_text(attr(&w, "sn")->v[0], "Ek");
}

static void
one_bad_certificate_does_not_hide_the_others(void **state)
{
	struct db_published	 v[] = { certificate(41, USAGE, MAIL),
	    certificate(40, USAGE, MAIL) };
	struct wanted		 w;

	(void)state;
	v[0].ca = "others";
	person(&w, "anna", v, 2);
	assert_true(w.present);
	assert_int_equal(attr(&w, "userCertificate;binary")->n, 1);
	assert_string_equal(w.problem.text,
	    "certificate 29: the store has no CA others");
}

/* Who delivers verifies what it offers and no more; who compares, all. */
static void
only_what_is_offered_must_verify_to_be_delivered(void **state)
{
	struct db_published	 v[] = { certificate(43, USAGE, MAIL),
	    certificate(42, USAGE, MAIL) };
	uint8_t			*newer = arena_dup(arena, v[0].der.p,
				    v[0].der.len);
	uint8_t			*older = arena_dup(arena, v[1].der.p,
				    v[1].der.len);
	struct wanted		 w;

	(void)state;
	cas.verify_offered = true;
	newer[v[0].der.len - 1] ^= 1;
	v[0].der.p = newer;
	person(&w, "anna", v, 2);
	assert_string_equal(w.problem.text,
	    "certificate 2b: CA people has not signed it");
	assert_int_equal(attr(&w, "userCertificate;binary")->n, 1);
	assert_true(bytes_equal(attr(&w, "userCertificate;binary")->v[0],
	    v[1].der));
	newer[v[0].der.len - 1] ^= 1;
	older[v[1].der.len - 1] ^= 1;
	v[1].der.p = older;
	person(&w, "anna", v, 2);
	assert_int_equal(w.problem.code, ERROR_NONE);
	assert_int_equal(attr(&w, "userCertificate;binary")->n, 1);
	cas.verify_offered = false;
	person(&w, "anna", v, 2);
	assert_string_equal(w.problem.text,
	    "certificate 2a: CA people has not signed it");
	assert_int_equal(attr(&w, "userCertificate;binary")->n, 1);
}

static void
a_person_without_certificates_has_no_entry(void **state)
{
	struct wanted		 w;
	struct directory_entry	 todo;
	const char		*why;

	(void)state;
	person(&w, "anna", NULL, 0);
	assert_false(w.present);
	assert_int_equal(wanted_compare(&w, NULL, &todo, &why, arena),
	    WANTED_SAME);
}

/* An entry as a directory would have it. */
static struct directory_entry
actual(const struct wanted *w)
{
	struct directory_entry	 todo;
	const char		*why;

	assert_int_equal(wanted_compare(w, NULL, &todo, &why, arena),
	    WANTED_ADD);
	assert_string_equal(why, "is missing");
	return todo;
}

static struct directory_attr *
edit(struct directory_entry *e, const char *name)
{
	for (size_t i = 0; i < e->nattrs; i++)
		if (strcmp(e->attr[i].name, name) == 0)
			return &e->attr[i];
	fail_msg("no %s", name);
	return NULL;
}

static void
wanted_compare_finds_each_difference(void **state)
{
	struct db_published	 v[] = { certificate(51, USAGE, MAIL),
	    certificate(50, USAGE, "email:ek@example.org") };
	struct wanted		 w;
	struct directory_entry	 is, todo;
	struct bytes		 first;
	const char		*why;

	(void)state;
	person(&w, "anna", v, 2);
	is = actual(&w);
	assert_text(edit(&is, "uid")->v[0], "anna");
	assert_int_equal(wanted_compare(&w, &is, &todo, &why, arena),
	    WANTED_SAME);
	assert_null(why);

	edit(&is, "mail")->n = 1;
	assert_int_equal(wanted_compare(&w, &is, &todo, &why, arena),
	    WANTED_MODIFY);
	assert_string_equal(why, "mail: 1 missing");
	assert_int_equal(todo.nattrs, 1);
	assert_int_equal(todo.attr[0].n, 2);
	edit(&is, "mail")->n = 2;

	edit(&is, "sn")->v = arena_dup(arena, edit(&is, "sn")->v,
	    sizeof(struct bytes));
	edit(&is, "sn")->v[0] = BYTES("Al", 2);
	assert_int_equal(wanted_compare(&w, &is, &todo, &why, arena),
	    WANTED_MODIFY);
	assert_string_equal(why, "sn: 1 missing, 1 too many");

	is = actual(&w);
	edit(&is, "userCertificate;binary")->v = arena_dup(arena,
	    edit(&is, "userCertificate;binary")->v, 2 * sizeof(first));
	first = edit(&is, "userCertificate;binary")->v[0];
	edit(&is, "userCertificate;binary")->v[0] =
	    edit(&is, "userCertificate;binary")->v[1];
	edit(&is, "userCertificate;binary")->v[1] = first;
	assert_int_equal(wanted_compare(&w, &is, &todo, &why, arena),
	    WANTED_MODIFY);
	assert_string_equal(why, "userCertificate: another one is first");
}

static void
classes_of_others_stay(void **state)
{
	struct db_published	 v = certificate(60, USAGE, MAIL);
	struct bytes		 classes[] = { BYTES("TOP", 3),
	    BYTES("person", 6), BYTES("posixAccount", 12) };
	struct wanted		 w;
	struct directory_entry	 is, todo;
	const char		*why;

	(void)state;
	person(&w, "anna", &v, 1);
	is = actual(&w);
	edit(&is, "objectClass")->v = classes;
	edit(&is, "objectClass")->n = 3;
	assert_int_equal(wanted_compare(&w, &is, &todo, &why, arena),
	    WANTED_MODIFY);
	assert_string_equal(why, "objectClass: 3 missing");
	assert_int_equal(todo.attr[0].n, 6);
	assert_text(todo.attr[0].v[2], "posixAccount");
}

static void
only_entries_with_nothing_of_others_are_deleted(void **state)
{
	struct db_published	 v = certificate(70, USAGE, MAIL);
	struct directory_attr	 title = { "title",
	    (struct bytes[]){ BYTES("Chief", 5) }, 1 };
	struct wanted		 w, gone;
	struct directory_entry	 is, todo;
	const char		*why;

	(void)state;
	person(&w, "anna", &v, 1);
	wanted_stray(&gone, w.dn, arena);
	is = actual(&w);
	assert_int_equal(wanted_compare(&gone, &is, &todo, &why, arena),
	    WANTED_DELETE);
	assert_string_equal(why, "must not be there");
	is.attr[is.nattrs++] = title;
	assert_int_equal(wanted_compare(&gone, &is, &todo, &why, arena),
	    WANTED_MODIFY);
	assert_string_equal(why, "userCertificate: 1 too many");
	assert_int_equal(todo.nattrs, 1);
	assert_int_equal(todo.attr[0].n, 0);
	gone.keep = true;
	assert_int_equal(wanted_compare(&gone, &is, &todo, &why, arena),
	    WANTED_SAME);
}

static void
a_ca_that_is_not_trusted_is_left_alone(void **state)
{
	struct publish_ca	 bad = people;
	struct publish_ca	*v[] = { &bad };
	struct publish_cas	 with_bad = { .v = v, .n = 1 };
	struct error		 e = ERROR_INIT;
	struct wanted		 w;

	(void)state;
	bad.cert = NULL;
	error_set(&bad.error, ERROR_DENIED, "CA people: not to be trusted");
	assert_ptr_equal(publish_cas_get(&with_bad, "people"), &bad);
	assert_null(publish_cas_get(&with_bad, "nobody"));
	assert_int_equal(wanted_ca(&w, &target, "people", &with_bad, NULL,
	    NULL, arena, &e), 0);
	assert_true(w.keep);
	assert_string_equal(w.dn, "cn=people,ou=PKI,dc=x");
	assert_string_equal(w.problem.text, "CA people: not to be trusted");
	assert_int_equal(wanted_ca(&w, &target, "nobody", &with_bad, NULL,
	    NULL, arena, &e), 0);
	assert_false(w.keep || w.present);
}

static void
wanted_entry_asks_the_store_for_whom_there_is_something_to_ask(void **state)
{
	static const struct db_profiles	 none = { .n = 0 };
	struct wanted_store		 s = { .target = &target, .cas = &cas,
	    .published = &none, .now = TESTPKI_NOW };
	struct error			 e = ERROR_INIT;
	struct wanted			 w;

	(void)state;
	db_open_later(&s.db, "host=/nonexistent", "test", NULL, 0);
	db_set_patience(s.db, 0);
	assert_int_equal(wanted_entry(&w, &s, "person", "ada", arena, &e), -1);
	assert_int_equal(e.code, ERROR_UPSTREAM);
	assert_non_null(strstr(e.text, "/nonexistent"));
	error_clear(&e);
	assert_int_equal(wanted_entry(&w, &s, "ca", "nobody", arena, &e), 0);
	assert_string_equal(w.dn, "cn=nobody,ou=PKI,dc=x");
	assert_false(w.keep || w.present);
	assert_int_equal(wanted_entry(&w, &s, "name", "cn=stray,dc=x", arena,
	    &e), 0);
	assert_string_equal(w.dn, "cn=stray,dc=x");
	assert_false(w.keep || w.present);
	db_close(&s.db);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(wanted_look_refuses_what_does_not_verify),
		cmocka_unit_test(
		    wanted_look_passes_over_what_senders_cannot_use),
		cmocka_unit_test(
		    a_clock_that_is_behind_leaves_no_certificate_out),
		cmocka_unit_test(
		    a_person_offers_the_newest_certificate_of_each_address),
		cmocka_unit_test(one_bad_certificate_does_not_hide_the_others),
		cmocka_unit_test(
		    only_what_is_offered_must_verify_to_be_delivered),
		cmocka_unit_test(a_person_without_certificates_has_no_entry),
		cmocka_unit_test(wanted_compare_finds_each_difference),
		cmocka_unit_test(classes_of_others_stay),
		cmocka_unit_test(
		    only_entries_with_nothing_of_others_are_deleted),
		cmocka_unit_test(a_ca_that_is_not_trusted_is_left_alone),
		cmocka_unit_test(
		    wanted_entry_asks_the_store_for_whom_there_is_something_to_ask),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
