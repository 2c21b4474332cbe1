/* SPDX-License-Identifier: Apache-2.0 */
#include "os/conf.h"

#include <errno.h>
#include <libconfig.h>

#include "base/text.h"
#include "os/file.h"

#define CONF_MAX	(1u << 20)	/* bytes in a file */
#define PAGE_WIDTH	78

/* What a value must look like, in words. */
static const char *const type_name[] = {
	[CONF_T_STR]	  = "a string",
	[CONF_T_NUM]	  = "a whole number",
	[CONF_T_BOOL]	  = "true or false",
	[CONF_T_DURATION] = "a duration such as \"90d\"",
	[CONF_T_LIST]	  = "a list of strings",
	[CONF_T_GROUPS]	  = "a list of groups ( { ... }, { ... } )",
};

static int	 conf_get_group(void *, const struct conf_item *,
		    config_setting_t *, const char *, struct error *);

static void *
conf_at(void *target, const struct conf_item *it)
{
	return (char *)target + it->offset;
}

/* "file:line: ..." for what is wrong with the setting s. */
static int
conf_fail(struct error *e, const char *name, const config_setting_t *s)
{
	e->code = ERROR_CONFIG;
	return error_wrap(e, "%s:%d", name,
	    (int)config_setting_source_line(s));
}

static int
conf_wrong_type(const struct conf_item *it, struct error *e)
{
	return error_set(e, ERROR_CONFIG, "setting \"%s\" must be %s",
	    it->name, type_name[it->type]);
}

static int
conf_set_str(char **field, config_setting_t *s, const struct conf_item *it,
    struct error *e)
{
	if (config_setting_type(s) != CONFIG_TYPE_STRING)
		return conf_wrong_type(it, e);
	mem_free(field);
	*field = mem_strdup(config_setting_get_string(s));
	return 0;
}

static int
conf_set_num(int64_t *field, config_setting_t *s, const struct conf_item *it,
    struct error *e)
{
	int64_t	 n;

	if (config_setting_type(s) != CONFIG_TYPE_INT &&
	    config_setting_type(s) != CONFIG_TYPE_INT64)
		return conf_wrong_type(it, e);
	n = config_setting_get_int64(s);
	if (n < it->min || n > it->max)
		return error_set(e, ERROR_CONFIG,
		    "setting \"%s\": %lld is not between %lld and %lld",
		    it->name, (long long)n, (long long)it->min,
		    (long long)it->max);
	*field = n;
	return 0;
}

static int
conf_set_bool(bool *field, config_setting_t *s, const struct conf_item *it,
    struct error *e)
{
	if (config_setting_type(s) != CONFIG_TYPE_BOOL)
		return conf_wrong_type(it, e);
	*field = config_setting_get_bool(s) != 0;
	return 0;
}

static int
conf_set_duration(int64_t *field, config_setting_t *s,
    const struct conf_item *it, struct error *e)
{
	const char	*text;
	char		 lo[32], hi[32];
	int64_t		 n;

	if (config_setting_type(s) != CONFIG_TYPE_STRING)
		return conf_wrong_type(it, e);
	text = config_setting_get_string(s);
	if (text_parse_duration(&n, text, e) == -1)
		return error_wrap(e, "setting \"%s\"", it->name);
	if (n < it->min || n > it->max)
		return error_set(e, ERROR_CONFIG,
		    "setting \"%s\": %s is not between %s and %s", it->name,
		    text, text_duration(lo, it->min),
		    text_duration(hi, it->max));
	*field = n;
	return 0;
}

static bool
conf_is_list(const config_setting_t *s)
{
	return config_setting_type(s) == CONFIG_TYPE_LIST ||
	    config_setting_type(s) == CONFIG_TYPE_ARRAY;
}

static int
conf_set_list(struct conf_list *field, config_setting_t *s,
    const struct conf_item *it, struct error *e)
{
	config_setting_t	*elem;
	int			 i, n;

	if (!conf_is_list(s))
		return conf_wrong_type(it, e);
	n = config_setting_length(s);
	field->v = mem_array((size_t)n, sizeof(*field->v));
	for (i = 0; i < n; i++) {
		elem = config_setting_get_elem(s, (unsigned int)i);
		if (config_setting_type(elem) != CONFIG_TYPE_STRING)
			return conf_wrong_type(it, e);
		field->v[i] = mem_strdup(config_setting_get_string(elem));
		field->n++;
	}
	return 0;
}

