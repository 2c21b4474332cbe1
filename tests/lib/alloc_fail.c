/* SPDX-License-Identifier: Apache-2.0 */
/*
 * To be preloaded to a unit test: an allocation of a library fails, once.  All
 * are counted that OpenSSL, libpq, the C library and the others make in the
 * first thread; our own give up with a line (lib/base/mem.h) but for mem_try(),
 * which is counted, too.
 *
 *	ALLOC_EACH=DIR		for each place there is, once, a child of the test
 *				goes on with an allocation that has failed, to
 *				the end of the test function that it is in;
 *				DIR/places has a line for each child: number of
 *				the allocation, status of wait; DIR/NUMBER what
 *				it said, if it did not end well
 *	ALLOC_FAIL=N		number N fails, and then the same
 *	ALLOC_PLACES=FILE	the number of the first allocation of each place
 *	ALLOC_EVERY=K		only each K-th place
 *	ALLOC_FINE=yes		another test function that gets there is another
 *				place
 *	ALLOC_DEPTH=D (2)	so many calls inside of the libraries tell places
 *				apart
 *	ALLOC_NOT=FILE		lines of two hexadecimal addresses within the
 *				program, sorted: what these functions ask for
 *				themselves does not fail
 *
 * A place is the way that our functions have taken to the library's.  What is
 * lost is looked for while a failed assertion's function still has its variables,
 * or after the last line of one that succeeded.
 *
 * A program under ASan has its malloc in itself, where nothing preloaded comes
 * before it.  So what the libraries call is changed in their tables.
 */
#include <sys/types.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FRAMES	96
#define PLACES	(1U << 18)
#define SECONDS	60
#define NOTS	4096

/* What a child ends with, besides a sanitizer's 99. */
enum { WELL = 0, FAILED = 1, SUCCEEDED_WRONGLY = 97, LEAKS = 98 };

static struct {
	void	*(*malloc)(size_t);
	void	*(*calloc)(size_t, size_t);
	void	*(*realloc)(void *, size_t);
	char	*(*strdup)(const char *);
	char	*(*strndup)(const char *, size_t);
	int	 (*posix_memalign)(void **, size_t, size_t);
	void	 (*longjmp)(struct __jmp_buf_tag *, int);
	int	 (*clock_gettime)(clockid_t, struct timespec *);
	void	 (*assert_int_equal)(uintmax_t, uintmax_t, const char *, int);
	int	 (*leaks)(void);
} real;

static unsigned long	 calls, failing, places, every = 1;
static char		*each;
static int		 list_fd = -1, depth = 2;
static bool		 fine, busy, has_failed, in_test;
static pid_t		 first;
static uintptr_t	 base, text, text_end;
static uint64_t		 seen[PLACES];
static struct range {
	uintptr_t	 from, to;
}			 nots[NOTS];
static size_t		 nnots;

bool	 alloc_refused(void);

/* ---- places ---- */

static bool
is_new(uint64_t hash)
{
	uint32_t	 i = (uint32_t)hash & (PLACES - 1);

	for (; seen[i] != 0; i = (i + 1) & (PLACES - 1))
		if (seen[i] == hash)
			return false;
	seen[i] = hash;
	return true;
}

static bool
is_ours(void *frame)
{
	return (uintptr_t)frame >= text && (uintptr_t)frame < text_end;
}

/* It is in a function of the test's own. */
static bool
is_not(void *frame)
{
	uintptr_t	 at = (uintptr_t)frame;
	size_t		 from = 0, to = nnots, mid;

	while (from < to) {
		mid = (from + to) / 2;
		if (at >= nots[mid].to)
			from = mid + 1;
		else if (at < nots[mid].from)
			to = mid;
		else
			return true;
	}
	return false;
}

/* From where the innermost function of ours called, and the calls before that;
 * but for the test function, unless that is wanted.  0: none to try. */
static uint64_t
place(void)
{
	void		*frame[FRAMES];
	int		 n = backtrace(frame, FRAMES), from = 3, to = n;
	uint64_t	 hash = 14695981039346656037U;

	while (from < n && !is_ours(frame[from]))
		from++;
	if (from < n && is_not(frame[from]))
		return 0;
	if (!fine) {
		/* main(), what is around the test, and the test. */
		for (to = from; to < n && is_ours(frame[to]); to++)
			;
		if (to - from > 1)
			to--;
	}
	from = from - depth > 3 ? from - depth : 3;
	for (int i = from; i < to; i++)
		hash = (hash ^ (uint64_t)(uintptr_t)frame[i]) * 1099511628211U;
	return hash | 1;
}

