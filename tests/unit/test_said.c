/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ra/said.h"
#include "web/texts.h"

struct fixture {
	struct texts	*texts;
	struct arena	*arena;
};

static int
setup(void **state)
{
	static const char *const	 langs[] = { "en", "sv" };
	struct fixture			*f = mem_alloc(sizeof(*f));
	struct error			 e = ERROR_INIT;

	f->arena = arena_new();
	*state = f;
	return texts_load(&f->texts, TEST_PAGES "/texts", NULL, langs, 2, &e);
}

static int
teardown(void **state)
{
	struct fixture	*f = *state;

	texts_free(&f->texts);
	arena_free(&f->arena);
	free(f);
	return 0;
}

static void
says(struct fixture *f, const char *lang, const char *error,
    const char *expected)
{
	assert_string_equal(said_text(f->arena, texts_of(f->texts, lang),
	    error), expected);
}

static void
an_error_without_words_of_its_own_stays_as_it_is(void **state)
{
	says(*state, "sv", "", "");
	says(*state, "sv", "the moon is full", "the moon is full");
	says(*state, "sv", "field \"a\"", "field \"a\"");
	says(*state, "en", "order a is in archive b",
	    "order a is in archive b");
	says(*state, "en", "this link leads nowhere else",
	    "this link leads nowhere else");
}

static void
an_error_is_said_in_the_language_of_the_page(void **state)
{
	says(*state, "en", "certificate 0a expired on 2020-01-02 and is in "
	    "archive 2024, not in the store any more", "Certificate 0a "
	    "expired on 2020-01-02. It has left the store for archive 2024: "
	    "whoever keeps that can show it.");
	says(*state, "sv", "order 12345678 is in archive 2024, and not in the "
	    "store any more", "Beställningen 12345678 har lämnat registret "
	    "för arkivet 2024: den som förvarar det kan visa den.");
	says(*state, "en", "this link leads nowhere",
	    "This link leads nowhere.");
	says(*state, "sv", "this link leads nowhere",
	    "L\303\244nken leder ingenstans.");
	says(*state, "sv", "your security key is not for registration office "
	    "north", "Din s\303\244kerhetsnyckel g\303\244ller inte "
	    "registreringskontoret north.");
	says(*state, "sv", "order 12ab is done: nothing to approve",
	    "Det finns inget att godk\303\244nna l\303\244ngre: "
	    "best\303\244llningen 12ab \303\244r done.");
}

static void
its_parts_stand_where_the_text_wants_them(void **state)
{
	says(*state, "en", "field \"country\": CN is longer than 64 "
	    "characters", "At most 64 characters.");
	says(*state, "en", "key: profile \"web\" does not take rsa:1024",
	    "A key of this kind is not taken here (rsa:1024). Make another.");
	says(*state, "en", "field \"a\": b: c", "This cannot be used: b: c");
	says(*state, "en", "this page is for an officer; your certificate "
	    "says holder", "This page is for an officer; your certificate "
	    "says holder.");
}

/* Which cannot be said in JSON: then the error is shown as it came. */
static void
a_part_that_is_not_utf8_is_not_taken(void **state)
{
	says(*state, "en", "\"\377\" is missing", "\"\377\" is missing");
}

static void
every_text_is_there_in_every_language(void **state)
{
	struct fixture	*f = *state;
	char		 key[80];

	for (size_t i = 0; SAID[i].error != NULL; i++)
		for (size_t l = 0; l < texts_count(f->texts); l++) {
			snprintf(key, sizeof(key), "said.%s", SAID[i].key);
			assert_non_null(texts_get(f->texts,
			    texts_lang(f->texts, l), key));
		}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(
		    an_error_without_words_of_its_own_stays_as_it_is),
		cmocka_unit_test(an_error_is_said_in_the_language_of_the_page),
		cmocka_unit_test(its_parts_stand_where_the_text_wants_them),
		cmocka_unit_test(a_part_that_is_not_utf8_is_not_taken),
		cmocka_unit_test(every_text_is_there_in_every_language),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
