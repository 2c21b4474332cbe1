/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_BASE_MEM_H
#define SIGNET_BASE_MEM_H
/*
 * Memory.  Small allocations abort with one line when memory is gone: no
 * caller can do better.  What a peer sizes is bounded first and then
 * allocated with mem_try().  An arena holds what lives as long as one request.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* There is none: one line, and the end. */
void	 mem_fail(void) __attribute__((noreturn));
void	*mem_alloc(size_t);			/* zeroed; never NULL */
void	*mem_array(size_t n, size_t size);	/* zeroed; checks overflow */
/* Grow or shrink; the new part is not zeroed. */
void	*mem_resize(void *, size_t n, size_t size);
void	*mem_try(size_t n, size_t size);	/* zeroed, or NULL */
char	*mem_strdup(const char *);		/* NULL gives NULL */
void	*mem_dup(const void *, size_t);
char	*mem_printf(const char *, ...) __attribute__((format(printf, 1, 2)));
/* Free and set the caller's pointer to NULL: mem_free(&p). */
void	 mem_freep(void *pp);
#define mem_free(pp)	mem_freep((void *)(pp))

struct arena;
struct arena *arena_new(void);
void	*arena_alloc(struct arena *, size_t);	/* zeroed, aligned */
char	*arena_strdup(struct arena *, const char *);
void	*arena_dup(struct arena *, const void *, size_t);
char	*arena_printf(struct arena *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));
void	 arena_reset(struct arena *);
void	 arena_free(struct arena **);

/* A growable run of bytes.  Zero-initialised is empty and valid. */
struct buf {
	uint8_t	*p;
	size_t	 len;
	size_t	 size;
};
void	 buf_reserve(struct buf *, size_t more);
void	 buf_add(struct buf *, const void *, size_t);
void	 buf_byte(struct buf *, uint8_t);
void	 buf_str(struct buf *, const char *);	/* without the NUL */
void	 buf_printf(struct buf *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));
/* NUL-terminated view; the NUL is not counted in len. */
const char *buf_cstr(struct buf *);
void	 buf_clear(struct buf *);		/* free and empty */

/* Borrowed bytes: what most parsers take and give. */
struct bytes {
	const uint8_t	*p;
	size_t		 len;
};
#define BYTES(ptr, n)	((struct bytes){ (const uint8_t *)(ptr), (n) })
bool	 bytes_equal(struct bytes, struct bytes);
#endif
