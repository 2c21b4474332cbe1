/* SPDX-License-Identifier: Apache-2.0 */
#include "complain.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define PAUSE_MS	60000

struct complaints {
	struct {
		_Atomic int64_t	 next;		/* monotonic ms */
		atomic_ullong	 silent;
	} of[COMPLAIN_CLASSES];
};

struct complaints *
complaints_new(void)
{
	return mem_alloc(sizeof(struct complaints));
}

void
complaints_free(struct complaints **c)
{
	mem_free(c);
}

void
complain(struct complaints *c, enum complain_class class,
    const struct error *e, const char *what, ...)
{
	int64_t			 now = clock_monotonic_ms(),
				 next = atomic_load(&c->of[class].next);
	unsigned long long	 silent;
	char			 text[300];
	va_list			 ap;

	if (now < next || !atomic_compare_exchange_strong(&c->of[class].next,
	    &next, now + PAUSE_MS)) {
		atomic_fetch_add(&c->of[class].silent, 1);
		return;
	}
	va_start(ap, what);
	vsnprintf(text, sizeof(text), what, ap);
	va_end(ap);
	silent = atomic_exchange(&c->of[class].silent, 0);
	if (silent > 0)
		log_error(e, "%s (and %llu times since this was said last)",
		    text, silent);
	else
		log_error(e, "%s", text);
}

void
complain_end(struct complaints *c, enum complain_class class)
{
	atomic_store(&c->of[class].next, 0);
}
