/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "os/file.h"
#include "web/form.h"
#include "web/template_private.h"

#define FILE_MAX	(512 * 1024)

struct scope {
	const json_t		*v;
	const struct scope	*up;
};
struct render {
	struct buf		*out;
	const struct templates	*all;
	const json_t		*root, *texts;
	struct buf		*missing;
	struct error		*e;
};

/* ---- the set ---- */

void
templates_new(struct templates **out, template_static_fn *fn, void *arg)
{
	*out = mem_alloc(sizeof(**out));
	(*out)->asset = fn;
	(*out)->arg = arg;
}

void
templates_free(struct templates **tp)
{
	size_t	 i;

	if (*tp == NULL)
		return;
	for (i = 0; i < (*tp)->n; i++)
		template_clear(&(*tp)->v[i]);
	mem_free(&(*tp)->v);
	mem_free(tp);
}

static size_t
templates_index(const struct templates *t, const char *name)
{
	size_t	 i;

	for (i = 0; i < t->n; i++)
		if (strcmp(t->v[i].name, name) == 0)
			break;
	return i;
}

static const struct template *
templates_find(const struct templates *t, const char *name)
{
	size_t	 i = templates_index(t, name);

	return i < t->n ? &t->v[i] : NULL;
}

int
templates_add(struct templates *t, const char *name, struct bytes text,
    struct error *e)
{
	struct template	 fresh = { .name = mem_strdup(name) };
	size_t		 i;

	if (template_parse(&fresh, t, text, e) == -1) {
		template_clear(&fresh);
		return -1;
	}
	if ((i = templates_index(t, name)) == t->n)
		t->v = mem_resize(t->v, ++t->n, sizeof(*t->v));
	else
		template_clear(&t->v[i]);
	t->v[i] = fresh;
	return 0;
}

static int
is_html(const struct dirent *d)
{
	size_t	 len = strlen(d->d_name);

	return len > 5 && d->d_name[0] != '.' &&
	    strcmp(d->d_name + len - 5, ".html") == 0;
}

static int
load_file(struct templates *t, const char *dir, const char *name,
    struct error *e)
{
	char		*path = file_join(dir, name);
	struct buf	 text = { 0 };
	int		 rc = -1;

	if (file_load(&text, path, FILE_MAX, e) == 0 &&
	    (rc = templates_add(t, name, BYTES(text.p, text.len), e)) == -1)
		error_wrap(e, "%s", dir);
	buf_clear(&text);
	mem_free(&path);
	return rc;
}

int
templates_load(struct templates *t, const char *dir, struct error *e)
{
	struct dirent	**entry = NULL;
	int		  i, n, rc = 0;

	if ((n = scandir(dir, &entry, is_html, alphasort)) == -1)
		return error_sys(e, "read %s", dir);
	for (i = 0; i < n; i++) {
		if (rc == 0)
			rc = load_file(t, dir, entry[i]->d_name, e);
		free(entry[i]);
	}
	free(entry);
	return rc;
}

static int
check_partials(const struct templates *all, const struct template *t,
    int depth, struct error *e)
{
	const struct template	*other;
	size_t			 i;

	if (depth > TEMPLATE_DEPTH)
		return error_set(e, ERROR_CONFIG, "%s: templates lead to each "
		    "other without end", t->name);
	for (i = 0; i < t->n; i++) {
		if (t->node[i].kind != NODE_PARTIAL)
			continue;
		if ((other = templates_find(all, t->node[i].s)) == NULL)
			return error_set(e, ERROR_CONFIG, "%s:%u: there is no "
			    "template \"%s\"", t->name, t->node[i].line,
			    t->node[i].s);
		if (check_partials(all, other, depth + 1, e) == -1)
			return -1;
	}
	return 0;
}

int
templates_check(const struct templates *t, struct error *e)
{
	size_t	 i;

	for (i = 0; i < t->n; i++)
		if (check_partials(t, &t->v[i], 0, e) == -1)
			return -1;
	return 0;
}

/* "state.[x]" is any key that begins with "state." */
void
templates_list_texts(const struct templates *t, struct buf *out)
{
	const struct node	*n;
	size_t			 i, j, len;

	for (i = 0; i < t->n; i++)
		for (j = 0; j < t->v[i].n; j++) {
			n = &t->v[i].node[j];
			if (n->kind != NODE_TEXT)
				continue;
			len = strcspn(n->s, "[");
			buf_add(out, n->s, len);
			buf_str(out, len < n->len ? "*\n" : "\n");
		}
}

