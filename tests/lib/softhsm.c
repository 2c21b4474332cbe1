/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/softhsm.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"

#define ARGS_MAX	32

extern char	**environ;

static void
must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "softhsm: %s\n", what);
	abort();
}

const char *
softhsm_module(void)
{
	static const char *const	 known[] = {
		"/usr/lib/softhsm/libsofthsm2.so",
		"/usr/lib64/pkcs11/libsofthsm2.so",
	};
	size_t	 i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (access(known[i], R_OK) == 0)
			return known[i];
	must(0, "the module is not installed");
	return NULL;
}

int
softhsm_run(const char *const argv[])
{
	posix_spawn_file_actions_t	 quiet;
	char				*copy[ARGS_MAX];
	pid_t				 pid;
	int				 i, status;

	for (i = 0; argv[i] != NULL && i < ARGS_MAX - 1; i++)
		copy[i] = (char *)(uintptr_t)argv[i];
	copy[i] = NULL;
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
	must(posix_spawnp(&pid, copy[0], &quiet, NULL, copy, environ) == 0,
	    argv[0]);
	posix_spawn_file_actions_destroy(&quiet);
	must(waitpid(pid, &status, 0) == pid, "wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int
softhsm_tool(const char *token, const char *const more[])
{
	const char	*argv[ARGS_MAX] = { "pkcs11-tool", "--module",
		    softhsm_module(), "--token-label", token, "--login",
		    "--pin", "1234" };
	size_t		 i, n = 8;

	for (i = 0; more[i] != NULL; i++)
		argv[n++] = more[i];
	return softhsm_run(argv);
}

static void
write_file(const char *dir, const char *name, const char *text, mode_t mode)
{
	char	*path = mem_printf("%s/%s", dir, name);
	int	 fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
	size_t	 n = strlen(text);

	must(fd != -1 && write(fd, text, n) == (ssize_t)n, path);
	close(fd);
	mem_free(&path);
}

static void
make_token(const char *label)
{
	const char *const	 argv[] = { "softhsm2-util", "--init-token",
		"--free", "--label", label, "--pin", "1234", "--so-pin",
		"12345678", NULL };

	must(softhsm_run(argv) == 0, "make a token");
}

void
softhsm_setup(const char *dir)
{
	char	*tokens = mem_printf("%s/tokens", dir);
	char	*conf = mem_printf("directories.tokendir = %s\n"
		    "log.level = ERROR\nobjectstore.backend = file\n", tokens);
	char	*path = mem_printf("%s/softhsm2.conf", dir);

	must(mkdir(tokens, 0700) == 0, "mkdir");
	write_file(dir, "softhsm2.conf", conf, 0600);
	write_file(dir, "pin", "1234\n", 0600);
	write_file(dir, "wrong", "9876\n", 0600);
	setenv("SOFTHSM2_CONF", path, 1);
	setenv("PKCS11_MODULE_PATH", softhsm_module(), 1);
	make_token("people");
	make_token("services");
	mem_free(&tokens);
	mem_free(&conf);
	mem_free(&path);
}

/* The folder stays, as a mount point does. */
static void
move_all(const char *dir, const char *from, const char *to)
{
	char	*command = mem_printf("mkdir -p '%s/%s' && mv '%s/%s'/* "
		    "'%s/%s'", dir, to, dir, from, dir, to);
	const char *const	 argv[] = { "sh", "-c", command, NULL };

	must(softhsm_run(argv) == 0, "move tokens");
	mem_free(&command);
}

void
softhsm_unplug(const char *dir)
{
	move_all(dir, "tokens", "away");
}

void
softhsm_plug(const char *dir)
{
	move_all(dir, "away", "tokens");
}
