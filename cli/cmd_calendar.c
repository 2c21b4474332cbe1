/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet calendar: what ends or is due, soonest first.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "cli/calendar.h"
#include "cli/list.h"
#include "os/file.h"

#define DAY	INT64_C(86400)

static const struct cmd_opt opts[] = {
	{ "within", 0, CMD_NUMBER, false, "DAYS",
	    "what ends in so many days (90); what is due in any case" },
	{ "each", 0, CMD_FLAG, false, NULL,
	    "each certificate and card of holders, not how many a week" },
	{ "ical", 0, CMD_STRING, false, "FILE",
	    "write a calendar (iCalendar) to FILE, - is standard output" },
	{ "strict", 0, CMD_FLAG, false, NULL,
	    "what is due is a failure, too" },
	CMD_OPT_END
};

static const char *const states[CALENDAR__MAX] = {
	[CALENDAR_COMING] = "coming",
	[CALENDAR_DUE] = "due",
	[CALENDAR_OVERDUE] = "overdue",
};

enum calendar_state
calendar_state(const struct calendar *k, const struct calendar_entry *v)
{
	if (v->from == 0 || k->now < v->from)
		return CALENDAR_COMING;
	return k->now < v->at ? CALENDAR_DUE : CALENDAR_OVERDUE;
}

void
calendar_add(struct calendar *k, const struct calendar_entry *v)
{
	if (v->at > k->until && calendar_state(k, v) == CALENDAR_COMING)
		return;
	k->v = mem_resize(k->v, k->n + 1, sizeof(*k->v));
	k->v[k->n++] = *v;
}

void
calendar_unknown(struct calendar *k, const char *what, struct error *e)
{
	cli_warn(k->cli, "not looked at: %s: %s", what, e->text);
	error_clear(e);
	k->unknown++;
}

static int
earlier(const void *a, const void *b)
{
	const struct calendar_entry	*x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return strcmp(x->what, y->what);
}

/* ---- telling ---- */

/* "2026-11-21 02:49 +0100"; "" where local time is UTC. */
static const char *
local_text(char dst[32], int64_t at)
{
	time_t		 t = (time_t)at;
	struct tm	 tm;

	dst[0] = '\0';
	if (localtime_r(&t, &tm) != NULL && tm.tm_gmtoff != 0)
		strftime(dst, 32, "%Y-%m-%d %H:%M %z", &tm);
	return dst;
}

static const char *
distance_text(char dst[32], int64_t seconds)
{
	int64_t	 s = seconds < 0 ? -seconds : seconds;

	snprintf(dst, 32, s < 2 * DAY ? "%s%lld h" : "%s%lld days",
	    seconds < 0 ? "-" : "", (long long)(s < 2 * DAY ? s / 3600 :
	    s / DAY));
	return dst;
}

static void
show_row(const struct calendar *k, const struct calendar_entry *v,
    struct out_list *l, bool local)
{
	char	 text[32];

	out_time(l, v->at);
	if (local)
		out_text(l, local_text(text, v->at));
	if (!k->cli->json)
		out_text(l, distance_text(text, v->at - k->now));
	out_text(l, states[calendar_state(k, v)]);
	out_text(l, v->kind);
	out_text(l, v->what);
	out_text(l, v->todo);
	out_time(l, v->from);
	out_num(l, (v->at - k->now) / DAY);
	out_num(l, v->count == 0 ? 1 : v->count);
	out_text(l, v->key);
}

/* Local time and the distance are for people. */
static void
show(const struct calendar *k)
{
	static const struct out_col	 all[] = {
		{ "at", "UTC", 0 },
		{ "local", "LOCAL", 0 }, { "in", "IN", OUT_RIGHT },
		{ "state", "STATE", 0 }, { "kind", "KIND", 0 },
		{ "what", "WHAT", OUT_SHRINK }, { "todo", "TO DO", OUT_SHRINK },
		{ "from", NULL, OUT_JSON }, { "days_left", NULL, OUT_JSON },
		{ "count", NULL, OUT_JSON }, { "key", NULL, OUT_JSON },
	};
	struct out_col			 cols[11];
	struct out_list			*l;
	char				 text[32];
	bool				 local = !k->cli->json &&
	    *local_text(text, k->now) != '\0';
	size_t				 i, n = 0;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if ((i != 1 || local) && (i != 2 || !k->cli->json))
			cols[n++] = all[i];
	l = out_list_new(stdout, k->cli->json, 0, cols, n);
	for (i = 0; i < k->n; i++)
		show_row(k, &k->v[i], l, local);
	out_list_free(&l);
}

