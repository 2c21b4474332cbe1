/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/x509v3.h>
#include "x509/cert_constraints.h"

/* A list of one borrowed text. */
static struct conf_list
one(char **text)
{
	return (struct conf_list){ text, 1 };
}

static void
what_is_no_subtree_is_refused(void **state)
{
	static struct {
		char	 text[32];
		char	 other[40];
	} rows[] = {
		{ "example.org", "of no known kind" },
		{ "web:example.org", "of no known kind" },
		{ "mail:", "neither a host nor an address" },
		{ "mail:.", "neither a host nor an address" },
		{ "mail:a b@example.org",
		  "neither a host nor an address" },
		{ "mail:a@", "neither a host nor an address" },
		{ "dns:.example.org", "not a host" },
		{ "dns:example..org", "not a host" },
		{ "dns:-example.org", "not a host" },
		{ "dns:example.org.", "not a host" },
		{ "dns:ex_ample.org", "not a host" },
		{ "uri:http://example.org", "not a host" },
		{ "ip:192.0.2.0", "not a network" },
		{ "ip:192.0.2.0/33", "not a network" },
		{ "ip:192.0.2.1/24", "not a network" },
		{ "ip:2001:db8::/", "not a network" },
		{ "ip:x/8", "not a network" },
		{ "dir:", "not ATTR=VALUE" },
		{ "dir:C=DE/Partner", "not ATTR=VALUE" },
		{ "dir:C=", "not ATTR=VALUE" },
		{ "dir:XX=1", "not ATTR=VALUE" },
	};
	struct cert_constraints	 c = CERT_CONSTRAINTS_INIT;
	struct error		 e;
	char			*text;
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		error_clear(&e);
		text = rows[i].text;
		c.permitted = one(&text);
		assert_int_equal(cert_constraints_check(&c, &e), -1);
		assert_int_equal(e.code, ERROR_INPUT);
		assert_int_equal(strncmp(e.text, "permitted: \"", 12), 0);
		assert_non_null(strstr(e.text, rows[i].other));
		assert_non_null(strstr(e.hint, "dir:C=DE/O=Partner"));
	}
	c.permitted = (struct conf_list){ NULL, 0 };
	c.excluded = one(&text);
	error_clear(&e);
	assert_int_equal(cert_constraints_check(&c, &e), -1);
	assert_int_equal(strncmp(e.text, "excluded: \"", 11), 0);
}

static void
what_is_no_mapping_or_number_is_refused(void **state)
{
	static struct {
		char	 text[32];
		char	 other[40];
	} maps[] = {
		{ "1.2.3", "is no mapping of policies" },
		{ "1.2.3=", "is no mapping of policies" },
		{ "=1.2.3", "is no mapping of policies" },
		{ "1.2.3=x", "is no mapping of policies" },
		{ "1.2.3=2.5.29.32.0",
		  "anyPolicy is not mapped" },
		{ "2.5.29.32.0=1.2.3",
		  "anyPolicy is not mapped" },
	};
	struct cert_constraints	 c = CERT_CONSTRAINTS_INIT;
	struct error		 e;
	char			*text;
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		error_clear(&e);
		text = maps[i].text;
		c.policy_mappings = one(&text);
		assert_int_equal(cert_constraints_check(&c, &e), -1);
		assert_int_equal(e.code, ERROR_INPUT);
		assert_non_null(strstr(e.text, maps[i].other));
	}
	c.policy_mappings = (struct conf_list){ NULL, 0 };
	c.inhibit_any_policy = 17;
	error_clear(&e);
	assert_int_equal(cert_constraints_check(&c, &e), -1);
	assert_string_equal(e.text,
	    "inhibit_any_policy: 17 is not between 0 and 16");
	c.inhibit_any_policy = -1;
	c.require_explicit_policy = -2;
	error_clear(&e);
	assert_int_equal(cert_constraints_check(&c, &e), -1);
	assert_string_equal(e.text,
	    "require_explicit_policy: -2 is not between 0 and 16");
}

static void
a_list_that_is_too_long_is_refused(void **state)
{
	static char		 text[] = "dns:example.org";
	char			*v[CERT_CONSTRAINTS_MAX + 1];
	struct cert_constraints	 c = CERT_CONSTRAINTS_INIT;
	struct error		 e = ERROR_INIT;
	size_t			 i;

	(void)state;
	for (i = 0; i <= CERT_CONSTRAINTS_MAX; i++)
		v[i] = text;
	c.excluded = (struct conf_list){ v, CERT_CONSTRAINTS_MAX + 1 };
	assert_int_equal(cert_constraints_check(&c, &e), -1);
	assert_string_equal(e.text, "excluded: more than 64 subtrees");
}

