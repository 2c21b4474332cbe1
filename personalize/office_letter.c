/* SPDX-License-Identifier: Apache-2.0 */
#include "office_letter.h"

int
office_letter(struct seat *s, struct office_letter *l, struct error *e)
{
	(void)l;
	return s->layout->letter == NULL ? 0 : error_set(e, ERROR_CONFIG,
	    "layout %s wants a letter", s->layout->name);
}

void
office_letter_clear(struct office_letter *l)
{
	mem_free(&l->number);
	buf_clear(&l->sealed);
}
