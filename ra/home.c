/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page at "/": what can be had here.
 */
#include "page.h"

static int
home_show(struct page *p, struct error *e)
{
	return page_show(p, "home.html", e);
}

const struct page_route PAGES_HOME[] = {
	{ HTTP_GET, "/", PAGE_ANYONE, home_show, PAGE_STATELESS },
	{ .path = NULL }
};
