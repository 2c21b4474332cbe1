/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificates that the settings of this machine name, and where their keys
 * are.
 */
#include "cli/doctor.h"

#include <dirent.h>
#include <string.h>

struct each {
	struct doctor	*d;
	doctor_pair_fn	*fn;
	void		*arg;
};

static void
tell(const struct each *w, const struct doctor_pair *p)
{
	if (p->cert != NULL)
		w->fn(w->d, p, w->arg);
}

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
each_agent(const struct each *w)
{
	static const char *const	 agents[][2] = {
		{ "cad", "ca-agent" }, { "ocspd", "ocsp-agent" },
		{ "rad", "ra-agent" }, { "station", "station-agent" },
	};
	const struct doctor_daemon	*m;
	struct doctor			*d = w->d;
	struct doctor_pair		 p;
	size_t				 i;

	for (i = 0; i < sizeof(agents) / sizeof(agents[0]); i++) {
		m = doctor_daemon(d, agents[i][0]);
		p = (struct doctor_pair){ .kind = "agent",
		    .what = doctor_text(d, "the agent of signet-%s",
		    agents[i][0]), .cert = doctor_get(m, "agent_cert"),
		    .key = doctor_get(m, "agent_key"),
		    .passphrase = doctor_get(m, "agent_passphrase"),
		    .role = agents[i][1], .renew = doctor_text(d, "it "
		    "renews itself while signet-%s runs with agent_database; "
		    "once it has expired: signet order new --profile %s",
		    agents[i][0], agents[i][1]) };
		tell(w, &p);
	}
}

static void
each_web(const struct each *w)
{
	const struct doctor_daemon	*m = doctor_daemon(w->d, "rad");
	const char			*cert = doctor_get(m, "tls_cert");
	const struct doctor_pair	 p = { .kind = "web-server",
	    .what = "signet-rad's web server",
	    .cert = cert != NULL ? cert : doctor_get(m, "tls_key"),
	    .key = doctor_get(m, "tls_key"),
	    .passphrase = doctor_get(m, "tls_passphrase"),
	    .renew = "signet-rad renews it while "
	    "it runs with agent_database; once it has expired: signet order "
	    "new --profile tls-server",
	    .host = host_of(w->d, doctor_get(m, "url")) };

	tell(w, &p);
}

static void
each_ca(const struct each *w)
{
	struct doctor			*d = w->d;
	const struct doctor_daemon	*m = doctor_daemon(d, "cad");
	struct doctor_pair		 p;
	int				 i;

	for (i = 0; i < doctor_count(m, "cas"); i++) {
		p = (struct doctor_pair){ .kind = "ca",
		    .what = doctor_text(d, "CA %s", doctor_get(m,
		    doctor_text(d, "cas.[%d].name", i))),
		    .cert = doctor_get(m, doctor_text(d, "cas.[%d].cert", i)),
		    .key = doctor_get(m, doctor_text(d, "cas.[%d].key", i)),
		    .passphrase = doctor_get(m, doctor_text(d,
		    "cas.[%d].passphrase", i)),
		    .renew = "a new generation: signet ca roll NAME" };
		tell(w, &p);
	}
}

/* Of OCSP: a file for each, which it makes by itself. */
static void
each_signer(const struct each *w)
{
	struct doctor		*d = w->d;
	const char		*state = doctor_get(doctor_daemon(d, "ocspd"),
				    "state");
	const char		*dir = doctor_text(d, "%s/signers", state);
	struct doctor_pair	 p = { .kind = "ocsp-signer",
	    .what = "an OCSP signer", .renew = "signet-ocspd orders "
	    "the next one while it runs with agent_database: see its log" };
	struct dirent		*f;
	DIR			*all = state == NULL ? NULL : opendir(dir);

	while (all != NULL && (f = readdir(all)) != NULL) {
		size_t	 n = strlen(f->d_name);

		if (n < 5 || strcmp(f->d_name + n - 4, ".pem") != 0)
			continue;
		p.cert = doctor_text(d, "%s/%s", dir, f->d_name);
		tell(w, &p);
	}
	if (all != NULL)
		closedir(all);
}

void
doctor_each_pair(struct doctor *d, doctor_pair_fn *fn, void *arg)
{
	const struct each	 w = { d, fn, arg };

	each_ca(&w);
	each_agent(&w);
	each_web(&w);
	each_signer(&w);
}

const char *
doctor_root_crl(const struct doctor *d)
{
	return doctor_get_nth(doctor_daemon(d, "crld"), "root_crls", 0);
}
