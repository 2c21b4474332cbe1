/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a restore believes of an index that somebody may have written, and
 * where things then go.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "cli/backup.h"
#include "cli/moves.h"

#define SHA	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define PART(file)	"{\"file\":\"" file "\",\"bytes\":9,\"sha256\":\"" SHA "\"}"
#define HEAD	"{\"format\":\"signet-backup-1\",\"made_at\":1800000000," \
	"\"audit\":{\"seq\":7,\"hash\":\"00\"},\"folders\":["
#define FOLDER(path, parts)	"{\"path\":\"" path "\",\"parts\":[" parts "]}"
#define STORE(parts)	"],\"store\":{\"schema\":1,\"parts\":[" parts "]}}"
#define GOOD	STORE(PART("store-0001.cms"))

static void
refused(const char *text, const char *said)
{
	struct error	 e = ERROR_INIT;
	json_t		*index;

	assert_int_equal(backup_index_parse(&index, BYTES(text, strlen(text)),
	    &e), -1);
	assert_null(index);
	assert_int_equal(e.code, ERROR_INPUT);
	if (strstr(e.text, said) == NULL)
		fail_msg("\"%s\", not \"%s\"", e.text, said);
}

static void
an_index_is_refused_for_what_is_wrong_with_it(void **state)
{
	(void)state;
	refused("", "is no JSON");
	refused(HEAD, "is no JSON");
	refused("{\"format\":\"a\",\"format\":\"signet-backup-1\"}",
	    "is no JSON");
	refused("[]", "not a backup of the format signet-backup-1");
	refused("{\"format\":\"signet-backup-1\"}", "no list of folders");
	refused(HEAD STORE(""), "nothing where the parts of store should be");
	refused(HEAD FOLDER("/srv", "") GOOD, "the parts of folder1");
	refused("{\"format\":\"signet-backup-1\",\"folders\":["
	    GOOD, "when it was made");
}

static void
no_part_is_another_file_than_it_must_be(void **state)
{
	(void)state;
	refused(HEAD STORE(PART("../store-0001.cms")), "no file store-0001");
	refused(HEAD STORE(PART("store-0001.cms\\n")), "no file store-0001");
	refused(HEAD STORE(PART("store-0002.cms") "," PART("store-0001.cms")),
	    "no file store-0001");
	refused(HEAD STORE(PART("store-0001.cms") "," PART("store-0001.cms")),
	    "no file store-0002");
	refused(HEAD FOLDER("/srv", PART("folder2-0001.cms")) GOOD,
	    "no file folder1-0001");
	refused(HEAD STORE("{\"file\":\"store-0001.cms\",\"bytes\":9,"
	    "\"sha256\":\"00\"}"), "store-0001.cms has no size or digest");
	refused(HEAD STORE("{\"file\":\"store-0001.cms\",\"bytes\":99999999,"
	    "\"sha256\":\"" SHA "\"}"), "store-0001.cms has no size");
	refused(HEAD STORE("{\"file\":\"store-0001.cms\",\"bytes\":\"9\","
	    "\"sha256\":\"" SHA "\"}"), "store-0001.cms has no size");
}

static void
no_folder_goes_by_a_way_round(void **state)
{
	static const char *const bad[] = { "", "/", "srv", "/srv/", "/srv//a",
		"/srv/../etc", "/..", "/srv/.", "/srv\n", "/srv\033[2J" };
	struct buf	 text = { 0 };
	size_t		 i;
	json_t		*path;
	char		*quoted;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(backup_path_is_clean(bad[i]));
		assert_non_null(path = json_string(bad[i]));
		quoted = json_dumps(path, JSON_ENCODE_ANY);
		text.len = 0;
		buf_printf(&text, HEAD "{\"path\":%s,\"parts\":[]}" GOOD,
		    quoted);
		refused(buf_cstr(&text), "folder 1 has no path");
		free(quoted);
		json_decref(path);
	}
	buf_clear(&text);
	assert_true(backup_path_is_clean("/srv/..a/.b/c.d"));
}

static void
parts_are_named_by_their_number(void **state)
{
	char	name[BACKUP_FILE], file[BACKUP_FILE];

	(void)state;
	backup_folder_name(name, 12);
	assert_string_equal(name, "folder12");
	backup_file_name(file, name, 7);
	assert_string_equal(file, "folder12-0007.cms");
	backup_file_name(file, name, 12345);
	assert_string_equal(file, "folder12-12345.cms");
}

static void
a_digest_is_written_in_hex(void **state)
{
	const struct buf	 text = { .p = (uint8_t[]){ "abc" },
				    .len = 3 };
	char			 hex[BACKUP_DIGEST];
	struct error		 e = ERROR_INIT;

	(void)state;
	assert_int_equal(backup_digest(hex, &text, &e), 0);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a39617"
	    "7a9cb410ff61f20015ad");
}

static void
what_a_backup_has_is_taken(void **state)
{
	static const char	 text[] = HEAD FOLDER("/srv/signet",
		    PART("folder1-0001.cms") "," PART("folder1-0002.cms"))
		    "," FOLDER("/srv/other", PART("folder2-0001.cms")) GOOD;
	struct error		 e = ERROR_INIT;
	json_t			*index;

	(void)state;
	if (backup_index_parse(&index, BYTES(text, strlen(text)), &e) == -1)
		fail_msg("%s", e.text);
	json_decref(index);
}

