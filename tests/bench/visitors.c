/* SPDX-License-Identifier: Apache-2.0 */
/*
 * visitors: many who look at pages at once, and how long each page took.
 *
 *	visitors [option]... URL...
 *
 *	-n COUNT	visitors (100), each with an address of its own in
 *			127.0.0.0/8, cookies and connections
 *	-p MS		pause of a visitor between two pages (1000)
 *	-s SECONDS	how long (20); in the first half they come, one after
 *			the other
 *	-C FILE		the root; -E FILE, -K FILE a client's certificate and key
 *	-r HOST:PORT	is at 127.0.0.1
 *
 * For each URL, for all of them ("all"), and for those for which a connection
 * had to be made ("first"), which count as that only: count, failures (a status
 * that is not 200), and median, 99th percentile and longest time in ms.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

#define URLS_MAX	32

struct times {
	double	*ms;
	size_t	 n, bad;
};

struct visitor {
	CURL	*easy;
	size_t	 page;		/* which it looks at */
	int64_t	 next;		/* when it looks at the next; 0: it is at it */
};

struct visit {
	CURLM			*multi;
	struct curl_slist	*resolve;
	const char		*ca, *cert, *key, *at;
	char			*const *url;
	size_t			 nurls, n;
	int64_t			 pause, seconds;
	struct visitor		*v;
	struct times		 times[URLS_MAX + 1];	/* the last: first */
};

static size_t
forget(char *p, size_t size, size_t n, void *arg)
{
	(void)p;
	(void)arg;
	return size * n;
}

static void
visitor_begin(struct visit *w, struct visitor *v, size_t i)
{
	char	 from[32];

	snprintf(from, sizeof(from), "127.1.%zu.%zu", i / 250, i % 250 + 1);
	if ((v->easy = curl_easy_init()) == NULL)
		exit(1);
	curl_easy_setopt(v->easy, CURLOPT_INTERFACE, from);
	curl_easy_setopt(v->easy, CURLOPT_WRITEFUNCTION, forget);
	curl_easy_setopt(v->easy, CURLOPT_COOKIEFILE, "");
	curl_easy_setopt(v->easy, CURLOPT_CAINFO, w->ca);
	curl_easy_setopt(v->easy, CURLOPT_RESOLVE, w->resolve);
	curl_easy_setopt(v->easy, CURLOPT_TIMEOUT, 60L);
	curl_easy_setopt(v->easy, CURLOPT_PRIVATE, v);
	if (w->cert != NULL) {
		curl_easy_setopt(v->easy, CURLOPT_SSLCERT, w->cert);
		curl_easy_setopt(v->easy, CURLOPT_SSLKEY, w->key);
	}
	v->page = i % w->nurls;
	v->next = clock_monotonic_ms() + (int64_t)i * w->seconds * 500 /
	    (int64_t)w->n + 1;
}

static void
visitor_go(struct visit *w, struct visitor *v)
{
	v->page = (v->page + 1) % w->nurls;
	v->next = 0;
	curl_easy_setopt(v->easy, CURLOPT_URL, w->url[v->page]);
	curl_multi_add_handle(w->multi, v->easy);
}

