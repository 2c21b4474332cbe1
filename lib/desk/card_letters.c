/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <jansson.h>

#include "audit/chain.h"
#include "base/digest.h"
#include "base/text.h"
#include "db/db_audit.h"
#include "desk/card_letters.h"
#include "desk/card_letters_private.h"
#include "desk/submit.h"
#include "x509/cert.h"

#define PIECE	1000

void
card_letters_clear(struct card_letters *l)
{
	review_clear(&l->order);
	mem_free(&l->letter);
}

int
card_letters_entry(struct db *db, struct desk *dk, const char *what,
    const char *batch, int run, const char *letter, const char *reason,
    struct error *e)
{
	struct buf	body = { 0 };

	audit_begin(&body, "card-letters", clock_now(dk->clock));
	audit_str(&body, "batch", batch);
	audit_str(&body, "what", what);
	if (run != 0)
		audit_num(&body, "run", run);
	if (letter != NULL)
		audit_str(&body, "letter", letter);
	if (reason != NULL)
		audit_str(&body, "reason", reason);
	audit_str(&body, "by", dk->who);
	return db_audit_add(db, &body, e);
}

const char *
card_letters_what(struct desk *dk, const struct card_letters *l)
{
	return arena_printf(dk->arena, "letters %s %d", l->batch->name,
	    l->run.run);
}

/* ---- the list ---- */

int
card_letters_parse(struct card_letters *l, struct desk *dk, struct error *e)
{
	json_t	*doc = json_loadb((const char *)l->run.list.p,
		    l->run.list.len, 0, NULL), *letters;
	const char *by = json_string_value(json_object_get(doc, "made_by"));
	size_t	 i;

	letters = json_object_get(doc, "letters");
	l->made_by = arena_strdup(dk->arena, by != NULL ? by : "");
	l->n = json_array_size(letters);
	l->letter = mem_array(l->n + 1, sizeof(*l->letter));
	for (i = 0; i < l->n; i++) {
		const char	*number = json_string_value(json_object_get(
				    json_array_get(letters, i), "letter"));

		if (number == NULL)
			break;
		l->letter[i] = arena_strdup(dk->arena, number);
	}
	json_decref(doc);
	return i == l->n && l->n > 0 ? 0 : error_set(e, ERROR_DENIED, "the "
	    "list of run %d is none", l->run.run);
}

int
card_letters_check(const struct card_letters *l, const struct db_letter *one,
    struct error *e)
{
	char		 hex[2 * DB_DIGEST + 1];
	uint8_t		 digest[DB_DIGEST];
	char		*line;
	bool		 there;

	digest_sha256(digest, one->sealed.p, one->sealed.len);
	line = mem_printf("{\"card\":\"%s\",\"digest\":\"%s\",\"letter\":"
	    "\"%s\"}", one->card, text_hex(hex, digest, sizeof(digest)),
	    one->number);
	there = memmem(l->run.list.p, l->run.list.len, line, strlen(line)) !=
	    NULL;
	mem_free(&line);
	return there ? 0 : error_set(e, ERROR_DENIED, "letter %s is not the "
	    "one that officers released in run %d", one->number, l->run.run);
}

static void
append(json_t *list, const struct db_letter *one)
{
	char	hex[2 * DB_DIGEST + 1];

	json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "card",
	    one->card, "digest", text_hex(hex, one->digest, DB_DIGEST),
	    "letter", one->number));
}

/* All of the batch that no run has. */
static int
list_new(struct desk *dk, const struct db_card_batch *b, json_t *list,
    struct error *e)
{
	struct db_letters	 page;
	const char		*after = "";
	size_t			 i;

	do {
		if (db_letter_list(dk->db, b->id, after, PIECE, &page,
		    dk->arena, e) == -1)
			return -1;
		for (i = 0; i < page.n; i++) {
			after = page.v[i].number;
			if (page.v[i].void_at == 0 && page.v[i].run == 0)
				append(list, &page.v[i]);
		}
	} while (page.n == PIECE);
	if (json_array_size(list) > 0)
		return 0;
	error_set(e, ERROR_NOTFOUND, "batch %s has no letter that was in no "
	    "run", b->name);
	return error_hint(e, "which there are: signet card letters list "
	    "%.64s", b->name);
}

