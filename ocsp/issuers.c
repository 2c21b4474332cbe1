/* SPDX-License-Identifier: Apache-2.0 */
#include "issuers.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/agent.h"
#include "x509/cert.h"

#define RETRY_MS	5000	/* for a token that is away */

struct known {				/* a CA, as long as the program runs */
	char			 name[CA_NAME_SIZE];
	X509			*cert;
	struct stat		 file;		/* of its signer, when read */
	int64_t			 retry_at;	/* its token is away; or 0 */
	struct ocsp_signer	 signer;
	uint64_t		 version;
	char			 why_not[200];
	bool			 left_out;	/* and that was said */
};

struct issuer_source {
	struct issuer_setup	 setup;
	struct place_secret	 secret;	/* of the signers' keys */
	STACK_OF(X509)		*roots;
	struct known		*known;
	size_t			 nknown;
	uint64_t		 version;
	pthread_mutex_t		 lock;
	_Atomic(struct issuers *) now;
};

void
issuers_free(struct issuers **tp)
{
	struct issuers	*t = *tp;
	size_t		 i;

	*tp = NULL;
	if (t == NULL || atomic_fetch_sub(&t->refs, 1) != 1)
		return;
	for (i = 0; i < t->n; i++) {
		issuer_clear(&t->ca[i].issuer);
		ocsp_signer_clear(&t->ca[i].signer);
	}
	mem_free(&t->ca);
	mem_free(&t);
}

const struct issuer_ca *
issuers_find(const struct issuers *t, const struct ocsp_id *id)
{
	size_t	 i;

	for (i = 0; i < t->n; i++)
		if (ocsp_issuer_is(&t->ca[i].hashes, id))
			return &t->ca[i];
	return NULL;
}

const struct issuer_ca *
issuers_named(const struct issuers *t, const char *name)
{
	size_t	 i;

	for (i = 0; i < t->n; i++)
		if (strcmp(t->ca[i].name, name) == 0)
			return &t->ca[i];
	return NULL;
}

int
issuer_source_new(struct issuer_source **out,
    const struct issuer_setup *setup, struct error *e)
{
	struct issuer_source	*s = mem_alloc(sizeof(*s));
	struct issuers		*none = mem_alloc(sizeof(*none));

	*out = NULL;
	s->setup = *setup;
	pthread_mutex_init(&s->lock, NULL);
	atomic_init(&none->refs, 1);
	atomic_init(&s->now, none);
	if (cert_load_chain(&s->roots, setup->root, e) == -1 ||
	    (setup->passphrase != NULL && secret_fetch(&s->secret.secret,
	    setup->passphrase, "signers", e) == -1)) {
		issuer_source_free(&s);
		return -1;
	}
	*out = s;
	return 0;
}

void
issuer_source_free(struct issuer_source **sp)
{
	struct issuer_source	*s = *sp;
	struct issuers		*t;
	size_t			 i;

	if (s == NULL)
		return;
	t = atomic_load(&s->now);
	issuers_free(&t);
	for (i = 0; i < s->nknown; i++) {
		X509_free(s->known[i].cert);
		ocsp_signer_clear(&s->known[i].signer);
	}
	mem_free(&s->known);
	secret_free(&s->secret.secret);
	sk_X509_pop_free(s->roots, X509_free);
	pthread_mutex_destroy(&s->lock);
	mem_free(sp);
}

STACK_OF(X509) *
issuer_source_roots(const struct issuer_source *s)
{
	return s->roots;
}

struct issuers *
issuers_get(struct issuer_source *s)
{
	struct issuers	*t;

	pthread_mutex_lock(&s->lock);
	t = atomic_load(&s->now);
	atomic_fetch_add(&t->refs, 1);
	pthread_mutex_unlock(&s->lock);
	return t;
}

bool
issuers_is_new(const struct issuer_source *s, const struct issuers *t)
{
	return atomic_load(&s->now) != t;
}

/* The CAs. */

static struct known *
known_find(struct issuer_source *s, const char *name)
{
	size_t	 i;

	for (i = 0; i < s->nknown; i++)
		if (strcmp(s->known[i].name, name) == 0)
			return &s->known[i];
	return NULL;
}

static struct known *
known_add(struct issuer_source *s, const char *name)
{
	struct known	*k;

	if (s->nknown == ISSUERS_MAX)
		return NULL;
	s->known = mem_resize(s->known, s->nknown + 1, sizeof(*s->known));
	k = &s->known[s->nknown++];
	memset(k, 0, sizeof(*k));
	snprintf(k->name, sizeof(k->name), "%s", name);
	return k;
}

X509 *
issuer_row_cert(const struct db_ca *row)
{
	const unsigned char	*p = row->der.p;

	return d2i_X509(NULL, &p, (long)row->der.len);
}

/* Takes x over.  1 it is another one than before. */
static int
known_set(struct issuer_source *s, struct known *k, X509 *x,
    STACK_OF(X509) *all, struct buf *notes)
{
	struct error	 e = ERROR_INIT;
	struct issuer	 probe;
	int		 rc = 0;

	if (k->cert != NULL && x != NULL && cert_is_same(k->cert, x))
		goto out;
	if (x == NULL)
		error_set(&e, ERROR_CRYPTO, "it is not a certificate");
	else if (cert_verify_chain(x, all, s->roots,
	    clock_now(s->setup.clock), &e) == 0 &&
	    issuer_init(&probe, k->name, x, &e) == 0) {
		issuer_clear(&probe);
		X509_free(k->cert);
		k->cert = x;
		memset(&k->file, 0, sizeof(k->file));
		ocsp_signer_clear(&k->signer);
		k->left_out = false;
		return 1;
	}
	if (!k->left_out)
		buf_printf(notes, "CA %s of the store is not answered for: "
		    "%s\n", k->name, e.text);
	k->left_out = true;
 out:
	X509_free(x);
	return rc;
}

