/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an order asks for, against its profile.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "x509/key.h"
#include "x509/profile.h"
#include "x509/profile_private.h"

static int
bad_field(struct error *e, const char *field, const char *why)
{
	return error_set(e, ERROR_INPUT, "field \"%s\": %s", field, why);
}

static int
check_known(const struct profile *p, const struct fields *f, struct error *e)
{
	const char	*name;
	size_t		 i;

	if (f->n > FIELDS_MAX)
		return error_set(e, ERROR_INPUT, "more than %d fields",
		    FIELDS_MAX);
	for (i = 0; i < f->n; i++) {
		name = f->v[i].name;
		if (!profile_takes(p, name))
			return bad_field(e, name,
			    "the profile does not take it");
		if (fields_get(f, name, 1) != NULL && !profile_san_takes(p, name))
			return bad_field(e, name, "is there more than once");
	}
	return 0;
}

/* S/MIME baseline 7.1.4.2.2: no value that says "none". */
static bool
is_placeholder(const char *s)
{
	for (; *s != '\0'; s++)
		if (!ispunct((unsigned char)*s) && *s != ' ')
			return false;
	return true;
}

/* The field that a row's value is about: the one that is missing, or the
 * first. */
static const char *
guilty_field(const char *from, const char *value, const struct fields *f,
    char name[FIELD_NAME_MAX + 1])
{
	char		 first[FIELD_NAME_MAX + 1] = "";
	const char	*p = value;

	if (from != NULL)
		return from;
	while (profile_next_field(&p, name) == 1) {
		if (fields_get(f, name, 0) == NULL)
			return name;
		if (*first == '\0')
			memcpy(first, name, sizeof(first));
	}
	memcpy(name, first, sizeof(first));
	return name;
}

static int
check_long(int64_t max, const char *field, const char *value, struct error *e)
{
	if (max > 0 && name_characters(value) > (size_t)max)
		return error_set(e, ERROR_INPUT, "field \"%s\": longer than"
		    " %lld characters", field, (long long)max);
	return 0;
}

/* A value made of several fields that does not fit into one. */
static int
check_expands(const char *from, const char *value, const struct fields *f,
    size_t k, const char *field, struct error *e)
{
	char	 room[FIELD_VALUE_MAX + 1];

	if (from != NULL || profile_expand(room, value, f, k) != -1)
		return 0;
	return bad_field(e, field, "is too long for what is made of it");
}

static int
check_subject(const struct profile *p, size_t i, const struct fields *f,
    struct error *e)
{
	const struct profile_attr	*a = &p->subject[i];
	char				 room[FIELD_VALUE_MAX + 1];
	char				 name[FIELD_NAME_MAX + 1];
	const char			*value, *field;

	field = guilty_field(a->from, a->value, f, name);
	if (*field == '\0')
		return 0;	/* a fixed value was checked with the profile */
	if (check_expands(a->from, a->value, f, 0, field, e) == -1)
		return -1;
	if ((value = profile_subject_value(p, i, f, room)) == NULL)
		return a->required ? bad_field(e, field, "is required") : 0;
	if (name_check_value(name_attr_find(a->attr), value, e) == -1)
		return error_wrap(e, "field \"%s\"", field);
	if (check_long(a->max, field, value, e) == -1)
		return -1;
	if (is_placeholder(value))
		return bad_field(e, field, "is not a value");
	if (!profile_subject_fits(p, i, value))
		return bad_field(e, field,
		    "does not have the form that the profile wants");
	return 0;
}

static int
check_san_value(const struct profile *p, size_t i, const struct fields *f,
    size_t k, const char *field, const char *value, struct error *e)
{
	const struct profile_san	*s = &p->san[i];
	char				 room[FIELD_VALUE_MAX + 1];
	size_t				 j;

	if (profile_check_kind(s, value, e) == -1)
		return error_wrap(e, "field \"%s\"", field);
	if (check_long(s->length, field, value, e) == -1)
		return -1;
	if (!profile_san_fits(p, i, value))
		return bad_field(e, field,
		    "does not have the form that the profile wants");
	for (j = 0; j < k; j++)
		if (strcasecmp(profile_san_value(p, i, f, j, room), value) == 0)
			return bad_field(e, field, "the same value twice");
	return 0;
}

static int
check_san(const struct profile *p, size_t i, const struct fields *f,
    struct error *e)
{
	const struct profile_san	*s = &p->san[i];
	char				 room[FIELD_VALUE_MAX + 1];
	char				 name[FIELD_NAME_MAX + 1];
	const char			*value, *field;
	size_t				 k;

	field = guilty_field(s->from, s->value, f, name);
	for (k = 0; (value = profile_san_value(p, i, f, k, room)) != NULL; k++)
		if (check_san_value(p, i, f, k, field, value, e) == -1)
			return -1;
	if (check_expands(s->from, s->value, f, k, field, e) == -1)
		return -1;
	if (k < (size_t)s->min)
		return bad_field(e, field, k == 0 ? "is required" :
		    "too few values");
	if (k > (size_t)s->max)
		return bad_field(e, field, "too many values");
	return 0;
}

int
profile_check_fields(const struct profile *p, const struct fields *f,
    struct error *e)
{
	char	 room[FIELD_VALUE_MAX + 1];
	size_t	 i, named = 0;

	if (check_known(p, f, e) == -1)
		return -1;
	for (i = 0; i < p->nsubject; i++) {
		if (check_subject(p, i, f, e) == -1)
			return -1;
		named += profile_subject_value(p, i, f, room) != NULL;
	}
	for (i = 0; i < p->nsan; i++) {
		if (check_san(p, i, f, e) == -1)
			return -1;
		named += profile_san_value(p, i, f, 0, room) != NULL;
	}
	if (named == 0)
		return error_set(e, ERROR_INPUT, "no field names the holder");
	return profile_check_smime_fields(p, f, e);
}

int
profile_check_field(const struct profile *p, const char *name,
    const struct fields *f, struct error *e)
{
	for (size_t i = 0; i < p->nsubject; i++)
		if (p->subject[i].from != NULL &&
		    strcmp(p->subject[i].from, name) == 0 &&
		    check_subject(p, i, f, e) == -1)
			return -1;
	for (size_t i = 0; i < p->nsan; i++)
		if (p->san[i].from != NULL &&
		    strcmp(p->san[i].from, name) == 0 &&
		    check_san(p, i, f, e) == -1)
			return -1;
	return 0;
}

/* alg as key_algorithm() names it: "rsa:3072", "ec:P-256", "ed25519". */
static bool
key_fits(const struct profile_key *k, int bits, const char *alg)
{
	size_t	 i, n = strcspn(alg, ":");

	if (strlen(k->type) != n || strncmp(k->type, alg, n) != 0)
		return false;
	if (strcmp(k->type, "ec") != 0)
		return alg[n] == '\0' || (bits >= k->min && bits <= k->max);
	for (i = 0; i < k->curves.n; i++)
		if (strcmp(k->curves.v[i], alg + n + 1) == 0)
			return true;
	return false;
}

int
profile_check_key(const struct profile *p, EVP_PKEY *key, struct error *e)
{
	char	 alg[16];
	size_t	 i;

	key_algorithm(key, alg);
	for (i = 0; i < p->nkeys; i++)
		if (key_fits(&p->keys[i], EVP_PKEY_get_bits(key), alg))
			return 0;
	return error_set(e, ERROR_DENIED,
	    "key: profile \"%s\" does not take %s", p->name,
	    strcmp(alg, "?") == 0 ? "this kind of key" : alg);
}
