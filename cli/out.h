/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_OUT_H
#define SIGNET_CLI_OUT_H
/*
 * What commands print: tables and records for people, JSON for programs.
 *
 * Both come from the same calls, so that what one shows the other has.  In
 * JSON a list is one object per line, so that it can be read while it is
 * being written; a record is one document.  Keys are snake_case and stable.
 * Times are UTC, ISO 8601; what is absent is null.
 *
 * For people, columns are fitted to the terminal: those marked OUT_SHRINK
 * give way, with an ellipsis, and where that is not enough those marked OUT_SPARE
 * are left out.  Without a terminal nothing is cut.  Control
 * characters from the store are shown as \xHH.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <jansson.h>
#include "base/mem.h"

#define OUT_RIGHT	0x01	/* numbers */
#define OUT_SHRINK	0x02	/* may be cut to fit */
#define OUT_JSON	0x04	/* only in JSON */
#define OUT_DAY		0x08	/* times: in tables the day is enough */
#define OUT_SPARE	0x10	/* left out of what is too wide, the last one first */

struct out_col {
	const char	*key;	/* "not_after" */
	const char	*head;	/* "EXPIRES" */
	unsigned	 flags;
};

struct out_list;
/* width 0: as the terminal f is, unbounded if it is none. */
struct out_list *out_list_new(FILE *f, bool json, int width,
	    const struct out_col *, size_t ncols);
/* From now on print there, as wide as before. */
void	 out_list_to(struct out_list *, FILE *);
/* The next cell of the row; the last one ends the row. */
void	 out_text(struct out_list *, const char *);	/* NULL: null, "-" */
void	 out_num(struct out_list *, int64_t);
void	 out_time(struct out_list *, int64_t);		/* 0: null, "-" */
void	 out_hex(struct out_list *, const void *, size_t);
/* In JSON the whole value, in the table its first n hex digits. */
void	 out_id(struct out_list *, const void *, size_t, size_t digits);
void	 out_bool(struct out_list *, bool);		/* "yes", "no" */
size_t	 out_list_rows(const struct out_list *);
void	 out_list_free(struct out_list **);		/* prints what is left */

/* Lines of text for people, folded where a terminal ends. */
void	 out_folded(FILE *, const char *);

/* One thing: "Label:  value" lines, or one JSON object. */
struct out_record;
struct out_record *out_record_new(FILE *f, bool json);
/* label NULL: only in JSON.  key NULL: only for people. */
void	 out_put(struct out_record *, const char *key, const char *label,
	    const char *text);				/* NULL: null, no line */
void	 out_put_num(struct out_record *, const char *key, const char *label,
	    int64_t);
void	 out_put_time(struct out_record *, const char *key,
	    const char *label, int64_t);		/* 0: null, no line */
void	 out_put_hex(struct out_record *, const char *key, const char *label,
	    const void *, size_t);
void	 out_put_bool(struct out_record *, const char *key,
	    const char *label, bool);
/* Any value, only in JSON; takes the reference. */
void	 out_put_json(struct out_record *, const char *key, json_t *);
/* A line of prose under the records, only for people. */
void	 out_put_line(struct out_record *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));
/* The same of a text that is lines already, as out_folded(). */
void	 out_put_text(struct out_record *, const char *);
void	 out_record_free(struct out_record **);		/* prints */
#endif
