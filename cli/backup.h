/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_BACKUP_H
#define SIGNET_CLI_BACKUP_H
/*
 * A backup: a directory with backup.json, which says what is in it, and parts
 * of at most BACKUP_PART bytes, each sealed by itself (lib/card/seal.h).  The
 * parts of a folder are together what tar writes, those of the store what
 * pg_dump does; so "openssl cms -decrypt" and these two are enough to open one.
 */
#include <stdbool.h>
#include <jansson.h>
#include "base/error.h"
#include "base/mem.h"
#include "card/seal.h"
#include "cli/progress.h"
#include "x509/key.h"

#define BACKUP_FORMAT	"signet-backup-1"
#define BACKUP_INDEX	"backup.json"
#define BACKUP_PART	(16u << 20)
#define BACKUP_SEALED_MAX (BACKUP_PART + 65536u)
#define BACKUP_FILE	80		/* a part's name */
#define BACKUP_STAGE	".restoring"	/* after a folder's name */

/* What of a folder goes into it. */
struct backup_list {
	struct buf	 names;		/* each with a NUL, in their order */
	struct buf	 left_out;	/* for people, a line each */
	struct buf	 clear_keys;	/* the same: keys without a passphrase */
	size_t		 n;
	bool		 ledger;	/* a signer's is among them */
};
/* except: the real path of a directory that is left out; or NULL. */
int	 backup_list(struct backup_list *, const char *root, bool secrets,
	    const char *except, struct error *);
void	 backup_list_clear(struct backup_list *);

/*
 * What BACKUP_INDEX says, once all of it is as it should be: each part has the
 * name that it must have there, so none is twice, out of its order, or
 * elsewhere; sizes and digests are such; paths are clean.  The caller frees it
 * with json_decref().
 */
int	 backup_index_parse(json_t **, struct bytes text, struct error *);
/* Names of parts: "folder1", "folder1-0001.cms"; n counts from 1. */
void	 backup_folder_name(char name[BACKUP_FILE], size_t n);
void	 backup_file_name(char file[BACKUP_FILE], const char *name, size_t n);

/* Absolute, no longer than one can be, and of names alone: no "." and "..", no
 * slash twice or at the end, nothing that a terminal obeys. */
bool	 backup_path_is_clean(const char *path);
/* Can folders at these two not be put in place, since they are one, one is in
 * the other, or one is where the other is made? */
bool	 backup_paths_clash(const char *a, const char *b);

/* Of a part, or of the index: SHA-256, hex. */
#define BACKUP_DIGEST	65
int	 backup_digest(char hex[BACKUP_DIGEST], const struct buf *,
	    struct error *);

/* All that fd gives goes into dir/name-0001.cms and so on; what is said of
 * them in the index, or NULL. */
json_t	*backup_seal(const char *dir, const char *name, const struct seal *,
	    int fd, struct progress *, struct error *);
/* Are these parts there, whole?  Nothing is opened. */
int	 backup_check(const char *dir, const json_t *parts, struct error *);
/* What is in them goes to fd. */
int	 backup_open(const char *dir, const json_t *parts,
	    const struct identity *, int fd, struct progress *,
	    struct error *);
#endif
