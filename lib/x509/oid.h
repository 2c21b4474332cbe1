/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_OID_H
#define SIGNET_X509_OID_H
/*
 * Signet's own object identifiers; doc/oids.md is the register.
 *
 * The arc is 2.25.N, N being the UUID 2495f081-e4a9-451a-b894-4ab8a173af54.
 */
#define OID_SIGNET	"2.25.48630738149683718521173944708743016276"

#define OID_ORDER	OID_SIGNET ".1.1"	/* CMS content type: an order */
#define OID_ROLE	OID_SIGNET ".2"		/* extended key usages: */
#define OID_ROLE_OFFICER		OID_ROLE ".1"
#define OID_ROLE_SECURITY_OFFICER	OID_ROLE ".2"
#define OID_ROLE_RA_AGENT		OID_ROLE ".3"
#define OID_ROLE_STATION_AGENT		OID_ROLE ".4"
#define OID_ROLE_OCSP_AGENT		OID_ROLE ".5"
#define OID_ROLE_AUDITOR		OID_ROLE ".6"
#define OID_ROLE_CA_AGENT		OID_ROLE ".7"	/* signs audit heads */
#define OID_ROLE_CRL_AGENT		OID_ROLE ".8"
#define OID_ATTRIBUTE	OID_SIGNET ".3"		/* signed attributes */
#define OID_ASSERTION		OID_ATTRIBUTE ".1"	/* lib/order/assertion.h */
#define OID_POLICY	OID_SIGNET ".4"		/* certificate policies */

enum role {
	ROLE_NONE,
	ROLE_OFFICER, ROLE_SECURITY_OFFICER, ROLE_RA_AGENT,
	ROLE_STATION_AGENT, ROLE_OCSP_AGENT, ROLE_AUDITOR, ROLE_CA_AGENT,
	ROLE_CRL_AGENT,
	ROLE_HOLDER,	/* not in a certificate: the certificate being renewed */
	ROLE_ROOT,	/* not in a certificate: the root key itself */
	ROLE__MAX
};
const char *role_name(enum role);		/* "officer" */
enum role role_of(const char *name);		/* ROLE_NONE if unknown */
const char *role_oid(enum role);		/* NULL for holder and root */
#endif
