/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A long wire between two network cards of this namespace:
 *
 *	far_wire CARD CARD DELAY JITTER [LOSE DOUBLE PASS [SEED]]
 *
 * What one card receives the other sends DELAY ms later, or up to JITTER ms
 * more, which changes nothing in the order.  Of a hundred frames LOSE are lost,
 * DOUBLE come twice, and PASS wait twice as long, so that later ones overtake
 * them.  Frames go as they are, with what their sender left for a card to do
 * (checksums, segments).  Says "ready", and runs until it is killed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HELD_MAX	20000		/* frames under way; more are lost */
#define FRAME_MAX	(10 + 14 + 4 + 65536)	/* with the card's header */

struct frame {
	int64_t	 due;			/* ns */
	int64_t	 number;		/* of two for one moment: which first */
	int	 to;
	size_t	 len;
	uint8_t	*bytes;
};

struct wire {
	int		 end[2];	/* sockets */
	int64_t		 last[2];	/* when the last of this end is due */
	int64_t		 delay, jitter;	/* ns */
	unsigned int	 lose, twice, pass;
	uint64_t	 chance;	/* state of the generator */
	int64_t		 number;
	struct frame	 held[HELD_MAX];	/* a heap, the first due on top */
	size_t		 n;
};

static int64_t
now(void)
{
	struct timespec	 ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* Xorshift: the same seed draws the same lots. */
static uint64_t
draw(struct wire *w)
{
	w->chance ^= w->chance << 13;
	w->chance ^= w->chance >> 7;
	w->chance ^= w->chance << 17;
	return w->chance;
}

static bool
happens(struct wire *w, unsigned int percent)
{
	return draw(w) % 100 < percent;
}

/* ---- what is under way ---- */

static bool
is_before(const struct frame *a, const struct frame *b)
{
	return a->due < b->due || (a->due == b->due && a->number < b->number);
}

static void
swap(struct frame *a, struct frame *b)
{
	struct frame	 t = *a;

	*a = *b;
	*b = t;
}

static void
hold(struct wire *w, int to, int64_t due, const uint8_t *bytes, size_t len)
{
	size_t		 i = w->n;
	uint8_t		*copy;

	if (w->n == HELD_MAX || (copy = malloc(len)) == NULL)
		return;
	memcpy(copy, bytes, len);
	w->held[w->n++] = (struct frame){ .due = due, .number = w->number++,
	    .to = to, .len = len, .bytes = copy };
	for (; i > 0 && is_before(&w->held[i], &w->held[(i - 1) / 2]);
	    i = (i - 1) / 2)
		swap(&w->held[i], &w->held[(i - 1) / 2]);
}

static void
take_first(struct wire *w, struct frame *out)
{
	size_t	 i = 0, least = 0;

	*out = w->held[0];
	w->held[0] = w->held[--w->n];
	for (;; i = least) {
		for (size_t k = 2 * i + 1; k <= 2 * i + 2 && k < w->n; k++)
			if (is_before(&w->held[k], &w->held[least]))
				least = k;
		if (least == i)
			return;
		swap(&w->held[i], &w->held[least]);
	}
}

/* ---- the cards ---- */

/* The header of a virtual card goes with the frame, both ways. */
static int
card_open(const char *name)
{
	struct sockaddr_ll	 at = { .sll_family = AF_PACKET,
				    .sll_protocol = htons(ETH_P_ALL) };
	int			 fd, one = 1, size = 4 << 20;

	at.sll_ifindex = (int)if_nametoindex(name);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd != -1 && at.sll_ifindex != 0 &&
	    setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one,
	    sizeof(one)) == 0 && setsockopt(fd, SOL_PACKET,
	    PACKET_IGNORE_OUTGOING, &one, sizeof(one)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size,
	    sizeof(size)) == 0 &&
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
		return fd;
	perror(name);
	exit(1);
}

static void
card_receive(struct wire *w, int from)
{
	uint8_t		 bytes[FRAME_MAX];
	ssize_t		 len;
	int64_t		 due;

	while ((len = recv(w->end[from], bytes, sizeof(bytes), 0)) > 0) {
		due = now() + w->delay + (w->jitter == 0 ? 0 :
		    (int64_t)(draw(w) % (uint64_t)w->jitter));
		if (happens(w, w->lose))
			continue;
		if (happens(w, w->pass))
			due += w->delay;
		else if (due < w->last[from])
			due = w->last[from];
		else
			w->last[from] = due;
		hold(w, 1 - from, due, bytes, (size_t)len);
		if (happens(w, w->twice))
			hold(w, 1 - from, due, bytes, (size_t)len);
	}
}

/* A card that is down, or full, loses it. */
static void
send_due(struct wire *w)
{
	struct frame	 f;

	while (w->n > 0 && w->held[0].due <= now()) {
		take_first(w, &f);
		(void)!write(w->end[f.to], f.bytes, f.len);
		free(f.bytes);
	}
}

static void
wait_until_due(const struct wire *w)
{
	struct pollfd	 p[2] = { { .fd = w->end[0], .events = POLLIN },
			    { .fd = w->end[1], .events = POLLIN } };
	struct timespec	 ts;
	int64_t		 ns = 1000000000;

	if (w->n > 0)
		ns = w->held[0].due - now();
	if (ns < 0)
		ns = 0;
	ts.tv_sec = (time_t)(ns / 1000000000);
	ts.tv_nsec = (long)(ns % 1000000000);
	(void)ppoll(p, 2, &ts, NULL);
}

static unsigned int
number(char **argv, int argc, int i, unsigned int absent)
{
	return i < argc ? (unsigned int)strtoul(argv[i], NULL, 10) : absent;
}

int
main(int argc, char **argv)
{
	static struct wire	 w;

	if (argc < 5) {
		fprintf(stderr, "usage: far_wire CARD CARD DELAY JITTER "
		    "[LOSE DOUBLE PASS [SEED]]\n");
		return 2;
	}
	w.delay = (int64_t)number(argv, argc, 3, 0) * 1000000;
	w.jitter = (int64_t)number(argv, argc, 4, 0) * 1000000;
	w.lose = number(argv, argc, 5, 0);
	w.twice = number(argv, argc, 6, 0);
	w.pass = number(argv, argc, 7, 0);
	w.chance = 0x9e3779b97f4a7c15u ^ number(argv, argc, 8, 1);
	w.end[0] = card_open(argv[1]);
	w.end[1] = card_open(argv[2]);
	puts("ready");
	fflush(stdout);
	for (;;) {
		wait_until_due(&w);
		card_receive(&w, 0);
		card_receive(&w, 1);
		send_due(&w);
	}
}
