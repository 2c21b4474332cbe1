/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes and extensions of a request.  Four extensions are read, so that
 * a wish for power can be refused; the rest is stripped, unless it is
 * critical: then its maker says that a certificate without it is of no use.
 */
#include <string.h>
#include "base/text.h"
#include "x509/csr_private.h"
#include "x509/oid.h"
#include "x509/profile.h"

#define OID_EXTENSION_REQUEST		"1.2.840.113549.1.9.14"
#define OID_EXTENSION_REQUEST_MS	"1.3.6.1.4.1.311.2.1.14"
#define OID_CHALLENGE			"1.2.840.113549.1.9.7"
#define CHALLENGE_MAX			255	/* RFC 2985, 5.4.1 */
#define USAGE_BITS			9

#define USAGE_KEY_CERT_SIGN	(1u << 5)
#define USAGE_CRL_SIGN		(1u << 6)

/* No OID twice; seen[] holds those of one list. */
static int
note_oid(struct bytes *seen, size_t *n, struct bytes oid, const char *what,
    struct error *e)
{
	char	 name[DER_OID_TEXT];
	size_t	 i;

	if (*n == CSR_PARTS_MAX)
		return csr_bad(e, "too many %ss", what);
	for (i = 0; i < *n; i++)
		if (bytes_equal(seen[i], oid))
			return csr_bad(e, "the same %s twice: %s (RFC %s)",
			    what, csr_part_name(oid, name), what[0] == 'e' ?
			    "5280, 4.2" : "2986, 4.1");
	seen[(*n)++] = oid;
	return 0;
}

static void
note_ignored(struct csr *csr, struct bytes oid)
{
	if (csr->nignored < CSR_IGNORED)
		csr->ignored[csr->nignored++] = oid;
}

static int
read_constraints(struct csr *csr, struct bytes value, struct error *e)
{
	struct bytes	 seq, flag;
	int64_t		 path = 0;
	bool		 has_path;

	if (der_take(&value, DER_SEQUENCE, &seq) == -1 || value.len > 0)
		return csr_bad(e, "basicConstraints: malformed");
	if (der_peek(seq, DER_BOOLEAN)) {
		if (der_take(&seq, DER_BOOLEAN, &flag) == -1 ||
		    flag.p[0] != 0xff)
			return csr_bad(e, "basicConstraints: a default value "
			    "is written out (X.690, 11.5)");
		csr->wants_ca = true;
	}
	has_path = seq.len > 0;
	if (has_path && (der_take_int(&seq, &path) == -1 || path < 0 ||
	    seq.len > 0))
		return csr_bad(e, "basicConstraints: malformed");
	if (has_path && !csr->wants_ca)
		return csr_bad(e, "basicConstraints: a path length without CA "
		    "(RFC 5280, 4.2.1.9)");
	return 0;
}

static int
read_usage(struct csr *csr, struct bytes value, struct error *e)
{
	struct bytes	 c;
	size_t		 i, bits;

	if (der_take(&value, DER_BIT_STRING, &c) == -1 || value.len > 0 ||
	    c.len > 3)
		return csr_bad(e, "keyUsage: malformed");
	bits = (c.len - 1) * 8 - c.p[0];	/* der_check() has looked */
	if (bits == 0)
		return csr_bad(e, "keyUsage: no usage at all (RFC 5280, "
		    "4.2.1.3)");
	if (bits > USAGE_BITS)
		return csr_bad(e, "keyUsage: more than nine bits (RFC 5280, "
		    "4.2.1.3)");
	for (i = 0; i < bits; i++)
		if (c.p[1 + i / 8] & (0x80 >> i % 8))
			csr->key_usage |= 1u << i;
	if ((csr->key_usage & 1u << (bits - 1)) == 0)
		return csr_bad(e, "keyUsage: bits of zero at the end (X.690, "
		    "11.2.2)");
	return 0;
}

static int
read_ext_usage(struct csr *csr, struct bytes value, struct error *e)
{
	struct bytes	 seen[CSR_PARTS_MAX], list, oid;
	size_t		 n = 0;

	if (der_take(&value, DER_SEQUENCE, &list) == -1 || value.len > 0 ||
	    list.len == 0)
		return csr_bad(e, "extendedKeyUsage: malformed");
	csr->ext_key_usage = list;
	while (list.len > 0) {
		if (der_take(&list, DER_OID, &oid) == -1)
			return csr_bad(e, "extendedKeyUsage: malformed");
		if (note_oid(seen, &n, oid, "extended key usage", e) == -1)
			return -1;
	}
	return 0;
}

typedef int part_fn(struct csr *, struct bytes value, struct error *);

