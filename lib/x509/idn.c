/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <idn2.h>
#include "x509/idn.h"

static bool
is_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s >= 0x80)
			return false;
	return true;
}

/* Characters that no host name has, which the tables would drop or keep. */
static bool
has_other_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x80 && *s != '.' && *s != '-' &&
		    !(*s >= '0' && *s <= '9') && !(*s >= 'a' && *s <= 'z') &&
		    !(*s >= 'A' && *s <= 'Z'))
			return true;
	return false;
}

int
idn_to_ascii(char dst[IDN_SIZE], const char *domain, struct error *e)
{
	char	*ascii = NULL;
	int	 rc;

	if (has_other_ascii(domain))
		return error_set(e, ERROR_INPUT, "\"%s\" is not a domain: it"
		    " has other characters than letters, digits and hyphens",
		    domain);
	rc = idn2_to_ascii_8z(domain, &ascii, IDN2_NFC_INPUT |
	    IDN2_NONTRANSITIONAL | IDN2_USE_STD3_ASCII_RULES);
	if (rc != IDN2_OK)
		return error_set(e, ERROR_INPUT, "\"%s\" is not a domain: %s",
		    domain, idn2_strerror(rc));
	snprintf(dst, IDN_SIZE, "%s", ascii);
	idn2_free(ascii);
	return 0;
}

/* What is before the domain in a value of this kind; -1: there is none. */
static int
domain_at(const char *type, const char *value)
{
	const char	*at = strrchr(value, '@');

	if (strcmp(type, "dns") == 0)
		return 0;
	return strcmp(type, "email") == 0 && at != NULL ?
	    (int)(at + 1 - value) : -1;
}

static int
convert(struct field *f, int before, struct error *e)
{
	char	 ascii[IDN_SIZE], *value;

	if (idn_to_ascii(ascii, f->value + before, e) == -1)
		return error_wrap(e, "field \"%s\"", f->name);
	value = mem_printf("%.*s%s", before, f->value, ascii);
	mem_free(&f->value);
	f->value = value;
	return 0;
}

int
idn_fields(const struct profile *p, struct fields *f, struct error *e)
{
	size_t	 i, k;
	int	 before;

	for (i = 0; i < p->nsan; i++) {
		for (k = 0; p->san[i].from != NULL && k < f->n; k++) {
			if (strcmp(f->v[k].name, p->san[i].from) != 0)
				continue;
			before = domain_at(p->san[i].type, f->v[k].value);
			if (before == -1 || is_ascii(f->v[k].value + before))
				continue;
			if (convert(&f->v[k], before, e) == -1)
				return -1;
		}
	}
	return 0;
}