static int
load_cas(struct issuer_source *s, const struct db_cas *cas,
    struct buf *notes)
{
	STACK_OF(X509)	*all = sk_X509_new_null();
	struct known	*k;
	X509		*x;
	size_t		 i;
	int		 changed = 0;

	for (i = 0; i < cas->n; i++)
		if ((x = issuer_row_cert(&cas->v[i])) != NULL)
			sk_X509_push(all, x);
	for (i = 0; i < cas->n; i++) {
		if (cas->v[i].is_root)
			continue;
		if ((k = known_find(s, cas->v[i].name)) == NULL &&
		    (k = known_add(s, cas->v[i].name)) == NULL)
			break;
		changed |= known_set(s, k, issuer_row_cert(&cas->v[i]), all,
		    notes);
	}
	sk_X509_pop_free(all, X509_free);
	return changed;
}

/* The signers. */

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int
read_signer(struct issuer_source *s, struct known *k, const char *path,
    struct ocsp_signer *out, struct error *e)
{
	struct identity	 id;
	int		 rc;

	if (agent_signer_load(&id, s->setup.signers, k->name, &s->secret,
	    e) == -1)
		return -1;
	rc = ocsp_signer_init(out, id.cert, id.key, k->cert,
	    clock_now(s->setup.clock), e);
	identity_free(&id);
	return rc == -1 ? error_wrap(e, "%s", path) : 0;
}

/* Another signer, or none: 1 that is new. */
static int
set_signer(struct issuer_source *s, struct known *k,
    struct ocsp_signer *fresh, const struct error *why, struct buf *notes)
{
	bool	 had = k->signer.cert != NULL;

	if (fresh != NULL) {
		ocsp_signer_clear(&k->signer);
		k->signer = *fresh;
		k->version = ++s->version;
		k->why_not[0] = '\0';
		buf_printf(notes, "CA %s has %s signer\n", k->name,
		    had ? "another" : "a");
		return 1;
	}
	if (strcmp(k->why_not, why->text) == 0)
		return 0;
	snprintf(k->why_not, sizeof(k->why_not), "%.199s", why->text);
	buf_printf(notes, "CA %s has no %ssigner: %s\n", k->name,
	    had ? "new " : "", why->text);
	return !had;
}

/* It is another file, or it is time to look for its token again. */
static bool
is_to_read(struct known *k, const struct stat *st)
{
	if (k->retry_at != 0 && clock_monotonic_ms() >= k->retry_at)
		return true;
	return !same_file(st, &k->file);
}

static int
load_signer(struct issuer_source *s, struct known *k, struct buf *notes)
{
	struct error		 e = ERROR_INIT;
	struct ocsp_signer	 fresh;
	struct stat		 st;
	char			*path;
	int			 rc = 0;

	path = mem_printf("%s/%s.pem", s->setup.signers, k->name);
	if (stat(path, &st) == -1) {
		error_sys(&e, "%s", path);
		rc = set_signer(s, k, NULL, &e, notes);
		memset(&k->file, 0, sizeof(k->file));
	} else if (is_to_read(k, &st)) {
		k->file = st;
		rc = read_signer(s, k, path, &fresh, &e) == 0 ?
		    set_signer(s, k, &fresh, NULL, notes) :
		    set_signer(s, k, NULL, &e, notes);
		k->retry_at = e.code == ERROR_UPSTREAM ||
		    e.code == ERROR_RETRY ?
		    clock_monotonic_ms() + RETRY_MS : 0;
	}
	mem_free(&path);
	return rc;
}

/* The table. */

static int
copy_ca(struct issuer_ca *ca, const struct issuer_source *s, size_t number,
    struct error *e)
{
	const struct known	*k = &s->known[number];

	snprintf(ca->name, sizeof(ca->name), "%s", k->name);
	ca->number = (uint16_t)number;
	ca->signer_version = k->version;
	snprintf(ca->why_not, sizeof(ca->why_not), "%s", k->why_not);
	if (issuer_init(&ca->issuer, k->name, k->cert, e) == -1 ||
	    ocsp_issuer_init(&ca->hashes, k->cert, e) == -1)
		return -1;
	if (k->signer.cert == NULL)
		return 0;
	return ocsp_signer_init(&ca->signer, k->signer.cert, k->signer.key,
	    k->cert, k->signer.not_before, e);
}

static int
publish(struct issuer_source *s, struct error *e)
{
	struct issuers	*t = mem_alloc(sizeof(*t)), *old;
	size_t		 i;

	atomic_init(&t->refs, 1);
	t->ca = mem_array(s->nknown + 1, sizeof(*t->ca));
	for (i = 0; i < s->nknown; i++) {
		if (s->known[i].cert == NULL)
			continue;
		if (copy_ca(&t->ca[t->n++], s, i, e) == -1) {
			issuers_free(&t);
			return -1;
		}
	}
	pthread_mutex_lock(&s->lock);
	old = atomic_exchange(&s->now, t);
	pthread_mutex_unlock(&s->lock);
	issuers_free(&old);
	return 1;
}

int
issuers_load(struct issuer_source *s, const struct db_cas *cas,
    struct buf *notes, struct error *e)
{
	int	 changed = 0;
	size_t	 i;

	if (cas != NULL)
		changed = load_cas(s, cas, notes);
	for (i = 0; i < s->nknown; i++)
		if (s->known[i].cert != NULL)
			changed |= load_signer(s, &s->known[i], notes);
	return changed ? publish(s, e) : 0;
}
