/* SPDX-License-Identifier: Apache-2.0 */
/*
 * directories.conf, and which entry is whose.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "os/file.h"
#include "publish/target.h"

#define ONE(more)	"targets = ( { name = \"main\"; " more " } );"
#define GOOD		"url = \"ldapi://%2Frun%2Fldapi\"; base = \"dc=x\";"

static void
mistakes_in_the_file_are_named(void **state)
{
	static const struct {
		const char	*text, *why;
	} row[] = {
		{ ONE("base = \"dc=x\";"), "url" },
		{ ONE("url = \"http://x\"; base = \"dc=x\";"), "is neither" },
		{ ONE("url = \"ldap://x\"; base = \"x\";"),
		    "\"x\" is not a directory name" },
		{ ONE(GOOD "starttls = true;"), "only with ldap://" },
		{ ONE(GOOD "tls_cert = \"c\";"), "belong together" },
		{ ONE("url = \"ldaps://x\"; base = \"dc=x\";"),
		    "tls_ca is not set" },
		{ ONE("url = \"ldap://x\"; base = \"dc=x\"; tls_cert = \"c\";"
		    " tls_key = \"k\";"), "only with ldaps://" },
		{ ONE(GOOD "people = \"uid=x,{base}\";"),
		    "people: must begin with TYPE={holder}" },
		{ ONE(GOOD "people = \"uid={holder},cn={holder},{base}\";"),
		    "people: must begin with" },
		{ ONE(GOOD "people = \"uid={holder}x,{base}\";"),
		    "people: must begin with" },
		{ ONE(GOOD "cas = \"cn={ca},ou,{base}\";"),
		    "cas: \"cn=x,ou,dc=x\" is not a directory name" },
		{ "targets = ( { name = \"a/b\"; " GOOD " } );",
		    "target \"a/b\"" },
		{ "targets = ( { name = \"a\"; " GOOD " }, { name = \"a\"; "
		    GOOD " } );", "there are two of this name" },
		{ ONE(GOOD "windows = 3;"), "windows" },
	};
	struct publish_conf	 c;
	struct error		 e;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		error_clear(&e);
		if (publish_conf_parse(&c, row[i].text, "d.conf", &e) != -1)
			fail_msg("%s", row[i].text);
		assert_int_equal(e.code, ERROR_CONFIG);
		if (strstr(e.text, row[i].why) == NULL)
			fail_msg("%s: %s", row[i].text, e.text);
	}
}

static const struct publish_target *
one(struct publish_conf *c, const char *text)
{
	const struct publish_target	*t;
	struct error			 e = ERROR_INIT;

	if (publish_conf_parse(c, text, "d.conf", &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(publish_conf_find(c, "main", &t, &e), 0);
	return t;
}

static void
an_unknown_directory_is_not_found(void **state)
{
	const struct publish_target	*t;
	struct publish_conf		 c;
	struct error			 e = ERROR_INIT;

	(void)state;
	(void)one(&c, ONE(GOOD));
	assert_int_equal(publish_conf_find(&c, "nain", &t, &e), -1);
	assert_null(t);
	assert_int_equal(e.code, ERROR_NOTFOUND);
	assert_string_equal(e.text,
	    "no directory \"nain\"; there is main");
	publish_conf_free(&c);
}

static void
names_of_entries_lead_back_to_their_holders(void **state)
{
	static const char *const	 holder[] = { "anna", "a,b", " x ",
	    "#7", "a+b=\"c\"", "\xc3\xa5sa" };
	const struct publish_target	*t;
	struct publish_conf		 c;
	struct arena			*a = arena_new();
	char				*dn;

	(void)state;
	t = one(&c, ONE(GOOD));
	for (size_t i = 0; i < sizeof(holder) / sizeof(holder[0]); i++) {
		dn = publish_target_name(t, PUBLISH_PERSON, holder[i]);
		assert_string_equal(publish_target_key(t, PUBLISH_PERSON, dn,
		    a), holder[i]);
		assert_null(publish_target_key(t, PUBLISH_CA, dn, a));
		mem_free(&dn);
	}
	dn = publish_target_name(t, PUBLISH_CA, "people.g2");
	assert_string_equal(dn, "cn=people.g2,ou=PKI,dc=x");
	mem_free(&dn);
	assert_string_equal(publish_target_key(t, PUBLISH_CA,
	    "CN=people, OU=pki, DC=X", a), "people");
	assert_null(publish_target_key(t, PUBLISH_PERSON,
	    "uid=a,ou=sub,ou=people,dc=x", a));
	assert_null(publish_target_key(t, PUBLISH_PERSON,
	    "uid=a+cn=b,ou=people,dc=x", a));
	assert_string_equal(publish_target_below(t, PUBLISH_PERSON, a),
	    "ou=people,dc=x");
	publish_conf_free(&c);
	arena_free(&a);
}

static void
paths_start_where_the_file_is(void **state)
{
	static const char	 text[] = "root_files = \"off\"; targets = ("
	    " { name = \"main\"; url = \"ldaps://h\"; base = \"dc=x\";"
	    " tls_ca = \"ca.pem\"; tls_cert = \"/abs/c.pem\"; tls_key ="
	    " \"c.key\"; tls_passphrase = \"file:pass\"; } );";
	const struct publish_target *t;
	struct publish_conf	 c;
	struct error		 e = ERROR_INIT;
	char			 dir[] = "/tmp/signet-target.XXXXXX", *path;
	char			 want[128];

	(void)state;
	assert_non_null(mkdtemp(dir));
	path = file_join(dir, "d.conf");
	assert_int_equal(publish_conf_load(&c, path, &e), -1);
	assert_non_null(strstr(e.text, "No such file"));
	error_clear(&e);
	assert_int_equal(file_store(path, text, strlen(text), 0600, &e), 0);
	assert_int_equal(publish_conf_load(&c, path, &e), 0);
	assert_int_equal(publish_conf_find(&c, "main", &t, &e), 0);
	snprintf(want, sizeof(want), "%s/ca.pem", dir);
	assert_string_equal(t->tls_ca, want);
	assert_string_equal(t->tls_cert, "/abs/c.pem");
	snprintf(want, sizeof(want), "file:%s/pass", dir);
	assert_string_equal(t->tls_passphrase, want);
	snprintf(want, sizeof(want), "%s/off", dir);
	assert_string_equal(c.root_files, want);
	publish_conf_free(&c);
	unlink(path);
	rmdir(dir);
	mem_free(&path);
}

static void
a_key_that_cannot_be_read_keeps_the_directory_closed(void **state)
{
	const struct publish_target	*t;
	struct publish_conf		 c;
	struct directory		*d = NULL;
	struct error			 e = ERROR_INIT;

	(void)state;
	t = one(&c, "targets = ( { name = \"main\"; url = \"ldaps://127.0.0.1:"
	    "1\"; base = \"dc=x\"; tls_ca = \"/x\"; tls_cert = \"/x\"; tls_key"
	    " = \"/nonexistent.key\"; tls_passphrase = \"file:/x\"; } );");
	assert_int_equal(publish_target_open(&d, t, &e), -1);
	assert_null(d);
	assert_non_null(strstr(e.text, "/nonexistent.key"));
	publish_conf_free(&c);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(mistakes_in_the_file_are_named),
		cmocka_unit_test(an_unknown_directory_is_not_found),
		cmocka_unit_test(names_of_entries_lead_back_to_their_holders),
		cmocka_unit_test(paths_start_where_the_file_is),
		cmocka_unit_test(
		    a_key_that_cannot_be_read_keeps_the_directory_closed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
