/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <syslog.h>
#include <unistd.h>

#include "base/text.h"

#define LINE_MAX_LEN	2048

static struct {
	const char	*prog;
	bool		 syslog;
	bool		 debug;
} log_state;

void
log_open(const char *prog, bool foreground, bool debug)
{
	log_state.prog = prog;
	log_state.syslog = !foreground;
	log_state.debug = debug;
	/* Now, since a sandbox may forbid the socket later. */
	if (!foreground)
		openlog(prog, LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

/* One write(2) for a line, so that lines of several processes do not mix. */
static void
log_line(int priority, const char *text)
{
	char		 line[LINE_MAX_LEN], safe[LINE_MAX_LEN];
	const char	*prog = log_state.prog;
	int		 len;

	text_escape(safe, sizeof(safe), text);
	if (log_state.syslog) {
		syslog(priority, "%s", safe);
		return;
	}
	if (prog == NULL)
		prog = program_invocation_short_name;
	len = snprintf(line, sizeof(line) - 1, "%s: %s", prog, safe);
	if (len > (int)sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len] = '\n';
	/* A log that cannot be written has nowhere to complain. */
	if (write(STDERR_FILENO, line, (size_t)len + 1) == -1)
		return;
}

static void __attribute__((format(printf, 2, 0)))
log_write(int priority, const char *fmt, va_list ap)
{
	char	 text[LINE_MAX_LEN];
	int	 no = errno;

	vsnprintf(text, sizeof(text), fmt, ap);
	log_line(priority, text);
	errno = no;
}

void
log_error(const struct error *e, const char *what, ...)
{
	char	 context[LINE_MAX_LEN / 2], text[LINE_MAX_LEN];
	int	 no = errno;
	va_list	 ap;

	va_start(ap, what);
	vsnprintf(context, sizeof(context), what, ap);
	va_end(ap);
	snprintf(text, sizeof(text), "%s: %s [%s]", context, e->text,
	    error_name(e->code));
	log_line(LOG_ERR, text);
	if (e->hint[0] != '\0') {
		snprintf(text, sizeof(text), "hint: %s", e->hint);
		log_line(LOG_ERR, text);
	}
	errno = no;
}

void
log_info(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_write(LOG_INFO, fmt, ap);
	va_end(ap);
}

void
log_debug(const char *fmt, ...)
{
	va_list	 ap;

	if (!log_state.debug)
		return;
	va_start(ap, fmt);
	log_write(LOG_DEBUG, fmt, ap);
	va_end(ap);
}