/* Its errors carry their own file:line. */
static int
conf_set_groups(struct conf_groups *field, config_setting_t *s,
    const struct conf_item *it, const char *name, struct error *e)
{
	config_setting_t	*elem;
	int			 i, n;

	if (!conf_is_list(s)) {
		conf_wrong_type(it, e);
		return conf_fail(e, name, s);
	}
	n = config_setting_length(s);
	field->v = mem_array((size_t)n, it->size);
	for (i = 0; i < n; i++) {
		elem = config_setting_get_elem(s, (unsigned int)i);
		if (!config_setting_is_group(elem)) {
			conf_wrong_type(it, e);
			return conf_fail(e, name, elem);
		}
		field->n++;
		if (conf_get_group((char *)field->v + (size_t)i * it->size,
		    it->sub, elem, name, e) == -1)
			return -1;
	}
	return 0;
}

static int
conf_set(void *target, const struct conf_item *it, config_setting_t *s,
    const char *name, struct error *e)
{
	void	*field = conf_at(target, it);
	int	 rc = -1;

	switch (it->type) {
	case CONF_T_STR:
		rc = conf_set_str(field, s, it, e);
		break;
	case CONF_T_NUM:
		rc = conf_set_num(field, s, it, e);
		break;
	case CONF_T_BOOL:
		rc = conf_set_bool(field, s, it, e);
		break;
	case CONF_T_DURATION:
		rc = conf_set_duration(field, s, it, e);
		break;
	case CONF_T_LIST:
		rc = conf_set_list(field, s, it, e);
		break;
	case CONF_T_GROUPS:
		return conf_set_groups(field, s, it, name, e);
	}
	return rc == -1 ? conf_fail(e, name, s) : 0;
}

/* A default that does not parse is a mistake in the table. */
static int
conf_set_default(void *target, const struct conf_item *it, struct error *e)
{
	void	*field = conf_at(target, it);

	switch (it->type) {
	case CONF_T_STR:
		*(char **)field = mem_strdup(it->str);
		break;
	case CONF_T_NUM:
		*(int64_t *)field = it->num;
		break;
	case CONF_T_BOOL:
		*(bool *)field = it->num != 0;
		break;
	case CONF_T_DURATION:
		if (it->str != NULL &&
		    text_parse_duration(field, it->str, e) == -1) {
			e->code = ERROR_BUG;
			return error_wrap(e, "default of \"%s\"", it->name);
		}
		break;
	case CONF_T_LIST:
	case CONF_T_GROUPS:
		break;
	}
	return 0;
}

static int
conf_unknown(const struct conf_item *items, const config_setting_t *s,
    const char *name, struct error *e)
{
	const struct conf_item	*it, *near = NULL;
	const char		*typed = config_setting_name(s);

	error_set(e, ERROR_CONFIG, "unknown setting \"%.64s\"", typed);
	for (it = items; it->name != NULL; it++)
		if (text_is_near(typed, it->name) && (near == NULL ||
		    text_distance(typed, it->name) <
		    text_distance(typed, near->name)))
			near = it;
	if (near != NULL)
		error_hint(e, "did you mean \"%s\"?", near->name);
	return conf_fail(e, name, s);
}

/* Refuse what the table does not list. */
static int
conf_check_names(const struct conf_item *items, config_setting_t *group,
    const char *name, struct error *e)
{
	const struct conf_item	*it;
	config_setting_t	*s;
	int			 i, n = config_setting_length(group);

	for (i = 0; i < n; i++) {
		s = config_setting_get_elem(group, (unsigned int)i);
		for (it = items; it->name != NULL; it++)
			if (strcmp(it->name, config_setting_name(s)) == 0)
				break;
		if (it->name == NULL)
			return conf_unknown(items, s, name, e);
	}
	return 0;
}

