/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_EST_BODY_H
#define SIGNET_RA_EST_BODY_H
/*
 * What EST carries: DER in base 64 (RFC 8951, 2 and 3.1), the attributes that
 * a request should have, and a name and password of HTTP.
 */
#include "base/error.h"
#include "base/mem.h"
#include "base/secret.h"
#include "x509/profile.h"

/*
 * Base 64 of one DER value to that.  Line breaks and blanks between digits are
 * passed over.  What a Content-Transfer-Encoding says does not matter: base 64
 * is what it is.  ERROR_INPUT.
 */
int	 est_decode(struct buf *der, struct bytes body, struct error *);
/* In one line: breaks are the sender's to make (RFC 8951, 3.1), and there are
 * clients that stumble over them. */
void	 est_encode(struct buf *out, struct bytes der);
/* Is this Content-Type "wanted", whatever its case and parameters? */
bool	 est_type_is(const char *type, const char *wanted);

/* CsrAttrs of RFC 7030 (4.5.2) for requests of this profile: the kinds of keys
 * and, in the way of RFC 9908 (3.1), of alternative names. */
void	 est_attributes(struct buf *der, const struct profile *);

/*
 * The value of an Authorization header: 1 and name (NUL-terminated) and
 * password, 0 no header or another scheme, -1 malformed.
 */
#define EST_NAME_MAX		128
#define EST_PASSWORD_MAX	128
int	 est_basic(char name[EST_NAME_MAX + 1], struct secret *password,
	    const char *header, struct error *);
#endif
