/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A certificate with a one-time code.
 */
#include <string.h>

#include "desk/redeem.h"
#include "public.h"
#include "rad.h"

static const struct limit_rate code_rate = { "code", 10, 5 };

static int
form_show(struct page *p, struct error *e)
{
	const char	*user = page_field(p, "user");

	page_put_text(p, "user", user != NULL ? user : "");
	if (json_object_get(p->data, "csr") == NULL)
		page_put_text(p, "csr", "");
	public_put_keys(p, NULL);
	return page_show(p, "code.html", e);
}

static int
redeem(struct page *p, const char *user, const char *typed,
    const struct csr *csr, uint8_t id[DB_ORDER_ID], struct error *e)
{
	struct secret	 code = { 0 };
	struct redeem	 r = { .user = user, .code = &code, .csr = csr,
	    .gate = p->rad->hashes };
	int		 rc = -1;

	if (secret_set(&code, typed, strlen(typed), e) == 0)
		rc = redeem_code(p->desk, &r, id, e);
	secret_free(&code);
	return rc;
}

static int
code_send(struct page *p, struct error *e)
{
	const char	*user = page_field(p, "user");
	const char	*typed = page_field(p, "code");
	uint8_t		 id[DB_ORDER_ID];
	struct csr	*csr;
	int		 rc;

	if (page_limit_address(p, &code_rate, e) == -1)
		return -1;
	if (user == NULL || *user == '\0')
		public_wrong(p, "user", "the number is missing");
	if (typed == NULL || *typed == '\0')
		public_wrong(p, "code", "the code is missing");
	public_csr(p, &csr);
	if (public_is_wrong(p)) {
		csr_free(&csr);
		return form_show(p, e);
	}
	rc = redeem(p, user, typed, csr, id, e);
	csr_free(&csr);
	if (rc == 0) {
		page_limit_give(p, &code_rate);
		return page_redirect(p, arena_printf(p->arena, "/status/%s",
		    public_hex(p, id, sizeof(id))), e);
	}
	if (e->code != ERROR_INPUT && e->code != ERROR_DENIED)
		return -1;
	public_wrong(p, e->code == ERROR_INPUT ? "csr" : "code", e->text);
	p->status = e->code == ERROR_INPUT ? 400 : 403;
	error_clear(e);
	return form_show(p, e);
}

const struct page_route PAGES_CODE[] = {
	{ HTTP_GET, "/code", PAGE_ANYONE, form_show, PAGE_STATELESS },
	{ HTTP_POST, "/code", PAGE_ANYONE, code_send, 0 },
	{ .path = NULL }
};
