/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_ROOT_ISSUE_H
#define SIGNET_ROOT_ISSUE_H
/*
 * What the root signs: CA certificates and its CRL.
 */
#include "base/error.h"
#include "base/mem.h"
#include "ca/root/session.h"
#include "x509/cert.h"
#include "x509/cert_constraints.h"
#include "x509/crl.h"
#include "x509/profile.h"

/* A CA certificate on its way: planned, then signed from the same bytes. */
struct ca_cert {
	struct issuer		 issuer;
	struct profile		 profile;	/* with the ceremony's changes */
	struct profile		*loaded;	/* owner of what it borrows */
	struct fields		 fields;
	struct profile_attr	*attr;		/* of a root's profile */
	char			**eku;		/* dotted, owned */
	size_t			 neku;
	struct profile_policy	*policy;	/* texts are the ceremony's */
	struct buf		 spki, subject, ski;
	int64_t			 until;		/* not past that; 0: as it comes */
	struct cert_constraints	 constraints;	/* texts are the ceremony's */
	struct cert_spec	 spec;
	struct buf		 tbs;
	struct issued		 line;
};

/* A root's own certificate, self-signed; from the ceremony's settings. */
int	 issue_plan_root(struct ca_cert *, struct session *,
	    int64_t generation, EVP_PKEY *, struct error *);
/*
 * A certificate for another CA by generation g, from profile and settings of
 * the ceremony.  Fill "fields" (for the profile's subject) or "subject" and
 * "ski" first.
 */
int	 issue_plan_ca(struct ca_cert *, struct session *,
	    const struct generation *, const char *kind, EVP_PKEY *subject_key,
	    struct error *);
/* What the certificate allows below it, and its policies, from the ceremony;
 * after the profile and before issue_plan_ca(). */
int	 issue_constrain(struct ca_cert *, const struct ceremony *,
	    struct error *);
/* A link between two generations of the root: g signs for cert. */
int	 issue_plan_link(struct ca_cert *, struct session *, X509 *issuer,
	    int64_t generation, X509 *subject, const char *name,
	    struct error *);
/* Name and key identifier of an existing certificate, byte for byte. */
int	 issue_take_subject(struct ca_cert *, X509 *, struct error *);
/* Subject for a CA below: what the ceremony says, else the request, else
 * country and organisation of the root. */
int	 issue_set_subject(struct ca_cert *, const struct ceremony *,
	    const struct fields *wished, X509 *root, struct error *);
/* Profile of the ceremony out of --profiles. */
int	 issue_load_profile(struct ca_cert *, struct session *,
	    struct error *);
/* What is planned, as facts of the session and as lines for people. */
void	 issue_describe(struct session *, const struct ca_cert *, int k);
/* Sign, check, and put it among the outputs; *out is the certificate. */
int	 issue_sign(struct session *, struct ca_cert *, EVP_PKEY *,
	    X509 **out, struct error *);
void	 issue_clear(struct ca_cert *);

/* A word that the CRL may carry for a CA; ERROR_INPUT names them all. */
int	 issue_check_reason(const char *, struct error *);
/* What the list of a generation must name, sorted; caller frees. */
int	 issue_revoked(const struct index *, int64_t generation,
	    struct crl_entry **, size_t *n, struct error *);
/* A new CRL of a generation (by its certificate) from the session's index. */
int	 issue_crl(struct session *, X509 *cert, int64_t generation,
	    EVP_PKEY *, struct error *);
#endif
