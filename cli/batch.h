/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_BATCH_H
#define SIGNET_CLI_BATCH_H
/*
 * A batch being read: requests and rows become items of one draft, and every
 * mistake is told before anything is stored.
 */
#include "base/map.h"
#include "cli/cli.h"
#include "cli/csv.h"
#include "cli/draft.h"
#include "cli/progress.h"
#include "db/db_holder.h"

struct batch {
	struct cli		*c;
	const struct profile	*profile;
	struct draft		 draft;		/* of kind batch */
	size_t			 size;		/* allocated items */
	struct map		 seen;		/* requests, by digest */
	struct progress		 progress;
	size_t			 bad;		/* mistakes told */
	size_t			 rows;		/* looked at */
};
int	 batch_begin(struct cli *, struct batch *, const char *profile,
	    const char *ca, struct error *);
void	 batch_clear(struct batch *);
/* Read all of it.  Mistakes go to standard error, each with its place, and
 * are counted; -1 only for what makes going on pointless. */
int	 batch_read_csv(struct batch *, const char *path, struct error *);
/* A request, or a directory of files *.csr, *.pem, *.der, *.p10, *.req. */
int	 batch_read_requests(struct batch *, const char *path,
	    struct error *);
#endif
