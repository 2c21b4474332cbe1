/* SPDX-License-Identifier: Apache-2.0 */
#include "board.h"

#include <jansson.h>

#include "base/columns.h"
#include "base/screen.h"
#include "base/text.h"

#define RATE_MIN	3	/* cards before a rate is told */
#define NUMBER_WIDTH	14
#define STATE_WIDTH	20
#define TIME_WIDTH	6
#define HEADER_ROWS	8	/* a lower window has readers only */
#define HEADER_LINES	4	/* before the readers */

struct place {
	const char	*name;
	struct event	 last;
	int64_t		 since;		/* of this card */
};
struct board {
	char		*title, *batches;
	struct place	*place;
	size_t		 n;
	uint32_t	 waiting, issued, spoiled;
	bool		 has_balance;
	uint32_t	 done_here, failed_here;
	int64_t		 first;		/* when the first one was begun */
};

/* What people read: where a card is, and what they are to do. */
static const struct {
	const char	*state, *colour;
	bool		 ring, is_line;
} shows[EVENT__MAX] = {
	[EVENT_EMPTY] = { "put a card in", "", false, false },
	[EVENT_CARD] = { "reading", "", false, false },
	[EVENT_GONE] = { "pulled: put it back", "33", true, true },
	[EVENT_AWAY] = { "reader is not there", "31", true, true },
	[EVENT_JOB] = { "begins", "", false, true },
	[EVENT_STEP] = { "", "", false, false },
	[EVENT_WAIT] = { "waits for the CA", "", false, false },
	[EVENT_ISSUED] = { "DONE: take it out", "32", true, true },
	[EVENT_REFUSED] = { "REFUSED: take it out", "31", true, true },
	[EVENT_NOTHING] = { "no work waits", "33", false, true },
	[EVENT_FAILED] = { "failed, once more", "33", false, true },
	[EVENT_SPOILED] = { "SPOILED: put aside", "31", true, true },
	[EVENT_TROUBLE] = { "waits: trouble", "33", false, true },
	[EVENT_HUNG] = { "HUNG: take it out", "31", true, true },
};

void
board_new(struct board **out, const char *title, const char *batches,
    char *const *names, size_t n)
{
	struct board	*b = mem_alloc(sizeof(*b));

	b->title = mem_strdup(title);
	b->batches = mem_strdup(batches);
	b->place = mem_array(n == 0 ? 1 : n, sizeof(*b->place));
	b->n = n;
	for (size_t i = 0; i < n; i++)
		b->place[i] = (struct place){ .name = names[i],
		    .last = { .kind = EVENT_AWAY } };
	*out = b;
}

void
board_free(struct board **b)
{
	if (*b == NULL)
		return;
	mem_free(&(*b)->title);
	mem_free(&(*b)->batches);
	mem_free(&(*b)->place);
	mem_free(b);
}

static void
note_balance(struct board *b, const struct event *v)
{
	b->waiting = v->waiting;
	b->issued = v->issued;
	b->spoiled = v->spoiled;
	b->has_balance = true;
}

bool
board_note(struct board *b, const struct event *v, int64_t now_ms)
{
	struct place	*p;
	bool		 same;

	if (v->kind == EVENT_BALANCE) {
		note_balance(b, v);
		return false;
	}
	if (v->reader >= b->n)
		return false;
	p = &b->place[v->reader];
	same = p->last.kind == v->kind;
	if (v->kind == EVENT_CARD || v->kind == EVENT_EMPTY)
		p->since = now_ms;
	if (v->kind == EVENT_JOB && b->first == 0)
		b->first = now_ms;
	b->done_here += v->kind == EVENT_ISSUED;
	b->failed_here += v->kind == EVENT_SPOILED;
	p->last = *v;
	return shows[v->kind].ring && !same;
}

bool
board_is_idle(const struct board *b)
{
	for (size_t i = 0; i < b->n; i++) {
		enum event_kind	 k = b->place[i].last.kind;

		if (k == EVENT_CARD || k == EVENT_JOB || k == EVENT_STEP ||
		    k == EVENT_WAIT || k == EVENT_FAILED)
			return false;
	}
	return true;
}

/* ---- for a terminal ---- */

static void
put_state(struct buf *state, const struct event *v)
{
	if (v->kind != EVENT_STEP)
		buf_str(state, shows[v->kind].state);
	else if (v->step == STEP_KEY || v->step == STEP_CERT)
		buf_printf(state, "%s: %s", job_step_name(v->step),
		    card_slot_name(v->slot));
	else
		buf_str(state, job_step_name(v->step));
}

