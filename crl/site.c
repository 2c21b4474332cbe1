/* SPDX-License-Identifier: Apache-2.0 */
#include "site.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>
#include <openssl/evp.h>

#include "base/map.h"
#include "base/text.h"
#include "x509/der.h"

/* Small files are sent from memory, twice as fast, while there are not too
 * many of them. */
#define SMALL	(512 * 1024)
#define MEMORY	(64 * 1024 * 1024)
#define NEVER	INT64_C(100) * 366 * 86400

struct page {
	char			*path;		/* "/crl/people.crl" */
	struct timespec		 mtime, changed;
	ino_t			 ino;
	off_t			 size;
	struct http_shared	*reply;
	size_t			 memory;	/* that it takes */
	bool			 seen;		/* in this scan */
};

struct site {
	char			*directory;
	int64_t			 crl_age, cert_age;
	size_t			 memory;	/* of all pages */
	struct map		 pages;
	pthread_rwlock_t	 lock;		/* of pages */
};

static const struct {
	const char	*dir, *suffix, *type;
	bool		 is_crl;
} kinds[] = {
	{ "crl", ".crl", "application/pkix-crl", true },
	{ "ca", ".cer", "application/pkix-cert", false },
	{ "ca", ".p7c", "application/pkcs7-mime", false },
};
#define NKINDS	(sizeof(kinds) / sizeof(kinds[0]))

static uint64_t
page_hash(const void *item)
{
	const struct page	*p = item;

	return map_hash_bytes(p->path, strlen(p->path));
}

static bool
page_equal(const void *a, const void *b)
{
	const struct page	*x = a, *y = b;

	return strcmp(x->path, y->path) == 0;
}

static void
page_free(struct page **pp)
{
	if (*pp == NULL)
		return;
	http_shared_free(&(*pp)->reply);
	mem_free(&(*pp)->path);
	mem_free(pp);
}

struct site *
site_new(const char *directory, int64_t crl_age, int64_t cert_age)
{
	struct site	*s = mem_alloc(sizeof(*s));

	s->directory = mem_strdup(directory);
	s->crl_age = crl_age;
	s->cert_age = cert_age;
	map_init(&s->pages, page_hash, page_equal);
	pthread_rwlock_init(&s->lock, NULL);
	return s;
}

void
site_free(struct site **sp)
{
	struct site	*s = *sp;
	struct page	*p;
	size_t		 pos = 0;

	if (s == NULL)
		return;
	while ((p = map_next(&s->pages, &pos)) != NULL)
		page_free(&p);
	map_clear(&s->pages);
	pthread_rwlock_destroy(&s->lock);
	mem_free(&s->directory);
	mem_free(sp);
}

/* nextUpdate, of which the publisher has made sure that it is there. */
static int
next_update(struct bytes der, int64_t *t)
{
	struct bytes	 list, tbs, skip;
	int64_t		 this_update, version;

	return der_take(&der, DER_SEQUENCE, &list) == -1 ||
	    der_take(&list, DER_SEQUENCE, &tbs) == -1 ||
	    der_take_int(&tbs, &version) == -1 ||
	    der_take(&tbs, DER_SEQUENCE, &skip) == -1 ||
	    der_take(&tbs, DER_SEQUENCE, &skip) == -1 ||
	    der_take_time(&tbs, &this_update) == -1 ? -1 :
	    der_take_time(&tbs, t);
}

static int
page_meta(struct http_meta *m, struct bytes der, char etag[33], size_t kind,
    const struct site *s, const struct stat *st, struct error *e)
{
	uint8_t	 digest[32];

	if (EVP_Digest(der.p, der.len, digest, NULL, EVP_sha256(), NULL) != 1)
		return error_ssl(e, ERROR_CRYPTO, "digest");
	m->etag = text_hex(etag, digest, 16);
	m->type = kinds[kind].type;
	m->modified = st->st_mtim.tv_sec;
	m->max_age = kinds[kind].is_crl ? s->crl_age : s->cert_age;
	m->expires = m->modified + NEVER;
	if (kinds[kind].is_crl && next_update(der, &m->expires) == -1)
		return error_set(e, ERROR_INPUT, "it is no list");
	return 0;
}

/* Takes fd over. */
static int
page_reply(const struct site *s, struct page *page, size_t kind, int fd,
    const struct stat *st, struct error *e)
{
	struct http_meta	 meta = { .type = NULL };
	size_t			 size = (size_t)st->st_size;
	char			 etag[33];
	void			*p;

	p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED) {
		error_sys(e, "map");
		close(fd);
		return -1;
	}
	if (page_meta(&meta, BYTES(p, size), etag, kind, s, st, e) == 0) {
		if (size <= SMALL && s->memory + size <= MEMORY) {
			page->reply = http_shared_copy(&meta, BYTES(p, size));
			page->memory = size;
		} else {
			page->reply = http_shared_file(&meta, fd, size);
			fd = -1;
		}
	}
	munmap(p, size);
	if (fd != -1)
		close(fd);
	return page->reply == NULL ? -1 : 0;
}

