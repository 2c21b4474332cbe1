/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_MAIL_MAIL_H
#define SIGNET_MAIL_MAIL_H
/*
 * A mail as bytes (RFC 5322, RFC 2045, RFC 2047): plain text in UTF-8, one
 * sender, one recipient, ASCII only, no line over 78 characters.
 *
 * Nothing that is put into a header can end it: addresses are checked, other
 * text is refused when it has a control character, and what is not plain ASCII
 * is encoded.  The writer reads no clock: the same mail gives the same bytes.
 */
#include <stdint.h>
#include "base/error.h"
#include "base/mem.h"

#define MAIL_SUBJECT_MAX	400		/* bytes */
#define MAIL_BODY_MAX		(64u << 10)

struct mail {
	const char	*from;		/* an address */
	const char	*from_name;	/* as people read it, or NULL */
	const char	*reply_to;	/* an address, or NULL */
	const char	*to;
	const char	*subject;
	const char	*body;		/* lines end with LF */
	const char	*lang;		/* Content-Language, or NULL */
	/* [a-z0-9.-]: with the domain of "from" the Message-ID.  The same mail
	 * sent again has the same one. */
	const char	*id;
	int64_t		 date;
};
/* ERROR_INPUT naming the part that is wrong; nothing is written then. */
int	 mail_write(struct buf *out, const struct mail *, struct error *);
/* An address that we send to: dot-atom, ASCII, at most 254 characters. */
int	 mail_check_address(const char *, struct error *);
#endif
