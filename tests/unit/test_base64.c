/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/base64.h"
#include "base/text.h"

static void
base64_parse_refuses_what_text_base64_would_not_write(void **state)
{
	static const char *const bad[] = { "A", "AA", "AAA", "AAAAA", "=", "====",
		"A===", "AB==", "AAB=", "AA=A", "AA==AAAA", "AA A", "AAA\n",
		"AA-_", "AAAA\n", " AAA", "\xc3\xa4zz" };
	struct error	 e;
	struct buf	 out = { 0 };
	size_t		 i;

	(void)state;
	buf_str(&out, "kept");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error_clear(&e);
		assert_int_equal(base64_parse(&out, bad[i], strlen(bad[i]),
		    &e), -1);
		assert_int_equal(e.code, ERROR_INPUT);
		assert_string_equal(e.text, "not base 64");
		assert_string_equal(buf_cstr(&out), "kept");
	}
	buf_clear(&out);
}

static void
base64_parse_reads_back_every_length(void **state)
{
	struct error	 e = ERROR_INIT;
	struct buf	 out = { 0 };
	uint8_t		 bytes[256];
	char		*text;
	size_t		 n;

	(void)state;
	for (n = 0; n < sizeof(bytes); n++)
		bytes[n] = (uint8_t)(n * 7 + 1);
	for (n = 0; n <= sizeof(bytes); n++) {
		text = text_base64(bytes, n);
		out.len = 0;
		assert_int_equal(base64_parse(&out, text, strlen(text), &e), 0);
		assert_int_equal(out.len, n);
		if (n > 0)
			assert_memory_equal(out.p, bytes, n);
		mem_free(&text);
	}
	buf_clear(&out);
}

static void
base64url_has_one_reading_without_padding(void **state)
{
	static const char *const	bad[] = { "AAE=", "A+E", "A/E", "A",
					    "AB", "AAE A" };
	struct error			e = ERROR_INIT;
	struct buf			b = { 0 };
	char				*text;
	size_t				i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error_clear(&e);
		assert_int_equal(base64url_parse(&b, bad[i], strlen(bad[i]),
		    &e), -1);
		assert_int_equal(e.code, ERROR_INPUT);
	}
	buf_clear(&b);
	text = text_base64url("\xfb\xff\xfe\x01", 4);
	assert_string_equal(text, "-__-AQ");
	assert_int_equal(base64url_parse(&b, text, strlen(text), &e), 0);
	assert_int_equal(b.len, 4);
	assert_memory_equal(b.p, "\xfb\xff\xfe\x01", 4);
	mem_free(&text);
	buf_clear(&b);
}

static void
base64_put_pem_has_lines_of_64_and_none_that_is_empty(void **state)
{
	static const struct {
		size_t		 len;
		const char	*lines;
	} row[] = {
		{ 0, "" },
		{ 1, "AA==\n" },
#define A16	"AAAAAAAAAAAAAAAA"
		{ 48, A16 A16 A16 A16 "\n" },
		{ 49, A16 A16 A16 A16 "\nAA==\n" },
	};
	const uint8_t	 zero[49] = { 0 };
	struct buf	 got = { 0 }, want = { 0 };
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		got.len = want.len = 0;
		base64_put_pem(&got, "X509 CRL", BYTES(zero, row[i].len));
		buf_printf(&want, "-----BEGIN X509 CRL-----\n%s"
		    "-----END X509 CRL-----\n", row[i].lines);
		assert_string_equal(buf_cstr(&got), buf_cstr(&want));
	}
	buf_clear(&got);
	buf_clear(&want);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(base64url_has_one_reading_without_padding),
		cmocka_unit_test(
		    base64_parse_refuses_what_text_base64_would_not_write),
		cmocka_unit_test(base64_parse_reads_back_every_length),
		cmocka_unit_test(
		    base64_put_pem_has_lines_of_64_and_none_that_is_empty),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
