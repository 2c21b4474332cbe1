/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/text.h"
#include "cli/wait.h"
#include "desk/review.h"

#define CHANNEL	"signet_issued"
#define LOOK_MS	1000

static bool
is_over(const struct db_order *o)
{
	return strcmp(o->state, "pending") != 0 &&
	    strcmp(o->state, "ready") != 0;
}

/* Sleep until somebody says something, or for a while. */
static int
doze(struct cli *c, int64_t ms, struct error *e)
{
	struct pollfd	p = { db_socket(c->desk.db), POLLIN, 0 };
	char		channel[64];
	int		got;

	if (ms > 0 && poll(&p, 1, (int)ms) == -1 && errno != EINTR)
		return error_sys(e, "wait for the store");
	while ((got = db_notified(c->desk.db, channel, e)) == 1)
		;
	return got;
}

static int
wait_order(struct cli *c, const uint8_t id[DB_ORDER_ID], int64_t seconds,
    struct db_order *row, struct error *e)
{
	int64_t	end = clock_monotonic_ms() + seconds * 1000, left;
	int	found;

	if (cli_open_db(c, e) == -1 || db_listen(c->desk.db, CHANNEL, e) == -1)
		return -1;
	for (;;) {
		found = db_order_find(c->desk.db, id, row, c->desk.arena, e);
		if (found == 0)
			error_set(e, ERROR_NOTFOUND, "the order is gone");
		if (found != 1)
			return -1;
		if (is_over(row))
			return 1;
		if ((left = end - clock_monotonic_ms()) <= 0)
			return 0;
		if (doze(c, left < LOOK_MS ? left : LOOK_MS, e) == -1)
			return -1;
	}
}

int
wait_done(struct cli *c, const uint8_t id[DB_ORDER_ID], int64_t seconds,
    struct error *e)
{
	struct db_order	row;
	char		hex[REVIEW_SHORT + 1], spent[32];
	int		over;

	review_short_id(hex, id);
	if ((over = wait_order(c, id, seconds, &row, e)) == -1)
		return error_wrap(e, "order %s", hex);
	if (over == 0) {
		error_set(e, ERROR_RETRY, "order %s is approved and stored, "
		    "but the CA has not carried it out within %s", hex,
		    text_duration(spent, seconds));
		return error_hint(e, "is signet-cad running?  The order "
		    "stays; look again with: signet order show %s", hex);
	}
	if (strcmp(row.state, "done") == 0)
		return 0;
	error_set(e, ERROR_DENIED, "order %s was %s: %.300s", hex, row.state,
	    row.reason != NULL ? row.reason : "no reason given");
	return error_hint(e, "more: signet explain order %s", hex);
}