static bool
has_clock(enum event_kind k)
{
	return k == EVENT_CARD || k == EVENT_JOB || k == EVENT_STEP ||
	    k == EVENT_WAIT;
}

/*
 * The columns of a window; 0: it has no room for that one.  Where a card is and
 * what is to be done come first, then the time, the holder, the number.
 */
struct layout {
	size_t	 name, number, rest, time;
};
#define GAP		2
#define REST_MIN	8

static size_t
take(size_t *left, size_t width)
{
	if (*left < width + GAP)
		return 0;
	*left -= width + GAP;
	return width;
}

static struct layout
layout_of(size_t columns, size_t name_width)
{
	struct layout	 l = { .name = name_width };
	size_t		 left;

	if (columns < l.name + GAP + STATE_WIDTH)
		l.name = columns > STATE_WIDTH + GAP ?
		    columns - STATE_WIDTH - GAP : 0;
	left = columns - l.name - (l.name > 0 ? GAP : 0);
	left = left > STATE_WIDTH ? left - STATE_WIDTH : 0;
	l.time = take(&left, TIME_WIDTH);
	l.rest = take(&left, REST_MIN);
	if (l.rest > 0)
		l.number = take(&left, NUMBER_WIDTH);
	l.rest += l.rest > 0 ? left : 0;
	return l;
}

/* A cell and its gap, if there is such a column. */
static void
draw_cell(struct buf *out, const char *text, size_t width)
{
	if (width == 0)
		return;
	screen_cell(out, text, width);
	screen_cell(out, "", GAP);
}

static void
draw_end(struct buf *out)
{
	while (out->len > 0 && out->p[out->len - 1] == ' ')
		out->len--;
	buf_str(out, "\n");
}

static void
draw_header(struct buf *out, const struct layout *l)
{
	draw_cell(out, "READER", l->name);
	draw_cell(out, "CARD", l->number);
	draw_cell(out, "STATE", STATE_WIDTH);
	draw_cell(out, "HOLDER", l->rest);
	draw_cell(out, "TIME", l->time);
	draw_end(out);
}

/* Reader, card, holder, state, time; what is wrong takes the holder's place. */
static void
draw_place(const struct place *p, struct buf *out, const struct layout *l,
    bool colour, int64_t now_ms)
{
	const char	*code = shows[p->last.kind].colour;
	struct buf	 state = { 0 }, clock = { 0 };

	put_state(&state, &p->last);
	if (has_clock(p->last.kind))
		screen_span(&clock, now_ms - p->since);
	draw_cell(out, p->name, l->name);
	draw_cell(out, *p->last.number == '\0' ? "-" : p->last.number,
	    l->number);
	screen_paint(out, buf_cstr(&state), STATE_WIDTH, colour ? code : NULL);
	screen_cell(out, "", GAP);
	draw_cell(out, *p->last.text != '\0' ? p->last.text : p->last.holder,
	    l->rest);
	draw_cell(out, buf_cstr(&clock), l->time);
	draw_end(out);
	buf_clear(&clock);
	buf_clear(&state);
}

/* A rate is of this run, so what is left is a guess and said as one. */
static void
draw_totals(const struct board *b, struct buf *out, int64_t now_ms)
{
	char	 n[32];
	double	 hours = (double)(now_ms - b->first) / 3600000.0;
	double	 rate = b->done_here / (hours > 0 ? hours : 1);

	buf_printf(out, "issued %s", text_count(n, b->has_balance ?
	    b->issued : b->done_here));
	buf_printf(out, "   spoiled %s", text_count(n, b->has_balance ?
	    b->spoiled : b->failed_here));
	if (b->has_balance)
		buf_printf(out, "   waiting %s", text_count(n, b->waiting));
	if (b->done_here >= RATE_MIN && b->first != 0) {
		buf_printf(out, "   %s cards/h", text_count(n,
		    (uint64_t)rate));
		if (b->has_balance && b->waiting > 0 && rate > 0) {
			buf_str(out, "   left about ");
			screen_span(out, (int64_t)(b->waiting / rate *
			    3600000.0));
		}
	}
	buf_str(out, "\n");
}

static size_t
width_of_names(const struct board *b, size_t columns)
{
	size_t	 w = 6, most = columns / 4 < 12 ? 12 : columns / 4;

	for (size_t i = 0; i < b->n; i++)
		if (columns_of(b->place[i].name) > w)
			w = columns_of(b->place[i].name);
	return w > most ? most : w;
}

