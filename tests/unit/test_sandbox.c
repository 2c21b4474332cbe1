/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "os/sandbox.h"

#define SKIP	255

struct fixture {
	char	 dir[64];
	char	*in, *out;		/* dir/in, dir/out: directories */
};

static int
setup(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));

	memcpy(f->dir, "/tmp/signet-box.XXXXXX", 23);
	if (mkdtemp(f->dir) == NULL || chmod(f->dir, 0755) == -1)
		return -1;
	f->in = mem_printf("%s/in", f->dir);
	f->out = mem_printf("%s/out", f->dir);
	*state = f;
	return mkdir(f->in, 0755) == -1 || mkdir(f->out, 0755) == -1 ? -1 : 0;
}

static int
teardown(void **state)
{
	static const char *const name[] = { "in/x", "in/y", "out/x", "in",
	    "out" };
	struct fixture	*f = *state;
	char		*p;
	size_t		 i;

	for (i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
		p = mem_printf("%s/%s", f->dir, name[i]);
		(void)remove(p);
		mem_free(&p);
	}
	rmdir(f->dir);
	mem_free(&f->in);
	mem_free(&f->out);
	mem_free(&f);
	return 0;
}

/* Run fn in a child, since nothing leaves a sandbox; 0 is success. */
static void
in_child(int (*fn)(struct fixture *), struct fixture *f)
{
	int	 status;
	pid_t	 pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0)
		_exit(fn(f));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == SKIP) {
		print_message("# needs root and Landlock\n");
		return;
	}
	/* The line of the child's CHECK that failed. */
	assert_int_equal(WIFEXITED(status) ? WEXITSTATUS(status) : status, 0);
}

#define CHECK(x)	do { if (!(x)) return __LINE__ % 200 + 1; } while (0)

/* errno of opening dir/name, or 0. */
static int
try_open(const char *dir, const char *name, int flags)
{
	char	*p = mem_printf("%s/%s", dir, name);
	int	 fd = open(p, flags, 0600), no = fd == -1 ? errno : 0;

	if (fd != -1)
		close(fd);
	mem_free(&p);
	return no;
}

/* errno of connecting to a port of this machine, or 0. */
static int
try_connect(void)
{
	struct sockaddr_in	 sin = { .sin_family = AF_INET };
	int			 fd, no = 0;

	sin.sin_port = htons(9);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if ((fd = socket(AF_INET, SOCK_STREAM, 0)) == -1)
		return errno;
	if (connect(fd, (const struct sockaddr *)&sin, sizeof(sin)) == -1)
		no = errno;
	close(fd);
	return no;
}

static int
no_such_user(struct fixture *f)
{
	const struct sandbox	 s = { .user = "no-such-user-here" };
	struct error		 e = ERROR_INIT;

	(void)f;
	if (geteuid() != 0)
		return SKIP;
	CHECK(sandbox_enter(&s, NULL, &e) == -1);
	CHECK(e.code == ERROR_CONFIG);
	CHECK(strcmp(e.text, "no such user: no-such-user-here") == 0);
	CHECK(e.hint[0] != '\0');
	return 0;
}

static void
sandbox_enter_refuses_a_user_that_is_not_there(void **state)
{
	in_child(no_such_user, *state);
}

static int
drop(struct fixture *f)
{
	struct error	 e = ERROR_INIT;
	gid_t		 group[8];

	(void)f;
	if (geteuid() != 0)
		return SKIP;
	CHECK(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0);
	CHECK(sandbox_drop_user("nobody", &e) == 0);
	CHECK(getuid() == 65534 && geteuid() == 65534);
	CHECK(getgid() != 0 && getegid() != 0);
	CHECK(getgroups(8, group) == 1 && group[0] == getgid());
	CHECK(setuid(0) == -1 && seteuid(0) == -1 && setgid(0) == -1);
	CHECK(open("/etc/shadow", O_RDONLY) == -1 && errno == EACCES);
	/* Not root any more: nothing to give up. */
	CHECK(sandbox_drop_user("nobody", &e) == 0);
	return 0;
}

static void
sandbox_drop_user_cannot_be_undone(void **state)
{
	in_child(drop, *state);
}

