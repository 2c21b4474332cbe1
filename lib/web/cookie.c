/* SPDX-License-Identifier: Apache-2.0 */
#include "web/cookie.h"

#include <string.h>

static bool
is_cookie_text(const char *s, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		if ((s[i] < 'a' || s[i] > 'z') && (s[i] < 'A' || s[i] > 'Z') &&
		    (s[i] < '0' || s[i] > '9') &&
		    (s[i] == '\0' || strchr("-_.~=+/", s[i]) == NULL))
			return false;
	return true;
}

/* A second one of that name was planted by somebody: neither is believed. */
int
cookie_find(char *dst, size_t size, const char *header, const char *name,
    struct error *e)
{
	size_t		 n = strlen(name), len;
	const char	*p, *value;
	int		 found = 0;

	for (p = header; p != NULL && *p != '\0';) {
		p += strspn(p, " \t");
		len = strcspn(p, ";");
		if (len > n && strncmp(p, name, n) == 0 && p[n] == '=') {
			value = p + n + 1;
			if (found++ > 0)
				return error_set(e, ERROR_INPUT,
				    "two cookies are called %s", name);
			if (len - n - 1 >= size ||
			    !is_cookie_text(value, len - n - 1))
				return error_set(e, ERROR_INPUT,
				    "the cookie %s is broken", name);
			memcpy(dst, value, len - n - 1);
			dst[len - n - 1] = '\0';
		}
		p += len;
		p += *p == ';';
	}
	return found;
}

int
cookie_make(struct buf *out, const char *name, const char *value,
    int64_t max_age, struct error *e)
{
	if (*name == '\0' || !is_cookie_text(name, strlen(name)) ||
	    strpbrk(name, "=/+") != NULL ||
	    !is_cookie_text(value, strlen(value)))
		return error_set(e, ERROR_BUG, "not a cookie: \"%s\"", name);
	buf_printf(out, "%s=%s; Path=/; Secure; HttpOnly; SameSite=Lax", name,
	    max_age == -1 ? "" : value);
	if (max_age != 0)
		buf_printf(out, "; Max-Age=%lld",
		    max_age == -1 ? 0LL : (long long)max_age);
	return 0;
}
