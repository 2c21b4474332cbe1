/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "os/file.h"

struct fixture {
	char		 dir[64];
	char		*path;		/* dir/a */
	struct error	 e;
};

static int
setup(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));

	memcpy(f->dir, "/tmp/signet-file.XXXXXX", 24);
	if (mkdtemp(f->dir) == NULL)
		return -1;
	f->path = file_join(f->dir, "a");
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
	mem_free(&f->path);
	mem_free(&f);
	return 0;
}

static int
count_files(const char *path)
{
	struct dirent	*d;
	DIR		*dir = opendir(path);
	int		 n = 0;

	assert_non_null(dir);
	while ((d = readdir(dir)) != NULL)
		n += strcmp(d->d_name, ".") != 0 &&
		    strcmp(d->d_name, "..") != 0;
	closedir(dir);
	return n;
}

static void
assert_content(const char *path, const char *want)
{
	struct error	 e = ERROR_INIT;
	struct buf	 b = { 0 };

	assert_int_equal(file_load(&b, path, 1000, &e), 0);
	assert_string_equal(buf_cstr(&b), want);
	buf_clear(&b);
}

static void
assert_text(struct fixture *f, const char *fmt)
{
	char	 want[400], *p = mem_strdup(fmt), *at = strchr(p, '@');

	assert_non_null(at);
	*at = '\0';
	snprintf(want, sizeof(want), "%s%s%s", p, f->path, at + 1);
	mem_free(&p);
	assert_string_equal(f->e.text, want);
}

static void
file_load_names_the_file_that_is_not_there(void **state)
{
	struct fixture	*f = *state;
	struct buf	 b = { 0 };

	assert_int_equal(file_load(&b, f->path, 10, &f->e), -1);
	assert_int_equal(f->e.code, ERROR_NOTFOUND);
	assert_text(f, "read @: No such file or directory");
	assert_null(b.p);
}

static void
file_load_refuses_one_byte_too_many(void **state)
{
	struct fixture	*f = *state;
	struct buf	 b = { 0 };

	assert_int_equal(file_store(f->path, "12345", 5, 0600, &f->e), 0);
	assert_int_equal(file_load(&b, f->path, 4, &f->e), -1);
	assert_int_equal(f->e.code, ERROR_INPUT);
	assert_text(f, "read @: more than 4 bytes");
	assert_null(b.p);
	assert_int_equal(file_load(&b, f->path, 5, &f->e), 0);
	assert_int_equal(b.len, 5);
	buf_clear(&b);
}

static void
file_load_of_a_dash_reads_standard_input(void **state)
{
	struct fixture	*f = *state;
	struct buf	 b = { 0 };
	int		 fd[2], saved = dup(STDIN_FILENO);

	assert_int_equal(pipe(fd), 0);
	assert_int_equal(write(fd[1], "hello", 5), 5);
	close(fd[1]);
	assert_int_equal(dup2(fd[0], STDIN_FILENO), STDIN_FILENO);
	close(fd[0]);
	assert_int_equal(file_load(&b, "-", 10, &f->e), 0);
	assert_string_equal(buf_cstr(&b), "hello");
	buf_clear(&b);
	dup2(saved, STDIN_FILENO);
	close(saved);
}

static void
file_store_replaces_and_leaves_no_other_file(void **state)
{
	struct fixture	*f = *state;
	struct stat	 st;
	mode_t		 old = umask(077);

	assert_int_equal(file_store(f->path, "one", 3, 0600, &f->e), 0);
	assert_int_equal(file_store(f->path, "two!", 4, 0644, &f->e), 0);
	umask(old);
	assert_content(f->path, "two!");
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(count_files(f->dir), 1);
}

static void
file_store_that_fails_leaves_the_old_content_and_no_other_file(void **state)
{
	struct fixture	*f = *state;

	assert_int_equal(mkdir(f->path, 0700), 0);
	assert_int_equal(file_store(f->path, "x", 1, 0600, &f->e), -1);
	assert_text(f, "write @: Is a directory");
	assert_int_equal(count_files(f->dir), 1);
	rmdir(f->path);
	assert_int_equal(file_store("/nonexistent/x", "x", 1, 0600, &f->e),
	    -1);
	assert_int_equal(f->e.code, ERROR_NOTFOUND);
	assert_string_equal(f->e.text,
	    "write /nonexistent/x: No such file or directory");
}

static void
file_rename_replaces_what_was_there_or_says_why_not(void **state)
{
	struct fixture	*f = *state;
	char		*from = file_join(f->dir, "b"), *text;
	struct buf	 b = { 0 };

	assert_int_equal(file_store(f->path, "old", 3, 0600, &f->e), 0);
	assert_int_equal(file_rename(from, f->path, &f->e), -1);
	text = mem_printf("rename %s to %s: No such file or directory", from,
	    f->path);
	assert_string_equal(f->e.text, text);
	error_clear(&f->e);
	assert_int_equal(file_store(from, "new", 3, 0600, &f->e), 0);
	assert_int_equal(file_rename(from, f->path, &f->e), 0);
	assert_false(file_exists(from));
	assert_int_equal(file_load(&b, f->path, 10, &f->e), 0);
	assert_memory_equal(b.p, "new", 3);
	buf_clear(&b);
	mem_free(&from);
	mem_free(&text);
}

