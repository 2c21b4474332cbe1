/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_TESTS_FUZZ_MUST_H
#define SIGNET_TESTS_FUZZ_MUST_H
/*
 * What has to hold whatever the input is, or the fuzzer keeps that input.
 */
#include <stdbool.h>
#include <stdlib.h>

static inline void
must(bool yes)
{
	if (!yes)
		abort();
}
#endif
