/* SPDX-License-Identifier: Apache-2.0 */
#include "db/conninfo.h"

#include <stdlib.h>
#include <string.h>
#include <libpq-fe.h>

#include "base/mem.h"

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
