/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/deliver.h"

#include <string.h>

#define PARENTS_MAX	16

/* One step of many deliveries: what to send for one, and what its answer is. */
struct step {
	struct directory	*d;
	size_t			 window;
	struct deliver		*v;
	size_t			 n;
	struct arena		*arena;
	int	(*send)(struct step *, size_t i, struct error *);	/* 1, 0 */
	void	(*take)(struct step *, struct directory_answer *);
};

static int
step_run(struct step *s, struct error *e)
{
	struct directory_answer	 an;
	size_t			 next = 0;
	int			 got;

	for (;;) {
		while (next < s->n && directory_pending(s->d) < s->window)
			if (s->send(s, next++, e) == -1)
				return -1;
		if ((got = directory_next(s->d, &an, s->arena, e)) == -1)
			return -1;
		if (got == 1)
			s->take(s, &an);
		else if (next == s->n)
			return 0;
	}
}

static void
settle(struct deliver *v, enum deliver_state state, const struct error *e)
{
	v->state = state;
	v->refused = true;
	v->error = *e;
	(void)error_wrap(&v->error, "%s", v->wanted.dn);
}

static void
settle_answer(struct deliver *v, const struct directory_answer *an)
{
	settle(v, an->code == DIRECTORY_WRONG ? DELIVER_DEAD : DELIVER_LATER,
	    &an->error);
}

static int
look_send(struct step *s, size_t i, struct error *e)
{
	struct deliver	*v = &s->v[i];

	if (v->state != DELIVER_OPEN)
		return 0;
	v->found = false;
	return directory_search(s->d, i, v->wanted.dn, DIRECTORY_BASE,
	    "(objectClass=*)", NULL, e);
}

static void
look_take(struct step *s, struct directory_answer *an)
{
	struct deliver	*v = &s->v[an->tag];

	switch (an->code) {
	case DIRECTORY_ENTRY:
		v->found = true;
		v->actual = an->entry;
		break;
	case DIRECTORY_DONE:
	case DIRECTORY_ABSENT:
		break;
	default:
		settle_answer(v, an);
	}
}

int
deliver_look(struct directory *d, size_t window, struct deliver *v, size_t n,
    struct arena *a, struct error *e)
{
	struct step	 s = { d, window, v, n, a, look_send, look_take };

	if (step_run(&s, e) == -1)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (v[i].state == DELIVER_OPEN)
			v[i].action = wanted_compare(&v[i].wanted, v[i].found ?
			    &v[i].actual : NULL, &v[i].todo, &v[i].why, a);
	return 0;
}

static int
write_send(struct step *s, size_t i, struct error *e)
{
	struct deliver	*v = &s->v[i];

	if (v->state != DELIVER_OPEN)
		return 0;
	switch (v->action) {
	case WANTED_ADD:
		return directory_add(s->d, i, &v->todo, e);
	case WANTED_MODIFY:
		return directory_modify(s->d, i, &v->todo, e);
	case WANTED_DELETE:
		return directory_delete(s->d, i, v->wanted.dn, e);
	default:
		return 0;
	}
}

static void
write_take(struct step *s, struct directory_answer *an)
{
	struct deliver	*v = &s->v[an->tag];

	v->written = an->code == DIRECTORY_DONE;
	if (v->written)
		return;
	if (an->code == DIRECTORY_ABSENT && v->action == WANTED_ADD)
		v->no_parent = true;
	else if (an->code != DIRECTORY_ABSENT || v->action != WANTED_DELETE)
		settle_answer(v, an);
}

/* Add one entry and wait: 1 added or there already, 0 its parent is missing. */
static int
add_container(struct directory *d, const char *dn, struct arena *a,
    struct error *e)
{
	struct directory_entry	 entry;
	struct directory_answer	 an;

	if (directory_container(&entry, dn, a, e) == -1 ||
	    directory_add(d, 0, &entry, e) == -1 ||
	    directory_next(d, &an, a, e) == -1)
		return -1;
	if (an.code == DIRECTORY_DONE || an.code == DIRECTORY_PRESENT)
		return 1;
	if (an.code == DIRECTORY_ABSENT)
		return 0;
	*e = an.error;
	return error_wrap(e, "%s", dn);
}

/* From the lowest that can be added down to the entry's parent. */
static int
add_parents(struct directory *d, const char *dn, struct arena *a,
    struct error *e)
{
	const char	*path[PARENTS_MAX];
	size_t		 n = 0;
	int		 rc = 0;

	while (rc == 0 && n < PARENTS_MAX &&
	    (dn = directory_parent(dn, a)) != NULL) {
		path[n++] = dn;
		rc = add_container(d, dn, a, e);
	}
	if (rc == 0)
		return error_set(e, ERROR_CONFIG, "the directory has none of "
		    "the entries above it");
	while (rc == 1 && n > 1)
		rc = add_container(d, path[--n - 1], a, e);
	return rc == -1 ? -1 : 0;
}

static int
orphan_send(struct step *s, size_t i, struct error *e)
{
	if (!s->v[i].no_parent)
		return 0;
	s->v[i].no_parent = false;
	return write_send(s, i, e);
}

/* What is above those without a parent, each only once, and then themselves. */
static int
write_orphans(struct step *s, struct error *e)
{
	struct error	 why = ERROR_INIT;
	const char	*parent, *made = "";
	int		 rc = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (!s->v[i].no_parent)
			continue;
		parent = directory_parent(s->v[i].wanted.dn, s->arena);
		if (parent == NULL || strcmp(parent, made) != 0) {
			made = parent != NULL ? parent : "";
			error_clear(&why);
			rc = add_parents(s->d, s->v[i].wanted.dn, s->arena,
			    &why);
		}
		if (rc == -1) {
			s->v[i].no_parent = false;
			settle(&s->v[i], DELIVER_LATER, &why);
		}
	}
	s->send = orphan_send;
	if (step_run(s, e) == -1)
		return -1;
	error_set(&why, ERROR_CONFLICT, "what is above it has gone again");
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].no_parent)
			settle(&s->v[i], DELIVER_LATER, &why);
	return 0;
}

/* Read back what was written. */
static int
deliver_verify(struct step *s, struct error *e)
{
	struct error	 why = ERROR_INIT;

	if (deliver_look(s->d, s->window, s->v, s->n, s->arena, e) == -1)
		return -1;
	for (size_t i = 0; i < s->n; i++) {
		struct deliver	*v = &s->v[i];

		if (v->state != DELIVER_OPEN)
			continue;
		if (v->action == WANTED_SAME) {
			v->state = DELIVER_DONE;
			continue;
		}
		error_clear(&why);
		error_set(&why, ERROR_UPSTREAM, "was written, but reads back "
		    "otherwise (%s)", v->why);
		settle(v, DELIVER_LATER, &why);
	}
	return 0;
}

int
deliver(struct directory *d, size_t window, struct deliver *v, size_t n,
    struct arena *a, struct error *e)
{
	struct step	 s = { d, window, v, n, a, write_send, write_take };

	if (deliver_look(d, window, v, n, a, e) == -1)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (v[i].state == DELIVER_OPEN && v[i].action == WANTED_SAME)
			v[i].state = DELIVER_DONE;
	if (step_run(&s, e) == -1 || write_orphans(&s, e) == -1 ||
	    deliver_verify(&s, e) == -1)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (v[i].state == DELIVER_DONE &&
		    v[i].wanted.problem.code != ERROR_NONE) {
			settle(&v[i], DELIVER_DEAD, &v[i].wanted.problem);
			v[i].refused = false;
		}
	return 0;
}
