/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "web/form.h"

static struct arena	*arena;

static int
setup(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static void
refused(const char *type, const char *body, size_t len, const char *why)
{
	struct error	 e = ERROR_INIT;
	struct form	 f;

	assert_int_equal(form_parse(&f, type, BYTES(body, len), arena, &e),
	    -1);
	assert_int_equal(e.code, ERROR_INPUT);
	if (strstr(e.text, why) == NULL)
		fail_msg("%s", e.text);
}

#define URLENCODED	"application/x-www-form-urlencoded"
#define PARTS		"multipart/form-data; boundary=b"
#define REFUSED(t, b, why)	refused(t, b, sizeof(b) - 1, why)

static void
taken(struct form *f, const char *type, const char *body, size_t len)
{
	struct error	 e = ERROR_INIT;

	if (form_parse(f, type, BYTES(body, len), arena, &e) == -1)
		fail_msg("%s", e.text);
}
#define TAKEN(f, t, b)	taken(f, t, b, sizeof(b) - 1)

static void
what_is_no_form_is_refused(void **state)
{
	(void)state;
	REFUSED("application/json", "{}", "this is not a form");
	REFUSED("application/x-www-form-urlencodedx", "a=b", "not a form");
	REFUSED(NULL, "a=b", "without Content-Type");
	REFUSED(URLENCODED, "a=%4", "broken %XX");
	REFUSED(URLENCODED, "a=%zz", "broken %XX");
	REFUSED(URLENCODED, "%00=a", "name of a field");
	REFUSED(URLENCODED, "a b=c", "whose name is none");
	REFUSED(URLENCODED, "=c", "whose name is none");
	REFUSED(URLENCODED, "%3Cscript%3E=c", "whose name is none");
}

static void
values_are_utf_8_without_control_characters(void **state)
{
	(void)state;
	REFUSED(URLENCODED, "a=%ff", "field \"a\" is not UTF-8");
	REFUSED(URLENCODED, "a=%c0%af", "not UTF-8");
	REFUSED(URLENCODED, "a=%ed%a0%80", "not UTF-8");
	REFUSED(URLENCODED, "a=%00", "control character");
	REFUSED(URLENCODED, "a=%1b", "control character");
	REFUSED(URLENCODED, "a=%c2%85", "control character");
	REFUSED(URLENCODED, "a=%7f", "control character");
}

static void
fields_are_found_by_name_and_in_order(void **state)
{
	struct form	 f;

	(void)state;
	TAKEN(&f, URLENCODED "; charset=utf-8",
	    "a=1&b=x+y%2B&a=2&&c&d=%C3%A5%0D%0Az");
	assert_int_equal(f.n, 5);
	assert_string_equal(form_get(&f, "a"), "1");
	assert_string_equal(form_get_nth(&f, "a", 1), "2");
	assert_null(form_get_nth(&f, "a", 2));
	assert_string_equal(form_get(&f, "b"), "x y+");
	assert_string_equal(form_get(&f, "c"), "");
	assert_string_equal(form_get(&f, "d"), "\xc3\xa5\nz");
	assert_null(form_get(&f, "e"));
	assert_null(form_find(&f, "A"));
}

static void
there_is_an_end_to_fields(void **state)
{
	struct buf	 b = { 0 };
	struct form	 f;
	int		 i;

	(void)state;
	for (i = 0; i < FORM_FIELDS_MAX; i++)
		buf_str(&b, "a=1&");
	taken(&f, URLENCODED, (const char *)b.p, b.len);
	assert_int_equal(f.n, FORM_FIELDS_MAX);
	buf_str(&b, "a=1");
	refused(URLENCODED, (const char *)b.p, b.len, "more than 512 fields");
	buf_clear(&b);
}

static void
parts_that_are_broken_are_refused(void **state)
{
	(void)state;
	REFUSED("multipart/form-data", "", "without boundary");
	REFUSED("multipart/form-data; boundary=\"b", "", "without boundary");
	REFUSED(PARTS, "", "does not begin");
	REFUSED(PARTS, "--x--", "does not begin");
	REFUSED(PARTS, "--b", "does not end");
	REFUSED(PARTS, "--b\r\n\r\nx\r\n--b--", "without name");
	REFUSED(PARTS, "--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n"
	    "--b--", "without name");
	REFUSED(PARTS, "--b\r\nContent-Disposition: form-data; name=a\r\n"
	    "\r\nx", "does not end");
	REFUSED(PARTS, "--b\r\nContent-Disposition: form-data; name=a\r\n"
	    "Content-Disposition: form-data; name=b\r\n\r\nx\r\n--b--",
	    "two names");
	REFUSED(PARTS, "--b\r\nContent-Disposition: form-data; name=\"a\r\n"
	    "\r\nx\r\n--b--", "broken header");
	REFUSED(PARTS, "--b\r\nContent-Disposition: form-data; name=a\r\n"
	    "\r\n\xff\r\n--b--", "not UTF-8");
	REFUSED(PARTS, "--b\r\nContent-Disposition: form-data; name=a; "
	    "filename=\"x\r\n\r\nx\r\n--b--", "broken header");
	REFUSED(PARTS, "--b\r\nContent-Disposition: form-data; name=a; "
	    "filename=\"\xe2\x80\xaegpj.exe\"\r\n\r\nx\r\n--b--",
	    "broken headers");
	REFUSED(PARTS, "--b\r\nContent-Disposition: form-data; name=a\r\n"
	    "X: \x01\r\n\r\nx\r\n--b--", "broken headers");
}

static void
a_file_is_bytes_and_its_name_is_only_shown(void **state)
{
	static const char	 body[] =
		"--b\r\n"
		"Content-Disposition: form-data; name=\"f\"; "
		"filename=\"C:\\\\x\\\\..\\\\a\\\"b.csr\"\r\n"
		"Content-Type: text/plain\r\n\r\n"
		"a\0b\xff\r\n--\r\n"
		"--b\r\n"
		"Content-Disposition: form-data; name=g; "
		"filename=\"../../etc/passwd\"\r\n\r\n"
		"\r\n"
		"--b\r\n"
		"Content-Disposition: form-data; name=h; filename=\"..\"\r\n"
		"\r\n\r\n"
		"--b\r\n"
		"Content-Disposition: form-data; name=i; filename=\"\"\r\n"
		"\r\n\r\n"
		"--b\r\n"
		"Content-Disposition: form-data; name=j; filename=\"a/\"\r\n"
		"\r\n\r\n"
		"--b\r\n"
		"content-disposition:form-data;name=t\r\n\r\n"
		"line\r\nline\r\n"
		"--b--\r\n";
	const struct form_field	*x;
	struct form		 f;

	(void)state;
	TAKEN(&f, PARTS, body);
	assert_int_equal(f.n, 6);
	x = form_find(&f, "f");
	assert_string_equal(x->filename, "a\"b.csr");
	assert_string_equal(x->type, "text/plain");
	assert_int_equal(x->len, 8);
	assert_memory_equal(x->value, "a\0b\xff\r\n--", 8);
	assert_string_equal(form_find(&f, "g")->filename, "passwd");
	assert_string_equal(form_find(&f, "h")->filename, "file");
	assert_string_equal(form_find(&f, "i")->filename, "");
	assert_string_equal(form_find(&f, "j")->filename, "file");
	assert_null(form_find(&f, "t")->filename);
	assert_string_equal(form_get(&f, "t"), "line\nline");
}

static void
addresses_are_escaped_and_back(void **state)
{
	struct error	 e = ERROR_INIT;
	struct buf	 b = { 0 };
	char		*s;

	(void)state;
	form_escape(&b, "a/b?c&d=e \xc3\xa5~.-_");
	assert_string_equal(buf_cstr(&b),
	    "a%2Fb%3Fc%26d%3De%20%C3%A5~.-_");
	assert_int_equal(form_unescape(&s, BYTES(b.p, b.len), false, arena,
	    &e), 0);
	assert_string_equal(s, "a/b?c&d=e \xc3\xa5~.-_");
	assert_int_equal(form_unescape(&s, BYTES("%0a", 3), false, arena,
	    &e), -1);
	assert_null(s);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(what_is_no_form_is_refused),
		cmocka_unit_test(values_are_utf_8_without_control_characters),
		cmocka_unit_test(fields_are_found_by_name_and_in_order),
		cmocka_unit_test(there_is_an_end_to_fields),
		cmocka_unit_test(parts_that_are_broken_are_refused),
		cmocka_unit_test(a_file_is_bytes_and_its_name_is_only_shown),
		cmocka_unit_test(addresses_are_escaped_and_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
