/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <dirent.h>
#include <unistd.h>

#include "os/file.h"
#include "web/assets.h"

struct fixture {
	char		 dir[64];
	struct assets	*assets;
	struct error	 e;
};

static void
put(struct fixture *f, const char *name, const char *text)
{
	char	*path = file_join(f->dir, name);

	assert_int_equal(file_store(path, text, strlen(text), 0644, &f->e), 0);
	mem_free(&path);
}

static int
setup(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));

	memcpy(f->dir, "/tmp/signet-assets.XXXXXX", 26);
	if (mkdtemp(f->dir) == NULL)
		return -1;
	put(f, "a.js", "import './b.js';");
	put(f, "b.js", "export const b = 1;");
	put(f, "Makefile.inc", "no asset");
	assets_new(&f->assets, "/static/");
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture	*f = *state;
	struct dirent	*d;
	DIR		*dir;

	if ((dir = opendir(f->dir)) == NULL)
		return -1;
	while ((d = readdir(dir)) != NULL)
		(void)unlinkat(dirfd(dir), d->d_name, 0);
	closedir(dir);
	rmdir(f->dir);
	assets_free(&f->assets);
	mem_free(&f);
	return 0;
}

static void
assets_load_refuses_a_type_that_browsers_would_have_to_guess(void **state)
{
	struct fixture	*f = *state;

	put(f, "c.exe", "x");
	assert_int_equal(assets_load(f->assets, f->dir, &f->e), -1);
	assert_int_equal(f->e.code, ERROR_CONFIG);
	assert_non_null(strstr(f->e.text, "c.exe: a static file is called"));
}

static void
assets_load_names_the_directory_that_is_not_there(void **state)
{
	struct fixture	*f = *state;

	assert_int_equal(assets_load(f->assets, "/nonexistent", &f->e), -1);
	assert_non_null(strstr(f->e.text, "read /nonexistent"));
}

static void
assets_url_and_find_know_only_what_is_there(void **state)
{
	struct fixture	*f = *state;

	assert_null(assets_url(f->assets, "a.js"));
	assert_int_equal(assets_load(f->assets, f->dir, &f->e), 0);
	assert_null(assets_url(f->assets, "Makefile.inc"));
	assert_null(assets_find(f->assets, "/static/a.js"));
	assert_null(assets_find(f->assets, "/static/0123456789abcdef/a.js"));
	assert_non_null(assets_find(f->assets, assets_url(f->assets, "a.js")));
}

/* Up to the slash before the name. */
static void
directory_of(char dst[40], const char *url)
{
	assert_in_range(strlen(url), 1, 39);
	snprintf(dst, 40, "%s", url);
	*strrchr(dst, '/') = '\0';
}

static void
assets_are_side_by_side_so_that_scripts_find_each_other(void **state)
{
	struct fixture	*f = *state;
	char		 a[40], b[40];

	assert_int_equal(assets_load(f->assets, f->dir, &f->e), 0);
	directory_of(a, assets_url(f->assets, "a.js"));
	directory_of(b, assets_url(f->assets, "b.js"));
	assert_string_equal(a, b);
}

/* a.js is as it was, but what it imports is not. */
static void
assets_change_their_addresses_with_any_content(void **state)
{
	struct fixture	*f = *state;
	char		 old[40], again[40];
	char		*address;

	assert_int_equal(assets_load(f->assets, f->dir, &f->e), 0);
	address = mem_strdup(assets_url(f->assets, "a.js"));
	directory_of(old, address);
	assert_int_equal(assets_load(f->assets, f->dir, &f->e), 0);
	assert_non_null(assets_find(f->assets, address));
	directory_of(again, assets_url(f->assets, "a.js"));
	assert_string_equal(old, again);
	put(f, "b.js", "export const b = 2;");
	assert_int_equal(assets_load(f->assets, f->dir, &f->e), 0);
	directory_of(again, assets_url(f->assets, "a.js"));
	assert_string_not_equal(old, again);
	assert_null(assets_find(f->assets, address));
	mem_free(&address);
}

#define TEST(t)	cmocka_unit_test_setup_teardown(t, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	TEST(assets_load_refuses_a_type_that_browsers_would_have_to_guess),
		TEST(assets_load_names_the_directory_that_is_not_there),
		TEST(assets_url_and_find_know_only_what_is_there),
		TEST(assets_are_side_by_side_so_that_scripts_find_each_other),
		TEST(assets_change_their_addresses_with_any_content),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("assets", tests, NULL, NULL);
}
