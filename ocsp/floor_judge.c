/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row against the list.
 */
#include "floor.h"

#include <string.h>

#include "status/court.h"

static bool
court_find(void *arg, size_t i, const struct db_serial *serial,
    struct crl_entry *c)
{
	const struct floor_court	*f = arg;
	struct cell_key			 key = {
	    .ca = f->issuers->ca[i].number,
	    .serial_len = (uint8_t)serial->len };

	memcpy(key.serial, serial->p, serial->len);
	return floor_find(f->floor, &key, c);
}

int
floor_judge(struct floor_court *f, const struct cell_key *key,
    struct db_ocsp_status *row, struct error *why, struct error *e)
{
	const struct issuers	*t = f->issuers;
	struct db_serial	 serial = { .len = key->serial_len };
	struct court_ca		*ca;
	struct court		 court = { .roots = f->roots,
	    .officers_ca = f->officers_ca, .profiles = f->profiles,
	    .db = f->db, .n = t->n, .find = court_find, .arg = f };
	struct crl_entry	 c;
	size_t			 i, at = t->n;
	int			 rc;

	if (key->serial_len > sizeof(serial.p) ||
	    !floor_find(f->floor, key, &c))
		return 0;
	memcpy(serial.p, key->serial, key->serial_len);
	court.ca = ca = mem_array(t->n, sizeof(*ca));
	for (i = 0; i < t->n; i++) {
		ca[i] = (struct court_ca){ t->ca[i].name,
		    t->ca[i].issuer.cert };
		if (t->ca[i].number == key->ca)
			at = i;
	}
	rc = at == t->n ? error_set(e, ERROR_BUG, "a key of no CA") :
	    court_judge(&court, at, &serial, &c, row, why, e);
	mem_free(&ca);
	return rc;
}
