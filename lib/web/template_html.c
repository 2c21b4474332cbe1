/* SPDX-License-Identifier: Apache-2.0 */
/*
 * As much of HTML's tokenizer as is needed to say where a value stands.  What
 * this one does not follow exactly as browsers do is refused.
 */
#include <string.h>

#include "web/template_private.h"

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static bool
is_name(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9') || c == '-' ||
	    c == ':' || c == '_';
}

static void
name_add(char *dst, size_t size, char c)
{
	size_t	 len = strlen(dst);

	if (len + 1 < size) {
		dst[len] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
		dst[len + 1] = '\0';
	}
}

static bool
is_one_of(const char *s, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcmp(s, *list) == 0)
			return true;
	return false;
}

static void
tag_end(struct html *h)
{
	static const char *const	 raw[] = { "script", "style", "iframe",
	    "noembed", "noframes", "plaintext", "xmp", NULL };

	h->state = !h->closing && is_one_of(h->tag, raw) ? HTML_RAW :
	    HTML_TEXT;
}

/* Where the octet at p begins something that is longer than one. */
static const char *
feed_text(struct html *h, const char *p, const char *end, size_t *skip)
{
	if (*p != '<')
		return NULL;
	*h = (struct html){ .state = HTML_TAG_NAME };
	if (end - p >= 4 && memcmp(p, "<!--", 4) == 0) {
		h->state = HTML_COMMENT;
		*skip = 3;
	} else if (end - p >= 2 && p[1] == '!') {
		h->state = HTML_DECLARATION;
	} else if (end - p >= 3 && p[1] == '/' && is_letter(p[2])) {
		h->closing = true;
		*skip = 1;
	} else if (end - p < 2 || !is_letter(p[1]))
		return "write &lt; for a \"<\" that begins no tag";
	return NULL;
}

/* Between the names and values of a tag. */
static const char *
feed_tag(struct html *h, char c)
{
	if (c == '>')
		tag_end(h);
	else if (is_letter(c) && h->state == HTML_TAG) {
		h->state = HTML_NAME;
		h->attr[0] = '\0';
		name_add(h->attr, sizeof(h->attr), c);
	} else if (is_blank(c) || c == '/')
		h->state = HTML_TAG;
	else
		return h->state == HTML_NAME_CUT ?
		    "a mark stands in the middle of a name" :
		    "write attributes as name=\"value\"";
	return NULL;
}

static const char *
feed_name(struct html *h, char c)
{
	if (h->state == HTML_TAG_NAME && is_name(c))
		name_add(h->tag, sizeof(h->tag), c);
	else if (h->state == HTML_NAME && is_name(c))
		name_add(h->attr, sizeof(h->attr), c);
	else if (h->state == HTML_NAME && c == '=')
		h->state = HTML_VALUE_START;
	else {
		h->state = HTML_TAG;
		return feed_tag(h, c);
	}
	return NULL;
}

static const char *
feed_value(struct html *h, char c)
{
	if (h->state == HTML_VALUE_START) {
		if (c != '"' && c != '\'')
			return "put the value in quotes";
		h->state = HTML_VALUE;
		h->quote = c;
		h->lead = 0;
	} else if (c == h->quote)
		h->state = HTML_TAG;
	else {
		if (h->lead == 0)
			h->first = c;
		h->lead += h->lead < 2;
	}
	return NULL;
}

/* <script src="..."></script> has nothing between. */
static const char *
feed_raw(struct html *h, const char *p, const char *end, size_t *skip)
{
	if (is_blank(*p))
		return NULL;
	if (end - p < 3 || p[0] != '<' || p[1] != '/')
		return "no script, style or frame inside a page: browsers are "
		    "told to ignore it";
	return feed_text(h, p, end, skip);
}

static const char *
feed(struct html *h, const char *p, const char *end, size_t *skip)
{
	switch (h->state) {
	case HTML_TEXT:
		return feed_text(h, p, end, skip);
	case HTML_TAG_NAME:
	case HTML_NAME:
		return feed_name(h, *p);
	case HTML_TAG:
	case HTML_NAME_CUT:
		return feed_tag(h, *p);
	case HTML_VALUE_START:
	case HTML_VALUE:
		return feed_value(h, *p);
	case HTML_RAW:
		return feed_raw(h, p, end, skip);
	case HTML_COMMENT:
		if (end - p >= 3 && memcmp(p, "-->", 3) == 0) {
			h->state = HTML_TEXT;
			*skip = 2;
		}
		return NULL;
	case HTML_DECLARATION:
		if (*p == '>')
			h->state = HTML_TEXT;
		return NULL;
	}
	return "";
}

size_t
html_feed(struct html *h, const char *s, size_t len, const char **bad)
{
	size_t	 i, skip;

	for (i = 0; i < len; i++) {
		skip = 0;
		if (s[i] == '\r' || s[i] == '\0')
			*bad = "a control character";
		else
			*bad = feed(h, s + i, s + len, &skip);
		if (*bad != NULL)
			return i;
		i += skip;
	}
	return len;
}

void
html_cut(struct html *h)
{
	if (h->state == HTML_TAG_NAME || h->state == HTML_NAME)
		h->state = HTML_NAME_CUT;
}

/* What came between may be missing, so only what was before counts. */
bool
html_join(struct html *h, const struct html *from)
{
	enum html_state	 a = h->state, b = from->state;

	if ((a == HTML_TAG || a == HTML_NAME_CUT) &&
	    (b == HTML_TAG || b == HTML_NAME_CUT)) {
		h->state = HTML_NAME_CUT;
		return strcmp(h->tag, from->tag) == 0;
	}
	if (a != b)
		return false;
	if (a == HTML_VALUE) {
		h->lead = from->lead;
		return strcmp(h->tag, from->tag) == 0 &&
		    strcmp(h->attr, from->attr) == 0 && h->quote == from->quote;
	}
	return a == HTML_TEXT || a == HTML_RAW;
}

bool
html_is_address(const struct html *h)
{
	static const char *const	 addresses[] = { "href", "src",
	    "action", "formaction", "poster", "data", "cite", "background",
	    "ping", "manifest", "xlink:href", "longdesc", "usemap", NULL };

	return h->state == HTML_VALUE && is_one_of(h->attr, addresses);
}

const char *
html_refuse(const struct html *h, bool made)
{
	static const char *const	 code[] = { "style", "srcdoc",
	    "srcset", "http-equiv", "integrity", "nonce", NULL };

	switch (h->state) {
	case HTML_TEXT:
		return NULL;
	case HTML_VALUE:
		if (strncmp(h->attr, "on", 2) == 0 || is_one_of(h->attr, code))
			return "no value may stand in this attribute";
		if (!html_is_address(h) || (made && h->lead == 0))
			return NULL;
		/* "/{{x}}" could become "//elsewhere". */
		if (h->lead == 0 || (h->lead == 1 && h->first == '/'))
			return "an address begins with more than a value";
		return NULL;
	case HTML_RAW:
		return "no value may stand in a script or style";
	default:
		return "a value may stand in text or between the quotes of an "
		    "attribute";
	}
}
