/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CARD_SEAL_FORM_H
#define SIGNET_CARD_SEAL_FORM_H
/*
 * Is this what seal_make() makes, and nothing weaker?  Nobody who lacks a key
 * can say what is in something sealed, but the algorithms' names are in clear
 * and nothing protects them: of a message made with GCM, another that says CFB
 * can be made, or one with a tag of one octet, and then be altered at will.
 */
#include "base/error.h"
#include "base/mem.h"

/* ERROR_INPUT when it is not.  Nothing is opened. */
int	 seal_form_check(struct bytes sealed, struct error *);
#endif
