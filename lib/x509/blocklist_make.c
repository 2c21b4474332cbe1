/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From lists of text, as others publish them, to the file that is searched.
 */
#include <stdlib.h>
#include <string.h>
#include <openssl/sha.h>
#include "base/digest.h"
#include "base/text.h"
#include "x509/blocklist.h"
#include "x509/blocklist_private.h"

#define LINE_MAX_LEN	120

void
blocklist_add(struct blocklist_draft *d, enum blocklist_kind k,
    const uint8_t digest[32])
{
	buf_add(&d->digest[k], digest, BLOCKLIST_RECORD);
}

/* "spki:" or "number:" before the digits; *s advances. */
static enum blocklist_kind
take_word(const char **s, enum blocklist_kind dflt)
{
	const char	*colon = strchr(*s, ':');
	char		 word[16] = "";

	if (colon == NULL || (size_t)(colon - *s) >= sizeof(word))
		return dflt;
	memcpy(word, *s, (size_t)(colon - *s));
	*s = colon + 1;
	*s += strspn(*s, " \t");
	return blocklist_kind_of(word);
}

static int
read_line(struct blocklist_draft *d, const char *s, enum blocklist_kind dflt,
    struct error *e)
{
	enum blocklist_kind	 k = take_word(&s, dflt);
	uint8_t			 digest[32];
	size_t			 n;

	if (k == BLOCKLIST__MAX)
		return error_set(e, ERROR_INPUT, "neither spki:, number: nor "
		    "modulus: before the digits");
	if (text_unhex(digest, sizeof(digest), &n, s, e) == -1)
		return -1;
	if (n == 32 && k != BLOCKLIST_MODULUS)
		blocklist_add(d, k, digest);
	else if (n == BLOCKLIST_RECORD)
		blocklist_add(d, BLOCKLIST_MODULUS, digest);
	else if (n == SHA_DIGEST_LENGTH)
		buf_add(&d->digest[BLOCKLIST_MODULUS], digest +
		    SHA_DIGEST_LENGTH - BLOCKLIST_RECORD, BLOCKLIST_RECORD);
	else
		return error_set(e, ERROR_INPUT, "%zu hex digits, not 20, 40 "
		    "or 64", 2 * n);
	return 0;
}

/* Without comment and white space, in lower case; false: too long. */
static bool
clean_line(char dst[LINE_MAX_LEN + 1], const uint8_t *p, size_t len)
{
	size_t	 i, n = 0;

	for (i = 0; i < len && p[i] != '#'; i++) {
		if (p[i] == ' ' || p[i] == '\t' || p[i] == '\r')
			continue;
		if (n == LINE_MAX_LEN || p[i] == '\0')
			return false;
		dst[n++] = (char)(p[i] >= 'A' && p[i] <= 'Z' ? p[i] + 32 :
		    p[i]);
	}
	dst[n] = '\0';
	return true;
}

int
blocklist_read(struct blocklist_draft *d, struct bytes text,
    enum blocklist_kind k, struct error *e)
{
	char		 line[LINE_MAX_LEN + 1];
	const uint8_t	*p = text.p, *end = text.p + text.len, *nl;
	size_t		 n;

	for (n = 1; p < end; n++, p = nl + 1) {
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;
		if (!clean_line(line, p, (size_t)(nl - p)))
			return error_set(e, ERROR_INPUT, "line %zu: not a line "
			    "of hex digits", n);
		if (line[0] != '\0' && read_line(d, line, k, e) == -1)
			return error_wrap(e, "line %zu", n);
	}
	return 0;
}

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, BLOCKLIST_RECORD);
}

/* Sorted, each once; the number of records that are left. */
static uint64_t
sort(struct buf *b)
{
	size_t	 i, n = b->len / BLOCKLIST_RECORD, kept = 0;
	uint8_t	*p = b->p;

	if (n > 1)
		qsort(p, n, BLOCKLIST_RECORD, compare);
	for (i = 0; i < n; i++)
		if (i == 0 || compare(p + (kept - 1) * BLOCKLIST_RECORD,
		    p + i * BLOCKLIST_RECORD) != 0)
			memmove(p + kept++ * BLOCKLIST_RECORD,
			    p + i * BLOCKLIST_RECORD, BLOCKLIST_RECORD);
	b->len = kept * BLOCKLIST_RECORD;
	return kept;
}

void
blocklist_encode(struct buf *out, struct blocklist_draft *d)
{
	struct buf	 all = { 0 };
	uint8_t		 digest[32];
	uint64_t	 n;
	int		 k, i;

	buf_add(out, BLOCKLIST_MAGIC, BLOCKLIST_MAGIC_SIZE);
	buf_reserve(&all, 1);
	for (k = 0; k < BLOCKLIST__MAX; k++) {
		n = sort(&d->digest[k]);
		for (i = 56; i >= 0; i -= 8)
			buf_byte(out, (uint8_t)(n >> i));
		buf_add(&all, d->digest[k].p, d->digest[k].len);
	}
	digest_sha256(digest, all.p, all.len);
	buf_add(out, digest, sizeof(digest));
	buf_add(out, all.p, all.len);
	buf_clear(&all);
}

void
blocklist_draft_clear(struct blocklist_draft *d)
{
	int	 k;

	for (k = 0; k < BLOCKLIST__MAX; k++)
		buf_clear(&d->digest[k]);
}
