/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "db/pgerror.h"

/* The longest prefix that matches decides; longer ones stand first. */
static const struct {
	const char	*prefix;
	enum error_code	 code;
} codes[] = {
	{ "23505", ERROR_CONFLICT },	/* unique_violation */
	{ "23503", ERROR_NOTFOUND },	/* foreign_key_violation */
	{ "23514", ERROR_INPUT },	/* check_violation */
	{ "23502", ERROR_BUG },		/* not_null_violation */
	{ "25006", ERROR_UPSTREAM },	/* read_only_sql_transaction */
	{ "3D000", ERROR_CONFIG },	/* invalid_catalog_name */
	{ "40001", ERROR_RETRY },	/* serialization_failure */
	{ "40P01", ERROR_RETRY },	/* deadlock_detected */
	{ "42501", ERROR_CONFIG },	/* insufficient_privilege */
	{ "55P03", ERROR_RETRY },	/* lock_not_available */
	{ "P0001", ERROR_DENIED },	/* raise_exception */
	{ "SG001", ERROR_CONFLICT },	/* ours: state_is_wrong() */
	{ "08", ERROR_UPSTREAM },	/* connection exceptions */
	{ "22", ERROR_INPUT },		/* data exceptions */
	{ "28", ERROR_CONFIG },		/* authorization */
	{ "42", ERROR_BUG },		/* syntax, unknown names */
	{ "53", ERROR_UPSTREAM },	/* insufficient resources */
	{ "54", ERROR_INPUT },		/* program limits */
	{ "57", ERROR_UPSTREAM },	/* operator intervention */
	{ "58", ERROR_UPSTREAM },	/* system errors */
	{ "XX", ERROR_UPSTREAM },	/* internal errors */
};

enum error_code
error_pg_code(const char *sqlstate)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (strncmp(sqlstate, codes[i].prefix,
		    strlen(codes[i].prefix)) == 0)
			return codes[i].code;
	return ERROR_BUG;
}

static const char *
hint_of(const char *sqlstate, const PGresult *res)
{
	if (strcmp(sqlstate, "25006") == 0)
		return "this is a standby: name all hosts and "
		    "target_session_attrs=read-write";
	return PQresultErrorField(res, PG_DIAG_MESSAGE_HINT);
}

int
error_pg(struct error *e, const PGconn *conn, const PGresult *res,
    const char *fmt, ...)
{
	const char	*state, *text, *hint;
	char		 what[200];
	va_list		 ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	text = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	if (state != NULL && text != NULL) {
		error_set(e, error_pg_code(state), "%.320s (SQLSTATE %s)", text,
		    state);
		if ((hint = hint_of(state, res)) != NULL)
			error_hint(e, "%s", hint);
	} else {
		text = PQerrorMessage(conn);
		error_set(e, ERROR_UPSTREAM, "%.*s", (int)strcspn(text, "\n"),
		    *text != '\0' ? text : "no answer from the server");
	}
	return error_wrap(e, "%s", what);
}
