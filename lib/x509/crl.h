/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_CRL_H
#define SIGNET_X509_CRL_H
/*
 * Certificate revocation lists (RFC 5280 section 5) of any length: complete
 * ones, deltas and shards, written and read as streams.  No clock, no store.
 *
 * The writer takes entries in ascending order of serial, keeps them in a file
 * and signs in steps.  The reader shares no code with it: what it has walked
 * to the end is well-formed DER, in order, and signed by the issuer.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"
#include "base/mem.h"
#include "x509/cert.h"

#define CRL_REMOVE	8	/* removeFromCRL: in deltas only */

struct crl_entry {
	uint8_t	 serial[CERT_SERIAL_SIZE + 1];	/* magnitude, big-endian */
	uint8_t	 serial_len;
	int8_t	 reason;	/* CRLReason, or -1: absent (never 0) */
	int64_t	 revoked_at;
	int64_t	 invalid_since;	/* 0: absent */
};
int	 crl_entry_compare(const struct crl_entry *, const struct crl_entry *);

struct crl_params {
	int64_t	 number;
	int64_t	 this_update, next_update;
	int64_t	 base;		/* what a delta adds to; 0: a complete list */
	/* URLs; p NULL: absent.  Read ones are borrowed from the list. */
	struct bytes idp;	/* the only distribution point: a shard */
	struct bytes freshest;	/* where deltas are; not in a delta */
};

/*
 * Writing.  With a path the list is made in that file, which is replaced, and
 * in path.tbs, which is removed again; without one, in memory.  Serials must
 * ascend strictly, else ERROR_BUG.
 */
struct crl_writer;
int	 crl_writer_open(struct crl_writer **, const char *path,
	    const struct crl_params *, const struct issuer *, struct error *);
int	 crl_writer_add(struct crl_writer *, const struct crl_entry *,
	    struct error *);
/* 1: some milliseconds' worth was done, call again; 0: the list is complete
 * and, in a file, on disk; -1. */
int	 crl_writer_sign(struct crl_writer *, EVP_PKEY *, struct error *);
int64_t	 crl_writer_count(const struct crl_writer *);
/* SHA-256 of the complete list; may be asked once. */
int	 crl_writer_digest(struct crl_writer *, uint8_t dst[32],
	    struct error *);
/* The list itself, when it was made in memory. */
int	 crl_writer_get(struct crl_writer *, struct buf *out, struct error *);
void	 crl_writer_close(struct crl_writer **);

/* All of it at once, into memory.  1: *entry filled, 0: end, -1. */
typedef int crl_next_fn(void *arg, struct crl_entry *, struct error *);
int	 crl_sign(struct buf *out, const struct crl_params *, crl_next_fn *,
	    void *arg, const struct issuer *, EVP_PKEY *, struct error *);

/*
 * Reading.  The bytes, and the issuer, must outlive the reader; a file is
 * mapped and given back to the system behind the reader, whatever its size.
 * crl_reader_next() returns 1 with an entry; 0 when that was all and the
 * signature is right; -1.  Before that 0 nothing that was read counts.
 */
struct crl_reader;
int	 crl_reader_open(struct crl_reader **, struct bytes der,
	    const struct issuer *, struct error *);
int	 crl_reader_load(struct crl_reader **, const char *path,
	    const struct issuer *, struct error *);
const struct crl_params *crl_reader_params(const struct crl_reader *);
int	 crl_reader_next(struct crl_reader *, struct crl_entry *,
	    struct error *);
void	 crl_reader_close(struct crl_reader **);

/* A list that was read to its end. */
struct crl {
	struct crl_params	 params;
	size_t			 n;
	struct bytes		 der;
	struct bytes		 entries;	/* the SEQUENCE OF's content */
	bool			 mapped;	/* der is ours, a mapped file */
	uint32_t		*mark;		/* offset of each 256th entry */
};
/* The reader ends, and becomes the list.  Only after its 0. */
void	 crl_reader_end(struct crl_reader **, struct crl **);
/* Read to the end at once.  The list borrows der. */
int	 crl_parse(struct crl **, struct bytes der, const struct issuer *,
	    struct error *);
int	 crl_load(struct crl **, const char *path, const struct issuer *,
	    struct error *);
/* The next entry; *pos starts at 0.  False at the end. */
bool	 crl_next(const struct crl *, size_t *pos, struct crl_entry *);
/* By binary search.  *found unless NULL. */
bool	 crl_find(const struct crl *, const uint8_t *serial, size_t len,
	    struct crl_entry *found);
/* These bytes of the list will not be looked at again soon. */
void	 crl_forget(const struct crl *, size_t from, size_t len);
void	 crl_free(struct crl **);
#endif
