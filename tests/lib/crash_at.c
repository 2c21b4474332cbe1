/* SPDX-License-Identifier: Apache-2.0 */
/*
 * To be preloaded: a program dies at its n-th step, or finds no disk from there
 * on.  Steps are what leaves something behind: statements of the store, changes
 * to files, uses of keys, commands to cards, changes to directories.
 *
 *	CRASH_AT=n	SIGKILL for the process at point n: 2k - 1 is before
 *			step k, with half of the bytes if that writes any; 2k
 *			after it, when its answer is there
 *	CRASH_DISK=full:k, readonly:k	step k and all later ones fail that
 *			change a file
 *	CRASH_OF=WORD,WORD	only these: db, file, key, card, ldap
 *	CRASH_IN=WORD,WORD	only in programs and processes whose name has
 *			such a word (default: signet)
 *	CRASH_COUNT=FILE	which counts for all processes together
 *	CRASH_LIST=FILE	appends a line for each step: number, process, kind,
 *			function, process id, and of what
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

enum kind { DB, FILES, KEY, CARD, LDAP };
enum { WELL, FULL, READONLY };

static const char *const	 kinds[] = { "db", "file", "key", "card", "ldap" };

static atomic_ulong	*counter;
static unsigned long	 crash_at, disk_at;
static int		 disk, list_fd = -1;
static const char	*only_of, *only_in;

/* A library may do a step by way of another one: that is one. */
static _Thread_local int	 inside;

/* Shared by all processes, and there before any of them shuts itself in. */
static atomic_ulong *
shared(const char *path)
{
	void	*p;
	int	 fd = -1, flags = MAP_SHARED;

	if (path == NULL)
		flags |= MAP_ANONYMOUS;
	else if ((fd = (int)syscall(SYS_openat, AT_FDCWD, path,
	    O_RDWR | O_CREAT | O_CLOEXEC, 0600)) == -1 ||
	    syscall(SYS_ftruncate, fd, sizeof(*counter)) == -1)
		abort();
	p = mmap(NULL, sizeof(*counter), PROT_READ | PROT_WRITE, flags, fd, 0);
	if (p == MAP_FAILED)
		abort();
	if (fd != -1)
		close(fd);
	return p;
}

static unsigned long
number(const char *name, const char *before)
{
	const char	*s = getenv(name);
	size_t		 n = strlen(before);

	return s != NULL && strncmp(s, before, n) == 0 ?
	    strtoul(s + n, NULL, 10) : 0;
}

/* A word of the list, which commas divide, is in name. */
static bool
has(const char *list, const char *name)
{
	size_t	 n;

	for (; *list != '\0'; list += n + (list[n] == ',')) {
		n = strcspn(list, ",");
		if (n > 0 && memmem(name, strlen(name), list, n) != NULL)
			return true;
	}
	return false;
}

