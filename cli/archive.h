/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_ARCHIVE_H
#define SIGNET_CLI_ARCHIVE_H
/*
 * Archives: folders with what left the store.  The files of an audit bundle,
 * members.txt, which says what the store called each of them, and index.txt
 * with the digests of all.  The digest of index.txt names the archive; two
 * officers have signed it, in seal.pem.
 */
#include <stdbool.h>
#include <stdint.h>
#include "cli/bundle_out.h"
#include "cli/progress.h"
#include "db/db_archive.h"

#define ARCHIVE_INDEX	"index.txt"
#define ARCHIVE_INDEX_MAX 65536
#define ARCHIVE_MEMBERS	"members.txt"
#define ARCHIVE_SEAL	"seal.pem"
#define ARCHIVE_NAME	65
#define ARCHIVE_CRL_KEY	160

struct archive {
	char		 name[ARCHIVE_NAME];
	int64_t		 made, cutoff;
	int64_t		 seq;		/* where the chain stood */
	uint8_t		 hash[32];
	uint8_t		 digest[32];	/* of the index */
	int64_t		 orders, certs, lists;
	struct bundle	 b;
	struct bundle_file members;
};
enum archive_kind { ARCHIVE_ORDER, ARCHIVE_REQUEST, ARCHIVE_PROOF,
    ARCHIVE_STATION, ARCHIVE_CERT, ARCHIVE_LIST, ARCHIVE__KINDS };
struct archive_member {
	enum archive_kind kind;
	uint8_t		 id[DB_ORDER_ID];	/* of the order */
	int64_t		 n;			/* the item */
	char		 ca[65];		/* of a list */
	int64_t		 shard, number, base;
	uint8_t		 digest[32];
};

/* A name that an archive may have? */
int	 archive_check_name(const char *, struct error *);
/*
 * Read it: each file is held against the index, and each member against the
 * files.  ERROR_DENIED names what is not as it was when it was sealed.
 */
int	 archive_open(struct archive *, const char *dir, struct error *);
void	 archive_close(struct archive *);
/* What archive_open() does of it: what is above the digests in the text of
 * index.txt; and that the members are all in the files, and nothing else is,
 * which counts them. */
int	 archive_parse_index(struct archive *, const char *text,
	    struct error *);
int	 archive_check(struct archive *, struct error *);
void	 archive_rewind(struct archive *);
int	 archive_next(struct archive *, struct archive_member *,
	    struct error *);			/* 1, 0 at the end, -1 */
/* The text of index.txt for these files. */
int	 archive_index(struct buf *, const struct archive *, struct error *);
/* By what a list is known again. */
char	*archive_crl_key(char dst[ARCHIVE_CRL_KEY], const char *ca,
	    int64_t shard, int64_t number, int64_t base);
/* All archives that the store knows but that one: beside dir, or given. */
struct archive_places {
	const char		*dir;
	const char *const	*given;
	size_t			 n;
};
struct archive_dirs {
	const char	**v;		/* with room for one more */
	size_t		 n;
};
int	 archive_others(struct db *, const struct archive_places *,
	    const uint8_t except[32], struct archive_dirs *, struct arena *,
	    struct error *);
/* Into a bundle; what the store still has of it shall be passed over. */
int	 archive_put_back(const char *dir, struct bundle_out *,
	    int64_t *certs, int64_t *orders, struct error *);

/* What may go, into a new folder that appears when it is whole. */
struct archive_written {
	int64_t	 orders, certs, lists;
	int64_t	 bytes;			/* of the files */
};
int	 archive_write(struct db *, const char *dir, int64_t now,
	    int64_t cutoff, struct progress *, struct archive_written *,
	    struct error *);
/* Everything of it, piece by piece. */
struct archive_taking {
	struct db		*db;	/* as signet_archive */
	const uint8_t		*permit;
	const char		*who;
	struct progress		*progress;
	struct db_archive_taken	 taken;
};
int	 archive_take(struct archive *, struct archive_taking *,
	    struct error *);
#endif
