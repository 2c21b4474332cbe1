/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a file to nodes.
 */
#include <string.h>

#include "web/template_private.h"

struct open {
	size_t		 node;
	struct html	 html;
};
struct parser {
	struct template		*t;
	const struct templates	*all;
	struct html		 html;
	struct open		 open[TEMPLATE_DEPTH];
	size_t			 nopen;
	unsigned int		 line;
	struct error		*e;
};

static int
fail(struct parser *p, const char *what)
{
	return error_set(p->e, ERROR_CONFIG, "%s:%u: %s", p->t->name, p->line,
	    what);
}

static struct node *
node_add(struct parser *p, enum node_kind kind, const char *s, size_t len)
{
	struct template	*t = p->t;
	struct node	*n;

	t->node = mem_resize(t->node, t->n + 1, sizeof(*t->node));
	n = &t->node[t->n++];
	*n = (struct node){ .kind = kind, .line = p->line, .len = len };
	n->s = mem_alloc(len + 1);
	memcpy(n->s, s, len);
	return n;
}

static void
count_lines(struct parser *p, const char *s, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		p->line += s[i] == '\n';
}

static int
parse_literal(struct parser *p, const char *s, size_t len)
{
	const char	*bad = NULL;
	size_t		 done;

	if (len == 0)
		return 0;
	done = html_feed(&p->html, s, len, &bad);
	if (bad != NULL) {
		count_lines(p, s, done);
		return fail(p, bad);
	}
	node_add(p, NODE_LITERAL, s, len);
	count_lines(p, s, len);
	return 0;
}

/* "order.holder.name"; with brackets also "t.state.[order.state]". */
static bool
is_name(const char *s, size_t len, bool brackets)
{
	size_t	 i, open = 0;

	if (len == 1 && s[0] == '.')
		return true;
	for (i = 0; i < len; i++) {
		if (brackets && s[i] == '[' && open == 0) {
			open = 1;
			continue;
		}
		if (brackets && s[i] == ']' && open == 1) {
			if (i + 1 < len)
				return false;
			open = 2;
			continue;
		}
		if ((s[i] < 'a' || s[i] > 'z') && (s[i] < 'A' || s[i] > 'Z') &&
		    (s[i] < '0' || s[i] > '9') &&
		    (s[i] == '\0' || strchr("_.-", s[i]) == NULL))
			return false;
	}
	return len > 0 && open != 1 && s[0] != '.' && s[len - 1] != '.';
}

static int
parse_open(struct parser *p, char mark, const char *s, size_t len)
{
	if (p->nopen == TEMPLATE_DEPTH)
		return fail(p, "too many sections in each other");
	if (!is_name(s, len, false))
		return fail(p, "the name of a section is letters, digits, "
		    "\"_\", \"-\" and \".\"");
	html_cut(&p->html);
	p->open[p->nopen].node = p->t->n;
	p->open[p->nopen++].html = p->html;
	node_add(p, mark == '#' ? NODE_SECTION : NODE_INVERTED, s, len);
	return 0;
}

static int
parse_close(struct parser *p, const char *s, size_t len)
{
	struct node	*n;

	if (p->nopen == 0)
		return fail(p, "{{/...}} without a beginning");
	n = &p->t->node[p->open[--p->nopen].node];
	if (n->len != len || memcmp(n->s, s, len) != 0)
		return error_set(p->e, ERROR_CONFIG, "%s:%u: {{/%.*s}} ends "
		    "{{#%s}} of line %u", p->t->name, p->line, (int)len, s,
		    n->s, n->line);
	html_cut(&p->html);
	if (!html_join(&p->html, &p->open[p->nopen].html))
		return fail(p, "a section ends where it began: in text, in "
		    "the same tag or in the same value");
	n->end = p->t->n;
	return 0;
}

static int
parse_partial(struct parser *p, const char *s, size_t len)
{
	if (p->html.state != HTML_TEXT)
		return fail(p, "another template can only stand in text");
	node_add(p, NODE_PARTIAL, s, len);
	return 0;
}

static int
parse_asset(struct parser *p, const char *s, size_t len)
{
	char		*name = mem_printf("%.*s", (int)len, s);
	const char	*url = p->all->asset == NULL ? NULL :
			    p->all->asset(p->all->arg, name);
	int		 rc = -1;

	if (url == NULL)
		error_set(p->e, ERROR_CONFIG, "%s:%u: there is no static file "
		    "\"%s\"", p->t->name, p->line, name);
	else if (p->html.state != HTML_VALUE)
		fail(p, "an address stands between the quotes of an "
		    "attribute");
	else
		rc = parse_literal(p, url, strlen(url));
	mem_free(&name);
	return rc;
}

