/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Searches in pages, RFC 2696.
 */
#include "net/directory_private.h"

static void
cookie_clear(struct directory *d)
{
	ber_memfree(d->cookie.bv_val);
	d->cookie = (struct berval){ 0, NULL };
}

/* Is there more?  1, 0, -1. */
static int
cookie_take(struct directory *d, struct error *e)
{
	LDAPControl	*c;
	ber_int_t	 estimate;
	int		 rc = 0;

	cookie_clear(d);
	c = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, d->controls, NULL);
	if (c == NULL)
		rc = 0;
	else if (ldap_parse_pageresponse_control(d->ld, c, &estimate,
	    &d->cookie) != LDAP_SUCCESS)
		rc = error_set(e, ERROR_UPSTREAM, "directory: the page's "
		    "cookie cannot be read");
	else
		rc = d->cookie.bv_len > 0;
	ldap_controls_free(d->controls);
	d->controls = NULL;
	return rc;
}

static int
page_ask(struct directory *d, const char *base, const char *filter,
    const char *const *attrs, int size, struct error *e)
{
	LDAPControl	*ctrl[2] = { NULL, NULL };
	int		 rc;

	rc = ldap_create_page_control(d->ld, size, &d->cookie, 1, &ctrl[0]);
	if (rc != LDAP_SUCCESS)
		return error_ldap(e, rc, NULL, "pages");
	rc = directory_search_ctrl(d, 0, base, DIRECTORY_SUBTREE, filter,
	    attrs, ctrl, e);
	ldap_control_free(ctrl[0]);
	return rc;
}

static int
page_take(struct directory *d, struct directory_page *p, size_t size,
    struct arena *a, struct error *e)
{
	struct directory_answer	 an;
	int			 got;

	p->v = arena_alloc(a, (size + 1) * sizeof(*p->v));
	p->n = 0;
	while ((got = directory_next(d, &an, a, e)) == 1) {
		if (an.code == DIRECTORY_ENTRY && p->n < size) {
			p->v[p->n++] = an.entry;
		} else if (an.code != DIRECTORY_ENTRY &&
		    an.code != DIRECTORY_DONE && an.code != DIRECTORY_ABSENT) {
			*e = an.error;
			return -1;
		}
	}
	return got;
}

int
directory_read_page(struct directory *d, struct directory_page *p,
    const char *base, const char *filter, const char *const *attrs, int size,
    struct arena *a, struct error *e)
{
	int	 rc;

	if (!p->began)
		cookie_clear(d);
	p->began = true;
	if (page_ask(d, base, filter, attrs, size, e) == -1)
		return -1;
	d->keep_controls = true;
	rc = page_take(d, p, (size_t)size, a, e);
	d->keep_controls = false;
	if (rc == 0)
		rc = cookie_take(d, e);
	if (rc == -1)
		error_wrap(e, "search below %s", base);
	return rc;
}