/* As it would be in a certificate, read by OpenSSL. */
static X509_EXTENSION *
extension(int which, const struct cert_constraints *c)
{
	const struct cert_constraint	*k = &CERT_CONSTRAINT[which];
	ASN1_OBJECT			*oid = OBJ_txt2obj(k->oid, 1);
	ASN1_OCTET_STRING		*value = ASN1_OCTET_STRING_new();
	X509_EXTENSION			*x;
	struct buf			 der = { 0 };
	struct error			 e = ERROR_INIT;

	assert_true(k->wanted(c));
	assert_int_equal(k->put(&der, c, &e), 0);
	ASN1_OCTET_STRING_set(value, der.p, (int)der.len);
	x = X509_EXTENSION_create_by_OBJ(NULL, oid, k->critical, value);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(oid);
	buf_clear(&der);
	return x;
}

/* What "is" writes is what "is" wants, and not what "other" wants. */
static void
assert_told_apart(int which, const struct cert_constraints *is,
    const struct cert_constraints *other)
{
	X509_EXTENSION	*x = extension(which, is);

	assert_true(CERT_CONSTRAINT[which].same(x, is));
	assert_false(CERT_CONSTRAINT[which].same(x, other));
	X509_EXTENSION_free(x);
}

static void
every_kind_of_subtree_is_written_and_told_apart(void **state)
{
	static struct {
		char	 text[32];
		char	 other[40];
	} rows[] = {
		{ "mail:example.org", "mail:example.com" },
		{ "mail:.example.org", "mail:example.org" },
		{ "mail:a@example.org", "mail:b@example.org" },
		{ "dns:example.org", "mail:example.org" },
		{ "dns:", "dns:example.org" },
		{ "uri:.example.org", "uri:example.org" },
		{ "ip:192.0.2.0/24", "ip:192.0.2.0/25" },
		{ "ip:2001:db8::/32", "ip:2001:db8::/33" },
		{ "ip:0.0.0.0/0", "ip:::/0" },
		{ "dir:C=DE/O=Partner", "dir:C=DE" },
		{ "dir:C=DE", "dir:C=DE/O=Partner" },
		{ "dir:O=Partner", "dir:OU=Partner" },
	};
	struct cert_constraints	 is = CERT_CONSTRAINTS_INIT;
	struct cert_constraints	 other = CERT_CONSTRAINTS_INIT;
	struct error		 e = ERROR_INIT;
	char			*text, *second;
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		text = rows[i].text;
		second = rows[i].other;
		is.permitted = one(&text);
		other.permitted = one(&second);
		assert_int_equal(cert_constraints_check(&is, &e), 0);
		assert_told_apart(CERT_NAME_CONSTRAINTS, &is, &other);
	}
	other.permitted = (struct conf_list){ NULL, 0 };
	other.excluded = is.permitted;
	assert_told_apart(CERT_NAME_CONSTRAINTS, &is, &other);
	assert_told_apart(CERT_NAME_CONSTRAINTS, &other, &is);
}

static void
policies_are_written_and_told_apart(void **state)
{
	static char		 ours[] = "2.999.1=2.999.7.1";
	static char		 theirs[] = "2.999.7.1=2.999.1";
	char			*map = ours, *turned = theirs;
	struct cert_constraints	 is = CERT_CONSTRAINTS_INIT;
	struct cert_constraints	 other = CERT_CONSTRAINTS_INIT;

	(void)state;
	is.policy_mappings = one(&map);
	other.policy_mappings = one(&turned);
	assert_told_apart(CERT_POLICY_MAPPINGS, &is, &other);
	is.require_explicit_policy = other.inhibit_policy_mapping = 2;
	assert_told_apart(CERT_POLICY_CONSTRAINTS, &is, &other);
	is.inhibit_policy_mapping = 0;
	assert_told_apart(CERT_POLICY_CONSTRAINTS, &is, &other);
	is.inhibit_any_policy = 0;
	other.inhibit_any_policy = 1;
	assert_told_apart(CERT_INHIBIT_ANY_POLICY, &is, &other);
	assert_false(CERT_CONSTRAINT[CERT_NAME_CONSTRAINTS].wanted(&is));
	assert_false(CERT_CONSTRAINT[CERT_POLICY_MAPPINGS].critical);
	assert_true(CERT_CONSTRAINT[CERT_NAME_CONSTRAINTS].critical);
}

int
main(void)
{
	static const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(what_is_no_subtree_is_refused),
		cmocka_unit_test(what_is_no_mapping_or_number_is_refused),
		cmocka_unit_test(a_list_that_is_too_long_is_refused),
		cmocka_unit_test(
		    every_kind_of_subtree_is_written_and_told_apart),
		cmocka_unit_test(policies_are_written_and_told_apart),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
