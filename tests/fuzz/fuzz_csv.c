/* SPDX-License-Identifier: Apache-2.0 */
/* What is read, written again in quotes and read again is the same. */
#include <stdlib.h>
#include <string.h>

#include "desk/csv.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
write_row(struct buf *out, const struct csv *c)
{
	const char	*p;
	size_t		 i;

	for (i = 0; i < c->ncells; i++) {
		buf_str(out, i > 0 ? ",\"" : "\"");
		for (p = csv_cell(c, i); *p != '\0'; p++) {
			if (*p == '"')
				buf_byte(out, '"');
			buf_byte(out, (uint8_t)*p);
		}
		buf_byte(out, '"');
	}
	buf_str(out, "\r\n");
}

static void
check_row(const struct csv *c, const struct csv *again)
{
	size_t	i;

	if (again->ncells != c->ncells)
		abort();
	for (i = 0; i < c->ncells; i++) {
		if (strlen(csv_cell(c, i)) > CSV_CELL_MAX ||
		    c->column[i] == 0 ||
		    strcmp(csv_cell(c, i), csv_cell(again, i)) != 0)
			abort();
	}
}

static void
check_again(const struct csv *c)
{
	struct error	e = ERROR_INIT;
	struct buf	text = { 0 };
	struct csv	again;

	write_row(&text, c);
	csv_open(&again, BYTES(text.p, text.len));
	if (csv_next(&again, &e) != 1)
		abort();
	check_row(c, &again);
	if (csv_next(&again, &e) != 0)
		abort();
	csv_close(&again);
	buf_clear(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct error	e = ERROR_INIT;
	struct csv	c;
	size_t		line = 0;
	int		got;

	csv_open(&c, BYTES(p, n));
	if (csv_read_head(&c, &e) == -1 && e.code != ERROR_INPUT)
		abort();
	while ((got = csv_next(&c, &e)) != 0) {
		if (got == -1 && (e.code != ERROR_INPUT || e.text[0] == '\0'))
			abort();
		if (c.line <= line && line != 0)
			abort();
		line = c.line;
		if (got == 1)
			check_again(&c);
	}
	csv_close(&c);
	return 0;
}
