/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_BUNDLE_H
#define SIGNET_CLI_BUNDLE_H
/*
 * The directory that "signet audit export" writes and "signet audit verify"
 * reads.  This module reads its files item by item and judges nothing: the
 * files are foreign bytes, a malformed item is an error that names file and
 * line, and the reader stands behind it, so that the caller can go on.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "audit/chain.h"
#include "base/error.h"
#include "base/mem.h"

enum bundle_part {
	BUNDLE_ENTRIES,		/* seq, hash, base64 of the body */
	BUNDLE_HEADS,		/* PEM "CMS" */
	BUNDLE_ORDERS,		/* PEM "CMS" */
	BUNDLE_REQUESTS,	/* PEM "CERTIFICATE REQUEST" */
	BUNDLE_PROOFS,		/* order, n, hex: of one-time codes */
	BUNDLE_CERTS,		/* PEM "CERTIFICATE" */
	BUNDLE_CRLS,		/* PEM "X509 CRL" */
	BUNDLE_CAS,		/* PEM "CERTIFICATE", root first */
	BUNDLE_STATUS,		/* ca serial status reason time order */
	BUNDLE__MAX
};
const char *bundle_name(enum bundle_part);	/* "entries.txt" */
const char *bundle_label(enum bundle_part);	/* "CMS"; NULL if not PEM */

struct bundle_file {
	const char	*name;		/* for messages; borrowed */
	struct bytes	 data;
	size_t		 pos;
	size_t		 line;		/* of pos, from 1 */
	bool		 mapped;
};
struct bundle {
	struct bundle_file part[BUNDLE__MAX];
};

/* All parts must be there but proofs.txt. */
int	 bundle_open(struct bundle *, const char *dir, struct error *);
void	 bundle_close(struct bundle *);
/* One file alone. */
int	 bundle_file_open(struct bundle_file *, const char *name,
	    const char *path, struct error *);
void	 bundle_file_close(struct bundle_file *);
void	 bundle_file_rewind(struct bundle_file *);

/* The readers return 1, 0 at the end, or -1 for a malformed item. */

struct bundle_entry {
	int64_t		 seq;
	uint8_t		 hash[AUDIT_HASH];
	struct buf	 body;		/* reused from call to call */
};
int	 bundle_entry_next(struct bundle_file *, struct bundle_entry *,
	    struct error *);

/*
 * The next PEM block with this label.  Text between blocks is passed over,
 * a block with another label is malformed.  *at is where the block begins:
 * bundle_pem_at() finds it again.
 */
int	 bundle_pem_next(struct bundle_file *, const char *label,
	    struct buf *der, size_t *at, struct error *);
int	 bundle_pem_at(const struct bundle_file *, const char *label, size_t at,
	    struct buf *der, struct error *);

struct bundle_status {
	char	 ca[65];
	uint8_t	 serial[21];
	size_t	 serial_len;
	char	 status[8];	/* good, held, revoked */
	int	 reason;	/* -1: none */
	int64_t	 at;		/* 0: none */
	char	 order[33];	/* id in hex; "" for none */
};
int	 bundle_status_next(struct bundle_file *, struct bundle_status *,
	    struct error *);

#define BUNDLE_PROOF_MAX 1024
struct bundle_proof {
	uint8_t	 order[32];	/* digest */
	int64_t	 n;
	uint8_t	 proof[BUNDLE_PROOF_MAX];
	size_t	 len;
};
int	 bundle_proof_next(struct bundle_file *, struct bundle_proof *,
	    struct error *);
/* Append an entry's line. */
void	 bundle_put_entry(struct buf *, int64_t seq,
	    const uint8_t hash[AUDIT_HASH], struct bytes body);
#endif
