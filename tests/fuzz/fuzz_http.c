/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What clients write into headers that we read ourselves: a range lies within
 * the file, a date that is written again is the same, and our own tag is found
 * in a list only if it is there.
 */
#include <stdlib.h>
#include <string.h>

#include "net/http_private.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_range(const char *text, uint64_t size)
{
	uint64_t	 from = 1, len = 0;
	unsigned int	 status;

	status = http_parse_range(text, size, &from, &len);
	if (status == 206 && (len == 0 || from >= size || len > size - from))
		abort();
	if (status != 200 && status != 206 && status != 416)
		abort();
}

static void
check_date(const char *text)
{
	char	 again[HTTP_DATE_SIZE];
	int64_t	 t, same;

	if (!http_parse_date(text, &t) || t < 0 || t > INT64_C(253402300799))
		return;
	if (!http_parse_date(http_date(again, t), &same) || same != t)
		abort();
}

static void
check_tag(const char *text)
{
	if (http_etag_is_in(text, "abc", false) &&
	    !http_etag_is_in(text, "abc", true))
		abort();
	if (strcmp(text, "*") != 0 && strstr(text, "\"abc\"") == NULL &&
	    strchr(text, '*') == NULL && http_etag_is_in(text, "abc", true))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char	*text = malloc(n + 1);

	if (text == NULL)
		return 0;
	memcpy(text, p, n);
	text[n] = '\0';
	check_range(text, 0);
	check_range(text, 1500);
	check_range(text, UINT64_MAX);
	check_date(text);
	check_tag(text);
	free(text);
	return 0;
}
