/* SPDX-License-Identifier: Apache-2.0 */
#include "worker.h"

#include <poll.h>
#include <unistd.h>

#include "base/secret.h"
#include "db/db_ca.h"
#include "db/db_clock.h"
#include "db/db_credential.h"
#include "db/db_crl.h"
#include "db/db_evidence.h"
#include "db/db_gauge.h"
#include "db/db_issue.h"
#include "db/db_key.h"
#include "db/db_ocsp.h"
#include "db/db_status.h"
#include "os/sandbox.h"
#include "worker_private.h"

#define BEAT_MS		1000
#define ENOUGH		100	/* certificates: worth another worker */
#define BACKLOG		"signet_backlog"	/* channels of the store */
#define STATUS		"signet_status"

int
worker_ask(struct worker *w, struct error *e)
{
	return msg_call(w->signer, &w->ask, &w->answer, w->ask.type, e);
}

bool
worker_is_passing(const struct error *e)
{
	return e->code == ERROR_UPSTREAM || e->code == ERROR_RETRY ||
	    e->code == ERROR_NOMEM;
}

int
worker_audit(struct db *db, const struct buf *body, size_t n,
    struct error *e)
{
	struct bytes	*v = mem_array(n + 1, sizeof(*v));
	size_t		 i;
	int		 rc;

	for (i = 0; i < n; i++)
		v[i] = BYTES(body[i].p, body[i].len);
	rc = n > 0 ? db_audit_append(db, v, n, NULL, e) : 0;
	mem_free(&v);
	return rc;
}

struct one_entry {
	const struct buf	*body;
};

static int
append_one(struct db *db, void *arg, struct error *e)
{
	struct one_entry	*o = arg;

	return worker_audit(db, o->body, 1, e);
}

void
worker_alarm(struct worker *w, const char *what, const char *detail)
{
	struct error		 e = ERROR_INIT, said = ERROR_INIT;
	struct buf		 body = { 0 };
	struct one_entry	 one = { &body };

	error_set(&said, ERROR_DENIED, "%s", detail);
	log_error(&said, "ALARM %s", what);
	worker_count(w, "signet_cad_alarms", "Alarms: see the log.", 1);
	audit_begin(&body, "alarm", clock_now(&clock_system));
	audit_str(&body, "what", what);
	audit_str(&body, "detail", detail);
	audit_str(&body, "instance", w->conf->instance);
	if (db_txn(w->db, append_one, &one, &e) == -1)
		log_error(&e, "alarm is not in the audit chain");
	buf_clear(&body);
}

static void
note_act(struct worker *w, const char *act)
{
	struct error		 e = ERROR_INIT;
	struct buf		 body = { 0 };
	struct one_entry	 one = { &body };

	if (w->index != 0)
		return;
	audit_begin(&body, act, clock_now(&clock_system));
	audit_str(&body, "instance", w->conf->instance);
	audit_str(&body, "version", PACKAGE_VERSION);
	if (db_txn(w->db, append_one, &one, &e) == -1)
		log_error(&e, "audit %s", act);
	buf_clear(&body);
}

/* The chain in the store is not the one that the signer has seen. */
static int
worker_forked(struct worker *w, const struct error *why, struct error *e)
{
	if (!w->forked && w->index == 0) {
		worker_alarm(w, "chain", why->text);
		log_info("nothing is issued or revoked: %s", why->hint);
	}
	w->forked = true;
	w->telling = false;		/* more may be lost by now */
	if (w->index == 0)
		worker_show_forked(w);
	return worker_status(w, true, e);
}

static int
worker_head(struct worker *w, struct error *e)
{
	struct db_audit_signed	 h = { .instance = w->conf->instance,
	    .at = clock_now(&clock_system) };
	struct msg		 push = { 0 };

	if (w->head == w->head_signed || w->head == 0)
		return 0;
	msg_init(&w->ask, WIRE_HEAD);
	if (worker_ask(w, e) == -1) {
		if (e->code != ERROR_NOTFOUND)
			return -1;
		error_clear(e);		/* no agent certificate yet */
		return 0;
	}
	h.seq = msg_get_i64(&w->answer);
	h.cms = msg_get_blob(&w->answer, 65536);
	if (msg_done(&w->answer, e) == -1 ||
	    db_audit_signed_add(w->db, &h, e) == -1)
		return -1;
	w->head_signed = h.seq;
	msg_init(&push, WIRE_HEAD);
	msg_put_blob(&push, h.cms.p, h.cms.len);
	if (msg_send(w->parent, &push, e) == -1)
		error_wrap(e, "hand over audit head");
	msg_clear(&push);
	return e->code == ERROR_NONE ? 0 : -1;
}

