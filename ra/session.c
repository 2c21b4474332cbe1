/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who the site takes the visitor for, and how that ends.
 */
#include "base/text.h"
#include "page.h"
#include "page_private.h"

/* For scripts: is the session still there, and whose is it?  No other site can
 * read that. */
static int
session_show(struct page *p, struct error *e)
{
	char	 serial[2 * DB_SERIAL + 1], token[SESSION_TOKEN];
	json_t	*v;

	if (session_token(token, &p->session, p->rad->session_key, e) == -1)
		return -1;
	v = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:s}", "person",
	    p->client.person, "name", p->client.name, "role",
	    role_name(p->client.role), "ca", p->client.ca, "serial",
	    text_hex(serial, p->client.serial.p, p->client.serial.len),
	    "since", (json_int_t)p->session.created_at, "token", token);
	if (v == NULL)
		return error_set(e, ERROR_INPUT, "your certificate's name is "
		    "not UTF-8");
	return page_send_json(p, v, e);
}

/* The next page begins a new one.  What forms are still open are worth
 * nothing. */
static int
session_end(struct page *p, struct error *e)
{
	if (session_init(&p->session, p->client.digest, p->now, &rng_system,
	    e) == -1)
		return -1;
	p->priv->keep_session = true;
	return page_redirect(p, "/", e);
}

const struct page_route PAGES_SESSION[] = {
	{ HTTP_GET, "/session", PAGE_HOLDER, session_show, PAGE_JSON },
	{ HTTP_POST, "/session/end", PAGE_HOLDER, session_end, 0 },
	{ HTTP_GET, "/officer/session", PAGE_OFFICER, session_show,
	    PAGE_JSON },
	{ .path = NULL }
};
