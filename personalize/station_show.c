/* SPDX-License-Identifier: Apache-2.0 */
#include "station_private.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/columns.h"
#include "base/screen.h"

void
station_draw(struct station *s)
{
	struct screen_size	 w = screen_size(STDOUT_FILENO);
	struct buf		 out = { 0 };

	board_draw(s->board, &out, w.columns < 20 ? 20 : w.columns,
	    w.rows < 6 ? 6 : w.rows - 1, screen_has_colour(),
	    clock_monotonic_ms());
	screen_show(stdout, &out);
	if (s->ending > 0) {
		out.len = 0;
		columns_fit(&out, "ends when the cards at hand are finished; "
		    "once more to end now", w.columns);
		fputs(buf_cstr(&out), stdout);
	}
	fflush(stdout);
	buf_clear(&out);
}

void
station_show(struct station *s, const struct event *v)
{
	bool		 ring = board_note(s->board, v,
			    clock_monotonic_ms());
	struct buf	 out = { 0 };

	s->issued += v->kind == EVENT_ISSUED;
	if (s->run->show == SHOW_JSON)
		board_json(s->board, v, &out, clock_now(&clock_system));
	else if (s->run->show == SHOW_LINES)
		(void)board_line(s->board, v, &out);
	if (out.len > 0)
		fwrite(out.p, 1, out.len, stdout);
	if (ring && !s->run->quiet && s->run->show == SHOW_BOARD)
		fputs("\a", stdout);
	fflush(stdout);
	buf_clear(&out);
}

void
station_show_own(struct station *s, size_t i, enum event_kind kind, const char *text)
{
	struct event	 v = { .reader = (uint32_t)i, .kind = kind };

	snprintf(v.text, sizeof(v.text), "%s", text);
	station_show(s, &v);
}
