/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_BASE_ERROR_H
#define SIGNET_BASE_ERROR_H
/*
 * The error object: one failure is one line, written by the outermost caller.
 *
 * It has a fixed size, lives on the caller's stack and never allocates, so
 * that it works when memory is gone.  The code is for programs (exit status,
 * HTTP status, retry or not), the text for the operator, the hint says what
 * the operator can do next.  Secrets never go into any of them.
 */
#include <stdarg.h>

enum error_code {
	ERROR_NONE,
	ERROR_BUG,		/* cannot happen; ours */
	ERROR_NOMEM,
	ERROR_CONFIG,		/* a setting, a file of ours, a grant */
	ERROR_INPUT,		/* what a peer or a user handed in */
	ERROR_DENIED,		/* understood and refused */
	ERROR_NOTFOUND,
	ERROR_CONFLICT,		/* is already so, or someone was faster */
	ERROR_RETRY,		/* the same call may succeed at once */
	ERROR_UPSTREAM,		/* a service that we need is away */
	ERROR_CRYPTO,
	ERROR_CARD,
	ERROR__MAX
};

struct error {
	enum error_code	 code;
	char		 text[400];	/* outermost context first */
	char		 hint[160];	/* next step for the operator, or "" */
};

#define ERROR_INIT	{ ERROR_NONE, "", "" }

/* Record a cause.  All of these return -1. */
int	 error_set(struct error *, enum error_code, const char *, ...)
	    __attribute__((format(printf, 3, 4)));
/* ... with ": " and strerror(errno); ENOENT becomes NOTFOUND, ENOMEM NOMEM,
 * ENOSPC, EROFS, EIO UPSTREAM, EACCES, EPERM CONFIG, the rest UPSTREAM. */
int	 error_sys(struct error *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));
/* ... with the first entry of OpenSSL's queue, which is the root cause; the
 * queue is empty afterwards. */
int	 error_ssl(struct error *, enum error_code, const char *, ...)
	    __attribute__((format(printf, 3, 4)));
/* Prepend "context: ".  What does not fit is cut from the context, never from
 * the cause.  Returns -1. */
int	 error_wrap(struct error *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));
/* Set the hint unless the root cause has set one already.  Returns -1. */
int	 error_hint(struct error *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));

void	 error_clear(struct error *);
/* "config", "denied" ...: the word in brackets after a log line. */
const char *error_name(enum error_code);
/*
 * Exit status of a command: 0 none, 2 INPUT (usage), 3 DENIED, 4 NOTFOUND,
 * 5 CONFLICT, 6 RETRY and UPSTREAM, 7 CONFIG, 1 anything else.
 */
int	 error_exit_status(const struct error *);
#endif
