/* SPDX-License-Identifier: Apache-2.0 */
#include "db/conninfo.h"

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

int
conninfo_for(char **out, const char *in, const char *user,
    const char *dbname, struct error *e)
{
	PQconninfoOption	*v, *o;
	char			*why = NULL;
	struct buf		 text = { 0 };
	bool			 has_db = false;

	*out = NULL;
	if ((v = PQconninfoParse(in, &why)) == NULL) {
		error_set(e, ERROR_INPUT, "connection string: %.*s",
		    why != NULL ? (int)strcspn(why, "\n") : 0,
		    why != NULL ? why : "");
		PQfreemem(why);
		return -1;
	}
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
