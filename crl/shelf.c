/* SPDX-License-Identifier: Apache-2.0 */
#include "shelf_private.h"

#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <openssl/evp.h>

#include "base/text.h"
#include "os/fault.h"
#include "os/file.h"
#include "x509/crl.h"

#define ROOT_LIST_MAX	(16u << 20)

static char *
full_path(const struct shelf *p, const struct item *it)
{
	return mem_printf("%s/%s", p->conf->directory, it->path);
}

/* Beside it, with a name that is not served. */
static char *
new_path(const struct shelf *p, const struct item *it)
{
	const char	*name = strchr(it->path, '/') + 1;

	return mem_printf("%s/%.*s.%s.new", p->conf->directory,
	    (int)(name - it->path), it->path, name);
}

static int
write_all(int fd, struct bytes b, const char *path, struct error *e)
{
	ssize_t	 n;

	while (b.len > 0) {
		if ((n = write(fd, b.p, b.len)) == -1 && errno != EINTR)
			return error_sys(e, "write %s", path);
		if (n > 0) {
			b.p += n;
			b.len -= (size_t)n;
		}
	}
	return 0;
}

static int
fetch_parts(struct db *db, const struct db_crl *row, int fd,
    const char *path, struct error *e)
{
	struct arena	*a = arena_new();
	struct bytes	 part;
	int64_t		 n, left = row->size;
	int		 rc = 0;

	for (n = 0; left > 0 && rc == 0; n++) {
		arena_reset(a);
		rc = db_crl_part(db, row, n, &part, a, e);
		if (rc == 0 && (int64_t)part.len > left)
			rc = error_set(e, ERROR_DENIED, "it is longer than "
			    "its row says");
		if (rc == 0)
			rc = write_all(fd, part, path, e);
		if (rc == 0)
			left -= (int64_t)part.len;
	}
	arena_free(&a);
	return rc;
}

static int
fetch(struct db *db, const struct db_crl *row, const char *path,
    struct error *e)
{
	int	 fd, rc;

	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
	    0644);
	if (fd == -1)
		return error_sys(e, "write %s", path);
	rc = fetch_parts(db, row, fd, path, e);
	if (rc == 0 && (fchmod(fd, 0644) == -1 || fsync(fd) == -1))
		rc = error_sys(e, "write %s", path);
	if (close(fd) == -1 && rc == 0)
		rc = error_sys(e, "write %s", path);
	return rc;
}

static int
digest_of(struct bytes der, uint8_t digest[32], struct error *e)
{
	if (EVP_Digest(der.p, der.len, digest, NULL, EVP_sha256(), NULL) != 1)
		return error_ssl(e, ERROR_CRYPTO, "digest");
	return 0;
}

int
shelf_refuse(struct error *e, const char *why)
{
	return error_set(e, ERROR_DENIED, "%s", why);
}

/* Read to the end, signature and all; *crl is mapped, closed by the caller. */
static int
read_list(const struct shelf *p, const struct authority *a,
    const struct item *it, const char *path, struct crl **crl,
    struct error *e)
{
	if (crl_load(crl, path, &a->issuer, e) == -1) {
		if (e->code == ERROR_INPUT || e->code == ERROR_CRYPTO)
			e->code = ERROR_DENIED;
		return -1;
	}
	return shelf_check(it, &(*crl)->params, p->now, e);
}

static bool
mark_take(struct item_mark *m, const char *path)
{
	struct stat	 st;

	memset(m, 0, sizeof(*m));
	if (stat(path, &st) == -1)
		return false;
	m->ino = st.st_ino;
	m->size = st.st_size;
	m->modified = st.st_mtim;
	m->changed = st.st_ctim;
	return true;
}

static void
item_learn(struct item *it, const struct authority *a, const struct crl *crl,
    const char *path, const uint8_t digest[32])
{
	memcpy(it->key, a->key, sizeof(it->key));
	memcpy(it->digest, digest, sizeof(it->digest));
	it->number = crl->params.number;
	it->base = crl->params.base;
	it->this_update = crl->params.this_update;
	it->next_update = crl->params.next_update;
	mem_free(&it->idp);
	if (crl->params.idp.p != NULL)
		it->idp = mem_printf("%.*s", (int)crl->params.idp.len,
		    (const char *)crl->params.idp.p);
	it->there = mark_take(&it->mark, path);
}

