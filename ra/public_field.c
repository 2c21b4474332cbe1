/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields of a profile in a form.
 */
#include <string.h>

#include "public.h"

static bool
is_required(const struct profile *profile, const char *field)
{
	for (size_t i = 0; i < profile->nsubject; i++)
		if (profile->subject[i].from != NULL &&
		    strcmp(profile->subject[i].from, field) == 0 &&
		    profile->subject[i].required)
			return true;
	for (size_t i = 0; i < profile->nsan; i++)
		if (profile->san[i].from != NULL &&
		    strcmp(profile->san[i].from, field) == 0 &&
		    profile->san[i].min > 0)
			return true;
	return false;
}

const char *
public_typed(struct page *p, const char *field)
{
	return page_field(p, arena_printf(p->arena, "field.%s", field));
}

const char *
public_told(struct page *p, const char *field)
{
	json_t	*one;
	size_t	 i;

	json_array_foreach(json_object_get(p->data, "errors"), i, one)
		if (strcmp(json_string_value(json_object_get(one, "field")),
		    field) == 0)
			return json_string_value(json_object_get(one,
			    "text"));
	return NULL;
}

json_t *
public_field(struct page *p, const struct profile *profile, const char *field)
{
	const char	*label = public_text(p, arena_printf(p->arena,
	    "field.%s", field));
	const char	*hint = public_text(p, arena_printf(p->arena,
	    "field.%s.hint", field));
	const char	*value = public_typed(p, field);
	const char	*wrong = public_told(p, arena_printf(p->arena, "field.%s",
	    field));
	json_t		*v = json_pack("{s:s, s:s, s:s, s:b}", "name", field,
	    "label", label != NULL ? label : field, "value", value != NULL ?
	    value : "", "required", is_required(profile, field));

	if (hint != NULL)
		json_object_set_new(v, "hint", json_string(hint));
	if (wrong != NULL)
		json_object_set_new(v, "error", json_string(wrong));
	return v;
}

const char *
public_office(struct page *p, const char *office)
{
	const char	*text = public_text(p, arena_printf(p->arena,
	    "office.%s", office));

	return text != NULL ? text : office;
}
