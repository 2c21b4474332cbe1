/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_NET_DIRECTORY_H
#define SIGNET_NET_DIRECTORY_H
/*
 * An LDAP directory (RFC 4511): one connection, on which many operations are
 * under way at once.
 *
 * An operation is sent by directory_search(), _add(), _modify(), _delete() and
 * answered, in any order, by directory_next(), which knows it by the caller's
 * tag.  Nothing waits for longer than the timeout: an answer that does not
 * come is the end of the connection, ERROR_UPSTREAM, and what was under way
 * may have been done or not.
 *
 * We are who our certificate says, or on a Unix socket our user id says (SASL
 * EXTERNAL, RFC 4422, appendix A); there are no passwords here.
 */
#include <stdbool.h>
#include <stddef.h>
#include "base/error.h"
#include "base/mem.h"

#define DIRECTORY_VALUE_MAX	(15u << 20)	/* slapd takes 16 MiB in all */
#define DIRECTORY_ATTRS_MAX	64		/* of an entry that is read */

struct directory;

struct directory_conf {
	const char	*url;		/* ldap://, ldaps:// or ldapi:// */
	bool		 starttls;	/* with ldap:// */
	const char	*tls_ca;	/* PEM files */
	const char	*tls_cert, *tls_key;
	int		 timeout;	/* seconds, of one answer */
};
/* Without a certificate, and not on a Unix socket, we are nobody. */
int	 directory_open(struct directory **, const struct directory_conf *,
	    struct error *);
void	 directory_close(struct directory **);

struct directory_attr {
	const char	*name;		/* "userCertificate;binary" */
	struct bytes	*v;
	size_t		 n;		/* to modify with 0: take it away */
};
struct directory_entry {
	const char		*dn;
	struct directory_attr	*attr;
	size_t			 nattrs;
};
/* Letter case does not matter.  NULL if it has none. */
const struct directory_attr *directory_find(const struct directory_entry *,
	    const char *name);

enum directory_scope { DIRECTORY_BASE, DIRECTORY_SUBTREE };

/* attrs: NULL-terminated, NULL for all.  0 or -1: the connection is gone. */
int	 directory_search(struct directory *, size_t tag, const char *base,
	    enum directory_scope, const char *filter,
	    const char *const *attrs, struct error *);
int	 directory_add(struct directory *, size_t tag,
	    const struct directory_entry *, struct error *);
/* Each attribute of the entry is replaced by what stands there. */
int	 directory_modify(struct directory *, size_t tag,
	    const struct directory_entry *, struct error *);
int	 directory_delete(struct directory *, size_t tag, const char *dn,
	    struct error *);
size_t	 directory_pending(const struct directory *);

enum directory_code {
	DIRECTORY_ENTRY,		/* found; more answers follow */
	DIRECTORY_DONE,
	DIRECTORY_ABSENT,		/* no such object */
	DIRECTORY_PRESENT,		/* exists already */
	DIRECTORY_WRONG,		/* and will be as wrong next time */
	DIRECTORY_FAILED,		/* may go well another time */
};
struct directory_answer {
	size_t			 tag;
	enum directory_code	 code;
	struct directory_entry	 entry;	/* with _ENTRY; lives in the arena */
	struct error		 error;	/* what the server said */
};
/* 1: *answer; 0: nothing is under way; -1: the connection is gone. */
int	 directory_next(struct directory *, struct directory_answer *,
	    struct arena *, struct error *);

/*
 * A search in pages (RFC 2696) while nothing else is under way.  Call again
 * with the same arguments until it returns 0; 1: there is more.
 */
struct directory_page {
	struct directory_entry	*v;
	size_t			 n;
	bool			 began;	/* zero-initialised: from the start */
};
int	 directory_read_page(struct directory *, struct directory_page *,
	    const char *base, const char *filter, const char *const *attrs,
	    int size, struct arena *, struct error *);

/* Names (RFC 4514). */

/* Append a value with what is special escaped. */
void	 directory_escape(struct buf *, const char *value);
/* Value of the first RDN if that is a single "type=...", in the arena; NULL
 * if it is not; *rest is what follows the comma. */
const char *directory_rdn(const char *dn, const char *type,
	    const char **rest, struct arena *);
/* Same name but for letter case and spacing of types and values. */
bool	 directory_same(const char *, const char *);
/* Is it a name? */
int	 directory_check(const char *dn, struct error *);
/* The entry above, or NULL; lives in the arena. */
const char *directory_parent(const char *dn, struct arena *);
/*
 * What an entry that is only there to hold others looks like: by the type of
 * its RDN, which is ou, o, dc, l, c or cn.  ERROR_CONFIG for another.
 */
int	 directory_container(struct directory_entry *, const char *dn,
	    struct arena *, struct error *);
#endif