/* The file says when it was made, for whatever serves it. */
static int
put_in_place(const char *from, const char *to, int64_t made,
    struct error *e)
{
	const struct timespec	 ts[2] = { { (time_t)made, 0 },
	    { (time_t)made, 0 } };

	if (utimensat(AT_FDCWD, from, ts, 0) == -1)
		return error_sys(e, "set the time of %s", from);
	FAULT("crld-verified");
	if (file_rename(from, to, e) == -1)
		return -1;
	FAULT("crld-renamed");
	return 0;
}

/* What lies at "from" is verified, becomes the published file, or is
 * removed. */
static int
verify_and_place(struct shelf *p, const struct authority *a,
    struct item *it, const char *from, const struct db_crl *row,
    struct error *e)
{
	struct crl	*crl = NULL;
	uint8_t		 digest[32];
	char		*to = full_path(p, it);
	int		 rc = -1;

	if (read_list(p, a, it, from, &crl, e) == -1 ||
	    digest_of(crl->der, digest, e) == -1)
		goto out;
	if (row != NULL && (crl->params.number != row->number ||
	    crl->params.base != row->base ||
	    (int64_t)crl->n != row->entries)) {
		shelf_refuse(e, "it is not the list of its row");
		goto out;
	}
	if (crl->params.number == it->number &&
	    memcmp(digest, it->digest, sizeof(digest)) != 0) {
		shelf_refuse(e, "there was another list with its number");
		goto out;
	}
	if (put_in_place(from, to, crl->params.this_update, e) == -1)
		goto out;
	item_learn(it, a, crl, to, digest);
	p->items->changed = true;
	rc = 0;
 out:
	if (rc == -1)
		unlink(from);
	crl_free(&crl);
	mem_free(&to);
	return rc;
}

/* A list of more generations than one would have to be judged by each. */
static int
check_authority(const struct authority *a, const struct item *it,
    struct error *e)
{
	if (it->number > 0 && memcmp(a->key, it->key, sizeof(a->key)) != 0)
		return shelf_refuse(e, "the CA has another key than the one that "
		    "signed what is published");
	return 0;
}

int
shelf_put_list(struct shelf *p, struct db *db, const struct db_crl *row,
    struct item *it, struct error *e)
{
	const struct authority	*a = authorities_find(p->authorities, row->ca);
	char			*path = NULL;
	int			 rc = -1;

	if (a == NULL) {
		shelf_refuse(e, "its CA is not one that leads to the root");
		goto out;
	}
	if (check_authority(a, it, e) == -1)
		goto out;
	path = new_path(p, it);
	if (fetch(db, row, path, e) == -1) {
		unlink(path);
		goto out;
	}
	FAULT("crld-fetched");
	rc = verify_and_place(p, a, it, path, row, e);
 out:
	mem_free(&path);
	return rc;
}

int
shelf_put_root_list(struct shelf *p, const char *from, struct item *it,
    struct error *e)
{
	const struct authority	*a;
	struct buf		 der = { 0 };
	uint8_t			 digest[32];
	char			*path = new_path(p, it);
	int			 rc = -1;

	if (file_load(&der, from, ROOT_LIST_MAX, e) == -1 ||
	    digest_of(BYTES(der.p, der.len), digest, e) == -1)
		goto out;
	if (it->there && memcmp(digest, it->digest, sizeof(digest)) == 0) {
		rc = 0;
		goto out;
	}
	a = authorities_root_of(p->authorities, BYTES(der.p, der.len));
	if (a == NULL) {
		shelf_refuse(e, "it names none of the roots as its issuer");
		goto out;
	}
	if (check_authority(a, it, e) == -1 ||
	    file_store(path, der.p, der.len, 0644, e) == -1)
		goto out;
	rc = verify_and_place(p, a, it, path, NULL, e);
 out:
	buf_clear(&der);
	mem_free(&path);
	return rc;
}