static void
folders_that_are_in_each_others_way_are_seen(void **state)
{
	(void)state;
	assert_true(backup_paths_clash("/srv", "/srv"));
	assert_true(backup_paths_clash("/srv", "/srv/a"));
	assert_true(backup_paths_clash("/srv/a", "/srv"));
	assert_true(backup_paths_clash("/srv.restoring", "/srv"));
	assert_true(backup_paths_clash("/srv", "/srv.restoring/a"));
	assert_false(backup_paths_clash("/srv", "/srv2"));
	assert_false(backup_paths_clash("/srv", "/srv.restoring2"));
	assert_false(backup_paths_clash("/srv/a", "/srv/b"));
}

static void
a_part_of_another_size_than_was_said_is_not_the_one(void **state)
{
	char		 dir[] = "/tmp/signet-backup.XXXXXX";
	struct error	 e = ERROR_INIT;
	json_t		*parts = json_pack("[{s:s, s:i, s:s}]", "file", "x",
			    "bytes", 1, "sha256", "e3b0c44298fc1c149afbf4c8996"
			    "fb92427ae41e4649b934ca495991b7852b855");
	char		*path;

	(void)state;
	assert_non_null(mkdtemp(dir));
	path = mem_printf("%s/x", dir);
	fclose(fopen(path, "we"));
	assert_int_equal(backup_check(dir, parts, &e), -1);
	assert_int_equal(e.code, ERROR_DENIED);
	assert_non_null(strstr(e.text, "is not the file"));
	json_object_set_new(json_array_get(parts, 0), "bytes", json_integer(0));
	error_clear(&e);
	assert_int_equal(backup_check(dir, parts, &e), 0);
	json_decref(parts);
	unlink(path);
	rmdir(dir);
	mem_free(&path);
}

/* ---- moved ---- */

static void
a_move_is_from_a_path_to_a_path(void **state)
{
	static const char *const bad[] = { "", "/a", "a=/b", "/a=b", "/a/=/b",
		"/a=/b/../c", "=/b", "/=/b" };
	struct moves	 m = { bad, 1 };
	struct error	 e = ERROR_INIT;

	(void)state;
	for (; m.v < bad + sizeof(bad) / sizeof(bad[0]); m.v++) {
		assert_int_equal(moves_check(&m, &e), -1);
		assert_int_equal(e.code, ERROR_INPUT);
		assert_non_null(strstr(e.text, "/OLD/PATH=/NEW/PATH"));
	}
}

static const char *const	given[] = { "/srv=/mnt", "/srv/pki=/pki" };
static const struct moves	moves = { given, 2 };

static void
goes(const char *from, const char *to)
{
	char	*path = moves_place(&moves, from);

	assert_string_equal(path, to);
	mem_free(&path);
}

static void
rewritten(const char *from, const char *to)
{
	struct buf	out = { 0 };

	assert_int_equal(moves_rewrite(&moves, from, &out),
	    strcmp(from, to) != 0);
	assert_string_equal(buf_cstr(&out), to);
	buf_clear(&out);
}

static void
the_longest_path_that_was_moved_counts(void **state)
{
	struct error	 e = ERROR_INIT;

	(void)state;
	assert_int_equal(moves_check(&moves, &e), 0);
	goes("/etc", "/etc");
	goes("/srv2", "/srv2");
	goes("/srv", "/mnt");
	goes("/srv/x", "/mnt/x");
	goes("/srv/pki/x", "/pki/x");
}

static void
settings_get_the_paths_of_here_and_nothing_else_changes(void **state)
{
	(void)state;
	rewritten("a = \"/srv/x\";", "a = \"/mnt/x\";");
	rewritten("a = \"file:/srv/x\";", "a = \"file:/mnt/x\";");
	rewritten("a = \"file:///srv/x\";", "a = \"file:///mnt/x\";");
	rewritten("a = \"host=/srv/pki port=1\"", "a = \"host=/pki port=1\"");
	rewritten("/home/srv/x", "/home/srv/x");
	rewritten("/home/a/srv/x", "/home/a/srv/x");
	rewritten("a = \"https://pki.example.org/srv/x\"",
	    "a = \"https://pki.example.org/srv/x\"");
	rewritten("a = \"https://srv/pki/x\"", "a = \"https://srv/pki/x\"");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_index_is_refused_for_what_is_wrong_with_it),
		cmocka_unit_test(no_part_is_another_file_than_it_must_be),
		cmocka_unit_test(no_folder_goes_by_a_way_round),
		cmocka_unit_test(
		    a_part_of_another_size_than_was_said_is_not_the_one),
		cmocka_unit_test(folders_that_are_in_each_others_way_are_seen),
		cmocka_unit_test(parts_are_named_by_their_number),
		cmocka_unit_test(a_digest_is_written_in_hex),
		cmocka_unit_test(what_a_backup_has_is_taken),
		cmocka_unit_test(a_move_is_from_a_path_to_a_path),
		cmocka_unit_test(the_longest_path_that_was_moved_counts),
		cmocka_unit_test(
		    settings_get_the_paths_of_here_and_nothing_else_changes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
