/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/cas.h"

#include <string.h>
#include <openssl/err.h>

#include "base/text.h"
#include "db/db_ca.h"
#include "db/db_crl.h"
#include "status/court.h"
#include "x509/cert.h"
#include "x509/cert_look.h"

static void
ca_free(struct publish_ca **cp)
{
	struct publish_ca	*c = *cp;

	if (c == NULL)
		return;
	crl_free(&c->list);
	buf_clear(&c->list_der);
	issuer_clear(&c->issuer);
	X509_free(c->cert);
	buf_clear(&c->der);
	mem_free(&c->name);
	mem_free(cp);
}

void
publish_cas_clear(struct publish_cas *cas)
{
	for (size_t i = 0; i < cas->n; i++)
		ca_free(&cas->v[i]);
	mem_free(&cas->v);
	cas->n = 0;
}

struct publish_ca *
publish_cas_get(const struct publish_cas *cas, const char *name)
{
	for (size_t i = 0; i < cas->n; i++)
		if (strcmp(cas->v[i]->name, name) == 0)
			return cas->v[i];
	return NULL;
}

static bool
cas_find(void *arg, size_t i, const struct db_serial *serial,
    struct crl_entry *c)
{
	const struct publish_ca	*const *ca = arg;

	return ca[i]->list != NULL && crl_find(ca[i]->list, serial->p,
	    serial->len, c);
}

int
publish_cas_judge(const struct publish_cas *cas, const struct publish_ca *ca,
    const struct db_serial *serial, struct error *why, struct error *e)
{
	struct db_ocsp_status		  row = { .status = DB_STATUS_GOOD,
	    .reason = -1 };
	struct court			  court = { .roots = cas->anchors,
	    .officers_ca = cas->officers_ca, .profiles = cas->profiles,
	    .db = cas->db, .find = cas_find };
	struct court_ca			 *v;
	const struct publish_ca		**known;
	struct crl_entry		  c;
	char				  day[TEXT_TIME_SIZE];
	size_t				  at = 0;
	int				  rc;

	if (ca->list == NULL || !crl_find(ca->list, serial->p, serial->len,
	    &c))
		return 1;
	court.ca = v = mem_array(cas->n, sizeof(*v));
	court.arg = known = mem_array(cas->n, sizeof(*known));
	for (size_t i = 0; i < cas->n; i++) {
		if (cas->v[i]->cert == NULL)
			continue;
		if (cas->v[i] == ca)
			at = court.n;
		known[court.n] = cas->v[i];
		v[court.n++] = (struct court_ca){ cas->v[i]->name,
		    cas->v[i]->cert };
	}
	rc = court_judge(&court, at, serial, &c, &row, why, e);
	mem_free(&known);
	mem_free(&v);
	if (rc != 1)
		return rc == 0 ? 1 : -1;
	error_wrap(why, "CRL %lld has it as revoked at %s",
	    (long long)ca->list->params.number, text_time(day, c.revoked_at));
	error_hint(why, "somebody has changed the store; see \"signet cert "
	    "show\" and \"signet audit verify\"");
	return 0;
}

static bool
is_anchor(STACK_OF(X509) *anchors, X509 *cert)
{
	for (int i = 0; i < sk_X509_num(anchors); i++)
		if (cert_is_same(sk_X509_value(anchors, i), cert))
			return true;
	return false;
}

/* A CA that has expired is still to be found. */
static int
check_chain(X509 *cert, STACK_OF(X509) *anchors, int64_t not_after,
    int64_t now, struct error *e)
{
	return cert_verify_chain(cert, NULL, anchors,
	    now < not_after ? now : not_after, e);
}

static int
ca_parse(struct publish_ca *c, STACK_OF(X509) *anchors, int64_t now,
    struct error *e)
{
	const unsigned char	*p = c->der.p;
	struct cert_look	 look;
	X509			*cert;
	int			 rc = -1;

	cert = d2i_X509(NULL, &p, (long)c->der.len);
	if (cert == NULL || p != c->der.p + c->der.len) {
		error_ssl(e, ERROR_INPUT, "certificate cannot be read");
		goto out;
	}
	if (cert_look(&look, BYTES(c->der.p, c->der.len), e) == -1)
		goto out;
	if (c->is_root && !is_anchor(anchors, cert)) {
		error_set(e, ERROR_DENIED, "is not a root that is trusted "
		    "here");
		error_hint(e, "put it into the file of the setting root");
		goto out;
	}
	if (!c->is_root && check_chain(cert, anchors, look.not_after, now,
	    e) == -1)
		goto out;
	if (issuer_init(&c->issuer, c->name, cert, e) == -1)
		goto out;
	c->cert = cert;
	cert = NULL;
	rc = 0;
 out:
	X509_free(cert);
	return rc;
}

