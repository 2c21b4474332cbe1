/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/text.h"
#include "desk/selector.h"
#include "desk/target.h"
#include "os/file.h"
#include "x509/csr.h"
#include "x509/key.h"

#define PIECE		500
#define FILE_MAX	(64 * 1024)

static int
find_archived(struct desk *dk, const struct selector_serial *sel,
    struct db_archived *x, struct error *e)
{
	return db_archived_find_hex(dk->db, sel->ca[0] != '\0' ? sel->ca :
	    NULL, sel->hex, x, dk->arena, e);
}

int
target_find_archived(struct desk *dk, const char *text, struct db_archived *x,
    struct error *e)
{
	struct selector_serial	sel;

	if (selector_serial(&sel, text, e) == -1 || desk_need(dk, DESK_DB,
	    e) == -1)
		return -1;
	return find_archived(dk, &sel, x, e);
}

int
target_find(struct desk *dk, const char *text, struct db_cert *cert,
    struct error *e)
{
	struct selector_serial	sel;
	struct db_archived	gone;
	char			at[TEXT_TIME_SIZE];
	int			found;

	if (selector_serial(&sel, text, e) == -1 || desk_need(dk, DESK_DB,
	    e) == -1)
		return -1;
	found = db_cert_find_hex(dk->db, sel.ca[0] != '\0' ? sel.ca : NULL,
	    sel.hex, cert, dk->arena, e);
	if (found == 1)
		return 0;
	if (found == -1 || (found = find_archived(dk, &sel, &gone, e)) == -1)
		return -1;
	if (found == 1) {
		error_set(e, ERROR_NOTFOUND, "certificate %s expired on %s and"
		    " is in archive %s, not in the store any more", sel.hex,
		    text_time(at, gone.not_after), gone.archive);
		return error_hint(e, "signet cert show %.50s", sel.hex);
	}
	error_set(e, ERROR_NOTFOUND, "no certificate with serial number %s%s"
	    "%s", sel.ca, sel.ca[0] != '\0' ? "/" : "", sel.hex);
	return error_hint(e, "look for it with: signet cert find TEXT");
}

void
target_clear(struct targets *t)
{
	mem_free(&t->v);
	t->n = 0;
}

static void
add(struct targets *t, const struct db_cert *cert)
{
	size_t	i;

	for (i = 0; i < t->n; i++)
		if (t->v[i].id == cert->id)
			return;
	t->v = mem_resize(t->v, t->n + 1, sizeof(*t->v));
	t->v[t->n++] = *cert;
}

/* Would this kind of order change that certificate? */
static bool
is_changed(enum order_kind kind, const struct db_cert *cert)
{
	if (kind == ORDER_RELEASE)
		return strcmp(cert->status, "held") == 0;
	if (kind == ORDER_HOLD)
		return strcmp(cert->status, "good") == 0;
	return strcmp(cert->status, "revoked") != 0;
}

static int
refuse_unchanged(enum order_kind kind, const struct db_cert *cert,
    struct error *e)
{
	char	hex[43];

	error_set(e, ERROR_CONFLICT, "certificate %s/%s is %s: nothing to %s",
	    cert->ca, text_hex(hex, cert->serial.p, cert->serial.len),
	    cert->status, order_kind_name(kind));
	return error_hint(e, "why: signet explain cert %.43s", hex);
}

static int
from_serials(struct desk *dk, enum order_kind kind,
    const struct target_ask *ask, struct targets *t, struct error *e)
{
	struct db_cert	cert;
	size_t		i;

	for (i = 0; i < ask->nserials; i++) {
		if (target_find(dk, ask->serial[i], &cert, e) == -1)
			return -1;
		if (!is_changed(kind, &cert))
			return refuse_unchanged(kind, &cert, e);
		add(t, &cert);
	}
	return 0;
}

static int
from_filter(struct desk *dk, enum order_kind kind,
    struct db_cert_filter *filter, struct targets *t, struct error *e)
{
	struct db_certs	page;
	int64_t		before = 0;
	size_t		i;

