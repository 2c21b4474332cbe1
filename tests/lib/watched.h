/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_TESTS_LIB_WATCHED_H
#define SIGNET_TESTS_LIB_WATCHED_H
/*
 * Whether somebody watches this test's memory (a sanitizer, or valgrind: then
 * TEST_WATCHED is set), which takes long and much room: what is done for every
 * case elsewhere is done for some of them, and sizes are not compared.
 */
#include <stdbool.h>
#include <stdlib.h>

static inline bool
is_watched(void)
{
#ifdef SIGNET_SANITIZED
	return true;
#else
	return getenv("TEST_WATCHED") != NULL;
#endif
}
#endif
