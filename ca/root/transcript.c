/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/root/transcript.h"

#include "base/base64.h"
#include "base/text.h"

static int
entry_value(const struct transcript_entry *t, const char *key,
    struct buf *value, struct error *e)
{
	return audit_find(BYTES(t->body.p, t->body.len), key, value, e);
}

/* The three keys that every entry has. */
static int
entry_read(struct transcript_entry *t, struct error *e)
{
	struct buf	 value = { 0 };
	int		 rc = -1;

	if (entry_value(t, "act", &value, e) == -1)
		goto out;
	snprintf(t->act, sizeof(t->act), "%s", buf_cstr(&value));
	value.len = 0;
	if (entry_value(t, "at", &value, e) == -1 ||
	    text_parse_time(&t->at, buf_cstr(&value), e) == -1)
		goto out;
	value.len = 0;
	if (entry_value(t, "ceremony", &value, e) == -1 ||
	    text_parse_number(&t->ceremony, buf_cstr(&value), 1, INT64_MAX,
	    e) == -1)
		goto out;
	rc = 0;
 out:
	buf_clear(&value);
	return rc;
}

int
transcript_add(struct transcript *t, struct bytes body, struct error *e)
{
	struct transcript_entry	 entry = { 0 };

	if (body.len > AUDIT_BODY_MAX)
		return error_set(e, ERROR_INPUT, "a transcript entry of %zu "
		    "bytes is too long", body.len);
	if (t->n > 0)
		entry.head = t->v[t->n - 1].head;
	audit_advance(&entry.head, body);
	buf_add(&entry.body, body.p, body.len);
	if (entry_read(&entry, e) == -1) {
		buf_clear(&entry.body);
		return -1;
	}
	t->v = mem_resize(t->v, t->n + 1, sizeof(*t->v));
	t->v[t->n++] = entry;
	return 0;
}

/* One line without its newline. */
static int
line_parse(struct transcript *t, char *line, struct error *e)
{
	struct buf	 body = { 0 };
	char		*hash, *text, want[2 * AUDIT_HASH + 1];
	int64_t		 seq;
	int		 rc = -1;

	if ((hash = strchr(line, ' ')) == NULL ||
	    (text = strchr(hash + 1, ' ')) == NULL)
		return error_set(e, ERROR_DENIED, "not three words");
	*hash++ = *text++ = '\0';
	if (text_parse_number(&seq, line, 1, INT64_MAX, e) == -1 ||
	    base64_parse(&body, text, strlen(text), e) == -1 ||
	    transcript_add(t, BYTES(body.p, body.len), e) == -1)
		goto out;
	text_hex(want, t->v[t->n - 1].head.hash, AUDIT_HASH);
	if (seq != t->v[t->n - 1].head.seq || strcmp(want, hash) != 0)
		error_set(e, ERROR_DENIED, "the hash does not continue the "
		    "chain: this entry or one before it was changed");
	else
		rc = 0;
 out:
	buf_clear(&body);
	return rc;
}

int
transcript_parse(struct transcript *t, struct bytes text, struct error *e)
{
	const uint8_t	*nl;
	char		*line;
	size_t		 number = 0;
	int		 rc;

	memset(t, 0, sizeof(*t));
	while (text.len > 0) {
		number++;
		if ((nl = memchr(text.p, '\n', text.len)) == NULL) {
			rc = error_set(e, ERROR_DENIED, "cut short");
		} else {
			line = mem_printf("%.*s", (int)(nl - text.p),
			    (const char *)text.p);
			rc = line_parse(t, line, e);
			mem_free(&line);
		}
		if (rc == -1) {
			error_wrap(e, "transcript line %zu", number);
			e->code = ERROR_DENIED;
			transcript_clear(t);
			return error_hint(e, "restore the directory from the "
			    "last copy, and find out who changed it");
		}
		text.len -= (size_t)(nl + 1 - text.p);
		text.p = nl + 1;
	}
	return 0;
}

void
transcript_write(struct buf *text, const struct transcript *t)
{
	const struct transcript_entry	*entry;
	char				 hex[2 * AUDIT_HASH + 1], *body;
	size_t				 k;

	for (k = 0; k < t->n; k++) {
		entry = &t->v[k];
		body = text_base64(entry->body.p, entry->body.len);
		buf_printf(text, "%lld %s ", (long long)entry->head.seq,
		    text_hex(hex, entry->head.hash, AUDIT_HASH));
		buf_str(text, body);
		buf_byte(text, '\n');
		mem_free(&body);
	}
}

const struct transcript_entry *
transcript_last(const struct transcript *t)
{
	return t->n > 0 ? &t->v[t->n - 1] : NULL;
}

const struct transcript_entry *
transcript_open_ceremony(const struct transcript *t)
{
	const struct transcript_entry	*last = transcript_last(t);

	return last != NULL && strcmp(last->act, "begin") == 0 ? last : NULL;
}

char *
transcript_value(const struct transcript_entry *entry, const char *key)
{
	struct error	 e = ERROR_INIT;
	struct buf	 value = { 0 };
	char		*text = NULL;

	if (entry_value(entry, key, &value, &e) == 1)
		text = mem_strdup(buf_cstr(&value));
	buf_clear(&value);
	return text;
}

char *
transcript_nth(const struct transcript_entry *entry, const char *key, int k)
{
	char	 name[64];

	snprintf(name, sizeof(name), "%s.%d", key, k);
	return transcript_value(entry, name);
}

const struct transcript_entry *
transcript_made(const struct transcript *t, int64_t generation)
{
	struct error	 e = ERROR_INIT;
	char		*value;
	int64_t		 n;
	size_t		 k;
	bool		 found = false;

	for (k = 0; k < t->n && !found; k++) {
		value = transcript_value(&t->v[k], "key-generation");
		found = value != NULL &&
		    text_parse_number(&n, value, 1, 9999, &e) == 0 &&
		    n == generation;
		mem_free(&value);
	}
	return found ? &t->v[k - 1] : NULL;
}

int64_t
transcript_highest(const struct transcript *t, const char *key)
{
	struct error	 e = ERROR_INIT;
	int64_t		 n, highest = 0;
	char		*value;
	size_t		 k;

	for (k = 0; k < t->n; k++) {
		if (strcmp(t->v[k].act, "end") != 0 ||
		    (value = transcript_value(&t->v[k], key)) == NULL)
			continue;
		if (text_parse_number(&n, value, 0, INT64_MAX, &e) == 0 &&
		    n > highest)
			highest = n;
		mem_free(&value);
	}
	return highest;
}

void
transcript_clear(struct transcript *t)
{
	size_t	 k;

	for (k = 0; k < t->n; k++)
		buf_clear(&t->v[k].body);
	mem_free(&t->v);
	t->n = 0;
}