static int
conf_missing(const struct conf_item *it, const config_setting_t *group,
    const char *name, struct error *e)
{
	error_set(e, ERROR_CONFIG, "missing setting \"%s\"", it->name);
	error_hint(e, "%s: %.120s", it->name, it->help != NULL ? it->help :
	    type_name[it->type]);
	if (config_setting_is_root(group))
		return error_wrap(e, "%s", name);
	return conf_fail(e, name, group);
}

static int
conf_get_group(void *target, const struct conf_item *items,
    config_setting_t *group, const char *name, struct error *e)
{
	const struct conf_item	*it;
	config_setting_t	*s;

	if (conf_check_names(items, group, name, e) == -1)
		return -1;
	for (it = items; it->name != NULL; it++) {
		if (conf_set_default(target, it, e) == -1)
			return -1;
		if ((s = config_setting_get_member(group, it->name)) == NULL) {
			if (it->required)
				return conf_missing(it, group, name, e);
			continue;
		}
		if (conf_set(target, it, s, name, e) == -1)
			return -1;
	}
	return 0;
}

/*
 * libconfig would read other files on its own, outside of the bound and of
 * the place that an error names.  The directive stands first on its line.
 */
static int
conf_check_includes(const char *text, const char *name, struct error *e)
{
	const char	*p;
	int		 line = 1;

	for (p = text; p != NULL; p = strchr(p, '\n')) {
		if (*p == '\n') {
			p++;
			line++;
		}
		p += strspn(p, " \t\r\f\v");
		if (*p == '@')
			return error_set(e, ERROR_CONFIG,
			    "%s:%d: @include is not supported", name, line);
	}
	return 0;
}

/* The end of the comment or string that begins at p, or p if none does. */
static const char *
conf_skip(const char *p)
{
	const char	*end;

	if (*p == '#' || (p[0] == '/' && p[1] == '/'))
		return p + strcspn(p, "\n");
	if (p[0] == '/' && p[1] == '*') {
		end = strstr(p + 2, "*/");
		return end != NULL ? end + 2 : p + strlen(p);
	}
	if (*p != '"')
		return p;
	for (p++; *p != '\0' && *p != '"'; p++)
		if (p[0] == '\\' && p[1] != '\0')
			p++;
	return *p == '"' ? p + 1 : p;
}

/*
 * Older releases of libconfig take numbers modulo 2^32 (or 2^64 with an L)
 * without a word, so that one far out of range may look good.  Sets *end
 * behind the word that begins at p.
 */
static bool
conf_fits(const char *p, const char **end)
{
	char			*stop;
	unsigned long long	 n;

	*end = p + strspn(p, "0123456789abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ_.");
	if (*p < '0' || *p > '9')
		return true;
	errno = 0;
	n = strtoull(p, &stop, p[0] == '0' && (p[1] | 32) == 'x' ? 16 : 10);
	return errno == 0 && n <= (*stop == 'L' ? INT64_MAX : INT32_MAX);
}

static int
conf_check_numbers(const char *text, const char *name, struct error *e)
{
	const char	*p, *next;
	int		 line = 1;

	for (p = text; *p != '\0'; p = next) {
		if ((next = conf_skip(p)) == p && !conf_fits(p, &next)) {
			error_set(e, ERROR_CONFIG,
			    "%s:%d: number is too large: %.*s", name, line,
			    (int)(next - p > 40 ? 40 : next - p), p);
			return error_hint(e, "above 2147483647 write an L"
			    " behind it");
		}
		next += next == p;
		for (; p < next; p++)
			line += *p == '\n';
	}
	return 0;
}

/* libconfig says that all is well if it has no memory for a name or a text. */
static bool
is_whole(config_setting_t *s, bool has_name)
{
	bool	 names = config_setting_is_group(s) == CONFIG_TRUE;
	int	 i, n = config_setting_length(s);

	if ((has_name && config_setting_name(s) == NULL) ||
	    (config_setting_type(s) == CONFIG_TYPE_STRING &&
	    config_setting_get_string(s) == NULL))
		return false;
	for (i = 0; i < n; i++)
		if (!is_whole(config_setting_get_elem(s, (unsigned int)i),
		    names))
			return false;
	return true;
}