static void
begin(void)
{
	const char	*list = getenv("CRASH_LIST");

	if (counter != NULL)
		return;
	crash_at = number("CRASH_AT", "");
	if ((disk_at = number("CRASH_DISK", "full:")) != 0)
		disk = FULL;
	else if ((disk_at = number("CRASH_DISK", "readonly:")) != 0)
		disk = READONLY;
	only_of = getenv("CRASH_OF");
	only_in = getenv("CRASH_IN");
	if (list != NULL && (list_fd = (int)syscall(SYS_openat, AT_FDCWD, list,
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) == -1)
		abort();
	counter = shared(getenv("CRASH_COUNT"));
}

__attribute__((constructor)) static void
at_start(void)
{
	begin();
}

/* Functions come from dlsym as objects; ISO C has no cast for it. */
static void
find(void *function, const char *name)
{
	if (*(void **)function == NULL &&
	    (*(void **)function = dlsym(RTLD_NEXT, name)) == NULL)
		abort();
}

#define REAL(type, name, args) \
	static type (*real) args; \
	find(&real, #name)

static bool
is_ours(enum kind kind)
{
	char	 name[17] = "";

	begin();
	if (inside > 0)
		return false;
	if (only_of != NULL && !has(only_of, kinds[kind]))
		return false;
	(void)prctl(PR_GET_NAME, name, 0, 0, 0);
	return only_in == NULL ? has("signet", program_invocation_short_name) :
	    has(only_in, program_invocation_short_name) || has(only_in, name);
}

static void
note(unsigned long n, enum kind kind, const char *function, const char *what)
{
	char	 line[256], name[17] = "";
	int	 len;

	if (list_fd == -1)
		return;
	(void)prctl(PR_GET_NAME, name, 0, 0, 0);
	for (char *p = name; *p != '\0'; p++)
		if (*p == ' ')
			*p = '_';
	len = snprintf(line, sizeof(line), "%lu %s %s %s %ld %.*s\n", n, name,
	    kinds[kind], function, (long)getpid(), (int)strcspn(what, "\n") > 120 ? 120 :
	    (int)strcspn(what, "\n"), what);
	if (syscall(SYS_write, list_fd, line, (size_t)len) == len)
		return;
	/* A process that confines itself may close what it does not know. */
	if (errno != EBADF)
		abort();
	list_fd = -1;
}

static void
die(void)
{
	(void)syscall(SYS_kill, getpid(), SIGKILL);
	for (;;)
		pause();
}

/* Its number, or 0 if it is none of those that count.  Whoever is to write
 * looks at due() first. */
static unsigned long
step(enum kind kind, const char *function, const char *what)
{
	unsigned long	 n;

	if (!is_ours(kind))
		return 0;
	n = atomic_fetch_add(counter, 1) + 1;
	note(n, kind, function, what);
	return n;
}

static bool
due(unsigned long n)
{
	return n != 0 && crash_at == 2 * n - 1;
}

static unsigned long
enter(enum kind kind, const char *function, const char *what)
{
	unsigned long	 n = step(kind, function, what);

	if (due(n))
		die();
	return n;
}

static void
leave(unsigned long n)
{
	if (n != 0 && crash_at == 2 * n)
		die();
}

/* The disk fails this one; what gives room succeeds on a full disk. */
static bool
fails(unsigned long n, bool gives_room)
{
	if (n == 0 || disk == WELL || n < disk_at ||
	    (disk == FULL && gives_room))
		return false;
	errno = disk == FULL ? ENOSPC : EROFS;
	return true;
}

/* ---- files ---- */

/* On a disk, under a name, and no log. */
static bool
is_file(int fd)
{
	struct stat	 st;

	return fd > STDERR_FILENO && fstat(fd, &st) == 0 && st.st_nlink > 0 &&
	    (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode));
}

static unsigned long
step_fd(const char *function, int fd)
{
	char		 link[40], path[PATH_MAX] = "";
	int		 no = errno;
	unsigned long	 n = 0;

	if (is_file(fd)) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		if (readlink(link, path, sizeof(path) - 1) == -1)
			path[0] = '\0';
		n = step(FILES, function, path);
	}
	errno = no;
	return n;
}

static unsigned long
enter_fd(const char *function, int fd)
{
	unsigned long	 n = step_fd(function, fd);

	if (due(n))
		die();
	return n;
}

ssize_t
write(int fd, const void *p, size_t len)
{
	unsigned long	 n = step_fd("write", fd);
	ssize_t		 done;
	REAL(ssize_t, write, (int, const void *, size_t));

	if (due(n)) {
		if (len > 1)
			(void)real(fd, p, len / 2);
		die();
	}
	if (fails(n, false))
		return -1;
	done = real(fd, p, len);
	leave(n);
	return done;
}

static ssize_t
write_at(unsigned long n, int fd, const void *p, size_t len, off_t at)
{
	ssize_t	 done;
	REAL(ssize_t, pwrite, (int, const void *, size_t, off_t));

	if (due(n)) {
		if (len > 1)
			(void)real(fd, p, len / 2, at);
		die();
	}
	if (fails(n, false))
		return -1;
	done = real(fd, p, len, at);
	leave(n);
	return done;
}

