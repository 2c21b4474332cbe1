/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_PUBLISH_CHECK_H
#define SIGNET_CLI_PUBLISH_CHECK_H
/*
 * A whole directory held against the store, page by page: each entry that
 * there must be, and then each that is there.
 */
#include "cli/cli.h"
#include "cli/progress.h"
#include "db/db_publish.h"
#include "publish/cas.h"
#include "publish/deliver.h"
#include "publish/target.h"

struct publish_check {
	struct cli		*cli;
	const struct publish_conf *conf;
	const struct publish_target *target;
	struct out_list		*out;		/* NULL: say nothing */
	bool			 mend;		/* ask for each a delivery */
	struct directory	*directory;
	struct publish_cas	 cas;
	const char		**published;
	struct db_profiles	 want;
	struct arena		*arena;		/* of one page */
	struct progress		 progress;
	int64_t			 now;
	int64_t			 entries;	/* looked at */
	int64_t			 differ;	/* nothing is on its way */
	int64_t			 wait;		/* a publisher will see to it */
	int64_t			 unpublishable;	/* what does not verify */
};
extern const struct out_col PUBLISH_CHECK_COLS[];
#define PUBLISH_CHECK_NCOLS	6

/* cli, conf, target, out and mend are filled; the counts are set. */
int	 publish_check_run(struct publish_check *, struct error *);
#endif