static void
file_create_refuses_to_replace(void **state)
{
	struct fixture	*f = *state;

	assert_int_equal(file_create(f->path, "one", 3, 0600, &f->e), 0);
	assert_int_equal(file_create(f->path, "two", 3, 0600, &f->e), -1);
	assert_int_equal(f->e.code, ERROR_CONFLICT);
	assert_text(f, "write @: already exists");
	assert_content(f->path, "one");
	assert_int_equal(count_files(f->dir), 1);
}

static void
file_store_takes_a_name_without_a_directory(void **state)
{
	struct fixture	*f = *state;
	char		 cwd[1000];

	assert_non_null(getcwd(cwd, sizeof(cwd)));
	assert_int_equal(chdir(f->dir), 0);
	assert_int_equal(file_store("a", "x", 1, 0600, &f->e), 0);
	assert_int_equal(chdir(cwd), 0);
	assert_content(f->path, "x");
}

static void
file_exists_tells(void **state)
{
	struct fixture	*f = *state;

	assert_false(file_exists(f->path));
	assert_int_equal(file_store(f->path, "", 0, 0600, &f->e), 0);
	assert_true(file_exists(f->path));
}

static void
file_mkdir_makes_parents_and_refuses_a_file_in_the_way(void **state)
{
	struct fixture	*f = *state;
	char		*b = file_join(f->path, "b"), *c = file_join(b, "c");

	assert_int_equal(file_mkdir(c, 0700, &f->e), 0);
	assert_int_equal(file_mkdir(c, 0700, &f->e), 0);
	assert_true(file_exists(c));
	rmdir(c);
	rmdir(b);
	rmdir(f->path);
	assert_int_equal(file_store(f->path, "", 0, 0600, &f->e), 0);
	assert_int_equal(file_mkdir(c, 0700, &f->e), -1);
	assert_int_equal(f->e.code, ERROR_CONFLICT);
	assert_text(f, "make directory @: is there and not a directory");
	mem_free(&b);
	mem_free(&c);
}

static void
file_check_private_refuses_what_others_may_touch(void **state)
{
	struct fixture	*f = *state;

	assert_int_equal(file_check_private(f->path, &f->e), -1);
	assert_int_equal(f->e.code, ERROR_NOTFOUND);
	assert_int_equal(file_check_private(f->dir, &f->e), -1);
	assert_int_equal(f->e.code, ERROR_CONFIG);
	assert_int_equal(file_store(f->path, "", 0, 0604, &f->e), 0);
	assert_int_equal(file_check_private(f->path, &f->e), -1);
	assert_int_equal(f->e.code, ERROR_CONFIG);
	assert_text(f, "@: mode is 0604: open to others");
	assert_memory_equal(f->e.hint, "chmod 600 /", 11);
	assert_int_equal(chmod(f->path, 0600), 0);
	assert_int_equal(file_check_private(f->path, &f->e), 0);
}

static void
file_check_private_refuses_a_file_of_another_user(void **state)
{
	struct fixture	*f = *state;

	if (geteuid() != 0) {
		print_message("# only root can give a file away\n");
		return;
	}
	assert_int_equal(file_store(f->path, "", 0, 0600, &f->e), 0);
	assert_int_equal(chown(f->path, 65534, 65534), 0);
	assert_int_equal(file_check_private(f->path, &f->e), -1);
	assert_int_equal(f->e.code, ERROR_CONFIG);
	assert_text(f, "@: belongs to user 65534, not to us or root");
}

static void
file_directory_is_what_stands_before_the_last_slash(void **state)
{
	static const char	*const cases[][2] = { { "a", "." },
		{ "/a", "/" }, { "/a/b", "/a" }, { "a/b/c", "a/b" } };
	char			*dir;
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		dir = file_directory(cases[i][0]);
		assert_string_equal(dir, cases[i][1]);
		mem_free(&dir);
	}
}

static void
file_join_keeps_absolute_names(void **state)
{
	static const char *const row[][3] = {
		{ "/a", "b", "/a/b" }, { "/a/", "b", "/a/b" },
		{ "/a", "/b", "/b" }, { "/", "b", "/b" }, { "", "b", "b" },
	};
	size_t	 i;
	char	*p;

	(void)state;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		p = file_join(row[i][0], row[i][1]);
		assert_string_equal(p, row[i][2]);
		mem_free(&p);
	}
}

static void
file_lock_is_held_by_one_until_closed(void **state)
{
	struct fixture	*f = *state;
	int		 a, b;

	assert_int_equal(file_lock(&a, f->path, &f->e), 0);
	assert_int_equal(file_lock(&b, f->path, &f->e), -1);
	assert_int_equal(b, -1);
	assert_int_equal(f->e.code, ERROR_CONFLICT);
	assert_text(f, "lock @: another process holds it");
	close(a);
	assert_int_equal(file_lock(&b, f->path, &f->e), 0);
	close(b);
}