static int
keep_wish(struct fixture *f)
{
	struct error	 e = ERROR_INIT;
	int		 sig = 0;

	(void)f;
	if (geteuid() != 0)
		return SKIP;
	CHECK(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0);
	CHECK(sandbox_drop_user("nobody", &e) == 0);
	CHECK(prctl(PR_GET_PDEATHSIG, &sig, 0, 0, 0) == 0);
	CHECK(sig == SIGKILL);
	return 0;
}

static void
sandbox_drop_user_keeps_the_wish_to_die_with_the_parent(void **state)
{
	in_child(keep_wish, *state);
}

static int
stay_inside(struct fixture *f)
{
	const struct sandbox_path	 path[] = {
		{ f->in, SANDBOX_WRITE },
		{ "/etc/passwd", SANDBOX_READ },
		{ "/nonexistent/signet", SANDBOX_READ },
	};
	const struct sandbox		 s = { .path = path, .npath = 3 };
	struct error			 e = ERROR_INIT;
	bool				 had;

	CHECK(sandbox_enter(&s, &had, &e) == 0);
	if (!had)
		return SKIP;
	CHECK(try_open("/etc", "shadow", O_RDONLY) == EACCES);
	CHECK(try_open("/etc", "passwd", O_RDONLY) == 0);
	CHECK(try_open("/etc", "passwd", O_WRONLY) == EACCES);
	CHECK(try_open(f->out, "x", O_WRONLY | O_CREAT) == EACCES);
	CHECK(try_open(f->in, "x", O_WRONLY | O_CREAT) == 0);
	CHECK(try_open(f->in, "x", O_WRONLY | O_TRUNC) == 0);
	return 0;
}

static void
files_outside_of_the_paths_are_out_of_reach(void **state)
{
	in_child(stay_inside, *state);
}

static int
only_read(struct fixture *f)
{
	const struct sandbox_path	 path[] = { { f->in, SANDBOX_READ } };
	const struct sandbox		 s = { .path = path, .npath = 1 };
	struct error			 e = ERROR_INIT;
	char				*x = mem_printf("%s/x", f->in);
	bool				 had;

	CHECK(try_open(f->in, "x", O_WRONLY | O_CREAT) == 0);
	CHECK(sandbox_enter(&s, &had, &e) == 0);
	if (!had)
		return SKIP;
	CHECK(try_open(f->in, "x", O_RDONLY) == 0);
	CHECK(try_open(f->in, "x", O_WRONLY) == EACCES);
	CHECK(try_open(f->in, "y", O_WRONLY | O_CREAT) == EACCES);
	CHECK(unlink(x) == -1 && errno == EACCES);
	mem_free(&x);
	return 0;
}

static void
a_path_to_read_cannot_be_written(void **state)
{
	in_child(only_read, *state);
}

static int
rename_inside(struct fixture *f)
{
	const struct sandbox_path	 path[] = { { f->in, SANDBOX_WRITE } };
	const struct sandbox		 s = { .path = path, .npath = 1 };
	struct error			 e = ERROR_INIT;
	char				*x = mem_printf("%s/x", f->in);
	char				*y = mem_printf("%s/y", f->in);

	CHECK(sandbox_enter(&s, NULL, &e) == 0);
	CHECK(try_open(f->in, "x", O_WRONLY | O_CREAT) == 0);
	CHECK(rename(x, y) == 0);
	CHECK(unlink(y) == 0);
	mem_free(&x);
	mem_free(&y);
	return 0;
}

static void
a_path_to_write_allows_what_replacing_a_file_needs(void **state)
{
	in_child(rename_inside, *state);
}

static int
no_sockets(struct fixture *f)
{
	const struct sandbox	 s = { .no_network = true };
	struct error		 e = ERROR_INIT;
	int			 pair[2];

	(void)f;
	CHECK(try_connect() == ECONNREFUSED || try_connect() == 0);
	CHECK(sandbox_enter(&s, NULL, &e) == 0);
	CHECK(try_connect() == EACCES);
	CHECK(socket(AF_UNIX, SOCK_STREAM, 0) == -1 && errno == EACCES);
	CHECK(socket(AF_INET6, SOCK_DGRAM, 0) == -1 && errno == EACCES);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	return 0;
}

static void
no_network_refuses_every_socket_but_a_pair(void **state)
{
	in_child(no_sockets, *state);
}

