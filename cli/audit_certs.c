/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates: each has one issue entry, each issue entry one certificate.
 */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "cli/audit_state.h"
#include "x509/ca_name.h"
#include "x509/der.h"

static X509 *
cert_parse(struct bytes der)
{
	const unsigned char	*p = der.p;
	X509			*cert = d2i_X509(NULL, &p, (long)der.len);

	if (cert != NULL && p != der.p + der.len) {
		X509_free(cert);
		cert = NULL;
	}
	ERR_clear_error();
	return cert;
}

/* The CA whose name and key it bears, or -1. */
static int16_t
cert_ca(const struct audit_verify *v, X509 *cert)
{
	EVP_PKEY	*key;
	size_t		 i;
	int		 ok;

	for (i = 0; i < v->ncas; i++) {
		if (X509_NAME_cmp(X509_get_issuer_name(cert),
		    X509_get_subject_name(v->ca[i].cert)) != 0 ||
		    (key = X509_get0_pubkey(v->ca[i].cert)) == NULL)
			continue;
		ok = X509_verify(cert, key);
		ERR_clear_error();
		if (ok == 1)
			return (int16_t)i;
	}
	return -1;
}

static void
cert_index(struct audit_verify *v, struct audit_cert *c)
{
	struct audit_about	 about = { .serial = c->serial,
				    .serial_len = c->serial_len };

	if (map_find(&v->certs, c) != NULL) {
		audit_failed(v->r, AUDIT_CERTS, &about,
		    "is in certs.pem twice");
		return;
	}
	map_put(&v->certs, c);
	if (c->ca == -1)
		audit_failed(v->r, AUDIT_CERTS, &about,
		    "its signature is by none of the CAs in cas.pem");
	else if (map_find(&v->serials, c) != NULL)
		audit_failed(v->r, AUDIT_CERTS, &about,
		    "another certificate of its CA has the same number");
	else
		map_put(&v->serials, c);
}

static int
cert_put(struct audit_verify *v, struct bytes der, size_t at,
    struct error *e)
{
	struct audit_cert	*c;
	struct cert_info	 info = { 0 };
	X509			*cert;
	char			 url[CRL_SHARD_URL];
	int			 rc = -1;

	if ((cert = cert_parse(der)) == NULL)
		return error_set(e, ERROR_INPUT, "not a certificate");
	if (cert_info(&info, cert, e) == -1)
		goto out;
	c = arena_alloc(v->arena, sizeof(*c));
	memcpy(c->digest, info.digest, sizeof(c->digest));
	memcpy(c->serial, info.serial, info.serial_len);
	c->serial_len = (uint8_t)info.serial_len;
	c->not_after = info.not_after;
	c->has_role = cert_role(cert) != ROLE_NONE;
	c->ca = cert_ca(v, cert);
	c->point = entry_intern(v, crl_shard_address(url, cert));
	c->at = at;
	c->reason = -1;
	v->r->certs++;
	cert_index(v, c);
	rc = 0;
 out:
	cert_info_clear(&info);
	X509_free(cert);
	return rc;
}

void
certs_load(struct audit_verify *v)
{
	struct bundle_file	*f = &v->b.part[BUNDLE_CERTS];
	struct error		 e = ERROR_INIT;
	struct buf		 der = { 0 };
	uint64_t		 n = 0;
	size_t			 at;
	int			 found;

	while ((found = bundle_pem_next(f, "CERTIFICATE", &der, &at,
	    &e)) != 0) {
		n++;
		audit_looked(v->r, AUDIT_CERTS);
		if (found == -1 ||
		    cert_put(v, BYTES(der.p, der.len), at, &e) == -1)
			audit_failed(v->r, AUDIT_CERTS, NULL,
			    "number %llu of certs.pem: %s",
			    (unsigned long long)n, e.text);
		error_clear(&e);
		if (v->in->step != NULL && n % 1000 == 0)
			v->in->step(v->in->step_arg, "reading certificates",
			    f->pos, f->data.len);
	}
	buf_clear(&der);
}

struct audit_cert *
certs_find(struct audit_verify *v, int16_t ca, const uint8_t *serial,
    size_t len)
{
	struct audit_cert	 key = { .ca = ca };

	if (len > sizeof(key.serial))
		return NULL;
	memcpy(key.serial, serial, len);
	key.serial_len = (uint8_t)len;
	return map_find(&v->serials, &key);
}

