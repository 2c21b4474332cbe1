/* SPDX-License-Identifier: Apache-2.0 */
#include "os/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <unistd.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/mem.h"
#ifdef SIGNET_FAULTS
#include "os/sandbox_proof.h"
#endif

#ifdef SIGNET_SANITIZED
#include <sanitizer/lsan_interface.h>

/* The search for leaks, at the end, needs ptrace and /proc, which who has
 * entered the sandbox has no more. */
int
__lsan_is_turned_off(void)
{
	return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
}
#endif

/*
 * Landlock as the kernel defines it (landlock(7)), written out here because
 * the headers of the build machine may be older than the kernel that runs.
 */
#ifndef __NR_landlock_create_ruleset
#define __NR_landlock_create_ruleset	444
#define __NR_landlock_add_rule		445
#define __NR_landlock_restrict_self	446
#endif

#define LL_VERSION	1u		/* flag: ask for the ABI */
#define LL_PATH_BENEATH	1		/* rule type */

#define FS_EXECUTE	(UINT64_C(1) << 0)
#define FS_WRITE_FILE	(UINT64_C(1) << 1)
#define FS_READ_FILE	(UINT64_C(1) << 2)
#define FS_READ_DIR	(UINT64_C(1) << 3)
#define FS_REMOVE_DIR	(UINT64_C(1) << 4)
#define FS_REMOVE_FILE	(UINT64_C(1) << 5)
#define FS_MAKE_CHAR	(UINT64_C(1) << 6)
#define FS_MAKE_DIR	(UINT64_C(1) << 7)
#define FS_MAKE_REG	(UINT64_C(1) << 8)
#define FS_MAKE_SOCK	(UINT64_C(1) << 9)
#define FS_MAKE_FIFO	(UINT64_C(1) << 10)
#define FS_MAKE_BLOCK	(UINT64_C(1) << 11)
#define FS_MAKE_SYM	(UINT64_C(1) << 12)
#define FS_REFER	(UINT64_C(1) << 13)	/* ABI 2 */
#define FS_TRUNCATE	(UINT64_C(1) << 14)	/* ABI 3 */
#define FS_IOCTL_DEV	(UINT64_C(1) << 15)	/* ABI 5 */

#define NET_BIND_TCP	(UINT64_C(1) << 0)	/* ABI 4 */
#define NET_CONNECT_TCP	(UINT64_C(1) << 1)
#define SCOPE_ABSTRACT	(UINT64_C(1) << 0)	/* ABI 6 */

/* Rights that the kernel accepts for something that is not a directory. */
#define FS_OF_FILE	(FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | \
			    FS_TRUNCATE | FS_IOCTL_DEV)
#define FS_TO_READ	(FS_READ_FILE | FS_READ_DIR)
#define FS_TO_WRITE	(FS_TO_READ | FS_WRITE_FILE | FS_REMOVE_DIR | \
			    FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG | \
			    FS_MAKE_SOCK | FS_MAKE_FIFO | FS_MAKE_SYM | \
			    FS_REFER | FS_TRUNCATE)

struct ll_ruleset {
	uint64_t	 fs;
	uint64_t	 net;
	uint64_t	 scoped;
};

struct ll_path {
	uint64_t	 allowed;
	int32_t		 parent_fd;
} __attribute__((packed));

/* What each ABI can restrict, and how much of the struct it knows. */
static const struct {
	uint64_t	 fs, net, scoped;
	size_t		 size;
} abis[] = {
	{ 0, 0, 0, 0 },
	{ FS_REFER - 1, 0, 0, 8 },
	{ FS_TRUNCATE - 1, 0, 0, 8 },
	{ FS_IOCTL_DEV - 1, 0, 0, 8 },
	{ FS_IOCTL_DEV - 1, NET_BIND_TCP | NET_CONNECT_TCP, 0, 16 },
	{ FS_IOCTL_DEV * 2 - 1, NET_BIND_TCP | NET_CONNECT_TCP, 0, 16 },
	{ FS_IOCTL_DEV * 2 - 1, NET_BIND_TCP | NET_CONNECT_TCP,
	    SCOPE_ABSTRACT, 24 },
};
#define ABI_MAX	((int)(sizeof(abis) / sizeof(abis[0])) - 1)

