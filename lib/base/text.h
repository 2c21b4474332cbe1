/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_BASE_TEXT_H
#define SIGNET_BASE_TEXT_H
/*
 * Text forms of bytes, times and durations, and checks on foreign text.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "base/mem.h"

/* Lower-case hex; dst holds 2 * n + 1 bytes.  Returns dst. */
char	*text_hex(char *dst, const void *, size_t n);
/* Strict: even length, hex digits only.  At most max bytes and *len tells how
 * many; exactly max bytes where len is NULL. */
int	 text_unhex(uint8_t *dst, size_t max, size_t *len, const char *,
	    struct error *);
char	*text_base64(const void *, size_t);		/* caller frees */

#define TEXT_TIME_SIZE	21
/* "2026-11-21T02:49:48Z"; dst holds TEXT_TIME_SIZE bytes.  Returns dst.
 * Times outside of the years 0 to 9999 are shown as the nearest one inside. */
char	*text_time(char *dst, int64_t);
/* Also accepts "2026-11-21".  UTC only. */
int	 text_parse_time(int64_t *, const char *, struct error *);
/* "90d", "12h", "30m", "45s", "1y" (365 days), sums such as "1d12h", largest
 * unit first. */
int	 text_parse_duration(int64_t *seconds, const char *, struct error *);
char	*text_duration(char dst[32], int64_t seconds);	/* shortest exact */
/* "12", "1,234,567": for people. */
char	*text_count(char dst[32], uint64_t);

/* Digits only, within [min, max]. */
int	 text_parse_number(int64_t *, const char *, int64_t min, int64_t max,
	    struct error *);
/* Length of the UTF-8 character at p (RFC 3629), of which *c is the number;
 * 0 when there is none.  At least one octet is left. */
size_t	 text_utf8(const uint8_t *p, size_t left, uint32_t *c);
/*
 * Valid UTF-8 (shortest form, no surrogates), no control characters (C0, DEL,
 * C1), no bidirectional overrides, at most max bytes.
 */
bool	 text_is_clean(const char *, size_t len, size_t max);
/* [A-Za-z0-9][A-Za-z0-9._-]*, at most 64: names of CAs, profiles, files. */
bool	 text_is_name(const char *);
/* For one line on a terminal: control characters become \xHH, what does not
 * fit is cut.  Returns dst. */
char	*text_escape(char *dst, size_t size, const char *);
/* Append text broken at spaces into lines of "width" columns, each indented
 * and ended by a newline.  A newline in text is kept. */
void	 text_wrap(struct buf *out, const char *text, int indent, int width);
/* Letters to add, drop, change or swap to make one of the other; names over
 * 64 bytes are SIZE_MAX apart. */
size_t	 text_distance(const char *, const char *);
/* Is "known" near enough to be what someone who typed "typed" meant? */
bool	 text_is_near(const char *typed, const char *known);
/* Of candidates, the one that "word" was probably meant to be; or NULL. */
const char *text_nearest(const char *word, const char *const *candidate,
	    size_t n);
#endif
