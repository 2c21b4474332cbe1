/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_WEB_FORM_PRIVATE_H
#define SIGNET_WEB_FORM_PRIVATE_H
/*
 * Between form.c and form_parts.c.
 */
#include "web/form.h"

/* In place; ERROR_INPUT naming the field. */
int	 form_clean(char *s, size_t *len, const char *name, struct error *);
int	 form_add(struct form *, const struct form_field *, struct arena *,
	    struct error *);
/* "; name=value; other=\"quoted\"": 1, 0 there is none, -1. */
int	 form_parameter(char **value, const char *list, const char *name,
	    struct arena *, struct error *);
#endif
