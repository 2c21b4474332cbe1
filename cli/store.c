/* SPDX-License-Identifier: Apache-2.0 */
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "db/db_archive.h"
#include "db/db_audit.h"
#include "db/db_ca.h"
#include "db/db_calendar.h"
#include "db/db_card.h"
#include "db/db_card_batch.h"
#include "db/db_card_life.h"
#include "db/db_cert.h"
#include "db/db_code_try.h"
#include "db/db_credential.h"
#include "db/db_crl.h"
#include "db/db_holder.h"
#include "db/db_key.h"
#include "db/db_letter.h"
#include "db/db_notice.h"
#include "db/db_ocsp.h"
#include "db/db_order.h"
#include "db/db_permit.h"
#include "db/db_publish.h"

static const struct db_table *const tables[] = {
	&DB_ARCHIVE,
	&DB_ARCHIVE_PLAN,
	&DB_AUDIT_APPEND,
	&DB_CA,
	&DB_CA_ADD,
	&DB_CA_USE,
	&DB_CALENDAR,
	&DB_CARD,
	&DB_CARD_BATCH,
	&DB_CARD_BATCH_MAKE,
	&DB_CARD_ESCROW,
	&DB_CARD_LIFE,
	&DB_CARD_LIFE_MOVE,
	&DB_CARD_OWN,
	&DB_CARD_SEIZE,
	&DB_CARD_SPOIL,
	&DB_CERT,
	&DB_CODE_TRY,
	&DB_CREDENTIAL,
	&DB_CREDENTIAL_STATE,
	&DB_CRL,
	&DB_CRL_ENTRIES,
	&DB_HOLDER,
	&DB_HOLDER_ADD,
	&DB_HOLDER_EDIT,
	&DB_KEY,
	&DB_LETTER,
	&DB_LETTER_RUN,
	&DB_NOTICE_ASK,
	&DB_ORDER,
	&DB_ORDER_INTAKE,
	&DB_ORDER_ADD,
	&DB_ORDER_ENTER,
	&DB_ORDER_NEW,
	&DB_ORDER_REQUESTS,
	&DB_ORDER_SUPPLY,
	&DB_PERMIT,
	&DB_PERMIT_USE,
	&DB_PUBLISH_ASK,
	&DB_PUBLISH_LOOK,
	&DB_RELEASE,
};

/* Who runs this program, for the audit entries. */
static const char *
find_user(struct cli *c)
{
	struct passwd	*pw = getpwuid(getuid());

	if (pw != NULL)
		return arena_strdup(c->desk.arena, pw->pw_name);
	return arena_printf(c->desk.arena, "uid %u", (unsigned int)getuid());
}

int
cli_open_db(struct cli *c, struct error *e)
{
	if (c->desk.db != NULL)
		return 0;
	if (cli_settings(c, e) == -1)
		return -1;
	if (db_open(&c->desk.db, c->conf.database, "signet", tables,
	    sizeof(tables) / sizeof(tables[0]), e) == -1) {
		if (e->code == ERROR_UPSTREAM &&
		    strstr(e->text, "does not exist") != NULL)
			return error_hint(e, "make it with: signet db init");
		return error_hint(e, "is the store running?  The setting is "
		    "\"database\" in %.80s", c->conf_path);
	}
	c->desk.who = find_user(c);
	db_set_patience(c->desk.db, (int)c->conf.patience);
	return 0;
}
