/* SPDX-License-Identifier: Apache-2.0 */
/*
 * General messages of CMP (RFC 9810, 5.3.19): a client asks before it enrols.
 * What we do not know is left out of the answer, as RFC 9483 (4.3) has it; an
 * empty question gets an empty answer, which shows that CMP is spoken.
 */
#include "ca_certs.h"
#include "cmp.h"
#include "x509/der.h"

static bool
is_asked(const STACK_OF(OSSL_CMP_ITAV) *asked, int what)
{
	int	i;

	for (i = 0; i < sk_OSSL_CMP_ITAV_num(asked); i++)
		if (OBJ_obj2nid(OSSL_CMP_ITAV_get0_type(
		    sk_OSSL_CMP_ITAV_value(asked, i))) == what)
			return true;
	return false;
}

#if OPENSSL_VERSION_PREREQ(3, 2)
/* There the value has a type of its own, and is no ASN1_TYPE. */
static OSSL_CMP_ITAV *
ca_certs_itav(const struct ca_certs *all)
{
	STACK_OF(X509)	*certs = sk_X509_new_null();
	OSSL_CMP_ITAV	*one = NULL;
	const uint8_t	*p;
	X509		*x;
	size_t		 i;

	for (i = 0; certs != NULL && i < all->n; i++) {
		p = all->der[i].p;
		x = d2i_X509(NULL, &p, (long)all->der[i].len);
		if (x == NULL || sk_X509_push(certs, x) <= 0) {
			X509_free(x);
			goto out;
		}
	}
	one = OSSL_CMP_ITAV_new_caCerts(certs);
 out:
	sk_X509_pop_free(certs, X509_free);
	return one;
}
#else
static OSSL_CMP_ITAV *
ca_certs_itav(const struct ca_certs *all)
{
	struct buf	 certs = { 0 }, value = { 0 };
	const uint8_t	*p;
	ASN1_TYPE	*any;
	OSSL_CMP_ITAV	*one = NULL;
	size_t		 i;

	for (i = 0; i < all->n; i++)
		der_put_raw(&certs, all->der[i]);
	der_put(&value, DER_SEQUENCE, certs.p, certs.len);
	p = value.p;
	if ((any = d2i_ASN1_TYPE(NULL, &p, (long)value.len)) != NULL &&
	    (one = OSSL_CMP_ITAV_create(OBJ_nid2obj(NID_id_it_caCerts),
	    any)) == NULL)
		ASN1_TYPE_free(any);
	buf_clear(&value);
	buf_clear(&certs);
	return one;
}
#endif

/* RFC 9483, 4.3.1: the CAs above a client's certificate, but no root. */
static int
tell_ca_certs(struct cmp_turn *t, STACK_OF(OSSL_CMP_ITAV) *told,
    struct error *e)
{
	struct ca_certs	 all = { .n = 0 };
	OSSL_CMP_ITAV	*one;
	int		 rc;

	rc = ca_certs_find(&all, t->page->desk, t->profile, false, e);
	if (rc == 0 && all.n > 0 && ((one = ca_certs_itav(&all)) == NULL ||
	    sk_OSSL_CMP_ITAV_push(told, one) <= 0)) {
		OSSL_CMP_ITAV_free(one);
		rc = error_ssl(e, ERROR_CRYPTO, "CMP general answer");
	}
	ca_certs_clear(&all);
	return rc;
}

int
cmp_inform(struct cmp_turn *t, const STACK_OF(OSSL_CMP_ITAV) *asked,
    STACK_OF(OSSL_CMP_ITAV) *told, struct error *e)
{
	return is_asked(asked, NID_id_it_caCerts) ?
	    tell_ca_certs(t, told, e) : 0;
}
