/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store, and what it says of approvers.
 */
#include <string.h>

#include "cli/cli.h"
#include "x509/ca_name.h"
#include "db/db_audit.h"
#include "db/db_ca.h"
#include "db/db_cert.h"
#include "db/db_crl.h"
#include "db/db_holder.h"
#include "db/db_key.h"
#include "db/db_order.h"
#include "db/db_publish.h"

static const struct db_table *const tables[] = {
	&DB_AUDIT_APPEND,
	&DB_CA,
	&DB_CA_ADD,
	&DB_CA_USE,
	&DB_CERT,
	&DB_CRL,
	&DB_CRL_ENTRIES,
	&DB_HOLDER,
	&DB_HOLDER_ADD,
	&DB_HOLDER_EDIT,
	&DB_KEY,
	&DB_ORDER,
	&DB_ORDER_INTAKE,
	&DB_ORDER_NEW,
	&DB_ORDER_REQUESTS,
	&DB_ORDER_SUPPLY,
	&DB_PUBLISH_ASK,
	&DB_PUBLISH_LOOK,
};

int
cli_open_db(struct cli *c, struct error *e)
{
	if (c->db != NULL)
		return 0;
	if (cli_settings(c, e) == -1)
		return -1;
	if (db_open(&c->db, c->conf.database, "signet", tables,
	    sizeof(tables) / sizeof(tables[0]), e) == -1) {
		if (e->code == ERROR_UPSTREAM &&
		    strstr(e->text, "does not exist") != NULL)
			return error_hint(e, "make it with: signet db init");
		return error_hint(e, "is the store running?  The setting is "
		    "\"database\" in %.80s", c->conf_path);
	}
	db_set_patience(c->db, (int)c->conf.patience);
	return 0;
}

/* Status of an approver; what the store does not know is for the signer. */
static int
store_status(void *arg, X509 *cert, struct error *e)
{
	struct cli			*c = arg;
	const struct cli_issuer		*ca = cli_issuer_of(c, cert);
	const ASN1_INTEGER		*n = X509_get0_serialNumber(cert);
	struct db_serial		 serial;
	struct db_cert			 row;
	int				 found;

	if (ca == NULL || (size_t)n->length > sizeof(serial.p))
		return 1;
	memcpy(serial.p, n->data, (size_t)n->length);
	serial.len = (size_t)n->length;
	found = db_cert_find(c->db, ca->name, &serial, &row, c->arena, e);
	if (found != 1)
		return found == -1 ? -1 : 1;
	return strcmp(row.status, "good") == 0;
}

/* Every generation of the CA that names officers. */
static int
officers_cas(struct cli *c, struct error *e)
{
	const struct cli_issuer	*ca;
	size_t			 i;

	if (c->officers_cas != NULL || c->conf.officers_ca == NULL)
		return 0;
	if ((c->officers_cas = sk_X509_new_null()) == NULL)
		return error_set(e, ERROR_NOMEM, "no memory");
	for (i = 0; i < c->nissuers; i++)
		if (ca_name_is_of(c->issuer[i].name, c->conf.officers_ca) &&
		    sk_X509_push(c->officers_cas, c->issuer[i].cert) == 0)
			return error_set(e, ERROR_NOMEM, "no memory");
	if (sk_X509_num(c->officers_cas) == 0 &&
	    cli_find_ca(c, c->conf.officers_ca, &ca, e) == -1)
		return error_wrap(e, "setting officers_ca");
	return 0;
}

int
cli_trust(struct cli *c, struct approval_trust *t, struct error *e)
{
	memset(t, 0, sizeof(*t));
	if (cli_open_trust(c, e) == -1 || cli_open_db(c, e) == -1 ||
	    officers_cas(c, e) == -1)
		return -1;
	t->anchors = c->anchors;
	t->intermediates = c->intermediates;
	t->officers_cas = c->officers_cas;
	t->now = clock_now(c->clock);
	t->status = store_status;
	t->status_arg = c;
	return 0;
}
