/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/screen.h"
#include "base/text.h"
#include "cli/progress.h"

#define QUIET_MS	1000	/* shorter work says nothing */
#define TERMINAL_MS	200
#define PLAIN_MS	10000

void
progress_begin(struct progress *p, const char *what, uint64_t total)
{
	memset(p, 0, sizeof(*p));
	p->f = stderr;
	p->what = what;
	p->total = total;
	p->terminal = screen_is_able(STDERR_FILENO);
	p->began = p->said = clock_monotonic_ms();
}

/* "importing: 12,000 of 100,000 (12%), 34 s left" */
static void
progress_text(const struct progress *p, int64_t now, char *dst, size_t size)
{
	char	done[32], total[32];
	int64_t	left;

	if (p->total == 0 || p->done == 0) {
		snprintf(dst, size, "%s: %s", p->what,
		    text_count(done, p->done));
		return;
	}
	left = (now - p->began) * (int64_t)(p->total - p->done) /
	    (int64_t)p->done / 1000;
	snprintf(dst, size, "%s: %s of %s (%d%%), %lld s left", p->what,
	    text_count(done, p->done), text_count(total, p->total),
	    (int)(p->done * 100 / p->total), (long long)left);
}

void
progress_set(struct progress *p, uint64_t done)
{
	char	line[160];
	int64_t	now;

	p->done = done < p->total || p->total == 0 ? done : p->total;
	now = clock_monotonic_ms();
	if (now - p->began < QUIET_MS ||
	    now - p->said < (p->terminal ? TERMINAL_MS : PLAIN_MS))
		return;
	p->said = now;
	progress_text(p, now, line, sizeof(line));
	if (p->terminal)
		fprintf(p->f, "\r%s\033[K", line);
	else
		fprintf(p->f, "%s\n", line);
	fflush(p->f);
	p->shown = p->terminal;
}

void
progress_end(struct progress *p)
{
	if (p->shown) {
		fputs("\r\033[K", p->f);
		fflush(p->f);
	}
	p->shown = false;
}
