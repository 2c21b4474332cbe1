/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "cli/init.h"

#define GOOD \
	"organization = \"Example\"; country = \"SE\";\n" \
	"database = \"host=/run\"; url = \"http://pki.example.org\";\n"
#define OFFICERS \
	"security_officers = ( { id = \"so1\"; name = \"Sigrid Ost\"; },\n" \
	"	{ id = \"so2\"; name = \"Tom Norr\"; } );\n"

static int
check(const char *text, struct error *e)
{
	struct init_conf	 c = { 0 };
	int			 rc;

	if (conf_parse(&c, INIT_CONF, text, "answers", e) == -1)
		fail_msg("%s", e->text);
	rc = init_answers_check(&c, e);
	conf_free(&c, INIT_CONF);
	return rc;
}

static void
refuses(const char *text, const char *why)
{
	struct error	 e = ERROR_INIT;

	assert_int_equal(check(text, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_string_equal(e.text, why);
}

static void
all_that_is_missing_is_named_at_once(void **state)
{
	(void)state;
	refuses("", "missing: organization, country, database, url, "
	    "security_officers (two)");
	refuses(GOOD "security_officers = ( { id = \"a\"; name = \"A\"; } );",
	    "missing: security_officers (two)");
}

static void
answers_that_cannot_be_are_refused(void **state)
{
	static const struct {
		const char	*text;
		const char	*why;
	} bad[] = {
		{ "root_key = \"dsa\";",
		    "root_key: key algorithm \"dsa\" is not rsa:BITS, "
		    "rsa-pss:BITS, ec:CURVE, ed25519 or ml-dsa-N" },
		{ "key = \"ed25519\";",
		    "key: ed25519 cannot be used here: officers and agents "
		    "sign with CMS" },
		{ "crl_url = \"https://x\";", "crl_url: \"https://x\" does not "
		    "begin with http:// (clients refuse https for lists and "
		    "OCSP)" },
		{ "ra_url = \"http://ra.example.org\";",
		    "ra_url: \"http://ra.example.org\" is not "
		    "https://HOST[:PORT] with a full name as host" },
		{ "ra_url = \"https://localhost:8443\";",
		    "ra_url: \"https://localhost:8443\" is not "
		    "https://HOST[:PORT] with a full name as host" },
		{ "ra_cert_url = \"https://192.0.2.1\";",
		    "ra_cert_url: \"https://192.0.2.1\" is not "
		    "https://HOST[:PORT] with a full name as host" },
		{ "ra_cert_url = \"https://ra.example.org/x\";",
		    "ra_cert_url: \"https://ra.example.org/x\" is not "
		    "https://HOST[:PORT] with a full name as host" },
		{ "instance = \"a b\";", "instance: \"a b\" is not a name" },
		{ "ldap = \"ldapi://%2Fx\";",
		    "ldap and ldap_base belong together" },
		{ "ldap_base = \"dc=x\";",
		    "ldap and ldap_base belong together" },
		{ "ldap = \"http://x\"; ldap_base = \"dc=x\";",
		    "ldap: target main: url: \"http://x\" is neither ldap:// nor "
		    "ldaps:// nor ldapi://" },
		{ "ldap = \"ldapi://%2Fx\"; ldap_base = \"nowhere\";",
		    "ldap: target main: \"nowhere\" is not a directory name "
		    "(RFC 4514)" },
		{ "officers = ( { id = \"../x\"; name = \"X\"; } );",
		    "officer: \"../x\" cannot be an id: letters, digits, dot, "
		    "dash" },
		{ "officers = ( { id = \"so2\"; name = \"X\"; } );",
		    "two persons have the id so2" },
		{ "officers = ( { id = \"x\"; name = \"\"; } );",
		    "officer x: name: empty, too long or not clean text" },
		{ "root_passphrase = \"prompt\"; threshold = 2;"
		    " custodians = ( { name = \"a\"; }, { name = \"b\"; } );",
		    "custodians and root_passphrase: only one of them" },
		{ "custodians = ( { name = \"a\"; }, { name = \"b\"; } );"
		    " threshold = 3;",
		    "threshold 3: with 2 custodians it is 2 to 2" },
	};
	char	*text;
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		text = mem_printf(GOOD OFFICERS "%s", bad[i].text);
		refuses(text, bad[i].why);
		mem_free(&text);
	}
}

static void
good_answers_are_taken(void **state)
{
	struct error	 e = ERROR_INIT;

	(void)state;
	assert_int_equal(check(GOOD OFFICERS, &e), 0);
}

/* What is written is read again, and written the same. */
static void
answers_survive_being_written_down(void **state)
{
	static const char	 text[] = GOOD OFFICERS
	    "heads = \"exec:push \\\"it\\\" C:\\\\x\";\n"
	    "custodians = ( { name = \"a\"; }, { name = \"b\";"
	    " passphrase = \"file:/b\"; } ); threshold = 2;\n"
	    "offline_root = true; ca_validity = \"5y\"; workers = 7;\n"
	    "officers = ( { id = \"ro1\"; name = \"Åsa \\\"O\\\"\";"
	    " mail = \"o@example.org\"; unit = \"Desk\"; csr = \"/c\"; } );\n";
	struct init_conf	 a = { 0 }, b = { 0 };
	struct error		 e = ERROR_INIT;
	struct buf		 one = { 0 }, two = { 0 };

	(void)state;
	assert_int_equal(conf_parse(&a, INIT_CONF, text, "a", &e), 0);
	init_answers_write(&one, &a);
	if (conf_parse(&b, INIT_CONF, buf_cstr(&one), "b", &e) == -1)
		fail_msg("%s\n%s", e.text, buf_cstr(&one));
	init_answers_write(&two, &b);
	assert_string_equal(buf_cstr(&one), buf_cstr(&two));
	assert_string_equal(b.heads, "exec:push \"it\" C:\\x");
	assert_string_equal(init_person(&b.officers, 0)->name, "Åsa \"O\"");
	assert_string_equal(init_person(&b.officers, 0)->csr, "/c");
	assert_int_equal(b.custodians.n, 2);
	assert_int_equal(b.threshold, 2);
	assert_int_equal(b.workers, 7);
	assert_int_equal(b.ca_validity, INT64_C(5) * 365 * 86400);
	assert_true(b.offline_root);
	buf_clear(&one);
	buf_clear(&two);
	conf_free(&a, INIT_CONF);
	conf_free(&b, INIT_CONF);
}

static void
persons_are_split_at_colons(void **state)
{
	struct error		 e = ERROR_INIT;
	struct init_person	 p;

	(void)state;
	assert_int_equal(init_split_person(&p, "so1", &e), -1);
	assert_string_equal(e.text, "\"so1\" is not ID:NAME or ID:NAME:MAIL");
	assert_int_equal(init_split_person(&p, ":x", &e), -1);
	assert_int_equal(init_split_person(&p, "a:", &e), -1);
	assert_int_equal(init_split_person(&p, "a:B C:d@e", &e), 0);
	assert_string_equal(p.id, "a");
	assert_string_equal(p.name, "B C");
	assert_string_equal(p.mail, "d@e");
	mem_free(&p.id);
	mem_free(&p.name);
	mem_free(&p.mail);
	assert_int_equal(init_split_person(&p, "a:B", &e), 0);
	assert_null(p.mail);
	mem_free(&p.id);
	mem_free(&p.name);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(all_that_is_missing_is_named_at_once),
		cmocka_unit_test(answers_that_cannot_be_are_refused),
		cmocka_unit_test(good_answers_are_taken),
		cmocka_unit_test(answers_survive_being_written_down),
		cmocka_unit_test(persons_are_split_at_colons),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