/* ---- values ---- */

void
template_escape(struct buf *out, const char *s, size_t len)
{
	size_t	 i, from = 0;

	for (i = 0; i < len; i++) {
		if (s[i] != '&' && s[i] != '<' && s[i] != '>' &&
		    s[i] != '"' && s[i] != '\'')
			continue;
		buf_add(out, s + from, i - from);
		buf_printf(out, "&#%d;", s[i]);
		from = i + 1;
	}
	buf_add(out, s + from, len - from);
}

/* name up to len; the rest of a dotted one is looked for in what it finds. */
static const json_t *
json_path(const json_t *v, const char *name, size_t len)
{
	const char	*dot;
	size_t		 part;

	while (v != NULL && len > 0) {
		dot = memchr(name, '.', len);
		part = dot == NULL ? len : (size_t)(dot - name);
		v = json_object_getn(v, name, part);
		part += dot != NULL;
		name += part;
		len -= part;
	}
	return v;
}

static const json_t *
find(const struct render *r, const struct scope *s, const char *name,
    size_t len)
{
	const char	*dot = memchr(name, '.', len);
	size_t		 first = dot == NULL ? len : (size_t)(dot - name);

	if (len == 1 && *name == '.')
		return s->v;
	/* What C made is not overlaid by what a row brings. */
	if ((first == 3 && memcmp(name, "svg", 3) == 0) ||
	    (first == 3 && memcmp(name, "url", 3) == 0))
		return json_path(r->root, name, len);
	for (; s != NULL; s = s->up)
		if (json_object_getn(s->v, name, first) != NULL)
			return json_path(s->v, name, len);
	return NULL;
}

static void
report(const struct render *r, const char *name, size_t len)
{
	if (r->missing == NULL || r->missing->len > 400)
		return;
	if (r->missing->len > 0)
		buf_str(r->missing, ", ");
	buf_add(r->missing, name, len);
}

enum how { HOW_PLAIN, HOW_HTML, HOW_ADDRESS, HOW_RAW };

static void
put_string(struct buf *out, const char *s, size_t len, enum how how)
{
	char	*part;

	if (how == HOW_HTML)
		template_escape(out, s, len);
	else if (how == HOW_ADDRESS) {
		part = mem_printf("%.*s", (int)len, s);
		form_escape(out, part);
		mem_free(&part);
	} else
		buf_add(out, s, len);
}

static bool
put_json(struct buf *out, const json_t *v, enum how how)
{
	if (json_is_string(v))
		put_string(out, json_string_value(v), json_string_length(v),
		    how);
	else if (json_is_integer(v))
		buf_printf(out, "%lld", (long long)json_integer_value(v));
	else if (json_is_real(v))
		buf_printf(out, "%g", json_real_value(v));
	else if (json_is_boolean(v))
		buf_str(out, json_is_true(v) ? "true" : "false");
	else
		return false;
	return true;
}

static void
put_value(const struct render *r, const struct scope *s, const char *name,
    size_t len, enum how how)
{
	if (!put_json(r->out, find(r, s, name, len), how))
		report(r, name, len);
}

/* ---- texts ---- */

