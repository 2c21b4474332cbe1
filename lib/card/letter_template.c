/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <pango/pango.h>

#include "card/letter_private.h"
#include "os/file.h"

#define STR(field, dflt, text) \
	CONF_STR(struct letter_template, field, dflt, text)

static const struct conf_item items[] = {
	STR(font, "DejaVu Sans", "Family of the letter's font."),
	STR(digits, "DejaVu Sans Mono", "Family for PIN and code: one in which"
	    " 0 is not O and 1 is not l."),
	STR(colour, "#1f4e79", "Colour of the brand, #rrggbb."),
	STR(logo, NULL, "PNG beside this file, at the upper right."),
	CONF_STR_REQUIRED(struct letter_template, sender,
	    "One line above the address."),
	CONF_STR_REQUIRED(struct letter_template, subject, "Headline."),
	CONF_STR_REQUIRED(struct letter_template, greeting, "First line."),
	CONF_STR_REQUIRED(struct letter_template, body, "Above the PIN."),
	STR(pin, "PIN", "Over the PIN."),
	STR(code, "Revocation code", "Over the code."),
	STR(code_note, "", "What it is for, beside it."),
	CONF_LIST(struct letter_template, steps, "What to do, numbered."),
	STR(closing, "", "Last lines."),
	STR(footer, "", "At the foot of the page."),
	STR(card, "Card", "Label of the card's number."),
	STR(expires, "Valid until", "Label of its expiry."),
	STR(letter, "Letter", "Label of the letter's number."),
	CONF_END
};

static const char	*const words[] = { "name", "card", "expires",
			    "activate", "letter" };

static const char *
value_of(const struct letter *l, size_t i)
{
	const char	*v[] = { l->name, l->card, l->expires, l->activate,
			    l->number };

	return v[i] != NULL ? v[i] : "";
}

static void
add_value(struct buf *out, const char *value)
{
	char	*escaped = g_markup_escape_text(value, -1);

	buf_str(out, escaped);
	g_free(escaped);
}

/* The word behind "{" and its length with "}", or NULL. */
static const char *
find_word(const char *p, size_t *len, const struct letter *l)
{
	size_t	i, n;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		n = strlen(words[i]);
		if (strncmp(p + 1, words[i], n) == 0 && p[n + 1] == '}') {
			*len = n + 2;
			return value_of(l, i);
		}
	}
	return NULL;
}

int
letter_fill(struct buf *out, const char *text, const struct letter *l,
    struct error *e)
{
	const char	*value;
	size_t		 len;

	for (; *text != '\0'; text++) {
		if (*text != '{') {
			buf_byte(out, (uint8_t)*text);
			continue;
		}
		if ((value = find_word(text, &len, l)) == NULL)
			return error_set(e, ERROR_CONFIG, "\"%.20s\": not "
			    "{name}, {card}, {expires}, {activate} or {letter}",
			    text);
		add_value(out, value);
		text += len - 1;
	}
	return 0;
}

static int
check_text(const char *what, const char *text, struct error *e)
{
	static const struct letter	 sample = { .number = "1", .name = "N",
	    .card = "C", .expires = "2030-01-01", .activate = "x" };
	struct buf			 b = { 0 };
	GError				*g = NULL;
	int				 rc;

	rc = letter_fill(&b, text, &sample, e);
	if (rc == 0 && !pango_parse_markup(buf_cstr(&b), -1, 0, NULL, NULL,
	    NULL, &g)) {
		rc = error_set(e, ERROR_CONFIG, "%.200s", g->message);
		g_error_free(g);
	}
	buf_clear(&b);
	return rc == 0 ? 0 : error_wrap(e, "%s", what);
}

int
letter_colour(double rgb[3], const char *text, struct error *e)
{
	unsigned int	v[3];
	int		n = -1;

	if (sscanf(text, "#%2x%2x%2x%n", &v[0], &v[1], &v[2], &n) != 3 ||
	    n != 7 || text[n] != '\0')
		return error_set(e, ERROR_CONFIG, "colour: \"%.20s\" is not "
		    "#rrggbb", text);
	for (n = 0; n < 3; n++)
		rgb[n] = v[n] / 255.0;
	return 0;
}

static int
check(const struct letter_template *t, struct error *e)
{
	const struct { const char *what, *text; } all[] = {
		{ "sender", t->sender }, { "subject", t->subject },
		{ "greeting", t->greeting }, { "body", t->body },
		{ "pin", t->pin }, { "code", t->code },
		{ "code_note", t->code_note }, { "closing", t->closing },
		{ "footer", t->footer }, { "card", t->card },
		{ "expires", t->expires }, { "letter", t->letter },
	};
	double	rgb[3];
	size_t	i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (check_text(all[i].what, all[i].text, e) == -1)
			return -1;
	for (i = 0; i < t->steps.n; i++)
		if (check_text("steps", t->steps.v[i], e) == -1)
			return -1;
	return letter_colour(rgb, t->colour, e);
}

int
letter_template_load(struct letter_template *t, const char *path,
    struct error *e)
{
	memset(t, 0, sizeof(*t));
	if (conf_load(t, items, path, e) == -1)
		return -1;
	t->dir = file_directory(path);
	if (check(t, e) == 0)
		return 0;
	letter_template_clear(t);
	return error_wrap(e, "%s", path);
}

void
letter_template_clear(struct letter_template *t)
{
	conf_free(t, items);
	mem_free(&t->dir);
}
