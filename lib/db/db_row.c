/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"
#include "db/db_row.h"

const char *
db_row_text(struct arena *a, const struct db_rows *rows, size_t row, int col)
{
	const char	*s = db_get_text(rows, row, col);

	return s != NULL ? arena_strdup(a, s) : NULL;
}

struct bytes
db_row_bytes(struct arena *a, const struct db_rows *rows, size_t row, int col)
{
	struct bytes	 b = db_get_bytes(rows, row, col);

	if (b.p != NULL)
		b.p = arena_dup(a, b.p, b.len);
	return b;
}

void
db_row_fixed(uint8_t *dst, size_t size, const struct db_rows *rows, size_t row,
    int col)
{
	struct bytes	 b = db_get_bytes(rows, row, col);

	memset(dst, 0, size);
	if (b.p != NULL)
		memcpy(dst, b.p, b.len < size ? b.len : size);
}

void
db_row_serial(struct db_serial *s, const struct db_rows *rows, size_t row,
    int col)
{
	struct bytes	 b = db_get_bytes(rows, row, col);

	db_row_fixed(s->p, sizeof(s->p), rows, row, col);
	s->len = b.len < sizeof(s->p) ? b.len : sizeof(s->p);
}

void
db_row_ref(struct db_ref *ref, const struct db_rows *rows, size_t row, int col)
{
	db_row_fixed(ref->order_id, sizeof(ref->order_id), rows, row, col);
	ref->n = (uint32_t)db_get_int(rows, row, col + 1);
}

static const struct db_ref *
ref_at(const void *v, size_t i, size_t size)
{
	return (const void *)((const char *)v + i * size);
}

struct db_arg
db_column_ids(struct arena *a, const void *v, size_t n, size_t size)
{
	struct bytes	*ids = arena_alloc(a, (n + 1) * sizeof(*ids));

	for (size_t i = 0; i < n; i++)
		ids[i] = BYTES(ref_at(v, i, size)->order_id, DB_ORDER_ID);
	return db_blobs(ids, n);
}

struct db_arg
db_column_ns(struct arena *a, const void *v, size_t n, size_t size)
{
	int64_t	*ns = arena_alloc(a, (n + 1) * sizeof(*ns));

	for (size_t i = 0; i < n; i++)
		ns[i] = ref_at(v, i, size)->n;
	return db_ints(ns, n);
}

/* Add one at the last place; carry; nothing is left of ff ff. */
static void
serial_next(struct db_serial *s)
{
	while (s->len > 0 && ++s->p[s->len - 1] == 0)
		s->len--;
}

/* An odd digit at the end stands for the sixteen bytes that begin with it. */
int
db_prefix_init(struct db_prefix *p, const char *hex, struct error *e)
{
	size_t	 n = strlen(hex);
	char	 even[2 * DB_SERIAL + 2];
	bool	 odd = n % 2 == 1;

	memset(p, 0, sizeof(*p));
	if (n == 0 || n > 2 * DB_SERIAL)
		return error_set(e, ERROR_INPUT,
		    "\"%.50s\": not 1 to %d hex digits", hex, 2 * DB_SERIAL);
	snprintf(even, sizeof(even), "%s%s", hex, odd ? "0" : "");
	if (text_unhex(p->from.p, sizeof(p->from.p), &p->from.len, even, e) ==
	    -1)
		return error_wrap(e, "\"%.50s\"", hex);
	p->to = p->from;
	if (odd)
		p->to.p[p->to.len - 1] |= 0x0f;
	serial_next(&p->to);
	return 0;
}
