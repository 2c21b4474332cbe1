/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "os/file.h"
#include "x509/profile.h"
#include "x509/profile_private.h"

#define PROFILE_MAX	(256 * 1024)

/* What callers see comes first. */
struct profile_loaded {
	struct profile		 profile;
	struct profile_file	 file;
	regex_t			*subject_re;	/* as many as attributes, */
	bool			*subject_has;	/* where there is a pattern */
	regex_t			*san_re;
	bool			*san_has;
};

static int
pattern_compile(regex_t *re, bool *has, const char *pattern, const char *what,
    struct error *e)
{
	char	*anchored, why[100];
	int	 rc;

	if (pattern == NULL)
		return 0;
	anchored = mem_printf("^(%s)$", pattern);
	rc = regcomp(re, anchored, REG_EXTENDED | REG_NOSUB);
	mem_free(&anchored);
	if (rc != 0) {
		regerror(rc, re, why, sizeof(why));
		return error_set(e, ERROR_CONFIG, "%s: pattern: %s", what, why);
	}
	*has = true;
	return 0;
}

static int
patterns_compile(struct profile_loaded *l, struct error *e)
{
	struct profile	*p = &l->profile;
	size_t		 i;

	l->subject_re = mem_array(p->nsubject, sizeof(*l->subject_re));
	l->subject_has = mem_array(p->nsubject, sizeof(*l->subject_has));
	l->san_re = mem_array(p->nsan, sizeof(*l->san_re));
	l->san_has = mem_array(p->nsan, sizeof(*l->san_has));
	for (i = 0; i < p->nsubject; i++)
		if (pattern_compile(&l->subject_re[i], &l->subject_has[i],
		    p->subject[i].pattern, p->subject[i].attr, e) == -1)
			return -1;
	for (i = 0; i < p->nsan; i++)
		if (pattern_compile(&l->san_re[i], &l->san_has[i],
		    p->san[i].pattern, p->san[i].type, e) == -1)
			return -1;
	return 0;
}

static int
profile_settle(struct profile_loaded *l, struct error *e)
{
	struct profile	*p = &l->profile;

	if (profile_fill(p, &l->file, e) == -1 ||
	    profile_check_rules(p, e) == -1)
		return -1;
	profile_list_fields(p);
	return patterns_compile(l, e);
}

/* The line on which a setting of this name begins; 0: on none. */
static size_t
find_setting(struct bytes text, const char *name, size_t len)
{
	const char	*p = (const char *)text.p, *end = p + text.len, *eol;
	size_t		 line;

	for (line = 1; p < end; p = eol + 1, line++) {
		if ((eol = memchr(p, '\n', (size_t)(end - p))) == NULL)
			eol = end;
		if ((size_t)(eol - p) > len && memcmp(p, name, len) == 0 &&
		    strchr(" =:\t", p[len]) != NULL)
			return line;
	}
	return 0;
}

/* What contradicts itself begins with the setting's name. */
static void
name_place(const char *path, struct error *e)
{
	struct buf	 text = { 0 };
	struct error	 ignored = ERROR_INIT;
	size_t		 line = 0, len = strcspn(e->text, ":,; ");

	if (len > 0 && file_load(&text, path, PROFILE_MAX, &ignored) == 0)
		line = find_setting(BYTES(text.p, text.len), e->text, len);
	buf_clear(&text);
	if (line > 0)
		error_wrap(e, "%s:%zu", path, line);
	else
		error_wrap(e, "%s", path);
}

int
profile_load(struct profile **out, const char *path, struct error *e)
{
	struct profile_loaded	*l = mem_alloc(sizeof(*l));
	const char		*slash = strrchr(path, '/');
	struct profile		*p = &l->profile;

	*out = NULL;
	p->name = mem_strdup(slash == NULL ? path : slash + 1);
	if (!text_is_name(p->name)) {
		error_set(e, ERROR_CONFIG, "%s: \"%s\" is not a profile's name",
		    path, p->name);
		goto fail;
	}
	if (conf_load(&l->file, PROFILE_ITEMS, path, e) == -1)
		goto fail;
	if (profile_settle(l, e) == -1) {
		name_place(path, e);
		goto fail;
	}
	*out = p;
	return 0;
 fail:
	profile_free(&p);
	return -1;
}

static void
patterns_free(regex_t *re, bool *has, size_t n)
{
	size_t	 i;

	for (i = 0; has != NULL && i < n; i++)
		if (has[i])
			regfree(&re[i]);
	mem_free(&re);
	mem_free(&has);
}

