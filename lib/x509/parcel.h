/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_PARCEL_H
#define SIGNET_X509_PARCEL_H
/*
 * Parcels: files that cross the air gap between the root and the rest, signed
 * and numbered.  doc/parcel.md describes the format.
 *
 * A parcel is a signed text (x509/signed.h): header lines, then each file
 * with its name, size, digest and base 64.  parcel_open() proves that it is
 * whole and who packed it; the receiver keeps the highest number that it has
 * seen from that packer and refuses one that is not higher.
 */
#include <stdbool.h>
#include <openssl/x509.h>
#include "base/error.h"
#include "base/mem.h"
#include "x509/key.h"
#include "x509/signed.h"

#define PARCEL_FILES_MAX	64
#define PARCEL_FILE_MAX		(4u << 20)	/* bytes */

struct parcel_file {
	char		 name[65];	/* text_is_name() */
	struct buf	 data;
};

struct parcel {
	int64_t			 number;	/* 1, 2, 3 ... of one packer */
	uint8_t			 root[KEY_DIGEST_SIZE];	/* it is from or for */
	int64_t			 at;
	char			 what[65];	/* "certify", "crl" ... a name */
	struct parcel_file	*file;
	size_t			 nfiles;
	/* Filled by parcel_open(). */
	X509			*signer;
	bool			 by_anchor;	/* the anchor itself packed it */
};

struct parcel *parcel_new(int64_t number, const uint8_t *root,
	    int64_t at, const char *what);
void	 parcel_add(struct parcel *, const char *name, struct bytes);
/* The file of this name, or NULL. */
const struct parcel_file *parcel_find(const struct parcel *, const char *name);
/* Appends PEM. */
int	 parcel_make(struct buf *pem, const struct parcel *,
	    const struct identity *, struct error *);
/*
 * The signer is the anchor itself, or its certificate chains to the anchor at
 * the time t; else ERROR_DENIED.  What a signer that is not the anchor may
 * pack is for the caller to judge by p->signer.
 */
int	 parcel_open(struct parcel **, struct bytes pem, X509 *anchor,
	    int64_t t, struct error *);
/* The text alone, whose signature somebody has verified. */
int	 parcel_parse(struct parcel **, struct bytes text, struct error *);
void	 parcel_free(struct parcel **);
#endif
