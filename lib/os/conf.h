/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OS_CONF_H
#define SIGNET_OS_CONF_H
/*
 * Settings, read from libconfig files by tables.
 *
 * A program fills a const table; the row gives name, type, where the value
 * goes, default and range.  An unknown setting, a wrong type, a value out of
 * range or a missing required one is an error with file:line.  The same tables
 * print the reference pages.  Strings are owned by the target struct and freed
 * by conf_free().
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "base/mem.h"

enum conf_type {
	CONF_T_STR,		/* char *; CONF_STR_REQUIRED: must be set */
	CONF_T_NUM,		/* int64_t */
	CONF_T_BOOL,		/* bool */
	CONF_T_DURATION,	/* int64_t seconds from "90d" */
	CONF_T_LIST,		/* struct conf_list of strings, from [..] or (..) */
	CONF_T_GROUPS,		/* struct conf_groups from ( {..}, {..} ) */
};

struct conf_list {
	char	**v;
	size_t	  n;
};
struct conf_groups {
	void	*v;		/* array of the sub-table's struct */
	size_t	 n;
};

struct conf_item {
	const char		*name;
	enum conf_type		 type;
	size_t			 offset;
	bool			 required;
	const char		*str;		/* default of STR, DURATION */
	int64_t			 num, min, max;
	const struct conf_item	*sub;		/* rows of GROUPS, */
	size_t			 size;		/* and its struct's size */
	const char		*help;		/* one sentence */
};

/* A table ends with CONF_END.  Duration bounds are in seconds. */
#define CONF_STR(s, f, dflt, text) \
	{ #f, CONF_T_STR, offsetof(s, f), false, dflt, 0, 0, 0, NULL, 0, text }
#define CONF_STR_REQUIRED(s, f, text) \
	{ #f, CONF_T_STR, offsetof(s, f), true, NULL, 0, 0, 0, NULL, 0, text }
#define CONF_NUM(s, f, dflt, lo, hi, text) \
	{ #f, CONF_T_NUM, offsetof(s, f), false, NULL, dflt, lo, hi, NULL, 0, text }
#define CONF_BOOL(s, f, dflt, text) \
	{ #f, CONF_T_BOOL, offsetof(s, f), false, NULL, dflt, 0, 1, NULL, 0, text }
#define CONF_DURATION(s, f, dflt, lo, hi, text) \
	{ #f, CONF_T_DURATION, offsetof(s, f), false, dflt, 0, lo, hi, NULL, 0, text }
#define CONF_LIST(s, f, text) \
	{ #f, CONF_T_LIST, offsetof(s, f), false, NULL, 0, 0, 0, NULL, 0, text }
#define CONF_GROUPS(s, f, rows, sub_s, text) \
	{ #f, CONF_T_GROUPS, offsetof(s, f), false, NULL, 0, 0, 0, rows, sizeof(sub_s), text }
#define CONF_END \
	{ NULL, CONF_T_STR, 0, false, NULL, 0, 0, 0, NULL, 0, NULL }

/* Fill target (zeroed by the caller).  On failure target is conf_free()d. */
int	 conf_load(void *target, const struct conf_item *, const char *path,
	    struct error *);
/* As conf_load, from text; "name" is shown in errors. */
int	 conf_parse(void *target, const struct conf_item *, const char *text,
	    const char *name, struct error *);
void	 conf_free(void *target, const struct conf_item *);
/* The reference page: one paragraph per setting, sub-tables indented. */
void	 conf_describe(struct buf *out, const struct conf_item *);
#endif
