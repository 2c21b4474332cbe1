/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_IDN_H
#define SIGNET_X509_IDN_H
/*
 * Domains as people write them, turned into what orders and certificates
 * carry: A-labels (RFC 5890).  For programs that talk with people; those that
 * sign see A-labels only and check them by themselves (mail_address.h), so
 * this module alone needs libidn2 (doc/decisions/0019).
 */
#include "base/error.h"
#include "x509/name.h"
#include "x509/profile.h"

#define IDN_SIZE	256

/* ERROR_INPUT with the rule of IDNA that the domain breaks. */
int	 idn_to_ascii(char dst[IDN_SIZE], const char *domain, struct error *);
/* The domains in those fields that the profile makes mail addresses and host
 * names of; the rest stays. */
int	 idn_fields(const struct profile *, struct fields *, struct error *);
#endif
