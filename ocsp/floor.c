/* SPDX-License-Identifier: Apache-2.0 */
#include "floor.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "db/db_crl.h"
#include "os/file.h"
#include "x509/alg.h"

struct list {
	uint16_t	 ca;
	int64_t		 shard;
	struct crl	*crl;
	int64_t		 refused;	/* this number of the store's; said */
	int64_t		 missing;	/* the same, could not be had */
};

struct floor {
	char			*dir;
	pthread_rwlock_t	 lock;		/* for the lists */
	struct list		*list;
	size_t			 n;
	bool			 looked[ISSUERS_MAX];	/* on the disk */
	atomic_bool		 ready[ISSUERS_MAX];
};

int
floor_new(struct floor **out, const char *dir, struct error *e)
{
	struct floor	*f;

	*out = NULL;
	if (file_mkdir(dir, 0700, e) == -1)
		return -1;
	f = mem_alloc(sizeof(*f));
	f->dir = mem_strdup(dir);
	pthread_rwlock_init(&f->lock, NULL);
	*out = f;
	return 0;
}

void
floor_free(struct floor **fp)
{
	struct floor	*f = *fp;
	size_t		 i;

	if (f == NULL)
		return;
	for (i = 0; i < f->n; i++)
		crl_free(&f->list[i].crl);
	mem_free(&f->list);
	pthread_rwlock_destroy(&f->lock);
	mem_free(&f->dir);
	mem_free(fp);
}

static struct list *
list_find(struct floor *f, uint16_t ca, int64_t shard)
{
	size_t	 i;

	for (i = 0; i < f->n; i++)
		if (f->list[i].ca == ca && f->list[i].shard == shard)
			return &f->list[i];
	return NULL;
}

/* Takes crl over, which may be NULL: only the place is made. */
static struct list *
list_set(struct floor *f, uint16_t ca, int64_t shard, struct crl *crl)
{
	struct list	*l;
	struct crl	*old = NULL;

	pthread_rwlock_wrlock(&f->lock);
	if ((l = list_find(f, ca, shard)) == NULL) {
		f->list = mem_resize(f->list, f->n + 1, sizeof(*f->list));
		l = &f->list[f->n++];
		*l = (struct list){ .ca = ca, .shard = shard };
	}
	if (crl != NULL) {
		old = l->crl;
		l->crl = crl;
	}
	pthread_rwlock_unlock(&f->lock);
	crl_free(&old);
	return l;
}

int64_t
floor_number(struct floor *f, uint16_t ca)
{
	struct list	*l;
	int64_t		 number;

	pthread_rwlock_rdlock(&f->lock);
	l = list_find(f, ca, 0);
	number = l != NULL && l->crl != NULL ? l->crl->params.number : 0;
	pthread_rwlock_unlock(&f->lock);
	return number;
}

bool
floor_find(struct floor *f, const struct cell_key *key,
    struct crl_entry *found)
{
	bool	 is = false;
	size_t	 i;

	pthread_rwlock_rdlock(&f->lock);
	for (i = 0; i < f->n && !is; i++)
		is = f->list[i].ca == key->ca && f->list[i].crl != NULL &&
		    crl_find(f->list[i].crl, key->serial, key->serial_len,
		    found);
	pthread_rwlock_unlock(&f->lock);
	return is;
}

static char *
list_path(const struct floor *f, const char *ca, int64_t shard,
    const char *suffix)
{
	if (shard == 0)
		return mem_printf("%s/%s.crl%s", f->dir, ca, suffix);
	return mem_printf("%s/%s-%lld.crl%s", f->dir, ca, (long long)shard,
	    suffix);
}

/* The list in a file.  An RSA key signs in one of two ways, and which one it
 * is stands in the CA's settings, not in its certificate. */
static int
read_list(struct crl **out, const char *path, const struct issuer_ca *ca,
    struct error *e)
{
	struct issuer	 pss;
	struct error	 ignored = ERROR_INIT;
	EVP_PKEY	*key = X509_get0_pubkey(ca->issuer.cert);
	int		 rc;

