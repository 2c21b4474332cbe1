/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/text.h"
#include "desk/selector.h"

static void
selector_id_refuses_what_is_too_short_too_long_or_no_hex(void **state)
{
	struct selector_id	id;
	struct error		e = ERROR_INIT;

	(void)state;
	assert_int_equal(selector_id(&id, "4f2", &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_string_equal(e.text,
	    "order id \"4f2\" is too short: at least 4 digits");
	assert_int_equal(selector_id(&id, "request.csr", &e), -1);
	assert_string_equal(e.text,
	    "\"request.csr\" is no order id: up to 32 hex digits");
	assert_int_equal(selector_id(&id,
	    "00112233445566778899aabbccddeeff0", &e), -1);
	assert_int_equal(selector_id(&id,
	    "00112233445566778899AABBCCDDEEFF", &e), 0);
	assert_string_equal(id.hex, "00112233445566778899aabbccddeeff");
}

static void
selector_serial_takes_what_other_programs_print(void **state)
{
	struct selector_serial	s;
	struct error		e = ERROR_INIT;

	(void)state;
	assert_int_equal(selector_serial(&s, "0x4F2A", &e), 0);
	assert_string_equal(s.hex, "4f2a");
	assert_string_equal(s.ca, "");
	assert_int_equal(selector_serial(&s, "people/4F:2A:01", &e), 0);
	assert_string_equal(s.ca, "people");
	assert_string_equal(s.hex, "4f2a01");
}

static void
selector_serial_refuses_what_is_none(void **state)
{
	struct selector_serial	s;
	struct error		e = ERROR_INIT;

	(void)state;
	assert_int_equal(selector_serial(&s, "alice", &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_string_equal(e.text, "\"alice\" is no serial number: hex "
	    "digits, as \"signet cert list\" shows them");
	assert_int_equal(selector_serial(&s, "../x/4f2a", &e), -1);
	assert_string_equal(e.text, "\"../x/4f2a\": no such name of a CA");
	assert_int_equal(selector_serial(&s, "12", &e), -1);
}

static void
selector_reason_suggests_the_nearest(void **state)
{
	struct error	e = ERROR_INIT;
	int		reason = -1;

	(void)state;
	assert_int_equal(selector_reason(&reason, "keyCompromis", &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_string_equal(e.text,
	    "\"keyCompromis\" is no reason for revocation");
	assert_string_equal(e.hint, "did you mean \"keyCompromise\"?");
	assert_int_equal(selector_reason(&reason, "8", &e), -1);
}

static void
selector_reason_takes_name_dashes_and_number(void **state)
{
	struct error	e = ERROR_INIT;
	int		reason = -1;

	(void)state;
	assert_int_equal(selector_reason(&reason, "keyCompromise", &e), 0);
	assert_int_equal(reason, 1);
	assert_int_equal(selector_reason(&reason, "privilege-withdrawn", &e),
	    0);
	assert_int_equal(reason, 9);
	assert_int_equal(selector_reason(&reason, "4", &e), 0);
	assert_int_equal(reason, 4);
	assert_string_equal(selector_reason_name(5), "cessationOfOperation");
}

static void
selector_digest_is_64_digits(void **state)
{
	uint8_t	digest[32];

	(void)state;
	assert_int_equal(selector_digest(digest, "00112233"), 0);
	assert_int_equal(selector_digest(digest,
	    "000102030405060708090a0b0c0d0e0f"
	    "101112131415161718191a1b1c1d1e1f"), 1);
	assert_int_equal(digest[31], 0x1f);
	assert_int_equal(selector_digest(digest,
	    "000102030405060708090a0b0c0d0e0f"
	    "101112131415161718191a1b1c1d1e1z"), 0);
}

static void
selector_time_takes_dates_and_ages(void **state)
{
	struct error	e = ERROR_INIT;
	int64_t		t;

	(void)state;
	assert_int_equal(selector_time(&t, "2d", 1000000, &e), 0);
	assert_int_equal(t, 1000000 - 2 * 86400);
	assert_int_equal(selector_time(&t, "1970-01-02", 0, &e), 0);
	assert_int_equal(t, 86400);
	assert_int_equal(selector_time(&t, "yesterday", 0, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
}

static void
nearest_says_nothing_when_nothing_is_near(void **state)
{
	const char *const	words[] = { "mail-sign", "mail-encrypt" };

	(void)state;
	assert_string_equal(text_nearest("mail-sing", words, 2), "mail-sign");
	assert_null(text_nearest("web-login", words, 2));
	assert_null(text_nearest("", words, 2));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(
		    selector_id_refuses_what_is_too_short_too_long_or_no_hex),
		cmocka_unit_test(
		    selector_serial_takes_what_other_programs_print),
		cmocka_unit_test(selector_serial_refuses_what_is_none),
		cmocka_unit_test(selector_reason_suggests_the_nearest),
		cmocka_unit_test(
		    selector_reason_takes_name_dashes_and_number),
		cmocka_unit_test(selector_digest_is_64_digits),
		cmocka_unit_test(selector_time_takes_dates_and_ages),
		cmocka_unit_test(nearest_says_nothing_when_nothing_is_near),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
