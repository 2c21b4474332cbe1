/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process may receive from a peer that has gone mad: first over a
 * socket, then read field by field, the kinds of fields chosen by the input.
 */
#include <unistd.h>
#include <sys/socket.h>

#include "os/msg.h"

#define INPUT_MAX	(32u << 10)	/* fits the buffer of a socket */

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
get_one(struct msg *m, uint8_t kind)
{
	struct error	 e;
	struct bytes	 b;
	char		 text[32];

	switch (kind % 6) {
	case 0:
		msg_get_u32(m);
		break;
	case 1:
		msg_get_i64(m);
		break;
	case 2:
		b = msg_get_blob(m, kind);
		if (b.len > kind)
			abort();
		break;
	case 3:
		msg_get_str(m, text, sizeof(text));
		if (strlen(text) >= sizeof(text))
			abort();
		break;
	case 4:
		msg_get_error(m, &e);
		break;
	default:
		b = msg_get_blob(m, MSG_MAX);
		if (b.len > m->body.len)
			abort();
	}
}

static int
receive(const uint8_t *p, size_t len, struct msg *m)
{
	struct error	 e = ERROR_INIT;
	int		 fd[2], rv;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == -1)
		abort();
	if (write(fd[0], p, len) != (ssize_t)len)
		abort();
	close(fd[0]);
	rv = msg_recv(fd[1], m, &e);
	close(fd[1]);
	if (rv == -1 && e.code == ERROR_NONE)
		abort();
	return rv;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct error	 e = ERROR_INIT;
	struct msg	 m = { 0 };
	size_t		 i;

	if (len > INPUT_MAX)
		return 0;
	if (receive(p, len, &m) == 1) {
		for (i = 0; i < m.body.len && !m.bad && m.pos < m.body.len;
		    i++)
			get_one(&m, p[len - 1 - i % len]);
		if (msg_done(&m, &e) == 0 && m.pos != m.body.len)
			abort();
	}
	msg_clear(&m);
	return 0;
}
