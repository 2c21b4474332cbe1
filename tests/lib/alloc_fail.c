/* SPDX-License-Identifier: Apache-2.0 */
/*
 * To be preloaded: OpenSSL and jansson, when they are there, get no memory for
 * their allocation number ALLOC_FAIL, and get it again afterwards.  How many
 * there were is written to the file ALLOC_COUNT at the end.
 */
#include <dlfcn.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

typedef void	*ssl_malloc(size_t, const char *, int);
typedef void	*ssl_realloc(void *, size_t, const char *, int);
typedef void	 ssl_free(void *, const char *, int);
typedef int	 ssl_set(ssl_malloc *, ssl_realloc *, ssl_free *);
typedef void	 json_set(void *(*)(size_t), void (*)(void *));

static atomic_ulong	 calls;
static unsigned long	 failing;

static void *
take(size_t size)
{
	return ++calls == failing ? NULL : malloc(size);
}

static void *
ssl_take(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return size == 0 ? NULL : take(size);
}

static void *
ssl_retake(void *p, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	if (size == 0) {
		free(p);
		return NULL;
	}
	return ++calls == failing ? NULL : realloc(p, size);
}

static void
ssl_give(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

/* dlsym gives functions as objects; ISO C has no cast for it. */
static void
find(void *function, const char *name)
{
	*(void **)function = dlsym(RTLD_DEFAULT, name);
}

__attribute__((constructor)) static void
begin(void)
{
	const char	*n = getenv("ALLOC_FAIL");
	ssl_set		*ssl;
	json_set	*json;

	failing = n != NULL ? strtoul(n, NULL, 10) : 0;
	find(&ssl, "CRYPTO_set_mem_functions");
	find(&json, "json_set_alloc_funcs");
	if (ssl != NULL && ssl(ssl_take, ssl_retake, ssl_give) != 1)
		fputs("alloc_fail: too late for OpenSSL\n", stderr);
	if (json != NULL)
		json(take, free);
}

__attribute__((destructor)) static void
end(void)
{
	const char	*path = getenv("ALLOC_COUNT");
	FILE		*f;

	if (path == NULL || (f = fopen(path, "w")) == NULL)
		return;
	fprintf(f, "%lu\n", (unsigned long)calls);
	fclose(f);
}
