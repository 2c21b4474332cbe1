/* SPDX-License-Identifier: Apache-2.0 */
#include "os/service.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/log.h"
#include "os/file.h"
#include "os/notify.h"
#include "os/sandbox.h"

struct timer {
	int		 ms;
	int64_t		 next;
	service_fn	*fn;
	void		*arg;
};

struct watch {
	int		 fd;		/* -1: no longer watched */
	service_fn	*fn;
	void		*arg;
};

struct service {
	const char	*name;
	const char	*usage;
	char		*conf_path;
	bool		 foreground, check, once, verbose;
	struct timer	*timer;
	size_t		 ntimer;
	struct watch	*watch;
	size_t		 nwatch;
	bool		 stopping, failed;
	struct error	 error;
	struct notify	 notify;
	sigset_t	 old_mask;	/* what the loop waits with */
	int		 bell;		/* of a request to stop */
};

static volatile sig_atomic_t	 service_signal;

/* A request to stop is not undone by a request to reload. */
static void
service_on_signal(int sig)
{
	if (sig != SIGHUP)
		service_signal = SIGTERM;
	else if (service_signal == 0)
		service_signal = SIGHUP;
}

static void
service_on_child(int sig)
{
	(void)sig;
}

static const char help_text[] =
    "  -c FILE        read the settings from FILE\n"
    "                 (default %s)\n"
    "  -d             stay in the foreground, log to standard error\n"
    "  -t             check the settings and exit\n"
    "  -v             log more, for finding faults\n"
    "      --once     do one round of work and exit\n"
    "      --help     show this page\n"
    "      --version  show the version\n"
    "\n"
    "Signals: TERM and INT stop after the work in hand; HUP reads the settings"
    "\nagain.\n";

/* What was asked for has to have arrived. */
static void
service_said(const char *what)
{
	struct error	 e = ERROR_INIT;

	if (fflush(stdout) == 0)
		exit(EXIT_SUCCESS);
	error_sys(&e, "write standard output");
	log_error(&e, "%s", what);
	exit(EXIT_FAILURE);
}

static void
service_help(const struct service *s)
{
	printf("Usage: %s [options]\n", s->name);
	if (s->usage != NULL)
		printf("%s\n", s->usage);
	printf("\nOptions:\n");
	printf(help_text, s->conf_path);
	service_said("help");
}

static void
service_version(const struct service *s)
{
	printf("%s %s\n", s->name, PACKAGE_VERSION);
	service_said("version");
}

static int
service_bad_option(const struct service *s, const char *what,
    const char *option, struct error *e)
{
	error_set(e, ERROR_INPUT, "%s: %s", what, option);
	return error_hint(e, "%s --help lists the options", s->name);
}

static int
service_letters(struct service *s, int argc, char *argv[], int *i,
    struct error *e)
{
	const char	*p, *value;

	for (p = argv[*i] + 1; *p != '\0'; p++) {
		if (*p == 'd')
			s->foreground = true;
		else if (*p == 't')
			s->check = true;
		else if (*p == 'v')
			s->verbose = true;
		else if (*p != 'c')
			return service_bad_option(s, "unknown option", argv[*i],
			    e);
		else {
			value = p[1] != '\0' ? p + 1 :
			    *i + 1 < argc ? argv[++*i] : NULL;
			if (value == NULL)
				return service_bad_option(s,
				    "option needs a value", "-c FILE", e);
			mem_free(&s->conf_path);
			s->conf_path = mem_strdup(value);
			return 0;
		}
	}
	return 0;
}

static int
service_options(struct service *s, int argc, char *argv[], struct error *e)
{
	int	 i;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0)
			service_help(s);
		else if (strcmp(argv[i], "--version") == 0)
			service_version(s);
		else if (strcmp(argv[i], "--once") == 0)
			s->once = true;
		else if (argv[i][0] != '-' || argv[i][1] == '\0')
			return service_bad_option(s, "unexpected operand",
			    argv[i], e);
		else if (argv[i][1] == '-')
			return service_bad_option(s, "unknown option", argv[i],
			    e);
		else if (service_letters(s, argc, argv, &i, e) == -1)
			return -1;
	}
	return 0;
}

