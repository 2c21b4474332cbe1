/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_MAIL_SMTP_H
#define SIGNET_MAIL_SMTP_H
/*
 * Handing a mail to the server that sends it on (RFC 5321, through libcurl).
 */
#include <stdbool.h>
#include "base/error.h"
#include "base/mem.h"
#include "base/secret.h"

struct smtp {
	char		*url;		/* smtp://HOST[:PORT], smtps://... */
	bool		 clear;		/* smtp:// without STARTTLS will do */
	char		*ca_file;	/* PEM; NULL: the system's roots */
	char		*helo;		/* our name; NULL: this host's */
	char		*user;		/* NULL: no log-in */
	struct secret	 password;
	int		 ms;		/* time for all of it */
};
/*
 * Settings that can work?  A log-in needs TLS.  ERROR_CONFIG.
 */
int	 smtp_check(const struct smtp *, struct error *);

/* What the server makes of it. */
enum smtp_result {
	SMTP_SENT,		/* it has taken it over */
	SMTP_LATER,		/* it is away, or busy: nobody's mail goes */
	SMTP_DELAYED,		/* it does not take this one now */
	SMTP_REFUSED,		/* it will never take this one */
};
/*
 * One message, as mail_write() makes it.  All but SMTP_SENT come with a cause:
 * the server's own words where it had any.
 */
enum smtp_result smtp_send(const struct smtp *, const char *from,
	    const char *to, struct bytes message, struct error *);
#endif
