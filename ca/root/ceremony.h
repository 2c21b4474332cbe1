/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_ROOT_CEREMONY_H
#define SIGNET_ROOT_CEREMONY_H
/*
 * The ceremony file: everything that a ceremony is going to do, in one file
 * that can be reviewed before (signet-ceremony(5)).
 *
 * Each verb has its own table of settings.  Options on the command line are
 * turned into such a file first and then read like one, so that the record
 * always holds a ceremony file.
 */
#include "base/error.h"
#include "base/mem.h"
#include "os/cmd.h"
#include "os/conf.h"

#define CEREMONY_MAX	(64 * 1024)	/* bytes of a ceremony file */

struct ceremony_attr {		/* { attr = "O"; value = "Example"; } */
	char	*attr;
	char	*value;
};
struct ceremony_custodian {	/* { name = "custodian-1"; } */
	char	*name;
	char	*passphrase;	/* where from: a secret_fetch() source */
};

struct ceremony {
	char			*verb;
	char			*comment;
	char			*operator;
	int64_t			 generation;	/* of the root; 0: the present */
	char			*name;
	char			*key;		/* kind, or a token's URI */
	char			*algorithm;	/* of a key in a token */
	char			*existing_key;	/* why it is taken */
	int64_t			 validity;	/* 0: the profile's */
	int64_t			 crl_lifetime;	/* 0: as at init */
	struct conf_groups	 subject;	/* ceremony_attr */
	struct conf_list	 cdp, aia;
	/* Protection of a new key. */
	struct conf_groups	 custodians;	/* ceremony_custodian */
	int64_t			 threshold;
	char			*passphrase;
	/* certify, cross-certify */
	char			*csr;
	char			*certificate;
	char			*no_possession;
	char			*profile;
	int64_t			 path_length;	/* -1: the profile's */
	struct conf_list	 ext_key_usage, policies;
	char			*again;
	/* cross-certify */
	struct conf_list	 permitted, excluded, policy_mappings;
	int64_t			 require_explicit_policy;	/* -1: absent */
	int64_t			 inhibit_policy_mapping, inhibit_any_policy;
	char			*issued_to_us;
	/* revoke, retire */
	char			*target;
	char			*reason;
	/* approve */
	struct conf_list	 orders;
	char			*output;
};

/* The settings of a verb; NULL for an unknown verb. */
const struct conf_item *ceremony_items(const char *verb);
/* text is parsed and "verb" must agree.  base, unless NULL, is the file's
 * path: csr, certificate, issued_to_us and orders are relative to its directory. */
int	 ceremony_parse(struct ceremony *, const char *verb, const char *text,
	    const char *path, struct error *);
/* The equivalent file of a command line: each setting with the value of the
 * option of its name (dashes for underscores). */
int	 ceremony_write(struct buf *text, const char *verb,
	    const struct cmd_args *, struct error *);
void	 ceremony_clear(struct ceremony *, const char *verb);
#endif
