/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cards are searched for, by the number on the face or by their holder.
 */
#include <string.h>

#include "card/layout.h"
#include "officer_card.h"

#define TEXT_MAX	128

struct search {
	struct page		*p;
	struct officer_scope	 s;
	const char		*text, *state;
	struct db_card_filter	 filter;
};

static int
read_search(struct search *q, struct error *e)
{
	q->text = officer_query(q->p, "text");
	q->state = officer_query(q->p, "state");
	if (q->state == NULL)
		q->state = "all";
	if (q->text != NULL && strlen(q->text) > TEXT_MAX)
		return error_set(e, ERROR_INPUT, "text: longer than %d bytes",
		    TEXT_MAX);
	if (strcmp(q->state, "all") != 0)
		q->filter.state = q->state;
	return 0;
}

static int
add_row(struct search *q, json_t *rows, const struct db_card *c,
    struct error *e)
{
	int	may = officer_card_may(q->p, &q->s, c, e);

	if (may == 1)
		json_array_append_new(rows, officer_card_json(c));
	return may == -1 ? -1 : 0;
}

static int
add_rows(struct search *q, json_t *rows, struct error *e)
{
	static const uint8_t	 none[DB_CARD_ID];
	struct db_cards		 all;
	struct db_card		 one;
	int			 found;

	if (q->text != NULL && layout_number_is_right(q->text)) {
		found = db_card_numbered(q->p->db, q->text, &one, q->p->arena,
		    e);
		return found == 1 ? add_row(q, rows, &one, e) : found;
	}
	q->filter.holder = q->text;
	if (db_card_list(q->p->db, &q->filter, "", none, OFFICER_PAGE, &all,
	    q->p->arena, e) == -1)
		return -1;
	for (size_t i = 0; i < all.n; i++)
		if (add_row(q, rows, &all.v[i], e) == -1)
			return -1;
	return 0;
}

static void
put_states(struct search *q)
{
	static const char *const	 states[] = { "all", "issued", "packed",
		"delivered", "activated", "suspended", "lost", "replaced",
		"returned", "destroyed", "spoiled" };

	officer_put_filter(q->p, states, sizeof(states) / sizeof(states[0]),
	    q->state, q->text);
}

static int
search(struct page *p, struct error *e)
{
	struct search	 q = { .p = p };
	json_t		*rows;
	bool		 asked;
	int		 rc = -1;

	if (read_search(&q, e) == -1 || officer_scope(p, &q.s, e) == -1)
		return -1;
	rows = json_array();
	asked = q.text != NULL || q.filter.state != NULL;
	if (asked && q.s.n > 0 && add_rows(&q, rows, e) == -1)
		goto out;
	page_put_bool(p, "searched", asked);
	put_states(&q);
	officer_put_rows(p, "rows", json_incref(rows));
	rc = page_show(p, "cards.html", e);
 out:
	json_decref(rows);
	return rc;
}

const struct page_route PAGES_OFFICER_CARDS[] = {
	{ HTTP_GET, "/officer/cards", PAGE_OFFICER, search, 0 },
	{ 0, NULL, PAGE_ANYONE, NULL, 0 }
};
