/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer.  DER wants lengths in front of what they measure, so entries go
 * to a scratch file behind a gap; when there are no more, head and extensions
 * are put around them, what is signed lies there in one piece, and with the
 * signature known the list is copied out (doc/decisions).
 */
#include <sys/mman.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "os/fault.h"
#include "x509/crl.h"
#include "x509/cert_private.h"
#include "x509/crl_private.h"
#include "x509/der.h"
#include "x509/key_pieces.h"

#define PIECE		((size_t)64 << 10)
#define STEP		((off_t)4 << 20)	/* bytes per crl_writer_sign() */

enum phase { ENTRIES, DIGEST, COPY, DONE };

struct crl_writer {
	const struct issuer	*issuer;
	struct crl_params	 params;
	char			*path, *scratch_path;
	int			 fd, scratch;
	struct buf		 piece;		/* not in the file yet */
	off_t			 written;	/* scratch bytes in the file */
	off_t			 gap;		/* where entries begin */
	off_t			 tbs, end;	/* what is signed */
	off_t			 at;		/* of the present phase */
	enum phase		 phase;
	struct crl_entry	 last;
	int64_t			 n;
	const struct alg_sig	*how;
	struct key_pieces	*pieces;
	struct buf		 sig;
	struct buf		 tail;		/* what follows what is signed */
	EVP_MD_CTX		*digest;	/* of the whole list */
};

static int
check_params(const struct crl_params *p, struct error *e)
{
	if (p->next_update <= p->this_update)
		return error_set(e, ERROR_CONFIG,
		    "nextUpdate is not after thisUpdate");
	if (p->number < 0)
		return error_set(e, ERROR_BUG, "negative CRL number");
	if (p->base < 0 || (p->base > 0 && p->base >= p->number))
		return error_set(e, ERROR_BUG, "a delta on list %lld",
		    (long long)p->base);
	if (p->base > 0 && p->freshest.p != NULL)
		return error_set(e, ERROR_BUG, "a delta that names deltas");
	return 0;
}

static int
open_one(const char *path, struct error *e)
{
	int	 fd;

	fd = path == NULL ? memfd_create("crl", MFD_CLOEXEC) :
	    open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
	    0600);
	return fd != -1 ? fd :
	    error_sys(e, "write %s", path != NULL ? path : "list");
}

int
crl_writer_open(struct crl_writer **out, const char *path,
    const struct crl_params *p, const struct issuer *i, struct error *e)
{
	struct crl_writer	*w = mem_alloc(sizeof(*w));
	struct buf		 head = { 0 };

	*out = NULL;
	w->issuer = i;
	w->params = *p;
	w->fd = w->scratch = -1;
	if (path != NULL) {
		w->path = mem_strdup(path);
		w->scratch_path = mem_printf("%s.tbs", path);
	}
	if (check_params(p, e) == -1 ||
	    (w->fd = open_one(w->path, e)) == -1 ||
	    (w->scratch = open_one(w->scratch_path, e)) == -1) {
		error_wrap(e, "CRL %lld", (long long)p->number);
		crl_writer_close(&w);
		return -1;
	}
	crl_put_head(&head, p, i, 0);
	w->gap = w->written = (off_t)(head.len + 16);
	buf_clear(&head);
	*out = w;
	return 0;
}

