/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates: each has one issue entry, each issue entry one certificate.
 * They are looked at without decoding their keys, which takes longer than all
 * that is done here but for the signatures.
 */
#include <openssl/err.h>

#include "base/digest.h"
#include "base/text.h"
#include "cli/audit_state.h"
#include "x509/ca_name.h"

static int
cert_serial(struct bytes *out, const struct cert_look *look, size_t max,
    struct error *e)
{
	*out = look->serial;
	if (out->len > 1 && out->p[0] == 0)
		*out = BYTES(out->p + 1, out->len - 1);
	else if (out->len == 0 || (out->p[0] & 0x80) != 0)
		return error_set(e, ERROR_INPUT, "its number is negative");
	if (out->len > max)
		return error_set(e, ERROR_INPUT, "its number is longer than "
		    "%zu octets", max);
	return 0;
}

static bool
is_issued_by(const struct cert_look *look, X509 *ca)
{
	const unsigned char	*name;
	size_t			 len;

	return X509_NAME_get0_der(X509_get_subject_name(ca), &name, &len) == 1 &&
	    bytes_equal(look->issuer, BYTES(name, len));
}

/* The CA whose name and key it bears, or -1. */
static int16_t
cert_ca(const struct audit_verify *v, const struct cert_look *look,
    struct bytes der)
{
	struct error	 ignored = ERROR_INIT;
	EVP_PKEY	*key;
	size_t		 i;

	for (i = 0; i < v->ncas; i++) {
		if (!is_issued_by(look, v->ca[i].cert) ||
		    (key = X509_get0_pubkey(v->ca[i].cert)) == NULL)
			continue;
		error_clear(&ignored);
		if (cert_look_verify(look, der, key, &ignored) == 0)
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
	struct cert_look	 look;
	struct bytes		 serial;
	char			 url[CRL_SHARD_URL];

	if (cert_look(&look, der, e) == -1 ||
	    cert_serial(&serial, &look, sizeof(c->serial), e) == -1)
		return -1;
	c = arena_alloc(v->arena, sizeof(*c));
	if (EVP_Digest(der.p, der.len, c->digest, NULL, EVP_sha256(),
	    NULL) != 1)
		return error_ssl(e, ERROR_CRYPTO, "digest certificate");
	memcpy(c->serial, serial.p, serial.len);
	c->serial_len = (uint8_t)serial.len;
	c->not_after = look.not_after;
	c->has_role = cert_role_in(look.ext_key_usage) != ROLE_NONE;
	c->ca = cert_ca(v, &look, der);
	c->point = entry_intern(v, crl_shard_address_in(url, look.crl_points));
	c->at = at;
	c->reason = -1;
	v->r->certs++;
	cert_index(v, c);
	return 0;
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
    const struct audit_cert *c, const struct cert_look *look,
    const uint8_t key_digest[32])
{
	uint8_t		 digest[32], said[32];
	char		 ca[65];

	if (entry_text(v, en, AUDIT_CERTS, "ca", ca, sizeof(ca)) &&
	    c->ca >= 0 && strcmp(v->ca[c->ca].name, ca) != 0)
		audit_failed(v->r, AUDIT_CERTS, &en->about,
		    "the entry says CA %s, the signature is by %s", ca,
		    v->ca[c->ca].name[0] != '\0' ? v->ca[c->ca].name :
		    "a CA that was not added before");
	digest_sha256(digest, look->tbs.p, look->tbs.len);
	if (entry_digest(v, en, AUDIT_CERTS, "tbs", said) &&
	    memcmp(digest, said, 32) != 0)
		audit_failed(v->r, AUDIT_CERTS, &en->about, "other bytes were "
		    "signed than the entry says");
	if (entry_digest(v, en, AUDIT_CERTS, "key", said) &&
	    memcmp(said, key_digest, 32) != 0)
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
is_ocsp_signer(const struct cert_look *look)
{
	/* SEQUENCE { id-kp-OCSPSigning } */
	static const uint8_t	 only[] = { 0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06,
	    0x01, 0x05, 0x05, 0x07, 0x03, 0x09 };

	return bytes_equal(look->ext_key_usage, BYTES(only, sizeof(only)));
}

/* The order names the CA, the entry which of its generations it was; for a
 * signer of answers the order names that. */
static void
check_ca(struct audit_verify *v, struct audit_entry *en, const char *ordered,
    const struct cert_look *look)
{
	char	 said[CA_NAME_SIZE];

	if (!entry_text(v, en, AUDIT_CERTS, "ca", said, sizeof(said)) ||
	    (ordered != NULL && ca_name_is_of(said, ordered)) ||
	    (ordered != NULL && is_ocsp_signer(look) &&
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
    const struct order *o, const struct cert_look *look)
{
	int64_t	 expires;

	if (entry_time(v, en, AUDIT_ORDERS, "expires", &expires) &&
	    expires != o->expires)
		audit_failed(v->r, AUDIT_ORDERS, &en->about, "the order "
		    "expires at another time than the entry says");
	if (look->not_before > o->expires)
		audit_failed(v->r, AUDIT_ORDERS, &en->about,
		    "the order was used after it had expired");
	if (en->at < o->created)
		audit_failed(v->r, AUDIT_ORDERS, &en->about,
		    "the order was used before it was made");
	if (o->until != 0 && look->not_after > o->until)
		audit_failed(v->r, AUDIT_NAMES, &en->about, "the certificate "
		    "is valid for longer than was ordered");
}

static void
check_order(struct audit_verify *v, struct audit_entry *en,
    struct audit_cert *c, const struct cert_look *look,
    const uint8_t key_digest[32])
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
	check_ca(v, en, o->ca, look);
	check_same(v, en, "profile", o->profile);
	check_same(v, en, "holder", item != NULL ? item->holder : o->holder);
	check_times(v, en, o, look);
	audit_looked(v->r, AUDIT_NAMES);
	names_check(v, &en->about, look, o->profile,
	    item != NULL ? &item->fields : &o->fields);
	requests_check(v, en, a, item, c, key_digest);
}

void
certs_issue(struct audit_verify *v, struct audit_entry *en)
{
	struct error		 e = ERROR_INIT;
	struct cert_look	 look;
	struct audit_cert	*c;
	struct buf		 der = { 0 };
	uint8_t			 serial[21], key_digest[KEY_DIGEST_SIZE];
	size_t			 len;

	if (!entry_hex(v, en, AUDIT_CERTS, "serial", serial, sizeof(serial),
	    &len))
		return;
	en->about.serial = serial;
	en->about.serial_len = len;
	if ((c = issued_cert(v, en, serial, len)) == NULL)
		return;
	if (bundle_pem_at(&v->b.part[BUNDLE_CERTS], "CERTIFICATE", c->at, &der,
	    &e) != 1 || cert_look(&look, BYTES(der.p, der.len), &e) == -1) {
		audit_failed(v->r, AUDIT_CERTS, &en->about,
		    "the certificate cannot be read again");
		goto out;
	}
	digest_sha256(key_digest, look.spki.p, look.spki.len);
	check_entry(v, en, c, &look, key_digest);
	if (c->ca >= 0 && !is_ocsp_signer(&look))
		cas_issue(v, en, &v->ca[c->ca], look.not_before);
	check_order(v, en, c, &look, key_digest);
 out:
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
