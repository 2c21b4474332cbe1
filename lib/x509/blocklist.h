/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_BLOCKLIST_H
#define SIGNET_X509_BLOCKLIST_H
/*
 * Keys that nobody may have certified: leaked, weak, known to others.
 *
 * A list is a file of sorted digest prefixes, mapped and not read, so that
 * millions of keys cost nothing until one is looked up.  It is made from text
 * (doc/blocklists.md) by blocklist_read() and blocklist_encode(), and whole:
 * blocklist_open() takes none whose digest or order is wrong.
 */
#include <stdint.h>
#include <openssl/evp.h>
#include "base/error.h"
#include "base/mem.h"
#include "os/conf.h"

/* What the digest is of. */
enum blocklist_kind {
	BLOCKLIST_SPKI,		/* SHA-256: SubjectPublicKeyInfo */
	BLOCKLIST_NUMBER,	/* SHA-256: RSA modulus, x of an EC point, raw
				 * Ed25519 key */
	BLOCKLIST_MODULUS,	/* last 80 bits of SHA-1: "Modulus=%X\n" */
	BLOCKLIST__MAX
};
const char *blocklist_kind_name(enum blocklist_kind);	/* "spki" ... */
/* BLOCKLIST__MAX for a word that is none. */
enum blocklist_kind blocklist_kind_of(const char *);

struct blocklist;
int	 blocklist_open(struct blocklist **, const char *path, struct error *);
void	 blocklist_close(struct blocklist **);
uint64_t blocklist_count(const struct blocklist *, enum blocklist_kind);
/* ERROR_DENIED, naming list and kind, for a key that is on it. */
int	 blocklist_check(const struct blocklist *, EVP_PKEY *, struct error *);

/* Several: those that settings name. */
struct blocklists {
	struct blocklist	**v;
	size_t			  n;
};
int	 blocklists_open(struct blocklists *, const struct conf_list *paths,
	    struct error *);
void	 blocklists_close(struct blocklists *);
int	 blocklists_check(const struct blocklists *, EVP_PKEY *,
	    struct error *);

/* A list being made; zero-initialised is empty. */
struct blocklist_draft {
	struct buf	 digest[BLOCKLIST__MAX];	/* ten octets each */
};
/* Lines of text: 20 or 40 hex digits are MODULUS, 64 are of "kind" or of the
 * word before them ("spki:", "number:"); "#" begins a comment.  ERROR_INPUT
 * with the line. */
int	 blocklist_read(struct blocklist_draft *, struct bytes text,
	    enum blocklist_kind, struct error *);
void	 blocklist_add(struct blocklist_draft *, enum blocklist_kind,
	    const uint8_t digest[32]);
/* Sorted, each once. */
void	 blocklist_encode(struct buf *, struct blocklist_draft *);
void	 blocklist_draft_clear(struct blocklist_draft *);
#endif
