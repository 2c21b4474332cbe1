/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DESK_BATCH_H
#define SIGNET_DESK_BATCH_H
/*
 * A batch being read: requests and rows become items of one draft, and every
 * mistake is told before anything is stored.
 */
#include "base/map.h"
#include "db/db_holder.h"
#include "desk/csv.h"
#include "desk/desk.h"
#include "desk/draft.h"

struct batch {
	struct desk		*dk;
	const struct profile	*profile;
	struct draft		 draft;		/* of kind batch */
	size_t			 size;		/* allocated items */
	struct map		 seen;		/* requests, by digest */
	uint64_t		 total;		/* rows, if known */
	size_t			 bad;		/* mistakes told */
	size_t			 rows;		/* looked at */
};
int	 batch_begin(struct desk *, struct batch *, const char *profile,
	    const char *ca, struct error *);
void	 batch_clear(struct batch *);
/* Read all of a file.  The desk hears of mistakes, each with its place, and they
 * are counted; -1 only for what makes going on pointless. */
int	 batch_read_csv(struct batch *, const char *path, struct error *);
/* The same of a text that came from elsewhere, called name in what is told.
 * Its column "csr" has requests themselves, in base 64: it opens no file. */
int	 batch_read_text(struct batch *, const char *name, struct bytes,
	    struct error *);
/* A request, or a directory of files *.csr, *.pem, *.der, *.p10, *.req. */
int	 batch_read_requests(struct batch *, const char *path,
	    struct error *);
/* One item; request NULL: it comes later.  Takes over fields on success. */
int	 batch_add(struct batch *, const char *holder, struct fields *,
	    const struct csr *, const char *where, struct error *);
#endif
