/* SPDX-License-Identifier: Apache-2.0 */
#include "subject.h"

#include <string.h>

/* The end of an attribute's value: a comma or plus that is not escaped. */
static const char *
value_end(const char *s)
{
	for (; *s != '\0' && *s != ',' && *s != '+'; s++)
		if (*s == '\\' && s[1] != '\0')
			s++;
	return s;
}

const char *
subject_name(struct arena *a, const char *subject)
{
	const char	*s = subject, *end;
	char		*name, *dst;

	while (strncmp(s, "CN=", 3) != 0) {
		if (*(s = value_end(s)) == '\0')
			return subject;
		s++;
	}
	s += 3;
	end = value_end(s);
	name = dst = arena_strdup(a, s);
	for (; s < end; s++)
		if (*s != '\\' || ++s < end)
			*dst++ = *s;
	*dst = '\0';
	return name;
}