/* Reasons that do not fit into their line are below all of them, as far as
 * there is room. */
static void
draw_reasons(const struct board *b, struct buf *out, size_t columns,
    const struct layout *l, size_t shown, size_t rows)
{
	bool	 begun = false;

	for (size_t i = 0; i < shown && rows >= (begun ? 1 : 2); i++) {
		const struct place	*p = &b->place[i];
		struct buf		 line = { 0 };

		if (columns_of(p->last.text) <= l->rest)
			continue;
		buf_str(out, begun ? "" : "\n");
		rows -= begun ? 1 : 2;
		begun = true;
		buf_printf(&line, "%s: %s", p->name, p->last.text);
		columns_fit(out, buf_cstr(&line), columns);
		buf_str(out, "\n");
		buf_clear(&line);
	}
}

void
board_draw(struct board *b, struct buf *out, size_t columns, size_t rows,
    bool colour, int64_t now_ms)
{
	const struct layout l = layout_of(columns, width_of_names(b, columns));
	struct buf	 head = { 0 }, totals = { 0 };
	size_t		 shown;

	buf_printf(&head, "%s   %s", b->title, b->batches);
	screen_line(out, buf_cstr(&head), columns);
	draw_totals(b, &totals, now_ms);
	totals.len -= totals.len > 0;
	columns_fit(out, buf_cstr(&totals), columns);
	buf_str(out, "\n\n");
	if (rows >= HEADER_ROWS)
		draw_header(out, &l);
	shown = rows < 5 ? 1 : rows - (rows < HEADER_ROWS ? 4 : 5);
	if (shown > b->n)
		shown = b->n;
	for (size_t i = 0; i < shown; i++)
		draw_place(&b->place[i], out, &l, colour, now_ms);
	if (shown < b->n) {
		head.len = 0;
		buf_printf(&head, "and %zu more reader%s: make the window "
		    "higher", b->n - shown, b->n - shown == 1 ? "" : "s");
		screen_line(out, buf_cstr(&head), columns);
	} else if (rows > shown + HEADER_LINES)
		draw_reasons(b, out, columns, &l, shown,
		    rows - shown - HEADER_LINES);
	buf_clear(&head);
	buf_clear(&totals);
}

/* ---- for a log, and for programs ---- */

bool
board_line(const struct board *b, const struct event *v, struct buf *out)
{
	struct buf	 line = { 0 };

	if (v->reader >= b->n || v->kind == EVENT_BALANCE ||
	    !shows[v->kind].is_line)
		return false;
	buf_printf(&line, "%s: %s", b->place[v->reader].name,
	    event_name(v->kind));
	if (*v->number != '\0')
		buf_printf(&line, " %s", v->number);
	if (*v->holder != '\0')
		buf_printf(&line, " (%s)", v->holder);
	if (*v->text != '\0')
		buf_printf(&line, ": %s", v->text);
	columns_clean(out, buf_cstr(&line));
	buf_str(out, "\n");
	buf_clear(&line);
	return true;
}

static void
set_text(json_t *o, const char *key, const char *text)
{
	if (*text != '\0')
		json_object_set_new(o, key, json_string(text));
}

void
board_json(const struct board *b, const struct event *v, struct buf *out,
    int64_t now)
{
	json_t	*o = json_object();
	char	 at[TEXT_TIME_SIZE], *text;

	json_object_set_new(o, "at", json_string(text_time(at, now)));
	json_object_set_new(o, "event", json_string(event_name(v->kind)));
	if (v->kind == EVENT_BALANCE) {
		json_object_set_new(o, "waiting", json_integer(v->waiting));
		json_object_set_new(o, "issued", json_integer(v->issued));
		json_object_set_new(o, "spoiled", json_integer(v->spoiled));
	} else if (v->reader < b->n)
		set_text(o, "reader", b->place[v->reader].name);
	if (v->kind == EVENT_STEP) {
		set_text(o, "step", job_step_name(v->step));
		if (v->step == STEP_KEY || v->step == STEP_CERT)
			set_text(o, "slot", card_slot_name(v->slot));
	}
	set_text(o, "card", v->number);
	set_text(o, "holder", v->holder);
	set_text(o, "text", v->text);
	if ((text = json_dumps(o, JSON_COMPACT)) != NULL)
		buf_printf(out, "%s\n", text);
	free(text);
	json_decref(o);
}