static int
list_again(struct desk *dk, const struct db_card_batch *b,
    const char *const *letter, size_t n, json_t *list, struct error *e)
{
	struct db_letter	one;
	int64_t			batch;
	int			found;
	size_t			i;

	for (i = 0; i < n; i++) {
		found = db_letter_find(dk->db, letter[i], &batch, &one,
		    dk->arena, e);
		if (found == -1)
			return -1;
		if (found == 0 || batch != b->id)
			return error_set(e, ERROR_NOTFOUND, "batch %s has no "
			    "letter \"%.40s\"", b->name, letter[i]);
		if (one.void_at != 0)
			return error_set(e, ERROR_CONFLICT, "letter %s is "
			    "void: %s", one.number, one.reason);
		append(list, &one);
	}
	return 0;
}

static int
make_list(struct desk *dk, struct card_letters *l, const char *const *letter,
    size_t n, const char *reason, struct error *e)
{
	char	 at[TEXT_TIME_SIZE], *text;
	json_t	*list = json_array(), *doc;
	int	 rc;

	rc = n == 0 ? list_new(dk, l->batch, list, e) :
	    list_again(dk, l->batch, letter, n, list, e);
	doc = json_pack("{s:s, s:i, s:s, s:s, s:s?, s:o}", "batch",
	    l->batch->name, "run", l->run.run, "made_at", text_time(at,
	    clock_now(dk->clock)), "made_by", l->made_by, "reason", reason,
	    "letters", list);
	if (rc == 0) {
		text = json_dumps(doc, JSON_COMPACT | JSON_SORT_KEYS);
		l->run.list.len = strlen(text);
		l->run.list.p = arena_dup(dk->arena, text, l->run.list.len);
		free(text);
	}
	json_decref(doc);
	return rc;
}

/* ---- drawing up ---- */

struct drawing {
	struct desk		*dk;
	struct card_letters	*l;
	const char		*reason;
};

static int
add_run(struct db *db, void *arg, struct error *e)
{
	struct drawing	*d = arg;

	return db_letter_run_add(db, &d->l->run, e) == -1 ? -1 :
	    card_letters_entry(db, d->dk, "drawn-up", d->l->batch->name,
	    d->l->run.run, NULL, d->reason, e);
}

static int
check_person(struct desk *dk, struct card_letters *l, struct error *e)
{
	char	person[65];

	if (cert_person(dk->signer.cert, person) == -1 || person[0] == '\0')
		return error_set(e, ERROR_DENIED, "your certificate names no "
		    "person");
	l->made_by = arena_strdup(dk->arena, person);
	return 0;
}

int
card_letters_draw_up(struct desk *dk, const struct db_card_batch *b,
    const char *const *letter, size_t n, const char *reason,
    struct card_letters *l, struct error *e)
{
	struct drawing	 d = { dk, l, reason };
	struct permit	 p = { .lifetime = CARD_LETTERS_LIFE,
			    .comment = reason, .also = add_run,
			    .also_arg = &d };

	*l = (struct card_letters){ .batch = b, .run = { .batch = b->id } };
	if (desk_need(dk, DESK_DB, e) == -1 ||
	    desk_need(dk, DESK_SIGNER, e) == -1 ||
	    check_person(dk, l, e) == -1 ||
	    db_letter_run_next(dk->db, b->id, &l->run.run, e) == -1 ||
	    make_list(dk, l, letter, n, reason, e) == -1 ||
	    card_letters_parse(l, dk, e) == -1)
		return -1;
	p.what = card_letters_what(dk, l);
	digest_sha256(p.digest, l->run.list.p, l->run.list.len);
	return permit_ask(dk, &p, l->run.order_id, e);
}

/* ---- one letter ---- */

struct voiding {
	struct desk	*dk;
	const char	*batch, *letter, *reason;
};

static int
void_letter(struct db *db, void *arg, struct error *e)
{
	const struct voiding	*v = arg;

	return db_letter_void(db, v->letter, v->reason, e) == -1 ? -1 :
	    card_letters_entry(db, v->dk, "void", v->batch, 0, v->letter,
	    v->reason, e);
}

int
card_letters_void(struct desk *dk, const char *batch, const char *letter,
    const char *reason, struct error *e)
{
	struct voiding	v = { dk, batch, letter, reason };

	return db_txn(dk->db, void_letter, &v, e);
}
