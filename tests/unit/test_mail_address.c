/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "x509/mail_address.h"

#define TEN	"aaaaaaaaaa"
#define SIXTY	TEN TEN TEN TEN TEN TEN

static const struct {
	const char	*text, *why;
} bad_hosts[] = {
	{ "", "no name" },
	{ "localhost", "a single label is no full name (RFC 5321, 2.3.5)" },
	{ "a.se.", "an empty label, or a dot at the end (RFC 1034, 3.1)" },
	{ "a..se", "an empty label, or a dot at the end (RFC 1034, 3.1)" },
	{ "-a.se", "a label begins or ends with a hyphen (RFC 1123, 2.1)" },
	{ "a-.se", "a label begins or ends with a hyphen (RFC 1123, 2.1)" },
	{ "a_b.se", "a character other than letters, digits and hyphens (RFC"
	  " 1123, 2.1)" },
	{ "192.0.2.1", "the last label is a number: an address, not a name (RFC"
	  " 1123, 2.1)" },
	{ SIXTY "aaaa.se", "a label of 64 characters, more than 63 (RFC 1034,"
	  " 3.1)" },
	{ SIXTY "." SIXTY "." SIXTY "." SIXTY "." TEN, "longer than 253"
	  " characters (RFC 1034, 3.1)" },
	{ "ab--cd.se", "a label with hyphens third and fourth that is not"
	  " \"xn--\" (RFC 5891, 4.2.3.1)" },
	{ "xn--.se", "a label begins or ends with a hyphen (RFC 1123, 2.1)" },
	{ "xn--a-.se", "a label begins or ends with a hyphen (RFC 1123, 2.1)" },
	{ "xn--99999999.se", "label \"xn--99999999\" does not decode (RFC"
	  " 3492)" },
	/* "apple" of Cyrillic letters; "pаypal" with one; "Bücher". */
	{ "xn--80ak6aa92e.com", "label \"xn--80ak6aa92e\": a word of Cyrillic"
	  " letters that looks Latin (UTS #39, 4)" },
	{ "xn--pypal-4ve.com", "label \"xn--pypal-4ve\": Latin and Cyrillic"
	  " letters in one word, which may look like another (UTS #39, 5)" },
	{ "xn--bcher-2pa.se", "label \"xn--bcher-2pa\" has a capital letter"
	  " (RFC 5891, 5.4)" },
	{ "xn--ab-m1t.se", "label \"xn--ab-m1t\": U+200D is invisible, changes"
	  " the direction or looks like another: not for names" },
};

static const struct {
	const char	*text, *why;
} bad_addresses[] = {
	{ "a", "no @ (RFC 5321, 4.1.2)" },
	{ "@b.se", "nothing before the @" },
	{ "a@", "no name" },
	{ "a@b@c.se", "more than one @ (RFC 5321, 4.1.2)" },
	{ "a@[192.0.2.1]", "an address literal names no domain (RFC 5321,"
	  " 4.1.3)" },
	{ "\"a b\"@c.se", "quotes: not everybody reads them alike (RFC 5321,"
	  " 4.1.2)" },
	{ "a%b.se@c.se", "\"%\": some relay it elsewhere (RFC 5321, 4.1.2)" },
	{ "b.se!a@c.se", "\"!\": some relay it elsewhere (RFC 5321, 4.1.2)" },
	{ ".a@b.se", "a dot first or last before the @ (RFC 5321, 4.1.2)" },
	{ "a.@b.se", "a dot first or last before the @ (RFC 5321, 4.1.2)" },
	{ "a..b@b.se", "two dots in a row (RFC 5321, 4.1.2)" },
	{ "a b@b.se", "a character that an address does not have (RFC 5321,"
	  " 4.1.2)" },
	{ "\xc3\xa5@b.se", "a character that an address does not have (RFC"
	  " 5321, 4.1.2)" },
	{ SIXTY "aaaaa@b.se", "65 octets before the @, more than 64 (RFC 5321,"
	  " 4.5.3.1.1)" },
	{ SIXTY "@" SIXTY "." SIXTY "." SIXTY "." TEN "a", "longer than 254 octets"
	  " (RFC 5321, 4.5.3.1.3)" },
};

static void
host_name_check_names_the_rule(void **state)
{
	struct error	 e;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(bad_hosts) / sizeof(bad_hosts[0]); i++) {
		error_clear(&e);
		if (host_name_check(bad_hosts[i].text, &e) == 0)
			fail_msg("%s was taken", bad_hosts[i].text);
		assert_string_equal(e.text, bad_hosts[i].why);
		assert_int_equal(e.code, ERROR_INPUT);
	}
}

static void
mail_address_check_names_the_rule(void **state)
{
	struct error	 e;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(bad_addresses) / sizeof(bad_addresses[0]);
	    i++) {
		error_clear(&e);
		if (mail_address_check(bad_addresses[i].text, &e) == 0)
			fail_msg("%s was taken", bad_addresses[i].text);
		assert_string_equal(e.text, bad_addresses[i].why);
		assert_int_equal(e.code, ERROR_INPUT);
	}
}

static void
good_ones_pass(void **state)
{
	static const char *const	 host[] = {
		"example.org", "a-b.c1.se", "1.example.org", "B.SE",
		"xn--bcher-kva.example", "xn--mnchen-3ya.de",
		"xn--e1afmkfd.xn--p1ai", "xn--fiqs8s.xn--wgv71a.example",
	};
	static const char *const	 mail[] = {
		"a@b.se", "a.b+c@x-y.example.org", "A@EXAMPLE.ORG",
		"#$&'*@example.org", "a@xn--bcher-kva.example",
	};
	struct error			 e = ERROR_INIT;
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(host) / sizeof(host[0]); i++)
		if (host_name_check(host[i], &e) == -1)
			fail_msg("%s: %s", host[i], e.text);
	for (i = 0; i < sizeof(mail) / sizeof(mail[0]); i++)
		if (mail_address_check(mail[i], &e) == -1)
			fail_msg("%s: %s", mail[i], e.text);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(host_name_check_names_the_rule),
		cmocka_unit_test(mail_address_check_names_the_rule),
		cmocka_unit_test(good_ones_pass),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("mail_address", tests, NULL, NULL);
}
