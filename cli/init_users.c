/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each daemon as a user of its own, as the units of systemd and the packages
 * have it: what it changes by itself, such as its agent's key, is below its
 * state directory; passphrases stay root's, who gives each daemon its own as a
 * credential.
 */
#include "cli/init.h"

#include <sys/stat.h>
#include <fts.h>
#include <limits.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "os/file.h"

/* By the names of their agents. */
static const struct {
	const char	*agent;
	const char	*user;
	size_t		 state;		/* its directory in init_conf */
	const char	*dflt;		/* without users of their own */
} daemons[] = {
	{ "cad", "signet-cad", offsetof(struct init_conf, state),
	    "state/cad" },
	{ "ocsp", "signet-ocspd", offsetof(struct init_conf, ocsp_state),
	    "state/ocspd" },
	{ "crl", "signet-crld", offsetof(struct init_conf, crl_state),
	    "state/crld" },
	{ "ra", "signet-rad", offsetof(struct init_conf, ra_state),
	    "state/rad" },
};
#define NDAEMONS	(sizeof(daemons) / sizeof(daemons[0]))
#define STATION_USER	"signet-station"

static char **
state_of(struct init_conf *c, size_t i)
{
	return (char **)(void *)((char *)c + daemons[i].state);
}

void
init_users_defaults(struct init_conf *c)
{
	size_t	 i;
	char	**state;

	for (i = 0; c->service_users && i < NDAEMONS; i++) {
		state = state_of(c, i);
		if (strcmp(*state, daemons[i].dflt) != 0)
			continue;
		mem_free(state);
		*state = mem_printf("%s/%s", c->service_state,
		    daemons[i].user + strlen("signet-"));
	}
}

int
init_users_check(const struct init_conf *c, struct error *e)
{
	size_t	 i;

	if (!c->service_users)
		return 0;
	if (geteuid() != 0) {
		error_set(e, ERROR_DENIED, "service_users: only root can give "
		    "files to others");
		return error_hint(e, "run it as root");
	}
	for (i = 0; i < NDAEMONS; i++)
		if (getpwnam(daemons[i].user) == NULL) {
			error_set(e, ERROR_CONFIG, "service_users: no user %s",
			    daemons[i].user);
			return error_hint(e, "systemd-sysusers makes it, or "
			    "the package of the daemon");
		}
	return 0;
}

const char *
init_user(const struct init *in, const char *agent)
{
	size_t	 i;

	if (!in->conf.service_users)
		return in->conf.user;
	for (i = 0; i < NDAEMONS; i++)
		if (strcmp(daemons[i].agent, agent) == 0)
			return daemons[i].user;
	return NULL;
}

const char *
init_agent_dir(struct init *in, const char *agent, const char *dir)
{
	struct arena	*a = in->cli->desk.arena;
	size_t		 i;

	if (!in->conf.service_users)
		return dir;
	if (strncmp(agent, "ra-", 3) == 0)
		return arena_printf(a, "%s/%s", in->conf.ra_state, dir);
	for (i = 0; i < NDAEMONS; i++)
		if (strcmp(daemons[i].agent, agent) == 0)
			return arena_printf(a, "%s/agent",
			    *state_of(&in->conf, i));
	return arena_printf(a, "%s/station/agent", in->conf.service_state);
}

char *
init_station_dir(struct init *in)
{
	return in->conf.service_users ? init_path(in, "%s/station",
	    in->conf.service_state) : init_path(in, "station");
}

char *
init_www(struct init *in)
{
	return in->conf.service_users ? init_path(in, "%s/www",
	    in->conf.service_state) : init_path(in, "www");
}

char *
init_heads(struct init *in)
{
	return in->conf.service_users ? init_path(in, "%s/heads.pem",
	    in->conf.state) : init_path(in, "heads.pem");
}

char *
init_secret_source(struct init *in, const char *name)
{
	struct arena	*a = in->cli->desk.arena;

	if (in->conf.service_users)
		return arena_printf(a, "credential:%s", name);
	return arena_printf(a, "file:%s", init_path(in, "secrets/%s", name));
}

/* Giving away, with what is below it down to that level. */
static int
give(struct init *in, char *path, const char *user, int levels,
    struct error *e)
{
	struct passwd	*pw = getpwnam(user);
	char		*paths[] = { path, NULL };
	FTSENT		*f;
	FTS		*t;

	if (pw == NULL || !file_exists(path))
		return 0;
	if ((t = fts_open(paths, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR,
	    NULL)) == NULL)
		return error_sys(e, "%s", path);
	while ((f = fts_read(t)) != NULL) {
		if (f->fts_info == FTS_DP || f->fts_level > levels ||
		    (f->fts_statp != NULL &&
		    f->fts_statp->st_uid == pw->pw_uid &&
		    f->fts_statp->st_gid == pw->pw_gid))
			continue;
		if (lchown(f->fts_path, pw->pw_uid, pw->pw_gid) == -1) {
			error_sys(e, "give %s to %s", f->fts_path, user);
			fts_close(t);
			return -1;
		}
		in->did = true;
	}
	fts_close(t);
	return 0;
}

static int
give_states(struct init *in, int levels, struct error *e)
{
	size_t	 i;

	for (i = 0; i < NDAEMONS; i++)
		if (give(in, init_path(in, "%s", *state_of(&in->conf, i)),
		    daemons[i].user, levels, e) == -1)
			return -1;
	if (give(in, init_www(in), "signet-crld", levels, e) == -1)
		return -1;
	return give(in, init_station_dir(in), STATION_USER, levels, e);
}

/* The directories, for what signet-cad writes as its user while it works for
 * signet init; not the keys in them, which root reads. */
int
init_users_begin(struct init *in, struct error *e)
{
	return in->conf.service_users ? give_states(in, 0, e) : 0;
}

static int
give_keys(struct init *in, const char *user, struct error *e)
{
	size_t	 i;

	for (i = 0; i < 2; i++)
		if (give(in, init_path(in, "ca/%s.key", INIT_CAS[i]), user, 0,
		    e) == -1)
			return -1;
	return give(in, arena_printf(in->cli->desk.arena, "%s/cad.key",
	    init_agent_dir(in, "cad", "agents")), user, 0, e);
}

int
init_users_lend(struct init *in, bool *lent, struct error *e)
{
	struct stat	 st;

	*lent = in->conf.service_users && stat(init_path(in, "ca/%s.key",
	    INIT_CAS[0]), &st) == 0 && st.st_uid != 0;
	return *lent ? give_keys(in, "root", e) : 0;
}

int
init_users_return(struct init *in, struct error *e)
{
	return give_keys(in, "signet-cad", e);
}

/* All that is in them, and the keys of the CAs. */
int
init_step_users(struct init *in, struct error *e)
{
	if (!in->conf.service_users)
		return 0;
	if (give_keys(in, "signet-cad", e) == -1)
		return -1;
	return give_states(in, INT_MAX, e);
}
