/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_ROOT_ROOT_H
#define SIGNET_ROOT_ROOT_H
/*
 * The root's directory, read and checked: transcript, index, certificates.
 *
 *	root.pem root.key shares/	the present generation
 *	old/N/				the same of generation N, until retired
 *	issued/ crl/ out/ inputs/	what ceremonies made and were given
 *	index transcript transcript.heads.pem
 *
 * root_open() believes nothing that the transcript does not say: the index
 * must be what the transcript adds up to, and the last head must be signed by
 * one of the root's keys.
 */
#include <stdbool.h>
#include <openssl/x509.h>
#include "base/clock.h"
#include "base/error.h"
#include "ca/root/ceremony.h"
#include "ca/root/head.h"
#include "ca/root/index.h"
#include "ca/root/transcript.h"
#include "x509/cert.h"

#define ROOT_FILE_MAX	(64u << 20)

struct generation {
	int64_t			 number;	/* 1, 2, 3 ... */
	const struct issued	*line;		/* in the index */
	X509			*cert;
	uint8_t			 id[KEY_DIGEST_SIZE];
	char			 hex[2 * KEY_DIGEST_SIZE + 1];
	bool			 retired;
};

struct root {
	char			*dir;
	int			 lock;		/* or -1: only read */
	struct transcript	 transcript;
	struct buf		 heads;		/* transcript.heads.pem */
	struct index		 index;
	struct generation	*gen;
	size_t			 ngen;
	struct ceremony		 settings;	/* of the last init or roll */
	char			 settings_verb[16];	/* "" : none yet */
};

/*
 * write: lock the directory, and finish what a crash left.  *finished tells
 * (unless NULL).  A directory without a root gives ngen == 0.
 */
int	 root_open(struct root *, const char *dir, bool write, bool *finished,
	    struct error *);
/* ERROR_CONFIG unless there is a root. */
int	 root_check_exists(const struct root *, struct error *);
void	 root_close(struct root *);

/* Generation number n, 0 for the present one; ERROR_NOTFOUND. */
int	 root_generation(const struct root *, int64_t n,
	    const struct generation **, struct error *);
/* The generation whose certificate this is, or NULL. */
const struct generation *root_signer(const struct root *, X509 *);
/* "" or "old/N/": where key and shares of a generation are; caller frees. */
char	*root_prefix(const struct root *, const struct generation *);
/* A file of the directory. */
int	 root_load(const struct root *, const char *name, struct buf *,
	    struct error *);
/* Certificate of an index line. */
int	 root_load_cert(const struct root *, const struct issued *, X509 **,
	    struct error *);

/* The index that the transcript adds up to. */
int	 root_rebuild_index(struct index *, const struct transcript *,
	    struct error *);
/* SHA-256 as hex; never fails but for want of memory. */
void	 root_digest(char hex[65], struct bytes);
#endif
