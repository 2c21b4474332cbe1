/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clientDataJSON: what the browser says that it was asked to sign, and where
 * (WebAuthn, 5.8.1 and 7.2).
 */
#include <string.h>
#include <jansson.h>
#include "base/base64.h"
#include "base/text.h"
#include "order/assertion.h"

static bool
is_text(const json_t *object, const char *key, const char *text)
{
	const json_t	*v = json_object_get(object, key);

	return json_is_string(v) && json_string_length(v) == strlen(text) &&
	    memcmp(json_string_value(v), text, strlen(text)) == 0;
}

static int
check_frame(const json_t *o, struct error *e)
{
	const json_t	*cross = json_object_get(o, "crossOrigin");

	if ((cross != NULL && !json_is_false(cross)) ||
	    json_object_get(o, "topOrigin") != NULL)
		return error_set(e, ERROR_DENIED, "the assertion was made in a "
		    "frame of another origin");
	return 0;
}

static int
check_origin(const json_t *o, const char *origin, struct error *e)
{
	const json_t	*v = json_object_get(o, "origin");
	char		 said[ORDER_ORIGIN_MAX];

	if (is_text(o, "origin", origin))
		return 0;
	text_escape(said, sizeof(said), json_is_string(v) ?
	    json_string_value(v) : "nowhere");
	return error_set(e, ERROR_DENIED, "the assertion was made at %s, the "
	    "credential is bound to %s", said, origin);
}

static int
check_object(const json_t *o, const char *type, const char *challenge,
    const char *origin, struct error *e)
{
	if (!is_text(o, "type", type))
		return error_set(e, ERROR_DENIED, "clientDataJSON is not of "
		    "type %s", type);
	if (challenge != NULL && !is_text(o, "challenge", challenge))
		return error_set(e, ERROR_DENIED, "the assertion was made for "
		    "something else: its challenge is not the one asked for");
	if (check_origin(o, origin, e) == -1)
		return -1;
	return check_frame(o, e);
}

int
assertion_check_client(struct bytes json, const char *type,
    const uint8_t *challenge, size_t len, const char *origin,
    struct error *e)
{
	json_error_t	 why;
	json_t		*o;
	char		*wanted;
	int		 rc;

	if (json.len > ASSERTION_CLIENT_MAX)
		return error_set(e, ERROR_DENIED, "clientDataJSON has %zu "
		    "bytes, more than %d", json.len, ASSERTION_CLIENT_MAX);
	o = json_loadb((const char *)json.p, json.len, JSON_REJECT_DUPLICATES,
	    &why);
	if (!json_is_object(o)) {
		json_decref(o);
		return error_set(e, ERROR_DENIED, "clientDataJSON is not one "
		    "JSON object without duplicates");
	}
	wanted = len > 0 ? text_base64url(challenge, len) : NULL;
	rc = check_object(o, type, wanted, origin, e);
	mem_free(&wanted);
	json_decref(o);
	return rc;
}