ssize_t
pwrite(int fd, const void *p, size_t len, off_t at)
{
	return write_at(step_fd("pwrite", fd), fd, p, len, at);
}

ssize_t
pwrite64(int fd, const void *p, size_t len, off_t at)
{
	return write_at(step_fd("pwrite", fd), fd, p, len, at);
}

#define ON_FD(name, args, call, gives_room) \
int \
name args \
{ \
	unsigned long	 n = enter_fd(#name, fd); \
	int		 rc; \
	REAL(int, name, args); \
\
	if (fails(n, gives_room)) \
		return -1; \
	rc = real call; \
	leave(n); \
	return rc; \
}

ON_FD(fsync, (int fd), (fd), false)
ON_FD(fdatasync, (int fd), (fd), false)
ON_FD(ftruncate, (int fd, off_t len), (fd, len), true)
ON_FD(fchmod, (int fd, mode_t mode), (fd, mode), true)

#define ON_PATH_IF(cond, name, args, call, path, gives_room) \
int \
name args \
{ \
	unsigned long	 n = (cond) ? enter(FILES, #name, path) : 0; \
	int		 rc; \
	REAL(int, name, args); \
\
	if (fails(n, gives_room)) \
		return -1; \
	rc = real call; \
	leave(n); \
	return rc; \
}

#define ON_PATH(name, args, call, path, gives_room) \
	ON_PATH_IF(1, name, args, call, path, gives_room)

ON_PATH(rename, (const char *from, const char *to), (from, to), to, false)
ON_PATH(renameat2, (int d, const char *from, int d2, const char *to,
    unsigned int flags), (d, from, d2, to, flags), to, false)
ON_PATH(link, (const char *from, const char *to), (from, to), to, false)
ON_PATH(unlink, (const char *path), (path), path, true)
ON_PATH(unlinkat, (int d, const char *path, int flags), (d, path, flags),
    path, true)
ON_PATH(rmdir, (const char *path), (path), path, true)
ON_PATH(chmod, (const char *path, mode_t mode), (path, mode), path, true)
ON_PATH(chown, (const char *path, uid_t u, gid_t g), (path, u, g), path, true)
ON_PATH(utimensat, (int d, const char *path, const struct timespec ts[2],
    int flags), (d, path, ts, flags), path, true)
ON_PATH(mkstemp, (char *path), (path), path, false)
ON_PATH(mkostemp, (char *path, int flags), (path, flags), path, false)

/* What is there is not made. */
ON_PATH_IF(access(path, F_OK) == -1, mkdir, (const char *path, mode_t mode),
    (path, mode), path, false)
ON_PATH_IF(faccessat(d, path, F_OK, 0) == -1, mkdirat, (int d,
    const char *path, mode_t mode), (d, path, mode), path, false)

/* Of what lies under /dev only that is a file which is in memory. */
static bool
is_device(const char *path)
{
	return strncmp(path, "/dev/", 5) == 0 &&
	    strncmp(path, "/dev/shm/", 9) != 0;
}

/* To open is a step only if it may change something. */
static int
open_at(const char *function, int dir, const char *path, int flags, mode_t mode)
{
	bool		 makes = (flags & O_CREAT) != 0 &&
			    faccessat(dir, path, F_OK, 0) == -1;
	bool		 writes = (flags & O_ACCMODE) != O_RDONLY ||
			    (flags & O_TRUNC) != 0;
	unsigned long	 n = 0;
	int		 fd;

	if ((makes || writes) && !is_device(path))
		n = enter(FILES, function, path);
	if (fails(n, !makes))
		return -1;
	fd = (int)syscall(SYS_openat, dir, path, flags, mode);
	leave(n);
	return fd;
}

#define OPEN(name, params, dir, path) \
int \
name params \
{ \
	mode_t	 mode = 0; \
	va_list	 ap; \
\
	if ((flags & (O_CREAT | __O_TMPFILE)) != 0) { \
		va_start(ap, flags); \
		mode = va_arg(ap, mode_t); \
		va_end(ap); \
	} \
	return open_at("open", dir, path, flags, mode); \
}

OPEN(open, (const char *path, int flags, ...), AT_FDCWD, path)
OPEN(open64, (const char *path, int flags, ...), AT_FDCWD, path)
OPEN(openat, (int dir, const char *path, int flags, ...), dir, path)
OPEN(openat64, (int dir, const char *path, int flags, ...), dir, path)

static FILE *
file_open(FILE *(*real)(const char *, const char *), const char *path,
    const char *mode)
{
	unsigned long	 n = 0;
	FILE		*f;

	if (mode[0] != 'r' || strchr(mode, '+') != NULL)
		n = enter(FILES, "fopen", path);
	if (fails(n, access(path, F_OK) == 0))
		return NULL;
	f = real(path, mode);
	leave(n);
	return f;
}

FILE *
fopen(const char *path, const char *mode)
{
	REAL(FILE *, fopen, (const char *, const char *));

	return file_open(real, path, mode);
}

FILE *
fopen64(const char *path, const char *mode)
{
	REAL(FILE *, fopen64, (const char *, const char *));

	return file_open(real, path, mode);
}

int
fflush(FILE *f)
{
	unsigned long	 n = f != NULL ? enter_fd("fflush", fileno(f)) : 0;
	int		 rc;
	REAL(int, fflush, (FILE *));

	if (fails(n, false))
		return EOF;
	rc = real(f);
	leave(n);
	return rc;
}

static bool
can_write(FILE *f)
{
	return (fcntl(fileno(f), F_GETFL) & O_ACCMODE) != O_RDONLY;
}

int
fclose(FILE *f)
{
	unsigned long	 n = can_write(f) ? enter_fd("fclose", fileno(f)) : 0;
	bool		 bad = fails(n, false);
	int		 rc, no = errno;
	REAL(int, fclose, (FILE *));

	/* What is in its buffer finds no room. */
	if (bad)
		__fpurge(f);
	rc = real(f);
	leave(n);
	if (!bad)
		return rc;
	errno = no;
	return EOF;
}

/* ---- the store ---- */

struct pg_conn;
struct pg_result;
extern int	 PQpipelineStatus(const struct pg_conn *) __attribute__((weak));
extern struct pg_result	*PQgetResult(struct pg_conn *) __attribute__((weak));

/* In pipelines it asks whether a statement would do; that changes nothing. */
static unsigned long
enter_db(const struct pg_conn *c, const char *function, const char *what)
{
	return PQpipelineStatus(c) == 0 ? enter(DB, function, what) : 0;
}

/* A statement has been sent: after it means when the answer has come. */
static void
leave_db(unsigned long n, struct pg_conn *c)
{
	if (n == 0 || crash_at != 2 * n)
		return;
	while (PQgetResult(c) != NULL)
		;
	die();
}

struct pg_result	*PQexec(struct pg_conn *, const char *);
int	 PQsendQuery(struct pg_conn *, const char *);
int	 PQsendQueryParams(struct pg_conn *, const char *, int, const unsigned *,
	    const char *const *, const int *, const int *, int);
int	 PQsendQueryPrepared(struct pg_conn *, const char *, int,
	    const char *const *, const int *, const int *, int);

struct pg_result *
PQexec(struct pg_conn *c, const char *sql)
{
	unsigned long		 n = enter_db(c, "exec", sql);
	struct pg_result	*res;
	REAL(struct pg_result *, PQexec, (struct pg_conn *, const char *));

	inside++;
	res = real(c, sql);
	inside--;
	leave(n);
	return res;
}

int
PQsendQuery(struct pg_conn *c, const char *sql)
{
	unsigned long	 n = enter_db(c, "query", sql);
	int		 rc;
	REAL(int, PQsendQuery, (struct pg_conn *, const char *));

	rc = real(c, sql);
	leave_db(n, c);
	return rc;
}

int
PQsendQueryParams(struct pg_conn *c, const char *sql, int nargs,
    const unsigned *types, const char *const *v, const int *len,
    const int *fmt, int as)
{
	unsigned long	 n = enter_db(c, "query", sql);
	int		 rc;
	REAL(int, PQsendQueryParams, (struct pg_conn *, const char *, int,
	    const unsigned *, const char *const *, const int *, const int *,
	    int));

	rc = real(c, sql, nargs, types, v, len, fmt, as);
	leave_db(n, c);
	return rc;
}

int
PQsendQueryPrepared(struct pg_conn *c, const char *name, int nargs,
    const char *const *v, const int *len, const int *fmt, int as)
{
	unsigned long	 n = enter_db(c, "prepared", name);
	int		 rc;
	REAL(int, PQsendQueryPrepared, (struct pg_conn *, const char *, int,
	    const char *const *, const int *, const int *, int));

	rc = real(c, name, nargs, v, len, fmt, as);
	leave_db(n, c);
	return rc;
}

/* ---- keys, cards, directories ---- */

/* Counted only if: with no place for the answer it asks for the length. */
#define STEP_IF(cond, kind, type, name, params, call) \
type	 name params; \
type \
name params \
{ \
	unsigned long	 n = (cond) ? enter(kind, #name, "") : 0; \
	type		 rc; \
	REAL(type, name, params); \
\
	inside++; \
	rc = real call; \
	inside--; \
	leave(n); \
	return rc; \
}

STEP_IF(sig != NULL, KEY, int, EVP_DigestSign, (void *ctx, unsigned char *sig,
    size_t *len, const unsigned char *tbs, size_t tbslen),
    (ctx, sig, len, tbs, tbslen))
STEP_IF(sig != NULL, KEY, int, EVP_DigestSignFinal, (void *ctx,
    unsigned char *sig, size_t *len), (ctx, sig, len))
STEP_IF(sig != NULL, KEY, int, EVP_PKEY_sign, (void *ctx, unsigned char *sig,
    size_t *len, const unsigned char *tbs, size_t tbslen),
    (ctx, sig, len, tbs, tbslen))
STEP_IF(out != NULL, KEY, int, EVP_PKEY_derive, (void *ctx, unsigned char *out,
    size_t *len), (ctx, out, len))
STEP_IF(1, KEY, int, EVP_PKEY_generate, (void *ctx, void **out), (ctx, out))
STEP_IF(1, KEY, int, CMS_SignerInfo_sign, (void *si), (si))
STEP_IF(1, KEY, int, CMS_final, (void *cms, void *in, void *det,
    unsigned int flags), (cms, in, det, flags))
STEP_IF(1, KEY, int, CMS_decrypt, (void *cms, void *key, void *cert, void *det,
    void *out, unsigned int flags), (cms, key, cert, det, out, flags))
STEP_IF(1, CARD, long, SCardTransmit, (long card, const void *pci,
    const unsigned char *in, unsigned long inlen, void *pci2,
    unsigned char *out, unsigned long *outlen),
    (card, pci, in, inlen, pci2, out, outlen))
STEP_IF(1, LDAP, int, ldap_add_ext, (void *l, const char *dn, void **mods,
    void **sctl, void **cctl, int *id), (l, dn, mods, sctl, cctl, id))
STEP_IF(1, LDAP, int, ldap_modify_ext, (void *l, const char *dn, void **mods,
    void **sctl, void **cctl, int *id), (l, dn, mods, sctl, cctl, id))
STEP_IF(1, LDAP, int, ldap_delete_ext, (void *l, const char *dn, void **sctl,
    void **cctl, int *id), (l, dn, sctl, cctl, id))
