/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/publish_check.h"

#include <string.h>

#include "db/db_ca.h"
#include "os/fault.h"

#define PAGE		500
#define AGAIN_MAX	20
#define STRAYS		"(|(objectClass=pkiUser)(objectClass=pkiCA)" \
	"(userCertificate;binary=*))"

const struct out_col	 PUBLISH_CHECK_COLS[] = {
	{ "directory", "DIRECTORY", 0 },
	{ "kind", "KIND", 0 },
	{ "key", "KEY", OUT_SHRINK },
	{ "state", "STATE", 0 },
	{ "difference", "DIFFERENCE", OUT_SHRINK },
	{ "name", "NAME", OUT_JSON },
};

/* A page of entries, and what each delivery would be called. */
struct page {
	struct deliver		*v;
	struct db_delivery	*key;
	size_t			 n;
};

static void
page_init(struct publish_check *k, struct page *p, size_t room)
{
	p->v = arena_alloc(k->arena, (room + 1) * sizeof(*p->v));
	p->key = arena_alloc(k->arena, (room + 1) * sizeof(*p->key));
	p->n = 0;
}

static void
page_key(struct page *p, const char *kind, const char *key)
{
	p->key[p->n].kind = kind;
	p->key[p->n].key = key;
	p->n++;
}

static void
show(const struct publish_check *k, const struct page *p, size_t i,
    const char *state, const char *why)
{
	if (k->out == NULL)
		return;
	out_text(k->out, k->target->name);
	out_text(k->out, p->key[i].kind);
	out_text(k->out, p->key[i].key);
	out_text(k->out, state);
	out_text(k->out, why);
	out_text(k->out, p->v[i].wanted.dn);
}

static void
judge(struct publish_check *k, const struct page *p, size_t i, bool waits)
{
	const struct deliver	*v = &p->v[i];

	if (v->wanted.problem.code != ERROR_NONE) {
		k->unpublishable++;
		show(k, p, i, "refused", v->wanted.problem.text);
	}
	if (v->state != DELIVER_OPEN) {
		k->differ++;
		show(k, p, i, "unread", v->error.text);
	} else if (v->action != WANTED_SAME) {
		*(waits ? &k->wait : &k->differ) += 1;
		show(k, p, i, waits ? "waits" : "differs", v->why);
	}
}

static bool
is_same(const struct page *p, size_t i)
{
	return p->v[i].state == DELIVER_OPEN && p->v[i].action == WANTED_SAME;
}

/* Those that differ, as deliveries. */
static int
page_mend(struct publish_check *k, const struct page *p, struct error *e)
{
	struct db_delivery	*v = arena_alloc(k->arena, (p->n + 1) *
				    sizeof(*v));
	size_t			 n = 0;

	for (size_t i = 0; i < p->n; i++)
		if (!is_same(p, i))
			v[n++] = p->key[i];
	if (n == 0)
		return 0;
	return db_publish_ask(k->cli->desk.db, k->target->name, v, n, e);
}

static int
want(struct publish_check *k, struct wanted *w, const struct db_delivery *d,
    struct error *e)
{
	const struct wanted_store	 s = { .target = k->target,
	    .cas = &k->cas, .published = &k->want,
	    .root_files = k->conf->root_files, .db = k->cli->desk.db,
	    .now = k->now };

	return wanted_entry(w, &s, d->kind, d->key, k->arena, e);
}

/* -1: the store or the directory is gone. */
static int
page_look(struct publish_check *k, const struct page *p, bool *waits,
    struct error *e)
{
	size_t	 differ = 0;

	if (deliver_look(k->directory, (size_t)k->target->window, p->v, p->n,
	    k->arena, e) == -1)
		return error_wrap(e, "directory %s", k->target->name);
	for (size_t i = 0; i < p->n; i++)
		differ += !is_same(p, i);
	return differ == 0 ? 0 : db_publish_waits(k->cli->desk.db,
	    k->target->name, p->key, p->n, waits, e);
}

