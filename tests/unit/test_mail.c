/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mails as bytes: nothing in them ends a header, no line is too long.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/error.h"
#include "mail/mail.h"

static const struct mail plain = { .from = "pki@example.org",
    .to = "alice@example.net", .subject = "Your certificate",
    .body = "Hello,\n\nit is there.\n", .id = "notice-17",
    .date = 1800000000 };

static char *
text_of(struct buf *b, const struct mail *m)
{
	struct error	 e = ERROR_INIT;

	if (mail_write(b, m, &e) == -1)
		fail_msg("%s", e.text);
	return (char *)(uintptr_t)buf_cstr(b);
}

static void
refused(const struct mail *m, const char *text)
{
	struct error	 e = ERROR_INIT;
	struct buf	 b = { 0 };

	assert_int_equal(mail_write(&b, m, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_non_null(strstr(e.text, text));
	assert_int_equal(b.len, 0);
}

static void
an_address_that_is_more_than_one_is_refused(void **state)
{
	static const char *const	 bad[] = { "", "alice", "a@b",
	    "a@example.org, b@example.org", "a@example.org\r\nBcc: x@y.org",
	    "a@example.org\nX: y", "<a@example.org>", "a b@example.org",
	    "\"a\"@example.org", "a@[127.0.0.1]", "a@example.org>",
	    "b\xc3\xbcro@example.org", "a@@example.org", "a%x@example.org",
	    "-a@example.org\t" };
	struct mail	 m;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		m = plain;
		m.to = bad[i];
		refused(&m, "mail: recipient: ");
		m = plain;
		m.from = bad[i];
		refused(&m, "mail: sender: ");
		m = plain;
		m.reply_to = bad[i];
		refused(&m, "mail: reply-to: ");
	}
}

static void
an_address_longer_than_a_path_may_be_is_refused(void **state)
{
	char		 long_one[300];
	struct mail	 m = plain;

	(void)state;
	memset(long_one, 'a', sizeof(long_one));
	memcpy(long_one + 250, "@example.org", 13);
	m.to = long_one;
	refused(&m, "mail: recipient: longer than 254 characters");
}

static void
text_with_control_characters_is_refused_in_headers(void **state)
{
	static const char *const	 bad[] = { "a\r\nBcc: x@example.org",
	    "a\nb", "a\rb", "a\tb", "\x7f", "\xc2\x85", "\xff",
	    "\xe2\x80\xaegpj" };
	struct mail	 m;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		m = plain;
		m.subject = bad[i];
		refused(&m, "mail: subject is too long, not UTF-8 or has "
		    "control characters");
		m = plain;
		m.from_name = bad[i];
		refused(&m, "mail: sender's name is too long");
	}
	m = plain;
	m.id = "x>\r\n";
	refused(&m, "mail: id is not [a-z0-9.-]");
	m = plain;
	m.lang = "en\r\nX: y";
	refused(&m, "mail: language is not a tag");
}

static void
a_body_is_utf8_without_control_characters_and_bounded(void **state)
{
	static char	 big[MAIL_BODY_MAX + 2];
	struct mail	 m = plain;

	(void)state;
	m.body = "a\rb";
	refused(&m, "mail: body has control characters");
	m.body = "a\xc0\x80";
	refused(&m, "mail: body is not UTF-8");
	m.body = "\xc2\x9b";
	refused(&m, "mail: body has control characters");
	memset(big, 'a', sizeof(big) - 1);
	m.body = big;
	refused(&m, "mail: body is longer than 65536 bytes");
}

static void
a_plain_mail_is_these_bytes(void **state)
{
	struct buf	 b = { 0 };

	(void)state;
	assert_string_equal(text_of(&b, &plain),
	    "Date: Fri, 15 Jan 2027 08:00:00 +0000\r\n"
	    "From: pki@example.org\r\n"
	    "To: alice@example.net\r\n"
	    "Subject: Your certificate\r\n"
	    "Message-ID: <notice-17@example.org>\r\n"
	    "Auto-Submitted: auto-generated\r\n"
	    "X-Auto-Response-Suppress: All\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n"
	    "\r\n"
	    "Hello,\r\n"
	    "\r\n"
	    "it is there.\r\n");
	buf_clear(&b);
}

