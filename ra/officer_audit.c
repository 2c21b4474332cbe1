/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit chain, to be read.  What it is worth is not for a web page to
 * say: "signet audit verify" does.
 */
#include <string.h>

#include "audit/chain.h"
#include "base/text.h"
#include "db/db_audit.h"
#include "officer.h"

#define STEP	500		/* entries looked at for one page */

static const char *
value_of(struct page *p, struct bytes body, const char *key)
{
	struct buf	 b = { 0 };
	struct error	 ignored = ERROR_INIT;
	const char	*text = NULL;

	if (audit_find(body, key, &b, &ignored) == 1)
		text = arena_strdup(p->arena, buf_cstr(&b));
	buf_clear(&b);
	return text;
}

/* The first of these that there is. */
static const char *
first_of(struct page *p, struct bytes body, const char *const *key)
{
	const char	*text = NULL;

	for (; text == NULL && *key != NULL; key++)
		text = value_of(p, body, *key);
	return text;
}

static json_t *
entry_json(struct page *p, const struct db_audit_entry *en)
{
	static const char *const who[] = { "person", "by", "instance", NULL };
	json_t			*o = json_object();
	const char		*id = value_of(p, en->body, "id");
	const char		*at = value_of(p, en->body, "at");
	struct buf		 what = { 0 };
	size_t			 i;
	static const char *const keys[] = { "kind", "profile", "ca", "serial",
		"holder", "number", "from", "to", "what", "detail",
		"reason" };

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char	*v = value_of(p, en->body, keys[i]);

		if (v != NULL)
			buf_printf(&what, "%s%s %s", what.len > 0 ? ", " : "",
			    keys[i], v);
	}
	json_object_set_new(o, "seq", json_integer(en->seq));
	json_object_set_new(o, "at", at == NULL || strlen(at) < 19 ?
	    json_string("") : json_sprintf("%.10s %.8s", at, at + 11));
	officer_put(o, "act", value_of(p, en->body, "act"));
	officer_put(o, "who", first_of(p, en->body, who));
	if (what.len == 0)
		buf_printf(&what, "%.8s", id != NULL ? id : "");
	officer_put(o, "what", buf_cstr(&what));
	officer_put(o, "order", id != NULL && strlen(id) == 2 * DB_ORDER_ID ?
	    id : NULL);
	buf_clear(&what);
	return o;
}

static int
add_rows(struct page *p, json_t *rows, int64_t before, const char *text,
    int64_t *next, struct error *e)
{
	struct db_audit_entries	 all;
	int64_t			 after = before > STEP ? before - STEP - 1 : 0;
	size_t			 i;

	*next = 0;
	if (db_audit_list(p->db, after, (size_t)(before - 1 - after), &all,
	    p->arena, e) == -1)
		return -1;
	for (i = all.n; i-- > 0; ) {
		if (text != NULL && memmem(all.v[i].body.p,
		    all.v[i].body.len, text, strlen(text)) == NULL)
			continue;
		json_array_append_new(rows, entry_json(p, &all.v[i]));
		if (json_array_size(rows) < OFFICER_PAGE)
			continue;
		*next = all.v[i].seq > 1 ? all.v[i].seq : 0;
		return 0;
	}
	*next = after > 0 ? after + 1 : 0;
	return 0;
}

static void
put_more(struct page *p, int64_t next, const char *text)
{
	struct buf	url = { 0 };

	if (next == 0)
		return;
	buf_printf(&url, "/officer/audit?before=%lld", (long long)next);
	if (text != NULL) {
		buf_str(&url, "&text=");
		form_escape(&url, text);
	}
	page_put_url(p, "next", buf_cstr(&url));
	buf_clear(&url);
}

static int
put_head(struct page *p, int64_t *seq, struct error *e)
{
	uint8_t	 hash[DB_DIGEST];
	char	 hex[2 * DB_DIGEST + 1];
	json_t	*o;

	if (db_audit_head(p->db, seq, hash, e) == -1)
		return -1;
	o = json_object();
	json_object_set_new(o, "seq", json_integer(*seq));
	officer_put(o, "hash", text_hex(hex, hash, sizeof(hash)));
	officer_put_time(o, "at", p->now);
	page_put(p, "head", o);
	return 0;
}

/* Everybody's data is in it: an officer whose keys are for a part of all does
 * not read it. */
static int
check_reader(struct page *p, struct error *e)
{
	const struct order_bind	*b;
	struct officer_scope	 s;
	bool			 all = p->client.role != ROLE_OFFICER;
	size_t			 i;

	if (all)
		return 0;
	if (officer_scope(p, &s, e) == -1)
		return -1;
	for (i = 0; i < s.n; i++) {
		b = &s.bind[i]->order->bind;
		all |= b->profiles.n + b->domains.n + b->offices.n == 0;
	}
	return all ? 0 : error_set(e, ERROR_DENIED, "the audit chain is for "
	    "auditors, and for officers whose security key is for "
	    "everything");
}

static int
audit(struct page *p, struct error *e)
{
	const char	*before = page_query(p, "before");
	const char	*text = page_query(p, "text");
	json_t		*rows, *f;
	int64_t		 from = 0, seq, next;
	int		 rc = -1;

	if (text != NULL && text[0] == '\0')
		text = NULL;
	if (text != NULL && strlen(text) > 100)
		return error_set(e, ERROR_INPUT, "text: longer than 100 "
		    "bytes");
	if (before != NULL && text_parse_number(&from, before, 1, INT64_MAX,
	    e) == -1)
		return error_wrap(e, "before");
	if (check_reader(p, e) == -1 || put_head(p, &seq, e) == -1)
		return -1;
	if (from == 0 || from > seq)
		from = seq + 1;
	rows = json_array();
	f = json_object();
	officer_put(f, "text", text);
	page_put(p, "filter", f);
	if (add_rows(p, rows, from, text, &next, e) == 0) {
		put_more(p, next, text);
		officer_put_rows(p, "rows", json_incref(rows));
		rc = page_show(p, "audit.html", e);
	}
	json_decref(rows);
	return rc;
}

const struct page_route PAGES_OFFICER_AUDIT[] = {
	{ HTTP_GET, "/officer/audit", PAGE_STAFF, audit, 0 },
	{ 0, NULL, PAGE_ANYONE, NULL, 0 }
};
