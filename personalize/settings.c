/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"
#include "base/text.h"

static const struct conf_item	 channel_items[] = {
	CONF_STR_REQUIRED(struct station_channel, batch,
	    "Batch whose blanks come bare."),
	CONF_STR(struct station_channel, enc, NULL,
	    "Where the key comes from that enciphers: 32, 48 or 64"
	    " hexadecimal digits."),
	CONF_STR(struct station_channel, mac, NULL,
	    "The same, of the key that protects."),
	CONF_STR(struct station_channel, master, NULL,
	    "Instead of both: the key that each card's are derived of (KDF3)."),
	CONF_NUM(struct station_channel, version, 0, 0, 127,
	    "Version of these keys on the card; 0: its first."),
	CONF_BOOL(struct station_channel, long_challenges, false,
	    "Whether the cards use challenges of 16 bytes (S16)."),
	CONF_END
};

typedef struct station_conf	 conf;
const struct conf_item	 STATION_CONF[] = {
	CONF_STR(conf, station, "station-1",
	    "Name of this station, in the journal and on the board."),
	CONF_STR(conf, user, NULL,
	    "Become this user when started by root."),
	CONF_STR_REQUIRED(conf, database,
	    "The store, as libpq takes it, with the role signet_station."),
	CONF_STR(conf, layouts, DATADIR "/cards",
	    "Directory of the layouts of cards."),
	CONF_STR_REQUIRED(conf, agent_key,
	    "Key of the station: a file or a pkcs11: URI."),
	CONF_STR(conf, agent_cert, NULL,
	    "Its certificate, with the role station-agent; by default in the"
	    " file of the key."),
	CONF_STR(conf, agent_passphrase, NULL,
	    "Where its passphrase or PIN comes from, such as file:PATH."),
	CONF_STR(conf, agent_database, NULL,
	    "The store as role signet_agent: the station's certificate is"
	    " renewed through it; default: it is not renewed by itself."),
	CONF_STR(conf, root, SYSCONFDIR "/ca/root.pem",
	    "PEM file with the root certificates that a new one is checked"
	    " to."),
	CONF_STR(conf, officers_ca, "services",
	    "The CA whose certificates carry roles."),
	CONF_STR(conf, pkcs11_module, NULL,
	    "Module of the token that a pkcs11: URI is in."),
	CONF_LIST(conf, token_paths,
	    "Paths that this module reads and writes."),
	CONF_BOOL(conf, token_sockets, false,
	    "Whether it needs a socket of this machine."),
	CONF_STR_REQUIRED(conf, seal_key,
	    "Key that opens the secrets of cards under way."),
	CONF_STR_REQUIRED(conf, seal_cert,
	    "Its certificate."),
	CONF_STR(conf, seal_passphrase, NULL,
	    "Where the passphrase of that key comes from."),
	CONF_LIST(conf, peers,
	    "Certificates of other stations that may go on with a card."),
	CONF_STR_REQUIRED(conf, escrow,
	    "Certificate to which PUKs and management keys are sealed."),
	CONF_STR_REQUIRED(conf, mailing_house,
	    "Certificate to which PIN letters are sealed."),
	CONF_STR(conf, master, NULL,
	    "Where the key comes from that management keys are derived of;"
	    " needed by layouts that say so."),
	CONF_STR(conf, factory_management, NULL,
	    "Where the management key of blanks comes from; by default it is"
	    " the usual one."),
	CONF_STR(conf, factory_pin, NULL,
	    "Where the PIN of blanks comes from; by default 123456."),
	CONF_STR(conf, factory_puk, NULL,
	    "Where the PUK of blanks comes from; by default 12345678."),
	CONF_GROUPS(conf, channels, channel_items, struct station_channel,
	    "The channels by which blanks with nothing on them are prepared."),
	CONF_LIST(conf, readers,
	    "Names of the readers, as PC/SC has them; by default all."),
	CONF_STR(conf, letters, DATADIR "/letters",
	    "Directory of the templates of PIN letters."),
	CONF_STR(conf, activate_at, NULL,
	    "Where a card is activated, as its letter says."),
	CONF_END
};

int
station_conf_check(const struct station_conf *c, struct error *e)
{
	if (!text_is_name(c->station))
		return error_set(e, ERROR_CONFIG, "station: \"%s\" is not a "
		    "name", c->station);
	if (c->agent_database != NULL && c->agent_passphrase != NULL &&
	    strcmp(c->agent_passphrase, "prompt") == 0) {
		error_set(e, ERROR_CONFIG, "agent_database: who renews the "
		    "certificate has nobody to ask for agent_passphrase");
		return error_hint(e, "put it into a file: file:PATH; or leave "
		    "agent_database out");
	}
	for (size_t i = 0; i < c->channels.n; i++) {
		const struct station_channel *v =
		    (const struct station_channel *)c->channels.v + i;

		if ((v->master != NULL) == (v->enc != NULL) ||
		    (v->enc != NULL) != (v->mac != NULL))
			return error_set(e, ERROR_CONFIG, "channels: batch %s "
			    "needs \"enc\" and \"mac\", or \"master\"",
			    v->batch);
	}
	return 0;
}
