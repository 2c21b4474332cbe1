/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "card/layout.h"
#include "os/file.h"

#define YEAR		(365 * INT64_C(86400))
#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define CHECK_MOD	36

static const struct conf_item slot_items[] = {
	CONF_STR_REQUIRED(struct layout_slot, slot,
	    "Place on the card: \"authentication\", \"signature\","
	    " \"key management\", \"card authentication\"."),
	CONF_STR_REQUIRED(struct layout_slot, profile,
	    "Profile of its certificate."),
	CONF_STR_REQUIRED(struct layout_slot, alg,
	    "Key made on the card: \"rsa:2048\", \"rsa:3072\", \"rsa:4096\","
	    " \"ec:P-256\", \"ec:P-384\"."),
	CONF_END
};

static const struct conf_item items[] = {
	CONF_STR_REQUIRED(struct layout, description,
	    "One line for people."),
	CONF_GROUPS(struct layout, slots, slot_items, struct layout_slot,
	    "The keys of the card, in the order in which they are made."),
	CONF_STR(struct layout, management, "derived",
	    "Management key: \"derived\" per card from the station's master"
	    " key, or \"random\" and kept for the escrow alone."),
	CONF_LIST(struct layout, management_algs,
	    "Its kinds, the first that the card can; empty: \"aes-256\","
	    " \"aes-192\", \"aes-128\", \"3des\"."),
	CONF_NUM(struct layout, pin_length, 6, 6, 8,
	    "Digits of the PIN."),
	CONF_NUM(struct layout, pin_tries, 0, 0, 15,
	    "How often it may be wrong; 0: as the card has it."),
	CONF_NUM(struct layout, puk_tries, 0, 0, 15,
	    "The same for the PUK."),
	CONF_STR(struct layout, letter, NULL,
	    "Template of the PIN letter; without one there is no letter, and"
	    " holders choose their PINs where they fetch their cards."),
	CONF_LIST(struct layout, face,
	    "Columns of an import that are printed on the card or the letter,"
	    " beside those that the profiles take: \"unit\", \"photo\","
	    " \"address\"."),
	CONF_DURATION(struct layout, validity, "1825d", 86400, 20 * YEAR,
	    "How long the card is valid, as its face says."),
	CONF_NUM(struct layout, per_holder, 1, 0, 100,
	    "Cards in use that a holder may have; 0: any number."),
	CONF_BOOL(struct layout, attestation, false,
	    "Refuse cards that do not attest where their keys were made."),
	CONF_STR(struct layout, number, "C",
	    "What card numbers begin with: capital letters and digits."),
	CONF_END
};

static bool
is_one_of(const char *word, const char *const *list, size_t n)
{
	size_t	i;

	for (i = 0; i < n; i++)
		if (strcmp(word, list[i]) == 0)
			return true;
	return false;
}

static int
check_word(const char *what, const char *word, const char *const *list,
    size_t n, struct error *e)
{
	const char	*near;

	if (is_one_of(word, list, n))
		return 0;
	error_set(e, ERROR_CONFIG, "%s: there is no \"%s\"", what, word);
	if ((near = text_nearest(word, list, n)) != NULL)
		error_hint(e, "did you mean \"%s\"?", near);
	return -1;
}

static int
check_slot(const struct layout *l, size_t i, struct error *e)
{
	static const char *const	slots[] = { "authentication",
		"signature", "key management", "card authentication" };
	static const char *const	algs[] = { "rsa:2048", "rsa:3072",
		"rsa:4096", "ec:P-256", "ec:P-384" };
	const struct layout_slot	*s = layout_slot(l, i);
	char				 what[48];

	snprintf(what, sizeof(what), "slots: group %zu", i + 1);
	if (check_word(what, s->slot, slots, COUNT(slots), e) == -1 ||
	    check_word(what, s->alg, algs, COUNT(algs), e) == -1)
		return -1;
	if (!text_is_name(s->profile))
		return error_set(e, ERROR_CONFIG, "%s: \"%s\" is no name of a "
		    "profile", what, s->profile);
	if (layout_find_slot(l, s->slot) != s)
		return error_set(e, ERROR_CONFIG, "%s: there is one \"%s\" "
		    "already", what, s->slot);
	return 0;
}

static int
check_management(const struct layout *l, struct error *e)
{
	static const char *const	kinds[] = { "derived", "random" };
	static const char *const	algs[] = { "aes-256", "aes-192",
		"aes-128", "3des" };
	size_t				i;

	if (check_word("management", l->management, kinds, COUNT(kinds),
	    e) == -1)
		return -1;
	for (i = 0; i < l->management_algs.n; i++)
		if (check_word("management_algs", l->management_algs.v[i],
		    algs, COUNT(algs), e) == -1)
			return -1;
	return 0;
}

static int
check_number(const struct layout *l, struct error *e)
{
	static const char	allowed[] =
	    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t			len = strlen(l->number);

	if (len > 8 || strspn(l->number, allowed) != len)
		return error_set(e, ERROR_CONFIG, "number: \"%s\" is not up to "
		    "8 capital letters and digits", l->number);
	return 0;
}

