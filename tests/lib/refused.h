/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_TESTS_LIB_REFUSED_H
#define SIGNET_TESTS_LIB_REFUSED_H
/*
 * A call that was refused, and how; after cmocka.h.
 */
#include "base/error.h"

/* It is clear afterwards. */
static inline void
refused(struct error *e, int rc, enum error_code code, const char *text)
{
	assert_int_equal(rc, -1);
	assert_string_equal(e->text, text);
	assert_int_equal(e->code, code);
	error_clear(e);
}
#endif