/* The certificate's record that belongs to an issue entry. */
static struct audit_cert *
issued_cert(struct audit_verify *v, struct audit_entry *en,
    const uint8_t *serial, size_t len)
{
	struct audit_cert	 key, *c;

	if (!entry_digest(v, en, AUDIT_CERTS, "cert", key.digest))
		return NULL;
	if ((c = map_find(&v->certs, &key)) == NULL) {
		audit_failed(v->r, AUDIT_CERTS, &en->about, "was issued, but "
		    "no certificate with this digest is in certs.pem");
		return NULL;
	}
	if (c->issued != 0) {
		audit_failed(v->r, AUDIT_CERTS, &en->about,
		    "was issued before, in entry %lld", (long long)c->issued);
		return NULL;
	}
	c->issued = en->seq;
	if (c->serial_len != len || memcmp(c->serial, serial, len) != 0)
		audit_failed(v->r, AUDIT_CERTS, &en->about,
		    "the certificate has another number than the entry");
	return c;
}

/* What the entry says against what the certificate is. */
static void
check_entry(struct audit_verify *v, struct audit_entry *en,
    const struct audit_cert *c, struct bytes der, const struct cert_info *info)
{
	struct bytes	 content, tbs;
	uint8_t		 digest[32], said[32];
	char		 ca[65];

	if (entry_text(v, en, AUDIT_CERTS, "ca", ca, sizeof(ca)) &&
	    c->ca >= 0 && strcmp(v->ca[c->ca].name, ca) != 0)
		audit_failed(v->r, AUDIT_CERTS, &en->about,
		    "the entry says CA %s, the signature is by %s", ca,
		    v->ca[c->ca].name[0] != '\0' ? v->ca[c->ca].name :
		    "a CA that was not added before");
	if (entry_digest(v, en, AUDIT_CERTS, "tbs", said) &&
	    (der_take(&der, DER_SEQUENCE, &content) == -1 ||
	    der_take_whole(&content, DER_SEQUENCE, &tbs) == -1 ||
	    EVP_Digest(tbs.p, tbs.len, digest, NULL, EVP_sha256(), NULL) != 1 ||
	    memcmp(digest, said, 32) != 0))
		audit_failed(v->r, AUDIT_CERTS, &en->about, "other bytes were "
		    "signed than the entry says");
	if (entry_digest(v, en, AUDIT_CERTS, "key", said) &&
	    memcmp(said, info->key_digest, 32) != 0)
		audit_failed(v->r, AUDIT_CERTS, &en->about, "the certificate "
		    "has another key than the entry says");
}

static void
check_same(struct audit_verify *v, struct audit_entry *en, const char *key,
    const char *ordered)
{
	char	 said[520];

	if (ordered == NULL)
		ordered = "";
	if (entry_maybe(v, en, key, said, sizeof(said)) == false)
		said[0] = '\0';
	if (strcmp(said, ordered) != 0)
		audit_failed(v->r, AUDIT_NAMES, &en->about,
		    "%s is \"%s\" in the entry, \"%s\" in the order", key, said,
		    ordered);
}

/* It signs answers for one key of the CA, and nothing else. */
static bool
is_ocsp_signer(X509 *cert)
{
	return (X509_get_extension_flags(cert) & EXFLAG_XKUSAGE) != 0 &&
	    X509_get_extended_key_usage(cert) == XKU_OCSP_SIGN;
}

/* The order names the CA, the entry which of its generations it was; for a
 * signer of answers the order names that. */
static void
check_ca(struct audit_verify *v, struct audit_entry *en, const char *ordered,
    X509 *cert)
{
	char	 said[CA_NAME_SIZE];

	if (!entry_text(v, en, AUDIT_CERTS, "ca", said, sizeof(said)) ||
	    (ordered != NULL && ca_name_is_of(said, ordered)) ||
	    (ordered != NULL && is_ocsp_signer(cert) &&
	    strcmp(said, ordered) == 0))
		return;
	audit_failed(v->r, AUDIT_NAMES, &en->about, "ca is \"%s\" in the "
	    "entry, \"%s\" in the order", said,
	    ordered != NULL ? ordered : "");
}

