/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OS_SERVICE_H
#define SIGNET_OS_SERVICE_H
/*
 * The skeleton of a daemon: options -> settings -> acquire -> drop -> run.
 *
 * Options every daemon has: -c FILE, -d (foreground, log to standard error),
 * -t (check settings and exit), -v (debug), --once (one round of work, then
 * exit), --help, --version.  SIGTERM and SIGINT end service_run() after the
 * current call-back; SIGHUP makes it return 1, upon which main() closes all
 * and starts again (reload = restart).  Tells systemd READY=1, STOPPING=1 and,
 * when it wants to hear it, WATCHDOG=1.
 */
#include <stdbool.h>
#include "base/error.h"
#include "os/conf.h"

struct service;
typedef void service_fn(void *arg);

/*
 * usage: what the daemon does, shown under "Usage: NAME [options]".  --help
 * and --version print and exit; a wrong option is ERROR_INPUT.  Name, usage
 * and argv are borrowed.
 */
int	 service_new(struct service **, const char *name, const char *usage,
	    int argc, char *argv[], struct error *);
/* Load the file of -c (default SYSCONFDIR/signet/NAME.conf). */
int	 service_settings(struct service *, void *target,
	    const struct conf_item *, struct error *);
bool	 service_check_only(const struct service *);	/* -t */
bool	 service_is_once(const struct service *);	/* --once */
/*
 * Become a daemon's process: log to syslog unless -d, umask 027, the named
 * user for good when we are root (NULL: stay).  As PID 1 of a container the
 * loop also reaps orphans.
 */
int	 service_drop(struct service *, const char *user, struct error *);
/* Call fn(arg) when service_run() begins, every ms milliseconds from the end
 * of the last call, and at once when service_kick()ed. */
void	 service_every(struct service *, int ms, service_fn *, void *arg);
/* Let every function of service_every() run as soon as the loop turns. */
void	 service_kick(struct service *);
/* Call fn(arg) whenever fd is readable. */
void	 service_watch(struct service *, int fd, service_fn *, void *arg);
void	 service_unwatch(struct service *, int fd);
/* A descriptor, readable while a request to stop, or to start again, waits until
 * a call-back is over: so that one that waits for others hears of it.  -1: there
 * is none.  It stays the service's. */
int	 service_bell(const struct service *);
/* End service_run() after the current call-back; failed makes it return -1
 * with e, which is copied. */
void	 service_stop(struct service *, const struct error *failed);
/* 0 stopped, 1 SIGHUP, -1 failed. */
int	 service_run(struct service *, struct error *);
void	 service_free(struct service **);
#endif
