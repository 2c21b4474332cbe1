/* SPDX-License-Identifier: Apache-2.0 */
/* What modules return, in words. */
#include <stdarg.h>
#include <stdio.h>

#include "x509/token_private.h"

static const struct {
	CK_RV		 rv;
	const char	*name;
	enum error_code	 code;
	bool		 lost;
} values[] = {
#define RV(name, code, lost) { CKR_##name, #name, code, lost }
	RV(HOST_MEMORY, ERROR_NOMEM, false),
	RV(SLOT_ID_INVALID, ERROR_UPSTREAM, true),
	RV(GENERAL_ERROR, ERROR_UPSTREAM, true),
	RV(FUNCTION_FAILED, ERROR_UPSTREAM, true),
	RV(ARGUMENTS_BAD, ERROR_CRYPTO, false),
	RV(NEED_TO_CREATE_THREADS, ERROR_CONFIG, false),
	RV(CANT_LOCK, ERROR_CONFIG, false),
	RV(ATTRIBUTE_READ_ONLY, ERROR_CRYPTO, false),
	RV(ATTRIBUTE_SENSITIVE, ERROR_CRYPTO, false),
	RV(ATTRIBUTE_TYPE_INVALID, ERROR_CRYPTO, false),
	RV(ATTRIBUTE_VALUE_INVALID, ERROR_CRYPTO, false),
	RV(DATA_LEN_RANGE, ERROR_CRYPTO, false),
	RV(DEVICE_ERROR, ERROR_UPSTREAM, true),
	RV(DEVICE_MEMORY, ERROR_UPSTREAM, false),
	RV(DEVICE_REMOVED, ERROR_UPSTREAM, true),
	RV(ENCRYPTED_DATA_INVALID, ERROR_DENIED, false),
	RV(ENCRYPTED_DATA_LEN_RANGE, ERROR_DENIED, false),
	RV(FUNCTION_CANCELED, ERROR_UPSTREAM, false),
	RV(FUNCTION_NOT_SUPPORTED, ERROR_CONFIG, false),
	RV(KEY_HANDLE_INVALID, ERROR_UPSTREAM, true),
	RV(KEY_SIZE_RANGE, ERROR_CONFIG, false),
	RV(KEY_TYPE_INCONSISTENT, ERROR_CONFIG, false),
	RV(KEY_FUNCTION_NOT_PERMITTED, ERROR_CONFIG, false),
	RV(MECHANISM_INVALID, ERROR_CONFIG, false),
	RV(MECHANISM_PARAM_INVALID, ERROR_CONFIG, false),
	RV(OBJECT_HANDLE_INVALID, ERROR_UPSTREAM, true),
	RV(OPERATION_ACTIVE, ERROR_UPSTREAM, true),
	RV(OPERATION_NOT_INITIALIZED, ERROR_UPSTREAM, true),
	RV(PIN_INCORRECT, ERROR_DENIED, false),
	RV(PIN_INVALID, ERROR_DENIED, false),
	RV(PIN_LEN_RANGE, ERROR_DENIED, false),
	RV(PIN_EXPIRED, ERROR_DENIED, false),
	RV(PIN_LOCKED, ERROR_DENIED, false),
	RV(SESSION_CLOSED, ERROR_UPSTREAM, true),
	RV(SESSION_COUNT, ERROR_UPSTREAM, false),
	RV(SESSION_HANDLE_INVALID, ERROR_UPSTREAM, true),
	RV(SESSION_READ_ONLY, ERROR_CONFIG, false),
	RV(TEMPLATE_INCOMPLETE, ERROR_CRYPTO, false),
	RV(TEMPLATE_INCONSISTENT, ERROR_CRYPTO, false),
	RV(TOKEN_NOT_PRESENT, ERROR_UPSTREAM, true),
	RV(TOKEN_NOT_RECOGNIZED, ERROR_UPSTREAM, true),
	RV(TOKEN_WRITE_PROTECTED, ERROR_CONFIG, false),
	RV(USER_NOT_LOGGED_IN, ERROR_UPSTREAM, true),
	RV(USER_PIN_NOT_INITIALIZED, ERROR_CONFIG, false),
	RV(BUFFER_TOO_SMALL, ERROR_CRYPTO, false),
	RV(CRYPTOKI_NOT_INITIALIZED, ERROR_UPSTREAM, true),
#undef RV
};
#define NVALUES	(sizeof(values) / sizeof(values[0]))

const char *
token_rv_name(CK_RV rv)
{
	size_t	 i;

	for (i = 0; i < NVALUES; i++)
		if (values[i].rv == rv)
			return values[i].name;
	return NULL;
}

bool
token_rv_is_lost(CK_RV rv)
{
	size_t	 i;

	for (i = 0; i < NVALUES; i++)
		if (values[i].rv == rv)
			return values[i].lost;
	return false;
}

int
token_error(struct error *e, CK_RV rv, const char *fmt, ...)
{
	enum error_code	 code = ERROR_CRYPTO;
	const char	*name = token_rv_name(rv);
	char		 what[200];
	size_t		 i;
	va_list		 ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	for (i = 0; i < NVALUES; i++)
		if (values[i].rv == rv)
			code = values[i].code;
	if (name == NULL)
		return error_set(e, code, "%s: CKR 0x%lx", what, rv);
	return error_set(e, code, "%s: CKR_%s", what, name);
}
