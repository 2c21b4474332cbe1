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
#include "os/file.h"
#include "publish/deliver.h"
#include "publish/target.h"

struct look {
	struct canary		*canary;
	struct publish_target	 target;
	const char		*root_files;
	struct directory	*directory;
	struct publish_cas	 cas;
	struct db_profiles	 want;
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

/* What waits may differ for a while. */
static int
judge(struct look *l, const struct canary_ask *k, const struct deliver *v,
    const char *kind, const char *key, int64_t ms, struct error *e)
{
	const struct db_delivery	 d = { .kind = kind, .key = key };
	bool				 waits = false;

	if (v->wanted.problem.code != ERROR_NONE)
		canary_bad(l->canary, k, CANARY_WRONG, "%s",
		    v->wanted.problem.text);
	if (v->state != DELIVER_OPEN) {
		canary_failed(l->canary, k, &v->error);
		return 0;
	}
	if (v->action != WANTED_SAME && db_publish_waits(
	    l->canary->cli->desk.db, l->target.name, &d, 1, &waits, e) == -1)
		return -1;
	if (v->action == WANTED_SAME || (waits && !l->behind))
		canary_good(l->canary, k, ms, -1);
	else
		canary_bad(l->canary, k, CANARY_WRONG, "%s: %s",
		    v->wanted.dn, v->why);
	return 0;
}

static int
look_at(struct look *l, const char *ca, const char *what, struct deliver *v,
    const char *kind, const char *key, struct error *e)
{
	const struct canary_ask	 k = { ca, what, l->target.url };
	int64_t			 began = clock_monotonic_ms();
	struct error		 lost = ERROR_INIT;

	drop_classes(&v->wanted);
	if (deliver_look(l->directory, 1, v, 1, l->arena, &lost) == -1) {
		canary_bad(l->canary, &k, CANARY_DEAD, "%s", lost.text);
		return 1;
	}
	return judge(l, &k, v, kind, key, clock_monotonic_ms() - began, e);
}

static int
look_at_ca(struct look *l, const char *ca, struct error *e)
{
	struct deliver	 v = { .state = DELIVER_OPEN };

	if (wanted_ca(&v.wanted, &l->target, ca, &l->cas,
	    l->canary->cli->desk.db, l->root_files, l->arena, e) == -1)
		return -1;
	return look_at(l, ca, "directory list", &v, "ca", ca, e);
}

static int
look_at_holder(struct look *l, const struct canary_holder *h,
    struct error *e)
{
	struct deliver		 v = { .state = DELIVER_OPEN };
	struct desk		*d = &l->canary->cli->desk;
	struct db_publisheds	 certs;
	int64_t			 now = clock_now(d->clock);

	if (db_publish_people(d->db, &h->holder, 1, &l->want, now, &certs,
	    l->arena, e) == -1 || wanted_person(&v.wanted, &l->target,
	    h->holder, certs.v, certs.n, &l->cas, now, l->arena, e) == -1)
		return -1;
	return look_at(l, h->ca, "directory holder", &v, "person",
	    h->holder, e);
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
			rc = look_at_ca(l, ca, e);
	}
	for (size_t i = 0; rc == 0 && i < n->nholders; i++)
		rc = look_at_holder(l, &n->holder[i], e);
	return rc;
}

static int
look_run(struct look *l, const char *only, struct error *e)
{
	const struct canary_ask	 k = { only != NULL ? only : "all",
	    "directory", l->target.url };
	struct desk		*d = &l->canary->cli->desk;
	struct error		 why = ERROR_INIT;

	if (publish_target_open(&l->directory, &l->target, &why) == -1) {
		canary_bad(l->canary, &k, CANARY_DEAD, "%s", why.text);
		return 0;
	}
	if (look_behind(l, e) == -1 || publish_cas_refresh(&l->cas, d->db,
	    clock_now(d->clock), e) == -1)
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
	    .root_files = conf->root_files, .arena = arena_new(),
	    .cas = { .anchors = c->desk.anchors,
	    .officers_ca = c->conf.officers_ca,
	    .profiles = &c->desk.profiles, .db = c->desk.db } };
	const char	**name;
	int		 rc;

	l.target.tls_cert = l.target.tls_key = l.target.tls_passphrase = NULL;
	name = arena_alloc(l.arena, (c->desk.profiles.n + 1) * sizeof(*name));
	for (size_t i = 0; i < c->desk.profiles.n; i++)
		if (c->desk.profiles.v[i]->publish)
			name[l.want.n++] = c->desk.profiles.v[i]->name;
	l.want.v = name;
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
