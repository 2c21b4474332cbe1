/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_OFFICER_CODE_H
#define SIGNET_RA_OFFICER_CODE_H
/*
 * The code of an order, made here and in the form only.
 */
#include "order/order.h"
#include "page.h"

/* Is it the code of this order?  ERROR_INPUT. */
int	 officer_code_check(struct page *, const struct order *,
	    const char *code, struct error *);
/* code_done.html, or the way to an order that is over. */
int	 officer_code_show(struct page *, const struct order *,
	    const char *code, const char *name, struct error *);
#endif
