/* SPDX-License-Identifier: Apache-2.0 */
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "os/fault.h"

#define CHUNK	(64u << 10)

/* What is read must not be written, and the other way round: each use of what
 * was closed is an error, as it was. */
int
file_keep_standard(struct error *e)
{
	int	 fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) != -1)
			continue;
		if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY :
		    O_RDONLY) != fd)
			return error_sys(e, "/dev/null for descriptor %d", fd);
	}
	return 0;
}

static int
file_too_large(const char *path, size_t max, struct error *e)
{
	return error_set(e, ERROR_INPUT, "read %s: more than %zu bytes", path,
	    max);
}

static int
file_read(struct buf *out, int fd, const char *path, size_t max,
    struct error *e)
{
	ssize_t	 n;

	for (;;) {
		buf_reserve(out, CHUNK);
		n = read(fd, out->p + out->len, CHUNK);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return error_sys(e, "read %s", path);
		if (n == 0)
			return 0;
		out->len += (size_t)n;
		if (out->len > max)
			return file_too_large(path, max, e);
	}
}

int
file_load(struct buf *out, const char *path, size_t max, struct error *e)
{
	bool	 is_stdin = strcmp(path, "-") == 0;
	int	 fd, rc;

	out->len = 0;
	if (is_stdin)
		fd = STDIN_FILENO;
	else if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)) == -1)
		return error_sys(e, "read %s", path);
	rc = file_read(out, fd, is_stdin ? "standard input" : path, max, e);
	if (!is_stdin)
		close(fd);
	if (rc == -1)
		buf_clear(out);
	return rc;
}

static int
file_write(int fd, const void *p, size_t len)
{
	const char	*from = p;
	ssize_t		 n;

	for (; len > 0; from += n, len -= (size_t)n) {
		n = write(fd, from, len);
		if (n == -1 && errno == EINTR)
			n = 0;
		if (n == -1)
			return -1;
	}
	return 0;
}

static char *
file_dirname(const char *path)
{
	const char	*slash = strrchr(path, '/');

	if (slash == NULL)
		return mem_strdup(".");
	if (slash == path)
		return mem_strdup("/");
	return mem_printf("%.*s", (int)(slash - path), path);
}

