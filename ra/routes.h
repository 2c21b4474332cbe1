/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_ROUTES_H
#define SIGNET_RA_ROUTES_H
/*
 * Which function answers an address.
 */
#include "page.h"

/* The route of a path, its parts in braces unescaped into arg.  *methods are
 * those that the path has at all; NULL: 404, or 405 if there are any. */
const struct page_route *route_find(const char *path, unsigned int method,
	    unsigned int *methods, struct bytes arg[PAGE_ARGS_MAX]);
/* The number of the part of that name, or -1. */
int	 route_arg(const struct page_route *, const char *name);
#endif
