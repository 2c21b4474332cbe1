/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/base64.h"
#include "base/text.h"
#include "cli/ca_key.h"
#include "os/fault.h"
#include "os/file.h"
#include "x509/alg.h"
#include "x509/ca_name.h"
#include "x509/cert.h"
#include "x509/csr.h"
#include "x509/token.h"

#define IMPORT_MAX	(16u << 20)
#define NUMBER_FILE	"root.parcel"	/* highest parcel seen */

char *
ca_file(struct cli *c, const char *name, const char *suffix)
{
	return arena_printf(c->desk.arena, "%s/%s.%s",
	    cli_path(c, c->conf.ca_dir), name, suffix);
}

static int
store_request(const char *path, const struct buf *der, struct error *e)
{
	struct buf	 pem = { 0 };
	int		 rc;

	base64_put_pem(&pem, "CERTIFICATE REQUEST", BYTES(der->p, der->len));
	rc = file_create(path, pem.p, pem.len, 0644, e);
	buf_clear(&pem);
	return rc;
}

/* The key that the token has, or a new one. */
static int
take_from_token(struct cli *c, EVP_PKEY **key, struct ca_new_key *n,
    struct error *e)
{
	struct token_key	*k = NULL;
	char			*uri = key_uri(n->key, c->conf.pkcs11_module);
	int			 rc = -1;

	if (token_key_new(&k, uri, n->passphrase, e) == -1)
		goto out;
	rc = token_key_open(k, e);
	if (rc == -1 && e->code == ERROR_NOTFOUND) {
		error_clear(e);
		n->made = true;
		rc = token_key_generate(k, n->token_alg, e);
	}
	if (rc == 0)
		rc = token_key_pkey(k, key, e);
 out:
	token_key_free(&k);
	mem_free(&uri);
	return rc;
}

static int
take_from_file(EVP_PKEY **key, const char *path, struct ca_new_key *n,
    struct error *e)
{
	struct secret	 pass = { 0 };
	int		 rc = -1;

	if (file_exists(path))
		return key_load(key, path, n->passphrase, e);
	n->made = true;
	if (key_generate(key, n->key, e) == 0 &&
	    secret_fetch_new(&pass, n->passphrase, "Passphrase for the new "
	    "issuing key", e) == 0)
		rc = key_store(path, *key, &pass, e);
	secret_free(&pass);
	return rc;
}

int
ca_make_key(struct cli *c, struct ca_new_key *n, struct error *e)
{
	struct buf	 der = { 0 };
	EVP_PKEY	*key = NULL;
	char		*path = ca_file(c, n->name, "key");
	bool		 token = token_is_uri(n->key);
	int		 rc = -1;

	if (file_exists(ca_file(c, n->name, "csr"))) {
		error_set(e, ERROR_CONFLICT, "CA %s has a key already: %s",
		    n->name, token ? n->key : path);
		return error_hint(e, "its request: signet ca csr %.64s",
		    n->name);
	}
	if (alg_name_check(token ? n->token_alg : n->key, ALG_CA, e) == -1 ||
	    file_mkdir(cli_path(c, c->conf.ca_dir), 0755, e) == -1 ||
	    (token ? take_from_token(c, &key, n, e) :
	    take_from_file(&key, path, n, e)) == -1) {
		error_wrap(e, "CA %s gets no key", n->name);
		goto out;
	}
	FAULT("ca.key-stored");
	if (csr_make(&der, key, n->common_name, e) == 0)
		rc = store_request(ca_file(c, n->name, "csr"), &der, e);
 out:
	buf_clear(&der);
	EVP_PKEY_free(key);
	return rc;
}

void
ca_say_key(struct cli *c, const struct ca_new_key *n)
{
	if (c->json)
		cli_did(c, json_pack("{s:s, s:s, s:s, s:b}", "name", n->name,
		    "key", token_is_uri(n->key) ? n->key :
		    ca_file(c, n->name, "key"), "request",
		    ca_file(c, n->name, "csr"), "made", n->made), "%s", "");
	if (token_is_uri(n->key))
		cli_say(c, "key      %s (%s)", n->key, n->made ?
		    "made in the token" : "was in the token");
	else
		cli_say(c, "key      %s (encrypted)",
		    ca_file(c, n->name, "key"));
	cli_say(c, "request  %s", ca_file(c, n->name, "csr"));
}

/* Does the certificate belong to NAME.csr?  1, 0, -1; 1 as well when there
 * is no request here. */
