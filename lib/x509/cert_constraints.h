/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_CERT_CONSTRAINTS_H
#define SIGNET_X509_CERT_CONSTRAINTS_H
/*
 * What a CA certificate allows below it: names (RFC 5280, 4.2.1.10), what the
 * policies of the other side count for (4.2.1.5), and whether a policy is
 * asked for at all (4.2.1.11, 4.2.1.14).  Path length and key usages are in
 * the profile.
 *
 * A subtree of names is a text with its kind:
 *
 *	mail:example.org	addresses at that host
 *	mail:.example.org	at all hosts below it
 *	mail:a@example.org	that address
 *	dns:example.org		that host and all below it; "dns:": every host
 *	uri:example.org		addresses at that host; uri:.example.org below it
 *	ip:192.0.2.0/24		IPv4 and IPv6 networks
 *	dir:C=DE/O=Partner	subjects that begin so
 *
 * A kind of which nothing is permitted or excluded is free.
 */
#include <openssl/x509.h>
#include "base/error.h"
#include "base/mem.h"
#include "os/conf.h"

#define CERT_CONSTRAINTS_MAX	64	/* of each list */

struct cert_constraints {
	struct conf_list	 permitted, excluded;	/* subtrees */
	struct conf_list	 policy_mappings;	/* "OURS=THEIRS", dotted */
	/* Certificates that may follow before it counts; -1: absent. */
	int64_t			 require_explicit_policy;
	int64_t			 inhibit_policy_mapping;
	int64_t			 inhibit_any_policy;
};
#define CERT_CONSTRAINTS_INIT	{ { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, \
	-1, -1, -1 }

/* All texts are what they should be.  ERROR_INPUT naming the one that is not. */
int	 cert_constraints_check(const struct cert_constraints *,
	    struct error *);

/*
 * The extensions, one function each for presence, value (what is inside of the
 * OCTET STRING) and comparison with a finished one, in the order of a
 * certificate.
 */
struct cert_constraint {
	const char	*name;
	const char	*oid;
	bool		 critical;
	bool		(*wanted)(const struct cert_constraints *);
	int		(*put)(struct buf *, const struct cert_constraints *,
			    struct error *);
	bool		(*same)(X509_EXTENSION *,
			    const struct cert_constraints *);
};
enum { CERT_POLICY_MAPPINGS, CERT_NAME_CONSTRAINTS, CERT_POLICY_CONSTRAINTS,
    CERT_INHIBIT_ANY_POLICY, CERT_CONSTRAINT__MAX };
extern const struct cert_constraint CERT_CONSTRAINT[CERT_CONSTRAINT__MAX];
#endif
