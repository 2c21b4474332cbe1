/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CRL_SETTINGS_H
#define SIGNET_CRL_SETTINGS_H
/*
 * Settings of signet-crld (signet-crld.conf(5)).
 */
#include "os/conf.h"

struct crld_conf {
	char			*instance;
	char			*database;
	char			*root;
	char			*officers_ca;
	char			*agent_database;
	char			*agent_key;
	char			*agent_cert;
	char			*agent_passphrase;
	char			*profiles;
	char			*directories;
	char			*ca_dir;
	struct conf_list	 root_crls;
	struct conf_list	 links;
	char			*directory;
	char			*state;
	struct conf_list	 listen;
	char			*metrics_listen;
	int64_t			 threads;
	int64_t			 connections;
	int64_t			 per_address;
	int64_t			 timeout;
	int64_t			 crl_max_age;
	int64_t			 cert_max_age;
	int64_t			 poll;
	int64_t			 warn;
	char			*user;
};
extern const struct conf_item crld_settings[];

/* What the tables cannot say. */
int	 crld_conf_check(const struct crld_conf *, struct error *);
#endif
