/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "x509/oid.h"

static const struct {
	const char	*name;
	const char	*oid;
} roles[ROLE__MAX] = {
	[ROLE_NONE] = { "none", NULL },
	[ROLE_OFFICER] = { "officer", OID_ROLE_OFFICER },
	[ROLE_SECURITY_OFFICER] =
	    { "security-officer", OID_ROLE_SECURITY_OFFICER },
	[ROLE_RA_AGENT] = { "ra-agent", OID_ROLE_RA_AGENT },
	[ROLE_STATION_AGENT] = { "station-agent", OID_ROLE_STATION_AGENT },
	[ROLE_OCSP_AGENT] = { "ocsp-agent", OID_ROLE_OCSP_AGENT },
	[ROLE_AUDITOR] = { "auditor", OID_ROLE_AUDITOR },
	[ROLE_CA_AGENT] = { "ca-agent", OID_ROLE_CA_AGENT },
	[ROLE_CRL_AGENT] = { "crl-agent", OID_ROLE_CRL_AGENT },
	[ROLE_HOLDER] = { "holder", NULL },
	[ROLE_ROOT] = { "root", NULL },
};

const char *
role_name(enum role r)
{
	return r < ROLE__MAX ? roles[r].name : "none";
}

enum role
role_of(const char *name)
{
	int	 r;

	for (r = ROLE_NONE + 1; r < ROLE__MAX; r++)
		if (strcmp(roles[r].name, name) == 0)
			return (enum role)r;
	return ROLE_NONE;
}

const char *
role_oid(enum role r)
{
	return r < ROLE__MAX ? roles[r].oid : NULL;
}