/* Names that the import itself has, or that cannot be a column. */
static int
check_face(const struct layout *l, struct error *e)
{
	static const char *const	taken[] = { "holder", "replaces",
		"number", "card" };
	size_t				i;

	for (i = 0; i < l->face.n; i++) {
		if (!text_is_name(l->face.v[i]))
			return error_set(e, ERROR_CONFIG, "face: \"%s\" is no "
			    "name of a column", l->face.v[i]);
		if (is_one_of(l->face.v[i], taken, COUNT(taken)))
			return error_set(e, ERROR_CONFIG, "face: the column "
			    "\"%s\" has another meaning", l->face.v[i]);
	}
	return 0;
}

static int
check(const struct layout *l, struct error *e)
{
	size_t	i;

	if (l->slots.n == 0)
		return error_set(e, ERROR_CONFIG, "slots: a card without a key "
		    "is none");
	if (l->slots.n > LAYOUT_SLOTS_MAX)
		return error_set(e, ERROR_CONFIG, "slots: more than %d",
		    LAYOUT_SLOTS_MAX);
	for (i = 0; i < l->slots.n; i++)
		if (check_slot(l, i, e) == -1)
			return -1;
	if (l->letter != NULL && !text_is_name(l->letter))
		return error_set(e, ERROR_CONFIG, "letter: \"%s\" is no name "
		    "of a template", l->letter);
	if (check_management(l, e) == -1 || check_number(l, e) == -1)
		return -1;
	return check_face(l, e);
}

int
layout_load(struct layout **out, const char *path, struct error *e)
{
	const char	*slash = strrchr(path, '/');
	struct layout	*l = mem_alloc(sizeof(*l));

	*out = NULL;
	if (conf_load(l, items, path, e) == -1) {
		mem_free(&l);
		return -1;
	}
	l->name = mem_strdup(slash != NULL ? slash + 1 : path);
	if (check(l, e) == -1) {
		layout_free(&l);
		return error_wrap(e, "%s", path);
	}
	*out = l;
	return 0;
}

void
layout_free(struct layout **l)
{
	if (*l == NULL)
		return;
	conf_free(*l, items);
	mem_free(&(*l)->name);
	mem_free(l);
}

int
layout_find(struct layout **out, const char *dir, const char *name,
    struct error *e)
{
	char	*path;
	int	 rc;

	*out = NULL;
	if (!text_is_name(name))
		return error_set(e, ERROR_INPUT, "\"%.64s\" is no name of a "
		    "layout", name);
	path = file_join(dir, name);
	if (file_exists(path))
		rc = layout_load(out, path, e);
	else {
		rc = error_set(e, ERROR_NOTFOUND, "no layout \"%s\"", name);
		error_hint(e, "layouts are files in %.100s", dir);
	}
	mem_free(&path);
	return rc;
}

const struct layout_slot *
layout_slot(const struct layout *l, size_t i)
{
	return (const struct layout_slot *)l->slots.v + i;
}

const struct layout_slot *
layout_find_slot(const struct layout *l, const char *slot)
{
	size_t	i;

	for (i = 0; i < l->slots.n; i++)
		if (strcmp(layout_slot(l, i)->slot, slot) == 0)
			return layout_slot(l, i);
	return NULL;
}

bool
layout_has_face(const struct layout *l, const char *column)
{
	return is_one_of(column, (const char *const *)l->face.v, l->face.n);
}

void
layout_describe(struct buf *out)
{
	conf_describe(out, items);
}

/* ---- numbers of cards ---- */

static int
value_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'Z' ? c - 'A' + 10 : -1;
}

/* ISO/IEC 7064, 7.2: P of the characters so far; -1: one has no value. */
static int
running_sum(const char *s, size_t n)
{
	int	p = CHECK_MOD, v;
	size_t	i;

	for (i = 0; i < n; i++) {
		if ((v = value_of(s[i])) == -1)
			return -1;
		v = (p + v) % CHECK_MOD;
		p = 2 * (v == 0 ? CHECK_MOD : v) % (CHECK_MOD + 1);
	}
	return p;
}

char *
layout_number(struct arena *a, const char *prefix, int64_t running)
{
	static const char	chars[] =
	    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char			*s = arena_printf(a, "%s%07lld?", prefix,
				    (long long)running);
	size_t			 n = strlen(s) - 1;

	s[n] = chars[(CHECK_MOD + 1 - running_sum(s, n)) % CHECK_MOD];
	return s;
}

bool
layout_number_is_right(const char *s)
{
	size_t	n = strlen(s);
	int	p;

	if (n < 2 || (p = running_sum(s, n - 1)) == -1 ||
	    value_of(s[n - 1]) == -1)
		return false;
	return (p + value_of(s[n - 1])) % CHECK_MOD == 1;
}
