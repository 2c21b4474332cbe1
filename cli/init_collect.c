/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CA's first run, and what came out of it.
 */
#include "cli/init.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include "base/base64.h"
#include "db/db_cert.h"
#include "db/db_crl.h"
#include "os/fault.h"
#include "os/file.h"

#define ROUNDS	10	/* of signet-cad, each does at least one group */

static int
run_cad(struct init *in, struct error *e)
{
	struct arena	*a = in->cli->desk.arena;
	char		*argv[] = { NULL, arena_strdup(a, "--once"),
			    arena_strdup(a, "-d"), arena_strdup(a, "-c"),
			    init_path(in, "cad.conf"), NULL };
	struct error	 other = ERROR_INIT;
	bool		 lent;
	int		 rc;

	if (init_find_program(in, "signet-cad", &argv[0], e) == -1)
		return -1;
	rc = init_users_lend(in, &lent, e);
	if (rc == 0)
		rc = init_run(in, "cad", argv, e);
	if (lent && init_users_return(in, rc == 0 ? e : &other) == -1)
		rc = -1;
	return rc;
}

static bool
is_collected(struct init *in, const struct init_subject *s)
{
	return file_exists(init_path(in, "%s/%s.pem", s->dir, s->name));
}

/* How many orders are open still; -1 when one was refused. */
static int
count_open(struct init *in, struct error *e)
{
	uint8_t	 id[ORDER_ID_SIZE];
	size_t	 i;
	int	 state, n = 0;

	for (i = 0; i < in->nsubjects; i++) {
		if (is_collected(in, &in->subject[i]))
			continue;
		if ((state = init_order_state(in, &in->subject[i], id,
		    e)) == -1)
			return -1;
		n += state == 0;
	}
	return n;
}

int
init_step_issue(struct init *in, struct error *e)
{
	int	 left, tries;

	for (tries = 0; (left = count_open(in, e)) > 0; tries++) {
		if (tries == ROUNDS) {
			error_set(e, ERROR_UPSTREAM, "signet-cad left %d "
			    "orders undone: %s", left, in->said);
			return error_hint(e, "what it said is in %.100s",
			    init_path(in, "log/cad.log"));
		}
		in->did = true;
		if (run_cad(in, e) == -1)
			return -1;
		FAULT("init.issued");
	}
	return left;
}

/* Certificates to files. */

static int
find_cert(struct init *in, const struct init_subject *s, X509 **cert,
    struct error *e)
{
	const unsigned char	*p;
	struct db_ref		 ref = { .n = 0 };
	struct db_cert		 row;
	int			 found;

	*cert = NULL;
	if (init_order_state(in, s, ref.order_id, e) == -1)
		return -1;
	found = db_cert_find_ref(in->cli->desk.db, &ref, &row,
	    in->cli->desk.arena, e);
	if (found == -1)
		return -1;
	if (found == 0)
		return error_set(e, ERROR_NOTFOUND, "no certificate for %s in "
		    "the store", s->name);
	p = row.der.p;
	if ((*cert = d2i_X509(NULL, &p, (long)row.der.len)) == NULL)
		return error_ssl(e, ERROR_CRYPTO, "certificate of %s",
		    s->name);
	return 0;
}

static void
put_cert(struct buf *pem, X509 *cert)
{
	unsigned char	*der = NULL;
	int		 n = i2d_X509(cert, &der);

	if (n <= 0)
		mem_fail();
	base64_put_pem(pem, "CERTIFICATE", BYTES(der, (size_t)n));
	OPENSSL_free(der);
}

static int
store_cert(struct init *in, const struct init_subject *s, X509 *cert,
    const struct desk_issuer *ca, struct error *e)
{
	struct buf	 pem = { 0 };
	int		 i, rc;

	put_cert(&pem, cert);
	put_cert(&pem, ca->cert);
	for (i = 0; i < sk_X509_num(ca->chain); i++)
		put_cert(&pem, sk_X509_value(ca->chain, i));
	rc = file_create(init_path(in, "%s/%s.pem", s->dir, s->name), pem.p,
	    pem.len, 0644, e);
	buf_clear(&pem);
	return rc;
}

/* For browsers, mail programs and cards. */