static int
sandbox_find_user(struct passwd *pw, struct buf *memory, const char *user,
    struct error *e)
{
	struct passwd	*found = NULL;
	int		 no;

	buf_reserve(memory, 16384);
	no = getpwnam_r(user, pw, (char *)memory->p, memory->size, &found);
	if (found != NULL)
		return 0;
	error_set(e, ERROR_CONFIG, "no such user: %s%s%s", user,
	    no != 0 ? ": " : "", no != 0 ? strerror(no) : "");
	return error_hint(e, "create it, or name another in the settings");
}

/* Taking root back must fail, or nothing was given up. */
static int
sandbox_check_dropped(const struct passwd *pw, struct error *e)
{
	uid_t	 r, eff, saved;
	gid_t	 gr, geff, gsaved;

	if (getresuid(&r, &eff, &saved) == -1 ||
	    getresgid(&gr, &geff, &gsaved) == -1)
		return error_sys(e, "check user %s", pw->pw_name);
	if (r != pw->pw_uid || eff != r || saved != r || gr != pw->pw_gid ||
	    geff != gr || gsaved != gr ||
	    (pw->pw_uid != 0 && setuid(0) != -1) ||
	    (pw->pw_uid != 0 && pw->pw_gid != 0 && setgid(0) != -1))
		return error_set(e, ERROR_BUG,
		    "user %s: privileges came back", pw->pw_name);
	return 0;
}

static int
sandbox_become(const struct passwd *pw, struct error *e)
{
	if (initgroups(pw->pw_name, pw->pw_gid) == -1 ||
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) == -1 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) == -1)
		return error_sys(e, "become user %s", pw->pw_name);
	return sandbox_check_dropped(pw, e);
}

int
sandbox_drop_user(const char *user, struct error *e)
{
	struct passwd	 pw;
	struct buf	 memory = { 0 };
	pid_t		 parent = getppid();
	int		 sig = 0, rc = -1;

	if (user == NULL || geteuid() != 0)
		return 0;
	if (sandbox_find_user(&pw, &memory, user, e) == -1)
		goto out;
	/* The kernel forgets the wish to die with the parent: prctl(2). */
	(void)prctl(PR_GET_PDEATHSIG, &sig, 0, 0, 0);
	if (sandbox_become(&pw, e) == -1)
		goto out;
	if (sig != 0) {
		(void)prctl(PR_SET_PDEATHSIG, sig, 0, 0, 0);
		if (getppid() != parent)
			raise(sig);
	}
	rc = 0;
 out:
	buf_clear(&memory);
	return rc;
}

static int
sandbox_abi(void)
{
	long	 abi;

	abi = syscall(__NR_landlock_create_ruleset, NULL, 0, LL_VERSION);
	if (abi < 0)
		return 0;
	return abi > ABI_MAX ? ABI_MAX : (int)abi;
}

/* A path that is not there cannot be misused: nothing to allow. */
static int
sandbox_add_path(int ruleset, const struct sandbox_path *sp, uint64_t handled,
    bool no_exec, struct error *e)
{
	struct ll_path	 rule = { 0 };
	struct stat	 st;
	int		 fd, rc = -1;

	if ((fd = open(sp->path, O_PATH | O_CLOEXEC)) == -1) {
		if (errno == ENOENT || errno == ENOTDIR)
			return 0;
		return error_sys(e, "sandbox: %s", sp->path);
	}
	if (fstat(fd, &st) == -1)
		goto out;
	rule.allowed = sp->access == SANDBOX_WRITE ? FS_TO_WRITE : FS_TO_READ;
	if (!no_exec)
		rule.allowed |= FS_EXECUTE;
	if (!S_ISDIR(st.st_mode))
		rule.allowed &= FS_OF_FILE;
	/* Asking for a passphrase turns the terminal's echo off. */
	if (S_ISCHR(st.st_mode) && sp->access == SANDBOX_WRITE)
		rule.allowed |= FS_IOCTL_DEV;
	rule.allowed &= handled;
	rule.parent_fd = fd;
	rc = (int)syscall(__NR_landlock_add_rule, ruleset, LL_PATH_BENEATH,
	    &rule, 0);
 out:
	if (rc == -1)
		error_sys(e, "sandbox: %s", sp->path);
	close(fd);
	return rc;
}

