/* SPDX-License-Identifier: Apache-2.0 */
#include "authority.h"

#include <dirent.h>
#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "os/file.h"
#include "x509/ca_name.h"
#include "x509/cert.h"
#include "x509/crl.h"

static void
authority_free(struct authority **ap)
{
	struct authority	*a = *ap;

	if (a == NULL)
		return;
	issuer_clear(&a->issuer);
	sk_X509_pop_free(a->chain, X509_free);
	X509_free(a->cert);
	buf_clear(&a->der);
	mem_free(&a->name);
	mem_free(ap);
}

void
authorities_clear(struct authorities *all)
{
	size_t	 i;

	for (i = 0; i < all->n; i++)
		authority_free(&all->v[i]);
	mem_free(&all->v);
	all->n = 0;
	sk_X509_pop_free(all->anchors, X509_free);
	sk_X509_pop_free(all->links, X509_free);
	all->anchors = all->links = NULL;
}

struct authority *
authorities_find(const struct authorities *all, const char *name)
{
	size_t	 i;

	for (i = 0; i < all->n; i++)
		if (strcmp(all->v[i]->name, name) == 0)
			return all->v[i];
	return NULL;
}

static bool
is_anchor(const struct authorities *all, X509 *cert)
{
	int	 i;

	for (i = 0; i < sk_X509_num(all->anchors); i++)
		if (cert_is_same(sk_X509_value(all->anchors, i), cert))
			return true;
	return false;
}

static int
authority_fill(struct authority *a, X509 *cert, struct error *e)
{
	struct cert_info	 info = { .subject = NULL };
	unsigned char		*der = NULL;
	int			 len;

	if (X509_check_ca(cert) != 1)
		return error_set(e, ERROR_DENIED, "not a CA's certificate");
	if (cert_info(&info, cert, e) == -1)
		return -1;
	memcpy(a->key, info.key_digest, sizeof(a->key));
	a->not_before = info.not_before;
	a->not_after = info.not_after;
	cert_info_clear(&info);
	if ((len = i2d_X509(cert, &der)) <= 0)
		return error_ssl(e, ERROR_CRYPTO, "encode certificate");
	buf_add(&a->der, der, (size_t)len);
	OPENSSL_free(der);
	return issuer_init(&a->issuer, a->name, cert, e);
}

/* Expired ones are still judges of what they signed in their time. */
static int
authority_check(const struct authorities *all, struct authority *a,
    int64_t now, struct error *e)
{
	if (a->is_root || is_anchor(all, a->cert)) {
		a->is_root = true;
		return is_anchor(all, a->cert) ? 0 : error_set(e,
		    ERROR_DENIED, "a root that is not in the file of roots");
	}
	return cert_verify_chain(a->cert, a->chain, all->anchors,
	    now < a->not_after ? now : a->not_after, e);
}

/* cert is taken over; chain too, unless NULL. */
static int
authority_new(struct authority **out, const struct authorities *all,
    const char *name, X509 *cert, STACK_OF(X509) *chain, bool is_root,
    int64_t now, struct error *e)
{
	struct authority	*a = mem_alloc(sizeof(*a));

	*out = NULL;
	a->name = mem_strdup(name);
	a->cert = cert;
	a->chain = chain != NULL ? chain : sk_X509_new_null();
	a->is_root = is_root;
	if (authority_fill(a, cert, e) == -1 ||
	    authority_check(all, a, now, e) == -1) {
		authority_free(&a);
		return error_wrap(e, "CA %s", name);
	}
	*out = a;
	return 0;
}

static void
authorities_put(struct authorities *all, struct authority *a)
{
	all->v = mem_resize(all->v, all->n + 1, sizeof(*all->v));
	all->v[all->n++] = a;
}

static int
load_file(struct authorities *all, const char *name, const char *path,
    int64_t now, struct error *e)
{
	STACK_OF(X509)		*chain = NULL;
	struct authority	*a;

	if (cert_load_chain(&chain, path, e) == -1)
		return -1;
	if (sk_X509_num(chain) == 0) {
		sk_X509_pop_free(chain, X509_free);
		return error_set(e, ERROR_CONFIG, "%s: no certificate", path);
	}
	if (authority_new(&a, all, name, sk_X509_shift(chain), chain, false,
	    now, e) == -1)
		return error_wrap(e, "%s", path);
	a->by_file = true;
	authorities_put(all, a);
	return 0;
}

/* "people.pem" is CA "people"; "root.pem" are the roots. */
static bool
file_name(const char *file, char name[65])
{
	size_t	 len = strlen(file);

	if (len < 5 || len > 68 || strcmp(file + len - 4, ".pem") != 0)
		return false;
	snprintf(name, 65, "%.*s", (int)(len - 4), file);
	return text_is_name(name) && !ca_name_is_of(name, "root");
}

static int
load_directory(struct authorities *all, const char *dir, int64_t now,
    struct error *e)
{
	struct dirent	**entry = NULL;
	char		 *path, name[65];
	int		  n, i, rc = 0;

	if ((n = scandir(dir, &entry, NULL, alphasort)) == -1)
		return error_sys(e, "%s", dir);
	for (i = 0; i < n; i++) {
		if (rc == 0 && file_name(entry[i]->d_name, name)) {
			path = file_join(dir, entry[i]->d_name);
			rc = load_file(all, name, path, now, e);
			mem_free(&path);
		}
		free(entry[i]);
	}
	free(entry);
	return rc;
}

/* What others have certified about a key that we know. */
static int
load_links(struct authorities *all, const struct conf_list *path,
    struct error *e)
{
	STACK_OF(X509)	*some;
	X509		*cert;
	size_t		 i;