static bool
page_is_current(const struct page *p, const struct stat *st)
{
	return p != NULL && p->ino == st->st_ino && p->size == st->st_size &&
	    p->mtime.tv_sec == st->st_mtim.tv_sec &&
	    p->mtime.tv_nsec == st->st_mtim.tv_nsec &&
	    p->changed.tv_sec == st->st_ctim.tv_sec &&
	    p->changed.tv_nsec == st->st_ctim.tv_nsec;
}

static void
page_put(struct site *s, struct page *p)
{
	struct page	*old;

	pthread_rwlock_wrlock(&s->lock);
	old = map_put(&s->pages, p);
	pthread_rwlock_unlock(&s->lock);
	s->memory += p->memory - (old == NULL ? 0 : old->memory);
	page_free(&old);
}

/* 1 it is new, 0 it is as it was, -1. */
static int
site_take(struct site *s, int dirfd, size_t kind, const char *name,
    struct error *e)
{
	struct stat	 st;
	struct page	 key = { .path = mem_printf("/%s/%s",
			    kinds[kind].dir, name) }, *p;
	int		 fd, rc = -1;

	p = map_find(&s->pages, &key);
	if (p != NULL)
		p->seen = true;
	fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1 || fstat(fd, &st) == -1) {
		error_sys(e, "open");
		goto out;
	}
	if (!S_ISREG(st.st_mode) || st.st_size <= 0) {
		error_set(e, ERROR_INPUT, "no file, or an empty one");
		goto out;
	}
	rc = 0;
	if (page_is_current(p, &st))
		goto out;
	p = mem_alloc(sizeof(*p));
	p->mtime = st.st_mtim;
	p->changed = st.st_ctim;
	p->ino = st.st_ino;
	p->size = st.st_size;
	p->seen = true;
	rc = page_reply(s, p, kind, fd, &st, e);
	fd = -1;
	if (rc == -1) {
		page_free(&p);
		goto out;
	}
	rc = 1;
	p->path = key.path;
	key.path = NULL;
	page_put(s, p);
 out:
	if (rc == -1)
		error_wrap(e, "%s/%s", kinds[kind].dir, name);
	if (fd != -1)
		close(fd);
	mem_free(&key.path);
	return rc;
}

/* "people.crl"; what begins with a dot is not complete. */
static bool
is_served(const char *name, const char *suffix)
{
	size_t	 len = strlen(name), cut = strlen(suffix);
	char	 stem[65];

	if (len <= cut || len - cut >= sizeof(stem) ||
	    strcmp(name + len - cut, suffix) != 0)
		return false;
	memcpy(stem, name, len - cut);
	stem[len - cut] = '\0';
	return text_is_name(stem);
}

static int
site_scan(struct site *s, size_t kind, size_t *changed, bool *readable,
    struct error *e)
{
	char		*path = mem_printf("%s/%s", s->directory,
			    kinds[kind].dir);
	struct dirent	*entry;
	DIR		*d = opendir(path);
	int		 got, rc = 0;

	*readable = false;
	if (d == NULL) {
		rc = error_sys(e, "%s", path);
		mem_free(&path);
		return rc;
	}
	mem_free(&path);
	*readable = true;
	while ((entry = readdir(d)) != NULL) {
		if (!is_served(entry->d_name, kinds[kind].suffix))
			continue;
		got = site_take(s, dirfd(d), kind, entry->d_name, e);
		if (got == -1)
			rc = -1;
		else
			*changed += (size_t)got;
	}
	closedir(d);
	return rc;
}

static void
site_unsee(struct site *s)
{
	struct page	*p;
	size_t		 pos = 0;

	while ((p = map_next(&s->pages, &pos)) != NULL)
		p->seen = false;
}

/* What is gone from the directory is gone from the table. */
static size_t
site_drop(struct site *s)
{
	struct page	*p;
	size_t		 pos = 0, n = 0;

	pthread_rwlock_wrlock(&s->lock);
	while ((p = map_next(&s->pages, &pos)) != NULL)
		if (!p->seen) {
			(void)map_remove(&s->pages, p);
			s->memory -= p->memory;
			page_free(&p);
			n++;
		}
	pthread_rwlock_unlock(&s->lock);
	return n;
}

int
site_refresh(struct site *s, size_t *changed, struct error *e)
{
	size_t	 i, n = 0;
	bool	 readable, all = true;
	int	 rc = 0;

	site_unsee(s);
	for (i = 0; i < NKINDS; i++) {
		if (site_scan(s, i, &n, &readable, e) == -1)
			rc = -1;
		all &= readable;
	}
	/* A directory that could not be read has not lost its files. */
	if (all)
		n += site_drop(s);
	if (changed != NULL)
		*changed = n;
	return rc;
}

struct http_shared *
site_find(struct site *s, const char *path)
{
	struct page		 key = { .seen = false }, *p;
	struct http_shared	*reply = NULL;
	char			 copy[128];

	if (strlen(path) >= sizeof(copy))
		return NULL;
	snprintf(copy, sizeof(copy), "%s", path);
	key.path = copy;
	pthread_rwlock_rdlock(&s->lock);
	if ((p = map_find(&s->pages, &key)) != NULL)
		reply = http_shared_ref(p->reply);
	pthread_rwlock_unlock(&s->lock);
	return reply;
}