/* What was delivered between the look at the store and that at the directory
 * differs, and does not wait: such a one is looked at once more.  What the others
 * want has been looked at, and may be of lists that are not kept any longer. */
static int
look_again(struct publish_check *k, const struct page *p, size_t i,
    bool *waits, struct error *e)
{
	struct deliver		 v = { .state = DELIVER_OPEN };
	const struct page	 one = { &v, &p->key[i], 1 };

	if (strcmp(p->key[i].kind, "name") == 0)
		return 0;
	if (publish_cas_refresh(&k->cas, k->cli->desk.db, k->now, e) == -1 ||
	    want(k, &v.wanted, &p->key[i], e) == -1 ||
	    page_look(k, &one, waits, e) == -1)
		return -1;
	p->v[i] = v;
	return 0;
}

/* That many do is no accident. */
static int
page_look_again(struct publish_check *k, const struct page *p, bool *waits,
    struct error *e)
{
	size_t	 differ = 0;

	for (size_t i = 0; i < p->n; i++)
		differ += !is_same(p, i) && !waits[i];
	for (size_t i = 0; differ <= AGAIN_MAX && i < p->n; i++)
		if (!is_same(p, i) && !waits[i] &&
		    look_again(k, p, i, &waits[i], e) == -1)
			return -1;
	return 0;
}

static int
page_check(struct publish_check *k, const struct page *p, struct error *e)
{
	bool	*waits = arena_alloc(k->arena, (p->n + 1) * sizeof(bool));

	FAULT("publish.check");
	if (page_look(k, p, waits, e) == -1 ||
	    page_look_again(k, p, waits, e) == -1)
		return -1;
	for (size_t i = 0; i < p->n; i++)
		judge(k, p, i, waits[i]);
	k->entries += (int64_t)p->n;
	progress_set(&k->progress, (uint64_t)k->entries);
	return k->mend ? page_mend(k, p, e) : 0;
}

static int
check_cas(struct publish_check *k, struct error *e)
{
	struct page	 p;

	page_init(k, &p, k->cas.n);
	for (size_t i = 0; i < k->cas.n; i++) {
		if (!k->cas.v[i]->in_store)
			continue;
		page_key(&p, "ca", k->cas.v[i]->name);
		if (want(k, &p.v[p.n - 1].wanted, &p.key[p.n - 1], e) == -1)
			return -1;
	}
	return page_check(k, &p, e);
}

static int
check_page_of_holders(struct publish_check *k, const struct db_keys *keys,
    struct error *e)
{
	struct db_publisheds	 certs;
	struct page		 p;
	size_t			 at = 0, end;

	page_init(k, &p, keys->n);
	if (db_publish_people(k->cli->desk.db, keys->v, keys->n, &k->want,
	    k->now,
	    &certs, k->arena, e) == -1)
		return -1;
	for (size_t i = 0; i < keys->n; i++) {
		for (end = at; end < certs.n &&
		    strcmp(certs.v[end].holder, keys->v[i]) == 0; )
			end++;
		if (wanted_person(&p.v[i].wanted, k->target, keys->v[i],
		    certs.v + at, end - at, &k->cas, k->now, k->arena,
		    e) == -1)
			return -1;
		page_key(&p, "person", keys->v[i]);
		at = end;
	}
	return page_check(k, &p, e);
}

static int
check_holders(struct publish_check *k, struct error *e)
{
	struct db_keys	 keys;
	char		*after = mem_strdup("");
	int		 rc = -1;

	do {
		arena_reset(k->arena);
		if (db_publish_holders(k->cli->desk.db, after, &k->want, PAGE,
		    &keys, k->arena, e) == -1 ||
		    (keys.n > 0 && check_page_of_holders(k, &keys, e) == -1))
			goto out;
		if (keys.n > 0) {
			mem_free(&after);
			after = mem_strdup(keys.v[keys.n - 1]);
		}
	} while (keys.n == PAGE);
	rc = 0;
 out:
	mem_free(&after);
	return rc;
}

