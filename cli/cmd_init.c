/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet init: from an empty directory to an installation whose officers can
 * begin to work.
 */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "cli/init.h"
#include "os/fault.h"
#include "os/file.h"

static const struct {
	const char	*what;
	const char	*fault;		/* passed when the step is done */
	init_step_fn	*fn;
} steps[] = {
	{ "directories and profiles", "init.1", init_step_files },
	{ "settings of each program", "init.2", init_step_settings },
	{ "database, schema and roles", "init.3", init_step_store },
	{ "keys and requests of the issuing CAs", "init.4",
	    init_step_ca_keys },
	{ "root", "init.5", init_step_root },
	{ "issuing CAs certified by the root", "init.6", init_step_certify },
	{ "CAs entered in the store", "init.7", init_step_ca_rows },
	{ "keys and requests of officers and agents", "init.8",
	    init_step_subject_keys },
	{ "founding orders", "init.9", init_step_orders },
	{ "founding orders approved by the root", "init.10",
	    init_step_approve },
	{ "approved orders handed in", "init.11", init_step_hand_in },
	{ "certificates issued by signet-cad", "init.12", init_step_issue },
	{ "certificates of officers and agents collected", "init.13",
	    init_step_collect },
	{ "first revocation lists and signed audit head", "init.14",
	    init_step_lists },
	{ "files handed to the daemons' users", "init.15",
	    init_step_users },
};
#define NSTEPS	((int)(sizeof(steps) / sizeof(steps[0])))

/* Whom the root appoints. */

static const struct {
	const char	*name;
	const char	*profile;
	const char	*what;
	const char	*dir;
} agents[] = {
	{ "cad", "ca-agent", "CA agent", "agents" },
	{ "ra", "ra-agent", "RA agent", "agents" },
	{ "ocsp", "ocsp-agent", "OCSP agent", "agents" },
	{ "crl", "crl-agent", "CRL agent", "agents" },
	{ "station", "station-agent", "Station agent", "agents" },
	{ "ra-tls", "tls-server", "Web server", "tls" },
};
#define NAGENTS	(sizeof(agents) / sizeof(agents[0]))

static void
add_person(struct init *in, const struct init_person *p, const char *profile)
{
	in->subject[in->nsubjects++] = (struct init_subject){
	    .name = p->id, .id = p->id, .cn = p->name, .mail = p->mail,
	    .unit = p->unit, .profile = profile, .dir = "officers",
	    .csr = p->csr };
}

static void
add_agent(struct init *in, size_t i)
{
	struct arena	*a = in->cli->desk.arena;
	const char	*id = in->conf.instance;

	if (i > 0)
		id = arena_printf(a, "%s-1", agents[i].name);
	in->subject[in->nsubjects++] = (struct init_subject){
	    .name = agents[i].name, .id = id,
	    .cn = arena_printf(a, "%s %s", agents[i].what, id),
	    .profile = agents[i].profile,
	    .dir = init_agent_dir(in, agents[i].name, agents[i].dir),
	    .dns = strcmp(agents[i].dir, "tls") == 0 ? init_ra_host(in) :
	    NULL, .is_agent = true };
}

/* Agents are named in the same directory of orders as persons. */
static int
list_subjects(struct init *in, struct error *e)
{
	const struct init_conf	*c = &in->conf;
	size_t			 i, k;

	in->subject = arena_alloc(in->cli->desk.arena, (NAGENTS +
	    c->security_officers.n + c->officers.n) * sizeof(*in->subject));
	for (i = 0; i < c->security_officers.n; i++)
		add_person(in, init_person(&c->security_officers, i),
		    "security-officer");
	for (i = 0; i < c->officers.n; i++)
		add_person(in, init_person(&c->officers, i), "officer");
	k = in->nsubjects;
	for (i = 0; i < NAGENTS; i++)
		add_agent(in, i);
	for (i = 0; i < k * NAGENTS; i++)
		if (strcmp(in->subject[i / NAGENTS].name,
		    agents[i % NAGENTS].name) == 0)
			return error_set(e, ERROR_INPUT, "a person cannot "
			    "have the id \"%s\": an agent has it",
			    agents[i % NAGENTS].name);
	return 0;
}

/* Telling. */

static void
tell_step(const struct init *in, const char *how)
{
	cli_say(in->cli, "%2d/%d  %-48s %s", in->step + 1, NSTEPS,
	    steps[in->step].what, how);
	fflush(stdout);
}

