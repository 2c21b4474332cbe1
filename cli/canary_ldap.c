/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LDAP directories, read as anybody can: the entries of CAs, with their
 * lists, and those of the holders whose certificates were asked about.
 */
#include "cli/canary.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "db/db_publish.h"
#include "os/fault.h"
#include "os/file.h"
#include "publish/deliver.h"
#include "publish/target.h"

#define TRIES	3

struct look {
	struct canary		*canary;
	struct publish_target	 target;
	struct wanted_store	 store;
	struct directory	*directory;
	struct publish_cas	 cas;
	struct db_profiles	 published;
	bool			 behind;	/* for longer than --lag */
	struct arena		*arena;
};

/* Who sees classes and who does not is the directory's business. */
static void
drop_classes(struct wanted *w)
{
	size_t	 k = 0;

	for (size_t i = 0; i < w->nattrs; i++)
		if (strcasecmp(w->attr[i].name, "objectClass") != 0)
			w->attr[k++] = w->attr[i];
	w->nattrs = k;
}

static int
refresh(struct look *l, struct error *e)
{
	l->store.now = clock_now(l->canary->cli->desk.clock);
	return publish_cas_refresh(&l->cas, l->store.db, l->store.now, e);
}

/* Does it differ, and nothing is on its way that will change that soon?  1, 0,
 * -1. */
static int
is_wrong(struct look *l, const struct db_delivery *d, const struct deliver *v,
    struct error *e)
{
	bool	 waits = false;

	if (v->state != DELIVER_OPEN || v->action == WANTED_SAME)
		return 0;
	if (db_publish_waits(l->store.db, l->target.name, d, 1, &waits,
	    e) == -1)
		return -1;
	return !waits || l->behind;
}

static void
judge(struct look *l, const struct canary_ask *k, const struct deliver *v,
    bool wrong, int64_t ms)
{
	if (v->wanted.problem.code != ERROR_NONE)
		canary_bad(l->canary, k, CANARY_WRONG, "%s",
		    v->wanted.problem.text);
	if (v->state != DELIVER_OPEN)
		canary_failed(l->canary, k, &v->error);
	else if (wrong)
		canary_bad(l->canary, k, CANARY_WRONG, "%s: %s",
		    v->wanted.dn, v->why);
	else
		canary_good(l->canary, k, ms, -1);
}

/*
 * The entry of a CA, or of a holder of it.
 *
 * What is delivered between the look at the store and that at the directory
 * seems wrong: so the store is asked again, too.  1: the directory is gone.
 */
static int
look_at(struct look *l, const char *ca, const char *holder, struct error *e)
{
	const struct canary_ask		 k = { ca, holder == NULL ?
	    "directory list" : "directory holder", l->target.url };
	const struct db_delivery	 d = {
		.kind = holder == NULL ? "ca" : "person",
		.key = holder == NULL ? ca : holder };
	struct error			 lost = ERROR_INIT;
	struct deliver			 v;
	int64_t				 began;
	int				 wrong = 1;

	for (int i = 0; wrong == 1 && i < TRIES; i++) {
		v = (struct deliver){ .state = DELIVER_OPEN };
		if ((i > 0 && refresh(l, e) == -1) ||
		    wanted_entry(&v.wanted, &l->store, d.kind, d.key,
		    l->arena, e) == -1)
			return -1;
		drop_classes(&v.wanted);
		FAULT("canary.directory");
		began = clock_monotonic_ms();
		if (deliver_look(l->directory, 1, &v, 1, l->arena,
		    &lost) == -1) {
			canary_bad(l->canary, &k, CANARY_DEAD, "%s",
			    lost.text);
			return 1;
		}
		if ((wrong = is_wrong(l, &d, &v, e)) == -1)
			return -1;
	}
	judge(l, &k, &v, wrong == 1, clock_monotonic_ms() - began);
	return 0;
}

/* Is the oldest of what waits older than it may be? */
static int
look_behind(struct look *l, struct error *e)
{
	struct db_targets	 all;
	int64_t			 now = clock_now(l->canary->cli->desk.clock);

	if (db_publish_status(l->canary->cli->desk.db, &all, l->arena,
	    e) == -1)
		return -1;
	for (size_t i = 0; i < all.n; i++)
		if (strcmp(all.v[i].name, l->target.name) == 0)
			l->behind = all.v[i].oldest > 0 &&
			    all.v[i].oldest < now - l->canary->lag;
	return 0;
}

/* 1: it does not answer any more. */
static int
look_at_all(struct look *l, const char *only, struct error *e)
{
	struct canary	*n = l->canary;
	int		 rc = 0;

	for (size_t i = 0; rc == 0 && i < n->cli->desk.nissuers; i++) {
		const char *ca = n->cli->desk.issuer[i].name;

		if (only == NULL || strcmp(only, ca) == 0)
			rc = look_at(l, ca, NULL, e);
	}
	for (size_t i = 0; rc == 0 && i < n->nholders; i++)
		rc = look_at(l, n->holder[i].ca, n->holder[i].holder, e);
	return rc;
}

static int
look_run(struct look *l, const char *only, struct error *e)
{
	const struct canary_ask	 k = { only != NULL ? only : "all",
	    "directory", l->target.url };
	struct error		 why = ERROR_INIT;

	if (publish_target_open(&l->directory, &l->target, &why) == -1) {
		canary_bad(l->canary, &k, CANARY_DEAD, "%s", why.text);
		return 0;
	}
	if (look_behind(l, e) == -1 || refresh(l, e) == -1)
		return -1;
	return look_at_all(l, only, e) == -1 ? -1 : 0;
}

/* As nobody: the publisher's own certificate stays at home. */
static int
look(struct canary *n, const struct publish_conf *conf,
    const struct publish_target *target, const char *only, struct error *e)
{
	struct cli	*c = n->cli;
	struct look	 l = { .canary = n, .target = *target,
	    .arena = arena_new(),
	    .cas = { .anchors = c->desk.anchors,
	    .officers_ca = c->conf.officers_ca,
	    .profiles = &c->desk.profiles, .db = c->desk.db } };
	const char	**name;
	int		 rc;

	l.target.tls_cert = l.target.tls_key = l.target.tls_passphrase = NULL;
	name = arena_alloc(l.arena, (c->desk.profiles.n + 1) * sizeof(*name));
	for (size_t i = 0; i < c->desk.profiles.n; i++)
		if (c->desk.profiles.v[i]->publish)
			name[l.published.n++] = c->desk.profiles.v[i]->name;
	l.published.v = name;
	l.store = (struct wanted_store){ .target = &l.target, .cas = &l.cas,
	    .published = &l.published, .root_files = conf->root_files,
	    .db = c->desk.db };
	rc = look_run(&l, only, e);
	directory_close(&l.directory);
	publish_cas_clear(&l.cas);
	arena_free(&l.arena);
	return rc;
}

int
canary_directories(struct canary *n, const char *only, struct error *e)
{
	const char			*path = cli_path(n->cli,
					    n->cli->conf.directories);
	const struct publish_target	*t;
	struct publish_conf		 conf;
	int				 rc = 0;

	if (!file_exists(path))
		return 0;
	if (cli_open_profiles(n->cli, e) == -1 ||
	    publish_conf_load(&conf, path, e) == -1)
		return -1;
	t = (const struct publish_target *)conf.targets.v;
	for (size_t i = 0; rc == 0 && i < conf.targets.n; i++)
		rc = look(n, &conf, &t[i], only, e);
	publish_conf_free(&conf);
	return rc;
}
