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

static int
add(STACK_OF(OSSL_CMP_ITAV) *told, int what, const struct buf *value,
    struct error *e)
{
	const unsigned char	*p = value->p;
	ASN1_TYPE		*any = d2i_ASN1_TYPE(NULL, &p,
				    (long)value->len);
	OSSL_CMP_ITAV		*one = NULL;

	if (any != NULL && (one = OSSL_CMP_ITAV_create(OBJ_nid2obj(what),
	    any)) == NULL)
		ASN1_TYPE_free(any);
	if (one != NULL && sk_OSSL_CMP_ITAV_push(told, one) > 0)
		return 0;
	OSSL_CMP_ITAV_free(one);
	return error_ssl(e, ERROR_CRYPTO, "CMP general answer");
}

/* RFC 9483, 4.3.1: the CAs above a client's certificate, but no root. */
static int
tell_ca_certs(struct cmp_turn *t, STACK_OF(OSSL_CMP_ITAV) *told,
    struct error *e)
{
	struct ca_certs	 all = { .n = 0 };
	struct buf	 certs = { 0 }, value = { 0 };
	size_t		 i;
	int		 rc;

	rc = ca_certs_find(&all, t->page->desk, t->profile, false, e);
	for (i = 0; i < all.n; i++)
		der_put_raw(&certs, all.der[i]);
	if (rc == 0 && all.n > 0) {
		der_put(&value, DER_SEQUENCE, certs.p, certs.len);
		rc = add(told, NID_id_it_caCerts, &value, e);
	}
	buf_clear(&value);
	buf_clear(&certs);
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
