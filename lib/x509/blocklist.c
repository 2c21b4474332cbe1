/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "base/digest.h"
#include "x509/alg.h"
#include "x509/blocklist.h"
#include "x509/blocklist_private.h"
#include "x509/key.h"

struct blocklist {
	char		*path;
	uint8_t		*map;
	size_t		 size;
	const uint8_t	*record[BLOCKLIST__MAX];
	uint64_t	 count[BLOCKLIST__MAX];
};

static const char *const kinds[BLOCKLIST__MAX] = {
	[BLOCKLIST_SPKI] = "spki",
	[BLOCKLIST_NUMBER] = "number",
	[BLOCKLIST_MODULUS] = "modulus",
};

const char *
blocklist_kind_name(enum blocklist_kind k)
{
	return k < BLOCKLIST__MAX ? kinds[k] : "?";
}

enum blocklist_kind
blocklist_kind_of(const char *name)
{
	int	 k;

	for (k = 0; k < BLOCKLIST__MAX; k++)
		if (strcmp(kinds[k], name) == 0)
			break;
	return (enum blocklist_kind)k;
}

static int
damaged(const struct blocklist *l, const char *why, struct error *e)
{
	error_set(e, ERROR_CONFIG, "blocklist %s: %s", l->path, why);
	return error_hint(e, "make it again: signet blocklist make");
}

