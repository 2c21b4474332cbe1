/* SPDX-License-Identifier: Apache-2.0 */
#include "web/texts.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "os/file.h"

#define FILE_MAX	(1024 * 1024)
#define LANGS_MAX	16

struct texts {
	char	*lang[LANGS_MAX];
	json_t	*text[LANGS_MAX];
	size_t	 n;
};

static const char	 name_letters[] = "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";

/* The next {name} in a text: its length without the braces, or 0. */
static size_t
next_name(const char **s)
{
	size_t	 n;

	for (; (*s = strchr(*s, '{')) != NULL; (*s)++) {
		n = strspn(*s + 1, name_letters);
		if (n > 0 && (*s)[n + 1] == '}') {
			(*s)++;
			return n;
		}
	}
	return 0;
}

static bool
has_name(const char *text, const char *name, size_t len)
{
	size_t	 n;

	for (; (n = next_name(&text)) > 0; text += n)
		if (n == len && memcmp(text, name, len) == 0)
			return true;
	return false;
}

/* The first name in a that b does not have; 0: none. */
static size_t
missing_name(const char *a, const char *b, const char **name)
{
	size_t	 n;

	for (; (n = next_name(&a)) > 0; a += n)
		if (!has_name(b, a, n)) {
			*name = a;
			return n;
		}
	return 0;
}

static int
check_names(const char *file, const char *key, const char *a, const char *b,
    struct error *e)
{
	const char	*name = NULL;
	size_t		 n = missing_name(a, b, &name);

	if (n == 0 && (n = missing_name(b, a, &name)) == 0)
		return 0;
	return error_set(e, ERROR_CONFIG, "%s: \"%s\": {%.*s} is in one "
	    "language and not in the other", file, key, (int)n, name);
}

/* What things of the installation's own are called: a brand may say more of
 * these than we do. */
static bool
is_name_of(const char *key)
{
	static const char *const	 prefix[] = { "field.", "office.",
	    "profile." };
	size_t				 i;

	for (i = 0; i < sizeof(prefix) / sizeof(prefix[0]); i++)
		if (strncmp(key, prefix[i], strlen(prefix[i])) == 0)
			return true;
	return false;
}

/* Keys and {names} are those of the first language. */
static int
check_texts(const char *file, const json_t *first, json_t *other,
    struct error *e)
{
	const char	*key;
	json_t		*v;
	const json_t	*o;

	json_object_foreach(other, key, v) {
		if (!json_is_string(v))
			return error_set(e, ERROR_CONFIG, "%s: \"%s\" is not a "
			    "text", file, key);
		if (*key == '\0' || key[strspn(key, name_letters)] != '\0')
			return error_set(e, ERROR_CONFIG, "%s: \"%s\" is not a "
			    "key", file, key);
		if (first == NULL)
			continue;
		if ((o = json_object_get(first, key)) == NULL) {
			if (is_name_of(key))
				continue;
			return error_set(e, ERROR_CONFIG, "%s: \"%s\" is in no "
			    "other language", file, key);
		}
		if (check_names(file, key, json_string_value(o),
		    json_string_value(v), e) == -1)
			return -1;
	}
	return 0;
}

static int
check_whole(const char *file, json_t *first, const json_t *other,
    struct error *e)
{
	const char	*key;
	json_t		*v;

	json_object_foreach(first, key, v)
		if (json_object_get(other, key) == NULL)
			return error_set(e, ERROR_CONFIG, "%s: \"%s\" is "
			    "missing", file, key);
	return 0;
}

static int
read_file(json_t **out, const char *path, struct error *e)
{
	struct buf	 text = { 0 };
	json_error_t	 je;
	int		 rc = -1;

	*out = NULL;
	if (file_load(&text, path, FILE_MAX, e) == -1)
		goto out;
	*out = json_loadb((const char *)text.p, text.len,
	    JSON_REJECT_DUPLICATES, &je);
	if (*out == NULL)
		error_set(e, ERROR_CONFIG, "%s:%d: %s", path, je.line,
		    je.text);
	else if (!json_is_object(*out))
		error_set(e, ERROR_CONFIG, "%s is not an object", path);
	else
		rc = 0;
 out:
	if (rc == -1) {
		json_decref(*out);
		*out = NULL;
	}
	buf_clear(&text);
	return rc;
}

static int
load_brand(json_t *text, const char *dir, const char *lang, struct error *e)
{
	char	*path = mem_printf("%s/%s.json", dir, lang);
	json_t	*own = NULL;
	int	 rc = 0;

	if (file_exists(path)) {
		rc = read_file(&own, path, e);
		if (rc == 0)
			rc = check_texts(path, text, own, e);
		if (rc == 0)
			json_object_update(text, own);
	}
	json_decref(own);
	mem_free(&path);
	return rc;
}

static int
load_lang(struct texts *t, const char *dir, const char *lang,
    struct error *e)
{
	char	*path = mem_printf("%s/%s.json", dir, lang);
	json_t	*text = NULL, *first = t->n > 0 ? t->text[0] : NULL;
	int	 rc = -1;

