/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_OCSP_PRIVATE_H
#define SIGNET_X509_OCSP_PRIVATE_H
/*
 * Private to the files ocsp_*.c: numbers, not code, for both sides.
 */
#include <openssl/evp.h>
#include "x509/alg.h"
#include "x509/ocsp.h"

#define OCSP_DEPTH	24	/* signed ones carry certificates */

/* Last arcs under id-pkix-ocsp. */
enum ocsp_ext { OCSP_EXT_BASIC = 1, OCSP_EXT_NONCE, OCSP_EXT_CRL,
    OCSP_EXT_RESPONSE, OCSP_EXT_NOCHECK, OCSP_EXT_CUTOFF, OCSP_EXT_LOCATOR,
    OCSP_EXT_PREFERRED, OCSP_EXT_EXTENDED };
/* DER of the whole OBJECT IDENTIFIER but for the last octet, the arc. */
#define OCSP_OID	0x06, 0x09, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, \
			    0x01
/* Of the content; 0: another arc. */
int	 ocsp_ext_of(struct bytes oid);
/* RFC 9654, 2.1: of 1 to 128 octets. */
bool	 ocsp_nonce_fits(struct bytes value);
#endif