static struct publish_ca *
ca_new(const struct db_ca *row, STACK_OF(X509) *anchors, int64_t now)
{
	struct publish_ca	*c = mem_alloc(sizeof(*c));

	c->name = mem_strdup(row->name);
	c->is_root = row->is_root;
	buf_add(&c->der, row->der.p, row->der.len);
	if (ca_parse(c, anchors, now, &c->error) == -1)
		error_wrap(&c->error, "CA %s", c->name);
	return c;
}

static void
list_load(struct publish_ca *c, const struct db_crl *row,
    const struct buf *der)
{
	struct crl	*list = NULL;
	struct error	*e = &c->list_error;

	error_clear(e);
	c->number = row->number;
	if (crl_parse(&list, BYTES(der->p, der->len), &c->issuer, e) == -1 ||
	    list->params.number != row->number || list->params.base != 0 ||
	    list->params.idp.p != NULL) {
		if (e->code == ERROR_NONE)
			error_set(e, ERROR_INPUT, "the list in the store is "
			    "not the one of its row");
		error_wrap(e, "CRL %lld of %s", (long long)row->number,
		    c->name);
	} else if (c->list != NULL &&
	    list->params.number < c->list->params.number) {
		error_set(e, ERROR_INPUT, "CRL %lld of %s: there was one with "
		    "a higher number, %lld", (long long)row->number, c->name,
		    (long long)c->list->params.number);
	} else {
		crl_free(&c->list);
		buf_clear(&c->list_der);
		c->list = list;
		return;
	}
	crl_free(&list);
}

/* The newest complete list, if it is another one than we have. */
static int
list_refresh(struct publish_ca *c, struct db *db, struct arena *a,
    struct error *e)
{
	struct db_crl	 row;
	struct buf	 der = { 0 };
	int		 found;

	found = db_crl_find(db, c->name, 0, DB_CRL_COMPLETE, 0, &row, a, e);
	if (found != 1 || row.number == c->number)
		return found == -1 ? -1 : 0;
	if (db_crl_load(db, &row, &der, e) == -1) {
		if (e->code == ERROR_UPSTREAM &&
		    strstr(e->text, "is not in the store") == NULL) {
			buf_clear(&der);
			return -1;
		}
		c->list_error = *e;	/* its rows are not whole */
		c->number = row.number;
		error_clear(e);
		buf_clear(&der);
		return 0;
	}
	list_load(c, &row, &der);
	if (c->list != NULL && c->list->der.p == der.p)
		c->list_der = der;
	else
		buf_clear(&der);
	return 0;
}

static void
take_rows(struct publish_cas *cas, const struct db_cas *rows, int64_t now)
{
	struct publish_ca	*c;

	for (size_t i = 0; i < cas->n; i++)
		cas->v[i]->in_store = false;
	for (size_t i = 0; i < rows->n; i++) {
		c = publish_cas_get(cas, rows->v[i].name);
		if (c == NULL || !bytes_equal(rows->v[i].der,
		    BYTES(c->der.p, c->der.len))) {
			if (c != NULL)
				c->name[0] = '\0';	/* never found again */
			c = ca_new(&rows->v[i], cas->anchors, now);
			cas->v = mem_resize(cas->v, cas->n + 1,
			    sizeof(struct publish_ca *));
			cas->v[cas->n++] = c;
		}
		c->in_store = true;
	}
}

int
publish_cas_refresh(struct publish_cas *cas, struct db *db, int64_t now,
    struct error *e)
{
	struct arena	*a = arena_new();
	struct db_cas	 rows;
	int		 rc = -1;

	if (db_ca_list(db, &rows, a, e) == -1)
		goto out;
	take_rows(cas, &rows, now);
	for (size_t i = 0; i < cas->n; i++)
		if (cas->v[i]->in_store && cas->v[i]->cert != NULL &&
		    list_refresh(cas->v[i], db, a, e) == -1)
			goto out;
	rc = 0;
 out:
	arena_free(&a);
	return rc;
}
