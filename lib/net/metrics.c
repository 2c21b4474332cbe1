/* SPDX-License-Identifier: Apache-2.0 */
#include "net/metrics.h"

#include <sys/mman.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>

#define SERIES_MAX	16384
#define LABELS_MAX	6

enum kind { COUNTER, GAUGE, UNTIL };

struct metric {
	_Atomic int64_t	 value;
	_Atomic bool	 shown;
	_Atomic bool	 milli;		/* value is in thousandths */
	enum kind	 kind;
	size_t		 first;		/* series of the same name */
	char		 name[64];
	char		 help[120];
	char		 labels[200];	/* a="x",b="y" */
};

/*
 * In memory that processes share.  Only adding takes the lock, which survives
 * the death of its holder; a reader sees the first "n" series.
 */
struct metrics {
	pthread_mutex_t	 lock;
	atomic_size_t	 n;
	struct metric	 dropped;	/* counts what there was no room for */
	struct metric	 nowhere;	/* and this is what they get */
	struct metric	 series[SERIES_MAX];
};

static void
series_init(struct metric *m, enum kind kind, const char *name,
    const char *help, const char *labels)
{
	m->kind = kind;
	snprintf(m->name, sizeof(m->name), "%s", name);
	snprintf(m->help, sizeof(m->help), "%s", help);
	snprintf(m->labels, sizeof(m->labels), "%s", labels);
	atomic_init(&m->value, 0);
	/* A gauge has no value before it is set. */
	atomic_init(&m->shown, kind == COUNTER);
	atomic_init(&m->milli, false);
}

int
metrics_new(struct metrics **out, struct error *e)
{
	pthread_mutexattr_t	 attr;
	struct metrics		*m;

	*out = NULL;
	m = mmap(NULL, sizeof(*m), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (m == MAP_FAILED)
		return error_sys(e, "memory for metrics");
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&m->lock, &attr);
	pthread_mutexattr_destroy(&attr);
	atomic_init(&m->n, 0);
	series_init(&m->dropped, COUNTER, "signet_metrics_dropped_total",
	    "Series that there was no room for.", "");
	*out = m;
	return 0;
}

void
metrics_free(struct metrics **mp)
{
	if (*mp != NULL)
		munmap(*mp, sizeof(**mp));
	*mp = NULL;
}

static void
metrics_lock(struct metrics *m)
{
	/* Nothing is half done that the next one could not do over. */
	if (pthread_mutex_lock(&m->lock) == EOWNERDEAD)
		pthread_mutex_consistent(&m->lock);
}

/* The text format: backslash, quote and line feed are escaped. */
static void
labels_value(struct buf *out, const char *value)
{
	for (; *value != '\0'; value++) {
		if (*value == '\\' || *value == '"')
			buf_byte(out, '\\');
		if (*value == '\n')
			buf_str(out, "\\n");
		else
			buf_byte(out, (uint8_t)*value);
	}
}

static void
labels_make(struct buf *out, va_list ap)
{
	const char	*name, *value;
	int		 n;

	for (n = 0; n < LABELS_MAX &&
	    (name = va_arg(ap, const char *)) != NULL; n++) {
		value = va_arg(ap, const char *);
		buf_printf(out, "%s%s=\"", n == 0 ? "" : ",", name);
		labels_value(out, value);
		buf_byte(out, '"');
	}
}

/* *first: of its name, or n. */
static struct metric *
series_find(struct metrics *m, const char *name, const char *labels,
    size_t n, size_t *first)
{
	size_t	 i;

	for (*first = 0; *first < n; ++*first)
		if (m->series[*first].first == *first &&
		    strcmp(m->series[*first].name, name) == 0)
			break;
	for (i = *first; i < n; i++)
		if (m->series[i].first == *first &&
		    strcmp(m->series[i].labels, labels) == 0)
			return &m->series[i];
	return NULL;
}