static int
sandbox_landlock(const struct sandbox *s, bool *had, struct error *e)
{
	struct ll_ruleset	 rs = { 0 };
	size_t			 i;
	int			 abi = s->all_paths ? 0 : sandbox_abi();
	int			 fd, rc = -1;

	*had = abi > 0;
	if (abi == 0)
		return 0;
	rs.fs = abis[abi].fs;
	if (s->no_network) {
		rs.net = abis[abi].net;
		rs.scoped = abis[abi].scoped;
	}
	fd = (int)syscall(__NR_landlock_create_ruleset, &rs, abis[abi].size,
	    0);
	if (fd == -1)
		return error_sys(e, "sandbox: make Landlock rules");
	for (i = 0; i < s->npath; i++)
		if (sandbox_add_path(fd, &s->path[i], rs.fs, s->no_exec, e) ==
		    -1)
			goto out;
	if (syscall(__NR_landlock_restrict_self, fd, 0) == -1) {
		error_sys(e, "sandbox: enter Landlock rules");
		goto out;
	}
	rc = 0;
 out:
	close(fd);
	return rc;
}

/*
 * What none of our processes has a use for, and who has broken into one would
 * have: other processes' memory, the kernel's keys and programs, mounts,
 * namespaces, the machine.  io_uring makes sockets and opens files without
 * the system calls that are judged here.
 */
static const int	 never[] = {
	SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev), SCMP_SYS(pidfd_getfd),
	SCMP_SYS(process_madvise), SCMP_SYS(kcmp),
	SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register),
	SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd),
	SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(keyctl),
	SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root),
	SCMP_SYS(move_mount), SCMP_SYS(open_tree), SCMP_SYS(fsopen),
	SCMP_SYS(fsconfig), SCMP_SYS(fsmount), SCMP_SYS(fspick),
	SCMP_SYS(mount_setattr), SCMP_SYS(chroot), SCMP_SYS(unshare),
	SCMP_SYS(setns), SCMP_SYS(open_by_handle_at), SCMP_SYS(swapon),
	SCMP_SYS(swapoff), SCMP_SYS(acct), SCMP_SYS(quotactl),
	SCMP_SYS(init_module), SCMP_SYS(finit_module),
	SCMP_SYS(delete_module), SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load), SCMP_SYS(reboot), SCMP_SYS(syslog),
	SCMP_SYS(iopl), SCMP_SYS(ioperm), SCMP_SYS(personality),
	SCMP_SYS(settimeofday), SCMP_SYS(clock_settime), SCMP_SYS(adjtimex),
	SCMP_SYS(clock_adjtime), SCMP_SYS(sethostname),
	SCMP_SYS(setdomainname),
};

static int
sandbox_rule(int rv)
{
	/* A call that this architecture has not is refused by nature. */
	return rv == -EDOM ? 0 : rv;
}

static int
sandbox_refuse(scmp_filter_ctx ctx, int syscall_nr)
{
	return sandbox_rule(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EACCES),
	    syscall_nr, 0));
}

/* Which families of sockets stay: the resolver asks the kernel for addresses
 * by AF_NETLINK. */
static int
sandbox_refuse_sockets(scmp_filter_ctx ctx, const struct sandbox *s)
{
	int	 rv = 0;

	if (s->no_network && !s->local_sockets)
		return sandbox_refuse(ctx, SCMP_SYS(socket));
	if (s->no_network)
		return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EACCES),
		    SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_NE, AF_UNIX, 0));
	for (scmp_datum_t family = 0; rv == 0 && family < AF_NETLINK; family++)
		if (family != AF_UNIX && family != AF_INET &&
		    family != AF_INET6)
			rv = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EACCES),
			    SCMP_SYS(socket), 1,
			    SCMP_A0(SCMP_CMP_EQ, family, 0));
	return rv != 0 ? rv : seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EACCES),
	    SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_GT, AF_NETLINK, 0));
}