/* What one worker does for all. */
static int
worker_chores(struct worker *w, struct error *e)
{
	int64_t	 now = clock_monotonic_ms();
	bool	 once = service_is_once(w->svc);

	if (w->index != 0)
		return 0;
	if (now >= w->next_takeover) {
		w->next_takeover = now + w->conf->takeover * 500;
		w->resume = true;
	}
	if (once || now >= w->next_expiry) {
		w->next_expiry = now + 30000;
		worker_look_at_cas(w);
		if (worker_expire(w, e) == -1)
			return -1;
	}
	if (once || w->changed || now >= w->next_crl) {
		w->next_crl = now + 2000;
		w->changed = false;
		if (worker_crl(w, e) == -1)
			return -1;
	}
	if (once || now >= w->next_head) {
		w->next_head = now + w->conf->heads_interval * 1000;
		if (worker_follow(w, e) == -1 || worker_head(w, e) == -1)
			return -1;
	}
	return worker_look(w, e);
}

/* Something else than what a notification may have been about? */
static bool
is_due(const struct worker *w)
{
	int64_t	 now = clock_monotonic_ms();

	if (w->resume || w->forked || service_is_once(w->svc) ||
	    now >= w->next_pass)
		return true;
	return w->index == 0 && (w->changed || now >= w->next_takeover ||
	    now >= w->next_expiry || now >= w->next_crl ||
	    now >= w->next_head);
}

/*
 * The last worker has no chores and goes whenever something is there; the
 * others when it is more than a group should be.  Few orders are done sooner
 * by one worker that takes them together than by several that share them.
 */
static bool
is_lead(const struct worker *w)
{
	return w->index == (int)w->conf->workers - 1 ||
	    service_is_once(w->svc);
}

/* What may be there for this worker, in one question where a pass that finds
 * nothing asks seven. */
static int
worker_peek(struct worker *w, struct db_issue_work *work, struct error *e)
{
	bool	 many;

	*work = (struct db_issue_work){ .status = true, .items = 1 };
	if (is_due(w))
		return 0;
	if (db_issue_look(w->db, w->issuing, w->nissuing, ENOUGH, work,
	    e) == -1)
		return -1;
	many = work->items >= ENOUGH;
	if (!is_lead(w) && !many)
		*work = (struct db_issue_work){ .status = false };
	if (is_lead(w) && many && !w->called &&
	    db_notify(w->db, BACKLOG, e) == -1)
		return -1;
	w->called = many;
	return 0;
}

/* One pass over everything: 1 there is more to do at once, 0, -1. */
static int
worker_pass(struct worker *w, struct error *e)
{
	struct db_issue_work	 work;
	int			 issued, changed = 0;

	if (worker_peek(w, &work, e) == -1)
		return -1;
	if (!work.status && work.items == 0)
		return 0;
	w->next_pass = clock_monotonic_ms() + w->conf->poll * 1000;
	if (worker_hello(w, e) == -1)
		return -1;
	if (worker_follow(w, e) == -1) {
		struct error	 why = *e;

		if (strstr(why.text, "does not continue") == NULL)
			return -1;
		error_clear(e);
		return worker_forked(w, &why, e);
	}
	if (w->forked)
		log_info("the audit chain continues");
	w->forked = false;
	if (w->lost && w->index == 0 && !w->telling && worker_lost(w, e) == -1)
		return -1;
	if (w->resume) {
		w->resume = false;
		if (worker_resume(w, e) == -1)
			return -1;
	}
	if (work.status)
		changed = worker_status(w, false, e);
	w->changed |= changed == 1;
	if (changed == -1 || worker_clock(w, e) == -1)
		return -1;
	if (w->clock_wrong)
		return changed == 1;
	if ((issued = worker_issue(w, e)) == -1 || worker_chores(w, e) == -1)
		return -1;
	return changed == 1 || issued == 1;
}

/* What has come, also while something else was read: 1, 0 nothing, -1. */
static int
worker_hear(struct worker *w)
{
	struct error	 e = ERROR_INIT;
	char		 channel[64];
	int		 got, heard = 0;

	while ((got = db_notified(w->db, channel, &e)) == 1) {
		heard = 1;
		w->changed |= strcmp(channel, STATUS) == 0;
	}
	return got == -1 ? -1 : heard;
}

static void
worker_heard(void *arg)
{
	struct worker	*w = arg;

	if (worker_hear(w) == -1) {
		/* The next round connects again and watches that socket. */
		service_unwatch(w->svc, w->watched);
		w->watched = -1;
	}
	service_kick(w->svc);
}

/* A reconnect brings another socket. */
static void
worker_watch(struct worker *w)
{
	int	 fd = db_socket(w->db);

	if (fd == w->watched)
		return;
	if (w->watched != -1)
		service_unwatch(w->svc, w->watched);
	if ((w->watched = fd) != -1)
		service_watch(w->svc, fd, worker_heard, w);
}

/* Also those that were left in the middle of a pass. */
static void
count_left(struct worker *w)
{
	int64_t	 n = db_left(w->db);

	worker_count(w, "signet_cad_store_left", "Times that a worker left a "
	    "primary for another one in its place.", n - w->left);
	w->left = n;
}

