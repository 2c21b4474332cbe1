/* SPDX-License-Identifier: Apache-2.0 */
#include "station_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"

void
station_draw(struct station *s)
{
	struct winsize	 w = { .ws_row = 24, .ws_col = 80 };
	struct buf	 out = { 0 };
	bool		 colour = getenv("NO_COLOR") == NULL;
	char		*line, *next;

	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &w);
	board_draw(s->board, &out, w.ws_col < 40 ? 40 : w.ws_col,
	    w.ws_row < 6 ? 6 : w.ws_row - 1u, colour, clock_monotonic_ms());
	fputs("\033[H", stdout);
	buf_cstr(&out);
	for (line = (char *)out.p; (next = strchr(line, '\n')) != NULL;
	    line = next + 1)
		printf("%.*s\033[K\r\n", (int)(next - line), line);
	fputs("\033[K\033[J", stdout);
	if (s->ending > 0)
		fputs("ends when the cards at hand are finished; once more "
		    "to end now", stdout);
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
