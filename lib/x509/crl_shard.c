/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/crl_shard.h"

#include <stdio.h>
#include <string.h>
#include "x509/cert.h"
#include "x509/der.h"

#define URI	DER_CONTEXT(6)		/* of GeneralName, RFC 5280, 4.2.1.6 */

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

/* One point, in it one name and nothing else, which is an address: all of it is
 * read in place.  Who had not the memory to look would take it for none, and the
 * revocation would never come to the list that the certificate names. */
static int
take_only_url(struct bytes in, struct bytes *url)
{
	static const uint8_t	 way[] = { DER_SEQUENCE, DER_SEQUENCE,
				    DER_CONTEXT_CONS(0), DER_CONTEXT_CONS(0),
				    URI };
	size_t			 i;

	for (i = 0; i < sizeof(way); i++) {
		if (der_take(&in, way[i], url) == -1 || in.len > 0)
			return -1;
		in = *url;
	}
	return 0;
}

const char *
crl_shard_address_in(char dst[CRL_SHARD_URL], struct bytes value)
{
	struct bytes	 url;

	*dst = '\0';
	if (take_only_url(value, &url) == 0 && url.len > 0 &&
	    url.len < CRL_SHARD_URL && memchr(url.p, 0, url.len) == NULL) {
		memcpy(dst, url.p, url.len);
		dst[url.len] = '\0';
	}
	return dst;
}

const char *
crl_shard_address(char dst[CRL_SHARD_URL], X509 *cert)
{
	return crl_shard_address_in(dst, cert_extension(cert,
	    NID_crl_distribution_points));
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
