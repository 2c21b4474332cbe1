/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_BASE_BASE64_H
#define SIGNET_BASE_BASE64_H
/*
 * Base 64 read back, strictly: every text has one reading and every run of
 * bytes one text, the one that text_base64() writes.  And PEM, which is that in
 * lines.
 */
#include "base/error.h"
#include "base/mem.h"

/* Append the bytes to out.  No spaces, padded, ERROR_INPUT otherwise. */
int	 base64_parse(struct buf *out, const char *, size_t len,
	    struct error *);
/* The same as addresses and browsers have it: "-" and "_", no padding. */
int	 base64url_parse(struct buf *out, const char *, size_t len,
	    struct error *);
char	*text_base64url(const void *, size_t);		/* caller frees */
/* Append a block of PEM (RFC 7468) with this label. */
void	 base64_put_pem(struct buf *out, const char *label, struct bytes der);
#endif
