/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_CMP_MESSAGE_H
#define SIGNET_RA_CMP_MESSAGE_H
/*
 * What has to be known of a CMP message (RFC 9810) before OpenSSL reads it:
 * that it is DER, who protects it and how, and of which transaction it is.
 */
#include <stdbool.h>
#include "base/error.h"
#include "base/mem.h"

#define CMP_MESSAGE_MAX	(64 * 1024)
#define CMP_ID_MAX	64

enum cmp_protection { CMP_UNPROTECTED, CMP_MAC, CMP_SIGNATURE };

enum {			/* tags of PKIBody, RFC 9810, 5.1.2 */
	CMP_IR = 0, CMP_CR = 2, CMP_P10CR = 4, CMP_KUR = 7, CMP_RR = 11,
	CMP_RP = 12, CMP_PKICONF = 19, CMP_GENM = 21, CMP_ERROR = 23,
	CMP_POLLREQ = 25
};

struct cmp_message {
	enum cmp_protection	 protection;
	struct bytes		 reference;	/* senderKID, or empty */
	struct bytes		 transaction;	/* 1 to CMP_ID_MAX octets */
	unsigned int		 body;		/* tag of PKIBody */
	struct bytes		 signer;	/* first of extraCerts, or empty */
};
/* Borrowed from der.  ERROR_INPUT. */
int	 cmp_message_read(struct cmp_message *, struct bytes der,
	    struct error *);
#endif
