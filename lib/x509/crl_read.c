/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader: strict, since nobody but a CA of the suite wrote the list.
 * Everything but the entries is read when it is opened; the entries come one
 * by one, the digest goes along with them.
 */
#include <sys/mman.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "x509/crl.h"
#include "x509/crl_private.h"
#include "x509/der.h"
#include "x509/key_pieces.h"

#define MARK		256			/* entries between marks */
#define BEHIND		((size_t)1 << 20)	/* mapped bytes kept */
#define SIZE_LIMIT	UINT32_MAX		/* of marks, and of lengths */

struct crl_reader {
	const struct issuer	*issuer;
	struct crl_parts	 part;
	struct crl		*crl;		/* becomes the list */
	struct bytes		 rest;		/* entries not read yet */
	struct crl_entry	 last;
	struct key_pieces	*pieces;
	size_t			 digested;	/* bytes of part.tbs */
	size_t			 nmarks;
	bool			 ended;
};

/* Pages that were walked over are the system's again; what is looked at a
 * second time it reads a second time. */
static void
forget(const struct crl *crl, const uint8_t *from, const uint8_t *to)
{
	uintptr_t	 page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t	 begin = (uintptr_t)crl->der.p;
	uintptr_t	 a = (uintptr_t)from, b = (uintptr_t)to;

	if (!crl->mapped)
		return;
	a = a - begin - (a - begin) % page;
	b = b - begin - (b - begin) % page;
	if (b > a)
		(void)madvise((void *)(begin + a), b - a, MADV_DONTNEED);
}

int
crl_reader_open(struct crl_reader **out, struct bytes der,
    const struct issuer *i, struct error *e)
{
	struct crl_reader	*r = mem_alloc(sizeof(*r));
	int			 rc = -1;

	*out = NULL;
	r->issuer = i;
	r->crl = mem_alloc(sizeof(*r->crl));
	r->crl->der = der;
	if (der.len > SIZE_LIMIT) {
		error_set(e, ERROR_INPUT, "CRL: longer than 4 GiB");
		goto out;
	}
	if (crl_parts_read(&r->part, der, i, e) == -1 ||
	    key_pieces_verify(&r->pieces, r->part.how,
	    X509_get0_pubkey(i->cert), e) == -1)
		goto out;
	r->crl->params = r->part.params;
	r->crl->entries = r->rest = r->part.entries;
	*out = r;
	r = NULL;
	rc = 0;
 out:
	crl_reader_close(&r);
	return rc;
}

static int
map(struct bytes *out, const char *path, struct error *e)
{
	struct stat	 st;
	void		*p = MAP_FAILED;
	int		 fd, rc = -1;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return error_sys(e, "open %s", path);
	if (fstat(fd, &st) == -1)
		error_sys(e, "look at %s", path);
	else if (st.st_size <= 0 || (uint64_t)st.st_size > SIZE_LIMIT)
		error_set(e, ERROR_INPUT, "%s is no list", path);
	else if ((p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE,
	    fd, 0)) == MAP_FAILED)
		error_sys(e, "map %s", path);
	else {
		*out = BYTES(p, (size_t)st.st_size);
		rc = 0;
	}
	close(fd);
	return rc;
}

static void
unmap(struct bytes der)
{
	if (der.p != NULL)
		munmap((void *)(uintptr_t)der.p, der.len);
}

int
crl_reader_load(struct crl_reader **out, const char *path,
    const struct issuer *i, struct error *e)
{
	struct bytes	 der;

	*out = NULL;
	if (map(&der, path, e) == -1)
		return -1;
	if (crl_reader_open(out, der, i, e) == -1) {
		unmap(der);
		return error_wrap(e, "%s", path);
	}
	(*out)->crl->mapped = true;
	return 0;
}

const struct crl_params *
crl_reader_params(const struct crl_reader *r)
{
	return &r->part.params;
}

/* What is signed, up to there, into the digest. */
static int
digest(struct crl_reader *r, const uint8_t *until, struct error *e)
{
	const uint8_t	*from = r->part.tbs.p + r->digested;

	if (until == from)
		return 0;
	if (r->pieces != NULL && key_pieces_add(r->pieces, BYTES(from,
	    (size_t)(until - from)), e) == -1)
		return -1;
	r->digested += (size_t)(until - from);
	forget(r->crl, from, until);
	return 0;
}

static int
finish(struct crl_reader *r, struct error *e)
{
	struct bytes	 tbs = r->part.tbs;
	int		 rc;

	if (digest(r, tbs.p + tbs.len, e) == -1)
		return -1;
	rc = r->pieces != NULL ? key_pieces_end_verify(r->pieces, r->part.sig,
	    e) : alg_verify(r->part.how, X509_get0_pubkey(r->issuer->cert),
	    tbs, r->part.sig, e);
	if (rc == -1)
		return error_wrap(e, "CRL");
	forget(r->crl, tbs.p, tbs.p + tbs.len);
	r->ended = true;
	return 0;
}

