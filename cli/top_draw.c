/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top.h"

#include <string.h>

#include "audit/chain.h"
#include "base/text.h"

#define RED	"31"
#define GREEN	"32"
#define YELLOW	"33"

#define SILENT_MS	60000	/* signet doctor says so, too */
#define SOON		(3 * 86400)

struct pen {
	struct buf	*page;
	size_t		 columns, at;
	bool		 colour;
};

/* width 0: what is left of the line. */
static void
cell(struct pen *p, const char *text, size_t width, const char *colour)
{
	size_t	 left = p->columns > p->at ? p->columns - p->at : 0;

	if (width == 0 || width > left)
		width = left;
	screen_paint(p->page, text, width, p->colour ? colour : NULL);
	p->at += width;
	if (p->at + 2 <= p->columns) {
		buf_str(p->page, "  ");
		p->at += 2;
	}
}

static void
end_line(struct pen *p)
{
	while (p->page->len > 0 && p->page->p[p->page->len - 1] == ' ')
		p->page->len--;
	buf_byte(p->page, '\n');
	p->at = 0;
}

static void
line(struct pen *p, const char *text, const char *colour)
{
	if (*text != '\0')
		cell(p, text, 0, colour);
	end_line(p);
}

static const char *
span(char dst[32], int64_t ms)
{
	struct buf	 b = { 0 };

	screen_span(&b, ms < 0 ? 0 : ms);
	snprintf(dst, 32, "%s", buf_cstr(&b));
	buf_clear(&b);
	return dst;
}

static const char *
size_text(char dst[32], int64_t bytes)
{
	if (bytes <= 0)
		return "-";
	snprintf(dst, 32, "%lld MiB", (long long)((bytes + (1 << 19)) >> 20));
	return dst;
}

/* ---- the store ---- */

static void
put_rate(struct buf *b, const char *what, double rate)
{
	if (rate < 0)
		buf_printf(b, "%s -   ", what);
	else
		buf_printf(b, "%s %.*f/s   ", what, rate < 100, rate);
}

static void
draw_work(struct pen *p, const struct top_look *l)
{
	const struct db_gauges	*g = &l->gauges;
	struct buf		 b = { 0 };
	char			 n[32];

	buf_printf(&b, "orders: %s to be approved",
	    text_count(n, (uint64_t)g->pending));
	buf_printf(&b, ", %s approved", text_count(n, (uint64_t)g->ready));
	buf_printf(&b, "; certificates: %s wait for a request",
	    text_count(n, (uint64_t)g->waiting));
	buf_printf(&b, ", %s to be signed", text_count(n,
	    (uint64_t)(g->open + g->signing)));
	line(p, buf_cstr(&b), NULL);
	b.len = 0;
	buf_printf(&b, "outbox: %s", text_count(n, (uint64_t)g->outbox));
	if (g->outbox > 0)
		buf_printf(&b, ", the oldest for %s", span(n, g->outbox_ms));
	line(p, buf_cstr(&b), g->outbox_ms > SILENT_MS ? YELLOW : NULL);
	buf_clear(&b);
}

static void
draw_rates(struct pen *p, const struct top_look *l)
{
	struct buf	 b = { 0 };
	char		 n[32];

	put_rate(&b, "issued", l->rates.issued);
	put_rate(&b, "revoked and held", l->rates.changed);
	put_rate(&b, "OCSP", l->rates.answered);
	if (l->store_error == NULL)
		buf_printf(&b, "audit entries %s", text_count(n,
		    (uint64_t)l->marks.entries));
	line(p, buf_cstr(&b), NULL);
	buf_clear(&b);
}

/* ---- alarms ---- */

static void
draw_alarm(struct pen *p, struct bytes body)
{
	static const char *const	 keys[] = { "at", "what", "detail" };
	static const size_t		 width[] = { 20, 16, 0 };
	struct error			 e = ERROR_INIT;
	struct buf			 text = { 0 };

	for (size_t i = 0; i < 3; i++) {
		text.len = 0;
		if (audit_find(body, keys[i], &text, &e) != 1)
			text.len = 0;
		cell(p, buf_cstr(&text), width[i], i == 1 ? RED : NULL);
	}
	end_line(p);
	buf_clear(&text);
}

static void
draw_alarms(struct pen *p, const struct top_look *l)
{
	if (l->alarms.n == 0)
		return;
	line(p, "", NULL);
	line(p, "ALARM AT              WHAT", "1");
	for (size_t i = 0; i < l->alarms.n; i++)
		draw_alarm(p, l->alarms.body[i]);
}

/* ---- daemons ---- */

static void
draw_cad(struct pen *p, const struct top_look *l)
{
	char	 n[32], text[64];
	bool	 silent = l->marks.silent_ms > SILENT_MS;

	cell(p, "signet-cad", 12, NULL);
	cell(p, silent ? "silent" : "at work", 8, silent ? RED : GREEN);
	cell(p, size_text(n, l->cad_memory), 9, NULL);
	snprintf(text, sizeof(text), "last heard of %s ago",
	    span(n, l->marks.silent_ms));
	cell(p, text, 0, NULL);
	end_line(p);
}

static void
draw_daemon(struct pen *p, const struct top_daemon *d)
{
	char	 n[32], text[400];

	cell(p, d->name, 12, NULL);
	cell(p, d->is_up ? "up" : "away", 8, d->is_up ? GREEN : RED);
	cell(p, size_text(n, d->memory), 9, NULL);
	if (d->why_not != NULL)
		snprintf(text, sizeof(text), "%s, %s", d->address,
		    d->why_not);
	else if (d->oldest_ms > 0)
		snprintf(text, sizeof(text), "%s, oldest answer %s",
		    d->address, span(n, d->oldest_ms));
	else
		snprintf(text, sizeof(text), "%s", d->address);
	cell(p, text, 0, NULL);
	end_line(p);
}

