/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker of the station that a card has taken over talks to the clerk, who
 * has the keys.  The first byte is the message; the rest its body.  And a
 * clerk gone mad answers a worker.
 */
#include <stdlib.h>
#include <unistd.h>
#include <sys/socket.h>
#include "personalize/clerk_private.h"
#include "personalize/event.h"
#include "tests/fuzz/must.h"

#define INPUT_MAX	(32u << 10)

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static int
found(void *arg, const struct card_info *info, struct job *j,
    struct error *e)
{
	(void)arg;
	(void)j;
	must(memchr(info->identity, '\0', sizeof(info->identity)) != NULL);
	return error_set(e, ERROR_NOTFOUND, "no work");
}

static int
begin(void *arg, enum job_step step, enum card_slot slot, struct error *e)
{
	(void)arg;
	(void)e;
	must(step < STEP__MAX && slot < CARD_SLOT__MAX);
	return 0;
}

static int
key(void *arg, const struct job_slot *s, struct bytes leaf,
    struct bytes issuer, struct buf *nonce, struct error *e)
{
	(void)arg;
	(void)nonce;
	(void)e;
	must(leaf.len <= DER_MAX && issuer.len <= DER_MAX);
	must(s->key != NULL && s->slot < CARD_SLOT__MAX);
	return 0;
}

static int
request(void *arg, enum card_slot slot, struct bytes der, bool is_request,
    struct error *e)
{
	(void)arg;
	(void)is_request;
	(void)e;
	must(slot < CARD_SLOT__MAX && der.len <= DER_MAX);
	return 0;
}

static int
say_yes(void *arg, struct error *e)
{
	(void)arg;
	(void)e;
	return 1;
}

static int
issued(void *arg, struct error *e)
{
	(void)arg;
	(void)e;
	return 0;
}

static int
secrets(void *arg, struct job *j, struct error *e)
{
	(void)arg;
	(void)e;
	must(j->pin.len <= SECRET_MAX && j->management.len <= SECRET_MAX);
	return 0;
}

static int
channel(void *arg, struct bytes diversification, struct secret *enc,
    struct secret *mac, struct error *e)
{
	(void)arg;
	(void)enc;
	(void)mac;
	(void)e;
	must(diversification.len <= SECRET_MAX);
	return 0;
}

static int
failed(void *arg, const struct error *why, bool *again, struct error *e)
{
	(void)arg;
	(void)again;
	(void)e;
	must(memchr(why->text, '\0', sizeof(why->text)) != NULL);
	return 0;
}

static const struct clerk_ops	 ops = { found, begin, key, request, say_yes,
	secrets, secrets, channel, issued, failed };

/* fd[1] of a line on which this message has come, and no more will. */
static void
line_with(int fd[2], uint32_t type, struct bytes body)
{
	struct error	 e = ERROR_INIT;
	struct msg	 m = { 0 };

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == -1)
		abort();
	msg_init(&m, type);
	buf_add(&m.body, body.p, body.len);
	must(msg_send(fd[0], &m, &e) == 0);
	msg_clear(&m);
	must(shutdown(fd[0], SHUT_WR) == 0);
}

static void
ask_clerk(uint32_t type, struct bytes body)
{
	const struct clerk	 c = { &ops, NULL };
	struct error		 e = ERROR_INIT;
	int			 fd[2];

	line_with(fd, type, body);
	must(clerk_answer(&c, fd[1], &e) == 1);
	close(fd[0]);
	close(fd[1]);
}

static void
hear_clerk(struct bytes body)
{
	struct error	 e = ERROR_INIT;
	struct msg	 m = { 0 };
	struct job	 j = { .nslots = 0 };

	msg_init(&m, 1);
	buf_add(&m.body, body.p, body.len);
	if (wire_get_job(&m, &j, &e) == 0 && msg_done(&m, &e) == 0)
		must(j.nslots <= JOB_SLOTS &&
		    memchr(j.holder, '\0', sizeof(j.holder)) != NULL);
	job_clear(&j);
	wire_wipe(&m);
}

static void
hear_event(struct bytes body)
{
	struct error	 e = ERROR_INIT;
	struct event	 v;
	int		 fd[2];

	line_with(fd, 1, body);
	if (event_recv(fd[1], &v, &e) == 1)
		must(v.kind < EVENT__MAX && v.step < STEP__MAX &&
		    memchr(v.text, '\0', sizeof(v.text)) != NULL &&
		    event_name(v.kind) != NULL);
	close(fd[0]);
	close(fd[1]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct bytes	 body;

	if (n == 0 || n > INPUT_MAX)
		return 0;
	body = BYTES(p + 1, n - 1);
	switch (p[0] & 0xf0) {
	case 0x10:
		hear_clerk(body);
		break;
	case 0x20:
		hear_event(body);
		break;
	default:
		ask_clerk(p[0] & 0x0f, body);
	}
	return 0;
}
