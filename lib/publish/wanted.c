/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <strings.h>

#include "publish/wanted_private.h"

struct directory_attr *
wanted_attr(struct wanted *w, const char *name, size_t room, struct arena *a)
{
	struct directory_attr	*at = &w->attr[w->nattrs++];

	at->name = name;
	at->v = arena_alloc(a, (room + 1) * sizeof(*at->v));
	at->n = 0;
	return at;
}

void
wanted_bytes(struct directory_attr *at, struct bytes v)
{
	at->v[at->n++] = v;
}

void
wanted_text(struct directory_attr *at, const char *s)
{
	wanted_bytes(at, BYTES(s, strlen(s)));
}

void
wanted_problem(struct wanted *w, const struct error *e)
{
	if (w->problem.code == ERROR_NONE)
		w->problem = *e;
}

void
wanted_stray(struct wanted *w, const char *dn, struct arena *a)
{
	memset(w, 0, sizeof(*w));
	w->dn = arena_strdup(a, dn);
	(void)wanted_attr(w, "objectClass", 0, a);
	(void)wanted_attr(w, "userCertificate;binary", 0, a);
	(void)wanted_attr(w, "cACertificate;binary", 0, a);
	(void)wanted_attr(w, "certificateRevocationList;binary", 0, a);
	(void)wanted_attr(w, "authorityRevocationList;binary", 0, a);
	(void)wanted_attr(w, "deltaRevocationList;binary", 0, a);
	(void)wanted_attr(w, "crossCertificatePair;binary", 0, a);
}

int
wanted_entry(struct wanted *w, const struct wanted_store *s, const char *kind,
    const char *key, struct arena *a, struct error *e)
{
	struct db_publisheds	 certs;

	if (strcmp(kind, "ca") == 0)
		return wanted_ca(w, s->target, key, s->cas, s->db,
		    s->root_files, a, e);
	if (strcmp(kind, "person") != 0) {
		wanted_stray(w, key, a);
		return 0;
	}
	if (db_publish_people(s->db, &key, 1, s->published, s->now, &certs,
	    a, e) == -1)
		return -1;
	return wanted_person(w, s->target, key, certs.v, certs.n, s->cas,
	    s->now, a, e);
}

static bool
is_class(const char *name)
{
	return strcasecmp(name, "objectClass") == 0;
}

static bool
has_value(const struct directory_attr *at, struct bytes v, bool any_case)
{
	for (size_t i = 0; at != NULL && i < at->n; i++)
		if (at->v[i].len == v.len && (any_case ?
		    strncasecmp((const char *)at->v[i].p, (const char *)v.p,
		    v.len) == 0 : memcmp(at->v[i].p, v.p, v.len) == 0))
			return true;
	return false;
}

/* A server may leave ";binary" away. */
static const struct directory_attr *
find_attr(const struct directory_entry *e, const char *name)
{
	const struct directory_attr	*at = directory_find(e, name);
	const char			*semicolon = strchr(name, ';');
	char				 bare[64];

	if (at != NULL || semicolon == NULL)
		return at;
	snprintf(bare, sizeof(bare), "%.*s", (int)(semicolon - name), name);
	return directory_find(e, bare);
}

static bool
is_managed(const struct wanted *w, const char *name)
{
	size_t	 n = strcspn(name, ";");

	for (size_t i = 0; i < w->nattrs; i++)
		if (strncasecmp(w->attr[i].name, name, n) == 0 &&
		    strchr("; ", w->attr[i].name[n] == '\0' ? ' ' :
		    w->attr[i].name[n]) != NULL)
			return true;
	return false;
}

/*
 * Has it anything that somebody else has put there?  The attribute that names
 * the entry and those of our classes are ours.
 */
static bool
is_shared(const struct wanted *w, const struct directory_entry *e)
{
	static const char *const	 own[] = { "cn", "sn", "mail", "uid" };
	bool				 known;
	size_t				 k, i, n = strcspn(e->dn, "=");

	for (i = 0; i < e->nattrs; i++) {
		const char *name = e->attr[i].name;

		known = is_managed(w, name) || (strlen(name) == n &&
		    strncasecmp(name, e->dn, n) == 0);
		for (k = 0; !known && k < sizeof(own) / sizeof(own[0]); k++)
			known = strcasecmp(name, own[k]) == 0;
		if (!known)
			return true;
	}
	return false;
}

/* 0 if it is as it must be; how it differs goes into text. */
static int
attr_differs(const struct directory_attr *w, const struct directory_attr *at,
    struct buf *text)
{
	bool	 any_case = is_class(w->name);
	size_t	 missing = 0, extra = 0;