static void
names_are_quoted_and_what_is_not_ascii_is_encoded(void **state)
{
	struct mail	 m = plain;
	struct buf	 b = { 0 };

	(void)state;
	m.from_name = "The \"PKI\" \\ desk, Example";
	m.reply_to = "help@example.org";
	m.lang = "sv";
	m.subject = "F\xc3\xb6rnya ditt certifikat";
	text_of(&b, &m);
	assert_non_null(strstr((char *)b.p, "\r\nFrom: \"The \\\"PKI\\\" \\\\ "
	    "desk, Example\"\r\n <pki@example.org>\r\n"));
	assert_non_null(strstr((char *)b.p,
	    "\r\nReply-To: help@example.org\r\n"));
	assert_non_null(strstr((char *)b.p, "\r\nContent-Language: sv\r\n"));
	assert_non_null(strstr((char *)b.p,
	    "\r\nSubject: =?UTF-8?B?RsO2cm55YSBkaXR0IGNlcnRpZmlrYXQ=?=\r\n"));
	buf_clear(&b);
	m.from_name = "Sj\xc3\xb6";
	m.subject = "=?UTF-8?B?YQ==?= is not what it says";
	text_of(&b, &m);
	assert_non_null(strstr((char *)b.p,
	    "\r\nFrom: =?UTF-8?B?U2rDtg==?=\r\n <pki@example.org>\r\n"));
	assert_null(strstr((char *)b.p, "Subject: =?UTF-8?B?YQ==?="));
	buf_clear(&b);
}

static void
no_line_is_too_long_and_none_splits_a_character(void **state)
{
	struct mail	 m = plain;
	struct buf	 b = { 0 }, body = { 0 }, subject = { 0 };
	const char	*p, *end;

	(void)state;
	for (int i = 0; i < 66; i++)
		buf_str(&subject, i % 2 ? "\xe2\x82\xac" :
		    "\xc3\xa5\xc3\xa4");
	for (int i = 0; i < 500; i++)
		buf_str(&body, i % 7 ? "\xe2\x82\xac" "a" : " ");
	m.subject = buf_cstr(&subject);
	m.body = buf_cstr(&body);
	for (p = text_of(&b, &m); *p != '\0'; p = end + 2) {
		assert_non_null(end = strstr(p, "\r\n"));
		assert_true(end - p <= 78);
		if (memcmp(p, " =?", 3) == 0)
			assert_true(end - p <= 76);
	}
	buf_clear(&body);
	buf_clear(&subject);
	buf_clear(&b);
}

static void
lines_of_the_body_that_servers_would_change_are_encoded(void **state)
{
	struct mail	 m = plain;
	struct buf	 b = { 0 };

	(void)state;
	m.body = "From here\n.\n..x\n1 = 1\nend \nend\t\n\xc3\xa5\nlast";
	text_of(&b, &m);
	assert_non_null(strstr((char *)b.p, "\r\n\r\n=46rom here\r\n=2E\r\n"
	    "=2E.x\r\n1 =3D 1\r\nend=20\r\nend=09\r\n=C3=A5\r\nlast\r\n"));
	buf_clear(&b);
	/* 76 characters fit, 77 do not. */
	m.body = "1234567890123456789012345678901234567890"
	    "123456789012345678901234567890123456\n"
	    "1234567890123456789012345678901234567890"
	    "1234567890123456789012345678901234567";
	text_of(&b, &m);
	assert_non_null(strstr((char *)b.p, "90123456\r\n1234567890"));
	assert_non_null(strstr((char *)b.p, "9012345=\r\n67\r\n"));
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_that_is_more_than_one_is_refused),
		cmocka_unit_test(
		    an_address_longer_than_a_path_may_be_is_refused),
		cmocka_unit_test(
		    text_with_control_characters_is_refused_in_headers),
		cmocka_unit_test(
		    a_body_is_utf8_without_control_characters_and_bounded),
		cmocka_unit_test(a_plain_mail_is_these_bytes),
		cmocka_unit_test(
		    names_are_quoted_and_what_is_not_ascii_is_encoded),
		cmocka_unit_test(
		    no_line_is_too_long_and_none_splits_a_character),
		cmocka_unit_test(
		    lines_of_the_body_that_servers_would_change_are_encoded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
