/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OS_NOTIFY_H
#define SIGNET_OS_NOTIFY_H
/*
 * A daemon's word to systemd: sd_notify(3) is a datagram, and its watchdog a
 * number in the environment.  Without systemd there is nobody to tell, and
 * nothing here fails.
 */
#include <stdint.h>

struct notify {
	int	fd;		/* -1: nobody to tell */
	int	beat_ms;	/* a sign of life is due so often; 0: never */
	int64_t	next;		/* the next one, monotonic */
};
#define NOTIFY_INIT	{ -1, 0, 0 }

/* Connected now, because a sandbox may forbid it later. */
void	 notify_open(struct notify *);
void	 notify_close(struct notify *);
void	 notify_say(const struct notify *, const char *text);
/* A sign of life, if one is due; when the next one is, or INT64_MAX. */
int64_t	 notify_beat(struct notify *, int64_t now);
#endif
