/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_RESTORE_H
#define SIGNET_CLI_RESTORE_H
/*
 * What signet restore works on: cmd_restore.c has the command, the others
 * folders and store.
 */
#include "cli/backup.h"
#include "cli/cli.h"
#include "cli/moves.h"

#define RESTORE_SKIP	1000	/* numbers of lists */

struct folder {
	const char	*old;
	char		*path, *stage;	/* where it goes; until it is whole */
	const json_t	*parts;
};
struct restoring {
	struct cli	*c;
	const char	*dir;
	struct moves	 moves;
	json_t		*index;
	char		 digest[BACKUP_DIGEST];	/* of the index */
	const json_t	*store;		/* its parts */
	struct identity	 with;
	struct folder	*folder;
	size_t		 n;
	char		*owner;		/* connection string; NULL: no store */
	uint64_t	 rewritten;
};

/* What is in the parts goes to that program. */
int	 restore_feed(struct restoring *, const json_t *parts,
	    const char *what, const char *const argv[],
	    const char *const env[], struct error *);

/* The place of a folder must be empty; it is unpacked beside it, with the
 * settings of here, and put there. */
int	 restore_check_absent(const struct folder *, struct error *);
int	 restore_unpack(struct restoring *, struct folder *, struct error *);
int	 restore_put_in_place(const struct folder *, struct error *);

/* All of it, by the settings that have been unpacked. */
int	 restore_store(struct restoring *, struct error *);
#endif
