/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_NET_DIRECTORY_PRIVATE_H
#define SIGNET_NET_DIRECTORY_PRIVATE_H
/*
 * What the files of the directory client share.
 */
#include <ldap.h>
#include "net/directory.h"

struct directory_op {
	int	 msgid;
	size_t	 tag;
};
struct directory {
	LDAP			*ld;
	int			 timeout;
	struct directory_op	*op;		/* under way */
	size_t			 nops, room;
	bool			 keep_controls;
	LDAPControl		**controls;	/* of the last answer */
	struct berval		 cookie;	/* of the search in pages */
};

/* said: the server's own words, or NULL. */
int	 error_ldap(struct error *, int rc, const char *said,
	    const char *what);
int	 directory_search_ctrl(struct directory *, size_t tag,
	    const char *base, enum directory_scope, const char *filter,
	    const char *const *attrs, LDAPControl **, struct error *);
#endif
