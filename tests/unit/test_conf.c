/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <unistd.h>

#include "os/conf.h"
#include "os/file.h"

struct ca {
	char			*name;
	int64_t			 lifetime;
};

struct settings {
	char			*user;
	char			*key;
	int64_t			 interval;
	bool			 publish;
	int64_t			 overlap;
	struct conf_list	 hosts;
	struct conf_groups	 cas;
};

static const struct conf_item ca_items[] = {
	CONF_STR_REQUIRED(struct ca, name, "The CA's name."),
	CONF_DURATION(struct ca, lifetime, "90d", 3600, 86400 * 365,
	    "How long certificates last."),
	CONF_END
};

static const struct conf_item items[] = {
	CONF_STR(struct settings, user, "_signet", "Who to become."),
	CONF_STR_REQUIRED(struct settings, key, "Where the key is."),
	CONF_NUM(struct settings, interval, 300, 1, 86400,
	    "Seconds between rounds."),
	CONF_BOOL(struct settings, publish, true, "Publish at all?"),
	CONF_DURATION(struct settings, overlap, "12h", 0, 604800,
	    "How long an old list overlaps a new one."),
	CONF_LIST(struct settings, hosts, "Whom to ask."),
	CONF_GROUPS(struct settings, cas, ca_items, struct ca,
	    "The authorities."),
	CONF_END
};

