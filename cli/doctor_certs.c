/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys and certificates: do they fit, do they lead to the root, how long.
 */
#include "cli/doctor.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "os/file.h"
#include "x509/cert.h"
#include "x509/key.h"

struct pair {			/* as settings name it */
	const char	*what;
	const char	*cert, *key, *passphrase;
	const char	*role;		/* or NULL */
	const char	*renew;		/* how it is renewed */
};

static void
look_time(struct doctor *d, const struct pair *p, const struct cert_info *i)
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
look_chain(struct doctor *d, const struct pair *p, X509 *cert,
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
look_role(struct doctor *d, const struct pair *p, X509 *cert)
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
look_key(struct doctor *d, const struct pair *p, X509 *cert)
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
look_pair(struct doctor *d, const struct pair *p, const char *host)
{
	struct error		 e = ERROR_INIT;
	struct cert_info	 info = { 0 };
	STACK_OF(X509)		*chain = NULL;
	X509			*cert = NULL;

	if (p->cert == NULL)
		return;
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
	if (host != NULL && X509_check_host(cert, host, 0, 0, NULL) != 1)
		doctor_say(d, DOCTOR_PROBLEM, "tls-name", "browsers warn of "
		    "an attack", doctor_text(d, "correct url in %s, or order "
		    "a certificate for %s", p->what, host), "%s is not for "
		    "%s", p->cert, host);
 out:
	ERR_clear_error();
	cert_info_clear(&info);
	sk_X509_pop_free(chain, X509_free);
	X509_free(cert);
}

/* ---- what there is ---- */

static const char *
host_of(struct doctor *d, const char *url)
{
	const char	*host = url == NULL ? NULL : strstr(url, "://");

	if (host == NULL)
		return NULL;
	host += 3;
	return doctor_text(d, "%.*s", (int)strcspn(host, ":/"), host);
}

static void
look_agents(struct doctor *d)
{
	static const char *const	 agents[][2] = {
		{ "cad", "ca-agent" }, { "ocspd", "ocsp-agent" },
		{ "rad", "ra-agent" }, { "station", "station-agent" },
	};
	const struct doctor_daemon	*m;
	struct pair			 p;
	size_t				 i;

	for (i = 0; i < sizeof(agents) / sizeof(agents[0]); i++) {
		m = doctor_daemon(d, agents[i][0]);
		p = (struct pair){ doctor_text(d, "the agent of signet-%s",
		    agents[i][0]), doctor_get(m, "agent_cert"),
		    doctor_get(m, "agent_key"), doctor_get(m,
		    "agent_passphrase"), agents[i][1], doctor_text(d, "it "
		    "renews itself while signet-%s runs with agent_database; "
		    "once it has expired: signet order new --profile %s",
		    agents[i][0], agents[i][1]) };
		look_pair(d, &p, NULL);
	}
}

static void
look_web(struct doctor *d)
{
	const struct doctor_daemon	*m = doctor_daemon(d, "rad");
	const char			*cert = doctor_get(m, "tls_cert");
	struct pair			 p = { "signet-rad's web server",
	    cert != NULL ? cert : doctor_get(m, "tls_key"),
	    doctor_get(m, "tls_key"), doctor_get(m, "tls_passphrase"), NULL,
	    "signet-rad renews it while "
	    "it runs with agent_database; once it has expired: signet order "
	    "new --profile tls-server" };

	look_pair(d, &p, host_of(d, doctor_get(m, "url")));
}

static void
look_cas(struct doctor *d)
{
	const struct doctor_daemon	*m = doctor_daemon(d, "cad");
	struct pair			 p;
	int				 i;

	for (i = 0; i < doctor_count(m, "cas"); i++) {
		p = (struct pair){ doctor_text(d, "CA %s", doctor_get(m,
		    doctor_text(d, "cas.[%d].name", i))),
		    doctor_get(m, doctor_text(d, "cas.[%d].cert", i)),
		    doctor_get(m, doctor_text(d, "cas.[%d].key", i)),
		    doctor_get(m, doctor_text(d, "cas.[%d].passphrase", i)),
		    NULL, "a new generation: signet ca roll NAME" };
		look_pair(d, &p, NULL);
	}
}

/* Of OCSP: a file for each, which it makes by itself. */
static void
look_signers(struct doctor *d)
{
	const char	*state = doctor_get(doctor_daemon(d, "ocspd"),
			    "state");
	const char	*dir = doctor_text(d, "%s/signers", state);
	struct pair	 p = { "an OCSP signer", .renew = "signet-ocspd orders "
	    "the next one while it runs with agent_database: see its log" };
	struct dirent	*f;
	DIR		*all = state == NULL ? NULL : opendir(dir);

	while (all != NULL && (f = readdir(all)) != NULL) {
		size_t	 n = strlen(f->d_name);

		if (n < 5 || strcmp(f->d_name + n - 4, ".pem") != 0)
			continue;
		p.cert = doctor_text(d, "%s/%s", dir, f->d_name);
		look_pair(d, &p, NULL);
	}
	if (all != NULL)
		closedir(all);
}

static void
look_root_crl(struct doctor *d)
{
	const char		*path = doctor_get_nth(doctor_daemon(d,
				    "crld"), "root_crls", 0);
	struct error		 e = ERROR_INIT;
	struct buf		 der = { 0 };
	const unsigned char	*p;
	X509_CRL		*crl = NULL;
	struct tm		 tm;
	int64_t			 until, left;

	if (path == NULL)
		return;
	doctor_looked(d);
	if (file_load(&der, path, 1u << 24, &e) == -1) {
		doctor_say(d, DOCTOR_PROBLEM, "root-crl", "clients that check "
		    "the CAs refuse everything", "bring it back from the "
		    "machine of the root", "%s", e.text);
		goto out;
	}
	p = der.p;
	if ((crl = d2i_X509_CRL(NULL, &p, (long)der.len)) == NULL ||
	    ASN1_TIME_to_tm(X509_CRL_get0_nextUpdate(crl), &tm) != 1) {
		doctor_say(d, DOCTOR_PROBLEM, "root-crl", "clients that check "
		    "the CAs refuse everything", "signet-root crl makes one",
		    "%s is no revocation list", path);
		goto out;
	}
	until = timegm(&tm);
	left = until - d->now;
	if (left < 30 * INT64_C(86400))
		doctor_say(d, left <= 0 ? DOCTOR_PROBLEM : DOCTOR_WARNING,
		    "root-crl", "without it clients that check the CAs refuse "
		    "everything", doctor_text(d, "on the machine of the root: "
		    "signet-root crl; then bring it to %s", path),
		    left <= 0 ? "the root's list %s has expired" :
		    "the root's list %s expires in less than 30 days", path);
 out:
	ERR_clear_error();
	X509_CRL_free(crl);
	buf_clear(&der);
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
	look_cas(d);
	look_agents(d);
	look_web(d);
	look_signers(d);
	look_root_crl(d);
}
