/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending, and what becomes of a notice that could not be sent.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "mail/mail.h"
#include "notices_private.h"

#define BATCH		20
#define PAUSE_MAX_MS	60000	/* of a server in trouble */
#define WAIT_FIRST	60	/* of a mail that is delayed, s */
#define WAIT_MAX	14400
#define LATER_WAIT	2	/* of one that met the trouble, s */
#define GIVE_UP		(5 * 86400)	/* RFC 5321, 4.5.4.1 */

static void
count(struct notices *n, const char *how, const char *kind)
{
	if (n->setup->metrics != NULL)
		metric_add(metrics_counter(n->setup->metrics,
		    "signet_rad_notices", "Notices by what became of them.",
		    "result", how, "kind", kind, NULL), 1);
}

/* All mail has to wait a while. */
static void
server_ails(struct notices *n)
{
	int64_t	 pause = 1000;

	for (int i = 0; i < n->failures && pause < PAUSE_MAX_MS; i++)
		pause *= 2;
	n->failures++;
	n->retry_at = clock_monotonic_ms() + (pause < PAUSE_MAX_MS ? pause :
	    PAUSE_MAX_MS);
}

static int64_t
wait_after(int64_t attempts)
{
	int64_t	 s = WAIT_FIRST;

	while (attempts-- > 0 && s < WAIT_MAX)
		s *= 2;
	return s < WAIT_MAX ? s : WAIT_MAX;
}

static int
finish(struct notices *n, const struct db_notice *t, enum smtp_result result,
    const struct error *why, struct error *e)
{
	bool	 dead = result == SMTP_REFUSED || (result == SMTP_DELAYED &&
	    t->made_at + GIVE_UP < clock_now(&clock_system));

	switch (result) {
	case SMTP_SENT:
		n->failures = 0;
		count(n, "sent", t->kind);
		return db_notice_sent(n->db, t->id, e);
	case SMTP_LATER:
		/* To the end of the queue: it may be this one that hurts. */
		server_ails(n);
		count(n, "later", t->kind);
		return db_notice_fail(n->db, t->id, why->text, LATER_WAIT,
		    false, e);
	case SMTP_DELAYED:
	case SMTP_REFUSED:
		n->failures = 0;
		count(n, dead ? "dead" : "delayed", t->kind);
		if (dead)
			log_error(why, "notice %lld (%s): given up",
			    (long long)t->id, t->kind);
		return db_notice_fail(n->db, t->id, why->text,
		    wait_after(t->attempts), dead, e);
	}
	return 0;
}

static enum smtp_result
post(struct notices *n, const struct db_notice *t, struct notice_mail *m,
    struct error *why)
{
	const struct notices_setup	*s = n->setup;
	char				 id[80];
	struct mail			 mail = { .from = s->from,
	    .from_name = s->from_name, .reply_to = s->reply_to, .to = m->to,
	    .subject = buf_cstr(&m->subject), .body = buf_cstr(&m->body),
	    .lang = m->lang, .id = id, .date = clock_now(&clock_system) };
	struct buf			 message = { 0 };
	enum smtp_result		 result = SMTP_REFUSED;

	snprintf(id, sizeof(id), "notice.%lld.%lld", (long long)t->id,
	    (long long)t->made_at);
	if (mail_write(&message, &mail, why) == 0)
		result = smtp_send(&n->smtp, s->from, m->to,
		    (struct bytes){ message.p, message.len }, why);
	buf_clear(&message);
	return result;
}

/* *result: SMTP_LATER when it is better to send no more now. */
static int
send_one(struct notices *n, const struct db_notice *t,
    enum smtp_result *result, struct error *why, struct error *e)
{
	struct notice_mail	 m;
	const char		*pointless = NULL;
	int			 rc;

	*result = SMTP_SENT;
	if ((rc = notice_render(n, t, &m, &pointless, e)) == 1) {
		*result = post(n, t, &m, why);
		rc = finish(n, t, *result, why, e);
	} else if (rc == 0) {
		count(n, "dropped", t->kind);
		rc = db_notice_drop(n->db, t->id, pointless, e);
	}
	notice_mail_clear(&m);
	return rc;
}

int
notices_send(struct notices *n, struct error *e)
{
	struct error		 why = ERROR_INIT;
	struct db_notices	 work;
	enum smtp_result	 result = SMTP_SENT;
	size_t			 i;

	if (clock_monotonic_ms() < n->retry_at)
		return 0;
	arena_reset(n->arena);
	if ((n->resume && db_notice_resume(n->db, n->name, e) == -1) ||
	    db_notice_claim(n->db, n->name, n->failures > 0 ? 1 : BATCH,
	    (int64_t)BATCH * (n->smtp.ms / 1000 + 2), &work, n->arena,
	    e) == -1)
		return -1;
	n->resume = false;
	for (i = 0; i < work.n && result != SMTP_LATER; i++) {
		error_clear(&why);
		if (send_one(n, &work.v[i], &result, &why, e) == -1) {
			n->resume = true;
			return -1;
		}
	}
	for (; i < work.n; i++)
		if (db_notice_release(n->db, work.v[i].id, e) == -1)
			return -1;
	if (result == SMTP_LATER) {
		*e = why;
		return 0;
	}
	return work.n > 0;
}
