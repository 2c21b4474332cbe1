/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Root and issuing CAs, and what the store says of approvers.
 */
#include <dirent.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/text.h"
#include "db/db_cert.h"
#include "db/db_credential.h"
#include "desk/desk.h"
#include "os/file.h"
#include "x509/ca_name.h"
#include "x509/cert.h"

/* An expired CA is still known: certificates under it may be looked at. */
static int64_t
time_within(const struct desk *dk, X509 *cert)
{
	int64_t		 now = clock_now(dk->clock);
	struct tm	 tm = { 0 };
	int64_t		 end;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) != 1)
		return now;
	end = timegm(&tm);
	return now < end ? now : end;
}

static int
check_is_ca(struct desk *dk, const struct desk_issuer *ca, struct error *e)
{
	if (X509_check_ca(ca->cert) != 1)
		return error_set(e, ERROR_CONFIG, "the first certificate is "
		    "not one of a CA");
	return cert_verify_chain(ca->cert, ca->chain, dk->anchors,
	    time_within(dk, ca->cert), e);
}

int
desk_trust_add(struct desk *dk, const char *name, const char *path,
    struct error *e)
{
	struct desk_issuer	*ca;
	int			 i;

	dk->issuer = mem_resize(dk->issuer, dk->nissuers + 1,
	    sizeof(*dk->issuer));
	ca = &dk->issuer[dk->nissuers];
	memset(ca, 0, sizeof(*ca));
	if (cert_load_chain(&ca->chain, path, e) == -1)
		return -1;
	ca->cert = sk_X509_shift(ca->chain);
	ca->name = mem_strdup(name);
	dk->nissuers++;
	if (ca->cert == NULL)
		return error_set(e, ERROR_CONFIG, "%s: no certificate", path);
	if (check_is_ca(dk, ca, e) == -1)
		return error_wrap(e, "%s", path);
	X509_up_ref(ca->cert);
	sk_X509_push(dk->intermediates, ca->cert);
	for (i = 0; i < sk_X509_num(ca->chain); i++) {
		X509_up_ref(sk_X509_value(ca->chain, i));
		sk_X509_push(dk->intermediates, sk_X509_value(ca->chain, i));
	}
	return 0;
}

static bool
is_known(const struct desk *dk, const char *name)
{
	size_t	i;

	for (i = 0; i < dk->nissuers; i++)
		if (strcmp(dk->issuer[i].name, name) == 0)
			return true;
	return false;
}

/* "people.pem" is CA "people"; 1, or 0 for any other file. */
static int
ca_name_of(const char *file, char name[65])
{
	size_t	len = strlen(file);

	if (len < 5 || len > 68 || strcmp(file + len - 4, ".pem") != 0)
		return 0;
	snprintf(name, 65, "%.*s", (int)(len - 4), file);
	return text_is_name(name) && !ca_name_is_of(name, "root");
}

int
desk_trust_add_all(struct desk *dk, const char *dir, struct error *e)
{
	struct dirent	**entry = NULL;
	char		 *path, name[65];
	int		  n, i, rc = 0;

	if ((n = scandir(dir, &entry, NULL, alphasort)) == -1)
		return 0;
	for (i = 0; i < n; i++) {
		if (rc == 0 && ca_name_of(entry[i]->d_name, name) &&
		    !is_known(dk, name)) {
			path = file_join(dir, entry[i]->d_name);
			rc = desk_trust_add(dk, name, path, e);
			mem_free(&path);
		}
		free(entry[i]);
	}
	free(entry);
	return rc;
}

int
desk_trust_open(struct desk *dk, const char *root, const char *officers_ca,
    struct error *e)
{
	desk_trust_forget(dk);
	if (cert_load_chain(&dk->anchors, root, e) == -1)
		return error_wrap(e, "root certificate");
	if ((dk->intermediates = sk_X509_new_null()) == NULL) {
		desk_trust_forget(dk);
		return error_set(e, ERROR_NOMEM, "no memory");
	}
	dk->officers_ca = mem_strdup(officers_ca);
	return 0;
}

void
desk_trust_forget(struct desk *dk)
{
	size_t	 i;

	for (i = 0; i < dk->nissuers; i++) {
		mem_free(&dk->issuer[i].name);
		X509_free(dk->issuer[i].cert);
		sk_X509_pop_free(dk->issuer[i].chain, X509_free);
	}
	mem_free(&dk->issuer);
	mem_free(&dk->officers_ca);
	dk->nissuers = 0;
	sk_X509_free(dk->officers_cas);
	sk_X509_pop_free(dk->anchors, X509_free);
	sk_X509_pop_free(dk->intermediates, X509_free);
	dk->anchors = dk->intermediates = dk->officers_cas = NULL;
	approval_cache_free(&dk->approvers);
}

