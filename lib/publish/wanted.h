/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PUBLISH_WANTED_H
#define SIGNET_PUBLISH_WANTED_H
/*
 * What an entry of the directory must be.
 *
 * A holder's entry offers, for each mail address, the newest certificate that
 * mail can be encrypted to, newest first; never one that is only for signing,
 * expired, on a revocation list or not signed by its CA.  A CA's entry offers
 * its certificate, its lists, and its cross certificates.
 *
 * What these entries have of the attributes below is Signet's: other values
 * are taken away.  Attributes that are not below are left alone.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"
#include "base/mem.h"
#include "db/db_publish.h"
#include "net/directory.h"
#include "publish/cas.h"
#include "publish/target.h"
#include "x509/cert_look.h"

#define WANTED_ATTRS	8

struct wanted {
	char			*dn;
	bool			 present;	/* there must be such an entry */
	bool			 keep;		/* cannot tell: leave it alone */
	struct directory_attr	 attr[WANTED_ATTRS];	/* n 0: must be away */
	size_t			 nattrs;
	/* What could not be published, and why; the rest of the entry counts. */
	struct error		 problem;
};
/*
 * cert: those of the holder, newest first.  Everything lives in the arena,
 * certificates as long as their rows.  The store is asked for the orders that
 * ended holds.
 */
int	 wanted_person(struct wanted *, const struct publish_target *,
	    const char *holder, const struct db_published *cert, size_t n,
	    const struct publish_cas *, int64_t now, struct arena *,
	    struct error *);
/* Deltas and what the root made off line are read now. */
int	 wanted_ca(struct wanted *, const struct publish_target *,
	    const char *name, const struct publish_cas *, struct db *,
	    const char *root_files, struct arena *, struct error *);
/* An entry that nobody has. */
void	 wanted_stray(struct wanted *, const char *dn, struct arena *);

/* What the store says at one moment, for who looks at one entry. */
struct wanted_store {
	const struct publish_target	*target;
	const struct publish_cas	*cas;
	const struct db_profiles	*published;
	const char			*root_files;
	struct db			*db;	/* DB_PUBLISH_LOOK, and of cas */
	int64_t				 now;
};
/* The entry of a "ca", a "person", or of a "name" that is nobody's. */
int	 wanted_entry(struct wanted *, const struct wanted_store *,
	    const char *kind, const char *key, struct arena *,
	    struct error *);

/* For wanted_person and its test: one certificate, looked at. */
struct wanted_cert {
	const struct db_published *row;
	const struct publish_ca	*ca;
	struct cert_look	 look;
	const char	*cn, *sn;	/* or NULL */
	const char	**mail;
	size_t		 nmail;
};
/*
 * 1: it can be published if wanted_verify() says so; 0: it is not for this or,
 * and then why says so, it must not be; -1: the store.
 */
int	 wanted_look(struct wanted_cert *, const struct db_published *,
	    const struct publish_cas *, int64_t now, struct arena *,
	    struct error *why, struct error *);
/* Has its CA signed it?  0; -1 and why. */
int	 wanted_verify(const struct wanted_cert *, struct error *why);

enum wanted_action { WANTED_SAME, WANTED_ADD, WANTED_MODIFY, WANTED_DELETE };
/*
 * What is to be done to the entry (NULL: there is none) and, in words, how it
 * differs: *why, unless it is the same, and the entry to add or the changes to
 * make, in the arena.
 */
enum wanted_action wanted_compare(const struct wanted *,
	    const struct directory_entry *actual, struct directory_entry *todo,
	    const char **why, struct arena *);
#endif