int
conf_parse(void *target, const struct conf_item *items, const char *text,
    const char *name, struct error *e)
{
	config_t	 cfg;
	int		 rc = -1;

	config_init(&cfg);
	if (conf_check_includes(text, name, e) == -1 ||
	    conf_check_numbers(text, name, e) == -1)
		goto out;
	if (config_read_string(&cfg, text) != CONFIG_TRUE) {
		error_set(e, ERROR_CONFIG, "%s:%d: %s", name,
		    config_error_line(&cfg), config_error_text(&cfg));
		goto out;
	}
	if (!is_whole(config_root_setting(&cfg), false)) {
		error_set(e, ERROR_NOMEM, "%s: out of memory", name);
		goto out;
	}
	rc = conf_get_group(target, items, config_root_setting(&cfg), name, e);
 out:
	if (rc == -1)
		conf_free(target, items);
	config_destroy(&cfg);
	return rc;
}

int
conf_load(void *target, const struct conf_item *items, const char *path,
    struct error *e)
{
	struct buf	 b = { 0 };
	int		 rc = -1;

	if (file_load(&b, path, CONF_MAX, e) == -1) {
		e->code = ERROR_CONFIG;
		goto out;
	}
	if (b.len > 0 && memchr(b.p, '\0', b.len) != NULL) {
		error_set(e, ERROR_CONFIG, "%s: contains a NUL byte", path);
		goto out;
	}
	rc = conf_parse(target, items, buf_cstr(&b), path, e);
 out:
	buf_clear(&b);
	return rc;
}

static void
conf_free_list(struct conf_list *l)
{
	size_t	 i;

	for (i = 0; i < l->n; i++)
		mem_free(&l->v[i]);
	mem_free(&l->v);
	l->n = 0;
}

static void
conf_free_groups(struct conf_groups *g, const struct conf_item *it)
{
	size_t	 i;

	for (i = 0; i < g->n; i++)
		conf_free((char *)g->v + i * it->size, it->sub);
	mem_free(&g->v);
	g->n = 0;
}

void
conf_free(void *target, const struct conf_item *items)
{
	const struct conf_item	*it;

	for (it = items; it->name != NULL; it++) {
		if (it->type == CONF_T_STR)
			mem_freep(conf_at(target, it));
		else if (it->type == CONF_T_LIST)
			conf_free_list(conf_at(target, it));
		else if (it->type == CONF_T_GROUPS)
			conf_free_groups(conf_at(target, it), it);
	}
}

static void
conf_describe_value(struct buf *out, const struct conf_item *it)
{
	char	 lo[32], hi[32];

	buf_str(out, type_name[it->type]);
	if (it->type == CONF_T_NUM)
		buf_printf(out, " from %lld to %lld", (long long)it->min,
		    (long long)it->max);
	else if (it->type == CONF_T_DURATION)
		buf_printf(out, ", from %s to %s", text_duration(lo, it->min),
		    text_duration(hi, it->max));
	if (it->required)
		buf_str(out, "; required");
	else if (it->type == CONF_T_NUM)
		buf_printf(out, "; default %lld", (long long)it->num);
	else if (it->type == CONF_T_BOOL)
		buf_printf(out, "; default %s", it->num ? "true" : "false");
	else if (it->str != NULL)
		buf_printf(out, "; default \"%s\"", it->str);
}

static void
conf_describe_at(struct buf *out, const struct conf_item *items, int indent)
{
	const struct conf_item	*it;

	for (it = items; it->name != NULL; it++) {
		if (it != items || indent > 0)
			buf_byte(out, '\n');
		buf_printf(out, "%*s%s  (", indent, "", it->name);
		conf_describe_value(out, it);
		buf_str(out, ")\n");
		if (it->help != NULL)
			text_wrap(out, it->help, indent + 4, PAGE_WIDTH);
		if (it->type == CONF_T_GROUPS)
			conf_describe_at(out, it->sub, indent + 4);
	}
}

void
conf_describe(struct buf *out, const struct conf_item *items)
{
	conf_describe_at(out, items, 0);
}
