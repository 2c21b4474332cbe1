/* SPDX-License-Identifier: Apache-2.0 */
#include "db/conninfo.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <libpq-fe.h>

#include "base/mem.h"

#define TIMEOUT		5		/* seconds */
#define TIMEOUT_MAX	3600

static void
put(struct buf *out, const char *keyword, const char *value)
{
	buf_printf(out, "%s%s='", out->len > 0 ? " " : "", keyword);
	for (; *value != '\0'; value++) {
		if (*value == '\'' || *value == '\\')
			buf_byte(out, '\\');
		buf_byte(out, (uint8_t)*value);
	}
	buf_byte(out, '\'');
}

/* What belongs to the user that goes. */
static bool
is_personal(const char *keyword)
{
	static const char *const	 names[] = { "user", "password",
		"passfile", "sslcert", "sslkey", "sslpassword" };
	size_t				 i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], keyword) == 0)
			return true;
	return false;
}

static PQconninfoOption *
parse(const char *in, struct error *e)
{
	char			*why = NULL;
	PQconninfoOption	*v = PQconninfoParse(in, &why);

	if (v == NULL)
		error_set(e, ERROR_INPUT, "connection string: %.*s",
		    why != NULL ? (int)strcspn(why, "\n") : 0,
		    why != NULL ? why : "");
	PQfreemem(why);
	return v;
}

int
conninfo_for(char **out, const char *in, const char *user,
    const char *dbname, struct error *e)
{
	PQconninfoOption	*v, *o;
	struct buf		 text = { 0 };
	bool			 has_db = false;

	*out = NULL;
	if ((v = parse(in, e)) == NULL)
		return -1;
	for (o = v; o->keyword != NULL; o++) {
		if (o->val == NULL ||
		    (user != NULL && is_personal(o->keyword)))
			continue;
		has_db |= strcmp(o->keyword, "dbname") == 0;
		put(&text, o->keyword, o->val);
	}
	if (!has_db)
		put(&text, "dbname", dbname);
	if (user != NULL)
		put(&text, "user", user);
	PQconninfoFree(v);
	*out = mem_strdup(buf_cstr(&text));
	buf_clear(&text);
	return 0;
}

/* Elements of a list with commas; one at least. */
static unsigned int
count(const char *list)
{
	unsigned int	 n = 1;

	for (; (list = strchr(list, ',')) != NULL; list++)
		n++;
	return n;
}

/* From element i on; i is below count(). */
static const char *
from(const char *list, unsigned int i)
{
	for (; i > 0; i--)
		list = strchr(list, ',') + 1;
	return list;
}

/* The list from its element "by" on, and then what stood before that. */
static void
turn(struct buf *out, const char *list, unsigned int by)
{
	const char	*p = from(list, by % count(list));

	buf_str(out, p);
	if (p != list)
		buf_printf(out, ",%.*s", (int)(p - list - 1), list);
}

static bool
is_per_host(const char *keyword)
{
	return strcmp(keyword, "host") == 0 ||
	    strcmp(keyword, "hostaddr") == 0 || strcmp(keyword, "port") == 0;
}

int
conninfo_turn(char **out, const char *in, unsigned int by, struct error *e)
{
	PQconninfoOption	*v, *o;
	struct buf		 text = { 0 }, list = { 0 };

	*out = NULL;
	if ((v = parse(in, e)) == NULL)
		return -1;
	for (o = v; o->keyword != NULL; o++) {
		if (o->val == NULL)
			continue;
		list.len = 0;
		if (is_per_host(o->keyword))
			turn(&list, o->val, by);
		else if (by > 0 && strcmp(o->val, "prefer-standby") == 0)
			buf_str(&list, "any");
		else
			buf_str(&list, o->val);
		put(&text, o->keyword, buf_cstr(&list));
	}
	PQconninfoFree(v);
	*out = mem_strdup(buf_cstr(&text));
	buf_clear(&list);
	buf_clear(&text);
	return 0;
}

/* Element i; of a list with one it is for all.  Nothing for who has none: there
 * may be fewer ports than hosts, which libpq says when it connects. */
static void
pick(struct buf *out, const char *list, unsigned int i)
{
	unsigned int	 n = count(list);

	if (n > 1 && i >= n)
		return;
	list = from(list, n > 1 ? i : 0);
	buf_printf(out, "%.*s", (int)strcspn(list, ","), list);
}

static unsigned int
count_hosts(const PQconninfoOption *o)
{
	unsigned int	 n = 1;

	for (; o->keyword != NULL; o++)
		if (o->val != NULL && is_per_host(o->keyword) &&
		    strcmp(o->keyword, "port") != 0 && count(o->val) > n)
			n = count(o->val);
	return n;
}

