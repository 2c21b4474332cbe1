/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CA_SETTINGS_H
#define SIGNET_CA_SETTINGS_H
/*
 * Settings of signet-cad (signet-cad.conf(5)).
 */
#include "os/conf.h"

struct ca_conf {			/* one of cas = ( { ... }, ... ) */
	char			*name;
	char			*cert;
	char			*key;
	char			*passphrase;
	char			*signature;	/* scheme; NULL: the usual */
	struct conf_list	 cdp, ocsp, aia;
	int64_t			 crl_lifetime, crl_interval;
	struct conf_list	 crl_reasons;
	char			*start;		/* checked by cad_conf_check() */
	int64_t			 roll_before;
	int64_t			 crl_delta;	/* 0: no deltas */
	char			*crl_delta_url;
	int64_t			 crl_shards;	/* drawn from; 0: none */
	char			*crl_shard_url;	/* crl_shard.h */
};

struct cad_conf {
	char			*instance;
	char			*database;
	char			*state;
	char			*profiles;
	struct conf_list	 blocklists;
	char			*root;
	char			*root_crl;
	char			*attestation_roots;
	char			*officers_ca;
	char			*agent_key, *agent_cert, *agent_passphrase;
	char			*agent_database;
	char			*heads;
	int64_t			 heads_interval;
	char			*metrics;
	int64_t			 workers;
	char			*pkcs11_module;
	struct conf_list	 token_paths;
	bool			 token_sockets;
	int64_t			 token_timeout;
	int64_t			 signing_threads;
	int64_t			 group;
	int64_t			 poll;
	int64_t			 takeover;
	char			*user;
	struct conf_groups	 cas;		/* struct ca_conf */
};
extern const struct conf_item cad_settings[];

/* What the tables cannot say: names, at least one CA, officers_ca known,
 * generations apart. */
int	 cad_conf_check(const struct cad_conf *, struct error *);
const struct ca_conf *cad_conf_ca(const struct cad_conf *, size_t i);
/* From when on a generation issues; 0 without the setting. */
int64_t	 ca_conf_start(const struct ca_conf *);
#endif