/* The item of the order that the entry names; a single order has none. */
static bool
order_item(struct audit_verify *v, struct audit_entry *en,
    const struct order *o, int64_t *n, const struct order_item **item)
{
	*item = NULL;
	if (!entry_num(v, en, AUDIT_ORDERS, "n", n))
		return false;
	if (o->kind == ORDER_ISSUE && *n == 0)
		return true;
	if (o->kind == ORDER_BATCH && *n >= 1 && (size_t)*n <= o->nitems) {
		*item = &o->item[*n - 1];
		return true;
	}
	audit_failed(v->r, AUDIT_ORDERS, &en->about, "issued item %lld of an "
	    "order to %s that has no such item", (long long)*n,
	    order_kind_name(o->kind));
	return false;
}

/*
 * A crash may let an act that began in time end after the order's expiry; but
 * no certificate begins after it.
 */
static void
check_times(struct audit_verify *v, struct audit_entry *en,
    const struct order *o, const struct cert_info *info)
{
	int64_t	 expires;

	if (entry_time(v, en, AUDIT_ORDERS, "expires", &expires) &&
	    expires != o->expires)
		audit_failed(v->r, AUDIT_ORDERS, &en->about, "the order "
		    "expires at another time than the entry says");
	if (info->not_before > o->expires)
		audit_failed(v->r, AUDIT_ORDERS, &en->about,
		    "the order was used after it had expired");
	if (en->at < o->created)
		audit_failed(v->r, AUDIT_ORDERS, &en->about,
		    "the order was used before it was made");
	if (o->until != 0 && info->not_after > o->until)
		audit_failed(v->r, AUDIT_NAMES, &en->about, "the certificate "
		    "is valid for longer than was ordered");
}

static void
check_order(struct audit_verify *v, struct audit_entry *en,
    struct audit_cert *c, X509 *cert, const struct cert_info *info)
{
	struct audit_order	*rec;
	struct approved		*a;
	const struct order_item	*item;
	const struct order	*o;
	int64_t			 n;

	if ((rec = orders_use(v, en, &a)) == NULL)
		return;
	o = a->order;
	memcpy(c->order, rec->id, sizeof(c->order));
	if (!order_item(v, en, o, &n, &item))
		return;
	c->profile = entry_intern(v, o->profile);
	orders_use_once(v, en, rec, &n, sizeof(n), "for this item");
	orders_check_approvals(v, en, rec, a, c->profile, c->has_role);
	check_ca(v, en, o->ca, cert);
	check_same(v, en, "profile", o->profile);
	check_same(v, en, "holder", item != NULL ? item->holder : o->holder);
	check_times(v, en, o, info);
	audit_looked(v->r, AUDIT_NAMES);
	names_check(v, &en->about, cert, o->profile,
	    item != NULL ? &item->fields : &o->fields);
	requests_check(v, en, a, item, c, info->key_digest);
}

void
certs_issue(struct audit_verify *v, struct audit_entry *en)
{
	struct error		 e = ERROR_INIT;
	struct cert_info	 info = { 0 };
	struct audit_cert	*c;
	struct buf		 der = { 0 };
	X509			*cert = NULL;
	uint8_t			 serial[21];
	size_t			 len;

	if (!entry_hex(v, en, AUDIT_CERTS, "serial", serial, sizeof(serial),
	    &len))
		return;
	en->about.serial = serial;
	en->about.serial_len = len;
	if ((c = issued_cert(v, en, serial, len)) == NULL)
		return;
	if (bundle_pem_at(&v->b.part[BUNDLE_CERTS], "CERTIFICATE", c->at, &der,
	    &e) != 1 || (cert = cert_parse(BYTES(der.p, der.len))) == NULL ||
	    cert_info(&info, cert, &e) == -1) {
		audit_failed(v->r, AUDIT_CERTS, &en->about,
		    "the certificate cannot be read again");
		goto out;
	}
	check_entry(v, en, c, BYTES(der.p, der.len), &info);
	if (c->ca >= 0 && !is_ocsp_signer(cert))
		cas_issue(v, en, &v->ca[c->ca], info.not_before);
	check_order(v, en, c, cert, &info);
 out:
	cert_info_clear(&info);
	X509_free(cert);
	buf_clear(&der);
}

void
certs_finish(struct audit_verify *v)
{
	struct audit_about	 about = { 0 };
	struct audit_cert	*c;
	size_t			 pos = 0;

	while ((c = map_next(&v->certs, &pos)) != NULL) {
		if (c->issued != 0)
			continue;
		about.serial = c->serial;
		about.serial_len = c->serial_len;
		audit_failed(v->r, AUDIT_CERTS, &about,
		    "no entry says that it was issued");
	}
}
