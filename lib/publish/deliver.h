/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PUBLISH_DELIVER_H
#define SIGNET_PUBLISH_DELIVER_H
/*
 * Entries read, and made what they must be, many at a time: all are looked at,
 * those that differ are written, and what was written is read back.
 */
#include "base/error.h"
#include "base/mem.h"
#include "net/directory.h"
#include "publish/wanted.h"

enum deliver_state { DELIVER_OPEN, DELIVER_DONE, DELIVER_LATER, DELIVER_DEAD };

struct deliver {
	struct wanted		 wanted;	/* filled by the caller */
	/* What the last look found. */
	bool			 found;
	struct directory_entry	 actual;
	enum wanted_action	 action;
	struct directory_entry	 todo;
	const char		*why;
	bool			 no_parent;	/* what is above is missing */
	bool			 written;	/* so the directory said */
	/* How it ended: LATER and DEAD with an error, OPEN: not tried. */
	enum deliver_state	 state;
	struct error		 error;
	bool			 refused;	/* it is the directory's error */
};
/*
 * found, actual, action and why of each; one that cannot be read is LATER.
 * -1: the connection is gone, as below.
 */
int	 deliver_look(struct directory *, size_t window, struct deliver *,
	    size_t n, struct arena *, struct error *);
/* Missing entries above are added.  What is still OPEN after -1 may have been
 * written or not. */
int	 deliver(struct directory *, size_t window, struct deliver *, size_t n,
	    struct arena *, struct error *);
#endif
