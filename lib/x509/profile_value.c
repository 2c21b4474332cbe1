/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the fields of an order to the values of a certificate.
 */
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "x509/profile.h"
#include "x509/profile_private.h"

int
profile_next_field(const char **p, char name[FIELD_NAME_MAX + 1])
{
	const char	*open = strpbrk(*p, "{}");
	size_t		 n;

	if (open == NULL)
		return 0;
	n = strcspn(open + 1, "{}");
	if (*open != '{' || open[n + 1] != '}' || n > FIELD_NAME_MAX)
		return -1;
	snprintf(name, FIELD_NAME_MAX + 1, "%.*s", (int)n, open + 1);
	*p = open + n + 2;
	return text_is_name(name) ? 1 : -1;
}

/* Is there a "{field}" in it? */
static bool
value_names(const char *value, const char *field)
{
	char	 name[FIELD_NAME_MAX + 1];

	while (profile_next_field(&value, name) == 1)
		if (strcmp(name, field) == 0)
			return true;
	return false;
}

static bool
row_takes(const char *from, const char *value, const char *field)
{
	return from != NULL ? strcmp(from, field) == 0 :
	    value_names(value, field);
}

bool
profile_san_takes(const struct profile *p, const char *field)
{
	size_t	 i;

	for (i = 0; i < p->nsan; i++)
		if (row_takes(p->san[i].from, p->san[i].value, field))
			return true;
	return false;
}

bool
profile_takes(const struct profile *p, const char *field)
{
	size_t	 i;

	for (i = 0; i < p->nsubject; i++)
		if (row_takes(p->subject[i].from, p->subject[i].value, field))
			return true;
	return profile_san_takes(p, field);
}

static void
note_field(struct conf_list *l, const char *name)
{
	size_t	 i;

	for (i = 0; i < l->n; i++)
		if (strcmp(l->v[i], name) == 0)
			return;
	l->v = mem_resize(l->v, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = mem_strdup(name);
}

static void
note_fields(struct conf_list *l, const char *from, const char *value)
{
	char	 name[FIELD_NAME_MAX + 1];

	if (from != NULL)
		note_field(l, from);
	else
		while (profile_next_field(&value, name) == 1)
			note_field(l, name);
}

void
profile_list_fields(struct profile *p)
{
	size_t	 i;

	for (i = 0; i < p->nsubject; i++)
		note_fields(&p->fields, p->subject[i].from,
		    p->subject[i].value);
	for (i = 0; i < p->nsan; i++)
		note_fields(&p->fields, p->san[i].from, p->san[i].value);
}

static bool
is_officers(const char *by)
{
	return by != NULL && strcmp(by, "officer") == 0;
}

bool
profile_offers(const struct profile *p, const char *field)
{
	size_t	 i;

	for (i = 0; i < p->nsubject; i++)
		if (is_officers(p->subject[i].by) &&
		    row_takes(p->subject[i].from, p->subject[i].value, field))
			return false;
	for (i = 0; i < p->nsan; i++)
		if (is_officers(p->san[i].by) &&
		    row_takes(p->san[i].from, p->san[i].value, field))
			return false;
	return profile_takes(p, field);
}

static bool
append(char dst[FIELD_VALUE_MAX + 1], size_t *used, const char *text, size_t n)
{
	if (n > FIELD_VALUE_MAX - *used)
		return false;
	memcpy(dst + *used, text, n);
	*used += n;
	dst[*used] = '\0';
	return true;
}

int
profile_expand(char dst[FIELD_VALUE_MAX + 1], const char *value,
    const struct fields *f, size_t k)
{
	char		 name[FIELD_NAME_MAX + 1];
	const char	*p = value, *text, *said;
	size_t		 used = 0, named = 0;

	for (text = p; profile_next_field(&p, name) == 1; text = p, named++) {
		if ((said = fields_get(f, name, k)) == NULL)
			return 0;
		if (!append(dst, &used, text, strcspn(text, "{")) ||
		    !append(dst, &used, said, strlen(said)))
			return -1;
	}
	if (named == 0 && k > 0)
		return 0;
	return append(dst, &used, text, strlen(text)) ? 1 : -1;
}

static const char *
row_value(const char *from, const char *value, const struct fields *f,
    size_t k, char dst[FIELD_VALUE_MAX + 1])
{
	if (from != NULL)
		return fields_get(f, from, k);
	return profile_expand(dst, value, f, k) == 1 ? dst : NULL;
}

const char *
profile_subject_value(const struct profile *p, size_t i,
    const struct fields *f, char dst[FIELD_VALUE_MAX + 1])
{
	return row_value(p->subject[i].from, p->subject[i].value, f, 0, dst);
}

const char *
profile_san_value(const struct profile *p, size_t i, const struct fields *f,
    size_t k, char dst[FIELD_VALUE_MAX + 1])
{
	return row_value(p->san[i].from, p->san[i].value, f, k, dst);
}