static size_t
count(const struct calendar *k, enum calendar_state s)
{
	size_t	 n = 0;

	for (size_t i = 0; i < k->n; i++)
		n += calendar_state(k, &k->v[i]) == s;
	return n;
}

/* A calendar is written again and again to the same place. */
static int
export(struct calendar *k, const char *path, struct error *e)
{
	struct buf		 text = { 0 };
	struct out_record	*r;
	int			 rc = calendar_ical(k, &text, e);

	if (rc == 0 && strcmp(path, "-") == 0) {
		rc = list_write(path, &text, e);
	} else if (rc == 0 && (rc = file_store(path, text.p, text.len, 0644,
	    e)) == 0) {
		r = out_record_new(stdout, k->cli->json);
		out_put(r, "file", NULL, path);
		out_put_num(r, "entries", NULL, (int64_t)k->n);
		out_put_num(r, "overdue", NULL, (int64_t)count(k,
		    CALENDAR_OVERDUE));
		out_put_line(r, "%zu entries are in %s", k->n, path);
		out_record_free(&r);
	}
	buf_clear(&text);
	return rc;
}

static int
judge(const struct calendar *k, bool strict, struct error *e)
{
	size_t	 overdue = count(k, CALENDAR_OVERDUE);
	size_t	 due = count(k, CALENDAR_DUE);

	if (overdue == 0 && (!strict || due + k->unknown == 0))
		return 0;
	error_set(e, ERROR_CONFIG, "%zu overdue, %zu due, %zu not to be seen",
	    overdue, due, k->unknown);
	return error_hint(e, "what to do about each: signet calendar; what "
	    "comes of it: signet doctor");
}

static int
look(struct calendar *k, struct error *e)
{
	struct cli	*c = k->cli;

	if (cli_open_trust(c, e) == -1 || cli_open_profiles(c, e) == -1 ||
	    cli_open_db(c, e) == -1)
		return -1;
	k->arena = k->doctor.arena = c->desk.arena;
	k->doctor.now = k->now;
	k->doctor.dir = c->conf_dir;
	doctor_conf_read(&k->doctor);
	calendar_files(k);
	if (calendar_store(k, e) == -1)
		return -1;
	if (k->n > 0)
		qsort(k->v, k->n, sizeof(*k->v), earlier);
	return 0;
}

static int
calendar(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	struct calendar	 k = { .cli = c, .doctor = { .cli = c } };
	int64_t		 within = cmd_number(a, "within", 90);
	const char	*ical = cmd_string(a, "ical", NULL);
	int		 rc = -1;

	cli_begin(c, a);
	if (within < 0 || within > 36500)
		return error_set(e, ERROR_INPUT, "--within: from 0 to 36500 "
		    "days");
	k.now = clock_now(c->desk.clock);
	k.until = k.now + within * DAY;
	k.each = cmd_flag(a, "each");
	if (look(&k, e) == -1)
		goto out;
	if (ical == NULL)
		show(&k);
	else if (export(&k, ical, e) == -1)
		goto out;
	if (k.n == 0 && ical == NULL)
		cli_say(c, "nothing ends in %lld days", (long long)within);
	rc = judge(&k, cmd_flag(a, "strict"), e);
 out:
	doctor_conf_close(&k.doctor);
	mem_free(&k.v);
	mem_free(&k.serial);
	return rc;
}

const struct cmd CLI_CALENDAR[] = {
	{ "calendar", NULL, "say what ends or is due, and when",
	    "Certificates of CAs, agents, officers and servers, lists, "
	    "generations of CAs, security keys, backups, and how many "
	    "certificates and cards of holders end in each week.  Fails when "
	    "something is overdue.",
	    "signet calendar --within 365\n"
	    "signet calendar --ical /srv/www/signet.ics --within 730\n",
	    opts, 0, 0, calendar },
	CMD_END
};