/* Which it is, for whoever looks into it. */
static void
where(void)
{
	void	*frame[FRAMES];

	backtrace_symbols_fd(frame, backtrace(frame, FRAMES), STDERR_FILENO);
}

static void
say(const char *what)
{
	if (write(STDERR_FILENO, what, strlen(what)) == -1)
		abort();
}

/* The end of a test that hangs: where. */
static void
hangs(int sig)
{
	say("it hangs in\n");
	where();
	signal(sig, SIG_DFL);
	raise(sig);
}

static void
without_memory(void)
{
	has_failed = true;
	where();
	signal(SIGALRM, hangs);
	alarm(SECONDS);
}

/* ---- children ---- */

static void
name_of(char *path, const char *leaf)
{
	snprintf(path, PATH_MAX, "%s/%s", each, leaf);
}

static void
become_child(unsigned long n)
{
	char	 path[PATH_MAX], leaf[24];
	int	 fd;

	snprintf(leaf, sizeof(leaf), "%lu", n);
	name_of(path, leaf);
	if ((fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	    0600)) == -1 || dup2(fd, STDOUT_FILENO) == -1 ||
	    dup2(fd, STDERR_FILENO) == -1)
		abort();
	close(fd);
	without_memory();
}

/* The test has seen nothing of it: its handler of SIGCHLD, neither. */
static void
wait_for_child(pid_t pid, unsigned long n)
{
	static const struct timespec	 at_once;
	char				 path[PATH_MAX], line[64];
	sigset_t			 chld, old;
	int				 status = 0, len;

	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, NULL, &old);
	if (sigismember(&old, SIGCHLD) == 1)
		(void)sigtimedwait(&chld, NULL, &at_once);
	len = snprintf(line, sizeof(line), "%lu %d\n", n, status);
	if (write(list_fd, line, (size_t)len) != len)
		abort();
	if (status == 0 || (WIFEXITED(status) &&
	    WEXITSTATUS(status) == FAILED)) {
		snprintf(line, sizeof(line), "%lu", n);
		name_of(path, line);
		(void)unlink(path);
	}
}

/* In the child: true. */
static bool
fork_at(unsigned long n)
{
	sigset_t	 chld, old;
	pid_t		 pid;
	int		 no = errno;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, &old);
	if ((pid = fork()) == -1)
		abort();
	if (pid == 0)
		become_child(n);
	else
		wait_for_child(pid, n);
	sigprocmask(SIG_SETMASK, &old, NULL);
	errno = no;
	return pid == 0;
}

/* ---- which allocation fails ---- */

static bool
fails(void)
{
	bool		 yes = false;
	char		 line[24];
	uint64_t	 hash;
	int		 len;

	if (busy || has_failed || getpid() != first || gettid() != first)
		return false;
	busy = true;
	calls++;
	if (failing != 0) {
		if ((yes = calls == failing))
			without_memory();
	} else if (list_fd != -1 && (hash = place()) != 0 && is_new(hash) &&
	    places++ % every == 0) {
		if (each != NULL)
			yes = fork_at(calls);
		else {
			len = snprintf(line, sizeof(line), "%lu\n", calls);
			if (write(list_fd, line, (size_t)len) != len)
				abort();
		}
	}
	busy = false;
	if (yes)
		errno = ENOMEM;
	return yes;
}

bool
alloc_refused(void)
{
	return fails();
}

static void *
my_malloc(size_t size)
{
	return fails() ? NULL : real.malloc(size);
}

static void *
my_calloc(size_t n, size_t size)
{
	return fails() ? NULL : real.calloc(n, size);
}

static void *
my_realloc(void *p, size_t size)
{
	return size != 0 && fails() ? NULL : real.realloc(p, size);
}

static char *
my_strdup(const char *s)
{
	return fails() ? NULL : real.strdup(s);
}

static char *
my_strndup(const char *s, size_t n)
{
	return fails() ? NULL : real.strndup(s, n);
}

static int
my_posix_memalign(void **p, size_t align, size_t size)
{
	return fails() ? ENOMEM : real.posix_memalign(p, align, size);
}

/* ---- where a test ends ---- */

