/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What officers type: for whom an order is, and how they know who that is.
 */
#include <string.h>

#include "base/text.h"
#include "officer.h"

#define EVIDENCE_MAX	400
#define HOLDER_MAX	64
#define NAME_MAX_BYTES	200

static const char *const evidence[] = { "id_card", "passport", "personal",
    "register", "electronic", "other" };
#define NEVIDENCE	(sizeof(evidence) / sizeof(evidence[0]))

const char *
officer_query(struct page *p, const char *name)
{
	const char	*text = page_query(p, name);

	return text != NULL && text[0] != '\0' ? text : NULL;
}

int
officer_take_text(struct page *p, const char *name, size_t max,
    const char **text, struct error *e)
{
	if (page_need(p, name, text, e) == -1)
		return -1;
	if (!text_is_clean(*text, strlen(*text), max))
		return error_set(e, ERROR_INPUT, "%s: not one line of clean "
		    "text of at most %zu bytes", name, max);
	return 0;
}

void
officer_put_evidence(struct page *p)
{
	json_t	*list = json_array();
	size_t	 i;

	for (i = 0; i < NEVIDENCE; i++)
		json_array_append_new(list, json_pack("{s:s}", "value",
		    evidence[i]));
	page_put(p, "evidence", list);
}

int
officer_take_evidence(struct page *p, const char **comment, struct error *e)
{
	const char	*kind, *text;
	size_t		 i;

	if (page_need(p, "evidence", &kind, e) == -1 ||
	    officer_take_text(p, "evidence_text", EVIDENCE_MAX, &text,
	    e) == -1)
		return -1;
	for (i = 0; i < NEVIDENCE; i++)
		if (strcmp(kind, evidence[i]) == 0) {
			*comment = arena_printf(p->arena, "%s: %s", kind,
			    text);
			return 0;
		}
	return error_set(e, ERROR_INPUT, "evidence: none of the kinds that "
	    "there are");
}

int
officer_take_holder(struct page *p, struct db_holder *h, struct error *e)
{
	memset(h, 0, sizeof(*h));
	if (officer_take_text(p, "holder", HOLDER_MAX, &h->id, e) == -1)
		return -1;
	return officer_take_text(p, "holder_name", NAME_MAX_BYTES, &h->name,
	    e);
}
