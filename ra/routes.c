/* SPDX-License-Identifier: Apache-2.0 */
#include "routes.h"

#include <string.h>

static const struct page_route *const routes[] = {
	PAGES_CMP,
	PAGES_CODE,
	PAGES_ENROL,
	PAGES_EST,
	PAGES_HOME,
	PAGES_OFFICER,
	PAGES_OFFICER_APPLICATION,
	PAGES_OFFICER_AUDIT,
	PAGES_OFFICER_BATCH,
	PAGES_OFFICER_BATCHES,
	PAGES_OFFICER_CARD,
	PAGES_OFFICER_CARDS,
	PAGES_OFFICER_CERT,
	PAGES_OFFICER_CERTS,
	PAGES_OFFICER_CODE,
	PAGES_OFFICER_CODE_AGAIN,
	PAGES_OFFICER_CREDENTIAL,
	PAGES_OFFICER_DECIDE,
	PAGES_OFFICER_MOVE,
	PAGES_OFFICER_ORDER,
	PAGES_OFFICER_QUEUE,
	PAGES_RENEW,
	PAGES_REVOKE,
	PAGES_SEARCH,
	PAGES_STATUS,
	PAGES_SESSION,
	NULL
};

/* Segment by segment; a part in braces takes one that is not empty. */
static bool
route_matches(const char *route, const char *path,
    struct bytes arg[PAGE_ARGS_MAX])
{
	size_t	 rlen, plen, n = 0;

	while (*route == '/' && *path == '/') {
		rlen = strcspn(++route, "/");
		plen = strcspn(++path, "/");
		if (*route == '{') {
			if (plen == 0 || n == PAGE_ARGS_MAX)
				return false;
			arg[n++] = BYTES(path, plen);
		} else if (rlen != plen || memcmp(route, path, rlen) != 0)
			return false;
		route += rlen;
		path += plen;
	}
	return *route == '\0' && *path == '\0';
}

const struct page_route *
route_find(const char *path, unsigned int method, unsigned int *methods,
    struct bytes arg[PAGE_ARGS_MAX])
{
	const struct page_route	*r;
	size_t			 i;

	*methods = 0;
	for (i = 0; routes[i] != NULL; i++)
		for (r = routes[i]; r->path != NULL; r++) {
			if (!route_matches(r->path, path, arg))
				continue;
			if ((r->methods & method) != 0)
				return r;
			*methods |= r->methods;
		}
	return NULL;
}

int
route_arg(const struct page_route *r, const char *name)
{
	size_t		 len = strlen(name);
	const char	*p;
	int		 n = 0;

	for (p = strchr(r->path, '{'); p != NULL; p = strchr(p + 1, '{'), n++)
		if (strncmp(p + 1, name, len) == 0 && p[len + 1] == '}')
			return n;
	return -1;
}
