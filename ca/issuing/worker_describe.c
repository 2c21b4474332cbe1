/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the store is to know of a finished certificate, read from itself.
 */
#include <ctype.h>

#include <openssl/x509v3.h>

#include "worker_group.h"
#include "x509/cert.h"
#include "x509/cert_look.h"

static const char *
lower_case(struct arena *a, const unsigned char *p, int len)
{
	char	*s = arena_alloc(a, (size_t)len + 1);
	int	 i;

	for (i = 0; i < len; i++)
		s[i] = (char)tolower(p[i]);
	return s;
}

static void
add_name(struct db_issued *d, struct db_name *name, struct arena *a,
    const char *kind, const ASN1_STRING *value)
{
	int	 len = ASN1_STRING_length(value);

	/* What is too long to search by is in the certificate all the same. */
	if (len < 1 || len > 512)
		return;
	name[d->nnames++] = (struct db_name){ kind,
	    lower_case(a, ASN1_STRING_get0_data(value), len) };
}

/* A Kerberos principal is looked for as what it is to people. */
static void
add_principal(struct db_issued *d, struct db_name *name, struct arena *a,
    const ASN1_STRING *value)
{
	struct buf	 text = { 0 };
	int64_t		 type;

	if (cert_principal_text(&text, &type, BYTES(ASN1_STRING_get0_data(
	    value), (size_t)ASN1_STRING_length(value))) == 0 && text.len > 0)
		name[d->nnames++] = (struct db_name){ "upn",
		    lower_case(a, text.p, (int)text.len) };
	buf_clear(&text);
}

static void
add_other_name(struct db_issued *d, struct db_name *name, struct arena *a,
    const OTHERNAME *other)
{
	int	 nid = OBJ_obj2nid(other->type_id);

	if (other->value->type == V_ASN1_SEQUENCE)
		add_principal(d, name, a, other->value->value.sequence);
	else if (other->value->type == V_ASN1_UTF8STRING && nid == NID_ms_upn)
		add_name(d, name, a, "upn", other->value->value.utf8string);
	else if (other->value->type == V_ASN1_UTF8STRING &&
	    nid == NID_id_on_SmtpUTF8Mailbox)
		add_name(d, name, a, "mail", other->value->value.utf8string);
}

static void
add_general_name(struct db_issued *d, struct db_name *name, struct arena *a,
    const GENERAL_NAME *gn)
{
	if (gn->type == GEN_EMAIL)
		add_name(d, name, a, "mail", gn->d.rfc822Name);
	else if (gn->type == GEN_DNS)
		add_name(d, name, a, "dns", gn->d.dNSName);
	else if (gn->type == GEN_URI)
		add_name(d, name, a, "uri", gn->d.uniformResourceIdentifier);
	else if (gn->type == GEN_OTHERNAME)
		add_other_name(d, name, a, gn->d.otherName);
}

static bool
has_name(const struct db_issued *d, const struct db_name *name,
    const struct db_name *one)
{
	size_t	 i;

	for (i = 0; i < d->nnames; i++)
		if (strcmp(name[i].kind, one->kind) == 0 &&
		    strcmp(name[i].value, one->value) == 0)
			return true;
	return false;
}

/* Each name once: the pair is a key in the store. */
static void
unique_names(struct db_issued *d, struct db_name *name)
{
	size_t	 i, n = d->nnames;

	for (i = d->nnames = 0; i < n; i++)
		if (!has_name(d, name, &name[i]))
			name[d->nnames++] = name[i];
}

static int
collect_names(struct db_issued *d, const X509_NAME *subject,
    struct bytes san_der, struct arena *a, struct error *e)
{
	const unsigned char	*p = san_der.p;
	GENERAL_NAMES		*san = NULL;
	struct db_name		*name;
	int			 i, n;

	if (san_der.len > 0 && (san = d2i_GENERAL_NAMES(NULL, &p,
	    (long)san_der.len)) == NULL)
		return error_ssl(e, ERROR_BUG, "alternative names");
	n = san != NULL ? sk_GENERAL_NAME_num(san) : 0;
	name = arena_alloc(a, (size_t)(n + X509_NAME_entry_count(subject) +
	    1) * sizeof(*name));
	i = -1;
	while ((i = X509_NAME_get_index_by_NID(subject, NID_commonName,
	    i)) != -1)
		add_name(d, name, a, "cn", X509_NAME_ENTRY_get_data(
		    X509_NAME_get_entry(subject, i)));
	for (i = 0; i < n; i++)
		add_general_name(d, name, a, sk_GENERAL_NAME_value(san, i));
	sk_GENERAL_NAME_pop_free(san, GENERAL_NAME_free);
	unique_names(d, name);
	d->name = name;
	return 0;
}

static int
describe_names(struct worker *w, struct db_issued *d,
    const struct cert_look *look, struct error *e)
{
	const unsigned char	*p = look->subject.p;
	X509_NAME		*subject;
	char			*text;
	int			 rc;

	if ((subject = d2i_X509_NAME(NULL, &p,
	    (long)look->subject.len)) == NULL)
		return error_ssl(e, ERROR_BUG, "subject");
	text = name_text(subject);
	d->subject = arena_strdup(w->arena, text);
	mem_free(&text);
	rc = collect_names(d, subject, look->san, w->arena, e);
	X509_NAME_free(subject);
	return rc;
}

int
work_describe(struct worker *w, struct work *k, uint8_t digest[32],
    struct error *e)
{
	struct db_issued	*d = &k->issued;
	struct cert_look	 look;

	if (cert_look(&look, d->der, e) == -1 ||
	    describe_names(w, d, &look, e) == -1)
		return error_wrap(e, "certificate from the signer");
	d->ref = k->claim.ref;
	d->ca = k->intent.ca;
	d->profile = k->profile;
	d->holder = k->holder != NULL && *k->holder != '\0' ? k->holder : NULL;
	d->serial = k->intent.serial;
	d->not_before = look.not_before;
	d->not_after = look.not_after;
	d->issued_at = clock_now(&clock_system);
	if (EVP_Digest(look.spki.p, look.spki.len, d->key_digest, NULL,
	    EVP_sha256(), NULL) != 1 || EVP_Digest(d->der.p, d->der.len,
	    digest, NULL, EVP_sha256(), NULL) != 1)
		return error_ssl(e, ERROR_CRYPTO, "digest certificate");
	return 0;
}