	if ((all->links = sk_X509_new_null()) == NULL)
		return error_set(e, ERROR_NOMEM, "no memory");
	for (i = 0; i < path->n; i++) {
		if (cert_load_chain(&some, path->v[i], e) == -1)
			return -1;
		while ((cert = sk_X509_shift(some)) != NULL)
			sk_X509_push(all->links, cert);
		sk_X509_free(some);
	}
	return 0;
}

int
authorities_load(struct authorities *all, const struct crld_conf *conf,
    int64_t now, struct error *e)
{
	struct authority	*a;
	char			 name[65];
	int			 i;

	all->conf = conf;
	if (cert_load_chain(&all->anchors, conf->root, e) == -1)
		return error_wrap(e, "root certificate");
	/* Under names that no row of the store can have. */
	for (i = 0; i < sk_X509_num(all->anchors); i++) {
		snprintf(name, sizeof(name), "root/%d", i);
		X509_up_ref(sk_X509_value(all->anchors, i));
		if (authority_new(&a, all, name,
		    sk_X509_value(all->anchors, i), NULL, true, now, e) == -1)
			return error_wrap(e, "%s", conf->root);
		a->by_file = true;
		authorities_put(all, a);
	}
	return load_directory(all, conf->ca_dir, now, e) == -1 ? -1 :
	    load_links(all, &conf->links, e);
}

static int
take_new(struct authorities *all, const struct db_ca *row,
    const uint8_t *key, int64_t now, struct error *e)
{
	const unsigned char	*p = row->der.p;
	struct authority	*a, *old;
	X509			*cert;

	cert = d2i_X509(NULL, &p, (long)row->der.len);
	if (cert == NULL || p != row->der.p + row->der.len) {
		X509_free(cert);
		return error_ssl(e, ERROR_INPUT, "CA %s: certificate in the "
		    "store cannot be read", row->name);
	}
	if (authority_new(&a, all, row->name, cert, NULL, row->is_root, now,
	    e) == -1)
		return -1;
	if (key != NULL && memcmp(key, a->key, sizeof(a->key)) != 0) {
		authority_free(&a);
		return error_set(e, ERROR_DENIED, "CA %s: the store has a "
		    "certificate with another key than before", row->name);
	}
	if ((old = authorities_find(all, row->name)) == NULL) {
		authorities_put(all, a);
		return 0;
	}
	if (old->not_before > a->not_before) {
		authority_free(&a);
		return 1;
	}
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i] == old)
			all->v[i] = a;
	authority_free(&old);
	return 0;
}

int
authorities_take(struct authorities *all, const struct db_ca *row,
    const uint8_t *key, int64_t now, struct error *e)
{
	struct authority	*a = authorities_find(all, row->name);

	if (!text_is_name(row->name))
		return error_set(e, ERROR_DENIED, "a CA in the store has a "
		    "name that is none");
	if (a == NULL)
		return take_new(all, row, key, now, e);
	if (bytes_equal(row->der, BYTES(a->der.p, a->der.len)))
		return 1;
	if (a->by_file) {
		error_set(e, ERROR_DENIED, "CA %s: the store has another "
		    "certificate than %s", row->name, all->conf->ca_dir);
		return error_hint(e, "if it was renewed, put the new one into "
		    "%s.pem there", row->name);
	}
	return take_new(all, row, a->key, now, e);
}

const struct authority *
authorities_root_of(const struct authorities *all, struct bytes der)
{
	struct error		 e = ERROR_INIT;
	struct crl_reader	*r;
	size_t			 i;

	for (i = 0; i < all->n; i++) {
		if (!all->v[i]->is_root)
			continue;
		error_clear(&e);
		if (crl_reader_open(&r, der, &all->v[i]->issuer, &e) == 0) {
			crl_reader_close(&r);
			return all->v[i];
		}
	}
	return NULL;
}

static void
bundle_add(PKCS7 *p7, X509 *cert)
{
	STACK_OF(X509)	*have = p7->d.sign->cert;
	int		 i;

	for (i = 0; i < sk_X509_num(have); i++)
		if (cert_is_same(sk_X509_value(have, i), cert))
			return;
	(void)PKCS7_add_certificate(p7, cert);
}

static bool
is_of_key(X509 *cert, const uint8_t *key)
{
	struct error	 ignored = ERROR_INIT;
	uint8_t		 digest[KEY_DIGEST_SIZE];

	return key_digest(digest, X509_get0_pubkey(cert), &ignored) == 0 &&
	    memcmp(digest, key, sizeof(digest)) == 0;
}

int
authority_bundle(struct buf *out, const struct authorities *all,
    const struct authority *a, struct error *e)
{
	PKCS7		*p7 = PKCS7_new();
	unsigned char	*der = NULL;
	int		 i, len, rc = -1;

	if (p7 == NULL || PKCS7_set_type(p7, NID_pkcs7_signed) != 1 ||
	    PKCS7_content_new(p7, NID_pkcs7_data) != 1)
		goto fail;
	/* No content, not even an empty one. */
	PKCS7_set_detached(p7, 1);
	bundle_add(p7, a->cert);
	for (i = 0; i < sk_X509_num(a->chain); i++)
		bundle_add(p7, sk_X509_value(a->chain, i));
	for (i = 0; i < sk_X509_num(all->links); i++)
		if (is_of_key(sk_X509_value(all->links, i), a->key))
			bundle_add(p7, sk_X509_value(all->links, i));
	if ((len = i2d_PKCS7(p7, &der)) <= 0)
		goto fail;
	buf_add(out, der, (size_t)len);
	rc = 0;
 fail:
	if (rc == -1)
		error_ssl(e, ERROR_CRYPTO, "CA %s: make its .p7c", a->name);
	OPENSSL_free(der);
	PKCS7_free(p7);
	return rc;
}