/* In a user's namespace one is root over it, which opens much of the kernel.
 * What clone3() asks for lies where no filter can look, so it is said not to
 * be there, and the C library goes back to clone(). */
static int
sandbox_refuse_namespaces(scmp_filter_ctx ctx)
{
#ifdef __s390__
	const struct scmp_arg_cmp	 flags = SCMP_A1(SCMP_CMP_MASKED_EQ,
					    CLONE_NEWUSER, CLONE_NEWUSER);
#else
	const struct scmp_arg_cmp	 flags = SCMP_A0(SCMP_CMP_MASKED_EQ,
					    CLONE_NEWUSER, CLONE_NEWUSER);
#endif
	int				 rv;

	rv = seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(EACCES),
	    SCMP_SYS(clone), 1, &flags);
	return rv != 0 ? rv : sandbox_rule(seccomp_rule_add(ctx,
	    SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0));
}

/*
 * Refused by name; a pair of connected sockets leads nowhere and stays.  A
 * call in the way of another architecture kills.
 */
static int
sandbox_seccomp(const struct sandbox *s, struct error *e)
{
	scmp_filter_ctx	 ctx;
	int		 rv;

	if ((ctx = seccomp_init(SCMP_ACT_ALLOW)) == NULL)
		return error_set(e, ERROR_NOMEM, "sandbox: system call filter");
	rv = sandbox_refuse_sockets(ctx, s);
	for (size_t i = 0; rv == 0 && i < sizeof(never) / sizeof(never[0]);
	    i++)
		rv = sandbox_refuse(ctx, never[i]);
	if (rv == 0)
		rv = sandbox_refuse_namespaces(ctx);
	if (rv == 0 && s->no_exec)
		if ((rv = sandbox_refuse(ctx, SCMP_SYS(execve))) == 0)
			rv = sandbox_refuse(ctx, SCMP_SYS(execveat));
	if (rv == 0)
		rv = seccomp_load(ctx);
	seccomp_release(ctx);
	if (rv == 0)
		return 0;
	errno = -rv;
	return error_sys(e, "sandbox: system call filter");
}

/* Who stays root is an ordinary user of that number. */
static int
sandbox_drop_capabilities(struct error *e)
{
	struct __user_cap_header_struct	 head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct	 none[2] = { { 0 } }, had[2];

	/* The service manager may have done it, and forbidden more of it. */
	if (syscall(SYS_capget, &head, had) == 0 &&
	    (had[0].permitted | had[1].permitted) == 0)
		return 0;
	for (unsigned long c = 0; prctl(PR_CAPBSET_READ, c, 0, 0, 0) != -1;
	    c++)
		if (prctl(PR_CAPBSET_DROP, c, 0, 0, 0) == -1)
			break;		/* whose bounds are not ours to set */
	if (syscall(SYS_capset, &head, none) == -1)
		return error_sys(e, "sandbox: give up capabilities");
	return 0;
}

int
sandbox_enter(const struct sandbox *s, bool *had_landlock, struct error *e)
{
	const struct rlimit	 none = { 0, 0 };
	bool			 had = false;

	if (sandbox_drop_user(s->user, e) == -1)
		return -1;
	if (setrlimit(RLIMIT_CORE, &none) == -1 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		return error_sys(e, "sandbox: give up privileges");
#ifdef SIGNET_FAULTS
	sandbox_proof_open();
#endif
	if (sandbox_landlock(s, &had, e) == -1 ||
	    (!s->keep_capabilities && sandbox_drop_capabilities(e) == -1) ||
	    sandbox_seccomp(s, e) == -1)
		return -1;
#ifdef SIGNET_FAULTS
	sandbox_proof_run(s, had);
#endif
	if (had_landlock != NULL)
		*had_landlock = had;
	return 0;
}

int
sandbox_supervise(bool no_exec, struct error *e)
{
	const struct sandbox	 s = { .all_paths = true, .no_exec = no_exec,
				    .keep_capabilities = true };

	return sandbox_enter(&s, NULL, e);
}
