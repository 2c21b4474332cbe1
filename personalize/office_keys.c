/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the clerk needs: the keys and secrets that no other process has.
 */
#include "office_private.h"

#include "base/log.h"
#include "x509/cert.h"

static int
get_secret(struct secret *s, const char *from, const void *usual, size_t n,
    struct error *e)
{
	return from != NULL ? secret_fetch(s, from, "factory", e) :
	    secret_set(s, usual, n, e);
}

/* SP 800-73 leaves it open; these are what blanks are sold with. */
static int
get_factory(struct office *o, struct error *e)
{
	static const uint8_t	 usual[24] = { 1, 2, 3, 4, 5, 6, 7, 8, 1, 2,
		3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8 };
	const struct station_conf *c = o->conf;

	return get_secret(&o->factory_management, c->factory_management,
	    usual, sizeof(usual), e) == -1 ||
	    get_secret(&o->factory_pin, c->factory_pin, "123456", 6,
	    e) == -1 || get_secret(&o->factory_puk, c->factory_puk,
	    "12345678", 8, e) == -1 ? -1 : 0;
}

static int
get_agent(struct office *o, struct error *e)
{
	const struct station_conf	*c = o->conf;
	const struct place_source	 from = { .key = c->agent_key,
					    .cert = c->agent_cert,
					    .secret = c->agent_passphrase,
					    .module = c->pkcs11_module,
					    .what = "agent" };

	if (place_open(&o->place, &from, &o->secret, e) == -1 ||
	    place_load(&o->place, &o->agent, e) == -1 ||
	    place_seen(&o->place, &o->agent_file, e) == -1)
		return -1;
	return place_check_role(&o->place, &o->agent, ROLE_STATION_AGENT, e);
}

static int
find_agent(struct office *o, struct identity *fresh, struct error *e)
{
	int	 found = place_look(&o->place, &o->agent_file, fresh, e);

	if (found == 1 && place_check_role(&o->place, fresh,
	    ROLE_STATION_AGENT, e) == -1) {
		identity_free(fresh);
		found = -1;
	}
	return found;
}

void
office_look_agent(struct office *o)
{
	struct identity	 fresh;
	struct error	 e = ERROR_INIT;
	int		 found = find_agent(o, &fresh, &e);

	if (found == -1 && !o->agent_told)
		log_error(&e, "the station's new certificate");
	o->agent_told = found == -1;
	if (found != 1)
		return;
	identity_free(&o->agent);
	o->agent = fresh;
	log_info("the station's new certificate is in use");
}

static int
add_station(struct office *o, X509 *cert, struct error *e)
{
	if (sk_X509_push(o->stations, cert) <= 0) {
		X509_free(cert);
		return error_set(e, ERROR_NOMEM, "no memory");
	}
	return 0;
}

/* Else it would be found out with the first blank, which is then spoiled. */
static int
get_master(struct office *o, struct error *e)
{
	if (o->conf->master == NULL)
		return 0;
	if (secret_fetch(&o->master, o->conf->master, "master key of cards",
	    e) == -1)
		return -1;
	if (o->master.len == OFFICE_MASTER)
		return 0;
	return error_set(e, ERROR_CONFIG, "master: the key has %zu bytes, not "
	    "%d", o->master.len, OFFICE_MASTER);
}

static int
get_seals(struct office *o, struct error *e)
{
	const struct station_conf	*c = o->conf;
	X509				*peer;

	if ((o->stations = sk_X509_new_null()) == NULL)
		return error_set(e, ERROR_NOMEM, "no memory");
	if (key_load(&o->seal_key, c->seal_key, c->seal_passphrase,
	    e) == -1 || cert_load(&o->seal_cert, c->seal_cert, e) == -1 ||
	    cert_load(&o->escrow, c->escrow, e) == -1 ||
	    cert_load(&o->mailing_house, c->mailing_house, e) == -1)
		return -1;
	if (!key_matches(o->seal_cert, o->seal_key))
		return error_set(e, ERROR_CONFIG, "%s is not the certificate "
		    "of %s", c->seal_cert, c->seal_key);
	X509_up_ref(o->seal_cert);
	if (add_station(o, o->seal_cert, e) == -1)
		return -1;
	for (size_t i = 0; i < c->peers.n; i++)
		if (cert_load(&peer, c->peers.v[i], e) == -1 ||
		    add_station(o, peer, e) == -1)
			return -1;
	return get_master(o, e);
}

void
office_clear(struct office *o)
{
	for (size_t i = 0; i < o->nseats; i++) {
		if (o->seat[i].arena != NULL)
			seat_leave(&o->seat[i]);
		arena_free(&o->seat[i].arena);
	}
	mem_free(&o->seat);
	arena_free(&o->look);
	db_close(&o->db);
	identity_free(&o->agent);
	place_clear(&o->place);
	EVP_PKEY_free(o->seal_key);
	X509_free(o->seal_cert);
	X509_free(o->escrow);
	X509_free(o->mailing_house);
	sk_X509_pop_free(o->stations, X509_free);
	secret_free(&o->secret.secret);
	secret_free(&o->master);
	office_clear_channels(o);
	secret_free(&o->factory_management);
	secret_free(&o->factory_pin);
	secret_free(&o->factory_puk);
}

int
office_keys(struct office *o, const struct office_setup *setup,
    struct error *e)
{
	o->setup = setup;
	o->conf = setup->conf;
	return get_factory(o, e) == -1 || get_agent(o, e) == -1 ||
	    get_seals(o, e) == -1 || office_get_channels(o, e) == -1 ? -1 : 0;
}

int
office_check(const struct office_setup *setup, struct error *e)
{
	struct office	 o = { .parent = -1 };
	int		 rc = office_keys(&o, setup, e);

	office_clear(&o);
	return rc;
}
