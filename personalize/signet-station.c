/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet-station: cards go in blank and come out as somebody's.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/screen.h"
#include "card.h"
#include "enrol.h"
#include "look.h"
#include "office.h"
#include "os/cmd.h"
#include "pcsc.h"
#include "station.h"

#define LOOK_MS		1500

static const struct cmd_opt	 global[] = {
	{ "config", 'c', CMD_STRING, false, "FILE",
	    "settings (" STATION_CONF_PATH ")" },
	CMD_OPT_END
};

static int
get_conf(const struct cmd_args *a, struct station_conf *c, struct error *e)
{
	memset(c, 0, sizeof(*c));
	if (conf_load(c, STATION_CONF, cmd_string(a, "config", STATION_CONF_PATH),
	    e) == -1)
		return -1;
	return station_conf_check(c, e);
}

/* ---- readers ---- */

static const struct cmd_opt	 readers_opts[] = {
	{ "json", 0, CMD_FLAG, false, NULL, "print JSON, one object a line" },
	CMD_OPT_END
};

static int
find_readers(struct arena *arena, char ***names, size_t *n, struct error *e)
{
	struct pcsc	*p = NULL;
	int		 rc;

	if (pcsc_open(&p, e) == -1)
		return -1;
	rc = pcsc_readers(p, arena, names, n, e);
	pcsc_close(&p);
	return rc;
}

/* What is said of the card, members as "look" has them. */
static json_t *
see_card(struct pcsc *p, const char *reader)
{
	struct error	 e = ERROR_INIT;
	struct card_io	 io;
	struct card	 c;
	json_t		*o = json_pack("{s:s, s:n, s:n, s:n, s:n}", "reader",
			    reader, "identity", "family", "extended",
			    "problem");

	if (pcsc_connect(p, reader, LOOK_MS, &io, &e) == -1) {
		if (e.code != ERROR_NOTFOUND)
			json_object_set_new(o, "problem", json_string(e.text));
		return o;
	}
	if (card_open(&c, &io, &e) == -1)
		json_object_set_new(o, "problem", json_string(e.text));
	else {
		json_object_set_new(o, "family", json_string(c.driver->name));
		json_object_set_new(o, "extended",
		    json_boolean(c.info.extended));
		if (*c.info.identity != '\0')
			json_object_set_new(o, "identity",
			    json_string(c.info.identity));
	}
	apdu_close(&io);
	return o;
}

static void
say_card(const json_t *o)
{
	const char	*problem = json_string_value(json_object_get(o,
			    "problem"));
	const char	*family = json_string_value(json_object_get(o,
			    "family"));
	const char	*identity = json_string_value(json_object_get(o,
			    "identity"));

	printf("%s\n", json_string_value(json_object_get(o, "reader")));
	if (family != NULL)
		printf("    %s, %s card, %s\n", family, json_is_true(
		    json_object_get(o, "extended")) ? "extended" : "strict",
		    identity != NULL ? identity : "without a serial number");
	else
		printf("    %s\n", problem != NULL ? problem : "no card");
}

static void
show_card(struct pcsc *p, const char *reader, bool as_json)
{
	json_t	*o = see_card(p, reader);

	if (as_json) {
		json_dumpf(o, stdout, JSON_COMPACT);
		putchar('\n');
	} else
		say_card(o);
	json_decref(o);
}

static int
readers(struct cmd_args *a, void *ctx, struct error *e)
{
	struct arena	*arena = arena_new();
	struct pcsc	*p = NULL;
	char		**names;
	size_t		 n = 0;
	int		 rc = -1;

	(void)ctx;
	if (pcsc_open(&p, e) == 0 &&
	    (rc = pcsc_readers(p, arena, &names, &n, e)) == 0) {
		for (size_t i = 0; i < n; i++)
			show_card(p, names[i], cmd_flag(a, "json"));
		if (n == 0) {
			rc = error_set(e, ERROR_NOTFOUND, "pcscd knows no "
			    "reader");
			error_hint(e, "plug one in; for its driver see "
			    "apt-cache search pcsc");
		}
	}
	pcsc_close(&p);
	arena_free(&arena);
	return rc;
}

/* ---- check ---- */

static int
check(struct cmd_args *a, void *ctx, struct error *e)
{
	struct station_conf	 conf;
	struct office_setup	 o = { .conf = &conf };
	int			 rc;

	(void)ctx;
	if (get_conf(a, &conf, e) == -1)
		return -1;
	if ((rc = office_check(&o, e)) == 0)
		puts("The settings are right: keys and certificates are "
		    "there and fit.");
	conf_free(&conf, STATION_CONF);
	return rc;
}

