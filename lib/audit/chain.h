/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_AUDIT_CHAIN_H
#define SIGNET_AUDIT_CHAIN_H
/*
 * The audit chain: numbered entries, each hash covering the one before it.
 *
 *	hash(n) = SHA-256( 0x01 | hash(n-1) | n as 8 bytes big-endian | body )
 *	hash(0) = 32 zero bytes
 *
 * A body is lines "key=value\n"; the keys "act" and "at" (a time as text_time()
 * writes it) come first.  In a value, backslash and control characters are \\,
 * \n or \xHH, and nothing else is escaped.  The store
 * numbers and hashes (db/ function audit_append); this module does the same
 * arithmetic for the signer, which follows the chain, and for the auditor.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"
#include "base/mem.h"

#define AUDIT_HASH	32
#define AUDIT_BODY_MAX	(64 * 1024)

/* Start a body. */
void	 audit_begin(struct buf *, const char *act, int64_t at);
void	 audit_str(struct buf *, const char *key, const char *value);
void	 audit_hex(struct buf *, const char *key, const void *, size_t);
void	 audit_num(struct buf *, const char *key, int64_t);

/* Value of key in a body, appended to *value (caller clears): 1, 0 absent, -1
 * body malformed or key there twice. */
int	 audit_find(struct bytes body, const char *key, struct buf *value,
	    struct error *);

struct audit_head {
	int64_t	 seq;
	uint8_t	 hash[AUDIT_HASH];
};
/* Advance the head over the next entry. */
void	 audit_advance(struct audit_head *, struct bytes body);
#endif
