/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of mails: files LANG/KIND.txt, of the suite and of the brand; and
 * of the pages' texts what profiles and reasons are called.
 */
#include <string.h>

#include "base/text.h"
#include "mail/mail.h"
#include "notices_private.h"
#include "os/file.h"
#include "web/texts.h"

#define TEXT_MAX	8192

static const char *const kinds[] = { "confirm", "received", "approved",
    "rejected", "expired", "issued", "expiring", "revoked", "held",
    "released" };
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

struct words {
	char	*subject, *body;
};
struct notice_texts {
	size_t		  n;		/* languages */
	char		**lang;
	struct words	(*words)[KINDS];
	struct texts	 *pages;	/* what things are called */
};

void
notice_texts_free(struct notice_texts **tp)
{
	struct notice_texts	*t = *tp;

	if (t == NULL)
		return;
	for (size_t i = 0; i < t->n; i++) {
		mem_free(&t->lang[i]);
		for (size_t k = 0; k < KINDS; k++)
			mem_free(&t->words[i][k].subject);
	}
	texts_free(&t->pages);
	mem_free(&t->lang);
	mem_free(&t->words);
	mem_free(tp);
}

/* "Subject: ..." and an empty line, then the body. */
static int
split(struct words *w, char *text, const char *path, struct error *e)
{
	static const char	 head[] = "Subject: ";
	char			*end = strstr(text, "\n\n");

	if (strncmp(text, head, sizeof(head) - 1) != 0 || end == NULL ||
	    memchr(text, '\n', (size_t)(end - text)) != NULL) {
		mem_free(&text);
		return error_set(e, ERROR_CONFIG, "%s: does not begin with one "
		    "line \"Subject: ...\" and an empty line", path);
	}
	*end = '\0';
	memmove(text, text + sizeof(head) - 1, strlen(text + sizeof(head) -
	    1) + 1);
	w->subject = text;
	w->body = end + 2;
	return 0;
}

/* 1, 0 no such file, -1. */
static int
load_one(struct words *w, const char *dir, const char *lang, const char *kind,
    struct error *e)
{
	struct error	 why = ERROR_INIT;
	struct buf	 b = { 0 };
	char		*path = mem_printf("%s/mail/%s/%s.txt", dir, lang,
	    kind);
	int		 rc = -1;

	if (file_load(&b, path, TEXT_MAX, &why) == -1) {
		rc = why.code == ERROR_NOTFOUND ? 0 : -1;
		*e = why;
	} else if (b.len != strlen(buf_cstr(&b))) {
		error_set(e, ERROR_CONFIG, "%s: has a NUL", path);
	} else {
		mem_free(&w->subject);
		if (split(w, mem_strdup(buf_cstr(&b)), path, e) == 0)
			rc = 1;
	}
	buf_clear(&b);
	mem_free(&path);
	return rc;
}

/* Every name that a text may use. */
static json_t *
sample(void)
{
	static const char *const	 names[] = { "brand", "link", "profile",
	    "name", "serial", "until", "days", "reason", "number", "hours",
	    "url", "when" };
	json_t	*v = json_object();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		json_object_set_new(v, names[i], json_string("x"));
	return v;
}

static int
try_out(const struct notice_texts *t, const char *lang, const char *kind,
    struct error *e)
{
	struct mail	 m = { .from = "a@example.org", .to = "a@example.org",
	    .id = "x" };
	struct buf	 subject = { 0 }, body = { 0 }, out = { 0 };
	json_t		*v = sample();
	int		 rc = -1;

	if (notice_texts_fill(t, lang, kind, v, &subject, &body, &m.lang,
	    e) == 0) {
		m.subject = buf_cstr(&subject);
		m.body = buf_cstr(&body);
		rc = mail_write(&out, &m, e);
	}
	if (rc == -1) {
		e->code = ERROR_CONFIG;
		error_wrap(e, "mail/%s/%s.txt", lang, kind);
	}
	buf_clear(&out);
	buf_clear(&subject);
	buf_clear(&body);
	json_decref(v);
	return rc;
}

static int
load_language(struct notice_texts *t, size_t i, const char *dir,
    const char *brand, struct error *e)
{
	for (size_t k = 0; k < KINDS; k++) {
		struct words	*w = &t->words[i][k];

		if (load_one(w, dir, t->lang[i], kinds[k], e) != 1) {
			e->code = ERROR_CONFIG;
			return -1;
		}
		if (brand != NULL && load_one(w, brand, t->lang[i], kinds[k],
		    e) == -1)
			return -1;
		error_clear(e);
		if (try_out(t, t->lang[i], kinds[k], e) == -1)
			return -1;
	}
	return 0;
}

static int
load_pages(struct notice_texts *t, const char *dir, const char *brand,
    struct error *e)
{
	char	*texts = file_join(dir, "texts");
	char	*own = brand == NULL ? NULL : file_join(brand, "texts");
	int	 rc = texts_load(&t->pages, texts, own,
		    (const char *const *)t->lang, t->n, e);

	mem_free(&texts);
	mem_free(&own);
	return rc;
}

int
notice_texts_load(struct notice_texts **out, const char *dir,
    const char *brand, const struct conf_list *languages, struct error *e)
{
	struct notice_texts	*t = mem_alloc(sizeof(*t));

	*out = NULL;
	t->lang = mem_array(languages->n + 1, sizeof(*t->lang));
	t->words = mem_array(languages->n + 1, sizeof(*t->words));
	for (size_t i = 0; i < languages->n; i++) {
		t->lang[t->n++] = mem_strdup(languages->v[i]);
		if (load_language(t, i, dir, brand, e) == -1)
			goto fail;
	}
	if (load_pages(t, dir, brand, e) == -1)
		goto fail;
	*out = t;
	return 0;
 fail:
	notice_texts_free(&t);
	return -1;
}

const char *
notice_texts_word(const struct notice_texts *t, const char *lang,
    const char *key)
{
	return texts_get(t->pages, lang, key);
}

int
notice_texts_fill(const struct notice_texts *t, const char *lang,
    const char *kind, const json_t *values, struct buf *subject,
    struct buf *body, const char **used, struct error *e)
{
	size_t	 i, k;

	for (i = 0; i < t->n; i++)
		if (lang != NULL && strcmp(t->lang[i], lang) == 0)
			break;
	if (i == t->n)
		i = 0;
	for (k = 0; k < KINDS && strcmp(kinds[k], kind) != 0; k++)
		;
	if (k == KINDS || t->n == 0)
		return error_set(e, ERROR_BUG, "no words for %s", kind);
	*used = t->lang[i];
	if (texts_fill(subject, t->words[i][k].subject, values, e) == -1 ||
	    texts_fill(body, t->words[i][k].body, values, e) == -1)
		return -1;
	return 0;
}