static int
local_sockets(struct fixture *f)
{
	const struct sandbox	 s = {
		.no_network = true, .local_sockets = true
	};
	struct error		 e = ERROR_INIT;
	int			 fd;

	(void)f;
	CHECK(sandbox_enter(&s, NULL, &e) == 0);
	CHECK((fd = socket(AF_UNIX, SOCK_STREAM, 0)) != -1);
	close(fd);
	CHECK(try_connect() == EACCES);
	CHECK(socket(AF_INET6, SOCK_DGRAM, 0) == -1 && errno == EACCES);
	CHECK(socket(AF_NETLINK, SOCK_RAW, 0) == -1 && errno == EACCES);
	return 0;
}

static void
local_sockets_are_those_of_this_machine_only(void **state)
{
	in_child(local_sockets, *state);
}

static int
no_programs(struct fixture *f)
{
	const struct sandbox_path	 path[] = { { "/", SANDBOX_READ } };
	const struct sandbox		 s = {
		.path = path, .npath = 1, .no_exec = true
	};
	struct error			 e = ERROR_INIT;

	(void)f;
	CHECK(sandbox_enter(&s, NULL, &e) == 0);
	execl("/bin/true", "true", (char *)NULL);
	CHECK(errno == EACCES);
	return 0;
}

static void
no_exec_refuses_every_program(void **state)
{
	in_child(no_programs, *state);
}

static int
programs(struct fixture *f)
{
	const struct sandbox_path	 path[] = { { "/", SANDBOX_READ } };
	const struct sandbox		 s = { .path = path, .npath = 1 };
	struct error			 e = ERROR_INIT;

	(void)f;
	CHECK(sandbox_enter(&s, NULL, &e) == 0);
	execl("/bin/true", "true", (char *)NULL);
	return 1;
}

static void
without_no_exec_programs_below_the_paths_run(void **state)
{
	in_child(programs, *state);
}

static int
no_way_up(struct fixture *f)
{
	const struct sandbox	 s = { .npath = 0 };
	struct error		 e = ERROR_INIT;

	(void)f;
	CHECK(sandbox_enter(&s, NULL, &e) == 0);
	CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	CHECK(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
	return 0;
}

static void
a_sandbox_has_no_way_up_and_is_not_dumped(void **state)
{
	in_child(no_way_up, *state);
}

static int
everything(struct fixture *f)
{
	const struct sandbox_path	 path[] = { { f->in, SANDBOX_READ } };
	const struct sandbox		 s = {
		"nobody", path, 1, true, true, false, false, false
	};
	struct error			 e = ERROR_INIT;

	if (geteuid() != 0)
		return SKIP;
	CHECK(sandbox_enter(&s, NULL, &e) == 0);
	CHECK(geteuid() == 65534);
	CHECK(try_open("/etc", "shadow", O_RDONLY) == EACCES);
	CHECK(try_connect() == EACCES);
	execl("/bin/true", "true", (char *)NULL);
	CHECK(errno == EACCES);
	return 0;
}

static void
all_walls_stand_together(void **state)
{
	in_child(everything, *state);
}

/* What the process itself finds when it tries: see sandbox_proof.h. */
static int
prove(const struct sandbox *s)
{
	struct error	 e = ERROR_INIT;

	return sandbox_enter(s, NULL, &e) == -1;
}

static int
prove_alone(struct fixture *f)
{
	const struct sandbox	 s = { .no_network = true, .no_exec = true };

	(void)f;
	return prove(&s);
}

static int
prove_networked(struct fixture *f)
{
	const struct sandbox	 s = { .no_exec = true };

	(void)f;
	return prove(&s);
}

/* How many attempts it reports, all of them refused. */
static size_t
attempts(int (*fn)(struct fixture *), struct fixture *f)
{
	char	*report = mem_printf("%s/report", f->dir);
	char	*outside = mem_printf("%s/outside", f->dir);
	char	 line[128];
	size_t	 n = 0, len;
	FILE	*in;

	assert_int_equal(close(creat(outside, 0666)), 0);
	assert_int_equal(close(creat(report, 0666)), 0);
	assert_int_equal(setenv("SIGNET_SANDBOX_PROOF", f->dir, 1), 0);
	in_child(fn, f);
	assert_int_equal(unsetenv("SIGNET_SANDBOX_PROOF"), 0);
	in = fopen(report, "r");
	assert_non_null(in);
	for (; fgets(line, sizeof(line), in) != NULL; n++) {
		len = strlen(line);
		if (len < 9 || strcmp(line + len - 9, " refused\n") != 0)
			fail_msg("%s", line);
	}
	fclose(in);
	(void)remove(outside);
	(void)remove(report);
	mem_free(&outside);
	mem_free(&report);
	return n;
}

static void
nothing_is_gained_by_who_breaks_in(void **state)
{
#ifdef SIGNET_FAULTS
	/* With files or, where there is no Landlock, without. */
	assert_in_range(attempts(prove_alone, *state), 28, 40);
	assert_in_range(attempts(prove_networked, *state), 23, 35);
#else
	assert_int_equal(attempts(prove_alone, *state), 0);
	assert_int_equal(attempts(prove_networked, *state), 0);
#endif
}

static void *
thread(void *arg)
{
	return arg;
}

static int
work_on(struct fixture *f)
{
	const struct sandbox	 s = { .no_exec = true };
	struct error		 e = ERROR_INIT;
	pthread_t		 id;
	void			*back = NULL;
	int			 fd, status;
	pid_t			 pid;

	CHECK(sandbox_enter(&s, NULL, &e) == 0);
	CHECK((fd = socket(AF_INET6, SOCK_STREAM, 0)) != -1);
	close(fd);
	CHECK((fd = socket(AF_NETLINK, SOCK_RAW, 0)) != -1);
	close(fd);
	/* The C library makes threads with clone3() where it can. */
	CHECK(pthread_create(&id, NULL, thread, f) == 0);
	CHECK(pthread_join(id, &back) == 0 && back == f);
	if ((pid = fork()) == 0)
		_exit(7);
	CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 7);
	return 0;
}