static const char *
file_basename(const char *path)
{
	const char	*slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static int
file_sync_dir(const char *dir)
{
	int	 fd, rc, no;

	if ((fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return -1;
	rc = fsync(fd);
	/* Some file systems have nothing to sync in a directory. */
	if (rc == -1 && errno == EINVAL)
		rc = 0;
	no = errno;
	close(fd);
	errno = no;
	return rc;
}

/*
 * A stick with FAT, as it crosses the air gap, has no modes and says EPERM;
 * that is harmless for a file that everyone may read anyway.
 */
static int
file_set_mode(int fd, mode_t mode)
{
	if (fchmod(fd, mode) == 0)
		return 0;
	return errno == EPERM && (mode & 044) == 044 ? 0 : -1;
}

/* A file that a crash left there, ours alone, at which nobody is any more. */
static bool
file_is_left(int fd, const char *temp)
{
	struct stat	 st, now;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_uid == geteuid() && st.st_nlink == 1 &&
	    flock(fd, LOCK_EX | LOCK_NB) == 0 &&
	    lstat(temp, &now) == 0 && now.st_ino == st.st_ino &&
	    now.st_dev == st.st_dev &&
	    (st.st_size == 0 || ftruncate(fd, 0) == 0);
}

/*
 * Each path has a temporary name of its own, so that what a crash leaves is
 * taken over by whoever writes there next; a lock says that somebody is at it.
 * Where that name is taken, by a stranger perhaps, there is one of its kind.
 */
static int
file_open_temp(char **temp, const char *dir, const char *path)
{
	int	 fd;

	*temp = mem_printf("%s/.%s.tmp", dir, file_basename(path));
	fd = open(*temp, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
	    0600);
	if (fd != -1 && file_is_left(fd, *temp))
		return fd;
	if (fd != -1)
		close(fd);
	mem_free(temp);
	*temp = mem_printf("%s/.%s.XXXXXX", dir, file_basename(path));
	return mkostemp(*temp, O_CLOEXEC);
}

/* The new content under a temporary name in the same directory, on disk; *fd
 * is to be closed when it has its name. */
static int
file_store_temp(int *fd, char **temp, const char *path, const char *dir,
    const void *p, size_t len, mode_t mode)
{
	int	 no;

	if ((*fd = file_open_temp(temp, dir, path)) == -1)
		return -1;
	if (file_set_mode(*fd, mode) == 0 && file_write(*fd, p, len) == 0 &&
	    fsync(*fd) == 0)
		return 0;
	no = errno;
	unlink(*temp);
	errno = no;
	return -1;
}

/* Rename without replacing: link() where the file system has no flag for it. */
static int
file_rename_new(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (link(from, to) == -1)
		return -1;
	return unlink(from);
}

static int
file_put(const char *path, const void *p, size_t len, mode_t mode,
    bool replace, struct error *e)
{
	char	*dir = NULL, *temp = NULL;
	int	 fd = -1, rc = -1;

	dir = file_dirname(path);
	if (file_store_temp(&fd, &temp, path, dir, p, len, mode) == -1) {
		error_sys(e, "write %s", path);
		goto out;
	}
	FAULT("file-written");
	if ((replace ? rename(temp, path) : file_rename_new(temp, path)) ==
	    -1) {
		if (!replace && errno == EEXIST)
			error_set(e, ERROR_CONFLICT,
			    "write %s: already exists", path);
		else
			error_sys(e, "write %s", path);
		unlink(temp);
		goto out;
	}
	FAULT("file-renamed");
	if (file_sync_dir(dir) == -1) {
		error_sys(e, "sync %s", dir);
		goto out;
	}
	rc = 0;
 out:
	if (fd != -1)
		close(fd);
	mem_free(&temp);
	mem_free(&dir);
	return rc;
}

int
file_store(const char *path, const void *p, size_t len, mode_t mode,
    struct error *e)
{
	return file_put(path, p, len, mode, true, e);
}

int
file_create(const char *path, const void *p, size_t len, mode_t mode,
    struct error *e)
{
	return file_put(path, p, len, mode, false, e);
}

int
file_rename(const char *from, const char *to, struct error *e)
{
	char	*dir = file_dirname(to);
	int	 rc;

	if ((rc = rename(from, to)) == -1)
		error_sys(e, "rename %s to %s", from, to);
	else if ((rc = file_sync_dir(dir)) == -1)
		error_sys(e, "sync %s", dir);
	mem_free(&dir);
	return rc;
}

bool
file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static int
file_mkdir_one(const char *path, mode_t mode, struct error *e)
{
	struct stat	 st;

	if (mkdir(path, mode) == 0)
		return 0;
	if (errno != EEXIST)
		return error_sys(e, "make directory %s", path);
	if (stat(path, &st) == -1)
		return error_sys(e, "make directory %s", path);
	if (!S_ISDIR(st.st_mode))
		return error_set(e, ERROR_CONFLICT,
		    "make directory %s: is there and not a directory", path);
	return 0;
}

int
file_mkdir(const char *path, mode_t mode, struct error *e)
{
	char	*copy, *p;
	int	 rc = -1;

	copy = mem_strdup(path);
	for (p = copy; *p != '\0'; p++) {
		if (*p != '/' || p == copy)
			continue;
		*p = '\0';
		if (file_mkdir_one(copy, mode, e) == -1)
			goto out;
		*p = '/';
	}
	rc = file_mkdir_one(path, mode, e);
 out:
	mem_free(&copy);
	return rc;
}

int
file_check_private(const char *path, struct error *e)
{
	struct stat	 st;

	if (stat(path, &st) == -1)
		return error_sys(e, "%s", path);
	if (!S_ISREG(st.st_mode))
		return error_set(e, ERROR_CONFIG, "%s: not a plain file",
		    path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return error_set(e, ERROR_CONFIG,
		    "%s: belongs to user %u, not to us or root", path,
		    (unsigned int)st.st_uid);
	if ((st.st_mode & 077) != 0) {
		error_set(e, ERROR_CONFIG, "%s: mode is %04o: open to others",
		    path, (unsigned int)st.st_mode & 07777);
		return error_hint(e, "chmod 600 %s", path);
	}
	return 0;
}

char *
file_directory(const char *path)
{
	const char	*slash = strrchr(path, '/');

	if (slash == NULL)
		return mem_strdup(".");
	if (slash == path)
		return mem_strdup("/");
	return mem_printf("%.*s", (int)(slash - path), path);
}

char *
file_join(const char *dir, const char *name)
{
	size_t	 len = strlen(dir);

	if (name[0] == '/' || len == 0)
		return mem_strdup(name);
	return mem_printf("%s%s%s", dir, dir[len - 1] == '/' ? "" : "/", name);
}

int
file_lock(int *out, const char *path, struct error *e)
{
	struct stat	 st = { 0 };
	int		 fd;

	*out = -1;
 again:
	if ((fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) == -1)
		return error_sys(e, "lock %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		if (errno == EWOULDBLOCK)
			error_set(e, ERROR_CONFLICT,
			    "lock %s: another process holds it", path);
		else
			error_sys(e, "lock %s", path);
		close(fd);
		return -1;
	}
	/* Whose file was removed between the two has locked nothing. */
	if (fstat(fd, &st) == 0 && st.st_nlink == 0) {
		close(fd);
		goto again;
	}
	*out = fd;
	return 0;
}