static STACK_OF(X509) *
chain_of(const struct desk_issuer *ca)
{
	STACK_OF(X509)	*chain = sk_X509_new_null();
	int		 i;

	if (chain == NULL)
		return NULL;
	sk_X509_push(chain, ca->cert);		/* all borrowed */
	for (i = 0; i < sk_X509_num(ca->chain); i++)
		sk_X509_push(chain, sk_X509_value(ca->chain, i));
	return chain;
}

static int
write_pkcs12(const char *path, const char *name, EVP_PKEY *key, X509 *cert,
    const struct desk_issuer *ca, const struct secret *pass, struct error *e)
{
	STACK_OF(X509)	*chain = chain_of(ca);
	unsigned char	*der = NULL;
	PKCS12		*p12;
	int		 n = 0, rc = -1;

	p12 = PKCS12_create((const char *)pass->p, name, key, cert, chain, 0,
	    0, 0, 0, 0);
	if (p12 == NULL || (n = i2d_PKCS12(p12, &der)) <= 0)
		error_ssl(e, ERROR_CRYPTO, "PKCS#12");
	else
		rc = file_store(path, der, (size_t)n, 0600, e);
	OPENSSL_clear_free(der, n > 0 ? (size_t)n : 0);
	PKCS12_free(p12);
	sk_X509_free(chain);
	return rc;
}

static int
store_pkcs12(struct init *in, const struct init_subject *s, X509 *cert,
    const struct desk_issuer *ca, struct error *e)
{
	char		*key_path = init_path(in, "%s/%s.key", s->dir,
			    s->name);
	char		*source = arena_printf(in->cli->desk.arena, "file:%s",
			    init_path(in, "secrets/officer-%s", s->name));
	struct secret	 pass = { 0 };
	EVP_PKEY	*key = NULL;
	int		 rc = -1;

	if (s->is_agent || s->csr != NULL)
		return 0;
	if (key_load(&key, key_path, source, e) == -1 ||
	    secret_fetch(&pass, source, s->name, e) == -1)
		goto out;
	if (!key_matches(cert, key))
		error_set(e, ERROR_BUG, "the certificate of %s is for another "
		    "key", s->name);
	else
		rc = write_pkcs12(init_path(in, "%s/%s.p12", s->dir, s->name),
		    s->cn, key, cert, ca, &pass, e);
 out:
	EVP_PKEY_free(key);
	secret_free(&pass);
	return rc;
}

/* The certificate's file comes last: it says that all is there. */
static int
collect(struct init *in, const struct init_subject *s, struct error *e)
{
	const struct desk_issuer	*ca;
	X509			*cert = NULL;
	int			 rc = -1;

	if (find_cert(in, s, &cert, e) == -1 ||
	    desk_find_ca(&in->cli->desk, "services", &ca, e) == -1 ||
	    store_pkcs12(in, s, cert, ca, e) == -1)
		goto out;
	FAULT("init.collect");
	rc = store_cert(in, s, cert, ca, e);
 out:
	X509_free(cert);
	return rc;
}

int
init_step_collect(struct init *in, struct error *e)
{
	size_t	 i;

	for (i = 0; i < in->nsubjects; i++) {
		if (is_collected(in, &in->subject[i]))
			continue;
		in->did = true;
		if (collect(in, &in->subject[i], e) == -1)
			return -1;
	}
	return 0;
}

/* First lists, and the first signed head, for which the agent had to be
 * certified first. */

static int
has_lists(struct init *in, struct error *e)
{
	struct db_crl	 crl;
	size_t		 i;
	int		 found;

	for (i = 0; i < 2; i++)
		if ((found = db_crl_find(in->cli->desk.db, INIT_CAS[i], 0,
		    DB_CRL_COMPLETE, 0, &crl, in->cli->desk.arena, e)) != 1)
			return found;
	return in->conf.heads != NULL ||
	    file_exists(init_heads(in));
}

int
init_step_lists(struct init *in, struct error *e)
{
	int	 found, tries;

	for (tries = 0; (found = has_lists(in, e)) == 0; tries++) {
		if (tries == 2) {
			error_set(e, ERROR_UPSTREAM, "signet-cad made no list, "
			    "or signed no head: %s", in->said);
			return error_hint(e, "what it said is in %.100s",
			    init_path(in, "log/cad.log"));
		}
		in->did = true;
		if (run_cad(in, e) == -1)
			return -1;
	}
	return found == 1 ? 0 : -1;
}
