/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_LETTER_H
#define SIGNET_DB_DB_LETTER_H
/*
 * PIN letters, and the runs in which they go to the mailing house.  A letter
 * is printed in one run at a time: a later one voids what earlier ones have of
 * it.  What is void stays so.
 */
#include "db/db.h"
#include "db/db_row.h"

extern const struct db_table DB_LETTER;		/* read */
extern const struct db_table DB_LETTER_RUN;	/* release, void */

struct db_letter {
	const char	*number;
	const char	*card, *holder;	/* the card's number; whose */
	const char	*card_state;
	uint8_t		 digest[DB_DIGEST];	/* of what is sealed */
	struct bytes	 sealed;	/* of db_letter_print() alone */
	int		 run;		/* in which it is printed; 0: in none */
	int64_t		 made_at, void_at;	/* void_at: or 0 */
	const char	*reason;	/* why void; or NULL */
};
struct db_letters {
	struct db_letter	*v;
	size_t			 n;
};
/* Of a batch, by number, after "after"; void ones, too. */
int	 db_letter_list(struct db *, int64_t batch, const char *after,
	    size_t limit, struct db_letters *, struct arena *,
	    struct error *);
/* 1, 0, -1; *batch: of which. */
int	 db_letter_find(struct db *, const char *number, int64_t *batch,
	    struct db_letter *, struct arena *, struct error *);
/* What of a run is to be printed: not what is void, or printed later.  By
 * number, after "after", with "sealed". */
int	 db_letter_print(struct db *, int64_t batch, int run,
	    const char *after, size_t limit, struct db_letters *,
	    struct arena *, struct error *);
/* ERROR_CONFLICT: it is void. */
int	 db_letter_void(struct db *, const char *number, const char *reason,
	    struct error *);

struct db_letter_run {
	int64_t		 batch;
	int		 run;
	struct bytes	 list;			/* what officers sign for */
	uint8_t		 order_id[DB_ORDER_ID];
	struct bytes	 manifest;		/* CMS of list; p NULL: not yet */
	const char	*released_by;		/* or NULL */
	int64_t		 made_at, released_at, void_at;	/* or 0 */
	int64_t		 letters, valid;	/* printed in it; still good */
};
struct db_letter_runs {
	struct db_letter_run	*v;
	size_t			 n;
};
/* By number, without list and manifest. */
int	 db_letter_runs(struct db *, int64_t batch, struct db_letter_runs *,
	    struct arena *, struct error *);
/* run 0: the one that is neither released nor void.  1, 0, -1. */
int	 db_letter_run_find(struct db *, int64_t batch, int run,
	    struct db_letter_run *, struct arena *, struct error *);
/* The number of the next. */
int	 db_letter_run_next(struct db *, int64_t batch, int *run,
	    struct error *);
/* batch, run, list, order_id.  ERROR_CONFLICT: another is open. */
int	 db_letter_run_add(struct db *, const struct db_letter_run *,
	    struct error *);
int	 db_letter_run_void(struct db *, int64_t batch, int run,
	    struct error *);
/* With manifest and released_by: these letters are printed in it, and in no
 * earlier one.  ERROR_CONFLICT: one is void, or the run is over. */
int	 db_letter_run_release(struct db *, const struct db_letter_run *,
	    const char *const *letter, size_t n, struct error *);
#endif