/*
 * Signals are blocked except while the loop waits, so that they interrupt no
 * work and none is missed between looking at the flag and waiting.
 */
static void
service_catch(struct service *s)
{
	struct sigaction	 sa = { .sa_handler = service_on_signal };
	sigset_t		 block;

	service_signal = 0;
	sigemptyset(&sa.sa_mask);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGHUP);
	if (getpid() == 1) {
		sa.sa_handler = service_on_child;
		sigaction(SIGCHLD, &sa, NULL);
		sigaddset(&block, SIGCHLD);
	}
	sigprocmask(SIG_BLOCK, &block, &s->old_mask);
	sigdelset(&s->old_mask, SIGTERM);
	sigdelset(&s->old_mask, SIGINT);
	sigdelset(&s->old_mask, SIGHUP);
	sigdelset(&s->old_mask, SIGCHLD);
}

/* It is only looked at, never read: the loop gets the signal itself. */
static int
service_open_bell(void)
{
	sigset_t	 stop;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGHUP);
	return signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
}

int
service_new(struct service **out, const char *name, const char *usage,
    int argc, char *argv[], struct error *e)
{
	struct service	*s;

	*out = NULL;
	if (file_keep_standard(e) == -1)
		return -1;
	s = mem_alloc(sizeof(*s));
	s->name = name;
	s->usage = usage;
	s->notify = (struct notify)NOTIFY_INIT;
	s->conf_path = mem_printf("%s/%s.conf", SYSCONFDIR, name);
	log_open(name, true, false);
	if (service_options(s, argc, argv, e) == -1) {
		mem_free(&s->conf_path);
		mem_free(&s);
		return -1;
	}
	log_open(name, true, s->verbose);
	service_catch(s);
	notify_open(&s->notify);
	s->bell = service_open_bell();
	*out = s;
	return 0;
}

int
service_settings(struct service *s, void *target,
    const struct conf_item *items, struct error *e)
{
	if (conf_load(target, items, s->conf_path, e) == -1)
		return -1;
	if (s->check)
		log_info("%s: the settings are good", s->conf_path);
	return 0;
}

bool
service_check_only(const struct service *s)
{
	return s->check;
}

bool
service_is_once(const struct service *s)
{
	return s->once;
}

int
service_drop(struct service *s, const char *user, struct error *e)
{
	umask(027);
	if (!s->foreground)
		log_open(s->name, false, s->verbose);
	return sandbox_drop_user(user, e);
}

void
service_every(struct service *s, int ms, service_fn *fn, void *arg)
{
	s->timer = mem_resize(s->timer, s->ntimer + 1, sizeof(*s->timer));
	s->timer[s->ntimer++] = (struct timer){ ms > 0 ? ms : 1, 0, fn, arg };
}

void
service_kick(struct service *s)
{
	size_t	 i;

	for (i = 0; i < s->ntimer; i++)
		s->timer[i].next = 0;
}

void
service_watch(struct service *s, int fd, service_fn *fn, void *arg)
{
	s->watch = mem_resize(s->watch, s->nwatch + 1, sizeof(*s->watch));
	s->watch[s->nwatch++] = (struct watch){ fd, fn, arg };
}

/* Only marked: the loop may be in the middle of the list. */
void
service_unwatch(struct service *s, int fd)
{
	size_t	 i;

	for (i = 0; i < s->nwatch; i++)
		if (s->watch[i].fd == fd)
			s->watch[i].fd = -1;
}

int
service_bell(const struct service *s)
{
	return s->bell;
}

void
service_stop(struct service *s, const struct error *failed)
{
	s->stopping = true;
	if (failed != NULL && !s->failed) {
		s->failed = true;
		s->error = *failed;
	}
}

static bool
service_is_ending(const struct service *s)
{
	return s->stopping || service_signal != 0;
}

