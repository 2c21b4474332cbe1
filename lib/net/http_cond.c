/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_private.h"

#include <strings.h>

#include "base/text.h"

static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri",
    "Sat" };
static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May",
    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

/* RFC 9110, 5.6.7: the form to send. */
char *
http_date(char dst[HTTP_DATE_SIZE], int64_t t)
{
	struct tm	 tm;
	time_t		 when = (time_t)t;

	if (t < 0 || t > INT64_C(253402300799) ||
	    gmtime_r(&when, &tm) == NULL)
		memset(&tm, 0, sizeof(tm));
	snprintf(dst, HTTP_DATE_SIZE, "%s, %02d %s %04d %02d:%02d:%02d GMT",
	    days[(unsigned int)tm.tm_wday % 7], tm.tm_mday % 100,
	    months[(unsigned int)tm.tm_mon % 12], (tm.tm_year + 1900) % 10000,
	    tm.tm_hour % 100, tm.tm_min % 100, tm.tm_sec % 100);
	return dst;
}

/* ... and the three to read.  The locale of a daemon is "C". */
bool
http_parse_date(const char *s, int64_t *t)
{
	static const char *const	 form[] = {
		"%a, %d %b %Y %H:%M:%S GMT",
		"%A, %d-%b-%y %H:%M:%S GMT",
		"%a %b %e %H:%M:%S %Y",
	};
	struct tm			 tm;
	const char			*end;
	size_t				 i;

	for (i = 0; i < sizeof(form) / sizeof(form[0]); i++) {
		memset(&tm, 0, sizeof(tm));
		end = strptime(s, form[i], &tm);
		if (end != NULL && *end == '\0') {
			*t = (int64_t)timegm(&tm);
			return true;
		}
	}
	return false;
}

static const char *
skip_blanks(const char *p)
{
	return p + strspn(p, " \t");
}

bool
http_etag_is_in(const char *list, const char *etag, bool weak)
{
	const char	*p = skip_blanks(list), *end;
	size_t		 len = strlen(etag);
	bool		 is_weak;

	if (strcmp(p, "*") == 0)
		return true;
	while (*p != '\0') {
		is_weak = p[0] == 'W' && p[1] == '/';
		p += is_weak ? 2 : 0;
		if (*p != '"' || (end = strchr(p + 1, '"')) == NULL)
			return false;
		if ((size_t)(end - p - 1) == len &&
		    memcmp(p + 1, etag, len) == 0 && (weak || !is_weak))
			return true;
		p = skip_blanks(end + 1);
		if (*p == ',')
			p = skip_blanks(p + 1);
		else if (*p != '\0')
			return false;
	}
	return false;
}

bool
http_is_unchanged(const struct http_request *r, const char *etag,
    int64_t modified)
{
	const char	*h;
	int64_t		 t;

	if ((h = http_header(r, "If-None-Match")) != NULL)
		return etag != NULL && http_etag_is_in(h, etag, true);
	h = http_header(r, "If-Modified-Since");
	return h != NULL && modified != 0 && http_parse_date(h, &t) &&
	    modified <= t;
}

/* RFC 9110, 13.1.5: is the part asked for one of what we have? */
static bool
range_is_current(const struct http_request *r, const char *etag,
    int64_t modified)
{
	const char	*h = http_header(r, "If-Range");
	int64_t		 t;

	if (h == NULL)
		return true;
	if (*h == '"')
		return etag != NULL && http_etag_is_in(h, etag, false);
	return modified != 0 && http_parse_date(h, &t) && t == modified;
}

/* Digits, at least one; more than fit are the greatest number. */
static bool
range_number(const char **p, uint64_t *n)
{
	const char	*s = *p;

	for (*n = 0; *s >= '0' && *s <= '9'; s++)
		*n = *n > (UINT64_MAX - 9) / 10 ? UINT64_MAX :
		    *n * 10 + (uint64_t)(*s - '0');
	if (s == *p)
		return false;
	*p = s;
	return true;
}

unsigned int
http_parse_range(const char *p, uint64_t size, uint64_t *from, uint64_t *len)
{
	uint64_t	 first = 0, last = UINT64_MAX;
	bool		 is_first, is_last;

	if (strncasecmp(p, "bytes=", 6) != 0)
		return 200;
	p = skip_blanks(p + 6);
	is_first = range_number(&p, &first);
	if (*p++ != '-')
		return 200;
	if (!(is_last = range_number(&p, &last)))
		last = UINT64_MAX;
	if (*skip_blanks(p) != '\0' || (!is_first && !is_last) ||
	    (is_first && is_last && last < first))
		return 200;
	if (!is_first) {		/* the last so many */
		first = last < size ? size - last : 0;
		if (last == 0)
			first = size;
		last = UINT64_MAX;
	}
	if (first >= size)
		return 416;
	*from = first;
	*len = (last >= size ? size - 1 : last) - first + 1;
	return 206;
}

unsigned int
http_range(const struct http_request *r, const char *etag, int64_t modified,
    uint64_t size, uint64_t *from, uint64_t *len)
{
	const char	*h = http_header(r, "Range");

	if (h == NULL || !range_is_current(r, etag, modified))
		return 200;
	return http_parse_range(h, size, from, len);
}
