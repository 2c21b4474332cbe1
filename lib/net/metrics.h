/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_NET_METRICS_H
#define SIGNET_NET_METRICS_H
/*
 * Numbers that operators watch, as Prometheus reads them.
 *
 * The registry is in shared memory: made before a daemon forks, it is the
 * same one in all its processes, any of which may add series, count, and
 * print.  Counting is an atomic addition.  A name is "signet_ocsp_replies" or
 * the like; a counter's gets "_total" from us.
 */
#include <stdint.h>
#include "base/error.h"
#include "base/mem.h"

struct metrics;
struct metric;			/* one series: a name with labels */

int	 metrics_new(struct metrics **, struct error *);
void	 metrics_free(struct metrics **);	/* this process's view */

/*
 * Find or add.  Labels are pairs of name and value, ended by NULL.  Never
 * NULL: without room it is a series that is not shown, and
 * signet_metrics_dropped_total says so.  help is that of the first.
 */
struct metric *metrics_counter(struct metrics *, const char *name,
	    const char *help, ...) __attribute__((sentinel));
struct metric *metrics_gauge(struct metrics *, const char *name,
	    const char *help, ...) __attribute__((sentinel));
/* A gauge that is a point in time and shown as the seconds until it (since
 * it: negative) when the text is made. */
struct metric *metrics_until(struct metrics *, const char *name,
	    const char *help, ...) __attribute__((sentinel));

void	 metric_add(struct metric *, int64_t);
void	 metric_set(struct metric *, int64_t);
/* Shown in seconds with a fraction. */
void	 metric_set_ms(struct metric *, int64_t milliseconds);
int64_t	 metric_get(const struct metric *);
/* No longer shown, until it is set again. */
void	 metric_hide(struct metric *);

/* The text format 0.0.4; series of one name stand together. */
void	 metrics_text(struct metrics *, int64_t now, struct buf *out);
#endif
