/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An application goes to another registration office: its officers find it in
 * their queue with the reason, and the old one's find it no more.  For the
 * applicant nothing changes.
 */
#include <string.h>

#include "audit/chain.h"
#include "db/db_audit.h"
#include "officer_application.h"
#include "rad.h"

#define REASON_MAX	400

struct moving {
	struct page			*p;
	const struct application	*look;
	struct db_application_move	 m;
};

static int
move_txn(struct db *db, void *arg, struct error *e)
{
	const struct moving	*g = arg;
	struct buf		 body = { 0 };

	if (db_application_move(db, g->look->a.id, &g->m, e) == -1)
		return -1;
	audit_begin(&body, "application-move", g->p->now);
	audit_hex(&body, "application", g->look->a.id, DB_APPLICATION_ID);
	audit_str(&body, "profile", g->look->a.profile);
	audit_str(&body, "from", g->m.from != NULL ? g->m.from : "");
	audit_str(&body, "to", g->m.to);
	audit_str(&body, "person", g->m.by);
	audit_str(&body, "reason", g->m.why);
	return db_audit_add(db, &body, e);
}

/* One that there is, whoever's it is. */
static int
take_office(struct page *p, const char **office, struct error *e)
{
	const struct conf_list	*all = &p->rad->conf->offices;
	size_t			 i;

	if (page_need(p, "office", office, e) == -1)
		return -1;
	for (i = 0; i < all->n; i++)
		if (strcmp(*office, all->v[i]) == 0)
			return 0;
	return error_set(e, ERROR_INPUT, "there is no such office");
}

static int
check_other(const struct moving *g, struct error *e)
{
	if (g->m.from == NULL || strcmp(g->m.from, g->m.to) != 0)
		return 0;
	return error_set(e, ERROR_CONFLICT, "the application is at this "
	    "office already");
}

static int
move(struct page *p, struct error *e)
{
	struct application	l;
	struct moving		g = { .p = p, .look = &l };
	int			rc = -1;

	if (officer_take_text(p, "reason", REASON_MAX, &g.m.why, e) == -1 ||
	    take_office(p, &g.m.to, e) == -1 || application_look(p, &l,
	    e) == -1)
		return -1;
	g.m.from = l.a.office;
	g.m.by = p->client.person;
	if (application_check_waits(&l, e) == 0 && check_other(&g, e) == 0 &&
	    db_txn(p->db, move_txn, &g, e) == 0) {
		page_message(p, "flash.moved");
		rc = page_redirect(p, "/officer/queue", e);
	}
	application_clear(&l);
	return rc;
}

const struct page_route PAGES_OFFICER_MOVE[] = {
	{ HTTP_POST, "/officer/application/{id}/move", PAGE_OFFICER, move,
	    0 },
	{ 0, NULL, PAGE_ANYONE, NULL, 0 }
};
