/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "audit/chain.h"
#include "base/text.h"
#include "db/db_audit.h"
#include "desk/card_intake.h"
#include "desk/csv.h"
#include "desk/request.h"
#include "desk/submit.h"
#include "os/file.h"

#define CSV_MAX		(256u << 20)
#define PIECE		2000		/* items per statement */
#define NOT_YET		"P00000000"	/* a card number, until there is one */

struct seen {			/* a holder of this batch */
	const char	*holder;
	size_t		 line;
};

static uint64_t
seen_hash(const void *item)
{
	const char	*h = ((const struct seen *)item)->holder;

	return map_hash_bytes(h, strlen(h));
}

static bool
seen_equal(const void *a, const void *b)
{
	return strcmp(((const struct seen *)a)->holder,
	    ((const struct seen *)b)->holder) == 0;
}

int
card_intake_begin(struct desk *dk, struct card_intake *in,
    const struct layout *l, struct error *e)
{
	size_t	i;

	memset(in, 0, sizeof(*in));
	in->dk = dk;
	in->layout = l;
	in->row.layout = l->name;
	in->row.per_holder = l->per_holder;
	map_init(&in->seen, seen_hash, seen_equal);
	for (i = 0; i < l->slots.n; i++)
		if (batch_begin(dk, &in->batch[i], layout_slot(l, i)->profile,
		    NULL, e) == -1)
			return error_wrap(e, "layout %s, slot \"%s\"", l->name,
			    layout_slot(l, i)->slot);
	return 0;
}

void
card_intake_clear(struct card_intake *in)
{
	struct seen	*s;
	size_t		 pos = 0, i;

	if (in->dk == NULL)
		return;
	while ((s = map_next(&in->seen, &pos)) != NULL)
		mem_free(&s);
	map_clear(&in->seen);
	for (i = 0; i < in->layout->slots.n; i++)
		if (in->batch[i].dk != NULL)
			batch_clear(&in->batch[i]);
	mem_free(&in->item);
	mem_free(&in->line);
}

/* ---- reading ---- */

struct sheet {
	struct card_intake	*in;
	struct csv		 csv;
	int			 holder, replaces;	/* columns, or -1 */
};

static bool
is_taken(const struct card_intake *in, const char *column)
{
	size_t	i;

	for (i = 0; i < in->layout->slots.n; i++)
		if (profile_takes(in->batch[i].profile, column))
			return true;
	return layout_has_face(in->layout, column);
}

static int
check_columns(struct sheet *s, struct error *e)
{
	const struct layout	*l = s->in->layout;
	size_t			 i;

	s->holder = csv_find(&s->csv, "holder");
	s->replaces = csv_find(&s->csv, "replaces");
	if (s->holder == -1)
		return error_set(e, ERROR_INPUT, "line %zu: no column "
		    "\"holder\"", s->csv.line);
	for (i = 0; i < s->csv.nheads; i++) {
		if ((int)i == s->holder || (int)i == s->replaces ||
		    (strcmp(s->csv.head[i], "card") != 0 &&
		    is_taken(s->in, s->csv.head[i])))
			continue;
		error_set(e, ERROR_INPUT, "line %zu, column %zu: \"%s\" is "
		    "neither on the face of layout %s nor a field of its "
		    "profiles", s->csv.line, s->csv.column[i],
		    s->csv.head[i], l->name);
		return error_hint(e, "what it takes: signet card layout show "
		    "%s", l->name);
	}
	return 0;
}

/* The column that a mistake is about: its name stands in the text. */
static size_t
guilty_column(const struct sheet *s, const struct error *e)
{
	char	quoted[80];
	size_t	i;

	for (i = 0; i < s->csv.nheads; i++) {
		snprintf(quoted, sizeof(quoted), "\"%s\"", s->csv.head[i]);
		if (strstr(e->text, quoted) != NULL)
			return s->csv.column[i];
	}
	return s->csv.column[s->holder];
}

static int
check_once(struct sheet *s, const char *holder, struct error *e)
{
	struct card_intake	*in = s->in;
	struct seen		 key = { holder, 0 }, *there;

	if (in->layout->per_holder != 1)
		return 0;
	if ((there = map_find(&in->seen, &key)) != NULL)
		return error_set(e, ERROR_INPUT, "\"holder\": the same as in "
		    "line %zu, and a holder has one card", there->line);
	there = mem_alloc(sizeof(*there));
	there->holder = holder;
	there->line = s->csv.line;
	map_put(&in->seen, there);	/* the map's from here */
	return 0;
}