static int
write_at(int fd, const void *buf, size_t len, off_t at, struct error *e)
{
	const uint8_t	*p = buf;
	ssize_t		 n;

	while (len > 0) {
		n = pwrite(fd, p, len, at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_sys(e, "write list");
		p += n;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
flush(struct crl_writer *w, struct error *e)
{
	if (write_at(w->scratch, w->piece.p, w->piece.len, w->written,
	    e) == -1)
		return -1;
	w->written += (off_t)w->piece.len;
	w->piece.len = 0;
	return 0;
}

static int
check_entry(const struct crl_writer *w, const struct crl_entry *x,
    struct error *e)
{
	if (x->serial_len == 0 || x->serial_len > sizeof(x->serial) ||
	    x->serial[0] == 0)
		return error_set(e, ERROR_BUG, "serial number that is zero,"
		    " too long or has leading zeros");
	if (w->n > 0 && crl_entry_compare(&w->last, x) >= 0)
		return error_set(e, ERROR_BUG, "serial numbers do not ascend");
	if (x->reason != -1 && !crl_is_reason(x->reason, w->params.base > 0))
		return error_set(e, ERROR_BUG, "reason %d", x->reason);
	if (x->revoked_at > w->params.this_update)
		return error_set(e, ERROR_BUG, "revoked after thisUpdate");
	return 0;
}

int
crl_writer_add(struct crl_writer *w, const struct crl_entry *x,
    struct error *e)
{
	if (check_entry(w, x, e) == -1) {
		error_wrap(e, "entry %lld", (long long)w->n + 1);
		return error_wrap(e, "CRL %lld", (long long)w->params.number);
	}
	crl_put_entry(&w->piece, x);
	w->last = *x;
	w->n++;
	return w->piece.len >= PIECE ? flush(w, e) : 0;
}

int64_t
crl_writer_count(const struct crl_writer *w)
{
	return w->n;
}

/* All lengths are known: what is signed is put together. */
static int
seal(struct crl_writer *w, EVP_PKEY *key, struct error *e)
{
	struct buf	 ext = { 0 }, inner = { 0 }, head = { 0 };
	size_t		 entries;
	int		 rc = -1;

	if (issuer_sig(&w->how, w->issuer, key, e) == -1 ||
	    flush(w, e) == -1)
		goto out;
	entries = (size_t)(w->written - w->gap);
	crl_put_extensions(&ext, &w->params, w->issuer);
	crl_put_head(&inner, &w->params, w->issuer, entries);
	der_put_header(&head, DER_SEQUENCE, inner.len + entries + ext.len);
	buf_add(&head, inner.p, inner.len);
	w->tbs = w->gap - (off_t)head.len;
	w->end = w->written + (off_t)ext.len;
	w->at = w->tbs;
	if (write_at(w->scratch, head.p, head.len, w->tbs, e) == -1 ||
	    write_at(w->scratch, ext.p, ext.len, w->written, e) == -1 ||
	    key_pieces_sign(&w->pieces, w->how, key, e) == -1)
		goto out;
	w->phase = DIGEST;
	rc = 0;
 out:
	buf_clear(&ext);
	buf_clear(&inner);
	buf_clear(&head);
	return rc;
}

/* The next bytes of what is signed, in w->piece. */
static int
read_piece(struct crl_writer *w, struct error *e)
{
	size_t	 want = w->end - w->at < (off_t)PIECE ?
		    (size_t)(w->end - w->at) : PIECE;
	ssize_t	 n;

	w->piece.len = 0;
	buf_reserve(&w->piece, PIECE);
	do {
		n = pread(w->scratch, w->piece.p, want, w->at);
	} while (n == -1 && errno == EINTR);
	if (n <= 0)
		return n == 0 ? error_set(e, ERROR_UPSTREAM, "the list being "
		    "made was cut short") : error_sys(e, "read list");
	w->piece.len = (size_t)n;
	w->at += n;
	return 0;
}

/* Ed25519 and its like: the key wants it all at once. */
static int
sign_mapped(struct crl_writer *w, EVP_PKEY *key, struct error *e)
{
	void	*p;
	int	 rc;

	p = mmap(NULL, (size_t)w->end, PROT_READ, MAP_SHARED, w->scratch, 0);
	if (p == MAP_FAILED)
		return error_sys(e, "map list");
	rc = alg_sign(&w->sig, w->how, key, BYTES((uint8_t *)p + w->tbs,
	    (size_t)(w->end - w->tbs)), e);
	munmap(p, (size_t)w->end);
	return rc;
}

static int
copy(struct crl_writer *w, const void *p, size_t len, off_t at,
    struct error *e)
{
	if (EVP_DigestUpdate(w->digest, p, len) != 1)
		return error_ssl(e, ERROR_CRYPTO, "digest");
	return write_at(w->fd, p, len, at, e);
}

/* The signature is there, and with it the length of the whole. */
static int
copy_begin(struct crl_writer *w, struct error *e)
{
	struct buf	 head = { 0 };
	int		 rc = -1;

	der_put_raw(&w->tail, BYTES(w->issuer->alg.p, w->issuer->alg.len));
	der_put_bits(&w->tail, w->sig.p, w->sig.len);
	der_put_header(&head, DER_SEQUENCE, (size_t)(w->end - w->tbs) +
	    w->tail.len);
	if ((w->digest = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestInit_ex(w->digest, EVP_sha256(), NULL) != 1)
		error_ssl(e, ERROR_CRYPTO, "digest");
	else
		rc = copy(w, head.p, head.len, 0, e);
	w->at = w->tbs;
	w->gap = w->tbs - (off_t)head.len;	/* what "at" is ahead by */
	w->phase = COPY;
	buf_clear(&head);
	return rc;
}

static int
step_digest(struct crl_writer *w, EVP_PKEY *key, struct error *e)
{
	off_t	 until = w->at + STEP;

	while (w->pieces != NULL && w->at < w->end && w->at < until)
		if (read_piece(w, e) == -1 || key_pieces_add(w->pieces,
		    BYTES(w->piece.p, w->piece.len), e) == -1)
			return -1;
	if (w->pieces != NULL && w->at < w->end)
		return 0;
	if ((w->pieces != NULL ? key_pieces_end_sign(w->pieces, &w->sig, e) :
	    sign_mapped(w, key, e)) == -1)
		return -1;
	return copy_begin(w, e);
}

static int
step_copy(struct crl_writer *w, struct error *e)
{
	off_t	 until = w->at + STEP, from;

	while (w->at < w->end && w->at < until) {
		from = w->at - w->gap;
		if (read_piece(w, e) == -1 || copy(w, w->piece.p,
		    w->piece.len, from, e) == -1)
			return -1;
	}
	/* So that there is less to wait for at the end. */
	if (w->path != NULL)
		(void)sync_file_range(w->fd, until - STEP - w->gap, STEP,
		    SYNC_FILE_RANGE_WRITE);
	if (w->at < w->end)
		return 0;
	if (copy(w, w->tail.p, w->tail.len, w->end - w->gap, e) == -1)
		return -1;
	FAULT("crl-copied");
	if (w->path != NULL && fdatasync(w->fd) == -1)
		return error_sys(e, "sync %s", w->path);
	w->phase = DONE;
	return 0;
}

int
crl_writer_sign(struct crl_writer *w, EVP_PKEY *key, struct error *e)
{
	int	 rc;

	switch (w->phase) {
	case ENTRIES:
		rc = seal(w, key, e);
		break;
	case DIGEST:
		rc = step_digest(w, key, e);
		break;
	case COPY:
		rc = step_copy(w, e);
		break;
	default:
		return 0;
	}
	if (rc == -1)
		return error_wrap(e, "CRL %lld", (long long)w->params.number);
	return w->phase != DONE;
}

int
crl_writer_digest(struct crl_writer *w, uint8_t dst[32], struct error *e)
{
	if (w->phase != DONE)
		return error_set(e, ERROR_BUG, "CRL %lld is not complete",
		    (long long)w->params.number);
	if (EVP_DigestFinal_ex(w->digest, dst, NULL) != 1)
		return error_ssl(e, ERROR_CRYPTO, "digest");
	return 0;
}

int
crl_writer_get(struct crl_writer *w, struct buf *out, struct error *e)
{
	off_t	 size = lseek(w->fd, 0, SEEK_END);
	ssize_t	 n;

	if (w->phase != DONE || size == -1)
		return error_set(e, ERROR_BUG, "CRL %lld is not complete",
		    (long long)w->params.number);
	buf_reserve(out, (size_t)size);
	if ((n = pread(w->fd, out->p + out->len, (size_t)size, 0)) != size)
		return error_sys(e, "read list");
	out->len += (size_t)n;
	return 0;
}

void
crl_writer_close(struct crl_writer **wp)
{
	struct crl_writer	*w = *wp;

	if (w == NULL)
		return;
	if (w->fd != -1)
		close(w->fd);
	if (w->scratch != -1)
		close(w->scratch);
	if (w->scratch_path != NULL)
		unlink(w->scratch_path);
	mem_free(&w->path);
	mem_free(&w->scratch_path);
	buf_clear(&w->piece);
	buf_clear(&w->sig);
	buf_clear(&w->tail);
	EVP_MD_CTX_free(w->digest);
	key_pieces_free(&w->pieces);
	mem_free(wp);
}

int
crl_sign(struct buf *out, const struct crl_params *p, crl_next_fn *next,
    void *arg, const struct issuer *i, EVP_PKEY *key, struct error *e)
{
	struct crl_writer	*w = NULL;
	struct crl_entry	 x;
	int			 more, rc = -1;

	if (crl_writer_open(&w, NULL, p, i, e) == -1)
		return -1;
	for (;;) {
		memset(&x, 0, sizeof(x));
		if ((more = next(arg, &x, e)) == -1) {
			error_wrap(e, "CRL %lld", (long long)p->number);
			goto out;
		}
		if (more == 0)
			break;
		if (crl_writer_add(w, &x, e) == -1)
			goto out;
	}
	while ((more = crl_writer_sign(w, key, e)) == 1)
		;
	if (more == 0)
		rc = crl_writer_get(w, out, e);
 out:
	crl_writer_close(&w);
	return rc;
}
