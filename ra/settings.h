/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_SETTINGS_H
#define SIGNET_RA_SETTINGS_H
/*
 * Settings of signet-rad (signet-rad.conf(5)).
 */
#include "os/conf.h"

struct rad_cmp_secret {		/* who may ask by CMP, and for what */
	char			*reference, *secret;
	char			*profile;
	char			*holder;		/* field with its id */
	char			*names;			/* pattern */
};

struct rad_conf {
	char			*listen, *listen_cert;
	char			*url, *url_cert;	/* as people type them */
	char			*metrics_listen;
	char			*database;
	char			*state;
	char			*root;
	char			*officers_ca;
	char			*ca_dir;
	char			*profiles;
	struct conf_list	 blocklists;
	char			*tls_key, *tls_cert, *tls_passphrase;
	char			*tls_priorities;
	char			*pages;			/* templates, texts, static */
	char			*brand;			/* or NULL */
	struct conf_list	 languages;
	struct conf_list	 apply;		/* profiles of forms */
	struct conf_list	 offices;
	char			*mail_server;	/* or NULL */
	char			*mail_from, *mail_name, *mail_reply_to;
	char			*mail_ca, *mail_helo, *mail_user;
	char			*mail_password;
	bool			 mail_clear;
	int64_t			 mail_timeout, mail_keep;
	int64_t			 threads;
	int64_t			 connections, per_address, timeout;
	int64_t			 people_per_address;
	int64_t			 idle;			/* of officers' sessions */
	int64_t			 patience;		/* for certificates, s */
	struct rad_cmp_secret	*cmp_secrets;
	size_t			 ncmp_secrets;
	char			*agent_database;
	char			*agent_key, *agent_cert, *agent_passphrase;
	char			*pkcs11_module;
	struct conf_list	 token_paths;
	bool			 token_sockets;
	char			*user;
};
extern const struct conf_item rad_settings[];

/* What the tables cannot say; fills in what depends on other settings. */
int	 rad_conf_check(struct rad_conf *, struct error *);
/* NAME below the state directory; caller frees. */
char	*rad_conf_state(const struct rad_conf *, const char *name);
#endif