/* Parsing "text" fails with that text and hint, and leaves nothing behind. */
static void
assert_refused(const char *text, const char *want, const char *hint)
{
	static const struct settings	 zero;
	struct settings			 s = { 0 };
	struct error			 e = ERROR_INIT;

	assert_int_equal(conf_parse(&s, items, text, "x.conf", &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_string_equal(e.text, want);
	assert_string_equal(e.hint, hint);
	assert_ptr_equal(s.user, zero.user);
	assert_ptr_equal(s.key, zero.key);
	assert_ptr_equal(s.hosts.v, zero.hosts.v);
	assert_ptr_equal(s.cas.v, zero.cas.v);
}

static void
an_unknown_setting_is_refused_with_the_nearest_known_one(void **state)
{
	(void)state;
	assert_refused("key = \"k\";\nintervall = 3;\n",
	    "x.conf:2: unknown setting \"intervall\"",
	    "did you mean \"interval\"?");
	assert_refused("key = \"k\";\n\n\ncolour = 3;\n",
	    "x.conf:4: unknown setting \"colour\"", "");
	assert_refused("key = \"k\";\ncas = ( { name = \"a\"; },\n"
	    " { nam = \"b\"; } );\n",
	    "x.conf:3: unknown setting \"nam\"", "did you mean \"name\"?");
}

static void
a_missing_setting_is_named_and_explained(void **state)
{
	(void)state;
	assert_refused("", "x.conf: missing setting \"key\"",
	    "key: Where the key is.");
	assert_refused("key = \"k\";\ncas = ( { name = \"a\"; },\n"
	    " { lifetime = \"1d\"; } );\n",
	    "x.conf:3: missing setting \"name\"", "name: The CA's name.");
}

static void
a_wrong_type_is_refused(void **state)
{
	(void)state;
	assert_refused("key = 3;",
	    "x.conf:1: setting \"key\" must be a string", "");
	assert_refused("key = \"k\";\ninterval = \"3\";",
	    "x.conf:2: setting \"interval\" must be a whole number", "");
	assert_refused("key = \"k\";\ninterval = 3.5;",
	    "x.conf:2: setting \"interval\" must be a whole number", "");
	assert_refused("key = \"k\";\npublish = 1;",
	    "x.conf:2: setting \"publish\" must be true or false", "");
	assert_refused("key = \"k\";\noverlap = 3600;",
	    "x.conf:2: setting \"overlap\" must be a duration such as \"90d\"",
	    "");
	assert_refused("key = \"k\";\nhosts = \"a\";",
	    "x.conf:2: setting \"hosts\" must be a list of strings", "");
	assert_refused("key = \"k\";\nhosts = ( \"a\", 3 );",
	    "x.conf:2: setting \"hosts\" must be a list of strings", "");
	assert_refused("key = \"k\";\ncas = { name = \"a\"; };",
	    "x.conf:2: setting \"cas\" must be a list of groups"
	    " ( { ... }, { ... } )", "");
	assert_refused("key = \"k\";\ncas = ( \"a\" );",
	    "x.conf:2: setting \"cas\" must be a list of groups"
	    " ( { ... }, { ... } )", "");
}

static void
a_value_out_of_range_is_refused(void **state)
{
	(void)state;
	assert_refused("key = \"k\";\ninterval = 0;",
	    "x.conf:2: setting \"interval\": 0 is not between 1 and 86400",
	    "");
	assert_refused("key = \"k\";\ninterval = 86401;",
	    "x.conf:2: setting \"interval\": 86401 is not between 1 and 86400",
	    "");
	assert_refused("key = \"k\";\noverlap = \"8d\";",
	    "x.conf:2: setting \"overlap\": 8d is not between 0s and 7d", "");
	assert_refused("key = \"k\";\ncas = ( { name = \"n\"; "
	    "lifetime = \"1m\"; } );",
	    "x.conf:2: setting \"lifetime\": 1m is not between 1h and 1y", "");
}

/* 4294967297 is 1 in 32 bits, which is in range. */
static void
a_number_is_not_taken_modulo_anything(void **state)
{
	static const char	 hint[] =
	    "above 2147483647 write an L behind it";

	(void)state;
	assert_refused("key = \"k\";\ninterval = 4294967297;",
	    "x.conf:2: number is too large: 4294967297", hint);
	assert_refused("key = \"k\";\ninterval = 0x100000001;",
	    "x.conf:2: number is too large: 0x100000001", hint);
	assert_refused("key = \"k\";\ninterval = 18446744073709551617L;",
	    "x.conf:2: number is too large: 18446744073709551617L", hint);
	assert_refused("key = \"k\"; /* \n 99999999999 */\n"
	    "interval = 4294967297L;", "x.conf:3: setting \"interval\": "
	    "4294967297 is not between 1 and 86400", "");
}

static void
large_numbers_in_strings_and_comments_are_not_looked_at(void **state)
{
	struct settings	 s = { 0 };
	struct error	 e = ERROR_INIT;

	(void)state;
	assert_int_equal(conf_parse(&s, items, "# 99999999999\n"
	    "// 99999999999\n/* 99999999999 */ key = \"\\\"99999999999\";",
	    "x", &e), 0);
	assert_string_equal(s.key, "\"99999999999");
	conf_free(&s, items);
}

static void
a_duration_that_is_none_is_refused(void **state)
{
	(void)state;
	assert_refused("key = \"k\";\noverlap = \"soon\";",
	    "x.conf:2: setting \"overlap\": not a duration: \"soon\"",
	    "write 90d, 12h, 30m, 45s, 1y or a sum such as 1d12h,"
	    " largest unit first");
}

static void
a_setting_given_twice_is_refused(void **state)
{
	(void)state;
	assert_refused("key = \"k\";\nkey = \"l\";\n",
	    "x.conf:2: duplicate setting name", "");
}

static void
bad_syntax_is_refused_with_its_line(void **state)
{
	(void)state;
	assert_refused("key = \"k\";\ninterval = = 3;\n",
	    "x.conf:2: syntax error", "");
}

static void
an_include_is_refused(void **state)
{
	(void)state;
	assert_refused("key = \"k\";\n  @include \"/etc/passwd\"\n",
	    "x.conf:2: @include is not supported", "");
	assert_refused("@include \"/etc/passwd\"\n",
	    "x.conf:1: @include is not supported", "");
}

static void
defaults_stand_where_nothing_is_set(void **state)
{
	struct settings	 s = { 0 };
	struct error	 e = ERROR_INIT;

	(void)state;
	assert_int_equal(conf_parse(&s, items, "key = \"k\";", "x", &e), 0);
	assert_string_equal(s.user, "_signet");
	assert_string_equal(s.key, "k");
	assert_int_equal(s.interval, 300);
	assert_true(s.publish);
	assert_int_equal(s.overlap, 43200);
	assert_int_equal(s.hosts.n, 0);
	assert_int_equal(s.cas.n, 0);
	conf_free(&s, items);
	assert_null(s.user);
	conf_free(&s, items);
}

static void
everything_can_be_set(void **state)
{
	struct settings	 s = { 0 };
	struct error	 e = ERROR_INIT;
	struct ca	*ca;

	(void)state;
	assert_int_equal(conf_parse(&s, items,
	    "# comment with @include\nuser = \"u\"; key = \"k\";\n"
	    "interval = 0x10; publish = false; overlap = \"1d12h\";\n"
	    "hosts = [ \"a\", \"b\" ];\n"
	    "cas = ( { name = \"people\"; lifetime = \"2h\"; },\n"
	    "        { name = \"services\"; } );", "x", &e), 0);
	assert_string_equal(s.user, "u");
	assert_int_equal(s.interval, 16);
	assert_false(s.publish);
	assert_int_equal(s.overlap, 129600);
	assert_int_equal(s.hosts.n, 2);
	assert_string_equal(s.hosts.v[1], "b");
	assert_int_equal(s.cas.n, 2);
	ca = s.cas.v;
	assert_string_equal(ca[0].name, "people");
	assert_int_equal(ca[0].lifetime, 7200);
	assert_string_equal(ca[1].name, "services");
	assert_int_equal(ca[1].lifetime, 90 * 86400);
	conf_free(&s, items);
	assert_null(s.cas.v);
}

static void
a_list_may_be_written_with_either_bracket(void **state)
{
	struct settings	 s = { 0 };
	struct error	 e = ERROR_INIT;

	(void)state;
	assert_int_equal(conf_parse(&s, items,
	    "key = \"k\"; hosts = ( \"a\", \"b\", \"c\" );", "x", &e), 0);
	assert_int_equal(s.hosts.n, 3);
	assert_string_equal(s.hosts.v[2], "c");
	conf_free(&s, items);
}

static void
a_default_that_is_no_duration_is_our_mistake(void **state)
{
	static const struct conf_item	 bad[] = {
		CONF_DURATION(struct ca, lifetime, "soon", 0, 1, ""),
		CONF_END
	};
	struct ca	 ca = { 0 };
	struct error	 e = ERROR_INIT;

	(void)state;
	assert_int_equal(conf_parse(&ca, bad, "", "x", &e), -1);
	assert_int_equal(e.code, ERROR_BUG);
	assert_string_equal(e.text,
	    "default of \"lifetime\": not a duration: \"soon\"");
}

static void
load_text(const char *text, size_t len, struct error *e)
{
	char		 path[] = "/tmp/signet-conf.XXXXXX";
	struct settings	 s = { 0 };
	int		 fd;

	fd = mkstemp(path);
	assert_int_not_equal(fd, -1);
	close(fd);
	assert_int_equal(file_store(path, text, len, 0600, e), 0);
	error_clear(e);
	if (conf_load(&s, items, path, e) == 0)
		assert_string_equal(s.key, "k");
	conf_free(&s, items);
	unlink(path);
}

static void
conf_load_refuses_no_file_a_large_one_and_nul_bytes(void **state)
{
	struct settings	 s = { 0 };
	struct error	 e = ERROR_INIT;
	char		*big;

	(void)state;
	assert_int_equal(conf_load(&s, items, "/nonexistent/x.conf", &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_string_equal(e.text,
	    "read /nonexistent/x.conf: No such file or directory");

	load_text("key = \"k\";\0user = \"x\";", 22, &e);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_non_null(strstr(e.text, ": contains a NUL byte"));

	big = mem_alloc((1u << 20) + 1);
	memset(big, '\n', (1u << 20) + 1);
	load_text(big, (1u << 20) + 1, &e);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_non_null(strstr(e.text, ": more than 1048576 bytes"));
	mem_free(&big);

	load_text("key = \"k\";", 10, &e);
	assert_int_equal(e.code, ERROR_NONE);
}

static void
conf_describe_tells_all_that_the_table_knows(void **state)
{
	struct buf	 b = { 0 };

	(void)state;
	conf_describe(&b, items);
	assert_string_equal(buf_cstr(&b),
	    "user  (a string; default \"_signet\")\n"
	    "    Who to become.\n\n"
	    "key  (a string; required)\n"
	    "    Where the key is.\n\n"
	    "interval  (a whole number from 1 to 86400; default 300)\n"
	    "    Seconds between rounds.\n\n"
	    "publish  (true or false; default true)\n"
	    "    Publish at all?\n\n"
	    "overlap  (a duration such as \"90d\", from 0s to 7d;"
	    " default \"12h\")\n"
	    "    How long an old list overlaps a new one.\n\n"
	    "hosts  (a list of strings)\n"
	    "    Whom to ask.\n\n"
	    "cas  (a list of groups ( { ... }, { ... } ))\n"
	    "    The authorities.\n\n"
	    "    name  (a string; required)\n"
	    "        The CA's name.\n\n"
	    "    lifetime  (a duration such as \"90d\", from 1h to 1y;"
	    " default \"90d\")\n"
	    "        How long certificates last.\n");
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    an_unknown_setting_is_refused_with_the_nearest_known_one),
		cmocka_unit_test(a_missing_setting_is_named_and_explained),
		cmocka_unit_test(a_wrong_type_is_refused),
		cmocka_unit_test(a_value_out_of_range_is_refused),
		cmocka_unit_test(a_number_is_not_taken_modulo_anything),
		cmocka_unit_test(
		    large_numbers_in_strings_and_comments_are_not_looked_at),
		cmocka_unit_test(a_duration_that_is_none_is_refused),
		cmocka_unit_test(a_setting_given_twice_is_refused),
		cmocka_unit_test(bad_syntax_is_refused_with_its_line),
		cmocka_unit_test(an_include_is_refused),
		cmocka_unit_test(defaults_stand_where_nothing_is_set),
		cmocka_unit_test(everything_can_be_set),
		cmocka_unit_test(a_list_may_be_written_with_either_bracket),
		cmocka_unit_test(a_default_that_is_no_duration_is_our_mistake),
		cmocka_unit_test(
		    conf_load_refuses_no_file_a_large_one_and_nul_bytes),
		cmocka_unit_test(conf_describe_tells_all_that_the_table_knows),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
