/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_BASE_BASE64_H
#define SIGNET_BASE_BASE64_H
/*
 * Base 64 read back, strictly: every text has one reading and every run of
 * bytes one text, the one that text_base64() writes.
 */
#include "base/error.h"
#include "base/mem.h"

/* Append the bytes to out.  No spaces, padded, ERROR_INPUT otherwise. */
int	 base64_parse(struct buf *out, const char *, size_t len,
	    struct error *);
#endif
