/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/cert_pair.h"

#include <openssl/err.h>

#include "x509/cert.h"
#include "x509/der.h"

#define DEPTH	32

/* issuedToThisCA is [0], issuedByThisCA [1], each EXPLICIT and OPTIONAL: 1
 * there is one, 0, -1 there is something else. */
static int
take_half(X509 **out, struct bytes *in, int number)
{
	const unsigned char	*p;
	struct bytes		 content;

	if (!der_peek(*in, DER_CONTEXT_CONS(number)))
		return 0;
	if (der_take(in, DER_CONTEXT_CONS(number), &content) == -1)
		return -1;
	p = content.p;
	*out = d2i_X509(NULL, &p, (long)content.len);
	return *out != NULL && p == content.p + content.len ? 1 : -1;
}

static bool
is_about(X509 *cert, X509 *ca)
{
	return cert == NULL || (X509_NAME_cmp(X509_get_subject_name(cert),
	    X509_get_subject_name(ca)) == 0 &&
	    EVP_PKEY_eq(X509_get0_pubkey(cert), X509_get0_pubkey(ca)) == 1);
}

static bool
is_by(X509 *cert, X509 *ca)
{
	return cert == NULL || cert_is_by(cert, ca);
}

int
cert_pair_check(struct bytes der, X509 *ca, struct error *e)
{
	struct bytes	 in = der, pair;
	X509		*to = NULL, *by = NULL;
	int		 first, second, rc = -1;

	if (der_check(der, DEPTH, e) == -1)
		return -1;
	if (der_take(&in, DER_SEQUENCE, &pair) == -1 ||
	    (first = take_half(&to, &pair, 0)) == -1 ||
	    (second = take_half(&by, &pair, 1)) == -1 || pair.len > 0 ||
	    first + second == 0)
		error_set(e, ERROR_INPUT, "is not a pair of cross "
		    "certificates (X.509, 11.2.3)");
	else if (!is_about(to, ca))
		error_set(e, ERROR_INPUT, "its first certificate was issued "
		    "to another CA or key");
	else if (!is_by(by, ca))
		error_set(e, ERROR_INPUT, "its second certificate was not "
		    "issued by this CA");
	else
		rc = 0;
	ERR_clear_error();
	X509_free(to);
	X509_free(by);
	return rc;
}
