/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OCSP_COMPLAIN_H
#define SIGNET_OCSP_COMPLAIN_H
/*
 * What goes wrong request by request, in the log once in a while: a stranger
 * must not be able to fill it.  Each class speaks at most once a minute and
 * then says how often it was silent.
 */
#include "base/error.h"

enum complain_class { COMPLAIN_STORE, COMPLAIN_LAG, COMPLAIN_SIGNER,
    COMPLAIN_ISSUER, COMPLAIN_FLOOR, COMPLAIN_SIGN, COMPLAIN_FEED,
    COMPLAIN_CLASSES };

struct complaints;
struct complaints *complaints_new(void);
void	 complaints_free(struct complaints **);
/* Any thread. */
void	 complain(struct complaints *, enum complain_class,
	    const struct error *, const char *what, ...)
	    __attribute__((format(printf, 4, 5)));
/* It is well again: the next time is said at once. */
void	 complain_end(struct complaints *, enum complain_class);
#endif
