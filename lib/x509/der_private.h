/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_DER_PRIVATE_H
#define SIGNET_X509_DER_PRIVATE_H
/*
 * What the reader and der_check() share.
 */
#include "x509/der.h"

struct der_header {
	uint8_t	 tag;
	size_t	 size;		/* tag and length octets */
	size_t	 len;		/* content */
};
/* The rule that was broken, or NULL. */
const char *der_parse_header(struct bytes in, struct der_header *);
/* YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ, the only forms that RFC 5280 has: 0 or
 * -1. */
int	 der_parse_time(uint8_t tag, struct bytes content, int64_t *);
#endif
