/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_PROFILE_H
#define SIGNET_X509_PROFILE_H
/*
 * Certificate profiles: one libconfig file each in etc/profiles/, named after
 * the profile.  A profile fixes everything about a certificate that the order
 * does not, and which approvals an order needs.  doc/profiles.md is the
 * reference; the file is read with the strict tables of os/conf.h.
 */
#include <stdbool.h>
#include <openssl/evp.h>
#include "base/error.h"
#include "os/conf.h"
#include "x509/name.h"
#include "x509/oid.h"

#define APPROVALS_MAX	8

/* One way to be approved: all of these roles, each by another person. */
struct approval_way {
	enum role	 role[APPROVALS_MAX];
	size_t		 n;
};
/* Any one of these ways will do. */
struct approval_rule {
	struct approval_way	 way[APPROVALS_MAX];
	size_t			 n;
};

/*
 * Both kinds of rows take their value from a field of the order, or have a
 * fixed text in which "{field}" stands for that field's value.
 */
struct profile_attr {		/* subject = ( { attr = "CN"; from = "name"; } ) */
	char	*attr;		/* name_attr_find() */
	char	*from;
	char	*value;
	char	*by;		/* "officer", or NULL: a request may propose it */
	bool	 required;
	int64_t	 max;		/* characters; 0: the standard's bound */
	char	*pattern;	/* POSIX extended, anchored; NULL: any clean text */
};
struct profile_san {		/* san = ( { type = "email"; from = "mail"; } ) */
	char	*type;		/* a name of profile_kind.c */
	char	*from;
	char	*value;
	char	*by;
	int64_t	 min, max;	/* how many values */
	int64_t	 length;	/* characters of each; 0: the kind's bound */
	char	*pattern;
	bool	 utf8;		/* email: local parts beyond ASCII, RFC 9598 */
};
struct profile_key {		/* keys = ( { type = "rsa"; min = 2048; max = 4096; } ) */
	char			*type;	/* rsa, rsa-pss, ec, ed25519 */
	int64_t			 min, max;
	struct conf_list	 curves;
};
struct profile_policy {
	char	*oid;
	char	*cps;
};

/* How sure the CA is that a key was made on a card and stays there. */
enum profile_assurance {
	PROFILE_STATION,	/* a station saw it */
	PROFILE_ATTESTED,	/* and the card's maker vouches for it */
	PROFILE_ASSURANCE__MAX
};

struct profile {
	char			*name;		/* from the file's name */
	char			*description;
	struct conf_list	 cas;		/* CAs that may issue it */
	struct profile_key	*keys;		size_t nkeys;
	struct profile_attr	*subject;	size_t nsubject;
	struct profile_san	*san;		size_t nsan;
	struct conf_list	 fields;	/* of orders, each once */
	bool			 san_critical;	/* when the subject is empty */
	struct profile_policy	*policies;	size_t npolicies;
	/* Policies of their own; oid NULL: none. */
	struct profile_policy	 assurance[PROFILE_ASSURANCE__MAX];
	bool			 needs_attestation;
	int64_t			 validity;	/* seconds, inclusive of both ends */
	int64_t			 backdate;	/* notBefore = now - backdate */
	uint32_t		 key_usage;	/* named bits, RFC 5280 4.2.1.3 */
	uint32_t		 key_usage_ec;	/* when the key is not plain RSA,
						 * or 0: same */
	struct conf_list	 ext_key_usage;	/* dotted */
	bool			 ext_key_usage_critical;
	bool			 is_ca;
	int64_t			 path_length;	/* -1: absent */
	bool			 cdp, aia, ocsp;	/* addresses of the issuer */
	bool			 shard;		/* cdp: of a part of the list */
	bool			 freshest;	/* and where its deltas are */
	bool			 ocsp_nocheck, no_rev_avail;
	bool			 per_generation;	/* orders name that */
	struct approval_rule	 approvals;
	struct approval_rule	 batch_approvals;
	struct approval_rule	 revoke_approvals;
	/* Kind revoke, with what agents may alone; n 0: as
	 * revoke_approvals. */
	struct approval_rule	 self_revoke_approvals;
	struct approval_rule	 renewal_approvals;	/* n 0: as approvals */
	int64_t			 renewal_window;	/* before notAfter */
	int64_t			 order_lifetime;	/* an order expires */
	bool			 publish;
	bool			 unique_key;	/* a key is certified once */
};

int	 profile_load(struct profile **, const char *path, struct error *);
void	 profile_free(struct profile **);

struct profiles {
	struct profile	**v;
	size_t		  n;
};
/* Every file of the directory whose name is text_is_name(); sorted. */
int	 profiles_load(struct profiles *, const char *dir, struct error *);
void	 profiles_free(struct profiles *);
/* Never NULL: unknown gives ERROR_NOTFOUND naming the nearest one. */
int	 profiles_find(const struct profiles *, const char *name,
	    const struct profile **, struct error *);

/* How long the longest certificate that the CA issues to others lives. */
int64_t	 profiles_longest(const struct profiles *, const char *ca);

/* Does a row of the profile use this field?  May a request propose it, or is
 * its value only an officer's to say? */
bool	 profile_takes(const struct profile *, const char *field);
bool	 profile_offers(const struct profile *, const char *field);
/*
 * What the fields make of the i-th row of the subject, and the k-th value (from
 * 0) of the i-th row of the alternative names; NULL: nothing.  dst is room for
 * a value that is put together.
 */
const char *profile_subject_value(const struct profile *, size_t i,
	    const struct fields *, char dst[FIELD_VALUE_MAX + 1]);
const char *profile_san_value(const struct profile *, size_t i,
	    const struct fields *, size_t k, char dst[FIELD_VALUE_MAX + 1]);

/* The fields of an order against the profile: unknown, missing, too many,
 * pattern.  ERROR_INPUT naming the field. */
int	 profile_check_fields(const struct profile *, const struct fields *,
	    struct error *);
/* Only what is made of this one: for forms, which tell all mistakes at once. */
int	 profile_check_field(const struct profile *, const char *name,
	    const struct fields *, struct error *);
int	 profile_check_key(const struct profile *, EVP_PKEY *, struct error *);
/* "emailProtection" as dotted; a dotted one as it is; NULL for nonsense. */
const char *profile_eku_oid(const char *name);
bool	 profile_has_eku(const struct profile *, const char *oid);
/* The reference of the file's settings, for doc/profiles.md. */
void	 profile_describe(struct buf *out);
/* "officer and officer, or root": for messages; caller frees. */
char	*approval_rule_text(const struct approval_rule *);
/* Is one who has this role enough? */
bool	 approval_rule_allows(const struct approval_rule *, enum role);
#endif
