/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An application, with everything that the decision needs.
 */
#include <string.h>

#include "base/text.h"
#include "db/db_holder.h"
#include "officer_application.h"
#include "public.h"
#include "rad.h"

void
application_clear(struct application *l)
{
	csr_free(&l->csr);
	fields_clear(&l->fields);
}

/* [["name", "value"], ...] */
static int
read_fields(struct fields *f, const struct db_application *a,
    struct error *e)
{
	json_t		*all = json_loads(a->fields, 0, NULL), *one;
	const char	*name, *value;
	size_t		 i;
	int		 rc = 0;

	json_array_foreach(all, i, one) {
		if (json_unpack(one, "[s, s]", &name, &value) != 0 ||
		    f->n == FIELDS_MAX) {
			rc = error_set(e, ERROR_BUG, "fields of the "
			    "application");
			break;
		}
		fields_add(f, name, value);
	}
	json_decref(all);
	return rc;
}

int
application_check_scope(struct page *p, const struct officer_scope *s,
    const struct db_application *a, struct error *e)
{
	struct officer_scope	 here;
	struct order		 o = { .kind = ORDER_ISSUE };
	int			 rc = -1;

	if (officer_scope_office(s, a->office, e) == -1)
		return -1;
	officer_scope_here(&here, s, a->office);
	o.profile = mem_strdup(a->profile);
	if (read_fields(&o.fields, a, e) == 0)
		rc = officer_scope_order(p, &here, &o, e);
	mem_free(&o.profile);
	fields_clear(&o.fields);
	return rc;
}

static int
fill(struct page *p, struct application *l, struct error *e)
{
	struct error	why = ERROR_INIT;

	if (read_fields(&l->fields, &l->a, e) == -1 ||
	    desk_need(p->desk, DESK_PROFILES, e) == -1 ||
	    profiles_find(&p->desk->profiles, l->a.profile, &l->profile,
	    e) == -1 || csr_parse(&l->csr, l->a.request, e) == -1)
		return -1;
	if (application_check_scope(p, &l->s, &l->a, &why) == 0) {
		officer_scope_narrow(&l->s, l->a.office);
		return 0;
	}
	if (why.code != ERROR_DENIED || l->s.n == 0) {
		*e = why;
		return -1;
	}
	return error_set(e, ERROR_NOTFOUND, "no such application");
}

int
application_look(struct page *p, struct application *l, struct error *e)
{
	uint8_t	id[DB_APPLICATION_ID];
	int	found;

	memset(l, 0, sizeof(*l));
	if (page_arg_id(p, "id", id, sizeof(id), e) == -1 ||
	    officer_scope(p, &l->s, e) == -1)
		return -1;
	found = db_application_find(p->db, id, &l->a, p->arena, e);
	if (found == 0)
		error_set(e, ERROR_NOTFOUND, "no such application");
	if (found == 1 && fill(p, l, e) == 0)
		return 0;
	application_clear(l);
	return -1;
}

int
application_check_waits(const struct application *l, struct error *e)
{
	if (strcmp(l->a.state, "waiting") == 0)
		return 0;
	return error_set(e, ERROR_CONFLICT, "the application is %s: nothing "
	    "to decide", l->a.state);
}

char *
application_url(struct page *p, const struct application *l, const char *what)
{
	char	hex[2 * DB_APPLICATION_ID + 1];

	return arena_printf(p->arena, "/officer/application/%s%s",
	    text_hex(hex, l->a.id, DB_APPLICATION_ID), what);
}

/* ---- the page ---- */

static json_t *
fields_json(struct page *p, const struct application *l)
{
	json_t		*list = json_array(), *o;
	const char	*label;
	size_t		 i;

	for (i = 0; i < l->fields.n; i++) {
		o = json_object();
		label = public_text(p, arena_printf(p->arena, "field.%s",
		    l->fields.v[i].name));
		officer_put(o, "label", label != NULL ? label :
		    l->fields.v[i].name);
		officer_put(o, "value", l->fields.v[i].value);
		json_array_append_new(list, o);
	}
	return list;
}