static bool
begins(const char *s, size_t len, const char *prefix)
{
	return len > strlen(prefix) && memcmp(s, prefix, strlen(prefix)) == 0;
}

static int
parse_value(struct parser *p, const char *s, size_t len)
{
	bool		 text = begins(s, len, "t.");
	bool		 made = begins(s, len, "url.");
	const char	*bad;
	struct node	*n;

	if (!is_name(s, len, text))
		return fail(p, "a name is letters, digits, \"_\", \"-\" and "
		    "\".\"");
	if ((bad = html_refuse(&p->html, made)) != NULL)
		return fail(p, bad);
	if (text) {
		n = node_add(p, NODE_TEXT, s + 2, len - 2);
		n->address = html_is_address(&p->html);
	} else
		node_add(p, html_is_address(&p->html) && !made ?
		    NODE_ADDRESS : NODE_VALUE, s, len);
	return 0;
}

static int
parse_raw(struct parser *p, const char *s, size_t len)
{
	if (!begins(s, len, "svg.") || !is_name(s, len, false))
		return fail(p, "only pictures, {{{svg.NAME}}}, go without "
		    "escaping");
	if (p->html.state != HTML_TEXT)
		return fail(p, "a picture stands in text");
	node_add(p, NODE_RAW, s, len);
	return 0;
}

static void
trim(const char **s, size_t *len)
{
	while (*len > 0 && (**s == ' ' || **s == '\n')) {
		(*s)++;
		(*len)--;
	}
	while (*len > 0 && ((*s)[*len - 1] == ' ' || (*s)[*len - 1] == '\n'))
		(*len)--;
}

static int
parse_mark(struct parser *p, const char *s, size_t len)
{
	char	 kind = len > 0 ? *s : '\0';

	if (kind == '!')
		return 0;
	if (kind != '\0' && strchr("#^/>@", kind) != NULL) {
		s++;
		len--;
	} else
		kind = '\0';
	trim(&s, &len);
	switch (kind) {
	case '#':
	case '^':
		return parse_open(p, kind, s, len);
	case '/':
		return parse_close(p, s, len);
	case '>':
		return parse_partial(p, s, len);
	case '@':
		return parse_asset(p, s, len);
	default:
		return parse_value(p, s, len);
	}
}

/* The mark that begins at s: its content is up to its end. */
static int
parse_next(struct parser *p, const char **s, const char *end)
{
	bool		 raw = end - *s >= 3 && (*s)[2] == '{';
	const char	*from = *s + (raw ? 3 : 2), *to;
	int		 rc;

	to = memmem(from, (size_t)(end - from), raw ? "}}}" : "}}",
	    raw ? 3 : 2);
	if (to == NULL)
		return fail(p, "a mark that does not end");
	if (raw)
		rc = parse_raw(p, from, (size_t)(to - from));
	else
		rc = parse_mark(p, from, (size_t)(to - from));
	if (rc == -1)
		return -1;
	*s = to + (raw ? 3 : 2);
	count_lines(p, from, (size_t)(to - from));
	return 0;
}

static int
parse_end(struct parser *p)
{
	if (p->nopen > 0) {
		p->line = p->t->node[p->open[p->nopen - 1].node].line;
		return fail(p, "this section does not end");
	}
	if (p->html.state != HTML_TEXT)
		return fail(p, "the file ends inside a tag or a remark");
	return 0;
}

int
template_parse(struct template *t, const struct templates *all,
    struct bytes text, struct error *e)
{
	struct parser	 p = { .t = t, .all = all, .line = 1, .e = e };
	const char	*s = (const char *)text.p, *end = s + text.len, *mark;

	while (s < end) {
		mark = memmem(s, (size_t)(end - s), "{{", 2);
		if (parse_literal(&p, s, (size_t)((mark == NULL ? end : mark) -
		    s)) == -1)
			return -1;
		if (mark == NULL)
			break;
		s = mark;
		if (parse_next(&p, &s, end) == -1)
			return -1;
	}
	return parse_end(&p);
}

void
template_clear(struct template *t)
{
	size_t	 i;

	for (i = 0; i < t->n; i++)
		mem_free(&t->node[i].s);
	mem_free(&t->node);
	mem_free(&t->name);
	t->n = 0;
}
