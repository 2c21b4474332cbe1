/* SPDX-License-Identifier: Apache-2.0 */
#include "ca_certs.h"

#include <string.h>

#include "x509/ca_name.h"

static int
add(struct ca_certs *all, X509 *cert, struct error *e)
{
	unsigned char	*der = NULL;
	struct bytes	 one;
	size_t		 i;
	int		 len;

	if ((len = i2d_X509(cert, &der)) <= 0)
		return error_ssl(e, ERROR_CRYPTO, "certificate");
	one = BYTES(der, len);
	for (i = 0; i < all->n; i++)
		if (bytes_equal(all->der[i], one))
			break;
	if (i < all->n || all->n == CA_CERTS_MAX)
		OPENSSL_free(der);
	else
		all->der[all->n++] = one;
	return 0;
}

static int
add_all(struct ca_certs *all, const STACK_OF(X509) *certs, struct error *e)
{
	int	i;

	for (i = 0; i < sk_X509_num(certs); i++)
		if (add(all, sk_X509_value(certs, i), e) == -1)
			return -1;
	return 0;
}

void
ca_certs_clear(struct ca_certs *all)
{
	while (all->n > 0)
		OPENSSL_free((void *)(uintptr_t)all->der[--all->n].p);
}

static bool
issues(const struct profile *p, const char *ca)
{
	char	family[CA_NAME_SIZE];
	size_t	i;

	ca_name_split(ca, family);
	for (i = 0; p != NULL && i < p->cas.n; i++)
		if (strcmp(p->cas.v[i], family) == 0)
			return true;
	return p == NULL;
}

int
ca_certs_find(struct ca_certs *all, struct desk *desk,
    const struct profile *profile, bool roots, struct error *e)
{
	size_t	i;

	if (desk_need(desk, DESK_TRUST, e) == -1)
		return -1;
	for (i = 0; i < desk->nissuers; i++)
		if (issues(profile, desk->issuer[i].name) &&
		    (add(all, desk->issuer[i].cert, e) == -1 ||
		    add_all(all, desk->issuer[i].chain, e) == -1))
			return -1;
	return roots ? add_all(all, desk->anchors, e) : 0;
}