static void
tell_json(struct init *in, bool done)
{
	struct out_record	*r;
	json_t			*list = json_array();
	size_t			 i;

	r = out_record_new(stdout, in->cli->json);
	out_put_bool(r, "complete", NULL, done);
	out_put(r, "directory", NULL, in->dir);
	out_put_num(r, "steps_done", NULL, in->step);
	out_put_num(r, "steps", NULL, NSTEPS);
	out_put(r, "next", NULL, done ? NULL : steps[in->step].what);
	for (i = 0; done && i < in->nsubjects; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s}",
		    "id", in->subject[i].id, "profile",
		    in->subject[i].profile, "certificate", init_path(in,
		    "%s/%s.pem", in->subject[i].dir, in->subject[i].name)));
	out_put_json(r, "subjects", list);
	out_record_free(&r);
}

static void
tell_root(struct init *in)
{
	const struct init_conf	*c = &in->conf;

	if (c->offline_root)
		return;
	cli_say(in->cli, "\nThe root is in %s.  It belongs on a machine "
	    "without a network:", init_path(in, "%s", c->root));
	cli_say(in->cli, "    move the directory there%s",
	    c->custodians.n == 0 && c->root_passphrase == NULL ?
	    ", and secrets/root somewhere else than it" : "");
}

static void
tell_people(struct init *in)
{
	const struct init_subject	*s;
	size_t				 i;

	cli_say(in->cli, "\nOfficers, each with key, certificate and PKCS#12 "
	    "file:");
	for (i = 0; i < in->nsubjects; i++) {
		s = &in->subject[i];
		if (s->is_agent)
			continue;
		cli_say(in->cli, "    %-17s %s, %s/%s.%s", s->profile, s->cn,
		    s->dir, s->name, s->csr != NULL ? "pem" : "p12");
	}
	cli_say(in->cli, "    their passphrases are in secrets/officer-ID: "
	    "hand them over and delete them");
}

static void
tell_next(struct init *in)
{
	const struct init_subject	*s = &in->subject[0];

	tell_root(in);
	tell_people(in);
	cli_say(in->cli, "\nNext:\n"
	    "    signet-cad -c %s/cad.conf\n"
	    "    signet-ocspd -c %s/ocspd.conf\n"
	    "    signet-crld -c %s/crld.conf\n"
	    "    signet-rad -c %s/rad.conf\n"
	    "    export SIGNET_CONFIG=%s/signet.conf\n"
	    "    signet order list\n"
	    "    signet order approve ID --key %s/%s/%s.key --cert "
	    "%s/%s/%s.pem \\\n"
	    "        --passphrase file:%s/secrets/officer-%s\n"
	    "    signet audit heads", in->dir, in->dir, in->dir, in->dir,
	    in->dir, in->dir, s->dir,
	    s->name, in->dir, s->dir, s->name, in->dir, s->name);
}

/* Running. */

static int
take_directory(struct init *in, struct error *e)
{
	const char	*dir = cmd_string(in->args, "dir", ".");
	char		 real[PATH_MAX];

	if (file_mkdir(dir, 0755, e) == -1)
		return -1;
	if (realpath(dir, real) == NULL)
		return error_sys(e, "%s", dir);
	in->dir = arena_strdup(in->cli->desk.arena, real);
	return 0;
}

static int
run_steps(struct init *in, struct error *e)
{
	for (in->step = 0; in->step < NSTEPS; in->step++) {
		in->did = false;
		if (steps[in->step].fn(in, e) == -1) {
			tell_step(in, in->waits ? "waiting" : "FAILED");
			if (!in->waits)
				error_wrap(e, "%s", steps[in->step].what);
			return -1;
		}
		tell_step(in, in->did ? "done" : "already there");
		FAULT(steps[in->step].fault);
	}
	return 0;
}

static int
init(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	struct init	 in = { .cli = c, .args = a };
	const char	*path = NULL;
	int		 lock = -1, rc = -1;

	cli_begin(c, a);
	in.data = cmd_string(a, "data", NULL);
	if (take_directory(&in, e) == -1)
		goto out;
	path = init_path(&in, ".init.lock");
	if (file_lock(&lock, path, e) == -1 ||
	    init_answers(&in, e) == -1 || list_subjects(&in, e) == -1)
		goto out;
	rc = run_steps(&in, e);
	if (rc == 0)
		tell_next(&in);
	if (c->json)
		tell_json(&in, rc == 0);
 out:
	if (in.has_conf)
		conf_free(&in.conf, INIT_CONF);
	if (lock != -1) {
		(void)unlink(path);
		close(lock);
	}
	return rc;
}

const struct cmd CLI_INIT[] = {
	{ "init", NULL, "set up an installation",
	    "Makes directories, settings, the database, the root, two issuing "
	    "CAs, and the first officers and agents.  Asks a few questions at "
	    "a terminal, or takes the answers from options or a file.  May be "
	    "interrupted and run again at any time: what is there is left "
	    "alone.",
	    "signet init --dir /etc/signet\n"
	    "signet init --dir pki --answers answers.conf\n",
	    INIT_OPTS, 0, 0, init },
	CMD_END
};