	filter->valid_after = clock_now(dk->clock);
	if (desk_need(dk, DESK_DB, e) == -1)
		return -1;
	do {
		if (db_cert_list(dk->db, filter, before, PIECE, &page,
		    dk->arena, e) == -1)
			return -1;
		for (i = 0; i < page.n; i++) {
			before = page.v[i].id;
			if (is_changed(kind, &page.v[i]))
				add(t, &page.v[i]);
		}
	} while (page.n == PIECE && t->n <= ORDER_TARGETS_MAX);
	if (t->n > ORDER_TARGETS_MAX)
		return error_set(e, ERROR_INPUT, "more than %d certificates: "
		    "too many for one order", ORDER_TARGETS_MAX);
	if (t->n == 0)
		return error_set(e, ERROR_NOTFOUND, "%s: no unexpired "
		    "certificate to %s", t->selector, order_kind_name(kind));
	return 0;
}

static EVP_PKEY *
key_of_bytes(struct buf *b)
{
	BIO		*bio = BIO_new_mem_buf(b->p, (int)b->len);
	EVP_PKEY	*key = NULL;
	X509		*cert = NULL;
	struct csr	*csr = NULL;
	struct error	 ignored = ERROR_INIT;

	if (bio == NULL)
		return NULL;
	if ((cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL ||
	    (BIO_reset(bio) == 1 &&
	    (cert = d2i_X509_bio(bio, NULL)) != NULL))
		key = X509_get_pubkey(cert);
	else if (BIO_reset(bio) == 1)
		key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	if (key == NULL && csr_parse(&csr, BYTES(b->p, b->len),
	    &ignored) == 0 && EVP_PKEY_up_ref(csr->key) == 1)
		key = csr->key;
	ERR_clear_error();
	csr_free(&csr);
	X509_free(cert);
	BIO_free(bio);
	return key;
}

int
target_key_digest(uint8_t dst[32], const char *what, struct error *e)
{
	struct buf	 b = { 0 };
	EVP_PKEY	*key = NULL;
	int		 rc = -1;

	if (selector_digest(dst, what) == 1)
		return 0;
	if (file_load(&b, what, FILE_MAX, e) == -1)
		goto out;
	if ((key = key_of_bytes(&b)) == NULL) {
		error_set(e, ERROR_INPUT, "%s: no certificate, request or "
		    "public key", what);
		goto out;
	}
	rc = key_digest(dst, key, e);
 out:
	EVP_PKEY_free(key);
	buf_clear(&b);
	return rc;
}

int
target_resolve(struct desk *dk, enum order_kind kind,
    const struct target_ask *ask, struct targets *t, struct error *e)
{
	struct db_cert_filter	filter = { .holder = ask->holder,
				    .card = ask->card };
	char			hex[2 * DB_DIGEST + 1];

	memset(t, 0, sizeof(*t));
	if (ask->nserials > 0)
		return from_serials(dk, kind, ask, t, e);
	if (ask->key != NULL) {
		filter.key_digest = BYTES(ask->key, DB_DIGEST);
		snprintf(t->selector, sizeof(t->selector), "key:%s",
		    text_hex(hex, ask->key, DB_DIGEST));
	} else
		snprintf(t->selector, sizeof(t->selector), "%s:%.120s",
		    ask->holder != NULL ? "holder" : "card",
		    ask->holder != NULL ? ask->holder : ask->card);
	return from_filter(dk, kind, &filter, t, e);
}

void
target_set(struct order *o, const struct targets *t)
{
	struct order_target	*target;
	size_t			 i;

	o->target = mem_array(t->n, sizeof(*o->target));
	o->ntargets = t->n;
	for (i = 0; i < t->n; i++) {
		target = &o->target[i];
		target->ca = mem_strdup(t->v[i].ca);
		memcpy(target->serial, t->v[i].serial.p, t->v[i].serial.len);
		target->serial_len = t->v[i].serial.len;
	}
	if (t->selector[0] != '\0')
		o->selector = mem_strdup(t->selector);
}
