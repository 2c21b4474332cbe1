/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The questions of "signet init" at a terminal: what options left open.  A
 * wrong answer is explained and asked for again, so that nobody has to begin
 * anew for a slip of the finger.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/init.h"
#include "db/migrate.h"

#define ANSWER_MAX	400

/* 1: there is an answer, 0: an empty one, -1: the input has ended. */
static int
ask(char line[ANSWER_MAX], const char *question, const char *dflt,
    struct error *e)
{
	fprintf(stderr, "%s%s%s%s: ", question, dflt != NULL ? " [" : "",
	    dflt != NULL ? dflt : "", dflt != NULL ? "]" : "");
	fflush(stderr);
	if (fgets(line, ANSWER_MAX, stdin) == NULL) {
		fputc('\n', stderr);
		error_set(e, ERROR_INPUT, "the answers ended early; nothing "
		    "was done");
		return error_hint(e, "signet init asks again; or write the "
		    "answers into a file: signet-init(1)");
	}
	line[strcspn(line, "\n")] = '\0';
	if (line[0] == '\0' && dflt != NULL)
		snprintf(line, ANSWER_MAX, "%s", dflt);
	return line[0] != '\0';
}

static void
explain(struct error *why)
{
	fprintf(stderr, "    %s\n", why->text);
	if (why->hint[0] != '\0')
		fprintf(stderr, "    %s\n", why->hint);
	error_clear(why);
}

static int
ask_text(char **to, const char *question, const char *dflt,
    init_check_fn *check, struct error *e)
{
	char		 line[ANSWER_MAX];
	struct error	 why = ERROR_INIT;
	int		 given;

	while (*to == NULL) {
		if ((given = ask(line, question, dflt, e)) == -1)
			return -1;
		if (given == 0)
			continue;
		if (check("that", line, &why) == -1)
			explain(&why);
		else
			*to = mem_strdup(line);
	}
	return 0;
}

static int
check_name(const char *name, const char *answer, struct error *e)
{
	return init_check_text(name, answer, 64, e);
}

static int
check_database(const char *name, const char *answer, struct error *e)
{
	(void)name;
	return migrate_check_owner(answer, e);
}

/* The last one entered, against those before it. */
static void
drop_last(struct conf_groups *g)
{
	struct init_person	*p = (struct init_person *)g->v + --g->n;

	mem_free(&p->id);
	mem_free(&p->name);
	mem_free(&p->mail);
}

static int
ask_person(struct conf_groups *g, const struct conf_groups *others,
    const char *question, struct error *e)
{
	char		 line[ANSWER_MAX];
	struct error	 why = ERROR_INIT;
	int		 given;

	if ((given = ask(line, question, NULL, e)) != 1)
		return given;
	if (init_add_person(g, line, &why) == -1)
		explain(&why);
	else if (init_check_persons("that", g, others, &why) == -1) {
		drop_last(g);
		explain(&why);
	}
	return 1;
}

static int
ask_persons(struct init_conf *c, struct error *e)
{
	char	 question[120];
	int	 more = 1;

	while (c->security_officers.n < 2) {
		snprintf(question, sizeof(question), "Security officer %zu of "
		    "2, as ID:NAME:MAIL", c->security_officers.n + 1);
		if (ask_person(&c->security_officers, NULL, question, e) == -1)
			return -1;
	}
	if (c->officers.n > 0)
		return 0;
	while (more == 1) {
		snprintf(question, sizeof(question), "Officer %zu as "
		    "ID:NAME:MAIL (empty: no more)", c->officers.n + 1);
		more = ask_person(&c->officers, &c->security_officers,
		    question, e);
	}
	return more;
}

static int
ask_threshold(struct init_conf *c, struct error *e)
{
	char		 line[ANSWER_MAX], question[100];
	struct error	 why = ERROR_INIT;

	snprintf(question, sizeof(question), "How many of these %zu are "
	    "needed to use it", c->custodians.n);
	while (c->threshold == 0) {
		if (ask(line, question, "2", e) == -1)
			return -1;
		if (text_parse_number(&c->threshold, line, 2,
		    (int64_t)c->custodians.n, &why) == -1) {
			c->threshold = 0;
			explain(&why);
		}
	}
	return 0;
}

static int
ask_custodians(struct init_conf *c, struct error *e)
{
	char	 line[ANSWER_MAX], question[100];
	int	 given;

	if (c->custodians.n > 0 || c->root_passphrase != NULL)
		return 0;
	for (;;) {
		snprintf(question, sizeof(question), "Custodian %zu of the "
		    "root's key (empty: %s)", c->custodians.n + 1,
		    c->custodians.n == 0 ? "none, one passphrase" : "no more");
		if ((given = ask(line, question, NULL, e)) == -1)
			return -1;
		if (given == 1)
			init_add_custodian(c, line);
		else if (c->custodians.n != 1)
			break;
		else
			fputs("    one custodian alone is none: name another\n",
			    stderr);
	}
	return c->custodians.n > 0 ? ask_threshold(c, e) : 0;
}

int
init_ask(struct init *in, struct error *e)
{
	struct init_conf	*c = &in->conf;

	fprintf(stderr, "Setting up an installation in %s.  Nothing is done "
	    "before the last question\nis answered; Control-C leaves all as "
	    "it is.\n\n", in->dir);
	if (ask_text(&c->organization, "Organisation, as in certificates",
	    NULL, check_name, e) == -1 ||
	    ask_text(&c->country, "Country (two capital letters)", NULL,
	    init_check_country, e) == -1 ||
	    ask_text(&c->url, "Address for lists, CA certificates and OCSP "
	    "(http://...)", NULL, init_check_url, e) == -1 ||
	    ask_text(&c->database, "Database, as a user who may make databases "
	    "and roles", "host=/run/postgresql user=postgres dbname=signet",
	    check_database, e) == -1 ||
	    ask_custodians(c, e) == -1)
		return -1;
	return ask_persons(c, e);
}
