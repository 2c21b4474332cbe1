/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <stdarg.h>
#include <unistd.h>

#define ARENA_BLOCK	4096

struct arena_block {
	struct arena_block	*next;
	size_t			 used;
	size_t			 size;
	max_align_t		 data[];
};

struct arena {
	struct arena_block	*block;		/* newest first */
};

void
mem_fail(void)
{
	static const char line[] = "out of memory\n";

	if (write(STDERR_FILENO, line, sizeof(line) - 1) == -1)
		abort();
	abort();
}

static void *
take(size_t n, size_t size)
{
	size_t	 total;

	if (__builtin_mul_overflow(n, size, &total))
		return NULL;
	return calloc(1, total != 0 ? total : 1);
}

#ifdef SIGNET_FAULTS
/* Tests preload who refuses: tests/lib/alloc_fail.c. */
extern bool	 alloc_refused(void) __attribute__((weak));
#endif

void *
mem_try(size_t n, size_t size)
{
#ifdef SIGNET_FAULTS
	if (alloc_refused != NULL && alloc_refused())
		return NULL;
#endif
	return take(n, size);
}

void *
mem_array(size_t n, size_t size)
{
	void	*p;

	if ((p = take(n, size)) == NULL)
		mem_fail();
	return p;
}

void *
mem_alloc(size_t size)
{
	return mem_array(1, size);
}

void *
mem_resize(void *p, size_t n, size_t size)
{
	size_t	 total;

	if (__builtin_mul_overflow(n, size, &total))
		mem_fail();
	if ((p = realloc(p, total != 0 ? total : 1)) == NULL)
		mem_fail();
	return p;
}

void *
mem_dup(const void *src, size_t len)
{
	void	*p;

	p = mem_alloc(len);
	if (len != 0)
		memcpy(p, src, len);
	return p;
}

char *
mem_strdup(const char *s)
{
	return s != NULL ? mem_dup(s, strlen(s) + 1) : NULL;
}

char *
mem_printf(const char *fmt, ...)
{
	va_list	 ap;
	char	*p;

	va_start(ap, fmt);
	if (vasprintf(&p, fmt, ap) == -1)
		mem_fail();
	va_end(ap);
	return p;
}

void
mem_freep(void *pp)
{
	void	*p;

	/* The caller's pointer has some other type: copy, never alias. */
	memcpy(&p, pp, sizeof(p));
	free(p);
	p = NULL;
	memcpy(pp, &p, sizeof(p));
}

struct arena *
arena_new(void)
{
	return mem_alloc(sizeof(struct arena));
}

static struct arena_block *
arena_grow(struct arena *a, size_t need)
{
	struct arena_block	*b;
	size_t			 size = need > ARENA_BLOCK ? need : ARENA_BLOCK;

	if (size > SIZE_MAX - sizeof(*b))
		mem_fail();
	b = mem_alloc(sizeof(*b) + size);
	b->size = size;
	b->next = a->block;
	a->block = b;
	return b;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	struct arena_block	*b = a->block;
	const size_t		 align = _Alignof(max_align_t);
	char			*p;

	if (size > SIZE_MAX - align)
		mem_fail();
	size = (size + align - 1) / align * align;
	if (size == 0)
		size = align;
	if (b == NULL || b->size - b->used < size)
		b = arena_grow(a, size);
	p = (char *)b->data + b->used;
	b->used += size;
	memset(p, 0, size);
	return p;
}

void *
arena_dup(struct arena *a, const void *src, size_t len)
{
	void	*p;

	p = arena_alloc(a, len);
	if (len != 0)
		memcpy(p, src, len);
	return p;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return s != NULL ? arena_dup(a, s, strlen(s) + 1) : NULL;
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list	 ap;
	char	*p;
	int	 len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0)
		mem_fail();
	p = arena_alloc(a, (size_t)len + 1);
	va_start(ap, fmt);
	vsnprintf(p, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return p;
}

/* One ordinary block stays, so that a request costs no malloc. */
void
arena_reset(struct arena *a)
{
	struct arena_block	*b, *next, *keep = NULL;

	for (b = a->block; b != NULL; b = next) {
		next = b->next;
		if (keep == NULL && b->size == ARENA_BLOCK)
			keep = b;
		else
			free(b);
	}
	if (keep != NULL) {
		keep->next = NULL;
		keep->used = 0;
	}
	a->block = keep;
}

void
arena_free(struct arena **ap)
{
	if (*ap == NULL)
		return;
	arena_reset(*ap);
	free((*ap)->block);
	mem_free(ap);
}

void
buf_reserve(struct buf *b, size_t more)
{
	size_t	 need, size;

	if (__builtin_add_overflow(b->len, more, &need))
		mem_fail();
	if (need <= b->size)
		return;
	size = b->size < 64 ? 64 : b->size;
	while (size < need)
		size = size > SIZE_MAX / 2 ? need : size * 2;
	b->p = mem_resize(b->p, size, 1);
	b->size = size;
}

void
buf_add(struct buf *b, const void *src, size_t len)
{
	if (len == 0)
		return;
	buf_reserve(b, len);
	memcpy(b->p + b->len, src, len);
	b->len += len;
}

void
buf_byte(struct buf *b, uint8_t byte)
{
	buf_add(b, &byte, 1);
}

void
buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list	 ap;
	int	 len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0)
		mem_fail();
	buf_reserve(b, (size_t)len + 1);
	va_start(ap, fmt);
	vsnprintf((char *)b->p + b->len, (size_t)len + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)len;
}

const char *
buf_cstr(struct buf *b)
{
	buf_reserve(b, 1);
	b->p[b->len] = '\0';
	return (const char *)b->p;
}

void
buf_clear(struct buf *b)
{
	free(b->p);
	memset(b, 0, sizeof(*b));
}

bool
bytes_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}