/* What is printed: a JSON object of the face columns that are not empty. */
static char *
make_face(const struct sheet *s)
{
	json_t	*o = json_object();
	char	*text, *kept;
	size_t	 i;

	for (i = 0; i < s->csv.nheads; i++)
		if (layout_has_face(s->in->layout, s->csv.head[i]) &&
		    csv_cell(&s->csv, i)[0] != '\0')
			json_object_set_new(o, s->csv.head[i],
			    json_string(csv_cell(&s->csv, i)));
	text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(o);
	kept = arena_strdup(s->in->dk->arena, text != NULL ? text : "{}");
	free(text);
	return kept;
}

static int
add_to_order(const struct sheet *s, struct batch *b, const char *holder,
    const char *where, struct error *e)
{
	struct fields	fields = { 0 };
	size_t		i;
	int		rc;

	for (i = 0; i < s->csv.nheads; i++)
		if (profile_takes(b->profile, s->csv.head[i]))
			request_add_values(&fields, b->profile,
			    s->csv.head[i], csv_cell(&s->csv, i), ";");
	if (profile_takes(b->profile, "card"))
		fields_add(&fields, "card", NOT_YET);
	rc = batch_add(b, holder, &fields, NULL, where, e);
	fields_clear(&fields);
	return rc == 0 ? 0 : error_wrap(e, "%s", b->profile->name);
}

static struct db_card_item *
new_item(struct card_intake *in, size_t line)
{
	struct db_card_item	*t;

	if (in->n == in->size) {
		in->size = in->size == 0 ? 256 : 2 * in->size;
		in->item = mem_resize(in->item, in->size, sizeof(*in->item));
		in->line = mem_resize(in->line, in->size, sizeof(*in->line));
	}
	in->line[in->n] = line;
	t = &in->item[in->n++];
	memset(t, 0, sizeof(*t));
	t->n = (uint32_t)in->n;
	return t;
}

static const char *
replaced(const struct sheet *s)
{
	return s->replaces == -1 ? "" : csv_cell(&s->csv,
	    (size_t)s->replaces);
}

static int
check_replaces(const struct sheet *s, struct error *e)
{
	const char	*number = replaced(s);

	return number[0] == '\0' || layout_number_is_right(number) ? 0 :
	    error_set(e, ERROR_INPUT, "\"replaces\": %.40s is no card number",
	    number);
}

static int
read_row(struct sheet *s, const char *where, struct error *e)
{
	struct card_intake	*in = s->in;
	struct arena		*a = in->dk->arena;
	const char		*cell = csv_cell(&s->csv, (size_t)s->holder);
	const char		*holder = arena_strdup(a, cell);
	struct db_card_item	*t;
	size_t			 i;

	for (i = 0; i < in->layout->slots.n; i++)
		if (add_to_order(s, &in->batch[i], holder, where, e) == -1)
			return -1;
	if (check_once(s, holder, e) == -1 || check_replaces(s, e) == -1)
		return -1;
	t = new_item(in, s->csv.line);
	t->holder = holder;
	t->face = make_face(s);
	if (replaced(s)[0] != '\0')
		t->replaces = arena_strdup(a, replaced(s));
	return 0;
}

static void
read_rows(struct sheet *s)
{
	struct error	one = ERROR_INIT;
	char		where[512];
	int		got;

	while ((got = csv_next(&s->csv, &one)) != 0) {
		snprintf(where, sizeof(where), "line %zu", s->csv.line);
		if (got == -1) {
			snprintf(where, sizeof(where), "%s", s->in->path);
			desk_bad(s->in->dk, &s->in->bad, where, &one);
		} else if (read_row(s, where, &one) == -1) {
			snprintf(where, sizeof(where), "%s: line %zu, column "
			    "%zu", s->in->path, s->csv.line,
			    guilty_column(s, &one));
			desk_bad(s->in->dk, &s->in->bad, where, &one);
		}
		error_clear(&one);
	}
}

int
card_intake_read(struct card_intake *in, const char *path, struct error *e)
{
	struct sheet	s = { .in = in };
	struct buf	text = { 0 };
	int		rc = -1;

	in->path = path;
	if (file_load(&text, path, CSV_MAX, e) == -1)
		goto out;
	csv_open(&s.csv, BYTES(text.p, text.len));
	if (csv_read_head(&s.csv, e) == -1 || check_columns(&s, e) == -1) {
		error_wrap(e, "%s", path);
		goto out;
	}
	read_rows(&s);
	rc = in->n > 0 || in->bad > 0 ? 0 : error_set(e, ERROR_INPUT,
	    "%s: nobody is in it", path);
 out:
	csv_close(&s.csv);
	buf_clear(&text);
	return rc;
}

/* ---- what the store knows ---- */