	if (crl_load(out, path, &ca->issuer, e) == 0)
		return 0;
	if (!alg_key_is(key, "RSA") || issuer_init(&pss, ca->name,
	    ca->issuer.cert, &ignored) == -1)
		return -1;
	rc = issuer_set_signature(&pss, key, "rsa-pss", &ignored) == -1 ? -1 :
	    crl_load(out, path, &pss, &ignored);
	issuer_clear(&pss);
	if (rc == 0)
		error_clear(e);
	return rc;
}

/* From the disk. */

/* 1 there is one. */
static int
look_at_file(struct floor *f, const struct issuer_ca *ca, int64_t shard,
    struct buf *alarms)
{
	struct error	 e = ERROR_INIT;
	struct crl	*crl;
	char		*path = list_path(f, ca->name, shard, "");
	int		 rc = 0;

	if (access(path, F_OK) == -1)
		;
	else if (read_list(&crl, path, ca, &e) == 0) {
		list_set(f, ca->number, shard, crl);
		rc = 1;
	} else
		buf_printf(alarms, "the list that was kept for CA %s is of no "
		    "use: %s\n", ca->name, e.text);
	mem_free(&path);
	return rc;
}

/* From the store. */

static int
fetch_parts(int fd, const struct db_crl *c, struct db *db, struct error *e)
{
	struct arena	*a = arena_new();
	struct bytes	 part;
	int64_t		 n, size;
	int		 rc = 0;

	for (n = size = 0; size < c->size && rc == 0; n++) {
		arena_reset(a);
		if ((rc = db_crl_part(db, c, n, &part, a, e)) == -1)
			break;
		size += (int64_t)part.len;
		if (write(fd, part.p, part.len) != (ssize_t)part.len)
			rc = error_sys(e, "write list");
	}
	if (rc == 0 && fsync(fd) == -1)
		rc = error_sys(e, "sync list");
	arena_free(&a);
	return rc;
}

static int
fetch_file(const char *path, const struct db_ocsp_list *l, struct db *db,
    struct error *e)
{
	struct db_crl	 c = { .ca = l->ca, .shard = l->shard,
	    .number = l->number, .size = l->size };
	int		 fd, rc;

	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd == -1)
		return error_sys(e, "%s", path);
	rc = fetch_parts(fd, &c, db, e);
	if (close(fd) == -1 && rc == 0)
		rc = error_sys(e, "%s", path);
	return rc;
}

/* A list is what it says, not what its row says. */
static int
check_list(const struct crl *crl, const struct db_ocsp_list *l,
    struct error *e)
{
	if (crl->params.base != 0)
		return error_set(e, ERROR_DENIED, "it is a delta");
	if (crl->params.number != l->number)
		return error_set(e, ERROR_DENIED, "it is list %lld",
		    (long long)crl->params.number);
	return 0;
}

/* 1 taken; 0 refused, with an alarm; -1 it could not be had. */
static int
take_list(struct floor *f, const struct issuer_ca *ca, struct list *known,
    const struct db_ocsp_list *l, struct db *db, struct buf *alarms,
    struct error *e)
{
	struct error	 why = ERROR_INIT;
	struct crl	*crl = NULL;
	char		*path = list_path(f, ca->name, l->shard, ""),
			*fresh = list_path(f, ca->name, l->shard, ".new");
	int		 rc = -1;

	if (fetch_file(fresh, l, db, e) == -1)
		goto out;
	rc = 0;
	if (read_list(&crl, fresh, ca, &why) == -1 ||
	    check_list(crl, l, &why) == -1) {
		buf_printf(alarms, "list %lld of CA %s in the store is not "
		    "believed: %s\n", (long long)l->number, ca->name,
		    why.text);
		known->refused = l->number;
		unlink(fresh);
		goto out;
	}
	if ((rc = file_rename(fresh, path, e)) == -1)
		goto out;
	list_set(f, ca->number, l->shard, crl);
	crl = NULL;
	rc = 1;
 out:
	crl_free(&crl);
	mem_free(&fresh);
	mem_free(&path);
	return rc;
}

