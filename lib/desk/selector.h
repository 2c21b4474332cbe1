/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DESK_SELECTOR_H
#define SIGNET_DESK_SELECTOR_H
/*
 * What operators type to name orders, certificates and reasons.  Only text is
 * looked at here; desk/target.h asks the store.
 */
#include <stdint.h>
#include "base/error.h"

/* "4f2a..", an order's id or its beginning, at least four digits. */
struct selector_id {
	char	hex[33];		/* lower case */
};
int	 selector_id(struct selector_id *, const char *, struct error *);

/* "people/4F:2a:..": a serial number or its beginning, the CA if given;
 * colons, blanks and a leading 0x are forgiven. */
struct selector_serial {
	char	ca[65];			/* "" if not given */
	char	hex[43];		/* lower case */
};
int	 selector_serial(struct selector_serial *, const char *,
	    struct error *);

/* SHA-256 in hex, 64 digits: 1, or 0 if it is something else. */
int	 selector_digest(uint8_t dst[32], const char *);

/* CRLReason: "keyCompromise", "key-compromise", "1". */
int	 selector_reason(int *, const char *, struct error *);
const char *selector_reason_name(int);		/* "keyCompromise" */

/* A point in time: a date, a time, or "2d" for two days ago. */
int	 selector_time(int64_t *, const char *, int64_t now, struct error *);
#endif
