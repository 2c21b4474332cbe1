/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Root, issuing CAs and the officer's own identity.
 */
#include <dirent.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"
#include "os/file.h"
#include "x509/ca_name.h"
#include "x509/cert.h"

/* An expired CA is still known: certificates under it may be looked at. */
static int64_t
time_within(const struct cli *c, X509 *cert)
{
	int64_t		 now = clock_now(c->clock);
	struct tm	 tm = { 0 };
	int64_t		 end;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) != 1)
		return now;
	end = timegm(&tm);
	return now < end ? now : end;
}

static int
check_is_ca(struct cli *c, const struct cli_issuer *ca, struct error *e)
{
	if (X509_check_ca(ca->cert) != 1)
		return error_set(e, ERROR_CONFIG, "the first certificate is "
		    "not one of a CA");
	return cert_verify_chain(ca->cert, ca->chain, c->anchors,
	    time_within(c, ca->cert), e);
}

static int
add_issuer(struct cli *c, const char *name, const char *path,
    struct error *e)
{
	struct cli_issuer	*ca;
	int			 i;

	c->issuer = mem_resize(c->issuer, c->nissuers + 1,
	    sizeof(*c->issuer));
	ca = &c->issuer[c->nissuers];
	memset(ca, 0, sizeof(*ca));
	if (cert_load_chain(&ca->chain, path, e) == -1)
		return -1;
	ca->cert = sk_X509_shift(ca->chain);
	ca->name = mem_strdup(name);
	c->nissuers++;
	if (ca->cert == NULL)
		return error_set(e, ERROR_CONFIG, "%s: no certificate", path);
	if (check_is_ca(c, ca, e) == -1)
		return error_wrap(e, "%s", path);
	X509_up_ref(ca->cert);
	sk_X509_push(c->intermediates, ca->cert);
	for (i = 0; i < sk_X509_num(ca->chain); i++) {
		X509_up_ref(sk_X509_value(ca->chain, i));
		sk_X509_push(c->intermediates, sk_X509_value(ca->chain, i));
	}
	return 0;
}