int
desk_find_ca(struct desk *dk, const char *name,
    const struct desk_issuer **out, struct error *e)
{
	struct buf	all = { 0 };
	size_t		i;

	*out = NULL;
	if (desk_need(dk, DESK_TRUST, e) == -1)
		return -1;
	for (i = 0; i < dk->nissuers; i++) {
		if (strcmp(dk->issuer[i].name, name) == 0) {
			*out = &dk->issuer[i];
			buf_clear(&all);
			return 0;
		}
		buf_printf(&all, "%s%s", i > 0 ? ", " : "",
		    dk->issuer[i].name);
	}
	error_set(e, ERROR_NOTFOUND, "no issuing CA is called \"%.64s\"",
	    name);
	if (dk->nissuers > 0)
		error_hint(e, "there are: %.140s", buf_cstr(&all));
	else
		error_hint(e, "\"signet ca import\" adds one");
	buf_clear(&all);
	return -1;
}

const struct desk_issuer *
desk_issuer_of(struct desk *dk, X509 *cert)
{
	struct error	e = ERROR_INIT;
	size_t		i;

	if (desk_need(dk, DESK_TRUST, &e) == -1)
		return NULL;
	for (i = 0; i < dk->nissuers; i++)
		if (cert_is_by(cert, dk->issuer[i].cert))
			return &dk->issuer[i];
	return NULL;
}

/* Status of an approver; what the store does not know is for the signer. */
static int
store_status(void *arg, X509 *cert, struct error *e)
{
	struct desk			*dk = arg;
	const struct desk_issuer	*ca = desk_issuer_of(dk, cert);
	const ASN1_INTEGER		*n = X509_get0_serialNumber(cert);
	struct db_serial		 serial;
	struct db_cert			 row;
	int				 found;

	if (ca == NULL || (size_t)n->length > sizeof(serial.p))
		return 1;
	memcpy(serial.p, n->data, (size_t)n->length);
	serial.len = (size_t)n->length;
	found = db_cert_find(dk->db, ca->name, &serial, &row, dk->arena, e);
	if (found != 1)
		return found == -1 ? -1 : 1;
	return strcmp(row.status, "good") == 0;
}

/* What the store says; what counts is what the signer's ledger says. */
static int
store_bound(void *arg, const struct approved *bind, struct error *e)
{
	struct desk	*dk = arg;

	return db_credential_is_bound(dk->db, bind->digest, e);
}

/* Every generation of the CA that names officers. */
static int
find_officers_cas(struct desk *dk, struct error *e)
{
	const struct desk_issuer	*ca;
	size_t				 i;

	if (dk->officers_cas != NULL || dk->officers_ca == NULL)
		return 0;
	if ((dk->officers_cas = sk_X509_new_null()) == NULL)
		return error_set(e, ERROR_NOMEM, "no memory");
	for (i = 0; i < dk->nissuers; i++)
		if (ca_name_is_of(dk->issuer[i].name, dk->officers_ca) &&
		    sk_X509_push(dk->officers_cas, dk->issuer[i].cert) == 0)
			return error_set(e, ERROR_NOMEM, "no memory");
	if (sk_X509_num(dk->officers_cas) == 0 &&
	    desk_find_ca(dk, dk->officers_ca, &ca, e) == -1)
		return error_wrap(e, "setting officers_ca");
	return 0;
}

int
desk_trust(struct desk *dk, struct approval_trust *t, struct error *e)
{
	memset(t, 0, sizeof(*t));
	if (desk_need(dk, DESK_TRUST, e) == -1 ||
	    desk_need(dk, DESK_DB, e) == -1 || find_officers_cas(dk, e) == -1)
		return -1;
	t->anchors = dk->anchors;
	t->intermediates = dk->intermediates;
	t->officers_cas = dk->officers_cas;
	t->now = clock_now(dk->clock);
	t->status = store_status;
	t->status_arg = dk;
	t->bound = store_bound;
	t->bound_arg = dk;
	if (dk->approvers == NULL)
		dk->approvers = approval_cache_new();
	t->cache = dk->approvers;
	return 0;
}
