/* SPDX-License-Identifier: Apache-2.0 */
#include "os/sandbox_proof.h"

#ifdef SIGNET_FAULTS
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <netinet/in.h>

#include "base/mem.h"

#ifndef __NR_pidfd_getfd
#define __NR_pidfd_getfd	438
#endif

static int	 report = -1;

void
sandbox_proof_open(void)
{
	const char	*dir = getenv("SIGNET_SANDBOX_PROOF");
	char		*path;

	if (dir == NULL)
		return;
	path = mem_printf("%s/report", dir);
	report = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	mem_free(&path);
}

static void
tell(const char *attempt, long rv)
{
	int	 no = errno;

	if (rv != -1)
		dprintf(report, "%ld %s done\n", (long)getpid(), attempt);
	else if (no == EACCES)
		dprintf(report, "%ld %s refused\n", (long)getpid(), attempt);
	else
		dprintf(report, "%ld %s %d\n", (long)getpid(), attempt, no);
}

static void
try_files(const char *dir)
{
	char	*path = mem_printf("%s/outside", dir);
	char	*fresh = mem_printf("%s/fresh", dir);

	tell("read-outside", open(path, O_RDONLY | O_CLOEXEC));
	tell("write-outside", open(path, O_WRONLY | O_CLOEXEC));
	tell("create-outside", open(fresh, O_WRONLY | O_CREAT | O_CLOEXEC,
	    0600));
	tell("list-outside", open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	mem_free(&fresh);
	mem_free(&path);
}

static void
try_socket(const char *attempt, int family, int type)
{
	/* Not socket(): programs that import it have to do with networks. */
	tell(attempt, (int)syscall(SYS_socket, family, type | SOCK_CLOEXEC, 0));
}

static void
try_sockets(const struct sandbox *s)
{
	try_socket("socket-packet", AF_PACKET, SOCK_DGRAM);
	try_socket("socket-vsock", AF_VSOCK, SOCK_STREAM);
	try_socket("socket-alg", AF_ALG, SOCK_SEQPACKET);
	try_socket("socket-unknown", AF_MAX + 1, SOCK_STREAM);
	if (s->no_network) {
		try_socket("socket-ip", AF_INET, SOCK_STREAM);
		try_socket("socket-udp", AF_INET, SOCK_DGRAM);
		try_socket("socket-ip6", AF_INET6, SOCK_STREAM);
		try_socket("socket-netlink", AF_NETLINK, SOCK_RAW);
		if (!s->local_sockets)
			try_socket("socket-unix", AF_UNIX, SOCK_STREAM);
	}
}

static void
try_processes(const struct sandbox *s)
{
	char		 byte;
	struct iovec	 here = { &byte, 1 }, there = { &byte, 1 };
	char *const	 argv[] = { (char *)(uintptr_t)"true", NULL };

	tell("ptrace", ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
	tell("read-memory", process_vm_readv(getppid(), &here, 1, &there, 1,
	    0));
	tell("write-memory", process_vm_writev(getppid(), &here, 1, &there, 1,
	    0));
	tell("take-descriptor", syscall(__NR_pidfd_getfd, -1, 0, 0));
	if (s->no_exec)
		tell("exec", execve("/bin/true", argv, NULL));
}

/* Who is let does not come back. */
static long
clone_namespace(void)
{
	long	 pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL,
		    NULL, NULL);

	if (pid == 0)
		_exit(0);
	return pid;
}

static void
try_kernel(void)
{
	tell("mount", mount("none", "/", NULL, MS_REMOUNT, NULL));
	tell("umount", umount2("/", MNT_DETACH));
	tell("chroot", chroot("/"));
	tell("new-namespace", unshare(CLONE_NEWUSER));
	tell("clone-namespace", clone_namespace());
	tell("bpf", syscall(SYS_bpf, 0, NULL, 0));
	tell("keyctl", syscall(SYS_keyctl, 0, -3, 0));
	tell("add-key", syscall(SYS_add_key, "user", "x", "x", 1, -3));
	tell("io-uring", syscall(SYS_io_uring_setup, 1, NULL));
	tell("perf", syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
	tell("userfaultfd", syscall(SYS_userfaultfd, 0));
	tell("module", syscall(SYS_init_module, NULL, 0, ""));
	tell("kernel-log", syscall(SYS_syslog, 3, NULL, 0));
	tell("set-clock", syscall(SYS_clock_settime, 0, NULL));
}

void
sandbox_proof_run(const struct sandbox *s, bool landlock)
{
	if (report == -1)
		return;
	if (landlock)
		try_files(getenv("SIGNET_SANDBOX_PROOF"));
	try_sockets(s);
	try_processes(s);
	try_kernel();
	close(report);
	report = -1;
}
#else
void
sandbox_proof_open(void)
{
}

void
sandbox_proof_run(const struct sandbox *s, bool landlock)
{
	(void)s;
	(void)landlock;
}
#endif
