/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_WEB_COOKIE_H
#define SIGNET_WEB_COOKIE_H
/*
 * Cookies (RFC 6265bis).
 */
#include "base/error.h"
#include "base/mem.h"

/* The value of a cookie of that name in a Cookie header; 1, 0, -1 when the
 * name occurs twice or the value is not one. */
int	 cookie_find(char *dst, size_t size, const char *header,
	    const char *name, struct error *);
/*
 * A Set-Cookie value, Secure, HttpOnly, SameSite=Lax, Path=/.  max_age 0: until
 * the browser ends; -1: forget it.  ERROR_BUG for a name or value with anything
 * but letters, digits and "-_.~=+/".
 */
int	 cookie_make(struct buf *out, const char *name, const char *value,
	    int64_t max_age, struct error *);
#endif