static int
look_at_piece(struct card_intake *in, size_t from, size_t n, struct error *e)
{
	const char	**holder = mem_array(n + 1, sizeof(*holder));
	const char	**replaces = mem_array(n + 1, sizeof(*replaces));
	bool		 *full = mem_array(n + 1, sizeof(*full));
	char		  where[512];
	size_t		  i;
	int		  rc;

	for (i = 0; i < n; i++) {
		holder[i] = in->item[from + i].holder;
		replaces[i] = in->item[from + i].replaces;
	}
	rc = db_card_holders_full(in->dk->db, holder, replaces, n,
	    in->layout->per_holder, full, e);
	for (i = 0; rc == 0 && i < n; i++) {
		struct error	one = ERROR_INIT;

		if (!full[i])
			continue;
		error_set(&one, ERROR_INPUT, "holder %s has %lld card(s) in "
		    "use, and may have no more: the column \"replaces\" names "
		    "the one that goes", holder[i],
		    (long long)in->layout->per_holder);
		snprintf(where, sizeof(where), "%s: line %zu", in->path,
		    in->line[from + i]);
		desk_bad(in->dk, &in->bad, where, &one);
	}
	mem_free(&full);
	mem_free(&replaces);
	mem_free(&holder);
	return rc;
}

int
card_intake_look(struct card_intake *in, struct error *e)
{
	size_t	done, n;

	if (desk_need(in->dk, DESK_DB, e) == -1)
		return -1;
	for (done = 0; done < in->n; done += n) {
		n = in->n - done < PIECE ? in->n - done : PIECE;
		if (look_at_piece(in, done, n, e) == -1)
			return -1;
	}
	return 0;
}

/* ---- storing ---- */

static void
set_number(struct fields *f, const char *number)
{
	size_t	i;

	for (i = 0; i < f->n; i++)
		if (strcmp(f->v[i].name, "card") == 0) {
			mem_free(&f->v[i].value);
			f->v[i].value = mem_strdup(number);
		}
}

static int
number_all(struct card_intake *in, struct error *e)
{
	int64_t	*running = mem_array(in->n, sizeof(*running));
	size_t	 i, k;
	int	 rc;

	rc = db_card_numbers(in->dk->db, in->n, running, e);
	for (i = 0; rc == 0 && i < in->n; i++) {
		in->item[i].number = layout_number(in->dk->arena,
		    in->layout->number, running[i]);
		for (k = 0; k < in->layout->slots.n; k++)
			set_number(&in->batch[k].draft.order->item[i].fields,
			    in->item[i].number);
	}
	mem_free(&running);
	return rc;
}

static int
add_entry(struct card_intake *in, struct db *db, struct error *e)
{
	struct buf	body = { 0 };
	char		count[24];

	snprintf(count, sizeof(count), "%zu", in->n);
	audit_begin(&body, "card-batch", clock_now(in->dk->clock));
	audit_str(&body, "batch", in->row.name);
	audit_str(&body, "layout", in->layout->name);
	audit_str(&body, "items", count);
	audit_str(&body, "by", in->dk->who);
	return db_audit_add(db, &body, e);
}

static int
add_rows(struct db *db, void *arg, struct error *e)
{
	struct card_intake	*in = arg;
	size_t			 i, n;

	in->row.made_by = in->dk->who;
	if (db_card_batch_add(db, &in->row, e) == -1)
		return -1;
	for (i = 0; i < in->layout->slots.n; i++)
		if (db_card_batch_add_order(db, in->row.id, 1,
		    layout_slot(in->layout, i)->slot,
		    in->batch[i].draft.order->id, e) == -1)
			return -1;
	for (i = 0; i < in->n; i += n) {
		n = in->n - i < PIECE ? in->n - i : PIECE;
		if (db_card_batch_add_items(db, in->row.id, in->item + i, n,
		    e) == -1)
			return -1;
	}
	return add_entry(in, db, e);
}

int
card_intake_submit(struct card_intake *in, struct error *e)
{
	const struct draft	*d[LAYOUT_SLOTS_MAX];
	size_t			 i, n = in->layout->slots.n;

	if (desk_need(in->dk, DESK_DB, e) == -1 || number_all(in, e) == -1)
		return -1;
	for (i = 0; i < n; i++) {
		in->batch[i].draft.order->comment = mem_printf(
		    "cards %s, %s", in->row.name, layout_slot(in->layout,
		    i)->slot);
		d[i] = &in->batch[i].draft;
	}
	in->batch[n - 1].draft.also = add_rows;
	in->batch[n - 1].draft.also_arg = in;
	return submit_drafts(in->dk, d, NULL, n, e);
}