static void
threads_processes_and_the_internet_stay_where_they_are_needed(void **state)
{
	in_child(work_on, *state);
}

static int
stay_root(struct fixture *f)
{
	const struct sandbox_path	 path[] = { { "/", SANDBOX_WRITE } };
	const struct sandbox		 s = { .path = path, .npath = 1 };
	struct error			 e = ERROR_INIT;
	struct rlimit			 core;
	char				*x = mem_printf("%s/x", f->in);

	if (geteuid() != 0)
		return SKIP;
	CHECK(chown(x, 0, 0) == -1 && errno == ENOENT);
	CHECK(close(creat(x, 0600)) == 0 && chown(x, 1, 1) == 0);
	CHECK(sandbox_enter(&s, NULL, &e) == 0);
	CHECK(open(x, O_RDONLY) == -1 && errno == EACCES);
	CHECK(setuid(65534) == -1 && errno == EPERM);
	for (unsigned long c = 0; prctl(PR_CAPBSET_READ, c, 0, 0, 0) != -1;
	    c++)
		CHECK(prctl(PR_CAPBSET_READ, c, 0, 0, 0) == 0);
	CHECK(getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0);
	return 0;
}

static void
root_in_a_sandbox_is_root_no_more(void **state)
{
	in_child(stay_root, *state);
}

#define TEST(t)	cmocka_unit_test_setup_teardown(t, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sandbox_enter_refuses_a_user_that_is_not_there),
		TEST(sandbox_drop_user_cannot_be_undone),
		TEST(sandbox_drop_user_keeps_the_wish_to_die_with_the_parent),
		TEST(files_outside_of_the_paths_are_out_of_reach),
		TEST(a_path_to_read_cannot_be_written),
		TEST(a_path_to_write_allows_what_replacing_a_file_needs),
		TEST(no_network_refuses_every_socket_but_a_pair),
		TEST(local_sockets_are_those_of_this_machine_only),
		TEST(no_exec_refuses_every_program),
		TEST(without_no_exec_programs_below_the_paths_run),
		TEST(a_sandbox_has_no_way_up_and_is_not_dumped),
		TEST(all_walls_stand_together),
		TEST(nothing_is_gained_by_who_breaks_in),
		TEST(threads_processes_and_the_internet_stay_where_they_are_needed),
		TEST(root_in_a_sandbox_is_root_no_more),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
