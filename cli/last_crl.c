/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/last_crl.h"

#include "cli/crl_file.h"

static int
find_in(struct cli *c, const struct issuer *issuer, const struct db_crl *row,
    struct bytes serial, struct crl_entry *found, struct error *e)
{
	struct crl	*crl = NULL;
	int		 rc;

	if ((rc = crl_file_load(&crl, c->desk.db, row, issuer, e)) == 0)
		rc = crl_find(crl, serial.p, serial.len, found);
	crl_free(&crl);
	return rc;
}

int
last_crl_find(struct cli *c, const char *name, struct bytes serial,
    struct crl_entry *found, int64_t *number, struct error *e)
{
	const struct desk_issuer	*ca;
	struct issuer		 issuer;
	struct db_crl		 row;
	int			 rc;

	*number = 0;
	rc = db_crl_find(c->desk.db, name, 0, DB_CRL_COMPLETE, 0, &row,
	    c->desk.arena, e);
	if (rc != 1)
		return rc;
	*number = row.number;
	if (desk_find_ca(&c->desk, name, &ca, e) == -1 ||
	    issuer_init(&issuer, ca->name, ca->cert, e) == -1)
		return -1;
	rc = find_in(c, &issuer, &row, serial, found, e);
	issuer_clear(&issuer);
	return rc;
}