#ifdef SIGNET_FAULTS
/* Die at a named point while replacing "old" with "new". */
static void
store_and_die(struct fixture *f, const char *fault)
{
	int	 status;
	pid_t	 pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		setenv("SIGNET_FAULT", fault, 1);
		file_store(f->path, "new", 3, 0600, &f->e);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

static void
file_store_killed_at_any_point_leaves_old_or_new(void **state)
{
	struct fixture	*f = *state;

	assert_int_equal(file_store(f->path, "old", 3, 0600, &f->e), 0);
	store_and_die(f, "file-written");
	assert_content(f->path, "old");
	assert_int_equal(count_files(f->dir), 2);
	store_and_die(f, "file-renamed:1");
	assert_content(f->path, "new");
	assert_int_equal(count_files(f->dir), 1);
}
#endif

/* Under the temporary name of dir/a. */
static char *
temp_of(const struct fixture *f)
{
	return file_join(f->dir, ".a.tmp");
}

static void
file_store_never_writes_by_way_of_a_link_that_lies_there(void **state)
{
	struct fixture	*f = *state;
	char		*temp = temp_of(f), *other = file_join(f->dir, "b");

	assert_int_equal(file_store(other, "theirs", 6, 0600, &f->e), 0);
	assert_int_equal(symlink(other, temp), 0);
	assert_int_equal(file_store(f->path, "new", 3, 0600, &f->e), 0);
	assert_content(other, "theirs");
	assert_int_equal(unlink(temp), 0);
	assert_int_equal(link(other, temp), 0);
	assert_int_equal(file_store(f->path, "newer", 5, 0600, &f->e), 0);
	assert_content(other, "theirs");
	assert_content(f->path, "newer");
	mem_free(&other);
	mem_free(&temp);
}

static void
file_store_leaves_what_another_is_writing(void **state)
{
	struct fixture	*f = *state;
	char		*temp = temp_of(f);
	int		 fd;

	fd = open(temp, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_not_equal(fd, -1);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(write(fd, "theirs", 6), 6);
	assert_int_equal(file_store(f->path, "new", 3, 0600, &f->e), 0);
	assert_content(f->path, "new");
	assert_content(temp, "theirs");
	close(fd);
	mem_free(&temp);
}

static void
file_store_takes_over_what_a_crash_left(void **state)
{
	struct fixture	*f = *state;
	char		*temp = temp_of(f);
	int		 fd;

	fd = open(temp, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, "longer than that", 16), 16);
	close(fd);
	assert_int_equal(file_store(f->path, "new", 3, 0600, &f->e), 0);
	assert_content(f->path, "new");
	assert_int_equal(count_files(f->dir), 1);
	mem_free(&temp);
}

/* In a child: in there nothing is to be printed by cmocka. */
static int
without_standard(const char *path)
{
	struct error	 e = ERROR_INIT;
	char		 c;
	int		 fd;

	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	if (file_keep_standard(&e) == -1)
		return 1;
	if ((fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 3)
		return 2;
	if (read(STDIN_FILENO, &c, 1) != -1 || errno != EBADF)
		return 3;
	if (write(STDOUT_FILENO, "out", 3) != -1 || errno != EBADF)
		return 4;
	return write(STDERR_FILENO, "err", 3) != -1 || errno != EBADF ? 5 : 0;
}

static void
file_keep_standard_gives_their_numbers_to_no_other_file(void **state)
{
	struct fixture	*f = *state;
	int		 status;
	pid_t		 pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0)
		_exit(without_standard(f->path));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_content(f->path, "");
	assert_int_equal(file_keep_standard(&f->e), 0);
}

#define TEST(t)	cmocka_unit_test_setup_teardown(t, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(file_load_names_the_file_that_is_not_there),
		TEST(file_load_refuses_one_byte_too_many),
		TEST(file_load_of_a_dash_reads_standard_input),
		TEST(file_store_replaces_and_leaves_no_other_file),
	TEST(file_store_that_fails_leaves_the_old_content_and_no_other_file),
		TEST(file_rename_replaces_what_was_there_or_says_why_not),
		TEST(file_create_refuses_to_replace),
		TEST(file_store_takes_a_name_without_a_directory),
		TEST(file_exists_tells),
		TEST(file_mkdir_makes_parents_and_refuses_a_file_in_the_way),
		TEST(file_check_private_refuses_what_others_may_touch),
		TEST(file_check_private_refuses_a_file_of_another_user),
		TEST(file_directory_is_what_stands_before_the_last_slash),
		TEST(file_join_keeps_absolute_names),
		TEST(file_lock_is_held_by_one_until_closed),
		TEST(file_store_never_writes_by_way_of_a_link_that_lies_there),
		TEST(file_store_leaves_what_another_is_writing),
		TEST(file_store_takes_over_what_a_crash_left),
		TEST(file_keep_standard_gives_their_numbers_to_no_other_file),
#ifdef SIGNET_FAULTS
		TEST(file_store_killed_at_any_point_leaves_old_or_new),
#endif
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