static void
worker_round(void *arg)
{
	struct worker	*w = arg;
	struct error	 e = ERROR_INIT;
	int		 more;

	do {
		more = worker_pass(w, &e);
	} while (more == 1 && service_is_once(w->svc));
	count_left(w);
	if (more == 1 || (more == 0 && worker_hear(w) != 0))
		service_kick(w->svc);
	if (more == -1) {
		w->resume = true;
		if (e.code == ERROR_UPSTREAM &&
		    strstr(e.text, "peer is gone") != NULL) {
			service_stop(w->svc, &e);
			return;
		}
		log_error(&e, "will try again in %lld s",
		    (long long)w->conf->poll);
		if (service_is_once(w->svc))
			service_stop(w->svc, &e);
	}
	worker_watch(w);
}

/*
 * On a replica the age of this is how far it is behind.  A store that is away
 * is the next round's to complain of.
 */
static void
worker_beat(void *arg)
{
	struct worker	*w = arg;
	struct error	 ignored = ERROR_INIT;
	int64_t		 now = clock_monotonic_ms();

	if (now < w->next_beat || w->watched == -1)
		return;
	w->next_beat = now + BEAT_MS;
	(void)db_heartbeat(w->db, &ignored);
}

/* Nothing comes from the parent but the end. */
static void
worker_end(void *arg)
{
	struct worker	*w = arg;

	service_stop(w->svc, NULL);
}

static int
worker_open(struct worker *w, struct error *e)
{
	static const struct db_table *const	 tables[] = { &DB_ISSUE,
	    &DB_STATUS, &DB_CREDENTIAL_KEEP, &DB_AUDIT, &DB_AUDIT_APPEND,
	    &DB_AUDIT_SIGN,
	    &DB_CA_USE, &DB_CLOCK, &DB_CRL, &DB_CRL_ENTRIES, &DB_CRL_MAKE,
	    &DB_EVIDENCE,
	    &DB_GAUGE, &DB_KEY, &DB_HEARTBEAT };

	if (db_open_told(&w->db, w->conf->database, w->name, tables,
	    sizeof(tables) / sizeof(tables[0]), w->parent, e) == -1 ||
	    db_set_strict(w->db, e) == -1 ||
	    db_listen(w->db, is_lead(w) ? "signet_order" : BACKLOG, e) == -1 ||
	    (w->index == 0 && db_listen(w->db, STATUS, e) == -1))
		return -1;
	worker_watch(w);
	return 0;
}

/*
 * A store that is just restarting is no reason to end; one that stays away is
 * said to whoever started us.
 */
#define OPEN_TRIES	8

/* False: it was told to end meanwhile. */
static bool
worker_nap(const struct worker *w, int ms)
{
	struct pollfd	 p = { .fd = w->parent, .events = POLLIN };

	return poll(&p, 1, ms) != 1;
}

static int
worker_open_patiently(struct worker *w, struct error *e)
{
	int	 tries;

	for (tries = 1; worker_open(w, e) == -1; tries++) {
		if (tries == OPEN_TRIES || service_is_once(w->svc) ||
		    !worker_is_passing(e))
			return -1;
		if (tries == 1)
			log_error(e, "worker %d tries again", w->index);
		if (!worker_nap(w, tries < 5 ? 100 << tries : 2000))
			return -1;
		error_clear(e);
		db_close(&w->db);
	}
	return 0;
}

static int
worker_confine(struct worker *w, struct error *e)
{
	static const struct sandbox_path	 path[] = {
		{ "/etc", SANDBOX_READ },	/* resolver, TLS anchors */
		{ "/usr", SANDBOX_READ },
		{ "/run", SANDBOX_READ },
	};
	struct sandbox		 box = { .user = w->conf->user, .path = path,
	    .npath = 3, .no_exec = true };
	bool			 landlock;

	return sandbox_enter(&box, &landlock, e);
}

int
worker_main(int parent, void *arg)
{
	struct worker_setup	*setup = arg;
	struct worker		 w = { .conf = setup->conf,
	    .svc = setup->svc, .metrics = setup->metrics,
	    .index = setup->index, .parent = parent,
	    .signer = setup->signer, .watched = -1, .resume = true };
	struct error		 e = ERROR_INIT;
	int			 rc = EXIT_FAILURE;

	snprintf(w.name, sizeof(w.name), "%s/%d", w.conf->instance, w.index);
	w.arena = arena_new();
	if (worker_confine(&w, &e) == -1 ||
	    worker_open_patiently(&w, &e) == -1)
		goto out;
	note_act(&w, "start");
	service_watch(w.svc, parent, worker_end, &w);
	service_every(w.svc, (int)w.conf->poll * 1000, worker_round, &w);
	if (w.index == 0)
		service_every(w.svc, BEAT_MS, worker_beat, &w);
	if (service_run(w.svc, &e) == -1)
		goto out;
	note_act(&w, "stop");
	rc = EXIT_SUCCESS;
 out:
	if (rc == EXIT_FAILURE)
		log_error(&e, "worker %d", w.index);
	db_close(&w.db);
	msg_clear(&w.ask);
	msg_clear(&w.answer);
	arena_free(&w.arena);
	mem_free(&w.lists);
	return rc;
}