	if (t->n == LANGS_MAX) {
		error_set(e, ERROR_CONFIG, "more than %d languages",
		    LANGS_MAX);
		goto out;
	}
	if (read_file(&text, path, e) == -1 ||
	    check_texts(path, first, text, e) == -1 ||
	    (first != NULL && check_whole(path, first, text, e) == -1))
		goto out;
	t->lang[t->n] = mem_strdup(lang);
	t->text[t->n++] = text;
	text = NULL;
	rc = 0;
 out:
	json_decref(text);
	mem_free(&path);
	return rc;
}

int
texts_load(struct texts **out, const char *dir, const char *brand,
    const char *const *langs, size_t n, struct error *e)
{
	struct texts	*t = mem_alloc(sizeof(*t));
	size_t		 i;

	*out = NULL;
	for (i = 0; i < n; i++)
		if (load_lang(t, dir, langs[i], e) == -1)
			goto fail;
	for (i = 0; brand != NULL && i < n; i++)
		if (load_brand(t->text[i], brand, langs[i], e) == -1)
			goto fail;
	*out = t;
	return 0;
 fail:
	texts_free(&t);
	return -1;
}

void
texts_free(struct texts **tp)
{
	struct texts	*t = *tp;

	if (t == NULL)
		return;
	while (t->n > 0) {
		mem_free(&t->lang[--t->n]);
		json_decref(t->text[t->n]);
	}
	mem_free(tp);
}

static size_t
texts_index(const struct texts *t, const char *lang, size_t len)
{
	size_t	 i;

	for (i = 0; i < t->n; i++)
		if (strlen(t->lang[i]) == len &&
		    strncasecmp(t->lang[i], lang, len) == 0)
			break;
	return i;
}

const json_t *
texts_of(const struct texts *t, const char *lang)
{
	size_t	 i = lang == NULL ? t->n : texts_index(t, lang, strlen(lang));

	if (t->n == 0)
		return NULL;
	return t->text[i < t->n ? i : 0];
}

const char *
texts_get(const struct texts *t, const char *lang, const char *key)
{
	return json_string_value(json_object_get(texts_of(t, lang), key));
}

size_t
texts_count(const struct texts *t)
{
	return t->n;
}

const char *
texts_lang(const struct texts *t, size_t i)
{
	return t->lang[i];
}

/* "q=0.8" in thousandths; 1000 where there is none, 0 for what is broken. */
static int
weight(const char *p, const char *end)
{
	const char	*q = memmem(p, (size_t)(end - p), "q=", 2);
	int		 w, unit = 100;

	if (q == NULL)
		return 1000;
	q += 2;
	if (q == end || *q < '0' || *q > '1')
		return 0;
	w = (*q++ - '0') * 1000;
	if (q < end && *q == '.')
		for (q++; q < end && *q >= '0' && *q <= '9' && unit > 0;
		    q++, unit /= 10)
			w += (*q - '0') * unit;
	return w > 1000 ? 1000 : w;
}

/* "sv-FI;q=0.9" is a wish for sv. */
static size_t
accepted(const struct texts *t, const char *p)
{
	size_t	 best = t->n, i, len, lang;
	int	 w, best_w = 0;

	for (; *p != '\0'; p += len + (p[len] == ',')) {
		p += strspn(p, " \t");
		len = strcspn(p, ",");
		for (lang = 0; lang < len && strchr("-; \t", p[lang]) == NULL;
		    lang++)
			;
		i = texts_index(t, p, lang);
		w = weight(p, p + len);
		if (i < t->n && w > best_w) {
			best = i;
			best_w = w;
		}
	}
	return best;
}

const char *
texts_choose(const struct texts *t, const char *asked, const char *cookie,
    const char *accept)
{
	size_t	 i = t->n;

	if (asked != NULL)
		i = texts_index(t, asked, strlen(asked));
	if (i == t->n && cookie != NULL)
		i = texts_index(t, cookie, strlen(cookie));
	if (i == t->n && accept != NULL)
		i = accepted(t, accept);
	return t->lang[i < t->n ? i : 0];
}

/* "order.holder" in nested objects. */
static const json_t *
value_of(const json_t *v, const char *name, size_t len)
{
	const char	*dot;
	size_t		 n;

	while (v != NULL && len > 0) {
		dot = memchr(name, '.', len);
		n = dot == NULL ? len : (size_t)(dot - name);
		v = json_object_getn(v, name, n);
		n += dot != NULL;
		name += n;
		len -= n;
	}
	return v;
}

int
texts_fill(struct buf *out, const char *text, const json_t *values,
    struct error *e)
{
	const char	*p = text;
	const json_t	*v;
	size_t		 n;

	for (; (n = next_name(&p)) > 0; text = p) {
		buf_add(out, text, (size_t)(p - 1 - text));
		v = value_of(values, p, n);
		if (json_is_string(v))
			buf_str(out, json_string_value(v));
		else if (json_is_integer(v))
			buf_printf(out, "%lld",
			    (long long)json_integer_value(v));
		else
			return error_set(e, ERROR_BUG, "no value for {%.*s} in "
			    "a text", (int)n, p);
		p += n + 1;
	}
	buf_str(out, text);
	return 0;
}