	for (size_t i = 0; i < w->n; i++)
		missing += !has_value(at, w->v[i], any_case);
	for (size_t i = 0; !any_case && at != NULL && i < at->n; i++)
		extra += !has_value(w, at->v[i], false);
	if (missing > 0 || extra > 0) {
		buf_printf(text, "%s%.*s:", text->len > 0 ? "; " : "",
		    (int)strcspn(w->name, ";"), w->name);
		if (missing > 0)
			buf_printf(text, " %zu missing", missing);
		if (extra > 0)
			buf_printf(text, "%s %zu too many",
			    missing > 0 ? "," : "", extra);
		return 1;
	}
	/* Some mail programs take the first certificate. */
	if (!any_case && w->n > 1 && at->n > 1 &&
	    !bytes_equal(w->v[0], at->v[0])) {
		buf_printf(text, "%s%.*s: another one is first",
		    text->len > 0 ? "; " : "", (int)strcspn(w->name, ";"),
		    w->name);
		return 1;
	}
	return 0;
}

/* Classes that are there stay. */
static struct directory_attr
merge_classes(const struct directory_attr *w,
    const struct directory_attr *at, struct arena *a)
{
	struct directory_attr	 m = *w;

	if (at == NULL)
		return m;
	m.v = arena_alloc(a, (w->n + at->n) * sizeof(*m.v));
	m.n = 0;
	for (size_t i = 0; i < at->n; i++)
		m.v[m.n++] = at->v[i];
	for (size_t i = 0; i < w->n; i++)
		if (!has_value(at, w->v[i], true))
			m.v[m.n++] = w->v[i];
	return m;
}

/* With the attribute that names it, which need not be one of ours. */
static void
todo_add(const struct wanted *w, struct directory_entry *todo,
    struct arena *a)
{
	struct directory_attr	*at;
	const char		*type, *value, *rest;

	for (size_t i = 0; i < w->nattrs; i++)
		if (w->attr[i].n > 0)
			todo->attr[todo->nattrs++] = w->attr[i];
	type = arena_printf(a, "%.*s", (int)strcspn(w->dn, "="), w->dn);
	if (directory_find(todo, type) != NULL ||
	    (value = directory_rdn(w->dn, type, &rest, a)) == NULL)
		return;
	at = &todo->attr[todo->nattrs++];
	at->name = type;
	at->v = arena_alloc(a, sizeof(*at->v));
	at->n = 1;
	at->v[0] = BYTES(value, strlen(value));
}

/* An entry that must be away but has what is not ours keeps that. */
static enum wanted_action
compare_absent(const struct wanted *w, const struct directory_entry *actual,
    struct directory_entry *todo, const char **why, struct arena *a)
{
	const struct directory_attr	*at;
	struct buf			 text = { 0 };
	enum wanted_action		 action = WANTED_SAME;

	if (!is_shared(w, actual)) {
		*why = "must not be there";
		return WANTED_DELETE;
	}
	for (size_t i = 0; i < w->nattrs; i++) {
		const char *name = w->attr[i].name;

		at = strstr(name, ";binary") != NULL ?
		    find_attr(actual, name) : NULL;
		if (at == NULL || at->n == 0)
			continue;
		buf_printf(&text, "%s%.*s: %zu too many", text.len > 0 ?
		    "; " : "", (int)strcspn(name, ";"), name, at->n);
		todo->attr[todo->nattrs++] = (struct directory_attr){ name,
		    NULL, 0 };
		action = WANTED_MODIFY;
	}
	if (action != WANTED_SAME)
		*why = arena_strdup(a, buf_cstr(&text));
	buf_clear(&text);
	return action;
}

static enum wanted_action
compare_present(const struct wanted *w, const struct directory_entry *actual,
    struct directory_entry *todo, const char **why, struct arena *a)
{
	const struct directory_attr	*at;
	struct buf			 text = { 0 };

	for (size_t i = 0; i < w->nattrs; i++) {
		at = find_attr(actual, w->attr[i].name);
		if (attr_differs(&w->attr[i], at, &text) == 0)
			continue;
		todo->attr[todo->nattrs++] = is_class(w->attr[i].name) ?
		    merge_classes(&w->attr[i], at, a) : w->attr[i];
	}
	if (todo->nattrs > 0)
		*why = arena_strdup(a, buf_cstr(&text));
	buf_clear(&text);
	return todo->nattrs > 0 ? WANTED_MODIFY : WANTED_SAME;
}

enum wanted_action
wanted_compare(const struct wanted *w, const struct directory_entry *actual,
    struct directory_entry *todo, const char **why, struct arena *a)
{
	memset(todo, 0, sizeof(*todo));
	todo->dn = w->dn;
	todo->attr = arena_alloc(a, (WANTED_ATTRS + 1) * sizeof(*todo->attr));
	*why = NULL;
	if (w->keep || (actual == NULL && !w->present))
		return WANTED_SAME;
	if (actual == NULL) {
		*why = "is missing";
		todo_add(w, todo, a);
		return WANTED_ADD;
	}
	return w->present ? compare_present(w, actual, todo, why, a) :
	    compare_absent(w, actual, todo, why, a);
}
