/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the daemons tell at their addresses for operators, and how much memory
 * those of this machine take.
 */
#include "cli/top.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/fetch.h"
#include "os/file.h"

#define WAIT_MS	1000
#define TEXT_MAX	(4 << 20)

/* ---- numbers ---- */

/* The value behind "name" or "name{..}" at the beginning of a line. */
static const char *
value_of(const char *line, const char *name)
{
	size_t	 n = strlen(name), len = strcspn(line, "\n");
	const char *end;

	if (strncmp(line, name, n) != 0)
		return NULL;
	if (line[n] == ' ')
		return line + n + 1;
	if (line[n] != '{' || (end = memchr(line, '}', len)) == NULL)
		return NULL;
	return end[1] == ' ' ? end + 2 : NULL;
}

static const char *
next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line == '\n' ? line + 1 : line;
}

double
top_metric(const char *text, const char *name)
{
	double		 sum = -1;
	const char	*line, *value;

	for (line = text; *line != '\0'; line = next_line(line)) {
		if ((value = value_of(line, name)) == NULL)
			continue;
		sum = (sum < 0 ? 0 : sum) + strtod(value, NULL);
	}
	return sum;
}

/* "name{ca="people"} 123": one for each CA. */
static void
read_signers(struct top_look *l, const char *text, struct arena *a)
{
	static const char	 name[] = "signet_ocsp_signer_expiry_seconds";
	const char		*line, *value, *ca;
	size_t			 room = 0;

	for (line = text; *line != '\0'; line = next_line(line))
		room += value_of(line, name) != NULL;
	l->signer = arena_alloc(a, (room + 1) * sizeof(*l->signer));
	for (line = text; *line != '\0'; line = next_line(line)) {
		if ((value = value_of(line, name)) == NULL ||
		    (ca = strstr(line, "ca=\"")) == NULL || ca > value)
			continue;
		ca += strlen("ca=\"");
		l->signer[l->nsigners++] = (struct top_signer){
		    .ca = arena_printf(a, "%.*s", (int)strcspn(ca, "\""), ca),
		    .ends_in = (int64_t)strtod(value, NULL) };
	}
}

/* ---- memory ---- */

static bool
is_program(const char *pid, const char *name)
{
	struct buf	 text = { 0 };
	struct error	 e = ERROR_INIT;
	char		 path[300];
	bool		 is;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	is = file_load(&text, path, 64, &e) == 0 &&
	    strncmp(buf_cstr(&text), name, strlen(name)) == 0 &&
	    text.p[strlen(name)] == '\n';
	buf_clear(&text);
	return is;
}

/* Resident, without what it shares with others. */
static int64_t
pages_of(const char *pid)
{
	struct buf	 text = { 0 };
	struct error	 e = ERROR_INIT;
	char		 path[300];
	long long	 size = 0, resident = 0, shared = 0;

	snprintf(path, sizeof(path), "/proc/%s/statm", pid);
	if (file_load(&text, path, 256, &e) == 0 && sscanf(buf_cstr(&text),
	    "%lld %lld %lld", &size, &resident, &shared) != 3)
		resident = shared = 0;
	buf_clear(&text);
	return resident - shared;
}

/* Of all its processes here. */
static int64_t
memory_of(const char *name)
{
	DIR		*all = opendir("/proc");
	struct dirent	*d;
	int64_t		 pages = 0;

	while (all != NULL && (d = readdir(all)) != NULL)
		if (d->d_name[0] >= '1' && d->d_name[0] <= '9' &&
		    is_program(d->d_name, name))
			pages += pages_of(d->d_name);
	if (all != NULL)
		closedir(all);
	return pages * sysconf(_SC_PAGESIZE);
}

static bool
is_local(const char *address)
{
	return strncmp(address, "127.", 4) == 0 ||
	    strncmp(address, "[::1]", 5) == 0 ||
	    strncmp(address, "localhost", 9) == 0;
}

/* ---- asking ---- */

static const char *
without_url(const char *text, const char *url)
{
	size_t	 n = strlen(url);

	return strncmp(text, url, n) == 0 && strncmp(text + n, ": ", 2) ==
	    0 ? text + n + 2 : text;
}

static void
ask(struct top_look *l, struct top_daemon *d, struct arena *a)
{
	const struct fetch	 f = { .url = arena_printf(a,
				    "http://%s/metrics", d->address),
				    .max = TEXT_MAX, .ms = WAIT_MS, .fd = -1 };
	struct fetch_reply	 r = { 0 };
	struct error		 e = ERROR_INIT;
	double			 n;

	if (fetch(&r, &f, &e) == -1)
		d->why_not = arena_strdup(a, without_url(e.text, f.url));
	else if (r.status != 200)
		d->why_not = arena_printf(a, "status %d", r.status);
	else {
		d->is_up = true;
		n = top_metric(buf_cstr(&r.body),
		    "signet_ocsp_oldest_answer_seconds");
		d->oldest_ms = n < 0 ? -1 : (int64_t)(n * 1000);
		n = top_metric(buf_cstr(&r.body),
		    "signet_ocsp_replies_total");
		if (n >= 0)
			l->answers = (int64_t)n;
		if (strcmp(d->name, "signet-ocspd") == 0)
			read_signers(l, buf_cstr(&r.body), a);
	}
	fetch_reply_clear(&r);
}

void
top_daemons(struct top *t, struct top_look *l, struct arena *a)
{
	static const char *const	 all[TOP_DAEMONS][3] = {
		{ "signet-crld", "crld", "127.0.0.1:9641" },
		{ "signet-ocspd", "ocspd", "127.0.0.1:9642" },
		{ "signet-rad", "rad", "127.0.0.1:9643" },
	};
	const struct doctor_daemon	*m;
	const char			*set;

	l->answers = -1;
	for (size_t i = 0; i < TOP_DAEMONS; i++) {
		struct top_daemon	*d = &l->daemon[i];

		*d = (struct top_daemon){ .name = all[i][0],
		    .oldest_ms = -1 };
		if ((m = doctor_daemon(&t->doctor, all[i][1])) == NULL)
			continue;
		set = doctor_get(m, "metrics_listen");
		d->address = set != NULL ? set : all[i][2];
		if (*d->address == '\0')
			d->why_not = "it has no address for operators";
		else
			ask(l, d, a);
		if (is_local(d->address))
			d->memory = memory_of(d->name);
	}
	l->cad_memory = memory_of("signet-cad");
}
