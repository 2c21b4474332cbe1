/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_MIGRATE_H
#define SIGNET_DB_MIGRATE_H
/*
 * Schema versions: the files db/NNNN-name.sql, applied in order, each in one
 * transaction with its row in schema_version; then db/roles.sql, which is
 * repeatable.  Everything lives in the PostgreSQL schema "signet".
 */
#include <stdbool.h>
#include "base/error.h"
#include "base/mem.h"

struct migrate_step {
	int	 version;
	char	*name;		/* "core" */
	char	*path;
	bool	 applied;
	char	 applied_at[32];
};
struct migrate_plan {
	struct migrate_step	*v;
	size_t			 n;
	int			 current;	/* 0: empty database */
};
/* dir: where the SQL files are (datadir/signet/db). */
int	 migrate_status(struct migrate_plan *, const char *conninfo,
	    const char *dir, struct error *);
/* Apply what is missing; say(arg, step) before each. */
typedef void migrate_say_fn(void *arg, const struct migrate_step *);
int	 migrate_apply(const char *conninfo, const char *dir,
	    migrate_say_fn *say, void *arg, struct error *);
/* Make the database if it is absent (connects to "postgres" for that). */
int	 migrate_create(const char *conninfo, struct error *);
/* May this user make databases and roles there?  Changes nothing. */
int	 migrate_check_owner(const char *conninfo, struct error *);
void	 migrate_plan_clear(struct migrate_plan *);
#endif
