/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_ROW_H
#define SIGNET_DB_DB_ROW_H
/*
 * Between rows and structs, for the db_<aggregate> modules.
 */
#include "db/db.h"

#define DB_ORDER_ID	16
#define DB_DIGEST	32
#define DB_SERIAL	20

/* Certificate n of an order.  First member of what is handed in by array. */
struct db_ref {
	uint8_t	 order_id[DB_ORDER_ID];
	uint32_t n;
};
struct db_serial {
	uint8_t	 p[DB_SERIAL];
	size_t	 len;
};

/* SQL: seconds since 1970 of a timestamptz, and back from a parameter. */
#define DB_EPOCH(col)	"floor(extract(epoch FROM " col "))::bigint"
#define DB_TIME(n)	"to_timestamp($" #n "::bigint)"

/* Copies that live as long as the arena; NULL stays NULL. */
const char *db_row_text(struct arena *, const struct db_rows *, size_t row,
	    int col);
struct bytes db_row_bytes(struct arena *, const struct db_rows *, size_t row,
	    int col);
/* Bytes into a field of that size; what is shorter is padded with zeros. */
void	 db_row_fixed(uint8_t *dst, size_t size, const struct db_rows *,
	    size_t row, int col);
void	 db_row_serial(struct db_serial *, const struct db_rows *, size_t row,
	    int col);
void	 db_row_ref(struct db_ref *, const struct db_rows *, size_t row,
	    int col);		/* order_id and n, in this order */

/* Arrays of columns, in the arena; size: of one element of v. */
struct db_arg db_column_ids(struct arena *, const void *v, size_t n,
	    size_t size);	/* of the struct db_ref that stands first */
struct db_arg db_column_ns(struct arena *, const void *v, size_t n,
	    size_t size);

/*
 * Bounds of all byte strings that begin with the hex digits: from <= x < to;
 * to has len 0 if there is no upper one.  ERROR_INPUT if it is not hex.
 */
struct db_prefix {
	struct db_serial from, to;
};
int	 db_prefix_init(struct db_prefix *, const char *hex, struct error *);
#endif
