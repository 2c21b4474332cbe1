/* SPDX-License-Identifier: Apache-2.0 */
#include "event.h"
#include <time.h>

#include "os/msg.h"

#define EVENT_MSG	1

const char *
event_name(enum event_kind kind)
{
	static const char *const names[EVENT__MAX] = {
		[EVENT_EMPTY] = "empty", [EVENT_CARD] = "card",
		[EVENT_GONE] = "gone", [EVENT_AWAY] = "away",
		[EVENT_JOB] = "job", [EVENT_STEP] = "step",
		[EVENT_WAIT] = "wait", [EVENT_ISSUED] = "issued",
		[EVENT_REFUSED] = "refused", [EVENT_NOTHING] = "nothing",
		[EVENT_FAILED] = "failed", [EVENT_SPOILED] = "spoiled",
		[EVENT_TROUBLE] = "trouble", [EVENT_BALANCE] = "balance",
		[EVENT_HUNG] = "hung",
	};

	return names[kind];
}

static int64_t
event_now(void)
{
	struct timespec	 t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + (int64_t)t.tv_nsec;
}

int
event_send(int fd, const struct event *v, struct error *e)
{
	struct msg	 m = { 0 };
	int		 rc;

	msg_init(&m, EVENT_MSG);
	msg_put_u32(&m, v->reader);
	msg_put_u32(&m, v->kind);
	msg_put_u32(&m, v->step);
	msg_put_u32(&m, v->slot);
	msg_put_str(&m, v->number);
	msg_put_str(&m, v->holder);
	msg_put_str(&m, v->text);
	msg_put_u32(&m, v->waiting);
	msg_put_u32(&m, v->issued);
	msg_put_u32(&m, v->spoiled);
	msg_put_i64(&m, event_now());
	rc = msg_send(fd, &m, e);
	msg_clear(&m);
	return rc;
}

int
event_recv(int fd, struct event *v, struct error *e)
{
	struct msg	 m = { 0 };
	int		 rc = msg_recv(fd, &m, e);

	if (rc == 1) {
		v->reader = msg_get_u32(&m);
		v->kind = msg_get_u32(&m);
		v->step = msg_get_u32(&m);
		v->slot = msg_get_u32(&m);
		msg_get_str(&m, v->number, sizeof(v->number));
		msg_get_str(&m, v->holder, sizeof(v->holder));
		msg_get_str(&m, v->text, sizeof(v->text));
		v->waiting = msg_get_u32(&m);
		v->issued = msg_get_u32(&m);
		v->spoiled = msg_get_u32(&m);
		v->sent = msg_get_i64(&m);
		rc = msg_done(&m, e) == -1 ? -1 : 1;
		if (rc == 1 && (v->kind >= EVENT__MAX ||
		    v->step >= STEP__MAX || v->slot >= CARD_SLOT__MAX))
			rc = error_set(e, ERROR_BUG, "no such event");
	}
	msg_clear(&m);
	return rc;
}
