/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PUBLISH_TARGET_H
#define SIGNET_PUBLISH_TARGET_H
/*
 * The directories to publish to, as directories.conf says: signet-crld writes
 * to them, "signet publish" compares them with the store.  And which entry of
 * a directory belongs to which holder or CA.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"
#include "base/mem.h"
#include "net/directory.h"
#include "os/conf.h"

struct publish_target {
	char	*name;
	char	*url;
	char	*base;
	char	*people;	/* "uid={holder},ou=people,{base}" */
	char	*cas;		/* "cn={ca},ou=PKI,{base}" */
	bool	 starttls;
	char	*tls_ca, *tls_cert, *tls_key, *tls_passphrase;
	int64_t	 timeout;	/* seconds */
	int64_t	 window;	/* operations under way at once */
	int64_t	 publishers;	/* processes */
	int64_t	 retry_max;	/* seconds between tries at the most */
};
struct publish_conf {
	struct conf_groups	 targets;	/* of struct publish_target */
	char			*root_files;	/* directory, or NULL */
};

/* Relative paths in it start where the file is. */
int	 publish_conf_load(struct publish_conf *, const char *path,
	    struct error *);
int	 publish_conf_parse(struct publish_conf *, const char *text,
	    const char *name, struct error *);	/* for tests */
void	 publish_conf_free(struct publish_conf *);
/* ERROR_NOTFOUND naming those there are. */
int	 publish_conf_find(const struct publish_conf *, const char *name,
	    const struct publish_target **, struct error *);

int	 publish_target_open(struct directory **,
	    const struct publish_target *, struct error *);

enum publish_kind { PUBLISH_PERSON, PUBLISH_CA };
/* The name of a holder's or a CA's entry; caller frees. */
char	*publish_target_name(const struct publish_target *,
	    enum publish_kind, const char *key);
/* Whose entry it is, in the arena; NULL if nobody's. */
const char *publish_target_key(const struct publish_target *,
	    enum publish_kind, const char *dn, struct arena *);
/* What all entries of the kind are below; lives in the arena. */
const char *publish_target_below(const struct publish_target *,
	    enum publish_kind, struct arena *);
#endif
