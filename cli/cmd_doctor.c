/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet doctor: what is wrong with this installation, what comes of it, and
 * what to do.
 */
#include <stdarg.h>
#include <stdio.h>

#include "cli/doctor.h"

static const struct cmd_opt opts[] = {
	{ "offline", 0, CMD_FLAG, false, NULL,
	    "ask no address: only files, programs and the store" },
	{ "min-free", 0, CMD_NUMBER, false, "PERCENT",
	    "room that a file system is to have (10)" },
	{ "strict", 0, CMD_FLAG, false, NULL,
	    "a warning is a failure, too" },
	CMD_OPT_END
};

static const char *const levels[] = {
	[DOCTOR_UNKNOWN] = "unknown",
	[DOCTOR_WARNING] = "warning",
	[DOCTOR_PROBLEM] = "problem",
};

const char *
doctor_text(struct doctor *d, const char *fmt, ...)
{
	char	 text[1024];
	va_list	 ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return arena_strdup(d->arena, text);
}

void
doctor_looked(struct doctor *d)
{
	d->checks++;
}

static void
add(struct doctor *d, const struct doctor_finding *f)
{
	d->found = mem_resize(d->found, d->n + 1, sizeof(*d->found));
	d->found[d->n++] = *f;
}

void
doctor_say(struct doctor *d, enum doctor_level level, const char *check,
    const char *effect, const char *fix, const char *fmt, ...)
{
	struct doctor_finding	 f = { level, check, NULL, effect, fix };
	char			 cause[512];
	va_list			 ap;

	va_start(ap, fmt);
	vsnprintf(cause, sizeof(cause), fmt, ap);
	va_end(ap);
	f.cause = arena_strdup(d->arena, cause);
	add(d, &f);
}

void
doctor_unknown(struct doctor *d, const char *check, const struct error *e)
{
	struct doctor_finding	 f = { DOCTOR_UNKNOWN, check,
	    arena_strdup(d->arena, e->text), "this was not looked at",
	    *e->hint != '\0' ? arena_strdup(d->arena, e->hint) :
	    "mend that, then: signet doctor" };

	add(d, &f);
}

/* ---- telling ---- */

static void
show_list(const struct doctor *d)
{
	static const struct out_col	 cols[] = {
		{ "level", "LEVEL", 0 }, { "check", "CHECK", 0 },
		{ "cause", "CAUSE", 0 }, { "effect", "EFFECT", 0 },
		{ "fix", "FIX", 0 },
	};
	struct out_list			*l;
	size_t				 i;

	l = out_list_new(stdout, true, 0, cols, 5);
	for (i = 0; i < d->n; i++) {
		out_text(l, levels[d->found[i].level]);
		out_text(l, d->found[i].check);
		out_text(l, d->found[i].cause);
		out_text(l, d->found[i].effect);
		out_text(l, d->found[i].fix);
	}
	out_list_free(&l);
}

static void
show_words(const struct doctor *d)
{
	size_t	 i;
	int	 level;

	for (level = DOCTOR_PROBLEM; level >= DOCTOR_UNKNOWN; level--)
		for (i = 0; i < d->n; i++) {
			if ((int)d->found[i].level != level)
				continue;
			cli_say(d->cli, "%s %s: %s\n    effect: %s\n"
			    "    fix:    %s", levels[level],
			    d->found[i].check, d->found[i].cause,
			    d->found[i].effect, d->found[i].fix);
		}
}

static size_t
count(const struct doctor *d, enum doctor_level level)
{
	size_t	 i, n = 0;

	for (i = 0; i < d->n; i++)
		n += d->found[i].level == level;
	return n;
}

static int
judge(const struct doctor *d, bool strict, struct error *e)
{
	size_t	 problems = count(d, DOCTOR_PROBLEM);
	size_t	 warnings = count(d, DOCTOR_WARNING);

	cli_say(d->cli, "%zu things looked at: %zu problems, %zu warnings, "
	    "%zu not to be seen", d->checks, problems, warnings,
	    count(d, DOCTOR_UNKNOWN));
	if (problems == 0 && (!strict || d->n == 0))
		return 0;
	return error_set(e, ERROR_CONFIG, "%zu problems and %zu warnings, see "
	    "above", problems, warnings);
}

static int
doctor(struct cmd_args *a, void *ctx, struct error *e)
{
	static doctor_fn *const	 parts[] = { doctor_files, doctor_certs,
	    doctor_host, doctor_store, doctor_chain, doctor_net };
	struct cli		*c = ctx;
	struct doctor		 d = { .cli = c };
	size_t			 i;
	int			 rc;

	cli_begin(c, a);
	d.min_free = cmd_number(a, "min-free", 10);
	d.offline = cmd_flag(a, "offline");
	if (d.min_free < 0 || d.min_free > 100)
		return error_set(e, ERROR_INPUT, "--min-free: from 0 to 100");
	if (cli_settings(c, e) == -1)
		return -1;
	d.arena = c->desk.arena;
	d.now = clock_now(c->desk.clock);
	d.dir = c->conf_dir;
	doctor_conf_read(&d);
	doctor_conf_ask(&d);
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		parts[i](&d);
	if (c->json)
		show_list(&d);
	else
		show_words(&d);
	rc = judge(&d, cmd_flag(a, "strict"), e);
	doctor_conf_close(&d);
	db_close(&d.db);
	mem_free(&d.found);
	return rc;
}

const struct cmd CLI_DOCTOR[] = {
	{ "doctor", NULL, "find mistakes of an installation, and their fixes",
	    "Looks at settings, files, keys, certificates, the store and "
	    "addresses, and says of each mistake what it is, what comes of "
	    "it, and what to do.  Changes nothing.  Best as root, who may "
	    "look everywhere.",
	    "signet doctor\nsignet doctor --offline --json\n",
	    opts, 0, 0, doctor },
	CMD_END
};
