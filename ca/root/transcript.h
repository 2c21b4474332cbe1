/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_ROOT_TRANSCRIPT_H
#define SIGNET_ROOT_TRANSCRIPT_H
/*
 * The transcript: numbered, hash-chained entries, one line each,
 *
 *	sequence hash base64(body)
 *
 * with the bodies and the arithmetic of audit/chain.h.  A ceremony is two
 * entries: "begin" is on disk before the key is used and says what is going
 * to be signed, "end" names every output.  A "begin" that the next ceremony
 * finds without its "end" is followed by "abandon".
 */
#include "audit/chain.h"
#include "base/error.h"
#include "base/mem.h"

struct transcript_entry {
	struct audit_head	 head;		/* after this entry */
	struct buf		 body;
	char			 act[16];
	int64_t			 at;
	int64_t			 ceremony;
};

struct transcript {
	struct transcript_entry	*v;
	size_t			 n;
};

/* The chain is checked: ERROR_DENIED names the first line that is not so. */
int	 transcript_parse(struct transcript *, struct bytes text,
	    struct error *);
void	 transcript_write(struct buf *text, const struct transcript *);
/* The body is copied. */
int	 transcript_add(struct transcript *, struct bytes body,
	    struct error *);
/* The last entry, or NULL. */
const struct transcript_entry *transcript_last(const struct transcript *);
/* The "begin" of the last ceremony when nothing has followed it; or NULL. */
const struct transcript_entry *transcript_open_ceremony(
	    const struct transcript *);
/* Value of key as a string that the caller frees; NULL when absent. */
char	*transcript_value(const struct transcript_entry *, const char *key);
/* The k-th value (from 1) of "key.k". */
char	*transcript_nth(const struct transcript_entry *, const char *key,
	    int k);
/* The "end" of the ceremony that made the key of a generation, or NULL. */
const struct transcript_entry *transcript_made(const struct transcript *,
	    int64_t generation);
/* The highest number that any "end" has under key, or 0. */
int64_t	 transcript_highest(const struct transcript *, const char *key);
void	 transcript_clear(struct transcript *);
#endif
