/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <errno.h>
#include <stdbool.h>
#include <openssl/err.h>

static const struct {
	const char	*name;
	int		 exit_status;
} codes[ERROR__MAX] = {
	[ERROR_NONE]	 = { "none", 0 },
	[ERROR_BUG]	 = { "bug", 1 },
	[ERROR_NOMEM]	 = { "nomem", 1 },
	[ERROR_CONFIG]	 = { "config", 7 },
	[ERROR_INPUT]	 = { "input", 2 },
	[ERROR_DENIED]	 = { "denied", 3 },
	[ERROR_NOTFOUND] = { "notfound", 4 },
	[ERROR_CONFLICT] = { "conflict", 5 },
	[ERROR_RETRY]	 = { "retry", 6 },
	[ERROR_UPSTREAM] = { "upstream", 6 },
	[ERROR_CRYPTO]	 = { "crypto", 1 },
	[ERROR_CARD]	 = { "card", 1 },
};

/* How many of the first len bytes are whole UTF-8 characters. */
static size_t
error_cut(const char *s, size_t len)
{
	size_t		 start = len, need;
	unsigned char	 lead;

	while (start > 0 && ((unsigned char)s[start - 1] & 0xc0) == 0x80)
		start--;
	if (start == 0)
		return len;
	lead = (unsigned char)s[--start];
	need = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
	return len - start < need ? start : len;
}

/*
 * text = context ": " cause.  The cause is what the operator must see, so
 * the context gives way; below a dozen bytes it would say nothing and goes.
 */
static void
error_join(struct error *e, const char *context, const char *cause)
{
	char	 buf[sizeof(e->text)];
	size_t	 clen = strlen(cause), room, len = strlen(context);

	if (clen >= sizeof(buf))
		clen = error_cut(cause, sizeof(buf) - 1);
	room = sizeof(buf) - 1 - clen;
	if (len + 2 <= room)
		snprintf(buf, sizeof(buf), "%s: %.*s", context, (int)clen,
		    cause);
	else if (room >= 12)
		snprintf(buf, sizeof(buf), "%.*s...: %.*s",
		    (int)error_cut(context, room - 5), context, (int)clen,
		    cause);
	else
		snprintf(buf, sizeof(buf), "%.*s", (int)clen, cause);
	memcpy(e->text, buf, sizeof(buf));
}

/* Start over with a cause of our own. */
static void
error_start(struct error *e, enum error_code code)
{
	e->code = code;
	e->hint[0] = '\0';
}

int
error_set(struct error *e, enum error_code code, const char *fmt, ...)
{
	char	 buf[sizeof(e->text)];
	va_list	 ap;
	int	 len;

	va_start(ap, fmt);
	len = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (len >= (int)sizeof(buf))
		buf[error_cut(buf, sizeof(buf) - 1)] = '\0';
	error_start(e, code);
	memcpy(e->text, buf, sizeof(buf));
	return -1;
}

static enum error_code
error_code_of_errno(int no)
{
	switch (no) {
	case ENOENT:
		return ERROR_NOTFOUND;
	case ENOMEM:
		return ERROR_NOMEM;
	case EACCES:
	case EPERM:
		return ERROR_CONFIG;
	default:
		return ERROR_UPSTREAM;
	}
}

int
error_sys(struct error *e, const char *fmt, ...)
{
	int	 no = errno;
	char	 context[sizeof(e->text)];
	va_list	 ap;

	va_start(ap, fmt);
	vsnprintf(context, sizeof(context), fmt, ap);
	va_end(ap);
	error_start(e, error_code_of_errno(no));
	error_join(e, context, strerror(no));
	errno = no;
	return -1;
}

int
error_ssl(struct error *e, enum error_code code, const char *fmt, ...)
{
	char		 context[sizeof(e->text)], cause[sizeof(e->text)];
	const char	*data = NULL, *reason;
	unsigned long	 n;
	int		 flags = 0;
	va_list		 ap;

	va_start(ap, fmt);
	vsnprintf(context, sizeof(context), fmt, ap);
	va_end(ap);

	n = ERR_get_error_all(NULL, NULL, NULL, &data, &flags);
	if (n == 0)
		reason = "the library gave no reason";
	else if (ERR_SYSTEM_ERROR(n))
		reason = strerror(ERR_GET_REASON(n));
	else if ((reason = ERR_reason_error_string(n)) == NULL)
		reason = "unknown reason";
	if (n != 0 && (flags & ERR_TXT_STRING) != 0 && data != NULL &&
	    data[0] != '\0')
		snprintf(cause, sizeof(cause), "%s (%s)", reason, data);
	else
		snprintf(cause, sizeof(cause), "%s", reason);
	ERR_clear_error();

	error_start(e, code);
	error_join(e, context, cause);
	return -1;
}

int
error_wrap(struct error *e, const char *fmt, ...)
{
	char	 context[sizeof(e->text)];
	va_list	 ap;

	va_start(ap, fmt);
	vsnprintf(context, sizeof(context), fmt, ap);
	va_end(ap);
	error_join(e, context, e->text);
	return -1;
}

int
error_hint(struct error *e, const char *fmt, ...)
{
	va_list	 ap;
	int	 len;

	if (e->hint[0] != '\0')
		return -1;
	va_start(ap, fmt);
	len = vsnprintf(e->hint, sizeof(e->hint), fmt, ap);
	va_end(ap);
	if (len >= (int)sizeof(e->hint))
		e->hint[error_cut(e->hint, sizeof(e->hint) - 1)] = '\0';
	return -1;
}

void
error_clear(struct error *e)
{
	memset(e, 0, sizeof(*e));
}

const char *
error_name(enum error_code code)
{
	return (unsigned int)code < ERROR__MAX ? codes[code].name : "bug";
}

int
error_exit_status(const struct error *e)
{
	return (unsigned int)e->code < ERROR__MAX ?
	    codes[e->code].exit_status : 1;
}
