/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_PROFILE_PRIVATE_H
#define SIGNET_X509_PROFILE_PRIVATE_H
/*
 * What the reading of profiles and the checking of orders share.
 */
#include "x509/profile.h"

#define OID_EKU_SERVER_AUTH	"1.3.6.1.5.5.7.3.1"
#define OID_EKU_CLIENT_AUTH	"1.3.6.1.5.5.7.3.2"
#define OID_EKU_CODE		"1.3.6.1.5.5.7.3.3"
#define OID_EKU_EMAIL		"1.3.6.1.5.5.7.3.4"
#define OID_EKU_TIME		"1.3.6.1.5.5.7.3.8"
#define OID_EKU_OCSP		"1.3.6.1.5.5.7.3.9"
#define OID_EKU_LOGON		"1.3.6.1.4.1.311.20.2.2"
#define OID_EKU_PKINIT_CLIENT	"1.3.6.1.5.2.3.4"
#define OID_EKU_PKINIT_KDC	"1.3.6.1.5.2.3.5"
#define OID_EKU_ANY		"2.5.29.37.0"

/* RFC 5280 4.2.1.3, by bit number. */
#define USE_DIGITAL_SIGNATURE	(UINT32_C(1) << 0)
#define USE_NON_REPUDIATION	(UINT32_C(1) << 1)
#define USE_KEY_ENCIPHERMENT	(UINT32_C(1) << 2)
#define USE_DATA_ENCIPHERMENT	(UINT32_C(1) << 3)
#define USE_KEY_AGREEMENT	(UINT32_C(1) << 4)
#define USE_CERT_SIGN		(UINT32_C(1) << 5)
#define USE_CRL_SIGN		(UINT32_C(1) << 6)
#define USE_ENCIPHER_ONLY	(UINT32_C(1) << 7)
#define USE_DECIPHER_ONLY	(UINT32_C(1) << 8)

/* The file as libconfig sees it; strings stay here, the profile borrows. */
struct profile_file {
	char			*description;
	struct conf_list	 cas;
	struct conf_groups	 keys, subject, san, policies;
	int64_t			 validity, backdate;
	struct conf_list	 key_usage, key_usage_ec, ext_key_usage;
	bool			 ca;
	int64_t			 path_length;
	bool			 ext_key_usage_critical;
	bool			 cdp, aia, ocsp, ocsp_nocheck, no_rev_avail;
	bool			 per_generation;
	char			*crl;
	bool			 freshest;
	struct conf_list	 approvals, batch_approvals;
	struct conf_list	 revoke_approvals, renewal_approvals;
	int64_t			 renewal_window, order_lifetime;
	bool			 self_revoke, station_revoke, publish, unique_key;
	char			*station_policy, *attested_policy;
	bool			 needs_attestation;
};
extern const struct conf_item PROFILE_ITEMS[];
/* Lend the file's values to the profile.  ERROR_CONFIG. */
int	 profile_fill(struct profile *, const struct profile_file *,
	    struct error *);
int	 profile_fill_approvals(struct profile *, const struct profile_file *,
	    struct error *);

bool	 profile_is_oid(const char *dotted);
/* Fills fields. */
void	 profile_list_fields(struct profile *);
bool	 profile_san_takes(const struct profile *, const char *field);
/* Key usages that a certificate with such a key would get. */
uint32_t profile_key_usage(const struct profile *, const char *key_type);

/* Kinds of alternative names. */
bool	 profile_is_kind(const char *type);
/* ERROR_INPUT, "is not a mail address: ..." */
int	 profile_check_kind(const struct profile_san *, const char *value,
	    struct error *);
bool	 profile_is_mailbox(const char *);	/* of whatever characters */

/* Values: 1 and the text, 0 if a field is not there, -1 if it is too long. */
int	 profile_expand(char dst[FIELD_VALUE_MAX + 1], const char *value,
	    const struct fields *, size_t k);
/* The next "{field}" in a value: 1 and its name, 0 at the end, -1 if it is
 * none; *p advances. */
int	 profile_next_field(const char **p, char name[FIELD_NAME_MAX + 1]);

/* The S/MIME baseline, for profiles that carry one of its policies. */
bool	 profile_is_smime(const struct profile *);
int	 profile_check_smime(const struct profile *, struct error *);
int	 profile_check_smime_fields(const struct profile *,
	    const struct fields *, struct error *);
/* "NTRSE-5560000001" (S/MIME baseline 7.1.4.2.2 and appendix A). */
bool	 profile_is_organization_id(const char *);

/* Does the profile contradict itself?  ERROR_CONFIG. */
int	 profile_check_rules(const struct profile *, struct error *);
/* Does the value fit the pattern of the i-th row, if it has one? */
bool	 profile_subject_fits(const struct profile *, size_t i, const char *);
bool	 profile_san_fits(const struct profile *, size_t i, const char *);
#endif