static struct metric *
series_get(struct metrics *m, enum kind kind, const char *name,
    const char *help, va_list ap)
{
	struct buf	 labels = { 0 }, full = { 0 };
	struct metric	*s;
	size_t		 n, first;

	labels_make(&labels, ap);
	buf_printf(&full, "%s%s", name, kind == COUNTER ? "_total" : "");
	metrics_lock(m);
	n = atomic_load(&m->n);
	s = series_find(m, buf_cstr(&full), buf_cstr(&labels), n, &first);
	if (s == NULL && (n == SERIES_MAX || labels.len >= sizeof(s->labels) ||
	    full.len >= sizeof(s->name))) {
		metric_add(&m->dropped, 1);
		s = &m->nowhere;
	} else if (s == NULL) {
		s = &m->series[n];
		series_init(s, kind, buf_cstr(&full), help,
		    buf_cstr(&labels));
		s->first = first;
		atomic_store(&m->n, n + 1);
	}
	pthread_mutex_unlock(&m->lock);
	buf_clear(&labels);
	buf_clear(&full);
	return s;
}

struct metric *
metrics_counter(struct metrics *m, const char *name, const char *help, ...)
{
	struct metric	*s;
	va_list		 ap;

	va_start(ap, help);
	s = series_get(m, COUNTER, name, help, ap);
	va_end(ap);
	return s;
}

struct metric *
metrics_gauge(struct metrics *m, const char *name, const char *help, ...)
{
	struct metric	*s;
	va_list		 ap;

	va_start(ap, help);
	s = series_get(m, GAUGE, name, help, ap);
	va_end(ap);
	return s;
}

struct metric *
metrics_until(struct metrics *m, const char *name, const char *help, ...)
{
	struct metric	*s;
	va_list		 ap;

	va_start(ap, help);
	s = series_get(m, UNTIL, name, help, ap);
	va_end(ap);
	return s;
}

void
metric_add(struct metric *m, int64_t n)
{
	atomic_fetch_add_explicit(&m->value, n, memory_order_relaxed);
	if (!atomic_load_explicit(&m->shown, memory_order_relaxed))
		atomic_store_explicit(&m->shown, true, memory_order_relaxed);
}

static void
metric_put(struct metric *m, int64_t n, bool milli)
{
	atomic_store_explicit(&m->value, n, memory_order_relaxed);
	atomic_store_explicit(&m->milli, milli, memory_order_relaxed);
	atomic_store_explicit(&m->shown, true, memory_order_relaxed);
}

void
metric_set(struct metric *m, int64_t n)
{
	metric_put(m, n, false);
}

void
metric_set_ms(struct metric *m, int64_t ms)
{
	metric_put(m, ms, true);
}

int64_t
metric_get(const struct metric *m)
{
	return atomic_load_explicit(&m->value, memory_order_relaxed);
}

void
metric_hide(struct metric *m)
{
	atomic_store_explicit(&m->shown, false, memory_order_relaxed);
}

static void
series_text(const struct metric *m, int64_t now, struct buf *out)
{
	int64_t	 v = metric_get(m);

	buf_str(out, m->name);
	if (m->labels[0] != '\0')
		buf_printf(out, "{%s}", m->labels);
	if (m->kind == UNTIL)
		v -= now;
	if (atomic_load(&m->milli))
		buf_printf(out, " %s%lld.%03lld\n", v < 0 ? "-" : "",
		    (long long)(v < 0 ? -v : v) / 1000,
		    (long long)(v < 0 ? -v : v) % 1000);
	else
		buf_printf(out, " %lld\n", (long long)v);
}

static void
name_text(const struct metric *m, struct buf *out)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help,
	    m->name, m->kind == COUNTER ? "counter" : "gauge");
}

/* All series of the name that series i is the first of. */
static void
metrics_group(const struct metrics *m, size_t i, size_t n, int64_t now,
    struct buf *out)
{
	size_t	 k;
	bool	 named = false;

	for (k = i; k < n; k++) {
		if (m->series[k].first != i ||
		    !atomic_load(&m->series[k].shown))
			continue;
		if (!named)
			name_text(&m->series[k], out);
		named = true;
		series_text(&m->series[k], now, out);
	}
}

void
metrics_text(struct metrics *m, int64_t now, struct buf *out)
{
	size_t	 i, n = atomic_load(&m->n);

	for (i = 0; i < n; i++)
		if (m->series[i].first == i)
			metrics_group(m, i, n, now, out);
	if (metric_get(&m->dropped) > 0) {
		name_text(&m->dropped, out);
		series_text(&m->dropped, now, out);
	}
}
