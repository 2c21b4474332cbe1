/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_PROFILE_PRIVATE_H
#define SIGNET_X509_PROFILE_PRIVATE_H
/*
 * What the reading of profiles and the checking of orders share.
 */
#include "x509/profile.h"

#define OID_EKU_SERVER_AUTH	"1.3.6.1.5.5.7.3.1"
#define OID_EKU_CLIENT_AUTH	"1.3.6.1.5.5.7.3.2"
#define OID_EKU_EMAIL		"1.3.6.1.5.5.7.3.4"
#define OID_EKU_OCSP		"1.3.6.1.5.5.7.3.9"
#define OID_EKU_ANY		"2.5.29.37.0"

/* The file as libconfig sees it; strings stay here, the profile borrows. */
struct profile_file {
	char			*description;
	struct conf_list	 cas;
	struct conf_groups	 keys, subject, san, policies;
	int64_t			 validity, backdate;
	struct conf_list	 key_usage, key_usage_ec, ext_key_usage;
	bool			 ca;
	int64_t			 path_length;
	bool			 cdp, aia, ocsp_nocheck, no_rev_avail;
	struct conf_list	 approvals, batch_approvals;
	struct conf_list	 revoke_approvals, renewal_approvals;
	int64_t			 renewal_window, order_lifetime;
	bool			 publish, unique_key;
};
extern const struct conf_item PROFILE_ITEMS[];
/* Lend the file's values to the profile.  ERROR_CONFIG. */
int	 profile_fill(struct profile *, const struct profile_file *,
	    struct error *);
int	 profile_fill_approvals(struct profile *, const struct profile_file *,
	    struct error *);

bool	 profile_is_oid(const char *dotted);
/* Does the profile contradict itself?  ERROR_CONFIG. */
int	 profile_check_rules(const struct profile *, struct error *);
/* Does the value fit the pattern of the i-th row, if it has one? */
bool	 profile_subject_fits(const struct profile *, size_t i, const char *);
bool	 profile_san_fits(const struct profile *, size_t i, const char *);
#endif