static void
visitor_done(struct visit *w, struct visitor *v, CURLcode code)
{
	struct times	*t = &w->times[v->page];
	double		 took = 0;
	long		 status = 0, connects = 0;

	curl_easy_getinfo(v->easy, CURLINFO_NUM_CONNECTS, &connects);
	if (connects > 0)
		t = &w->times[w->nurls];
	curl_easy_getinfo(v->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(v->easy, CURLINFO_TOTAL_TIME, &took);
	curl_multi_remove_handle(w->multi, v->easy);
	if (code != CURLE_OK || status != 200)
		t->bad++;
	t->ms = mem_resize(t->ms, t->n + 1, sizeof(*t->ms));
	t->ms[t->n++] = took * 1000;
	v->next = clock_monotonic_ms() + w->pause;
}

static void
visit_turn(struct visit *w, int64_t end)
{
	CURLMsg		*msg;
	struct visitor	*v;
	int64_t		 now = clock_monotonic_ms();
	int		 n;
	size_t		 i;

	for (i = 0; now < end && i < w->n; i++)
		if (w->v[i].next != 0 && w->v[i].next <= now)
			visitor_go(w, &w->v[i]);
	curl_multi_perform(w->multi, &n);
	while ((msg = curl_multi_info_read(w->multi, &n)) != NULL)
		if (msg->msg == CURLMSG_DONE && curl_easy_getinfo(
		    msg->easy_handle, CURLINFO_PRIVATE, &v) == CURLE_OK)
			visitor_done(w, v, msg->data.result);
	curl_multi_poll(w->multi, NULL, 0, 5, NULL);
}

static bool
are_away(const struct visit *w)
{
	size_t	 i;

	for (i = 0; i < w->n; i++)
		if (w->v[i].next == 0)
			return false;
	return true;
}

static int
by_time(const void *a, const void *b)
{
	const double	 x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
report(struct times *t, const char *what)
{
	if (t->n == 0)
		return;
	qsort(t->ms, t->n, sizeof(*t->ms), by_time);
	printf("%s %zu %zu %.1f %.1f %.1f\n", what, t->n, t->bad,
	    t->ms[t->n / 2], t->ms[(t->n - 1) * 99 / 100], t->ms[t->n - 1]);
}

static void
visit_report(struct visit *w)
{
	struct times	 all = { 0 };
	size_t		 i, k;

	for (i = 0; i < w->nurls; i++) {
		all.bad += w->times[i].bad;
		all.ms = mem_resize(all.ms, all.n + w->times[i].n + 1,
		    sizeof(*all.ms));
		for (k = 0; k < w->times[i].n; k++)
			all.ms[all.n++] = w->times[i].ms[k];
		report(&w->times[i], w->url[i]);
		mem_free(&w->times[i].ms);
	}
	report(&all, "all");
	report(&w->times[w->nurls], "first");
	mem_free(&w->times[w->nurls].ms);
	mem_free(&all.ms);
}

static int
options(struct visit *w, int argc, char **argv)
{
	int	 c;

	w->n = 100;
	w->pause = 1000;
	w->seconds = 20;
	while ((c = getopt(argc, argv, "C:E:K:n:p:r:s:")) != -1)
		switch (c) {
		case 'C': w->ca = optarg; break;
		case 'E': w->cert = optarg; break;
		case 'K': w->key = optarg; break;
		case 'n': w->n = strtoul(optarg, NULL, 10); break;
		case 'p': w->pause = strtol(optarg, NULL, 10); break;
		case 'r': w->at = optarg; break;
		case 's': w->seconds = strtol(optarg, NULL, 10); break;
		default: return -1;
		}
	w->url = argv + optind;
	w->nurls = (size_t)(argc - optind);
	return w->nurls > 0 && w->nurls <= URLS_MAX && w->n > 0 &&
	    w->at != NULL ? 0 : -1;
}

int
main(int argc, char **argv)
{
	struct visit	 w = { 0 };
	char		*where;
	int64_t		 end;
	size_t		 i;

	if (options(&w, argc, argv) == -1) {
		fprintf(stderr, "usage: visitors -C FILE -r HOST:PORT "
		    "[-E FILE -K FILE] [-n COUNT] [-p MS] [-s SECONDS] "
		    "URL...\n");
		return 2;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	where = mem_printf("%s:127.0.0.1", w.at);
	w.resolve = curl_slist_append(NULL, where);
	w.multi = curl_multi_init();
	/* Those of visitors who pause, too. */
	curl_multi_setopt(w.multi, CURLMOPT_MAXCONNECTS, (long)w.n * 2);
	w.v = mem_array(w.n, sizeof(*w.v));
	for (i = 0; i < w.n; i++)
		visitor_begin(&w, &w.v[i], i);
	end = clock_monotonic_ms() + w.seconds * 1000;
	while (clock_monotonic_ms() < end || !are_away(&w))
		visit_turn(&w, end);
	visit_report(&w);
	for (i = 0; i < w.n; i++)
		curl_easy_cleanup(w.v[i].easy);
	curl_multi_cleanup(w.multi);
	curl_slist_free_all(w.resolve);
	mem_free(&w.v);
	mem_free(&where);
	curl_global_cleanup();
	return 0;
}
