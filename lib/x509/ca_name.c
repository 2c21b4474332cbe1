/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/ca_name.h"

#include <stdio.h>
#include <string.h>

/* "2" to "999", without leading zeros; else 1. */
static int
generation_number(const char *s)
{
	int	 n = 0;

	if (*s == '0')
		return 1;
	for (; *s >= '0' && *s <= '9' && n <= CA_GENERATIONS; s++)
		n = n * 10 + (*s - '0');
	return *s == '\0' && n >= 2 && n <= CA_GENERATIONS ? n : 1;
}

/* The length of the CA's name, and the generation. */
static size_t
family_length(const char *name, int *generation)
{
	const char	*dot = strrchr(name, '.');

	*generation = 1;
	if (dot != NULL && dot != name && dot[1] == 'g')
		*generation = generation_number(dot + 2);
	return *generation == 1 ? strlen(name) : (size_t)(dot - name);
}

int
ca_name_split(const char *name, char family[CA_NAME_SIZE])
{
	int	 generation;
	size_t	 len = family_length(name, &generation);

	snprintf(family, CA_NAME_SIZE, "%.*s", (int)len, name);
	return generation;
}

bool
ca_name_is_of(const char *name, const char *family)
{
	int	 generation;
	size_t	 len = family_length(name, &generation);

	return strlen(family) == len && memcmp(name, family, len) == 0;
}

int
ca_name_make(char name[CA_NAME_SIZE], const char *family, int generation)
{
	int	 n;

	n = generation == 1 ? snprintf(name, CA_NAME_SIZE, "%s", family) :
	    snprintf(name, CA_NAME_SIZE, "%s.g%d", family, generation);
	return n < CA_NAME_SIZE ? 0 : -1;
}
