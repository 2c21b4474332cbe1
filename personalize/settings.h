/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PERSONALIZE_SETTINGS_H
#define SIGNET_PERSONALIZE_SETTINGS_H
/*
 * Settings of a station, from station.conf.
 */
#include "os/conf.h"

struct station_channel {	/* channels = ( { batch = "..."; ... } ) */
	char			*batch;
	char			*enc, *mac;	/* sources, or ... */
	char			*master;	/* ... of which they are derived */
	int64_t			 version;
	bool			 long_challenges;
};

struct station_conf {
	char			*station;	/* its name, in the journal */
	char			*user;
	char			*database;
	char			*layouts;	/* directory */
	char			*agent_key, *agent_cert, *agent_passphrase;
	char			*agent_database, *root, *officers_ca;
	char			*pkcs11_module;
	struct conf_list	 token_paths;
	bool			 token_sockets;
	char			*seal_key, *seal_cert, *seal_passphrase;
	struct conf_list	 peers;		/* certificates of other stations */
	char			*escrow;	/* certificate, PEM */
	char			*mailing_house;
	char			*master;	/* source of the master key */
	char			*factory_management, *factory_pin,
				*factory_puk;	/* sources; NULL: the usual */
	struct conf_groups	 channels;	/* of bare cards */
	struct conf_list	 readers;	/* all, where it is empty */
	char			*letters;	/* directory of their templates */
	char			*activate_at;	/* address in the letter */
};
extern const struct conf_item STATION_CONF[];
#define STATION_CONF_PATH	SYSCONFDIR "/signet-station.conf"

/* What the table cannot say. */
int	 station_conf_check(const struct station_conf *, struct error *);
#endif
