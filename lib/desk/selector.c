/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "desk/selector.h"

#define PREFIX_MIN	4

static const struct {
	int		 value;
	const char	*name;
} reasons[] = {
	{ 0, "unspecified" },
	{ 1, "keyCompromise" },
	{ 2, "cACompromise" },
	{ 3, "affiliationChanged" },
	{ 4, "superseded" },
	{ 5, "cessationOfOperation" },
	{ 6, "certificateHold" },
	{ 9, "privilegeWithdrawn" },
	{ 10, "aACompromise" },
};
#define NREASONS	(sizeof(reasons) / sizeof(reasons[0]))

/* Lower-case hex digits of s without colons and blanks; -1 for others. */
static int
hex_digits(char *dst, size_t size, const char *s)
{
	size_t	n = 0;

	for (; *s != '\0'; s++) {
		if (*s == ':' || *s == ' ')
			continue;
		if (isxdigit((unsigned char)*s) == 0 || n + 1 >= size)
			return -1;
		dst[n++] = (char)tolower((unsigned char)*s);
	}
	dst[n] = '\0';
	return (int)n;
}

int
selector_id(struct selector_id *id, const char *s, struct error *e)
{
	int	n = hex_digits(id->hex, sizeof(id->hex), s);

	if (n == -1)
		return error_set(e, ERROR_INPUT, "\"%.60s\" is no order id: "
		    "up to 32 hex digits", s);
	if (n < PREFIX_MIN)
		return error_set(e, ERROR_INPUT, "order id \"%.60s\" is too "
		    "short: at least %d digits", s, PREFIX_MIN);
	return 0;
}

int
selector_serial(struct selector_serial *sel, const char *s, struct error *e)
{
	const char	*slash = strchr(s, '/'), *digits = s;
	int		 n;

	sel->ca[0] = '\0';
	if (slash != NULL) {
		if ((size_t)(slash - s) >= sizeof(sel->ca))
			return error_set(e, ERROR_INPUT, "\"%.60s\": no such "
			    "name of a CA", s);
		snprintf(sel->ca, sizeof(sel->ca), "%.*s", (int)(slash - s),
		    s);
		if (!text_is_name(sel->ca))
			return error_set(e, ERROR_INPUT, "\"%.60s\": no such "
			    "name of a CA", s);
		digits = slash + 1;
	}
	if (digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X'))
		digits += 2;
	n = hex_digits(sel->hex, sizeof(sel->hex), digits);
	if (n == -1)
		return error_set(e, ERROR_INPUT, "\"%.60s\" is no serial "
		    "number: hex digits, as \"signet cert list\" shows them",
		    s);
	if (n < PREFIX_MIN)
		return error_set(e, ERROR_INPUT, "serial number \"%.60s\" is "
		    "too short: at least %d digits", s, PREFIX_MIN);
	return 0;
}

int
selector_digest(uint8_t dst[32], const char *s)
{
	struct error	ignored = ERROR_INIT;
	size_t		len;

	return strlen(s) == 64 &&
	    text_unhex(dst, 32, &len, s, &ignored) == 0 && len == 32;
}

/* Case and dashes do not count. */
static bool
is_same_word(const char *a, const char *b)
{
	for (;; a++, b++) {
		while (*a == '-' || *a == '_')
			a++;
		while (*b == '-' || *b == '_')
			b++;
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return false;
		if (*a == '\0')
			return true;
	}
}

int
selector_reason(int *reason, const char *s, struct error *e)
{
	const char	*names[NREASONS], *near;
	char		 number[8];
	size_t		 i;

	for (i = 0; i < NREASONS; i++) {
		snprintf(number, sizeof(number), "%d", reasons[i].value);
		if (is_same_word(reasons[i].name, s) ||
		    strcmp(number, s) == 0) {
			*reason = reasons[i].value;
			return 0;
		}
		names[i] = reasons[i].name;
	}
	error_set(e, ERROR_INPUT, "\"%.60s\" is no reason for revocation", s);
	if ((near = text_nearest(s, names, NREASONS)) != NULL)
		return error_hint(e, "did you mean \"%s\"?", near);
	return error_hint(e, "one of: keyCompromise, affiliationChanged, "
	    "superseded, cessationOfOperation, privilegeWithdrawn, "
	    "unspecified");
}

const char *
selector_reason_name(int reason)
{
	size_t	i;

	for (i = 0; i < NREASONS; i++)
		if (reasons[i].value == reason)
			return reasons[i].name;
	return "?";
}

int
selector_time(int64_t *t, const char *s, int64_t now, struct error *e)
{
	struct error	ignored = ERROR_INIT;
	int64_t		ago;

	if (text_parse_duration(&ago, s, &ignored) == 0) {
		*t = now - ago;
		return 0;
	}
	return text_parse_time(t, s, e);
}
