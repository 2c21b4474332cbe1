/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/text.h"
#include "ra/est_body.h"
#include "x509/csr.h"
#include "x509/der.h"

static void
refused(const char *body, const char *why)
{
	struct error	 e = ERROR_INIT;
	struct buf	 der = { 0 };

	assert_int_equal(est_decode(&der, BYTES(body, strlen(body)), &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_string_equal(e.text, why);
	buf_clear(&der);
}

static void
est_decode_refuses_what_is_not_base64_of_der(void **state)
{
	(void)state;
	refused("", "body: empty; a request in base 64 belongs here (RFC "
	    "8951, 3.1)");
	refused(" \r\n\t", "body: empty; a request in base 64 belongs here "
	    "(RFC 8951, 3.1)");
	refused("MAA", "body: not base 64 (RFC 8951, 3.1)");
	refused("MA_=", "body: not base 64 (RFC 8951, 3.1)");
	refused("MAB=", "body: not base 64 (RFC 8951, 3.1)");
	refused("-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END "
	    "CERTIFICATE REQUEST-----\n", "body: not base 64 (RFC 8951, 3.1): "
	    "PEM has lines that do not belong here");
}

/* What is base 64 and no DER gets the rule that it breaks. */
static void
est_decode_names_the_rule_of_der(void **state)
{
	struct error	 e = ERROR_INIT;
	struct buf	 der = { 0 };

	(void)state;
	assert_int_equal(est_decode(&der, BYTES("MIAAAA==", 8), &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_int_equal(strncmp(e.text, "body: ", 6), 0);
	buf_clear(&der);
}

static void
est_decode_refuses_what_is_too_large(void **state)
{
	size_t		 n = 2 * CSR_MAX + 1;
	uint8_t		*big = mem_alloc(n);
	struct error	 e = ERROR_INIT;
	struct buf	 der = { 0 };

	(void)state;
	memset(big, 'A', n);
	assert_int_equal(est_decode(&der, BYTES(big, n), &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_string_equal(e.text, "body: larger than 32768 bytes");
	mem_free(&big);
}

static void
decodes(const char *body)
{
	static const uint8_t	 want[] = { 0x30, 0x03, 0x02, 0x01, 0x11 };
	struct error		 e = ERROR_INIT;
	struct buf		 der = { 0 };

	assert_int_equal(est_decode(&der, BYTES(body, strlen(body)), &e), 0);
	assert_int_equal(der.len, sizeof(want));
	assert_memory_equal(der.p, want, sizeof(want));
	buf_clear(&der);
}

static void
est_decode_takes_lines_of_any_length(void **state)
{
	(void)state;
	decodes("MAMCARE=");
	decodes("MAMCARE=\r\n");
	decodes("MAMC\nARE=\n");
	decodes("M\r\nA\r\nM\r\nC\r\nA\r\nR\r\nE\r\n=");
	decodes("  MAMC\tARE =");
}

static void
est_encode_writes_one_line_that_est_decode_reads(void **state)
{
	uint8_t		 value[400];
	struct error	 e = ERROR_INIT;
	struct buf	 der = { 0 }, text = { 0 }, back = { 0 };
	size_t		 n, i;

	(void)state;
	memset(value, 7, sizeof(value));
	for (n = 0; n < sizeof(value); n++) {
		der.len = text.len = back.len = 0;
		der_put(&der, DER_OCTET_STRING, value, n);
		est_encode(&text, BYTES(der.p, der.len));
		for (i = 0; i < text.len; i++)
			assert_true(text.p[i] > ' ');
		assert_int_equal(est_decode(&back, BYTES(text.p, text.len),
		    &e), 0);
		assert_int_equal(back.len, der.len);
		assert_memory_equal(back.p, der.p, der.len);
	}
	buf_clear(&der);
	buf_clear(&text);
	buf_clear(&back);
}

static void
est_type_is_passes_over_case_and_parameters(void **state)
{
	(void)state;
	assert_true(est_type_is("application/pkcs10", "application/pkcs10"));
	assert_true(est_type_is("Application/PKCS10; charset=x",
	    "application/pkcs10"));
	assert_false(est_type_is("application/pkcs10x",
	    "application/pkcs10"));
	assert_false(est_type_is("text/plain", "application/pkcs10"));
	assert_false(est_type_is(NULL, "application/pkcs10"));
}

static int
basic(const char *text, char name[EST_NAME_MAX + 1], struct secret *password,
    struct error *e)
{
	char	*b = text_base64(text, strlen(text));
	char	*header = mem_printf("bAsIc %s", b);
	int	 rc = est_basic(name, password, header, e);

	mem_free(&header);
	mem_free(&b);
	return rc;
}

static void
est_basic_takes_name_and_password_apart(void **state)
{
	char		 name[EST_NAME_MAX + 1];
	struct error	 e = ERROR_INIT;
	struct secret	 password = { 0 };

	(void)state;
	assert_int_equal(basic("4711:ABCDE-01:2", name, &password, &e), 1);
	assert_string_equal(name, "4711");
	assert_int_equal(password.len, 10);
	assert_memory_equal(password.p, "ABCDE-01:2", 10);
	secret_free(&password);
	assert_int_equal(est_basic(name, &password, NULL, &e), 0);
	assert_int_equal(est_basic(name, &password, "Bearer x", &e), 0);
}

static void
est_basic_refuses_malformed_headers(void **state)
{
	char		 name[EST_NAME_MAX + 1], big[400];
	struct error	 e = ERROR_INIT;
	struct secret	 password = { 0 };

	(void)state;
	assert_int_equal(est_basic(name, &password, "Basic !!!!", &e), -1);
	assert_string_equal(e.text, "Authorization: not base 64 of a name and "
	    "a password (RFC 7617, 2)");
	assert_int_equal(basic("nobody", name, &password, &e), -1);
	assert_string_equal(e.text, "Authorization: no colon between name and "
	    "password (RFC 7617, 2)");
	assert_int_equal(basic(":x", name, &password, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_int_equal(basic("a\nb:x", name, &password, &e), -1);
	assert_string_equal(e.text, "Authorization: name is not clean text of "
	    "1 to 128 bytes");
	memset(big, 'a', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	big[3] = ':';
	assert_int_equal(basic(big, name, &password, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	big[3 + 1 + EST_PASSWORD_MAX + 1] = '\0';
	assert_int_equal(basic(big, name, &password, &e), -1);
	assert_string_equal(e.text, "Authorization: password is longer than "
	    "128 bytes");
}

static void
est_attributes_tell_keys_and_kinds_of_names(void **state)
{
	static const uint8_t	 dns[] = { 0x06, 0x03, 0x55, 0x1d, 0x11, 0x04,
		0x04, 0x30, 0x02, 0x82, 0x00 };
	char			*curve[] = { (char *)(uintptr_t)"P-384" };
	struct profile_key	 key = { .type = (char *)(uintptr_t)"ec",
		.curves = { curve, 1 } };
	struct profile_san	 san = { .type = (char *)(uintptr_t)"dns",
		.from = (char *)(uintptr_t)"dns" };
	struct profile		 p = { .keys = &key, .nkeys = 1, .san = &san,
		.nsan = 1 };
	struct error		 e = ERROR_INIT;
	struct buf		 der = { 0 };

	(void)state;
	est_attributes(&der, &p);
	assert_int_equal(der_check(BYTES(der.p, der.len), 16, &e), 0);
	assert_non_null(memmem(der.p, der.len, "\x06\x05\x2b\x81\x04\x00\x22",
	    7));
	assert_non_null(memmem(der.p, der.len, dns, sizeof(dns)));
	buf_clear(&der);
	/* What only an officer says, nobody needs to ask for. */
	san.by = (char *)(uintptr_t)"officer";
	est_attributes(&der, &p);
	assert_null(memmem(der.p, der.len, dns, sizeof(dns)));
	buf_clear(&der);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(est_decode_refuses_what_is_not_base64_of_der),
		cmocka_unit_test(est_decode_names_the_rule_of_der),
		cmocka_unit_test(est_decode_refuses_what_is_too_large),
		cmocka_unit_test(est_decode_takes_lines_of_any_length),
		cmocka_unit_test(est_encode_writes_one_line_that_est_decode_reads),
		cmocka_unit_test(est_type_is_passes_over_case_and_parameters),
		cmocka_unit_test(est_basic_takes_name_and_password_apart),
		cmocka_unit_test(est_basic_refuses_malformed_headers),
		cmocka_unit_test(est_attributes_tell_keys_and_kinds_of_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