/* ---- run ---- */

static bool
is_wanted(const char *name, const char *const *wanted, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(name, wanted[i]) == 0)
			return true;
	return n == 0;
}

static int
choose_readers(struct cmd_args *a, const struct station_conf *c,
    struct arena *arena, struct station_run *run, struct error *e)
{
	const char *const	*wanted;
	char			**names;
	size_t			 n, kept = 0, nwanted;

	if ((nwanted = cmd_many(a, "reader", &wanted)) == 0) {
		wanted = (const char *const *)c->readers.v;
		nwanted = c->readers.n;
	}
	if (find_readers(arena, &names, &n, e) == -1)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (is_wanted(names[i], wanted, nwanted))
			names[kept++] = names[i];
	run->reader = names;
	run->n = kept;
	if (kept > 0)
		return 0;
	error_set(e, ERROR_NOTFOUND, n == 0 ? "pcscd knows no reader" :
	    "none of the readers that are there is wanted");
	return error_hint(e, "see signet-station readers");
}

static int
run(struct cmd_args *a, void *ctx, struct error *e)
{
	struct arena		*arena = arena_new();
	struct station_conf	 conf;
	struct station_run	 r = { .conf = &conf };
	int			 rc = -1;

	(void)ctx;
	if (get_conf(a, &conf, e) == -1) {
		arena_free(&arena);
		return -1;
	}
	r.nbatches = cmd_many(a, "batch", &r.batch);
	r.show = cmd_flag(a, "json") ? SHOW_JSON : cmd_flag(a, "lines") ||
	    !screen_is_able(STDOUT_FILENO) ? SHOW_LINES : SHOW_BOARD;
	r.quiet = cmd_flag(a, "quiet");
	r.stop_after = cmd_number(a, "cards", 0);
	if (r.stop_after < 0)
		error_set(e, ERROR_INPUT, "--cards: not less than 0");
	else if (choose_readers(a, &conf, arena, &r, e) == 0)
		rc = station_run(&r, e);
	conf_free(&conf, STATION_CONF);
	arena_free(&arena);
	return rc;
}

static const struct cmd_opt	 run_opt[] = {
	{ "batch", 'b', CMD_MANY, true, "NAME", "work on this batch" },
	{ "reader", 'r', CMD_MANY, false, "NAME",
	    "use this reader (all, or those of the settings)" },
	{ "cards", 'n', CMD_NUMBER, false, "N",
	    "end when so many cards are issued" },
	{ "lines", 0, CMD_FLAG, false, NULL,
	    "print lines, as without a terminal, and no board" },
	{ "json", 0, CMD_FLAG, false, NULL,
	    "print each event as one line of JSON" },
	{ "quiet", 'q', CMD_FLAG, false, NULL, "do not ring" },
	CMD_OPT_END
};

static const struct cmd	 commands[] = {
	{ "run", "", "personalise cards of batches",
	    "Whoever sits there puts blank cards into any reader, in any"
	    " order, and takes them out when the board says so.  A card that"
	    " was interrupted is taken up again in any reader, and one that"
	    " is not for this station is refused.",
	    "signet-station run --batch 2026-11-a",
	    run_opt, 0, 0, run },
	{ "enrol", "", "make one's own card, with a one-time code",
	    "A blank card in the reader gets a key, a PIN of the holder's"
	    " choice, and the certificate that the one-time code is for.  What"
	    " was interrupted goes on when the same is said again, with the"
	    " same card and code.",
	    "signet-station enrol --ra https://ra.example.org --holder 4711",
	    ENROL_OPTIONS, 0, 0, enrol },
	{ "look", "", "is the card in a reader as it should be?",
	    "Nothing on the card is changed.  The card's PIN is needed only to"
	    " try the keys that want it, and its last try is never spent.",
	    "signet-station look --store",
	    LOOK_OPTIONS, 0, 0, look },
	{ "check", "", "are the settings right, and what they name there?",
	    NULL, NULL, NULL, 0, 0, check },
	{ "readers", "", "what readers there are, and which cards in them",
	    NULL, NULL, readers_opts, 0, 0, readers },
	{ NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, NULL }
};

int
main(int argc, char *argv[])
{
	static const struct cmd_suite	 suite = {
		.prog = "signet-station",
		.summary = "personalise smart cards",
		.cmd = commands, .global = global,
	};
	struct error			 e = ERROR_INIT;

	if (secret_init(&e) == -1) {
		log_error(&e, "signet-station");
		return EXIT_FAILURE;
	}
	return cmd_run(&suite, argc, argv, NULL);
}