static int
look_at_list(struct floor *f, const struct issuer_ca *ca,
    const struct db_ocsp_list *l, struct db *db, struct buf *alarms,
    struct error *e)
{
	struct list	*known = list_set(f, ca->number, l->shard, NULL);
	int64_t		 have = known->crl != NULL ?
	    known->crl->params.number : 0;

	if (l->number == have || l->number == known->refused)
		return 0;
	if (l->number < have) {
		buf_printf(alarms, "the store's newest list of CA %s is %lld, "
		    "but list %lld was there\n", ca->name,
		    (long long)l->number, (long long)have);
		known->refused = l->number;
		return 0;
	}
	return take_list(f, ca, known, l, db, alarms, e);
}

bool
floor_is_ready(const struct floor *f, uint16_t ca)
{
	return atomic_load(&f->ready[ca]);
}

/* The complete lists that were kept, for CAs that are new to us. */
static int
load_kept(struct floor *f, const struct issuers *t, struct buf *alarms)
{
	size_t	 i;
	int	 rc = 0;

	for (i = 0; i < t->n; i++) {
		uint16_t	 ca = t->ca[i].number;

		if (f->looked[ca])
			continue;
		f->looked[ca] = true;
		if (look_at_file(f, &t->ca[i], 0, alarms) == 1) {
			atomic_store(&f->ready[ca], true);
			rc = 1;
		}
	}
	return rc;
}

static void
say_missing(struct floor *f, const struct issuer_ca *ca,
    const struct db_ocsp_list *l, struct buf *alarms,
    const struct error *why)
{
	struct list	*known = list_find(f, ca->number, l->shard);

	if (known == NULL || known->missing == l->number)
		return;
	known->missing = l->number;
	buf_printf(alarms, "list %lld of CA %s cannot be had: %s\n",
	    (long long)l->number, ca->name, why->text);
}

static int
load_newest(struct floor *f, const struct issuers *t, struct db *db,
    struct buf *alarms, struct error *e)
{
	const struct issuer_ca	*ca;
	struct db_ocsp_lists	 lists;
	struct arena		*a = arena_new();
	bool			*failed = mem_array(ISSUERS_MAX,
				    sizeof(*failed));
	struct error		 why;
	size_t			 i;
	int			 got, rc;

	/* What cannot be had of one CA keeps no other one waiting. */
	rc = db_ocsp_lists(db, &lists, a, e);
	for (i = 0; rc != -1 && i < lists.n; i++) {
		if ((ca = issuers_named(t, lists.v[i].ca)) == NULL)
			continue;
		if (lists.v[i].shard != 0 && list_find(f, ca->number,
		    lists.v[i].shard) == NULL)
			(void)look_at_file(f, ca, lists.v[i].shard, alarms);
		error_clear(&why);
		got = look_at_list(f, ca, &lists.v[i], db, alarms, &why);
		rc |= got == 1;
		if (got == -1) {
			failed[ca->number] = true;
			say_missing(f, ca, &lists.v[i], alarms, &why);
		}
	}
	for (i = 0; rc != -1 && i < t->n; i++)
		if (!failed[t->ca[i].number])
			atomic_store(&f->ready[t->ca[i].number], true);
	mem_free(&failed);
	arena_free(&a);
	return rc;
}

int
floor_load(struct floor *f, const struct issuers *t, struct db *db,
    struct buf *alarms, struct error *e)
{
	int	 kept = load_kept(f, t, alarms), got;

	if (db == NULL)
		return kept;
	got = load_newest(f, t, db, alarms, e);
	return got == -1 ? -1 : kept | got;
}
