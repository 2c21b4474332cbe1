/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "x509/der.h"
#include "x509/name.h"
#include "x509/oid.h"

static void
name_put_rdn_refuses_what_a_name_must_not_hold(void **state)
{
	static const struct {
		const char	*attr, *value, *text;
	} rows[] = {
		{ "CN", "", "CN is empty" },
		{ "CN", "a\nb", "CN has characters that must not be in a name,"
		  " or is too long" },
		{ "CN", "\xe2\x80\xae" "evil", "CN has characters that must not"
		  " be in a name, or is too long" },
		{ "CN", " Alice", "CN begins or ends with a space" },
		{ "CN", "Alice ", "CN begins or ends with a space" },
		{ "CN", "12345678901234567890123456789012345678901234567890"
		  "123456789012345", "CN is longer than 64 characters" },
		{ "C", "se", "C is not two capital letters" },
		{ "C", "S", "C is not two capital letters" },
		{ "C", "SWE", "C is longer than 2 characters" },
		{ "serialNumber", "a@b", "serialNumber has characters other"
		  " than letters, digits, space and '()+,-./:=?" },
		{ "emailAddress", "\xc3\xa5@example.org",
		  "emailAddress has characters outside ASCII" },
	};
	struct buf	 b = { 0 };
	struct error	 e;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		error_clear(&e);
		assert_int_equal(name_put_rdn(&b,
		    name_attr_find(rows[i].attr), rows[i].value, &e), -1);
		assert_string_equal(e.text, rows[i].text);
		assert_int_equal(e.code, ERROR_INPUT);
		assert_int_equal(b.len, 0);
	}
	assert_null(name_attr_find("cn"));
	assert_null(name_attr_find("nosuch"));
}

static void
bounds_count_characters_and_not_octets(void **state)
{
	struct buf	 value = { 0 };
	struct error	 e = ERROR_INIT;
	int		 i;

	(void)state;
	for (i = 0; i < 64; i++)
		buf_str(&value, "\xc3\xa5");
	assert_int_equal(name_check_value(name_attr_find("CN"),
	    buf_cstr(&value), &e), 0);
	buf_str(&value, "x");
	assert_int_equal(name_check_value(name_attr_find("CN"),
	    buf_cstr(&value), &e), -1);
	buf_clear(&value);
}

/* What we write, OpenSSL reads under the same names. */
static void
names_are_printed_with_the_country_last(void **state)
{
	static const char *const	 attr[] = { "C", "O",
	    "organizationIdentifier", "OU", "GN", "SN", "pseudonym", "title",
	    "UID", "emailAddress", "DC", "street", "postalCode", "L", "ST",
	    "serialNumber", "CN" };
	struct buf		 b = { 0 };
	struct error		 e = ERROR_INIT;
	const unsigned char	*p;
	X509_NAME		*name;
	char			*text;
	size_t			 i, mark;

	(void)state;
	mark = der_begin(&b, DER_SEQUENCE);
	for (i = 0; i < sizeof(attr) / sizeof(attr[0]); i++)
		assert_int_equal(name_put_rdn(&b, name_attr_find(attr[i]),
		    i == 0 ? "SE" : i == 16 ? "\xc3\x85sa, Holm" : "x", &e), 0);
	der_end(&b, mark);
	assert_int_equal(der_check(BYTES(b.p, b.len), 5, &e), 0);
	p = b.p;
	name = d2i_X509_NAME(NULL, &p, (long)b.len);
	assert_non_null(name);
	text = name_text(name);
	assert_string_equal(text, "CN=\xc3\x85sa\\, Holm,serialNumber=x,ST=x,"
	    "L=x,postalCode=x,street=x,DC=x,emailAddress=x,UID=x,title=x,"
	    "pseudonym=x,SN=x,GN=x,OU=x,organizationIdentifier=x,O=x,C=SE");
	mem_free(&text);
	X509_NAME_free(name);
	buf_clear(&b);
}

static void
fields_keep_order_and_repetition(void **state)
{
	struct fields	 a = { 0 }, b = { 0 };

	(void)state;
	fields_add(&a, "dns", "one");
	fields_add(&a, "name", "Alice");
	fields_add(&a, "dns", "two");
	fields_copy(&b, &a);
	fields_clear(&a);
	assert_int_equal(a.n, 0);
	assert_string_equal(fields_get(&b, "dns", 0), "one");
	assert_string_equal(fields_get(&b, "dns", 1), "two");
	assert_null(fields_get(&b, "dns", 2));
	assert_null(fields_get(&b, "nosuch", 0));
	assert_int_equal(fields_count(&b, "dns"), 2);
	assert_int_equal(fields_count(&b, "nosuch"), 0);
	fields_clear(&b);
	fields_clear(&b);
}

static void
roles_have_names_and_identifiers(void **state)
{
	int	 r;

	(void)state;
	for (r = ROLE_NONE + 1; r < ROLE__MAX; r++)
		assert_int_equal(role_of(role_name((enum role)r)), r);
	assert_int_equal(role_of("none"), ROLE_NONE);
	assert_int_equal(role_of("nosuch"), ROLE_NONE);
	assert_string_equal(role_name(ROLE__MAX), "none");
	assert_string_equal(role_oid(ROLE_CA_AGENT), OID_ROLE_CA_AGENT);
	assert_null(role_oid(ROLE_HOLDER));
	assert_null(role_oid(ROLE_ROOT));
	assert_null(role_oid(ROLE__MAX));
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(
		    name_put_rdn_refuses_what_a_name_must_not_hold),
		cmocka_unit_test(bounds_count_characters_and_not_octets),
		cmocka_unit_test(names_are_printed_with_the_country_last),
		cmocka_unit_test(fields_keep_order_and_repetition),
		cmocka_unit_test(roles_have_names_and_identifiers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