static void
mark(struct crl_reader *r)
{
	struct crl	*c = r->crl;

	if (c->n % MARK != 0)
		return;
	if (r->nmarks % 1024 == 0)
		c->mark = mem_resize(c->mark, r->nmarks + 1024,
		    sizeof(*c->mark));
	c->mark[r->nmarks++] = (uint32_t)(r->rest.p - c->entries.p);
}

int
crl_reader_next(struct crl_reader *r, struct crl_entry *x, struct error *e)
{
	if (r->ended)
		return 0;
	if (r->rest.len == 0)
		return finish(r, e);
	mark(r);
	if (crl_entry_read(x, &r->rest, r->part.params.base > 0, e) == -1)
		return -1;
	if (x->revoked_at > r->part.params.this_update)
		return error_set(e, ERROR_INPUT, "CRL: revoked after "
		    "thisUpdate");
	if (r->crl->n > 0 && crl_entry_compare(&r->last, x) >= 0)
		return error_set(e, ERROR_INPUT, "CRL: serial numbers do not "
		    "ascend");
	r->last = *x;
	r->crl->n++;
	if ((size_t)(r->rest.p - r->part.tbs.p) - r->digested >= BEHIND &&
	    digest(r, r->rest.p, e) == -1)
		return -1;
	return 1;
}

void
crl_reader_end(struct crl_reader **r, struct crl **out)
{
	*out = (*r)->crl;
	(*r)->crl = NULL;
	crl_reader_close(r);
}

void
crl_reader_close(struct crl_reader **r)
{
	if (*r == NULL)
		return;
	crl_free(&(*r)->crl);
	key_pieces_free(&(*r)->pieces);
	mem_free(r);
}

static int
read_all(struct crl **out, struct crl_reader *r, struct error *e)
{
	struct crl_entry	 x;
	int			 more;

	while ((more = crl_reader_next(r, &x, e)) == 1)
		;
	if (more == 0)
		crl_reader_end(&r, out);
	crl_reader_close(&r);
	return more;
}

int
crl_parse(struct crl **out, struct bytes der, const struct issuer *i,
    struct error *e)
{
	struct crl_reader	*r;

	*out = NULL;
	return crl_reader_open(&r, der, i, e) == -1 ? -1 :
	    read_all(out, r, e);
}

int
crl_load(struct crl **out, const char *path, const struct issuer *i,
    struct error *e)
{
	struct crl_reader	*r;

	*out = NULL;
	if (crl_reader_load(&r, path, i, e) == -1)
		return -1;
	return read_all(out, r, e) == -1 ? error_wrap(e, "%s", path) : 0;
}

bool
crl_next(const struct crl *crl, size_t *pos, struct crl_entry *x)
{
	struct error	 never = ERROR_INIT;
	struct bytes	 all = crl->entries, rest;
	size_t		 before = *pos;

	if (before >= all.len)
		return false;
	rest = BYTES(all.p + before, all.len - before);
	if (crl_entry_read(x, &rest, crl->params.base > 0, &never) == -1)
		return false;
	*pos = all.len - rest.len;
	if (*pos / BEHIND != before / BEHIND)
		forget(crl, all.p + before / BEHIND * BEHIND, all.p + before);
	return true;
}

static bool
find_from(const struct crl *crl, size_t at, const struct crl_entry *key,
    struct crl_entry *found)
{
	int	 c;

	while (crl_next(crl, &at, found))
		if ((c = crl_entry_compare(found, key)) >= 0)
			return c == 0;
	return false;
}

bool
crl_find(const struct crl *crl, const uint8_t *serial, size_t len,
    struct crl_entry *found)
{
	struct crl_entry	 key = { .reason = -1 }, x;
	size_t			 low = 0, high, mid, pos;

	while (len > 0 && *serial == 0) {
		serial++;
		len--;
	}
	if (len > sizeof(key.serial) || crl->n == 0)
		return false;
	memcpy(key.serial, serial, len);
	key.serial_len = (uint8_t)len;
	/* The last mark whose entry is not behind the key. */
	for (high = (crl->n + MARK - 1) / MARK; high - low > 1;) {
		mid = low + (high - low) / 2;
		pos = crl->mark[mid];
		(void)crl_next(crl, &pos, &x);
		if (crl_entry_compare(&x, &key) <= 0)
			low = mid;
		else
			high = mid;
	}
	return find_from(crl, crl->mark[low], &key,
	    found != NULL ? found : &x);
}

void
crl_forget(const struct crl *crl, size_t from, size_t len)
{
	forget(crl, crl->der.p + from, crl->der.p + from + len);
}

void
crl_free(struct crl **crl)
{
	if (*crl == NULL)
		return;
	if ((*crl)->mapped)
		unmap((*crl)->der);
	mem_free(&(*crl)->mark);
	mem_free(crl);
}
