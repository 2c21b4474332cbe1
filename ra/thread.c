/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a thread has for itself: a connection to the store, a desk.
 */
#include <string.h>

#include "db/db_application.h"
#include "db/db_archive.h"
#include "db/db_audit.h"
#include "db/db_ca.h"
#include "db/db_card_life.h"
#include "db/db_cert.h"
#include "db/db_code_try.h"
#include "db/db_credential.h"
#include "db/db_holder.h"
#include "db/db_key.h"
#include "db/db_notice.h"
#include "db/db_officer.h"
#include "db/db_order.h"
#include "db/db_revocation_code.h"
#include "rad.h"

#define PATIENCE	2		/* seconds for a store that is away */
#define DEADLINE_MS	20000
#define TRUST_AGE	60		/* seconds */

static const struct db_table *const tables[] = {
	&DB_APPLICATION,
	&DB_APPLICATION_DECIDE,
	&DB_APPLICATION_NEW,
	&DB_ARCHIVE,
	&DB_AUDIT,
	&DB_AUDIT_APPEND,
	&DB_CA,
	&DB_CARD,
	&DB_CARD_LIFE,
	&DB_CARD_LIFE_MOVE,
	&DB_CERT,
	&DB_CERT_ORDER,
	&DB_CODE_TRY,
	&DB_CREDENTIAL,
	&DB_CREDENTIAL_STATE,
	&DB_HOLDER,
	&DB_HOLDER_ADD,
	&DB_KEY,
	&DB_NOTICE_ADD,
	&DB_OFFICER,
	&DB_ORDER,
	&DB_ORDER_INTAKE,
	&DB_ORDER_ADD,
	&DB_ORDER_ENTER,
	&DB_ORDER_NEW,
	&DB_ORDER_OF,
	&DB_ORDER_REQUESTS,
	&DB_ORDER_SUPPLY,
	&DB_REVOCATION_CODE,
};

static int
open_trust(struct rad_thread *t, struct error *e)
{
	const struct rad_conf	*c = t->rad->conf;

	if (desk_trust_open(&t->desk, c->root, c->officers_ca, e) == -1 ||
	    desk_trust_add_all(&t->desk, c->ca_dir, e) == -1) {
		desk_trust_forget(&t->desk);
		return -1;
	}
	t->trust_at = clock_now(t->rad->clock);
	return 0;
}

/* The officer in whose name this request acts asserts by other means than a
 * key of ours; this is the RA's own signature. */
static int
sign(void *arg, struct buf *out, struct bytes blob, struct error *e)
{
	struct rad_thread	*t = arg;

	return sealer_seal(t->rad->sealer, blob, NULL, BYTES(NULL, 0), out,
	    e);
}

static int
open_signer(struct rad_thread *t, struct error *e)
{
	X509_free(t->agent);
	t->agent = NULL;
	if (sealer_cert(t->rad->sealer, &t->agent, e) == -1)
		return -1;
	t->agent_at = clock_now(t->rad->clock);
	t->desk.signer.cert = t->agent;
	t->desk.signer.sign = sign;
	t->desk.signer.arg = t;
	return 0;
}

static int
open_part(void *arg, enum desk_part part, struct error *e)
{
	struct rad_thread	*t = arg;
	const struct rad_conf	*c = t->rad->conf;
	int			 rc;

	switch (part) {
	case DESK_PROFILES:
		return profiles_load(&t->desk.profiles, c->profiles, e);
	case DESK_BLOCKLISTS:
		rc = blocklists_open(&t->desk.blocklists, &c->blocklists, e);
		t->desk.has_blocklists = rc == 0;
		return rc;
	case DESK_TRUST:
		return open_trust(t, e);
	case DESK_SIGNER:
		return open_signer(t, e);
	case DESK_DB:
	case DESK__MAX:
		break;
	}
	return error_set(e, ERROR_BUG, "a thread without a store");
}

struct rad_thread *
rad_thread_new(struct rad *r)
{
	struct rad_thread	*t = mem_alloc(sizeof(*t));

	t->rad = r;
	t->judged = judged_new();
	t->binds = binds_new();
	desk_init(&t->desk);
	t->arena = t->desk.arena;
	t->desk.clock = r->clock;
	t->desk.open = open_part;
	t->desk.open_arg = t;
	db_open_later(&t->desk.db, r->conf->database, "signet-rad", tables,
	    sizeof(tables) / sizeof(tables[0]));
	db_set_patience(t->desk.db, PATIENCE);
	db_set_deadline(t->desk.db, DEADLINE_MS);
	db_set_bell(t->desk.db, r->bell);
	return t;
}

/* New CAs, and the agent's new certificate, are seen after a while. */
void
rad_thread_turn(struct rad_thread *t)
{
	int64_t	 now = clock_now(t->rad->clock);

	arena_reset(t->arena);
	binds_turn(t->binds);
	if (t->desk.anchors != NULL && now - t->trust_at > TRUST_AGE) {
		desk_trust_forget(&t->desk);
		judged_forget(t->judged);
	}
	if (t->agent != NULL && now - t->agent_at > TRUST_AGE)
		t->desk.signer.cert = NULL;
}

void
rad_thread_free(struct rad_thread **tp)
{
	if (*tp == NULL)
		return;
	desk_clear(&(*tp)->desk);
	judged_free(&(*tp)->judged);
	binds_free(&(*tp)->binds);
	X509_free((*tp)->agent);
	mem_free(tp);
}
