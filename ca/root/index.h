/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_ROOT_INDEX_H
#define SIGNET_ROOT_INDEX_H
/*
 * The index: one line for each certificate that the root has signed.
 *
 *	number serial generation kind name expires status reason when
 *
 * A line is never taken away; revoking changes its last three words.  The
 * transcript says the same, and replay compares the two.
 */
#include <stdint.h>
#include "base/error.h"
#include "base/mem.h"

#define INDEX_MAX	10000		/* certificates of one root */

struct issued {
	int64_t	 number;		/* 1, 2, 3 ... */
	char	 serial[43];		/* hex */
	int64_t	 generation;		/* of the root whose key signed */
	char	 kind[16];		/* root, sub-ca, cross, link */
	char	 name[65];
	int64_t	 not_after;
	char	 status[16];		/* good, revoked, retired */
	char	 reason[32];		/* or "-" */
	int64_t	 when;			/* of the status; or 0 */
};

struct index {
	struct issued	*v;
	size_t		 n;
};

void	 issued_write(struct buf *line, const struct issued *);
int	 issued_parse(struct issued *, const char *line, struct error *);
/* "issued/0007-people.pem"; caller frees. */
char	*issued_path(const struct issued *);

int	 index_parse(struct index *, struct bytes text, struct error *);
void	 index_write(struct buf *text, const struct index *);
void	 index_add(struct index *, const struct issued *);
/* By serial, or by name when only one certificate of that name is good. */
int	 index_find(const struct index *, const char *target,
	    struct issued **, struct error *);
/* The line with this serial, or NULL. */
struct issued *index_serial(const struct index *, const char *serial);
void	 index_clear(struct index *);
#endif
