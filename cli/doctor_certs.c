/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys and certificates: do they fit, do they lead to the root, how long.
 * Which there are is in doctor_pairs.c.
 */
#include "cli/doctor.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "os/file.h"
#include "x509/cert.h"
#include "x509/key.h"

static void
look_time(struct doctor *d, const struct doctor_pair *p, const struct cert_info *i)
{
	char	 t[TEXT_TIME_SIZE];
	int64_t	 life = i->not_after - i->not_before;

	doctor_looked(d);
	text_time(t, i->not_after);
	if (i->not_before > d->now)
		doctor_say(d, DOCTOR_PROBLEM, "cert-early", "nobody takes it "
		    "yet", "date -u; if the clock is right, wait",
		    "certificate of %s, %s, is valid only later", p->what,
		    p->cert);
	else if (i->not_after <= d->now)
		doctor_say(d, DOCTOR_PROBLEM, "cert-expired", "whatever is "
		    "done with it is refused", p->renew,
		    "certificate of %s, %s, has expired: %s", p->what,
		    p->cert, t);
	else if (i->not_after - d->now < life / 10)
		doctor_say(d, DOCTOR_WARNING, "cert-expiring", "after that "
		    "whatever is done with it is refused", p->renew,
		    "certificate of %s, %s, expires soon: %s", p->what,
		    p->cert, t);
}

static void
look_chain(struct doctor *d, const struct doctor_pair *p, X509 *cert,
    STACK_OF(X509) *chain, int64_t at)
{
	struct error	 e = ERROR_INIT;

	doctor_looked(d);
	if (d->cli->desk.anchors != NULL && cert_verify_chain(cert, chain,
	    d->cli->desk.anchors, at, &e) == -1)
		doctor_say(d, DOCTOR_PROBLEM, "chain-broken", "who has only "
		    "the root does not trust it", doctor_text(d, "put the "
		    "certificates of its CAs behind it in %s; those of this "
		    "installation are in %s", p->cert, d->cli->conf.ca_dir),
		    "certificate of %s: %s", p->what, e.text);
}

static void
look_role(struct doctor *d, const struct doctor_pair *p, X509 *cert)
{
	enum role	 role = cert_role(cert);

	if (p->role == NULL)
		return;
	doctor_looked(d);
	if (role != role_of(p->role))
		doctor_say(d, DOCTOR_PROBLEM, "role-missing", "the CA refuses "
		    "what it signs", doctor_text(d, "name its own certificate "
		    "in the settings, or have one made: signet order new "
		    "--profile %s", p->role), "certificate of %s, %s, has "
		    "role %s, not %s", p->what, p->cert, role == ROLE_NONE ?
		    "none" : role_name(role), p->role);
}

static void
look_key(struct doctor *d, const struct doctor_pair *p, X509 *cert)
{
	struct error	 e = ERROR_INIT;
	EVP_PKEY	*key = NULL;
	const char	*path = doctor_path(p->key);

	if (path == NULL || !file_exists(path))
		return;		/* a token, or said before */
	if (p->passphrase != NULL && doctor_path(p->passphrase) == NULL) {
		error_set(&e, ERROR_DENIED, "key of %s: its passphrase is for "
		    "its program alone (%.20s)", p->what, p->passphrase);
		error_hint(&e, "its program says so at its start if they do "
		    "not fit");
		doctor_unknown(d, "key-mismatch", &e);
		return;
	}
	doctor_looked(d);
	if (key_load(&key, path, p->passphrase, &e) == -1)
		doctor_say(d, DOCTOR_PROBLEM, "key-unusable", "its program "
		    "does not start", doctor_text(d, "bring back the right "
		    "passphrase in %s, or the key from a backup",
		    p->passphrase != NULL ? p->passphrase : "the settings"),
		    "key of %s: %s", p->what, e.text);
	else if (!key_matches(cert, key))
		doctor_say(d, DOCTOR_PROBLEM, "key-mismatch", "nobody takes "
		    "what is signed with it", doctor_text(d, "bring back the "
		    "one of the two that was replaced, %s or %s", path,
		    p->cert), "key and certificate of %s do not match",
		    p->what);
	EVP_PKEY_free(key);
}

