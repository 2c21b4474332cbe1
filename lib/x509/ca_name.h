/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_CA_NAME_H
#define SIGNET_X509_CA_NAME_H
/*
 * Names of CAs and of their generations.
 *
 * Orders and profiles name a CA, "people".  Its first generation has the same
 * name; those that follow are "people.g2", "people.g3" and so on.  Store,
 * ledger, revocation lists and audit chain name generations, each of which is
 * one key.  The name alone says to which CA a generation belongs, so that an
 * auditor needs no table for it.
 */
#include <stdbool.h>
#include <stddef.h>

#define CA_NAME_SIZE	65	/* as text_is_name() */
#define CA_GENERATIONS	999

/* The generation, 1 ... CA_GENERATIONS; family is the CA's name.  Whatever is
 * not "NAME.gN" with an N of 2 or more is a first generation. */
int	 ca_name_split(const char *name, char family[CA_NAME_SIZE]);
/* Is it a generation of the CA "family"? */
bool	 ca_name_is_of(const char *name, const char *family);
/* The name of a generation; -1 if it does not fit. */
int	 ca_name_make(char name[CA_NAME_SIZE], const char *family,
	    int generation);
#endif
