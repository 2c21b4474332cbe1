/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/root/index.h"

#include "base/text.h"

#define WORDS	9

void
issued_write(struct buf *line, const struct issued *i)
{
	char	 until[TEXT_TIME_SIZE], when[TEXT_TIME_SIZE];

	buf_printf(line, "%04lld %s %lld %s %s %s %s %s %s",
	    (long long)i->number, i->serial, (long long)i->generation,
	    i->kind, i->name, text_time(until, i->not_after), i->status,
	    i->reason, i->when == 0 ? "-" : text_time(when, i->when));
}

/* Cut a copy of the line at its spaces. */
static int
issued_split(char *line, char *word[WORDS], struct error *e)
{
	char	*p = line;
	int	 n = 0;

	while (p != NULL && n < WORDS) {
		word[n++] = p;
		if ((p = strchr(p, ' ')) != NULL)
			*p++ = '\0';
	}
	if (n != WORDS || p != NULL)
		return error_set(e, ERROR_CONFIG, "not %d words", WORDS);
	return 0;
}

static int
issued_word(char *dst, size_t size, const char *word, struct error *e)
{
	if (word[0] == '\0' || strlen(word) >= size)
		return error_set(e, ERROR_CONFIG, "a word is empty or long");
	snprintf(dst, size, "%s", word);
	return 0;
}

static int
issued_fill(struct issued *i, char *w[WORDS], struct error *e)
{
	if (text_parse_number(&i->number, w[0], 1, INDEX_MAX, e) == -1 ||
	    issued_word(i->serial, sizeof(i->serial), w[1], e) == -1 ||
	    text_parse_number(&i->generation, w[2], 1, 9999, e) == -1 ||
	    issued_word(i->kind, sizeof(i->kind), w[3], e) == -1 ||
	    issued_word(i->name, sizeof(i->name), w[4], e) == -1 ||
	    text_parse_time(&i->not_after, w[5], e) == -1 ||
	    issued_word(i->status, sizeof(i->status), w[6], e) == -1 ||
	    issued_word(i->reason, sizeof(i->reason), w[7], e) == -1)
		return -1;
	i->when = 0;
	if (strcmp(w[8], "-") != 0 && text_parse_time(&i->when, w[8], e) == -1)
		return -1;
	return text_is_name(i->name) && text_is_name(i->serial) ? 0 :
	    error_set(e, ERROR_CONFIG, "a name is malformed");
}

int
issued_parse(struct issued *i, const char *line, struct error *e)
{
	char	*copy, *word[WORDS];
	int	 rc = -1;

	copy = mem_strdup(line);
	if (issued_split(copy, word, e) == 0)
		rc = issued_fill(i, word, e);
	mem_free(&copy);
	return rc;
}

char *
issued_path(const struct issued *i)
{
	return mem_printf("issued/%04lld-%s.pem", (long long)i->number,
	    i->name);
}

void
index_add(struct index *x, const struct issued *i)
{
	x->v = mem_resize(x->v, x->n + 1, sizeof(*x->v));
	x->v[x->n++] = *i;
}

int
index_parse(struct index *x, struct bytes text, struct error *e)
{
	struct issued	 i;
	const uint8_t	*nl;
	char		*line;
	int		 rc;

	memset(x, 0, sizeof(*x));
	while (text.len > 0) {
		if ((nl = memchr(text.p, '\n', text.len)) == NULL ||
		    x->n >= INDEX_MAX) {
			index_clear(x);
			return error_set(e, ERROR_CONFIG, "index: cut short");
		}
		line = mem_printf("%.*s", (int)(nl - text.p),
		    (const char *)text.p);
		rc = issued_parse(&i, line, e);
		mem_free(&line);
		if (rc == -1) {
			error_wrap(e, "index line %zu", x->n + 1);
			index_clear(x);
			return -1;
		}
		index_add(x, &i);
		text.len -= (size_t)(nl + 1 - text.p);
		text.p = nl + 1;
	}
	return 0;
}

void
index_write(struct buf *text, const struct index *x)
{
	size_t	 k;

	for (k = 0; k < x->n; k++) {
		issued_write(text, &x->v[k]);
		buf_byte(text, '\n');
	}
}

struct issued *
index_serial(const struct index *x, const char *serial)
{
	size_t	 k;

	for (k = 0; k < x->n; k++)
		if (strcmp(x->v[k].serial, serial) == 0)
			return &x->v[k];
	return NULL;
}

int
index_find(const struct index *x, const char *target, struct issued **out,
    struct error *e)
{
	size_t	 k, found = 0;

	if ((*out = index_serial(x, target)) != NULL)
		return 0;
	for (k = 0; k < x->n; k++)
		if (strcmp(x->v[k].name, target) == 0 &&
		    strcmp(x->v[k].status, "good") == 0) {
			*out = &x->v[k];
			found++;
		}
	if (found == 1)
		return 0;
	*out = NULL;
	if (found == 0)
		error_set(e, ERROR_NOTFOUND, "no certificate that is good has "
		    "the serial number or name \"%s\"", target);
	else
		error_set(e, ERROR_CONFLICT, "%zu certificates that are good "
		    "have the name \"%s\"", found, target);
	return error_hint(e, "see \"signet-root show\" and give the serial "
	    "number");
}

void
index_clear(struct index *x)
{
	mem_free(&x->v);
	x->n = 0;
}