static void
look_pair(struct doctor *d, const struct doctor_pair *p, void *arg)
{
	struct error		 e = ERROR_INIT;
	struct cert_info	 info = { 0 };
	STACK_OF(X509)		*chain = NULL;
	X509			*cert = NULL;

	(void)arg;
	if (cert_load_chain(&chain, p->cert, &e) == 0 &&
	    (cert = sk_X509_shift(chain)) == NULL)
		error_set(&e, ERROR_INPUT, "%s: no certificate", p->cert);
	if (cert == NULL || cert_info(&info, cert, &e) == -1) {
		doctor_looked(d);
		doctor_say(d, DOCTOR_PROBLEM, "cert-unreadable", "what needs "
		    "it does not work", "bring it back from a backup: PEM, "
		    "the certificate first", "certificate of %s: %s", p->what,
		    e.text);
		goto out;
	}
	look_time(d, p, &info);
	look_chain(d, p, cert, chain, info.not_before + 1);
	look_role(d, p, cert);
	look_key(d, p, cert);
	if (p->host != NULL && X509_check_host(cert, p->host, 0, 0, NULL) != 1)
		doctor_say(d, DOCTOR_PROBLEM, "tls-name", "browsers warn of "
		    "an attack", doctor_text(d, "correct url in %s, or order "
		    "a certificate for %s", p->what, p->host), "%s is not for "
		    "%s", p->cert, p->host);
 out:
	ERR_clear_error();
	cert_info_clear(&info);
	sk_X509_pop_free(chain, X509_free);
	X509_free(cert);
}

int
doctor_crl_until(const char *path, int64_t *until, struct error *e)
{
	struct buf		 der = { 0 };
	const unsigned char	*p;
	X509_CRL		*crl = NULL;
	struct tm		 tm;
	int			 rc = -1;

	if (file_load(&der, path, 1u << 24, e) == -1)
		goto out;
	p = der.p;
	if ((crl = d2i_X509_CRL(NULL, &p, (long)der.len)) == NULL ||
	    ASN1_TIME_to_tm(X509_CRL_get0_nextUpdate(crl), &tm) != 1) {
		error_set(e, ERROR_INPUT, "%s is no revocation list", path);
		goto out;
	}
	*until = timegm(&tm);
	rc = 0;
 out:
	ERR_clear_error();
	X509_CRL_free(crl);
	buf_clear(&der);
	return rc;
}

static void
look_root_crl(struct doctor *d)
{
	const char	*path = doctor_root_crl(d);
	struct error	 e = ERROR_INIT;
	int64_t		 until, left;

	if (path == NULL)
		return;
	doctor_looked(d);
	if (doctor_crl_until(path, &until, &e) == -1) {
		doctor_say(d, DOCTOR_PROBLEM, "root-crl", "clients that check "
		    "the CAs refuse everything", e.code == ERROR_INPUT ?
		    "signet-root crl makes one" : "bring it back from the "
		    "machine of the root", "%s", e.text);
		return;
	}
	left = until - d->now;
	if (left < DOCTOR_ROOT_CRL_DAYS * INT64_C(86400))
		doctor_say(d, left <= 0 ? DOCTOR_PROBLEM : DOCTOR_WARNING,
		    "root-crl", "without it clients that check the CAs refuse "
		    "everything", doctor_text(d, "on the machine of the root: "
		    "signet-root crl; then bring it to %s", path),
		    left <= 0 ? "the root's list %s has expired" :
		    "the root's list %s expires in less than 30 days", path);
}

void
doctor_certs(struct doctor *d)
{
	struct error	 e = ERROR_INIT;

	if (cli_open_trust(d->cli, &e) == -1)
		doctor_say(d, DOCTOR_PROBLEM, "trust", "no order and no "
		    "approval can be checked", "bring back root and ca_dir of "
		    "the settings", "%s", e.text);
	doctor_looked(d);
	error_clear(&e);
	if (cli_open_profiles(d->cli, &e) == -1)
		doctor_say(d, DOCTOR_PROBLEM, "profiles", "nothing is "
		    "certified", "mend the profile; signet profile check "
		    "FILE", "%s", e.text);
	doctor_looked(d);
	doctor_each_pair(d, look_pair, NULL);
	look_root_crl(d);
}
