/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text of the store on its way to a terminal, a calendar, or a certificate.
 * Whoever wrote the row commands neither: what comes out has no control
 * character that is not ours.
 */
#include <stdlib.h>
#include <string.h>
#include "base/ical.h"
#include "base/screen.h"
#include "base/text.h"
#include "tests/fuzz/must.h"
#include "x509/mail_address.h"

#define INPUT_MAX	4096

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static bool
is_tame(const char *p, size_t len, const char *but)
{
	uint32_t	 c;
	size_t		 n;

	for (; len > 0; p += n, len -= n) {
		n = text_utf8((const uint8_t *)p, len, &c);
		if (n == 0 || ((c < 0x20 || (c >= 0x7f && c < 0xa0)) &&
		    (c >= 0x80 || c == 0 || strchr(but, (int)c) == NULL)))
			return false;
	}
	return true;
}

static void
terminal(const char *in)
{
	struct buf	 page = { 0 };
	char		 out[200];

	text_escape(out, sizeof(out), in);
	must(strlen(out) < sizeof(out) && is_tame(out, strlen(out), ""));
	screen_cell(&page, in, 20);
	must(is_tame(buf_cstr(&page), page.len, ""));
	page.len = 0;
	screen_line(&page, in, 40);
	must(is_tame(buf_cstr(&page), page.len, "\n"));
	page.len = 0;
	screen_paint(&page, in, 10, NULL);
	must(is_tame(buf_cstr(&page), page.len, ""));
	buf_clear(&page);
}

/* RFC 5545, 3.1: lines of at most 75 octets, and those that we began only. */
static void
calendar(const char *in)
{
	struct ical_event	 v = { .uid = "x", .start = 1800000000,
				    .summary = in, .description = in,
				    .category = in };
	struct buf		 b = { 0 };
	const char		*at, *end;
	int			 begun = 0;

	ical_begin(&b, in);
	ical_event(&b, &v, 1800000000);
	ical_end(&b);
	for (at = buf_cstr(&b); *at != '\0'; at = end + 2) {
		must((end = strstr(at, "\r\n")) != NULL && end - at <= 75);
		must(memchr(at, '\n', (size_t)(end - at)) == NULL);
		begun += strncmp(at, "BEGIN:", 6) == 0;
	}
	must(begun == 2);
	buf_clear(&b);
}

static void
numbers(const char *in)
{
	struct error	 e = ERROR_INIT;
	int64_t		 v, again;
	char		 text[32];

	if (text_parse_duration(&v, in, &e) == 0) {
		text_duration(text, v);
		must(text_parse_duration(&again, text, &e) == 0 && again == v);
	}
	error_clear(&e);
	if (text_parse_time(&v, in, &e) == 0) {
		text_time(text, v);
		must(text_parse_time(&again, text, &e) == 0 && again == v);
	}
}

/* What passes goes into certificates: letters that have one meaning. */
static void
addresses(const char *in)
{
	struct error	 e = ERROR_INIT;
	bool		 mail, host;

	mail = mail_address_check(in, &e) == 0;
	must(mail || (e.code == ERROR_INPUT && e.text[0] != '\0'));
	error_clear(&e);
	host = host_name_check(in, &e) == 0;
	must(host || (e.code == ERROR_INPUT && e.text[0] != '\0'));
	if (mail)
		must(strpbrk(in, " \t\r\n\"<>()[]\\,;:%!") == NULL &&
		    strchr(in, '@') == strrchr(in, '@') && !host);
	if (host)
		must(in[strspn(in, "abcdefghijklmnopqrstuvwxyz"
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")] == '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char	*in;

	if (n > INPUT_MAX || memchr(p, '\0', n) != NULL)
		return 0;
	in = mem_alloc(n + 1);
	memcpy(in, p, n);
	in[n] = '\0';
	terminal(in);
	if (text_is_clean(in, n, INPUT_MAX)) {
		must(is_tame(in, n, ""));
		calendar(in);
	}
	numbers(in);
	addresses(in);
	mem_free(&in);
	return 0;
}
