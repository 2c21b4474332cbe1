/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_TESTS_UNIT_X509_FIXTURE_H
#define SIGNET_TESTS_UNIT_X509_FIXTURE_H
/*
 * A root and an issuing CA made by lib/x509 itself from the shipped profiles.
 */
#include "x509/cert.h"

#define NOW	INT64_C(1800000000)	/* 2027-01-15T08:00:00Z */

struct x509_fixture {
	struct profiles	 profiles;
	struct rng	 rng;
	EVP_PKEY	*root_key, *ca_key;
	X509		*root_cert, *ca_cert;
	struct issuer	 self, root, people, services;
};
int	 x509_fixture_setup(void **state);
int	 x509_fixture_teardown(void **state);

const struct profile *x509_fixture_profile(const struct x509_fixture *,
	    const char *name);
/* "name=Alice Holm;mail=a@example.org" */
void	 x509_fixture_fields(struct fields *, const char *text);
/* The fields that make each shipped profile content. */
const char *x509_fixture_fields_for(const char *profile);
/* Sign what the spec says; aborts the test on failure. */
X509	*x509_fixture_issue(struct cert_spec *, EVP_PKEY *ca, EVP_PKEY *subject,
	    const struct rng *, struct buf *der);
#endif