static int
put_file(const struct shelf *p, const struct item *it,
    const char *suffix, struct bytes der, int64_t made, struct error *e)
{
	struct buf	 have = { 0 };
	struct error	 ignored = ERROR_INIT;
	char		*to = mem_printf("%s/ca/%s%s", p->conf->directory,
	    it->ca, suffix);
	char		*from = mem_printf("%s/ca/.%s%s.new",
	    p->conf->directory, it->ca, suffix);
	int		 rc = 0;

	if (file_load(&have, to, der.len + 1, &ignored) == -1 ||
	    !bytes_equal(BYTES(have.p, have.len), der)) {
		rc = file_store(from, der.p, der.len, 0644, e);
		if (rc == 0)
			rc = put_in_place(from, to, made, e);
	}
	buf_clear(&have);
	mem_free(&from);
	mem_free(&to);
	return rc;
}

int
shelf_put_cert(struct shelf *p, const struct authority *a,
    struct item *it, struct error *e)
{
	struct bytes	 der = BYTES(a->der.p, a->der.len);
	struct buf	 bundle = { 0 };
	uint8_t		 digest[32];
	int		 rc = -1;

	if (authority_bundle(&bundle, p->authorities, a, e) == -1 ||
	    digest_of(der, digest, e) == -1 ||
	    put_file(p, it, ".cer", der, a->not_before, e) == -1 ||
	    put_file(p, it, ".p7c", BYTES(bundle.p, bundle.len),
	    a->not_before, e) == -1)
		goto out;
	if (memcmp(digest, it->digest, sizeof(digest)) != 0)
		p->items->changed = true;
	memcpy(it->digest, digest, sizeof(it->digest));
	memcpy(it->key, a->key, sizeof(it->key));
	it->there = true;
	rc = 0;
 out:
	buf_clear(&bundle);
	return rc;
}

static const struct authority *
authority_of(const struct shelf *p, const struct item *it)
{
	size_t	 i;

	for (i = 0; i < p->authorities->n; i++)
		if (memcmp(p->authorities->v[i]->key, it->key,
		    sizeof(it->key)) == 0)
			return p->authorities->v[i];
	return authorities_find(p->authorities, it->ca);
}

void
shelf_look(struct shelf *p, struct item *it)
{
	const struct authority	*a = authority_of(p, it);
	struct crl		*crl = NULL;
	char			*path = full_path(p, it);
	uint8_t			 digest[32];

	error_clear(&it->why);
	it->there = false;
	if (!file_exists(path))
		error_set(&it->why, ERROR_NOTFOUND, "%s is not there", path);
	else if (a == NULL)
		error_set(&it->why, ERROR_DENIED, "%s: its CA is not known",
		    path);
	else if (read_list(p, a, it, path, &crl, &it->why) == 0 &&
	    digest_of(crl->der, digest, &it->why) == 0) {
		if (crl->params.number == it->number &&
		    memcmp(digest, it->digest, sizeof(digest)) != 0)
			error_set(&it->why, ERROR_DENIED, "%s is not the "
			    "list that was published", path);
		else
			item_learn(it, a, crl, path, digest);
	}
	crl_free(&crl);
	mem_free(&path);
}

bool
shelf_was_touched(struct shelf *p, struct item *it)
{
	struct item_mark	 now;
	char			*path;
	bool			 same;

	if (!it->there || it->kind == ITEM_CERT)
		return false;
	path = full_path(p, it);
	same = mark_take(&now, path) && now.ino == it->mark.ino &&
	    now.size == it->mark.size &&
	    now.modified.tv_sec == it->mark.modified.tv_sec &&
	    now.modified.tv_nsec == it->mark.modified.tv_nsec &&
	    now.changed.tv_sec == it->mark.changed.tv_sec &&
	    now.changed.tv_nsec == it->mark.changed.tv_nsec;
	mem_free(&path);
	if (!same)
		shelf_look(p, it);
	return !it->there;
}

int
shelf_remove(struct shelf *p, struct item *it, struct error *e)
{
	char	*path = full_path(p, it);
	int	 rc = 0;

	if (unlink(path) == -1 && errno != ENOENT)
		rc = error_sys(e, "remove %s", path);
	else
		it->there = false;
	mem_free(&path);
	return rc;
}