static void
draw_daemons(struct pen *p, const struct top_look *l)
{
	line(p, "", NULL);
	line(p, "DAEMON        STATE     MEMORY", "1");
	if (l->store_error == NULL)
		draw_cad(p, l);
	for (size_t i = 0; i < TOP_DAEMONS; i++)
		if (l->daemon[i].address != NULL)
			draw_daemon(p, &l->daemon[i]);
}

/* ---- lists and signers ---- */

static const char *
colour_of_list(const struct db_calendar_list *x, int64_t now)
{
	int64_t	 left = x->next_update - now;

	return left <= 0 ? RED :
	    left < (x->next_update - x->this_update) / 4 ? YELLOW : GREEN;
}

static void
draw_lists(struct pen *p, const struct top_look *l)
{
	char	 n[32], text[96];

	if (l->lists.n == 0)
		return;
	line(p, "", NULL);
	line(p, "LIST OF               NUMBER    GOOD FOR", "1");
	for (size_t i = 0; i < l->lists.n; i++) {
		const struct db_calendar_list	*x = &l->lists.v[i];

		snprintf(text, sizeof(text), x->shard == 0 ? "%s" :
		    "%s, shard %lld", x->ca, (long long)x->shard);
		cell(p, text, 20, NULL);
		snprintf(text, sizeof(text), "%lld", (long long)x->number);
		cell(p, text, 8, NULL);
		cell(p, x->next_update <= l->at ? "expired" : span(n,
		    (x->next_update - l->at) * 1000), 0,
		    colour_of_list(x, l->at));
		end_line(p);
	}
}

static void
draw_signers(struct pen *p, const struct top_look *l)
{
	char	 n[32];

	if (l->nsigners == 0)
		return;
	line(p, "", NULL);
	line(p, "OCSP SIGNER OF        GOOD FOR", "1");
	for (size_t i = 0; i < l->nsigners; i++) {
		const struct top_signer	*s = &l->signer[i];

		cell(p, s->ca, 20, NULL);
		cell(p, s->ends_in <= 0 ? "expired" : span(n, s->ends_in *
		    1000), 0, s->ends_in <= 0 ? RED : s->ends_in < SOON ?
		    YELLOW : GREEN);
		end_line(p);
	}
}

/* ---- directories, cards ---- */

static void
draw_directories(struct pen *p, const struct top_look *l)
{
	char	 n[32], text[400];

	if (l->publish.n == 0)
		return;
	line(p, "", NULL);
	line(p, "DIRECTORY             WAITING   DEAD      STATE", "1");
	for (size_t i = 0; i < l->publish.n; i++) {
		const struct db_gauge_target	*t = &l->publish.v[i];

		cell(p, t->name, 20, NULL);
		cell(p, text_count(n, (uint64_t)t->waiting), 8, NULL);
		cell(p, text_count(n, (uint64_t)t->dead), 8,
		    t->dead > 0 ? YELLOW : NULL);
		snprintf(text, sizeof(text), "fails: %s", t->error != NULL ?
		    t->error : "-");
		cell(p, t->failing_since != 0 ? text : "well", 0,
		    t->failing_since != 0 ? RED : GREEN);
		end_line(p);
	}
}

static void
draw_cards(struct pen *p, const struct top_look *l)
{
	char	 n[32], text[256];

	if (l->cards.n == 0)
		return;
	line(p, "", NULL);
	line(p, "CARD            STATE       SINCE     STATION, READER, "
	    "HOLDER", "1");
	for (size_t i = 0; i < l->cards.n; i++) {
		const struct db_watch_card	*c = &l->cards.v[i];
		bool	 spoiled = strcmp(c->state, "spoiled") == 0;

		cell(p, c->number, 14, NULL);
		cell(p, c->state, 10, spoiled ? RED :
		    strcmp(c->state, "issued") == 0 ? GREEN : NULL);
		cell(p, span(n, c->ms), 8, NULL);
		snprintf(text, sizeof(text), "%s, %s, %s", c->station,
		    c->reader, c->holder);
		cell(p, text, 0, NULL);
		end_line(p);
	}
}

/* ---- the page ---- */

static void
draw_head(struct pen *p, const struct top_look *l)
{
	char	 at[TEXT_TIME_SIZE], text[500];

	snprintf(text, sizeof(text), "Signet   %s", text_time(at, l->at));
	line(p, text, "1");
	if (l->store_error == NULL) {
		draw_work(p, l);
	} else {
		snprintf(text, sizeof(text), "store: %s", l->store_error);
		line(p, text, RED);
	}
	draw_rates(p, l);
}

/* Keep so many lines of the page; rows 0: all. */
static void
cut_rows(struct buf *page, size_t rows)
{
	size_t	 i, n = 0, last = 0, all = 0;

	for (i = 0; i < page->len; i++)
		all += page->p[i] == '\n';
	if (rows == 0 || all <= rows)
		return;
	for (i = 0; n + 1 < rows; i++)
		if (page->p[i] == '\n') {
			n++;
			last = i + 1;
		}
	page->len = last;
	buf_printf(page, "and %zu more lines: make the window higher\n",
	    all - n);
}

void
top_draw(const struct top_look *l, struct buf *page, size_t columns,
    size_t rows, bool colour)
{
	struct pen	 p = { page, columns, 0, colour };

	draw_head(&p, l);
	draw_alarms(&p, l);
	draw_daemons(&p, l);
	if (l->store_error == NULL) {
		draw_lists(&p, l);
		draw_signers(&p, l);
		draw_directories(&p, l);
		draw_cards(&p, l);
	} else
		draw_signers(&p, l);
	cut_rows(page, rows);
}