/* With a function: read.  Without: known by name, and stripped. */
static const struct {
	const char	*oid;
	const char	*name;
	part_fn		*read;
} parts[] = {
	{ "2.5.29.17", "subjectAltName", csr_read_san },
	{ "2.5.29.15", "keyUsage", read_usage },
	{ "2.5.29.37", "extendedKeyUsage", read_ext_usage },
	{ "2.5.29.19", "basicConstraints", read_constraints },
	{ "2.5.29.14", "subjectKeyIdentifier", NULL },
	{ "2.5.29.35", "authorityKeyIdentifier", NULL },
	{ "2.5.29.32", "certificatePolicies", NULL },
	{ "2.5.29.31", "cRLDistributionPoints", NULL },
	{ "2.5.29.30", "nameConstraints", NULL },
	{ "1.3.6.1.5.5.7.1.1", "authorityInfoAccess", NULL },
	{ "1.3.6.1.5.5.7.48.1.5", "ocspNocheck", NULL },
	{ "1.3.6.1.5.5.7.1.24", "tlsFeature", NULL },
	{ "2.16.840.1.113730.1.1", "nsCertType", NULL },
	{ OID_EXTENSION_REQUEST, "extensionRequest", NULL },
	{ OID_EXTENSION_REQUEST_MS, "extensionRequest", NULL },
	{ OID_CHALLENGE, "challengePassword", NULL },
	{ "1.2.840.113549.1.9.2", "unstructuredName", NULL },
};
#define NPARTS	(sizeof(parts) / sizeof(parts[0]))

static size_t
part_find(const char *dotted)
{
	size_t	 i;

	for (i = 0; i < NPARTS; i++)
		if (strcmp(parts[i].oid, dotted) == 0)
			break;
	return i;
}

const char *
csr_part_name(struct bytes oid, char dst[DER_OID_TEXT])
{
	size_t	 i = part_find(der_oid_text(dst, oid));

	return i < NPARTS ? parts[i].name : dst;
}

static int
read_extension(struct csr *csr, struct bytes oid, bool critical,
    struct bytes value, struct error *e)
{
	char	 name[DER_OID_TEXT];
	size_t	 i = part_find(der_oid_text(name, oid));

	if (der_check(value, CSR_DEPTH_MAX, e) == -1)
		return error_wrap(e, "request: %s", i < NPARTS ?
		    parts[i].name : name);
	if (i < NPARTS && parts[i].read != NULL)
		return parts[i].read(csr, value, e);
	if (critical)
		return error_set(e, ERROR_DENIED, "request: %s: critical, and "
		    "not for a request to decide (RFC 5280, 4.2)",
		    csr_part_name(oid, name));
	note_ignored(csr, oid);
	return 0;
}

static int
read_extension_in(struct csr *csr, struct bytes seen[CSR_PARTS_MAX],
    size_t *n, struct bytes *list, struct error *e)
{
	struct bytes	 ext, oid, value, flag = BYTES("", 0);
	bool		 critical;

	if (der_take(list, DER_SEQUENCE, &ext) == -1 ||
	    der_take(&ext, DER_OID, &oid) == -1 ||
	    (der_peek(ext, DER_BOOLEAN) &&
	    der_take(&ext, DER_BOOLEAN, &flag) == -1) ||
	    der_take(&ext, DER_OCTET_STRING, &value) == -1 || ext.len > 0)
		return csr_bad(e, "malformed extension");
	critical = flag.len > 0;
	if (critical && flag.p[0] != 0xff)
		return csr_bad(e, "malformed extension: a default value is "
		    "written out (X.690, 11.5)");
	if (note_oid(seen, n, oid, "extension", e) == -1)
		return -1;
	return read_extension(csr, oid, critical, value, e);
}

int
csr_read_extensions(struct csr *csr, struct bytes list, struct error *e)
{
	struct bytes	 seen[CSR_PARTS_MAX];
	size_t		 n = 0;

	if (list.len == 0)
		return csr_bad(e, "extension request is empty (RFC 5280, 4.1)");
	while (list.len > 0)
		if (read_extension_in(csr, seen, &n, &list, e) == -1)
			return -1;
	return 0;
}

static int
read_extension_request(struct csr *csr, struct bytes set, struct error *e)
{
	struct bytes	 list;

	if (der_take(&set, DER_SEQUENCE, &list) == -1 || set.len > 0)
		return csr_bad(e, "extension request is not one list (RFC "
		    "2985, 5.4.2)");
	return csr_read_extensions(csr, list, e);
}

/* Sent for a revocation by telephone, of which nobody has heard since.  It
 * is neither used nor shown; "signet csr check" warns of it. */
static int
read_challenge(struct csr *csr, struct bytes oid, struct bytes set,
    struct error *e)
{
	struct bytes	 text;
	uint8_t		 tag;