static int
ca_is_ours(struct cli *c, const char *name, X509 *cert, struct error *e)
{
	struct buf	 b = { 0 };
	struct csr	*csr = NULL;
	char		*path = ca_file(c, name, "csr");
	int		 rc = -1;

	if (!file_exists(path))
		return 1;
	if (file_load(&b, path, IMPORT_MAX, e) == 0 &&
	    csr_parse(&csr, BYTES(b.p, b.len), e) == 0)
		rc = key_matches(cert, csr->key) ? 1 : 0;
	csr_free(&csr);
	buf_clear(&b);
	return rc;
}

static int
read_pem(struct ca_import *in, struct bytes text, struct error *e)
{
	BIO	*bio = BIO_new_mem_buf(text.p, (int)text.len);
	X509	*x;

	in->chain = sk_X509_new_null();
	if (bio == NULL || in->chain == NULL) {
		BIO_free(bio);
		return error_set(e, ERROR_NOMEM, "no memory");
	}
	while ((x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		if (in->cert == NULL)
			in->cert = x;
		else
			sk_X509_push(in->chain, x);
	}
	ERR_clear_error();
	BIO_free(bio);
	if (in->cert == NULL)
		return error_set(e, ERROR_INPUT, "neither a certificate in "
		    "PEM nor a parcel");
	return 0;
}

static int64_t
last_number(struct cli *c)
{
	char		*path = arena_printf(c->desk.arena, "%s/%s",
			    cli_path(c, c->conf.ca_dir), NUMBER_FILE);
	struct error	 ignored = ERROR_INIT;
	struct buf	 b = { 0 };
	int64_t		 n = 0;

	if (file_load(&b, path, 64, &ignored) == 0) {
		while (b.len > 0 && b.p[b.len - 1] == '\n')
			b.len--;
		if (text_parse_number(&n, buf_cstr(&b), 1, INT64_MAX,
		    &ignored) == -1)
			n = 0;
	}
	buf_clear(&b);
	return n;
}

/* The file for this CA: by name, or the only certificate whose key is ours. */
static int
take_from_parcel(struct cli *c, const struct parcel *p, const char *name,
    struct ca_import *in, struct error *e)
{
	char				 want[70];
	const struct parcel_file	*f;

	if (!p->by_anchor)
		return error_set(e, ERROR_DENIED, "the parcel was not packed "
		    "by the root of this installation");
	/* The last one may come again: it holds several files, perhaps. */
	if (p->number < last_number(c)) {
		error_set(e, ERROR_CONFLICT, "parcel %lld is replayed or late: "
		    "number %lld has been taken in already",
		    (long long)p->number, (long long)last_number(c));
		return error_hint(e, "pack a new one: signet-root certify");
	}
	snprintf(want, sizeof(want), "%s.pem", name);
	if ((f = parcel_find(p, want)) == NULL)
		return error_set(e, ERROR_NOTFOUND, "the parcel has no file "
		    "\"%s\"", want);
	in->parcel = p->number;
	return read_pem(in, BYTES(f->data.p, f->data.len), e);
}

static int
read_parcel(struct cli *c, struct bytes text, const char *name,
    struct ca_import *in, struct error *e)
{
	struct parcel	*p = NULL;
	struct error	 first = ERROR_INIT;
	int		 i, rc = -1;

	/* Of whichever generation of the root. */
	for (i = 0; p == NULL && i < sk_X509_num(c->desk.anchors); i++) {
		error_clear(e);
		if (parcel_open(&p, text, sk_X509_value(c->desk.anchors, i),
		    clock_now(c->desk.clock), e) == -1 && i == 0)
			first = *e;
	}
	if (p == NULL)
		*e = first;
	else
		rc = take_from_parcel(c, p, name, in, e);
	parcel_free(&p);
	return rc;
}

int
ca_import_read(struct cli *c, const char *path, const char *name,
    struct ca_import *in, struct error *e)
{
	static const char	mark[] = "-----BEGIN CMS-----";
	struct buf		b = { 0 };
	struct bytes		text;
	int			rc = -1;

	memset(in, 0, sizeof(*in));
	if (cli_open_trust(c, e) == -1 ||
	    file_load(&b, path, IMPORT_MAX, e) == -1)
		goto out;
	text = BYTES(b.p, b.len);
	rc = memmem(b.p, b.len, mark, strlen(mark)) != NULL ?
	    read_parcel(c, text, name, in, e) : read_pem(in, text, e);
	if (rc == -1)
		error_wrap(e, "%s", path);
 out:
	buf_clear(&b);
	return rc;
}

/*
 * The operator names the CA; which of its generations has asked for this
 * certificate is seen from the key.  Newest first.
 */
int
ca_import_find(struct cli *c, const char **name, const char *path,
    struct ca_import *in, struct error *e)
{
	const struct desk_issuer	*ignored;
	char			*full = arena_alloc(c->desk.arena,
	    CA_NAME_SIZE);
	int			 g, ours;

	if (cli_open_trust(c, e) == -1)
		return -1;
	g = ca_newest(c, *name, &ignored) + 1;
	for (; g > 1 && ca_name_make(full, *name, g) == 0; g--) {
		if (!file_exists(ca_file(c, full, "csr")))
			continue;
		if (ca_import_read(c, path, full, in, e) == 0) {
			ours = ca_is_ours(c, full, in->cert, e);
			if (ours == 1)
				*name = full;
			if (ours != 0)
				return ours == 1 ? 0 : -1;
		} else if (e->code != ERROR_NOTFOUND || file_exists(path) == 0)
			return -1;
		error_clear(e);
		ca_import_clear(in);
	}
	return ca_import_read(c, path, *name, in, e);
}

/*
 * Some clients keep one revocation list for each issuer's name, so that two
 * keys under one name would hide each other's revocations.
 */
static int
check_subject(struct cli *c, const char *name, X509 *cert, struct error *e)
{
	size_t	 i;

	for (i = 0; i < c->desk.nissuers; i++) {
		if (strcmp(c->desk.issuer[i].name, name) == 0 ||
		    X509_NAME_cmp(X509_get_subject_name(cert),
		    X509_get_subject_name(c->desk.issuer[i].cert)) != 0)
			continue;
		error_set(e, ERROR_INPUT, "CA %s has that subject already",
		    c->desk.issuer[i].name);
		return error_hint(e, "each generation needs one of its own: "
		    "signet-root certify --subject \"CN=... G2\"");
	}
	return 0;
}

int
ca_import_check(struct cli *c, const char *name, const struct ca_import *in,
    struct error *e)
{
	int	ours;

	if (X509_check_ca(in->cert) != 1)
		return error_set(e, ERROR_INPUT, "the certificate is not one "
		    "of a CA");
	if ((ours = ca_is_ours(c, name, in->cert, e)) == -1)
		return -1;
	if (ours == 0) {
		error_set(e, ERROR_INPUT, "the certificate does not belong to "
		    "the key of CA %s", name);
		return error_hint(e, "it answers another request than %.100s",
		    ca_file(c, name, "csr"));
	}
	if (check_subject(c, name, in->cert, e) == -1)
		return -1;
	if (cert_verify_chain(in->cert, in->chain, c->desk.anchors,
	    clock_now(c->desk.clock), e) == -1)
		return error_wrap(e, "the certificate does not lead to the "
		    "root %s", c->conf.root);
	return 0;
}

static int
store_pem(const char *path, const struct ca_import *in, struct error *e)
{
	BIO	*bio = BIO_new(BIO_s_mem());
	char	*p = NULL;
	long	 n;
	int	 i, ok, rc = -1;

	ok = bio != NULL && PEM_write_bio_X509(bio, in->cert) == 1;
	for (i = 0; ok && i < sk_X509_num(in->chain); i++)
		ok = PEM_write_bio_X509(bio,
		    sk_X509_value(in->chain, i)) == 1;
	if (!ok) {
		error_ssl(e, ERROR_CRYPTO, "write certificates as PEM");
		goto out;
	}
	n = BIO_get_mem_data(bio, &p);
	rc = file_store(path, p, (size_t)n, 0644, e);
 out:
	BIO_free(bio);
	return rc;
}

int
ca_import_store(struct cli *c, const char *name, const struct ca_import *in,
    struct error *e)
{
	char	number[32];
	char	*path = arena_printf(c->desk.arena, "%s/%s",
		    cli_path(c, c->conf.ca_dir), NUMBER_FILE);

	if (store_pem(ca_file(c, name, "pem"), in, e) == -1)
		return -1;
	if (in->parcel == 0)
		return 0;
	snprintf(number, sizeof(number), "%lld\n", (long long)in->parcel);
	return file_store(path, number, strlen(number), 0644, e);
}

void
ca_import_clear(struct ca_import *in)
{
	X509_free(in->cert);
	sk_X509_pop_free(in->chain, X509_free);
	memset(in, 0, sizeof(*in));
}
