/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CAs: cas.pem against the given root and the ca-add entries.
 */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/digest.h"
#include "base/text.h"
#include "cli/audit_state.h"
#include "x509/ca_name.h"
#include "x509/cert.h"

static X509 *
cert_of(struct bytes der)
{
	const unsigned char	*p = der.p;
	X509			*cert;

	cert = d2i_X509(NULL, &p, (long)der.len);
	if (cert != NULL && p != der.p + der.len) {
		X509_free(cert);
		cert = NULL;
	}
	ERR_clear_error();
	return cert;
}

/* Held at the start of its own validity, when its issuer was valid, too. */
static void
ca_check(struct audit_verify *v, struct audit_ca *ca)
{
	struct error	 e = ERROR_INIT;
	struct cert_info info = { 0 };

	if (cert_info(&info, ca->cert, &e) == -1 ||
	    cert_verify_chain(ca->cert, v->intermediates, v->anchors,
	    info.not_before, &e) == -1)
		audit_failed(v->r, AUDIT_CAS, NULL, "%s: %s",
		    info.subject != NULL ? info.subject : "a CA", e.text);
	else if (X509_check_ca(ca->cert) == 0)
		audit_failed(v->r, AUDIT_CAS, NULL,
		    "%s is not a certificate of a CA", info.subject);
	cert_info_clear(&info);
}

static bool
is_given_root(const struct audit_verify *v, X509 *cert)
{
	int	 i;

	for (i = 0; i < sk_X509_num(v->in->roots); i++)
		if (cert_is_same(sk_X509_value(v->in->roots, i), cert))
			return true;
	return false;
}

static void
ca_put(struct audit_verify *v, X509 *cert, struct bytes der)
{
	struct audit_ca	*ca;

	v->ca = mem_resize(v->ca, v->ncas + 1, sizeof(*v->ca));
	ca = &v->ca[v->ncas++];
	*ca = (struct audit_ca){ .cert = cert };	/* now owned by ca */
	digest_sha256(ca->digest, der.p, der.len);
	X509_up_ref(cert);
	sk_X509_push(v->intermediates, cert);
}

int
cas_load(struct audit_verify *v, struct error *e)
{
	struct bundle_file	*f = &v->b.part[BUNDLE_CAS];
	struct error		 ignored = ERROR_INIT;
	struct buf		 der = { 0 };
	X509			*cert;
	size_t			 i;
	int			 found;

	while ((found = bundle_pem_next(f, "CERTIFICATE", &der, NULL,
	    &ignored)) != 0) {
		audit_looked(v->r, AUDIT_CAS);
		cert = found == 1 ? cert_of(BYTES(der.p, der.len)) : NULL;
		if (cert != NULL && v->ncas < INT16_MAX)
			ca_put(v, cert, BYTES(der.p, der.len));
		else
			audit_failed(v->r, AUDIT_CAS, NULL, "%s: %s", f->name,
			    found == 1 ? "not a certificate" : ignored.text);
	}
	buf_clear(&der);
	if ((v->officers_cas = sk_X509_new_null()) == NULL)
		return error_set(e, ERROR_NOMEM, "out of memory");
	if (v->ncas == 0)
		return error_set(e, ERROR_INPUT, "%s/%s has no certificate",
		    v->in->dir, f->name);
	if (!is_given_root(v, v->ca[0].cert))
		audit_failed(v->r, AUDIT_CAS, NULL,
		    "the first certificate of cas.pem is not the given root");
	for (i = 0; i < v->ncas; i++)
		ca_check(v, &v->ca[i]);
	return 0;
}

void
cas_add(struct audit_verify *v, struct audit_entry *en)
{
	struct error	 e = ERROR_INIT;
	uint8_t		 digest[32];
	char		 name[65];
	size_t		 i;

	if (!entry_digest(v, en, AUDIT_CAS, "cert", digest) ||
	    !entry_text(v, en, AUDIT_CAS, "ca", name, sizeof(name)))
		return;
	for (i = 0; i < v->ncas; i++)
		if (memcmp(v->ca[i].digest, digest, 32) == 0)
			break;
	if (i == v->ncas) {
		audit_failed(v->r, AUDIT_CAS, &en->about, "the certificate of "
		    "CA %s is not in cas.pem", name);
		return;
	}
	if (v->ca[i].has_issuer)
		return;
	snprintf(v->ca[i].name, sizeof(v->ca[i].name), "%s", name);
	if (issuer_init(&v->ca[i].issuer, name, v->ca[i].cert, &e) == -1)
		audit_failed(v->r, AUDIT_CAS, &en->about, "CA %s: %s", name,
		    e.text);
	else
		v->ca[i].has_issuer = true;
	if (v->ca[i].has_issuer && ca_name_is_of(name, v->in->officers_ca))
		sk_X509_push(v->officers_cas, v->ca[i].cert);
}

/* The newest of that name. */
struct audit_ca *
cas_find(struct audit_verify *v, const char *name)
{
	size_t	 i;

	for (i = v->ncas; i > 0; i--)
		if (v->ca[i - 1].has_issuer &&
		    strcmp(v->ca[i - 1].name, name) == 0)
			return &v->ca[i - 1];
	return NULL;
}

/* Its first certificate: earlier generations have had their last. */
static void
generation_begins(struct audit_verify *v, struct audit_ca *ca, int64_t at)
{
	char	 family[CA_NAME_SIZE], other[CA_NAME_SIZE];
	int	 generation = ca_name_split(ca->name, family);
	size_t	 i;

	ca->has_begun = true;
	for (i = 0; i < v->ncas; i++)
		if (ca_name_split(v->ca[i].name, other) < generation &&
		    strcmp(other, family) == 0 && v->ca[i].replaced_at == 0)
			v->ca[i].replaced_at = at;
}

/*
 * An old generation only keeps its list.  What it had decided to sign it may
 * finish, and instances are not restarted all at once.
 */
#define OVERLAP	86400

void
cas_issue(struct audit_verify *v, struct audit_entry *en,
    struct audit_ca *ca, int64_t not_before)
{
	if (!ca->has_begun)
		generation_begins(v, ca, en->at);
	if (ca->replaced_at != 0 && not_before > ca->replaced_at + OVERLAP)
		audit_failed(v->r, AUDIT_CERTS, &en->about, "was issued by CA "
		    "%s more than a day after its next generation had begun",
		    ca->name);
}

void
cas_finish(struct audit_verify *v)
{
	struct error	 e = ERROR_INIT;
	struct cert_info info;
	size_t		 i;

	for (i = 1; i < v->ncas; i++) {
		if (v->ca[i].name[0] != '\0' ||
		    cert_info(&info, v->ca[i].cert, &e) == -1)
			continue;
		audit_failed(v->r, AUDIT_CAS, NULL,
		    "%s: no entry says that this CA was added", info.subject);
		cert_info_clear(&info);
	}
}

void
cas_clear(struct audit_verify *v)
{
	size_t	 i;

	for (i = 0; i < v->ncas; i++) {
		if (v->ca[i].has_issuer)
			issuer_clear(&v->ca[i].issuer);
		X509_free(v->ca[i].cert);
		mem_free(&v->ca[i].bad);
	}
	mem_free(&v->ca);
	v->ncas = 0;
	sk_X509_free(v->officers_cas);
	v->officers_cas = NULL;
}