static int
map_file(struct blocklist *l, struct error *e)
{
	struct stat	 st;
	int		 fd, rc = -1;

	if ((fd = open(l->path, O_RDONLY | O_CLOEXEC)) == -1 ||
	    fstat(fd, &st) == -1) {
		error_sys(e, "blocklist %s", l->path);
		goto out;
	}
	if (!S_ISREG(st.st_mode) || st.st_size < BLOCKLIST_HEADER) {
		damaged(l, "not a list of keys", e);
		goto out;
	}
	l->size = (size_t)st.st_size;
	l->map = mmap(NULL, l->size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (l->map == MAP_FAILED) {
		l->map = NULL;
		error_sys(e, "blocklist %s", l->path);
		goto out;
	}
	rc = 0;
 out:
	if (fd != -1)
		close(fd);
	return rc;
}

static int
read_header(struct blocklist *l, struct error *e)
{
	const uint8_t	*p = l->map + BLOCKLIST_MAGIC_SIZE;
	uint64_t	 left = (l->size - BLOCKLIST_HEADER) /
			    BLOCKLIST_RECORD;
	const uint8_t	*next = l->map + BLOCKLIST_HEADER;
	int		 k, i;

	if (memcmp(l->map, BLOCKLIST_MAGIC, BLOCKLIST_MAGIC_SIZE) != 0)
		return damaged(l, "not a list of keys", e);
	for (k = 0; k < BLOCKLIST__MAX; k++) {
		for (i = 0; i < 8; i++)
			l->count[k] = l->count[k] << 8 | *p++;
		if (l->count[k] > left)
			return damaged(l, "cut off", e);
		left -= l->count[k];
		l->record[k] = next;
		next += l->count[k] * BLOCKLIST_RECORD;
	}
	if (next != l->map + l->size)
		return damaged(l, "longer than it says", e);
	return 0;
}

/* A record out of order would never be found. */
static int
check_records(const struct blocklist *l, struct error *e)
{
	uint8_t		 digest[32];
	const uint8_t	*r;
	uint64_t	 i;
	int		 k;

	digest_sha256(digest, l->map + BLOCKLIST_HEADER, l->size - BLOCKLIST_HEADER);
	if (memcmp(digest, l->map + BLOCKLIST_HEADER - 32, 32) != 0)
		return damaged(l, "its digest is wrong", e);
	for (k = 0; k < BLOCKLIST__MAX; k++)
		for (i = 1; i < l->count[k]; i++) {
			r = l->record[k] + i * BLOCKLIST_RECORD;
			if (memcmp(r - BLOCKLIST_RECORD, r,
			    BLOCKLIST_RECORD) >= 0)
				return damaged(l, "not sorted", e);
		}
	return 0;
}

int
blocklist_open(struct blocklist **out, const char *path, struct error *e)
{
	struct blocklist	*l = mem_alloc(sizeof(*l));

	*out = NULL;
	l->path = mem_strdup(path);
	if (map_file(l, e) == -1 || read_header(l, e) == -1 ||
	    check_records(l, e) == -1) {
		blocklist_close(&l);
		return -1;
	}
	*out = l;
	return 0;
}

void
blocklist_close(struct blocklist **lp)
{
	struct blocklist	*l = *lp;

	if (l == NULL)
		return;
	if (l->map != NULL)
		munmap(l->map, l->size);
	mem_free(&l->path);
	mem_free(lp);
}

uint64_t
blocklist_count(const struct blocklist *l, enum blocklist_kind k)
{
	return k < BLOCKLIST__MAX ? l->count[k] : 0;
}

static uint64_t
leading(const uint8_t *p)
{
	uint64_t	 v = 0;
	int		 i;

	for (i = 0; i < 6; i++)
		v = v << 8 | p[i];
	return v;
}

/*
 * Digests are spread evenly, so a guess by proportion lands near: a few pages
 * of millions of records are touched.  Every other step halves instead, which
 * bounds the search if somebody made a list that is not even.
 */
static bool
find(const struct blocklist *l, enum blocklist_kind k, const uint8_t *want)
{
	uint64_t	 lo = 0, hi = l->count[k], low, high, at, mid;
	const uint8_t	*r;
	bool		 halve = false;
	int		 c;

	for (at = leading(want); lo < hi; halve = !halve) {
		low = leading(l->record[k] + lo * BLOCKLIST_RECORD);
		high = leading(l->record[k] + (hi - 1) * BLOCKLIST_RECORD);
		if (at < low || at > high)
			return false;
		mid = halve || high == low ? lo + (hi - lo) / 2 : lo +
		    (uint64_t)((double)(at - low) / (double)(high - low) *
		    (double)(hi - 1 - lo));
		r = l->record[k] + mid * BLOCKLIST_RECORD;
		if ((c = memcmp(want, r, BLOCKLIST_RECORD)) == 0)
			return true;
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return false;
}

/* 1; 0: there is no such digest of this kind of key. */
static int
digest_spki(uint8_t digest[32], EVP_PKEY *key, struct error *e)
{
	return key_digest(digest, key, e) == 0 ? 1 : -1;
}

static int
get_modulus(BIGNUM **n, EVP_PKEY *key, struct error *e)
{
	*n = NULL;
	if (!alg_key_is(key, "RSA") && !alg_key_is(key, "RSA-PSS"))
		return 0;
	return EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, n) == 1 ? 1 :
	    error_ssl(e, ERROR_CRYPTO, "read a modulus");
}

/* What is hashed of a modulus, a point, a key of octets; len 0: none. */
struct number {
	unsigned char	 raw[1024];
	size_t		 at, len;
};

static int
number_get(struct number *to, EVP_PKEY *key, struct error *e)
{
	BIGNUM	*n;
	int	 rc = get_modulus(&n, key, e);

	if (rc == -1)
		return -1;
	if (rc == 1) {
		if (BN_num_bytes(n) <= (int)sizeof(to->raw))
			to->len = (size_t)BN_bn2bin(n, to->raw);
		BN_free(n);
	} else if (alg_key_is(key, "EC")) {
		if (EVP_PKEY_get_octet_string_param(key,
		    OSSL_PKEY_PARAM_PUB_KEY, to->raw, sizeof(to->raw),
		    &to->len) != 1)
			return error_ssl(e, ERROR_CRYPTO, "read a point");
		to->at = 1;		/* 04, then x and y of equal length */
		to->len = to->len > 1 && to->raw[0] == 4 ?
		    (to->len - 1) / 2 : 0;
	} else if (alg_key_is(key, "ED25519")) {
		to->len = sizeof(to->raw);
		if (EVP_PKEY_get_raw_public_key(key, to->raw, &to->len) != 1)
			return error_ssl(e, ERROR_CRYPTO, "read a key");
	}
	return 0;
}

static int
digest_number(uint8_t digest[32], EVP_PKEY *key, struct error *e)
{
	struct number	 n = { .len = 0 };

	if (number_get(&n, key, e) == -1)
		return -1;
	if (n.len > 0)
		digest_sha256(digest, n.raw + n.at, n.len);
	return n.len > 0;
}

/* As the lists of openssl-blacklist have it. */
static int
digest_modulus(uint8_t digest[32], EVP_PKEY *key, struct error *e)
{
	uint8_t		 sha1[SHA_DIGEST_LENGTH];
	BIGNUM		*n;
	char		*hex, *line;
	int		 rc = get_modulus(&n, key, e);

	if (rc != 1)
		return rc;
	if ((hex = BN_bn2hex(n)) != NULL) {
		line = mem_printf("Modulus=%s\n", hex);
		digest_sha1(sha1, line, strlen(line));
		memcpy(digest, sha1 + SHA_DIGEST_LENGTH - BLOCKLIST_RECORD,
		    BLOCKLIST_RECORD);
		mem_free(&line);
	} else
		rc = error_ssl(e, ERROR_CRYPTO, "write a modulus");
	BN_free(n);
	OPENSSL_free(hex);
	return rc;
}

static int	(*const digests[BLOCKLIST__MAX])(uint8_t *, EVP_PKEY *,
    struct error *) = {
	[BLOCKLIST_SPKI] = digest_spki,
	[BLOCKLIST_NUMBER] = digest_number,
	[BLOCKLIST_MODULUS] = digest_modulus,
};

int
blocklist_check(const struct blocklist *l, EVP_PKEY *key, struct error *e)
{
	uint8_t	 digest[32];
	int	 k, rc;

	for (k = 0; k < BLOCKLIST__MAX; k++) {
		if (l->count[k] == 0)
			continue;
		if ((rc = digests[k](digest, key, e)) == -1)
			return error_wrap(e, "blocklist %s", l->path);
		if (rc == 0 || !find(l, (enum blocklist_kind)k, digest))
			continue;
		error_set(e, ERROR_DENIED, "key: known to others: its %s "
		    "digest is on the blocklist %s", kinds[k], l->path);
		return error_hint(e, "make a new key; this one is never "
		    "certified");
	}
	ERR_clear_error();
	return 0;
}

int
blocklists_open(struct blocklists *b, const struct conf_list *paths,
    struct error *e)
{
	size_t	 i;

	b->v = mem_array(paths->n + 1, sizeof(*b->v));
	b->n = 0;
	for (i = 0; i < paths->n; i++, b->n++)
		if (blocklist_open(&b->v[i], paths->v[i], e) == -1) {
			blocklists_close(b);
			return -1;
		}
	return 0;
}

void
blocklists_close(struct blocklists *b)
{
	size_t	 i;

	for (i = 0; i < b->n; i++)
		blocklist_close(&b->v[i]);
	mem_free(&b->v);
	b->n = 0;
}

int
blocklists_check(const struct blocklists *b, EVP_PKEY *key, struct error *e)
{
	size_t	 i;

	for (i = 0; i < b->n; i++)
		if (blocklist_check(b->v[i], key, e) == -1)
			return -1;
	return 0;
}