static void
list_free(struct conf_list *l)
{
	size_t	 i;

	for (i = 0; i < l->n; i++)
		mem_free(&l->v[i]);
	mem_free(&l->v);
}

/* The profile is the first member of what profile_load() made. */
static struct profile_loaded *
loaded(struct profile *p)
{
	return (struct profile_loaded *)p;
}

static const struct profile_loaded *
loaded_const(const struct profile *p)
{
	return (const struct profile_loaded *)p;
}

void
profile_free(struct profile **p)
{
	struct profile_loaded	*l;

	if (*p == NULL)
		return;
	l = loaded(*p);
	patterns_free(l->subject_re, l->subject_has, (*p)->nsubject);
	patterns_free(l->san_re, l->san_has, (*p)->nsan);
	list_free(&(*p)->ext_key_usage);
	list_free(&(*p)->fields);
	mem_free(&(*p)->name);
	conf_free(&l->file, PROFILE_ITEMS);
	mem_free(&l);
	*p = NULL;
}

bool
profile_subject_fits(const struct profile *p, size_t i, const char *value)
{
	const struct profile_loaded	*l = loaded_const(p);

	/* A table made in memory has no patterns, and nothing behind it. */
	return p->subject[i].pattern == NULL || !l->subject_has[i] ||
	    regexec(&l->subject_re[i], value, 0, NULL, 0) == 0;
}

bool
profile_san_fits(const struct profile *p, size_t i, const char *value)
{
	const struct profile_loaded	*l = loaded_const(p);

	return p->san[i].pattern == NULL || !l->san_has[i] ||
	    regexec(&l->san_re[i], value, 0, NULL, 0) == 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp((*(struct profile *const *)a)->name,
	    (*(struct profile *const *)b)->name);
}

static int
profiles_add(struct profiles *ps, const char *dir, const char *name,
    struct error *e)
{
	struct profile	*p = NULL;
	char		*path = file_join(dir, name);
	int		 rc;

	if ((rc = profile_load(&p, path, e)) == 0) {
		ps->v = mem_resize(ps->v, ps->n + 1, sizeof(*ps->v));
		ps->v[ps->n++] = p;
	}
	mem_free(&path);
	return rc;
}

int
profiles_load(struct profiles *ps, const char *dir, struct error *e)
{
	struct dirent	*entry;
	DIR		*d;
	int		 rc = -1;

	memset(ps, 0, sizeof(*ps));
	if ((d = opendir(dir)) == NULL)
		return error_sys(e, "%s", dir);
	while ((entry = readdir(d)) != NULL)
		if (text_is_name(entry->d_name) &&
		    profiles_add(ps, dir, entry->d_name, e) == -1)
			goto out;
	if (ps->n == 0) {
		error_set(e, ERROR_CONFIG, "%s: no profiles in it", dir);
		goto out;
	}
	qsort(ps->v, ps->n, sizeof(*ps->v), by_name);
	rc = 0;
 out:
	closedir(d);
	if (rc == -1)
		profiles_free(ps);
	return rc;
}

void
profiles_free(struct profiles *ps)
{
	size_t	 i;

	for (i = 0; i < ps->n; i++)
		profile_free(&ps->v[i]);
	mem_free(&ps->v);
	ps->n = 0;
}

int
profiles_find(const struct profiles *ps, const char *name,
    const struct profile **out, struct error *e)
{
	size_t		 i, d, best = SIZE_MAX;
	const char	*nearest = NULL;

	*out = NULL;
	for (i = 0; i < ps->n; i++)
		if (strcmp(ps->v[i]->name, name) == 0) {
			*out = ps->v[i];
			return 0;
		}
	for (i = 0; i < ps->n; i++)
		if ((d = text_distance(name, ps->v[i]->name)) < best) {
			best = d;
			nearest = ps->v[i]->name;
		}
	error_set(e, ERROR_NOTFOUND, "no profile \"%s\"", name);
	if (nearest != NULL)
		error_hint(e, "did you mean \"%s\"?", nearest);
	return -1;
}

int64_t
profiles_longest(const struct profiles *all, const char *ca)
{
	const struct profile	*p;
	int64_t			 longest = 0;
	size_t			 i, k;

	for (i = 0; i < all->n; i++) {
		p = all->v[i];
		for (k = 0; !p->is_ca && k < p->cas.n; k++)
			if (strcmp(p->cas.v[k], ca) == 0 &&
			    p->validity > longest)
				longest = p->validity;
	}
	return longest;
}