static bool
is_known(const struct cli *c, const char *name)
{
	size_t	i;

	for (i = 0; i < c->nissuers; i++)
		if (strcmp(c->issuer[i].name, name) == 0)
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

static int
add_directory(struct cli *c, const char *dir, struct error *e)
{
	struct dirent	**entry = NULL;
	char		 *path, name[65];
	int		  n, i, rc = 0;

	if ((n = scandir(dir, &entry, NULL, alphasort)) == -1)
		return 0;		/* "cas" may name them all */
	for (i = 0; i < n; i++) {
		if (rc == 0 && ca_name_of(entry[i]->d_name, name) &&
		    !is_known(c, name)) {
			path = file_join(dir, entry[i]->d_name);
			rc = add_issuer(c, name, path, e);
			mem_free(&path);
		}
		free(entry[i]);
	}
	free(entry);
	return rc;
}

int
cli_open_trust(struct cli *c, struct error *e)
{
	const struct cli_ca	*row;
	size_t			 i;

	if (c->anchors != NULL)
		return 0;
	if (cli_settings(c, e) == -1)
		return -1;
	if (cert_load_chain(&c->anchors, cli_path(c, c->conf.root), e) == -1)
		return error_wrap(e, "root certificate");
	if ((c->intermediates = sk_X509_new_null()) == NULL)
		return error_set(e, ERROR_NOMEM, "no memory");
	for (i = 0; i < c->conf.cas.n; i++) {
		row = (const struct cli_ca *)c->conf.cas.v + i;
		if (add_issuer(c, row->name, cli_path(c, row->cert),
		    e) == -1)
			return -1;
	}
	return add_directory(c, cli_path(c, c->conf.ca_dir), e);
}

void
cli_forget_trust(struct cli *c)
{
	size_t	 i;

	for (i = 0; i < c->nissuers; i++) {
		mem_free(&c->issuer[i].name);
		X509_free(c->issuer[i].cert);
		sk_X509_pop_free(c->issuer[i].chain, X509_free);
	}
	mem_free(&c->issuer);
	c->nissuers = 0;
	sk_X509_free(c->officers_cas);
	sk_X509_pop_free(c->anchors, X509_free);
	sk_X509_pop_free(c->intermediates, X509_free);
	c->anchors = c->intermediates = c->officers_cas = NULL;
}

int
cli_find_ca(struct cli *c, const char *name, const struct cli_issuer **out,
    struct error *e)
{
	struct buf	all = { 0 };
	size_t		i;

	*out = NULL;
	if (cli_open_trust(c, e) == -1)
		return -1;
	for (i = 0; i < c->nissuers; i++) {
		if (strcmp(c->issuer[i].name, name) == 0) {
			*out = &c->issuer[i];
			buf_clear(&all);
			return 0;
		}
		buf_printf(&all, "%s%s", i > 0 ? ", " : "",
		    c->issuer[i].name);
	}
	error_set(e, ERROR_NOTFOUND, "no issuing CA is called \"%.64s\"",
	    name);
	if (c->nissuers > 0)
		error_hint(e, "there are: %.140s", buf_cstr(&all));
	else
		error_hint(e, "\"signet ca import\" adds one");
	buf_clear(&all);
	return -1;
}

const struct cli_issuer *
cli_issuer_of(struct cli *c, X509 *cert)
{
	struct error	e = ERROR_INIT;
	size_t		i;

	if (cli_open_trust(c, &e) == -1)
		return NULL;
	for (i = 0; i < c->nissuers; i++) {
		if (X509_NAME_cmp(X509_get_issuer_name(cert),
		    X509_get_subject_name(c->issuer[i].cert)) == 0 &&
		    X509_verify(cert,
		    X509_get0_pubkey(c->issuer[i].cert)) == 1)
			return &c->issuer[i];
	}
	ERR_clear_error();
	return NULL;
}

/* Paths of the settings start at their file, also behind "file:". */
static char *
from_settings(struct cli *c, const char *what)
{
	if (what == NULL)
		return NULL;
	if (strncmp(what, "file:", 5) == 0)
		return arena_printf(c->arena, "file:%s",
		    cli_path(c, what + 5));
	if (strchr(what, ':') != NULL || strcmp(what, "prompt") == 0)
		return arena_strdup(c->arena, what);
	return cli_path(c, what);
}

static int
check_not_expired(struct cli *c, X509 *cert, struct error *e)
{
	struct cert_info	info = { 0 };
	char			when[TEXT_TIME_SIZE];
	int64_t			now = clock_now(c->clock);
	int			rc = -1;

	if (cert_info(&info, cert, e) == -1)
		return -1;
	if (now > info.not_after) {
		error_set(e, ERROR_DENIED, "the certificate of \"%s\" expired "
		    "on %s", info.subject, text_time(when, info.not_after));
		error_hint(e, "nothing was signed; a new certificate is "
		    "ordered with: signet order new --profile officer ...");
	} else if (now < info.not_before)
		error_set(e, ERROR_DENIED, "the certificate of \"%s\" is not "
		    "valid before %s", info.subject,
		    text_time(when, info.not_before));
	else
		rc = 0;
	cert_info_clear(&info);
	return rc;
}

int
cli_open_officer(struct cli *c, struct error *e)
{
	const char	*key = cmd_string(c->args, "key", NULL);
	const char	*cert = cmd_string(c->args, "cert", NULL);
	const char	*pass = cmd_string(c->args, "passphrase", NULL);
	char		*uri;
	int		 rc;

	if (c->officer.key != NULL)
		return 0;
	if (cli_settings(c, e) == -1)
		return -1;
	if (key == NULL) {
		key = from_settings(c, c->conf.officer_key);
		if (cert == NULL)
			cert = from_settings(c, c->conf.officer_cert);
	}
	if (pass == NULL)
		pass = from_settings(c, c->conf.officer_passphrase);
	if (key == NULL) {
		error_set(e, ERROR_CONFIG, "no key to sign with");
		return error_hint(e, "give --key FILE-or-pkcs11:URI (and "
		    "--cert), or set officer_key in %.60s", c->conf_path);
	}
	uri = key_uri(key, c->conf.pkcs11_module);
	rc = identity_load(&c->officer, uri, cert,
	    pass != NULL ? pass : "prompt", e);
	mem_free(&uri);
	if (rc == -1)
		return error_wrap(e, "nothing is signed: officer's key");
	return check_not_expired(c, c->officer.cert, e);
}
