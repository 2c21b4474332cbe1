/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store: made, migrated, and told of the CAs.
 */
#include "cli/init.h"

#include "cli/ca_key.h"
#include "db/conninfo.h"
#include "db/migrate.h"
#include "os/fault.h"

static void
note_step(void *arg, const struct migrate_step *step)
{
	struct init	*in = arg;

	(void)step;
	in->did = true;
}

int
init_step_store(struct init *in, struct error *e)
{
	char	*owner = NULL, *sql;
	int	 rc = -1;

	if (conninfo_for(&owner, in->conf.database, NULL, "signet", e) == -1 ||
	    init_find_data(in, "db", &sql, e) == -1 ||
	    migrate_create(owner, e) == -1)
		goto out;
	FAULT("init.database");
	rc = migrate_apply(owner, sql, note_step, in, e);
 out:
	mem_free(&owner);
	if (rc == -1)
		error_hint(e, "the setting is \"database\" in %.90s",
		    init_path(in, "init.conf"));
	return rc;
}

/* The first time that the store is used as the operator will use it. */
static int
open_store(struct init *in, struct error *e)
{
	if (init_load_settings(in, e) == -1)
		return -1;
	if (cli_open_db(in->cli, e) == 0)
		return 0;
	return error_hint(e, "pg_hba.conf must let signet_cli and signet_ca "
	    "in, without a password");
}

int
init_step_ca_rows(struct init *in, struct error *e)
{
	struct cli			*c = in->cli;
	const struct desk_issuer		*ca;
	bool				 added;
	size_t				 i;

	desk_trust_forget(&c->desk);
	if (open_store(in, e) == -1 || cli_open_trust(c, e) == -1)
		return -1;
	if (ca_store(c, "root", sk_X509_value(c->desk.anchors, 0), true, 0,
	    &added,
	    e) == -1)
		return -1;
	in->did |= added;
	for (i = 0; i < 2; i++) {
		FAULT("init.ca_row");
		if (desk_find_ca(&c->desk, INIT_CAS[i], &ca, e) == -1 ||
		    ca_store(c, INIT_CAS[i], ca->cert, false, 0, &added,
		    e) == -1)
			return -1;
		in->did |= added;
	}
	return 0;
}
