/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_NAME_H
#define SIGNET_X509_NAME_H
/*
 * Named fields ("name" = "Alice Holm"), which orders carry and profiles turn
 * into subjects and alternative names; and names printed for people.
 */
#include <openssl/x509.h>
#include "base/error.h"
#include "base/mem.h"

#define FIELD_NAME_MAX	32
#define FIELD_VALUE_MAX	512
#define FIELDS_MAX	32

struct field {
	char	*name;
	char	*value;
};
struct fields {
	struct field	*v;
	size_t		 n;
};
void	 fields_add(struct fields *, const char *name, const char *value);
/* The k-th (from 0) value of name, or NULL. */
const char *fields_get(const struct fields *, const char *name, size_t k);
size_t	 fields_count(const struct fields *, const char *name);
void	 fields_copy(struct fields *, const struct fields *);
void	 fields_clear(struct fields *);

/* Attribute short name ("CN", "O", "serialNumber", "organizationIdentifier",
 * "GN", "SN", "pseudonym", "title", "UID", "emailAddress", "DC", "street",
 * "postalCode", "L", "ST", "C", "OU") to dotted OID, string type and upper
 * bound (RFC 5280, appendix A); NULL if unknown. */
struct name_attr {
	const char	*name;
	const char	*oid;
	uint8_t		 der_tag;	/* DER_UTF8, DER_PRINTABLE, DER_IA5 */
	size_t		 max;		/* characters */
};
const struct name_attr *name_attr_find(const char *name);
/* Clean text, length and characters of the attribute's type. */
int	 name_check_value(const struct name_attr *, const char *value,
	    struct error *);
/* Of UTF-8 text. */
size_t	 name_characters(const char *);
/* Append one RelativeDistinguishedName. */
int	 name_put_rdn(struct buf *der, const struct name_attr *,
	    const char *value, struct error *);
/* RFC 4514 text, in the order people read (C last); caller frees. */
char	*name_text(const X509_NAME *);
#endif
