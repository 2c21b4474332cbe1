/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_SUBJECT_H
#define SIGNET_RA_SUBJECT_H
/*
 * Whom a certificate names, where there is no certificate at hand but only its
 * subject as the store's lists have it: text, RFC 4514.
 */
#include "base/mem.h"

/* The common name, in the arena; all of it where there is none. */
const char *subject_name(struct arena *, const char *subject);
#endif