/* {name}: letters, digits, "_", "-" and "."; anything else is itself. */
static size_t
placeholder(const char *s)
{
	size_t	 n;

	if (*s != '{')
		return 0;
	n = strspn(s + 1, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");
	return n > 0 && s[n + 1] == '}' ? n + 2 : 0;
}

static void
put_text(const struct render *r, const struct scope *s, const char *text,
    enum how how)
{
	size_t	 n;

	while (*text != '\0') {
		n = strcspn(text, "{");
		put_string(r->out, text, n, how);
		text += n;
		if ((n = placeholder(text)) > 0)
			put_value(r, s, text + 1, n - 2, how);
		else if (*text != '\0')
			put_string(r->out, text, n = 1, how);
		text += n;
	}
}

static void
put_key(const struct render *r, const struct scope *s, const struct node *n)
{
	enum how	 how = n->address ? HOW_ADDRESS : HOW_HTML;
	struct buf	 key = { 0 };
	size_t		 fixed = strcspn(n->s, "[");
	const char	*text;

	buf_add(&key, n->s, fixed);
	if (fixed < n->len && !put_json(&key, find(r, s, n->s + fixed + 1,
	    n->len - fixed - 2), HOW_PLAIN))
		report(r, n->s + fixed + 1, n->len - fixed - 2);
	text = json_string_value(json_object_get(r->texts, buf_cstr(&key)));
	if (text != NULL)
		put_text(r, s, text, how);
	else {
		report(r, "t.", 2);
		report(r, buf_cstr(&key), key.len);
		put_string(r->out, buf_cstr(&key), key.len, how);
	}
	buf_clear(&key);
}

/* ---- nodes ---- */

static int	 render_nodes(const struct render *, const struct template *,
		    size_t from, size_t to, const struct scope *, int depth);

static bool
is_shown(const json_t *v)
{
	if (json_is_string(v))
		return json_string_length(v) > 0;
	if (json_is_integer(v))
		return json_integer_value(v) != 0;
	if (json_is_array(v))
		return json_array_size(v) > 0;
	return json_is_true(v) || json_is_object(v) || json_is_real(v);
}

static int
render_section(const struct render *r, const struct template *t, size_t i,
    const struct scope *s, int depth)
{
	const struct node	*n = &t->node[i];
	const json_t		*v = find(r, s, n->s, n->len);
	struct scope		 inner = { v, s };
	size_t			 k;

	if (is_shown(v) != (n->kind == NODE_SECTION))
		return 0;
	if (n->kind == NODE_INVERTED || (!json_is_array(v) &&
	    !json_is_object(v)))
		return render_nodes(r, t, i + 1, n->end, s, depth + 1);
	if (json_is_object(v))
		return render_nodes(r, t, i + 1, n->end, &inner, depth + 1);
	for (k = 0; k < json_array_size(v); k++) {
		inner.v = json_array_get(v, k);
		if (render_nodes(r, t, i + 1, n->end, &inner, depth + 1) ==
		    -1)
			return -1;
	}
	return 0;
}

static int
render_partial(const struct render *r, const struct node *n,
    const struct scope *s, int depth)
{
	const struct template	*t = templates_find(r->all, n->s);

	if (t == NULL)
		return error_set(r->e, ERROR_NOTFOUND, "there is no template "
		    "\"%s\"", n->s);
	return render_nodes(r, t, 0, t->n, s, depth + 1);
}

static int
render_node(const struct render *r, const struct template *t, size_t i,
    const struct scope *s, int depth)
{
	const struct node	*n = &t->node[i];

	switch (n->kind) {
	case NODE_LITERAL:
		buf_add(r->out, n->s, n->len);
		break;
	case NODE_VALUE:
		put_value(r, s, n->s, n->len, HOW_HTML);
		break;
	case NODE_ADDRESS:
		put_value(r, s, n->s, n->len, HOW_ADDRESS);
		break;
	case NODE_RAW:
		put_value(r, s, n->s, n->len, HOW_RAW);
		break;
	case NODE_TEXT:
		put_key(r, s, n);
		break;
	case NODE_SECTION:
	case NODE_INVERTED:
		return render_section(r, t, i, s, depth);
	case NODE_PARTIAL:
		return render_partial(r, n, s, depth);
	}
	return 0;
}

static int
render_nodes(const struct render *r, const struct template *t, size_t from,
    size_t to, const struct scope *s, int depth)
{
	const struct node	*n;
	size_t			 i;

	if (depth > TEMPLATE_DEPTH)
		return error_set(r->e, ERROR_CONFIG, "%s: sections and "
		    "templates are more than %d deep", t->name,
		    TEMPLATE_DEPTH);
	for (i = from; i < to; i++) {
		n = &t->node[i];
		if (render_node(r, t, i, s, depth) == -1)
			return -1;
		if (n->kind == NODE_SECTION || n->kind == NODE_INVERTED)
			i = n->end - 1;
	}
	return 0;
}

int
template_render(struct buf *out, const struct templates *all,
    const char *name, const json_t *data, const json_t *texts,
    struct buf *missing, struct error *e)
{
	const struct template	*t = templates_find(all, name);
	struct render		 r = { out, all, data, texts, missing, e };
	struct scope		 root = { data, NULL };

	if (t == NULL)
		return error_set(e, ERROR_NOTFOUND, "there is no template "
		    "\"%s\"", name);
	return render_nodes(&r, t, 0, t->n, &root, 0);
}
