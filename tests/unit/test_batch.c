/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "desk/batch.h"
#include "desk/request.h"

#define TOLD_MAX	8

static char	*takes[] = { (char *)(uintptr_t)"name", (char *)(uintptr_t)"mail" };
static char	*cas[] = { (char *)(uintptr_t)"people" };
static struct profile_attr cn = { .attr = (char *)(uintptr_t)"CN",
	.from = (char *)(uintptr_t)"name", .required = true, .max = 64 };
static struct profile_san email = { .type = (char *)(uintptr_t)"email",
	.from = (char *)(uintptr_t)"mail", .max = 3 };
static struct profile	 mail = { .name = (char *)(uintptr_t)"mail",
	.cas = { cas, 1 }, .fields = { takes, 2 }, .subject = &cn,
	.nsubject = 1, .san = &email, .nsan = 1 };
static struct profile	*all[] = { &mail };
static struct desk_issuer people = { .name = (char *)(uintptr_t)"people" };

struct told {
	size_t	n;
	char	where[TOLD_MAX][100];
	char	text[TOLD_MAX][400];
};

static void
tell(void *arg, size_t n, const char *where, const struct error *e)
{
	struct told	*t = arg;

	assert_true(n <= TOLD_MAX);
	t->n = n;
	snprintf(t->where[n - 1], sizeof(t->where[0]), "%s", where);
	snprintf(t->text[n - 1], sizeof(t->text[0]), "%s", e->text);
}

static void
desk_open(struct desk *dk, struct told *t)
{
	memset(t, 0, sizeof(*t));
	desk_init(dk);
	dk->profiles.v = all;
	dk->profiles.n = 1;
	dk->issuer = &people;
	dk->nissuers = 1;
	dk->anchors = sk_X509_new_null();
	dk->has_blocklists = true;
	dk->ears = (struct desk_ears){ .arg = t, .bad = tell };
}

static void
desk_leave(struct desk *dk)
{
	dk->profiles.v = NULL;
	dk->profiles.n = 0;
	dk->issuer = NULL;
	dk->nissuers = 0;
	desk_clear(dk);
}

/* 0 and the batch, whose mistakes were told; or -1. */
static int
read_text(struct desk *dk, struct batch *b, const char *text,
    struct error *e)
{
	if (batch_begin(dk, b, "mail", NULL, e) == -1)
		fail_msg("%s", e->text);
	return batch_read_text(b, "list", BYTES(text, strlen(text)), e);
}

static void
batch_begin_knows_the_profile(void **state)
{
	struct error	 e = ERROR_INIT;
	struct batch	 b;
	struct told	 t;
	struct desk	 dk;

	(void)state;
	desk_open(&dk, &t);
	assert_int_equal(batch_begin(&dk, &b, "nosuch", NULL, &e), -1);
	assert_int_equal(e.code, ERROR_NOTFOUND);
	batch_clear(&b);
	desk_leave(&dk);
}

static void
batch_read_text_opens_no_file(void **state)
{
	struct error	 e = ERROR_INIT;
	struct batch	 b;
	struct told	 t;
	struct desk	 dk;

	(void)state;
	desk_open(&dk, &t);
	assert_int_equal(read_text(&dk, &b, "holder,name,csr\n"
	    "4711,Alice,/etc/hostname\n", &e), 0);
	assert_int_equal(t.n, 1);
	assert_string_equal(t.where[0], "list: line 2, column 12");
	assert_null(strstr(t.text[0], "/etc"));
	assert_int_equal(b.draft.order->nitems, 0);
	batch_clear(&b);
	desk_leave(&dk);
}

static void
batch_read_text_tells_every_mistake_with_its_place(void **state)
{
	struct error	 e = ERROR_INIT;
	struct batch	 b;
	struct told	 t;
	struct desk	 dk;

	(void)state;
	desk_open(&dk, &t);
	assert_int_equal(read_text(&dk, &b, "holder,name,mail\n"
	    ",Alice,alice@example.org\n"
	    "4712,,bob@example.org\n"
	    "4713,Carol,carol@example.org;c@example.org\n"
	    "4714,Dan\n", &e), 0);
	assert_int_equal(b.bad, 3);
	assert_string_equal(t.where[0], "list: line 2, column 1");
	assert_string_equal(t.text[0], "no holder");
	assert_string_equal(t.where[1], "list: line 3, column 6");
	assert_string_equal(t.where[2], "list");
	assert_non_null(strstr(t.text[2], "line 5"));
	assert_int_equal(b.draft.order->nitems, 1);
	assert_string_equal(b.draft.order->item[0].holder, "4713");
	assert_int_equal(b.draft.order->item[0].fields.n, 3);
	batch_clear(&b);
	desk_leave(&dk);
}

static void
batch_read_text_wants_columns_of_the_profile(void **state)
{
	struct error	 e = ERROR_INIT;
	struct batch	 b;
	struct told	 t;
	struct desk	 dk;

	(void)state;
	desk_open(&dk, &t);
	assert_int_equal(read_text(&dk, &b, "holder,title\n1,Dr\n", &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_string_equal(e.text, "list: line 1, column 8: profile mail has "
	    "no field \"title\"");
	batch_clear(&b);
	error_clear(&e);
	assert_int_equal(read_text(&dk, &b, "name\nAlice\n", &e), -1);
	assert_string_equal(e.text, "list: line 1: no column \"holder\"");
	batch_clear(&b);
	desk_leave(&dk);
}

static void
request_add_values_cuts_only_where_several_are_taken(void **state)
{
	struct fields	 f = { 0 };
	char		 longer[FIELD_VALUE_MAX + 10];

	(void)state;
	request_add_values(&f, &mail, "name", "Holm; Alice", ";");
	assert_int_equal(f.n, 1);
	assert_string_equal(f.v[0].value, "Holm; Alice");
	request_add_values(&f, &mail, "mail", " a@example.org  b@example.org",
	    " ");
	assert_int_equal(f.n, 3);
	assert_string_equal(f.v[1].value, "a@example.org");
	assert_string_equal(f.v[2].value, "b@example.org");
	/* What is too long stays so, to be refused. */
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	request_add_values(&f, &mail, "name", longer, ";");
	assert_string_equal(f.v[3].value, longer);
	fields_clear(&f);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(batch_begin_knows_the_profile),
		cmocka_unit_test(batch_read_text_opens_no_file),
		cmocka_unit_test(
		    batch_read_text_tells_every_mistake_with_its_place),
		cmocka_unit_test(
		    batch_read_text_wants_columns_of_the_profile),
		cmocka_unit_test(
		    request_add_values_cuts_only_where_several_are_taken),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
