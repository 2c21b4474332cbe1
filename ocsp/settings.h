/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OCSP_SETTINGS_H
#define SIGNET_OCSP_SETTINGS_H
/*
 * Settings of signet-ocspd (signet-ocspd.conf(5)).
 */
#include "os/conf.h"

struct ocspd_conf {
	struct conf_list	 listen;
	char			*metrics_listen;
	char			*database;
	char			*state;
	char			*root;
	char			*officers_ca;
	char			*profiles;
	int64_t			 lifetime, unknown_lifetime;
	char			*never_issued;
	int64_t			 archive_cutoff;	/* 0: none */
	int64_t			 freshness, max_lag;
	int64_t			 poll_ms, query_ms;
	int64_t			 threads;		/* 0: per processor */
	int64_t			 answers_mb, statuses_mb;
	int64_t			 connections, per_address;
	char			*signer_passphrase;
	char			*user;
	/* Fetching signers: all of it absent, or none. */
	char			*agent_database;
	char			*agent_key, *agent_cert, *agent_passphrase;
	char			*signer_key, *signer_uri;
	char			*pkcs11_module;
	struct conf_list	 token_paths;
	bool			 token_sockets;
	int64_t			 token_timeout;
};
extern const struct conf_item ocspd_settings[];

/* What the tables cannot say; fills in where "listen" is empty. */
int	 ocspd_conf_check(struct ocspd_conf *, struct error *);
/* never_issued = "revoked" */
bool	 ocspd_conf_extended_revoked(const struct ocspd_conf *);
/* NAME below the state directory; caller frees. */
char	*ocspd_conf_state(const struct ocspd_conf *, const char *name);
#endif
