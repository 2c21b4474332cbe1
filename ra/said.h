/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_SAID_H
#define SIGNET_RA_SAID_H
/*
 * What went wrong, in words for the people who read a page.
 *
 * Errors are sentences for operators, and all programs share them.  Those that
 * a visitor can cause have a text of their own, in each language; what stands
 * where the pattern has a star goes into {a}, {b} and {c} of it.
 */
#include <jansson.h>
#include "base/mem.h"

struct said {
	const char	*error;		/* the error's text, "*" for any part */
	const char	*key;		/* "code" is the text "said.code" */
};
extern const struct said SAID[];	/* ends with an error that is NULL */

/* In these texts' language, in the arena; the error's own text where there is
 * no other. */
const char *said_text(struct arena *, const json_t *texts, const char *error);
#endif
