/* SPDX-License-Identifier: Apache-2.0 */
#include "base/screen.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>

#include "base/columns.h"

void
screen_cell(struct buf *out, const char *text, size_t width)
{
	struct buf	 clean = { 0 }, fit = { 0 };
	size_t		 w;

	columns_clean(&clean, text);
	columns_fit(&fit, buf_cstr(&clean), width);
	buf_str(out, buf_cstr(&fit));
	for (w = columns_of(buf_cstr(&fit)); w < width; w++)
		buf_byte(out, ' ');
	buf_clear(&fit);
	buf_clear(&clean);
}

void
screen_paint(struct buf *out, const char *text, size_t width,
    const char *colour)
{
	bool	 paint = colour != NULL && *colour != '\0';

	if (paint)
		buf_printf(out, "\033[1;%sm", colour);
	screen_cell(out, text, width);
	if (paint)
		buf_str(out, "\033[0m");
}

void
screen_line(struct buf *out, const char *text, size_t columns)
{
	struct buf	 clean = { 0 };

	columns_clean(&clean, text);
	columns_fit(out, buf_cstr(&clean), columns);
	buf_byte(out, '\n');
	buf_clear(&clean);
}

void
screen_span(struct buf *out, int64_t ms)
{
	int64_t	 s = ms / 1000;

	if (s >= 2 * 86400)
		buf_printf(out, "%lld days", (long long)(s / 86400));
	else if (s >= 3600)
		buf_printf(out, "%lld h %02lld", (long long)(s / 3600),
		    (long long)(s / 60 % 60));
	else
		buf_printf(out, "%lld:%02lld", (long long)(s / 60),
		    (long long)(s % 60));
}

struct screen_size
screen_size(int fd)
{
	struct winsize	 w = { .ws_row = 0 };

	(void)ioctl(fd, TIOCGWINSZ, &w);
	return (struct screen_size){
	    .columns = w.ws_col == 0 ? 80 : w.ws_col,
	    .rows = w.ws_row == 0 ? 24 : w.ws_row };
}

void
screen_begin(FILE *f)
{
	fputs("\033[?1049h\033[?25l\033[2J", f);
}

void
screen_end(FILE *f)
{
	fputs("\033[?25h\033[?1049l", f);
	fflush(f);
}

void
screen_show(FILE *f, struct buf *page)
{
	const char	*line, *next;

	fputs("\033[H", f);
	for (line = buf_cstr(page); (next = strchr(line, '\n')) != NULL;
	    line = next + 1)
		fprintf(f, "%.*s\033[K\r\n", (int)(next - line), line);
	fputs("\033[K\033[J", f);
}

bool
screen_is_able(int fd)
{
	const char	*term = getenv("TERM");

	return isatty(fd) == 1 && term != NULL && *term != '\0' &&
	    strcmp(term, "dumb") != 0;
}

bool
screen_has_colour(void)
{
	const char	*no = getenv("NO_COLOR");

	return no == NULL || *no == '\0';
}
