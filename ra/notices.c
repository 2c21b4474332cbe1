/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process, and what it looks for between two mails.
 */
#include "notices.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/db_application.h"
#include "db/db_cert.h"
#include "mail/mail.h"
#include "notices_private.h"
#include "os/proc.h"
#include "os/sandbox.h"

#define POLL_MS		1000
#define SCAN_MS		1000
#define EXPIRE_MS	60000
#define SWEEP_MS	600000
#define PAGE		500
#define NEWS_AGE	(7 * 86400)	/* what is older is no news */

int
notices_check(const struct notices_setup *s, struct error *e)
{
	struct notice_texts	*texts = NULL;
	int			 rc;

	if (smtp_check(&s->smtp, e) == -1 ||
	    mail_check_address(s->from, e) == -1 ||
	    (s->reply_to != NULL && mail_check_address(s->reply_to, e) == -1)) {
		e->code = ERROR_CONFIG;
		return error_wrap(e, "mail");
	}
	rc = notice_texts_load(&texts, s->pages, s->brand, s->languages, e);
	notice_texts_free(&texts);
	return rc;
}

static int
notices_open(struct notices *n, struct error *e)
{
	static const struct db_table *const	 tables[] = { &DB_APPLICATION,
	    &DB_APPLICATION_NEW, &DB_APPLICATION_FOLLOW, &DB_CERT, &DB_NOTICE,
	    &DB_NOTICE_ADD, &DB_NOTICE_ASK, &DB_NOTICE_SCAN };
	const struct notices_setup	*s = n->setup;

	n->smtp = s->smtp;
	n->arena = arena_new();
	n->resume = true;
	snprintf(n->name, sizeof(n->name), "%s", s->instance);
	if (secret_init(e) == -1)
		return -1;
	if (s->password != NULL && secret_fetch(&n->smtp.password, s->password,
	    "password for the mail server", e) == -1)
		return -1;
	if (sandbox_drop_user(s->user, e) == -1 ||
	    notice_texts_load(&n->texts, s->pages, s->brand, s->languages,
	    e) == -1 || profiles_load(&n->profiles, s->profiles, e) == -1)
		return -1;
	db_open_later(&n->db, s->database, "rad-notices", tables,
	    sizeof(tables) / sizeof(tables[0]));
	return 0;
}

static void
notices_close(struct notices *n)
{
	db_close(&n->db);
	profiles_free(&n->profiles);
	notice_texts_free(&n->texts);
	secret_free(&n->smtp.password);
	arena_free(&n->arena);
}

/* Everything that a scan finds, page by page. */
static int
scan_news(struct notices *n, struct error *e)
{
	int64_t	 got;

	do {
		if (db_application_follow(n->db, &n->follow_after, PAGE,
		    e) == -1)
			return -1;
	} while (n->follow_after != 0);
	do {
		if ((got = db_notice_scan_issued(n->db, NEWS_AGE, PAGE,
		    e)) == -1)
			return -1;
	} while (got > 0);
	do {
		if ((got = db_notice_scan_status(n->db, NEWS_AGE, PAGE,
		    e)) == -1)
			return -1;
	} while (got > 0);
	return 0;
}

static int
scan_expiry(struct notices *n, struct error *e)
{
	int64_t	 got;

	for (size_t i = 0; DB_NOTICE_DAYS[i] != 0; i++)
		do {
			if ((got = db_notice_scan_expiring(n->db,
			    DB_NOTICE_DAYS[i], PAGE, e)) == -1)
				return -1;
		} while (got > 0);
	return 0;
}

static int
show_state(struct notices *n, struct error *e)
{
	struct db_notice_state	 s;
	struct metrics		*m = n->setup->metrics;

	if (m == NULL)
		return 0;
	if (db_notice_status(n->db, &s, e) == -1)
		return -1;
	metric_set(metrics_gauge(m, "signet_rad_notices_waiting",
	    "Notices that wait to be sent.", NULL), s.waiting);
	metric_set(metrics_gauge(m, "signet_rad_notices_dead",
	    "Notices that were given up.", NULL), s.dead);
	metric_set(metrics_gauge(m, "signet_rad_notices_oldest_seconds",
	    "Age of the oldest notice that waits.", NULL), s.oldest == 0 ? 0 :
	    clock_now(&clock_system) - s.oldest);
	metric_set(metrics_gauge(m, "signet_rad_mail_server_up",
	    "Has the mail server taken the last mail that it was offered?",
	    NULL), n->failures == 0);
	return 0;
}

/* Make what is due; -1: the store. */
static int
notices_scan(struct notices *n, struct error *e)
{
	int64_t	 now = clock_monotonic_ms();

	if (now >= n->scan_at) {
		if (n->scan_at == 0 && db_notice_start(n->db, e) == -1)
			return -1;
		if (scan_news(n, e) == -1 || show_state(n, e) == -1)
			return -1;
		n->scan_at = now + SCAN_MS;
	}
	if (now >= n->expire_at) {
		if (db_application_expire(n->db, PAGE, e) == -1 ||
		    scan_expiry(n, e) == -1)
			return -1;
		n->expire_at = now + EXPIRE_MS;
	}
	if (now >= n->sweep_at) {
		if (db_notice_sweep(n->db, clock_now(&clock_system) -
		    n->setup->keep, PAGE, e) == -1)
			return -1;
		n->sweep_at = now + SWEEP_MS;
	}
	return 0;
}

/* Until the store has news, the parent is gone (false), or a second. */
static bool
wait_for_news(int parent, struct db *db)
{
	struct error	 ignored = ERROR_INIT;
	char		 channel[64];
	struct pollfd	 fd[2] = { { parent, POLLIN, 0 },
	    { db_socket(db), POLLIN, 0 } };

	if (poll(fd, 2, POLL_MS) == -1 && errno != EINTR)
		return false;
	if (fd[0].revents != 0)
		return false;
	while (db_notified(db, channel, &ignored) == 1)
		;
	return true;
}

/* One line when a trouble begins and one when it is over. */
static void
say(const struct error *e, bool *ailing)
{
	if (e->code != ERROR_NONE && !*ailing)
		log_error(e, "notices: will try again");
	else if (e->code == ERROR_NONE && *ailing)
		log_info("notices: all is well again");
	*ailing = e->code != ERROR_NONE;
}

static int
notices_run(int parent, struct notices *n, struct error *e)
{
	const struct sandbox	 box = { .no_exec = true };
	bool			 landlock, ailing = false, listens = false;
	int			 rc;

	if (sandbox_enter(&box, &landlock, e) == -1)
		return -1;
	db_set_bell(n->db, parent);
	for (;;) {
		error_clear(e);
		if (!listens)
			listens = db_listen(n->db, NOTICES_CHANNEL, e) == 0;
		rc = listens && notices_scan(n, e) == 0 ?
		    notices_send(n, e) : -1;
		/* Between two tries at a server in trouble it is still. */
		if (rc != 0 || e->code != ERROR_NONE || n->failures == 0)
			say(e, &ailing);
		if (rc != 1 && !wait_for_news(parent, n->db))
			return 0;
	}
}

int
notices_main(int parent, void *arg)
{
	struct notices	 n = { .setup = arg };
	struct error	 e = ERROR_INIT;
	int		 rc;

	if ((rc = notices_open(&n, &e)) == 0)
		rc = notices_run(parent, &n, &e);
	if (rc == -1)
		log_error(&e, "notices");
	notices_close(&n);
	return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