/* Entries whose holder or CA the store has were looked at before. */
static int
check_page_of_strays(struct publish_check *k,
    const struct directory_page *found, struct error *e)
{
	const char	**holder = arena_alloc(k->arena, (found->n + 1) *
			    sizeof(*holder));
	bool		 *known = arena_alloc(k->arena, (found->n + 1) *
			    sizeof(bool));
	const char	 *ca, *key;
	struct page	  p;

	page_init(k, &p, found->n);
	for (size_t i = 0; i < found->n; i++) {
		key = publish_target_key(k->target, PUBLISH_PERSON,
		    found->v[i].dn, k->arena);
		holder[i] = key != NULL ? key : "";
	}
	if (db_publish_known(k->cli->desk.db, holder, found->n, &k->want, known,
	    e) == -1)
		return -1;
	for (size_t i = 0; i < found->n; i++) {
		ca = publish_target_key(k->target, PUBLISH_CA,
		    found->v[i].dn, k->arena);
		if (known[i] || (ca != NULL &&
		    publish_cas_get(&k->cas, ca) != NULL))
			continue;
		wanted_stray(&p.v[p.n].wanted, found->v[i].dn, k->arena);
		page_key(&p, "name", p.v[p.n].wanted.dn);
	}
	return page_check(k, &p, e);
}

static int
check_strays(struct publish_check *k, enum publish_kind kind,
    struct error *e)
{
	static const char *const	 none[] = { "1.1", NULL };
	struct arena			*a = arena_new();
	const char			*below = publish_target_below(
					    k->target, kind, a);
	struct directory_page		 page = { .n = 0 };
	int				 more, rc = -1;

	do {
		arena_reset(k->arena);
		more = directory_read_page(k->directory, &page, below, STRAYS,
		    none, PAGE, k->arena, e);
		if (more == -1 || check_page_of_strays(k, &page, e) == -1)
			goto out;
	} while (more == 1);
	rc = 0;
 out:
	arena_free(&a);
	return rc;
}

static int
check_open(struct publish_check *k, struct error *e)
{
	struct cli	*c = k->cli;
	size_t		 n = 0;

	if (cli_open_trust(c, e) == -1 || cli_open_profiles(c, e) == -1 ||
	    cli_open_db(c, e) == -1)
		return -1;
	if (publish_target_open(&k->directory, k->target, e) == -1)
		return error_wrap(e, "directory %s", k->target->name);
	k->published = mem_array(c->desk.profiles.n + 1, sizeof(char *));
	for (size_t i = 0; i < c->desk.profiles.n; i++)
		if (c->desk.profiles.v[i]->publish)
			k->published[n++] = c->desk.profiles.v[i]->name;
	k->want = (struct db_profiles){ k->published, n };
	k->cas = (struct publish_cas){ .anchors = c->desk.anchors,
	    .officers_ca = c->conf.officers_ca,
	    .profiles = &c->desk.profiles, .db = c->desk.db };
	k->arena = arena_new();
	k->now = clock_now(c->desk.clock);
	k->entries = k->differ = k->wait = k->unpublishable = 0;
	return publish_cas_refresh(&k->cas, c->desk.db, k->now, e);
}

int
publish_check_run(struct publish_check *k, struct error *e)
{
	int	 rc = -1;

	progress_begin(&k->progress, "comparing entries", 0);
	if (check_open(k, e) == 0 && check_cas(k, e) == 0 &&
	    check_holders(k, e) == 0 &&
	    check_strays(k, PUBLISH_PERSON, e) == 0 &&
	    check_strays(k, PUBLISH_CA, e) == 0)
		rc = 0;
	progress_end(&k->progress);
	publish_cas_clear(&k->cas);
	directory_close(&k->directory);
	mem_free(&k->published);
	arena_free(&k->arena);
	return rc;
}
