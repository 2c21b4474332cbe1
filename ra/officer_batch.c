/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch is read: every mistake at once, or what would be ordered.
 *
 * Nothing is kept between the two: the list goes to the browser and comes
 * back, and is read again.  The order is stored before it is signed, as one
 * from the command line is; who does not want it rejects it.
 */
#include <string.h>

#include "base/base64.h"
#include "base/text.h"
#include "desk/batch.h"
#include "desk/submit.h"
#include "officer.h"
#include "public.h"

#define CSV_MAX		((size_t)8 << 20)
#define ROWS_SHOWN	20
#define MISTAKES_SHOWN	1000
#define CELL_SHOWN	40

struct upload {
	struct page		*p;
	struct officer_scope	 s;
	const struct profile	*profile;
	const char		*filename;
	struct bytes		 text;
	json_t			*mistakes;
	size_t			 bad;
	struct batch		 batch;
};

static void
add_mistake(void *arg, size_t n, const char *where, const struct error *e)
{
	struct upload	*u = arg;
	json_t		*o;

	u->bad++;
	if (n > MISTAKES_SHOWN)
		return;
	o = json_object();
	officer_put(o, "where", where);
	officer_put(o, "text", e->text);
	json_array_append_new(u->mistakes, o);
}

static bool
is_mistake(const struct error *e)
{
	return e->code == ERROR_INPUT || e->code == ERROR_DENIED ||
	    e->code == ERROR_CONFLICT;
}

/* What only the whole shows: the scope, keys of others. */
static int
check_whole(struct upload *u, struct error *e)
{
	const struct order	*o = u->batch.draft.order;

	if (u->bad > 0)
		return 0;
	if (o->nitems == 0)
		return error_set(e, ERROR_INPUT, "there is no line for a "
		    "certificate");
	if (officer_scope_order(u->p, &u->s, o, e) == -1)
		return -1;
	return submit_check_keys(u->p->desk, &u->batch.draft, e);
}

/* Mistakes are on the list; -1 for what is not the officer's. */
static int
read_list(struct upload *u, struct error *e)
{
	struct desk		*dk = u->p->desk;
	struct desk_ears	 were = dk->ears;
	struct error		 why = ERROR_INIT;
	int			 rc;

	if (batch_begin(dk, &u->batch, u->profile->name, NULL, e) == -1)
		return -1;
	dk->ears = (struct desk_ears){ .arg = u, .bad = add_mistake };
	if ((rc = batch_read_text(&u->batch, u->filename, u->text,
	    &why)) == 0)
		rc = check_whole(u, &why);
	dk->ears = were;
	if (rc == 0)
		return 0;
	if (!is_mistake(&why)) {
		*e = why;
		return -1;
	}
	add_mistake(u, 1, u->filename, &why);
	return 0;
}

/* ---- the preview ---- */

/* Of a request nobody reads more than that it is there. */
static json_t *
cell_json(const char *text)
{
	size_t	len = strlen(text);

	if (len <= CELL_SHOWN)
		return json_string(text);
	/* Cut where a character ends. */
	for (len = CELL_SHOWN; len > 0 && !text_is_clean(text, len, len); )
		len--;
	return json_sprintf("%.*s...", (int)len, text);
}

static void
put_rows(struct upload *u)
{
	struct error	 ignored = ERROR_INIT;
	json_t		*rows = json_array(), *columns = json_array(), *cells;
	struct csv	 csv;
	size_t		 i;

	csv_open(&csv, u->text);
	if (csv_read_head(&csv, &ignored) == 0)
		for (i = 0; i < csv.nheads; i++)
			json_array_append_new(columns, json_string(
			    csv.head[i]));
	while (json_array_size(rows) < ROWS_SHOWN &&
	    csv_next(&csv, &ignored) == 1) {
		cells = json_array();
		for (i = 0; i < csv.ncells; i++)
			json_array_append_new(cells, cell_json(csv_cell(&csv,
			    i)));
		json_array_append_new(rows, json_pack("{s:o}", "cells",
		    cells));
	}
	csv_close(&csv);
	page_put(u->p, "columns", columns);
	page_put(u->p, "rows", rows);
}