static void
put_move(struct page *p, json_t *o, const struct db_application *a)
{
	json_t	*moved = json_object();

	officer_put(moved, "from", a->moved_from != NULL ?
	    public_office(p, a->moved_from) : "-");
	officer_put(moved, "by", a->moved_by);
	officer_put(moved, "why", a->moved_why);
	json_object_set_new(o, "moved", moved);
}

/* Where it can be sent. */
static void
put_offices(struct page *p, const struct application *l)
{
	const struct conf_list	*all = &p->rad->conf->offices;
	json_t			*list = json_array(), *o;
	size_t			 i;

	for (i = 0; i < all->n; i++) {
		if (l->a.office != NULL && strcmp(l->a.office, all->v[i]) == 0)
			continue;
		o = json_object();
		officer_put(o, "value", all->v[i]);
		officer_put(o, "label", public_office(p, all->v[i]));
		json_array_append_new(list, o);
	}
	officer_put_rows(p, "offices", list);
}

static void
put_application(struct page *p, const struct application *l)
{
	json_t	*o = json_object();
	char	*rules = approval_rule_text(&l->profile->approvals);

	officer_put(o, "description", public_description(p, l->a.profile));
	officer_put(o, "state", l->a.state);
	officer_put_time(o, "made_at", l->a.made_at);
	officer_put_time(o, "confirmed_at", l->a.confirmed_at);
	officer_put(o, "mail", l->a.mail);
	if (l->a.office != NULL)
		officer_put(o, "office", public_office(p, l->a.office));
	if (l->a.moved_by != NULL)
		put_move(p, o, &l->a);
	officer_put(o, "note", l->a.note);
	officer_put(o, "rules", rules);
	json_object_set_new(o, "key", json_sprintf("%s, %d",
	    EVP_PKEY_get0_type_name(l->csr->key),
	    EVP_PKEY_get_bits(l->csr->key)));
	json_object_set_new(o, "fields", fields_json(p, l));
	page_put(p, "application", o);
	mem_free(&rules);
}

/* Who has had a certificate for the address is probably who asks. */
static int
put_holder(struct page *p, const struct application *l, struct error *e)
{
	const char		*name = fields_get(&l->fields, "name", 0);
	const char		*id = fields_get(&l->fields, "id", 0);
	struct db_holders	 known;
	json_t			*o;

	if (db_holder_list(p->db, l->a.mail, "", 2, &known, p->arena,
	    e) == -1)
		return -1;
	if (id == NULL && known.n == 1)
		id = known.v[0].id;
	o = json_object();
	officer_put(o, "id", id);
	officer_put(o, "name", name != NULL ? name : l->a.mail);
	page_put(p, "holder", o);
	return 0;
}

static int
show(struct page *p, struct error *e)
{
	struct application	l;
	char		hex[2 * DB_APPLICATION_ID + 1];
	bool		waits;
	int		rc = -1;

	if (application_look(p, &l, e) == -1)
		return -1;
	waits = strcmp(l.a.state, "waiting") == 0;
	page_put_text(p, "id", text_hex(hex, l.a.id, DB_APPLICATION_ID));
	page_put_text(p, "short", arena_printf(p->arena, "%.8s", hex));
	page_put_bool(p, "may_decide", waits);
	page_put_text(p, "why_not", waits ? "" : l.a.reason != NULL ?
	    l.a.reason : page_text(p, arena_printf(p->arena, "state.%s",
	    l.a.state)));
	put_application(p, &l);
	put_offices(p, &l);
	officer_put_evidence(p);
	if (put_holder(p, &l, e) == 0 && officer_put_checks(p, l.profile,
	    NULL, l.a.mail, l.a.request, e) == 0)
		rc = page_show(p, "application.html", e);
	application_clear(&l);
	return rc;
}

const struct page_route PAGES_OFFICER_APPLICATION[] = {
	{ HTTP_GET, "/officer/application/{id}", PAGE_OFFICER, show, 0 },
	{ 0, NULL, PAGE_ANYONE, NULL, 0 }
};