int
conninfo_one(char **out, const char *in, unsigned int i, struct error *e)
{
	PQconninfoOption	*v, *o;
	struct buf		 text = { 0 }, element = { 0 };
	int			 rc = 0;

	*out = NULL;
	if ((v = parse(in, e)) == NULL)
		return -1;
	if (i >= count_hosts(v))
		goto out;
	for (o = v; o->keyword != NULL; o++) {
		if (o->val == NULL ||
		    strcmp(o->keyword, "target_session_attrs") == 0)
			continue;
		element.len = 0;
		if (is_per_host(o->keyword))
			pick(&element, o->val, i);
		else
			buf_str(&element, o->val);
		put(&text, o->keyword, buf_cstr(&element));
	}
	*out = mem_strdup(buf_cstr(&text));
	rc = 1;
 out:
	PQconninfoFree(v);
	buf_clear(&element);
	buf_clear(&text);
	return rc;
}

char *
conninfo_host(const char *in)
{
	struct error		 ignored = ERROR_INIT;
	PQconninfoOption	*v = parse(in, &ignored), *o;
	struct buf		 host = { 0 };
	char			*out;

	for (o = v; o != NULL && o->keyword != NULL; o++)
		if (o->val != NULL && host.len == 0 &&
		    (strcmp(o->keyword, "host") == 0 ||
		    strcmp(o->keyword, "hostaddr") == 0))
			pick(&host, o->val, 0);
	out = mem_strdup(buf_cstr(&host));
	PQconninfoFree(v);
	buf_clear(&host);
	return out;
}

bool
conninfo_is_here(const char *host)
{
	return *host == '\0' || *host == '/' || *host == '@' ||
	    strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
	    strncmp(host, "127.", 4) == 0;
}

/* The first of a list with commas that is another machine; NULL if none. */
static const char *
find_elsewhere(const char *list, struct arena *a)
{
	const char	*host;
	size_t		 n;

	for (;; list += n + 1) {
		n = strcspn(list, ",");
		host = arena_printf(a, "%.*s", (int)n, list);
		if (!conninfo_is_here(host))
			return host;
		if (list[n] == '\0')
			return NULL;
	}
}

bool
conninfo_is_open(const char *in, const char **host, struct arena *a)
{
	struct error		 ignored = ERROR_INIT;
	PQconninfoOption	*v = parse(in, &ignored), *o;
	const char		*far = NULL, *mode;
	bool			 asked = false;

	for (o = v; o != NULL && o->keyword != NULL; o++) {
		if (strcmp(o->keyword, "sslmode") == 0) {
			mode = o->val != NULL ? o->val : getenv(o->envvar);
			asked = mode != NULL && strncmp(mode, "verify-",
			    7) == 0;
		} else if (far == NULL && o->val != NULL &&
		    (strcmp(o->keyword, "host") == 0 ||
		    strcmp(o->keyword, "hostaddr") == 0))
			far = find_elsewhere(o->val, a);
	}
	PQconninfoFree(v);
	*host = far;
	return far != NULL && !asked;
}

unsigned int
conninfo_count(const char *in)
{
	struct error		 ignored = ERROR_INIT;
	PQconninfoOption	*v = parse(in, &ignored);
	unsigned int		 n = v != NULL ? count_hosts(v) : 1;

	PQconninfoFree(v);
	return n;
}

int
conninfo_timeout(const char *in)
{
	struct error		 ignored = ERROR_INIT;
	PQconninfoOption	*v = parse(in, &ignored), *o;
	long			 n = TIMEOUT;

	for (o = v; o != NULL && o->keyword != NULL; o++)
		if (o->val != NULL && strcmp(o->keyword,
		    "connect_timeout") == 0)
			n = strtol(o->val, NULL, 10);
	PQconninfoFree(v);
	return n <= 0 ? 0 : n > TIMEOUT_MAX ? TIMEOUT_MAX * 1000 :
	    (int)n * 1000;
}

const char **
conninfo_env(struct arena *a, const char *in, struct error *e)
{
	PQconninfoOption	*v = parse(in, e), *o;
	const char		**env;
	size_t			 n = 0;

	if (v == NULL)
		return NULL;
	for (o = v; o->keyword != NULL; o++)
		n++;
	env = arena_alloc(a, (n + 1) * sizeof(*env));
	for (n = 0, o = v; o->keyword != NULL; o++)
		if (o->envvar != NULL && (o->val != NULL ||
		    getenv(o->envvar) != NULL))
			env[n++] = arena_printf(a, "%s=%s", o->envvar,
			    o->val != NULL ? o->val : "");
	PQconninfoFree(v);
	return env;
}
