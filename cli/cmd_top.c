/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet top: an installation at work.  On a terminal the page is drawn again
 * and again until q is pressed; elsewhere it is printed once.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/top.h"

#define WIDE	132		/* columns where there is no terminal */

static volatile sig_atomic_t	 told_to_end;

static const struct cmd_opt opts[] = {
	{ "interval", 'i', CMD_NUMBER, false, "SECONDS",
	    "look so often (2)" },
	{ "once", '1', CMD_FLAG, false, NULL,
	    "print one page, as without a terminal" },
	CMD_OPT_END
};

static void
on_signal(int sig)
{
	if (sig != SIGWINCH)
		told_to_end = 1;
}

/* None of them restarts poll(): a window that changed is drawn at once. */
static void
catch_signals(void)
{
	static const int	 all[] = { SIGINT, SIGTERM, SIGHUP, SIGWINCH };
	struct sigaction	 sa = { .sa_handler = on_signal };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		sigaction(all[i], &sa, NULL);
}

/* ---- the terminal ---- */

/* Keys come one by one and are not shown.  1 when they do. */
static int
take_keys(struct termios *before)
{
	struct termios	 t;

	if (tcgetattr(STDIN_FILENO, before) == -1)
		return 0;
	t = *before;
	t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	return tcsetattr(STDIN_FILENO, TCSANOW, &t) == 0;
}

static void
show(const struct top_look *l)
{
	struct screen_size	 w = screen_size(STDOUT_FILENO);
	struct buf		 page = { 0 };

	top_draw(l, &page, w.columns, w.rows > 1 ? w.rows - 1 : 1,
	    screen_has_colour());
	screen_show(stdout, &page);
	fflush(stdout);
	buf_clear(&page);
}

/* 1 look again, 0 end. */
static int
wait_for_key(const struct top_look *l, bool keys, int64_t until)
{
	struct pollfd	 p = { .fd = keys ? STDIN_FILENO : -1,
			    .events = POLLIN };
	int64_t		 left;
	char		 c;
	int		 n;

	while (told_to_end == 0 &&
	    (left = until - clock_monotonic_ms()) > 0) {
		n = poll(&p, 1, (int)left);
		if (n == -1 && errno == EINTR && told_to_end == 0)
			show(l);
		if (n != 1)
			continue;
		if (read(STDIN_FILENO, &c, 1) != 1 || c == 'q' || c == 'Q' ||
		    c == 4)
			return 0;
		return 1;
	}
	return told_to_end == 0;
}

static void
run_live(struct top *t, int64_t interval)
{
	const struct top_look	*l;
	struct termios		 before;
	bool			 keys = take_keys(&before) == 1;

	catch_signals();
	screen_begin(stdout);
	do {
		l = top_look(t);
		show(l);
	} while (wait_for_key(l, keys, l->at_ms + interval * 1000) == 1);
	screen_end(stdout);
	if (keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

/* Rates want two looks. */
static int
print_once(struct top *t, struct error *e)
{
	const struct timespec	 second = { .tv_sec = 1 };
	const struct top_look	*l;
	struct buf		 page = { 0 };

	(void)top_look(t);
	nanosleep(&second, NULL);
	l = top_look(t);
	if (t->cli->json)
		top_json(l);
	else {
		top_draw(l, &page, cli_is_terminal(STDOUT_FILENO) ?
		    screen_size(STDOUT_FILENO).columns : WIDE, 0,
		    screen_is_able(STDOUT_FILENO) && screen_has_colour());
		fputs(buf_cstr(&page), stdout);
		buf_clear(&page);
	}
	if (l->store_error == NULL)
		return 0;
	error_set(e, ERROR_UPSTREAM, "%s", l->store_error);
	return error_hint(e, "what is wrong with it: signet doctor");
}

static int
run(struct top *t, int64_t interval, struct error *e)
{
	static const struct db_table *const	 tables[] = { &DB_WATCH,
	    &DB_GAUGE, &DB_GAUGE_PUBLISH, &DB_CALENDAR };
	struct cli				*c = t->cli;

	t->doctor.arena = c->desk.arena;
	t->doctor.dir = c->conf_dir;
	doctor_conf_read(&t->doctor);
	db_open_later(&t->db, c->conf.database, "signet top", tables,
	    sizeof(tables) / sizeof(tables[0]));
	db_set_patience(t->db, 0);
	db_set_deadline(t->db, 5000);
	if (!c->json && !cmd_flag(c->args, "once") &&
	    screen_is_able(STDOUT_FILENO)) {
		run_live(t, interval);
		return 0;
	}
	return print_once(t, e);
}

static int
top(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	struct top	 t = { .cli = c, .doctor = { .cli = c } };
	int64_t		 interval = cmd_number(a, "interval", 2);
	int		 rc;

	cli_begin(c, a);
	if (interval < 1 || interval > 3600)
		return error_set(e, ERROR_INPUT, "--interval: from 1 to 3600 "
		    "seconds");
	if (cli_settings(c, e) == -1)
		return -1;
	t.arena[0] = arena_new();
	t.arena[1] = arena_new();
	rc = run(&t, interval, e);
	doctor_conf_close(&t.doctor);
	db_close(&t.db);
	arena_free(&t.arena[0]);
	arena_free(&t.arena[1]);
	return rc;
}

const struct cmd CLI_TOP[] = {
	{ "top", NULL, "watch an installation at work",
	    "Daemons, what waits, rates, when lists and OCSP signers end, "
	    "directories, cards in readers, alarms; from the store and from "
	    "the daemons' addresses for operators.  Ends with q.",
	    "signet top\nsignet top --once\nsignet top --json | jq .rates\n",
	    opts, 0, 0, top },
	CMD_END
};