static int
preview(struct upload *u, struct error *e)
{
	struct page	*p = u->p;
	char		*blob;

	page_put_text(p, "filename", u->filename);
	page_put_text(p, "description", public_description(p,
	    u->profile->name));
	page_put_int(p, "count", (int64_t)u->batch.draft.order->nitems);
	page_put_int(p, "bad_count", (int64_t)u->bad);
	page_put(p, "mistakes", json_incref(u->mistakes));
	page_put_bool(p, "has_mistakes", u->bad > 0);
	if (u->bad > 0) {
		p->status = 400;
		return page_show(p, "batch_preview.html", e);
	}
	put_rows(u);
	blob = text_base64url(u->text.p, u->text.len);
	page_put_text(p, "blob", blob);
	mem_free(&blob);
	officer_carry(p, "profile", u->profile->name);
	officer_carry(p, "filename", u->filename);
	page_put_url(p, "act", "/officer/batches/order");
	return page_show(p, "batch_preview.html", e);
}

/* ---- the order ---- */

static int
store(struct upload *u, struct error *e)
{
	struct page	*p = u->p;
	struct draft	*d = &u->batch.draft;
	char		 hex[2 * DB_ORDER_ID + 1];

	d->order->comment = mem_strdup(u->filename);
	p->desk->who = p->client.person;
	if (submit_draft(p->desk, d, NULL, NULL, e) == -1)
		return -1;
	page_message(p, "flash.ordered");
	return page_redirect(p, arena_printf(p->arena,
	    "/officer/order/%s/sign", text_hex(hex, d->order->id,
	    DB_ORDER_ID)), e);
}

static int
take_name(struct upload *u, const char *name, struct error *e)
{
	u->filename = name;
	if (name == NULL || name[0] == '\0' ||
	    !text_is_clean(name, strlen(name), FORM_FILENAME_MAX))
		return error_set(e, ERROR_INPUT, "the list has no clean name "
		    "of at most %d bytes", FORM_FILENAME_MAX);
	return 0;
}

static int
take_file(struct upload *u, struct error *e)
{
	const struct form_field	*f = form_find(&u->p->form, "csv");

	if (f == NULL || f->filename == NULL || f->len == 0)
		return error_set(e, ERROR_INPUT, "there is no list: choose a "
		    "file");
	u->text = BYTES(f->value, f->len);
	return take_name(u, f->filename, e);
}

static int
take_again(struct upload *u, struct error *e)
{
	const char	*blob;
	struct buf	 b = { 0 };
	int		 rc;

	if (page_need(u->p, "blob", &blob, e) == -1 ||
	    take_name(u, page_field(u->p, "filename"), e) == -1)
		return -1;
	if ((rc = base64url_parse(&b, blob, strlen(blob), e)) == 0)
		u->text = BYTES(arena_dup(u->p->arena, b.p, b.len), b.len);
	buf_clear(&b);
	return rc == 0 ? 0 : error_wrap(e, "blob");
}

static int
take(struct upload *u, bool again, struct error *e)
{
	const char	*name;

	if (page_need(u->p, "profile", &name, e) == -1 ||
	    officer_find_offer(u->p, &u->s, name, &u->profile, e) == -1 ||
	    (again ? take_again(u, e) : take_file(u, e)) == -1)
		return -1;
	return u->text.len <= CSV_MAX ? 0 : error_set(e, ERROR_INPUT,
	    "the list is longer than %zu MiB", CSV_MAX >> 20);
}

static int
upload(struct page *p, bool again, struct error *e)
{
	struct upload	u = { .p = p };
	int		rc = -1;

	if (officer_scope(p, &u.s, e) == -1)
		return -1;
	u.mistakes = json_array();
	if (take(&u, again, e) == 0 && read_list(&u, e) == 0)
		rc = again && u.bad == 0 ? store(&u, e) : preview(&u, e);
	if (u.batch.dk != NULL)
		batch_clear(&u.batch);
	json_decref(u.mistakes);
	return rc;
}

static int
check(struct page *p, struct error *e)
{
	return upload(p, false, e);
}

static int
order(struct page *p, struct error *e)
{
	return upload(p, true, e);
}

const struct page_route PAGES_OFFICER_BATCH[] = {
	{ HTTP_POST, "/officer/batches/new", PAGE_OFFICER, check,
	    PAGE_UPLOAD },
	{ HTTP_POST, "/officer/batches/order", PAGE_OFFICER, order,
	    PAGE_UPLOAD },
	{ 0, NULL, PAGE_ANYONE, NULL, 0 }
};