static void
over(int status)
{
	busy = true;
	if (real.leaks != NULL && real.leaks() != 0)
		status = LEAKS;
	_exit(status);
}

static void
my_longjmp(struct __jmp_buf_tag *env, int value)
{
	if (has_failed)
		over(FAILED);
	real.longjmp(env, value);
	abort();
}

/* cmocka looks at the clock before each test, and after it. */
static int
my_clock_gettime(clockid_t clock, struct timespec *at)
{
	if (has_failed && in_test)
		over(WELL);
	in_test = !in_test;
	return real.clock_gettime(clock, at);
}

/* What should be refused is not. */
static void
my_assert_int_equal(uintmax_t got, uintmax_t want, const char *file, int line)
{
	if (has_failed && got == 0 &&
	    (want == UINT32_MAX || want == UINTMAX_MAX)) {
		char	 text_of[PATH_MAX];

		snprintf(text_of, sizeof(text_of),
		    "%s:%d: succeeds, and should not\n", file, line);
		say(text_of);
		_exit(SUCCEEDED_WRONGLY);
	}
	real.assert_int_equal(got, want, file, line);
}

/* ---- tables of the libraries ---- */

/* Functions and objects: ISO C has no cast between them. */
#define FUNCTION(name, fn) { name, (void (*)(void))(fn) }
static const struct hook {
	const char	*name;
	void		 (*fn)(void);
} allocs[] = {
	FUNCTION("malloc", my_malloc),
	FUNCTION("calloc", my_calloc),
	FUNCTION("realloc", my_realloc),
	FUNCTION("strdup", my_strdup),
	FUNCTION("__strdup", my_strdup),
	FUNCTION("strndup", my_strndup),
	FUNCTION("posix_memalign", my_posix_memalign),
	{ NULL, NULL }
}, ends[] = {
	FUNCTION("__longjmp_chk", my_longjmp),
	FUNCTION("longjmp", my_longjmp),
	FUNCTION("siglongjmp", my_longjmp),
	FUNCTION("clock_gettime", my_clock_gettime),
	{ NULL, NULL }
}, asserts[] = {
	FUNCTION("_assert_int_equal", my_assert_int_equal),
	{ NULL, NULL }
};

/* Which give up on the whole process, or would say it was us. */
static const char *const	 others[] = { "/ld-linux", "linux-vdso",
	"/alloc_fail.so", "libgcc_s", "libstdc++", "libglib", "libgobject",
	"libgio", "libpango", "libcairo", "libfontconfig", "libfreetype",
	"libharfbuzz", "libthai", "libdatrie", "libpixman", "libpthread",
	"libfribidi", "libgraphite", "libpng", "libexpat", NULL };

struct table {
	const ElfW(Sym)		*sym;
	const char		*str;
	const ElfW(Rela)	*rela[2];
	size_t			 size[2];
};

static void
table_read(struct table *t, const ElfW(Dyn) *d)
{
	for (; d->d_tag != DT_NULL; d++)
		switch (d->d_tag) {
		case DT_SYMTAB:	t->sym = (void *)d->d_un.d_ptr; break;
		case DT_STRTAB:	t->str = (void *)d->d_un.d_ptr; break;
		case DT_RELA:	t->rela[0] = (void *)d->d_un.d_ptr; break;
		case DT_RELASZ:	t->size[0] = d->d_un.d_val; break;
		case DT_JMPREL:	t->rela[1] = (void *)d->d_un.d_ptr; break;
		case DT_PLTRELSZ: t->size[1] = d->d_un.d_val; break;
		default:	break;
		}
}

static void
slot_set(ElfW(Addr) at, void (*fn)(void))
{
	uintptr_t	 page = (uintptr_t)sysconf(_SC_PAGESIZE);
	void		*p = (void *)(at & ~(page - 1));

	if (mprotect(p, page, PROT_READ | PROT_WRITE) == -1)
		abort();
	memcpy((void *)at, &fn, sizeof(fn));
}

static void
hook(ElfW(Addr) base, const ElfW(Dyn) *dyn, const struct hook *hooks)
{
	struct table		 t = { 0 };
	const ElfW(Rela)	*r;
	const ElfW(Sym)		*s;

	table_read(&t, dyn);
	for (int k = 0; k < 2; k++)
		for (size_t i = 0; i < t.size[k] / sizeof(*r); i++) {
			r = &t.rela[k][i];
			s = &t.sym[ELF64_R_SYM(r->r_info)];
			if (ELF64_R_SYM(r->r_info) == 0 || r->r_addend != 0)
				continue;
			for (const struct hook *h = hooks; h->name; h++)
				if (strcmp(t.str + s->st_name, h->name) == 0)
					slot_set(base + r->r_offset, h->fn);
		}
}

