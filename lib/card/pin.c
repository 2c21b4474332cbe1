/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <openssl/crypto.h>

#include "card/pin.h"

#define TRIES_MAX	1000	/* a generator that does not draw */

static bool
is_run(const char *p, size_t len)
{
	size_t	i;
	int	step = (p[1] - p[0] + 10) % 10;

	if (step != 0 && step != 1 && step != 9)
		return false;
	for (i = 1; i < len; i++)
		if ((p[i] - p[i - 1] + 10) % 10 != step)
			return false;
	return true;
}

static bool
is_repeated(const char *p, size_t len)
{
	size_t	period, i;

	for (period = 2; period <= len / 2; period++) {
		if (len % period != 0)
			continue;
		for (i = period; i < len && p[i] == p[i - period]; i++)
			;
		if (i == len)
			return true;
	}
	return false;
}

static bool
is_mirrored(const char *p, size_t len)
{
	size_t	i;

	for (i = 0; i < len / 2; i++)
		if (p[i] != p[len - 1 - i])
			return false;
	return true;
}

static int
two(const char *p)
{
	return (p[0] - '0') * 10 + p[1] - '0';
}

static bool
is_day_and_month(int day, int month)
{
	return day >= 1 && day <= 31 && month >= 1 && month <= 12;
}

/* DDMM or MMDD, and then or before that a year, of two digits or four. */
static bool
is_date(const char *p, size_t len)
{
	size_t		 y = len - 4;	/* digits of the year */
	const char	*year[2] = { p + 4, p };
	const char	*rest[2] = { p, p + y };
	size_t		 i;

	if (len != 6 && len != 8)
		return false;
	for (i = 0; i < 2; i++) {
		int	a = two(rest[i]), b = two(rest[i] + 2);

		if (y == 4 && two(year[i]) != 19 && two(year[i]) != 20)
			continue;
		if (is_day_and_month(a, b) || is_day_and_month(b, a))
			return true;
	}
	return false;
}

/* The PIN in the digits of the text, or the text's digits in the PIN. */
static bool
is_in(const char *pin, size_t len, const char *text)
{
	char	digits[64];
	size_t	n = 0, i;

	for (; *text != '\0' && n < sizeof(digits); text++)
		if (*text >= '0' && *text <= '9')
			digits[n++] = *text;
	for (i = 0; i + len <= n; i++)
		if (memcmp(digits + i, pin, len) == 0)
			return true;
	for (i = 0; n >= 4 && n <= len && i + n <= len; i++)
		if (memcmp(pin + i, digits, n) == 0)
			return true;
	return false;
}

bool
pin_is_weak(const char *pin, size_t len, const struct pin_avoid *avoid)
{
	size_t	i;

	if (len < 2 || is_run(pin, len) || is_repeated(pin, len) ||
	    is_mirrored(pin, len) || is_date(pin, len))
		return true;
	for (i = 0; avoid != NULL && i < avoid->n; i++)
		if (avoid->text[i] != NULL && is_in(pin, len, avoid->text[i]))
			return true;
	return false;
}

/* 250 is the greatest multiple of ten below 256: what is above is drawn
 * again, so that no digit is likelier than another. */
static int
draw_digit(unsigned char *digit, const struct rng *rng, struct error *e)
{
	unsigned char	b;
	int		tries;

	for (tries = 0; tries < TRIES_MAX; tries++) {
		if (rng_fill(rng, &b, 1, e) == -1)
			return -1;
		if (b < 250) {
			*digit = '0' + b % 10;
			OPENSSL_cleanse(&b, 1);
			return 0;
		}
	}
	return error_set(e, ERROR_CRYPTO, "the generator draws nothing of use");
}

int
pin_make(struct secret *out, size_t len, const struct pin_avoid *avoid,
    const struct rng *rng, struct error *e)
{
	size_t	i;
	int	tries;

	if (len < PIN_MIN || len > PIN_MAX)
		return error_set(e, ERROR_BUG, "a PIN of %zu digits", len);
	if (secret_new(out, len, e) == -1)
		return -1;
	for (tries = 0; tries < TRIES_MAX; tries++) {
		for (i = 0; i < len; i++)
			if (draw_digit(&out->p[i], rng, e) == -1) {
				secret_free(out);
				return -1;
			}
		if (!pin_is_weak((const char *)out->p, len, avoid))
			return 0;
	}
	secret_free(out);
	return error_set(e, ERROR_CRYPTO, "the generator draws nothing but "
	    "weak PINs");
}