	if (der_next(&set, &tag, &text, NULL) != 1 || set.len > 0 ||
	    (tag != DER_UTF8 && tag != DER_PRINTABLE && tag != DER_IA5) ||
	    text.len == 0 || text.len > CHALLENGE_MAX ||
	    !text_is_clean((const char *)text.p, text.len, CHALLENGE_MAX))
		return csr_bad(e, "challengePassword: not one clean text of 1 "
		    "to 255 octets (RFC 2985, 5.4.1)");
	note_ignored(csr, oid);
	return 0;
}

static int
read_attribute(struct csr *csr, struct bytes oid, struct bytes set,
    struct bytes *exts, struct error *e)
{
	if (set.len == 0)
		return csr_bad(e, "attribute without a value (RFC 2986, 4.1)");
	if (der_is_oid(oid, OID_CHALLENGE))
		return read_challenge(csr, oid, set, e);
	if (!der_is_oid(oid, OID_EXTENSION_REQUEST) &&
	    !der_is_oid(oid, OID_EXTENSION_REQUEST_MS)) {
		note_ignored(csr, oid);
		return 0;
	}
	if (exts->p != NULL)
		return csr_bad(e, "more than one extension request (RFC 2985, "
		    "5.4.2)");
	*exts = set;
	return read_extension_request(csr, set, e);
}

int
csr_read_attributes(struct csr *csr, struct bytes attrs, struct error *e)
{
	struct bytes	 seen[CSR_PARTS_MAX], attr, oid, set;
	struct bytes	 exts = { NULL, 0 };
	size_t		 n = 0;

	while (attrs.len > 0) {
		if (der_take(&attrs, DER_SEQUENCE, &attr) == -1 ||
		    der_take(&attr, DER_OID, &oid) == -1 ||
		    der_take(&attr, DER_SET, &set) == -1 || attr.len > 0)
			return csr_bad(e, "malformed attribute");
		if (note_oid(seen, &n, oid, "attribute", e) == -1 ||
		    read_attribute(csr, oid, set, &exts, e) == -1)
			return -1;
	}
	return 0;
}

/*
 * Wishes.  Most are for what the profile gives or leaves out anyway; these
 * would turn a holder into somebody who makes or vouches for certificates,
 * and whoever asks for that has come to the wrong door.
 */
static const struct {
	const char	*oid;
	const char	*name;
} grave[] = {
	{ "2.5.29.37.0", "anyExtendedKeyUsage" },
	{ "1.3.6.1.5.5.7.3.8", "timeStamping" },
	{ "1.3.6.1.5.5.7.3.9", "OCSPSigning" },
};

static bool
is_role(struct bytes oid)
{
	struct buf	 b = { 0 };
	struct bytes	 in, role;
	bool		 is;

	is = der_put_oid(&b, OID_ROLE) == 0;
	in = BYTES(b.p, b.len);
	is = is && der_take(&in, DER_OID, &role) == 0 &&
	    oid.len > role.len && memcmp(oid.p, role.p, role.len) == 0;
	buf_clear(&b);
	return is;
}

static bool
profile_gives(const struct profile *p, struct bytes oid)
{
	const char	*dotted;
	size_t		 i;

	for (i = 0; i < p->ext_key_usage.n; i++) {
		dotted = profile_eku_oid(p->ext_key_usage.v[i]);
		if (dotted != NULL && der_is_oid(oid, dotted))
			return true;
	}
	return false;
}

static int
check_ext_usage(const struct csr *csr, const struct profile *p,
    struct error *e)
{
	struct bytes	 list = csr->ext_key_usage, oid;
	const char	*name;
	size_t		 i;

	while (list.len > 0 && der_take(&list, DER_OID, &oid) == 0) {
		name = is_role(oid) ? "a role" : NULL;
		for (i = 0; i < sizeof(grave) / sizeof(grave[0]); i++)
			if (der_is_oid(oid, grave[i].oid))
				name = grave[i].name;
		if (name != NULL && !profile_gives(p, oid))
			return error_set(e, ERROR_DENIED, "request: "
			    "extendedKeyUsage: asks for %s, which profile %s "
			    "does not give (RFC 5280, 4.2.1.12)", name,
			    p->name);
	}
	return 0;
}

int
csr_check_wishes(const struct csr *csr, const struct profile *p,
    struct error *e)
{
	if (p->is_ca)
		return 0;
	if (csr->wants_ca)
		return error_set(e, ERROR_DENIED, "request: basicConstraints: "
		    "asks to be a CA, which profile %s does not make (RFC "
		    "5280, 4.2.1.9)", p->name);
	if (csr->key_usage & (USAGE_KEY_CERT_SIGN | USAGE_CRL_SIGN))
		return error_set(e, ERROR_DENIED, "request: keyUsage: asks for "
		    "%s, which is a CA's and profile %s does not give (RFC "
		    "5280, 4.2.1.3)", csr->key_usage & USAGE_KEY_CERT_SIGN ?
		    "keyCertSign" : "cRLSign", p->name);
	return check_ext_usage(csr, p, e);
}