static void
our_text(const struct dl_phdr_info *m)
{
	base = m->dlpi_addr;
	for (int i = 0; i < m->dlpi_phnum; i++)
		if (m->dlpi_phdr[i].p_type == PT_LOAD &&
		    (m->dlpi_phdr[i].p_flags & PF_X) != 0) {
			text = m->dlpi_addr + m->dlpi_phdr[i].p_vaddr;
			text_end = text + m->dlpi_phdr[i].p_memsz;
		}
}

static int
module(struct dl_phdr_info *m, size_t size, void *arg)
{
	const ElfW(Dyn)		*dyn = NULL;
	const struct hook	*hooks = allocs;

	(void)size;
	(void)arg;
	for (int i = 0; others[i] != NULL; i++)
		if (strstr(m->dlpi_name, others[i]) != NULL)
			return 0;
	for (int i = 0; i < m->dlpi_phnum; i++)
		if (m->dlpi_phdr[i].p_type == PT_DYNAMIC)
			dyn = (void *)(m->dlpi_addr + m->dlpi_phdr[i].p_vaddr);
	if (m->dlpi_name[0] == '\0') {
		our_text(m);
		hooks = asserts;
	} else if (strstr(m->dlpi_name, "libcmocka") != NULL)
		hooks = ends;
	if (dyn != NULL)
		hook(m->dlpi_addr, dyn, hooks);
	return 0;
}

/* ---- begin ---- */

static void
find(void *function, const char *name)
{
	*(void **)function = dlsym(RTLD_DEFAULT, name);
}

static void
find_all(void)
{
	find(&real.malloc, "malloc");
	find(&real.calloc, "calloc");
	find(&real.realloc, "realloc");
	find(&real.strdup, "strdup");
	find(&real.strndup, "strndup");
	find(&real.posix_memalign, "posix_memalign");
	find(&real.longjmp, "__longjmp_chk");
	find(&real.clock_gettime, "clock_gettime");
	find(&real.assert_int_equal, "_assert_int_equal");
	find(&real.leaks, "__lsan_do_recoverable_leak_check");
}

static void
list_open(const char *path)
{
	if ((list_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	    0600)) == -1)
		abort();
}

static void
nots_read(const char *path)
{
	FILE			*f = fopen(path, "re");
	unsigned long		 from, to;

	if (f == NULL)
		abort();
	while (nnots < NOTS && fscanf(f, "%lx %lx", &from, &to) == 2)
		nots[nnots++] = (struct range){ base + from, base + to };
	fclose(f);
}

/* Programs that it starts, and a sanitizer's, have nothing of it. */
static void
forget(void)
{
	unsetenv("LD_PRELOAD");
	unsetenv("ALLOC_EACH");
	unsetenv("ALLOC_FAIL");
	unsetenv("ALLOC_PLACES");
	unsetenv("ALLOC_NOT");
}

__attribute__((constructor)) static void
begin(void)
{
	const char	*n = getenv("ALLOC_FAIL"), *d = getenv("ALLOC_DEPTH"),
			*k = getenv("ALLOC_EVERY"), *nots_of = getenv("ALLOC_NOT");
	void		*frame[4];
	char		 path[PATH_MAX];

	first = getpid();
	failing = n != NULL ? strtoul(n, NULL, 10) : 0;
	if (k != NULL && (every = strtoul(k, NULL, 10)) == 0)
		abort();
	depth = d != NULL ? atoi(d) : depth;
	fine = getenv("ALLOC_FINE") != NULL;
	if (getenv("ALLOC_EACH") != NULL) {
		each = strdup(getenv("ALLOC_EACH"));
		name_of(path, "places");
		list_open(path);
	} else if (getenv("ALLOC_PLACES") != NULL)
		list_open(getenv("ALLOC_PLACES"));
	/* It loads what it needs when it is called first. */
	(void)backtrace(frame, 4);
	find_all();
	busy = true;
	dl_iterate_phdr(module, NULL);
	if (nots_of != NULL)
		nots_read(nots_of);
	busy = false;
	forget();
}
