/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/text.h"
#include "card/layout.h"

#define SLOT	"{ slot = \"signature\"; profile = \"p\"; alg = \"ec:P-256\"; }"
#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static char dir[] = "/tmp/signet-layout.XXXXXX";
static char path[64];

static int
load(struct layout **l, const char *text, struct error *e)
{
	FILE	*f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	return layout_load(l, path, e);
}

static void
what_makes_no_sense_is_refused_by_name(void **state)
{
	static const struct { const char *text, *said, *hint; } bad[] = {
		{ "slots = ( " SLOT " );", "description", "" },
		{ "description = \"d\";", "slots: a card without a key", "" },
		{ "description = \"d\"; slots = ( " SLOT ", " SLOT " );",
		    "slots: group 2: there is one \"signature\" already", "" },
		{ "description = \"d\"; slots = ( { slot = \"signatur\";"
		    " profile = \"p\"; alg = \"ec:P-256\"; } );",
		    "slots: group 1: there is no \"signatur\"",
		    "did you mean \"signature\"?" },
		{ "description = \"d\"; slots = ( { slot = \"signature\";"
		    " profile = \"p\"; alg = \"rsa:1024\"; } );",
		    "slots: group 1: there is no \"rsa:1024\"", "" },
		{ "description = \"d\"; slots = ( { slot = \"signature\";"
		    " profile = \"../p\"; alg = \"rsa:2048\"; } );",
		    "is no name of a profile", "" },
		{ "description = \"d\"; slots = ( " SLOT " );"
		    " management = \"fixed\";", "management: there is no", "" },
		{ "description = \"d\"; slots = ( " SLOT " );"
		    " management_algs = [ \"des\" ];",
		    "management_algs: there is no \"des\"", "" },
		{ "description = \"d\"; slots = ( " SLOT " ); pin_length = 4;",
		    "pin_length", "" },
		{ "description = \"d\"; slots = ( " SLOT " ); letter = \"a/b\";",
		    "letter: \"a/b\" is no name", "" },
		{ "description = \"d\"; slots = ( " SLOT " ); number = \"c-\";",
		    "number: \"c-\"", "" },
		{ "description = \"d\"; slots = ( " SLOT " );"
		    " face = [ \"holder\" ];",
		    "face: the column \"holder\" has another meaning", "" },
		{ "description = \"d\"; slots = ( " SLOT " ); colour = 1;",
		    "unknown setting \"colour\"", "" },
	};
	size_t	i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		struct error	 e = ERROR_INIT;
		struct layout	*l = (struct layout *)-1;

		assert_int_equal(load(&l, bad[i].text, &e), -1);
		assert_null(l);
		assert_int_equal(e.code, ERROR_CONFIG);
		if (strstr(e.text, bad[i].said) == NULL)
			fail_msg("\"%s\", not \"%s\"", e.text, bad[i].said);
		if (bad[i].hint[0] != '\0')
			assert_string_equal(e.hint, bad[i].hint);
		assert_non_null(strstr(e.text, "/staff"));
	}
}

static void
a_layout_that_is_not_there_says_where_layouts_are(void **state)
{
	struct error	 e = ERROR_INIT;
	struct layout	*l;

	(void)state;
	assert_int_equal(layout_find(&l, dir, "../etc", &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	error_clear(&e);
	assert_int_equal(layout_find(&l, dir, "nothing", &e), -1);
	assert_int_equal(e.code, ERROR_NOTFOUND);
	assert_non_null(strstr(e.hint, dir));
}

static void
what_is_not_said_has_its_default(void **state)
{
	struct error	 e = ERROR_INIT;
	struct layout	*l;

	(void)state;
	assert_int_equal(load(&l, "description = \"d\"; slots = ( " SLOT " );"
	    " face = [ \"unit\" ];", &e), 0);
	assert_string_equal(l->name, "staff");
	assert_string_equal(l->management, "derived");
	assert_int_equal(l->pin_length, 6);
	assert_int_equal(l->per_holder, 1);
	assert_null(l->letter);
	assert_false(l->attestation);
	assert_int_equal(l->validity, 1825 * INT64_C(86400));
	assert_string_equal(layout_slot(l, 0)->alg, "ec:P-256");
	assert_null(layout_find_slot(l, "authentication"));
	assert_true(layout_has_face(l, "unit"));
	assert_false(layout_has_face(l, "photo"));
	layout_free(&l);
	assert_null(l);
	layout_free(&l);
}

static void
the_samples_are_layouts(void **state)
{
	static const char *const	names[] = { "person-ec", "person-rsa" };
	struct buf			text = { 0 };
	size_t				i;

	(void)state;
	for (i = 0; i < COUNT(names); i++) {
		struct error	 e = ERROR_INIT;
		struct layout	*l;

		if (layout_find(&l, TEST_LAYOUTS, names[i], &e) == -1)
			fail_msg("%s", e.text);
		assert_true(l->slots.n >= 3);
		layout_free(&l);
	}
	layout_describe(&text);
	assert_non_null(strstr(buf_cstr(&text), "per_holder"));
	buf_clear(&text);
}

static void
a_wrong_character_in_a_number_is_found(void **state)
{
	static const char	chars[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	struct arena		*a = arena_new();
	char			*n = layout_number(a, "P", 1234567);
	size_t			 i, k, swapped = 0;

	(void)state;
	assert_true(layout_number_is_right(n));
	assert_int_equal(strlen(n), 9);
	assert_int_equal(strncmp(n, "P1234567", 8), 0);
	for (i = 0; n[i] != '\0'; i++)
		for (k = 0; chars[k] != '\0'; k++) {
			char	was = n[i];

			n[i] = chars[k];
			assert_int_equal(layout_number_is_right(n),
			    chars[k] == was);
			n[i] = was;
		}
	for (i = 0; n[i + 1] != '\0'; i++) {
		char	was = n[i];

		n[i] = n[i + 1];
		n[i + 1] = was;
		swapped += !layout_number_is_right(n);
		n[i + 1] = n[i];
		n[i] = was;
	}
	assert_true(swapped >= 7);	/* "nearly every" */
	assert_false(layout_number_is_right(""));
	assert_false(layout_number_is_right("P"));
	assert_false(layout_number_is_right("P12-4567X"));
	/* The example of ISO/IEC 7064: A12425GABC1234002 and its check, M. */
	assert_true(layout_number_is_right("A12425GABC1234002M"));
	arena_free(&a);
}

static int
begin(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/staff", dir);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_makes_no_sense_is_refused_by_name),
		cmocka_unit_test(a_layout_that_is_not_there_says_where_layouts_are),
		cmocka_unit_test(what_is_not_said_has_its_default),
		cmocka_unit_test(the_samples_are_layouts),
		cmocka_unit_test(a_wrong_character_in_a_number_is_found),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, begin, end);
}
