/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_TESTS_FUZZ_MUST_H
#define SIGNET_TESTS_FUZZ_MUST_H
/*
 * What has to hold whatever the input is, or the fuzzer keeps that input.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define must(what)	must_at(what, __FILE__, __LINE__, #what)

static inline void
must_at(bool yes, const char *file, int line, const char *what)
{
	if (yes)
		return;
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}
#endif
