/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "chart.h"
#include "web/template.h"

#define DAY	INT64_C(86400)
#define WIDTH	560
#define BASE	100		/* where bars stand */
#define TOP	90		/* height of the highest */
#define HEIGHT	120

static void
put_label(struct buf *b, const char *label, int64_t total, int64_t most)
{
	const char	*p;
	size_t		 n;

	for (p = label; *p != '\0'; p += n) {
		if (strncmp(p, "{total}", 7) == 0) {
			buf_printf(b, "%lld", (long long)total);
			n = 7;
		} else if (strncmp(p, "{most}", 6) == 0) {
			buf_printf(b, "%lld", (long long)most);
			n = 6;
		} else {
			n = 1 + strcspn(p + 1, "{");
			template_escape(b, p, n);
		}
	}
}

static void
put_date(struct buf *b, int x, const char *anchor, int64_t at)
{
	char	time[TEXT_TIME_SIZE];

	buf_printf(b, "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\">%.10s"
	    "</text>", x, HEIGHT - 5, anchor, text_time(time, at));
}

void
chart_days(struct buf *svg, const char *label, int64_t first,
    const int64_t *day, size_t n)
{
	int64_t	 total = 0, most = 0, height;
	int	 step = n > 0 ? WIDTH / (int)n : WIDTH;
	size_t	 i;

	for (i = 0; i < n; i++) {
		total += day[i] > 0 ? day[i] : 0;
		most = day[i] > most ? day[i] : most;
	}
	buf_printf(svg, "<svg viewBox=\"0 0 %d %d\" role=\"img\" "
	    "aria-label=\"", WIDTH, HEIGHT);
	put_label(svg, label, total, most);
	buf_printf(svg, "\"><line class=\"axis\" x1=\"0\" y1=\"%d\" x2=\"%d\""
	    " y2=\"%d\"></line>", BASE, WIDTH, BASE);
	for (i = 0; i < n; i++) {
		if (day[i] < 0)
			continue;
		height = most > 0 ? (day[i] * TOP + most - 1) / most : 0;
		buf_printf(svg, "<rect class=\"bar\" x=\"%d\" y=\"%d\" "
		    "width=\"%d\" height=\"%d\"></rect>", (int)i * step + 2,
		    BASE - (int)height, step > 4 ? step - 4 : 1, (int)height);
	}
	if (n > 0) {
		put_date(svg, 2, "start", first);
		put_date(svg, WIDTH - 2, "end", first + (int64_t)(n - 1) *
		    DAY);
	}
	buf_str(svg, "</svg>");
}
