/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_AUDIT_VERIFY_H
#define SIGNET_CLI_AUDIT_VERIFY_H
/*
 * The auditor's proof: an exported directory and a root certificate, nothing
 * else.  The chain is replayed from entry 1; whatever each entry claims is
 * held against certificates, orders, requests and lists, and what the store
 * said at the end against what the replay gives.
 *
 * Files are mapped and read in one pass each; what is kept is a record of
 * about 150 bytes per certificate and order, so that a million of them fit.
 */
#include <openssl/x509.h>
#include "base/error.h"
#include "cli/audit_report.h"

struct audit_input {
	const char	*dir;
	STACK_OF(X509)	*roots;		/* generations of it */
	const char	*heads;		/* pushed off the machine; or NULL */
	const char	*profiles;	/* what names are made of; or NULL */
	bool		 names_only;	/* else approvals are held against them,
					 * too; rules may have changed since */
	const char	*officers_ca;	/* whose certificates carry roles */
	void		(*step)(void *arg, const char *what, uint64_t done,
			    uint64_t total);		/* or NULL */
	void		*step_arg;
};
/*
 * 0 when the bundle could be read, whatever was found; -1 when there is
 * nothing to judge (no such directory, no such file).
 */
int	 audit_verify(struct audit_report *, const struct audit_input *,
	    struct error *);
#endif
