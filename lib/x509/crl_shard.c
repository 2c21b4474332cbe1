/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/crl_shard.h"

#include <stdio.h>
#include <string.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include "x509/cert_look.h"

int
crl_shard_check(const char *url, struct error *e)
{
	const char	*p, *mark = strstr(url, "%d");

	for (p = url; *p > ' ' && *p < 0x7f; p++)
		;
	if (*p != '\0' || strncmp(url, "http://", 7) != 0)
		return error_set(e, ERROR_CONFIG, "\"%s\" is not an http "
		    "address", url);
	/* Four digits take more room than the mark. */
	if (strlen(url) + 4 > CRL_SHARD_URL)
		return error_set(e, ERROR_CONFIG, "\"%.60s...\" is too long",
		    url);
	if (mark == NULL || strchr(url, '%') != mark ||
	    strchr(mark + 1, '%') != NULL)
		return error_set(e, ERROR_CONFIG, "\"%s\" has not one %%d, "
		    "where the shard's number goes", url);
	return 0;
}

const char *
crl_shard_url(char dst[CRL_SHARD_URL], const char *url, int64_t shard)
{
	const char	*mark = strstr(url, "%d");

	snprintf(dst, CRL_SHARD_URL, "%.*s%lld%s", (int)(mark - url), url,
	    (long long)shard, mark + 2);
	return dst;
}

int
crl_shard_draw(int64_t *shard, int64_t n, const struct rng *rng,
    struct error *e)
{
	const uint32_t	 some = (uint32_t)n;
	const uint32_t	 fair = UINT32_MAX - UINT32_MAX % some;
	uint8_t		 b[4];
	uint32_t	 v;

	do {
		if (rng_fill(rng, b, sizeof(b), e) == -1)
			return -1;
		v = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
		    (uint32_t)b[2] << 8 | b[3];
	} while (v >= fair);
	*shard = 1 + v % some;
	return 0;
}

static const ASN1_STRING *
only_url(const CRL_DIST_POINTS *points)
{
	const DIST_POINT	*d;
	const GENERAL_NAME	*name;

	if (points == NULL || sk_DIST_POINT_num(points) != 1)
		return NULL;
	d = sk_DIST_POINT_value(points, 0);
	if (d->distpoint == NULL || d->distpoint->type != 0 ||
	    d->reasons != NULL || d->CRLissuer != NULL ||
	    sk_GENERAL_NAME_num(d->distpoint->name.fullname) != 1)
		return NULL;
	name = sk_GENERAL_NAME_value(d->distpoint->name.fullname, 0);
	return name->type == GEN_URI ? name->d.uniformResourceIdentifier :
	    NULL;
}

/* Takes the points. */
static const char *
address_of(char dst[CRL_SHARD_URL], CRL_DIST_POINTS *points)
{
	const ASN1_STRING	*url = only_url(points);
	size_t			 len;

	*dst = '\0';
	len = url != NULL ? (size_t)ASN1_STRING_length(url) : 0;
	if (len > 0 && len < CRL_SHARD_URL &&
	    memchr(ASN1_STRING_get0_data(url), 0, len) == NULL) {
		memcpy(dst, ASN1_STRING_get0_data(url), len);
		dst[len] = '\0';
	}
	CRL_DIST_POINTS_free(points);
	ERR_clear_error();
	return dst;
}

const char *
crl_shard_address(char dst[CRL_SHARD_URL], X509 *cert)
{
	return address_of(dst, X509_get_ext_d2i(cert,
	    NID_crl_distribution_points, NULL, NULL));
}

const char *
crl_shard_address_in(char dst[CRL_SHARD_URL], struct bytes value)
{
	return address_of(dst, cert_look_decode(ASN1_ITEM_rptr(CRL_DIST_POINTS),
	    value));
}

static int64_t
shard_at(const char *has, const char *url)
{
	const size_t	 head = (size_t)(strstr(url, "%d") - url);
	char		 same[CRL_SHARD_URL];
	int64_t		 shard = 0;
	const char	*p;

	if (strncmp(has, url, head) != 0)
		return 0;
	for (p = has + head; p < has + head + 4 && *p >= '0' && *p <= '9'; p++)
		shard = 10 * shard + (*p - '0');
	/* It is one only as we would write it. */
	return shard > 0 && strcmp(has, crl_shard_url(same, url, shard)) == 0 ?
	    shard : 0;
}

int64_t
crl_shard_of(X509 *cert, const char *url)
{
	char	has[CRL_SHARD_URL];

	return shard_at(crl_shard_address(has, cert), url);
}

int64_t
crl_shard_of_in(struct bytes value, const char *url)
{
	char	has[CRL_SHARD_URL];

	return shard_at(crl_shard_address_in(has, value), url);
}