/* Run what is due.  Signals wait; so look between calls if one came. */
static void
service_run_timers(struct service *s)
{
	size_t	 i;
	int64_t	 now = clock_monotonic_ms();

	for (i = 0; i < s->ntimer && !service_is_ending(s); i++) {
		if (s->timer[i].next > now)
			continue;
		/* Before the call, in which a kick sets it back. */
		s->timer[i].next = INT64_MAX;
		s->timer[i].fn(s->timer[i].arg);
		if (s->timer[i].next == INT64_MAX)
			s->timer[i].next = clock_monotonic_ms() +
			    s->timer[i].ms;
	}
}

/* A sign of life is due like any timer, and given by the loop that they all
 * wait for. */
static int64_t
service_next(struct service *s)
{
	int64_t	 next = notify_beat(&s->notify, clock_monotonic_ms());
	size_t	 i;

	for (i = 0; i < s->ntimer; i++)
		if (s->timer[i].next < next)
			next = s->timer[i].next;
	return next;
}

static void
service_compact(struct service *s)
{
	size_t	 i, n = 0;

	for (i = 0; i < s->nwatch; i++)
		if (s->watch[i].fd != -1)
			s->watch[n++] = s->watch[i];
	s->nwatch = n;
}

static void
service_reap(void)
{
	if (getpid() != 1)
		return;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
}

/* Sleep until a timer is due, a descriptor is readable or a signal comes. */
static int
service_wait(struct service *s, struct pollfd *p, size_t n, struct error *e)
{
	struct timespec	 ts = { 0, 0 };
	int64_t		 next = service_next(s), ms;
	int		 rv;

	ms = next == INT64_MAX ? -1 : next - clock_monotonic_ms();
	if (next != INT64_MAX && ms < 0)
		ms = 0;
	if (ms > 0) {
		ts.tv_sec = ms / 1000;
		ts.tv_nsec = ms % 1000 * 1000000;
	}
	rv = ppoll(p, n, ms == -1 ? NULL : &ts, &s->old_mask);
	if (rv == -1 && errno != EINTR)
		return error_sys(e, "wait for work");
	service_reap();
	return rv > 0;
}

/* One turn of the loop's second half: wait, then serve the descriptors. */
static int
service_turn(struct service *s, struct error *e)
{
	struct pollfd	*p = NULL;
	size_t		 i, n;
	int		 rv;

	service_compact(s);
	n = s->nwatch;
	p = mem_array(n, sizeof(*p));
	for (i = 0; i < n; i++) {
		p[i].fd = s->watch[i].fd;
		p[i].events = POLLIN;
	}
	rv = service_wait(s, p, n, e);
	/* A call may add watches, behind n, and drop any. */
	for (i = 0; rv == 1 && i < n && !service_is_ending(s); i++)
		if (p[i].revents != 0 && s->watch[i].fd == p[i].fd)
			s->watch[i].fn(s->watch[i].arg);
	mem_free(&p);
	return rv == -1 ? -1 : 0;
}

/* A request to stop that came together with one to reload. */
static bool
service_stop_is_pending(void)
{
	sigset_t	 set;

	return sigpending(&set) == 0 && (sigismember(&set, SIGTERM) == 1 ||
	    sigismember(&set, SIGINT) == 1);
}

int
service_run(struct service *s, struct error *e)
{
	int	 rc = 0;

	notify_say(&s->notify, "READY=1\nSTATUS=running");
	service_kick(s);
	while (!service_is_ending(s)) {
		service_run_timers(s);
		if (s->once || service_is_ending(s))
			break;
		if ((rc = service_turn(s, e)) == -1)
			break;
	}
	notify_say(&s->notify, "STOPPING=1\nSTATUS=stopping");
	if (s->failed) {
		*e = s->error;
		return -1;
	}
	if (rc == 0 && !s->stopping && service_signal == SIGHUP &&
	    !service_stop_is_pending())
		rc = 1;
	return rc;
}

void
service_free(struct service **sp)
{
	struct service	*s = *sp;

	if (s == NULL)
		return;
	notify_close(&s->notify);
	if (s->bell != -1)
		close(s->bell);
	sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
	mem_free(&s->timer);
	mem_free(&s->watch);
	mem_free(&s->conf_path);
	mem_free(sp);
}
