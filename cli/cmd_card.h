/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_CMD_CARD_H
#define SIGNET_CLI_CMD_CARD_H
/*
 * The verbs of "signet card", spread over several files.
 */
#include "card/layout.h"
#include "cli/act.h"
#include "cli/cli.h"
#include "db/db_card.h"
#include "db/db_card_batch.h"
#include "os/cmd.h"

cmd_fn	 card_batch_import_cmd, card_batch_preview_cmd, card_batch_approve_cmd,
	 card_batch_list_cmd, card_batch_show_cmd, card_batch_pause_cmd,
	 card_batch_resume_cmd, card_batch_close_cmd, card_batch_stock_cmd,
	 card_batch_drop_cmd, card_batch_export_cmd,
	 card_batch_reorder_cmd, card_list_cmd,
	 card_show_cmd, card_check_cmd, card_proof_cmd, card_move_cmd,
	 card_unblocked_cmd, card_letters_list_cmd, card_letters_release_cmd,
	 card_letters_reprint_cmd, card_letters_void_cmd,
	 card_letters_export_cmd, card_secret_cmd, card_spoil_cmd,
	 card_cancel_cmd;
extern const struct cmd_opt CARD_BATCH_IMPORT_OPTS[],
	 CARD_BATCH_PREVIEW_OPTS[], CARD_BATCH_APPROVE_OPTS[],
	 CARD_BATCH_LIST_OPTS[], CARD_BATCH_SHOW_OPTS[],
	 CARD_BATCH_STOCK_OPTS[], CARD_BATCH_DROP_OPTS[],
	 CARD_BATCH_EXPORT_OPTS[], CARD_LIST_OPTS[], CARD_PROOF_OPTS[],
	 CARD_MOVE_OPTS[], CARD_LETTERS_LIST_OPTS[],
	 CARD_LETTERS_RELEASE_OPTS[], CARD_LETTERS_REPRINT_OPTS[],
	 CARD_LETTERS_VOID_OPTS[], CARD_LETTERS_EXPORT_OPTS[],
	 CARD_SECRET_OPTS[], CARD_SPOIL_OPTS[], CARD_CANCEL_OPTS[];

/* By its name; ERROR_NOTFOUND with what to do. */
int	 card_batch_named(struct cli *, const char *name,
	    struct db_card_batch *, struct error *);
int	 card_numbered(struct cli *, const char *number, struct db_card *,
	    struct error *);
/* A layout of the installation. */
int	 card_layout(struct cli *, const char *name, struct layout **,
	    struct error *);
#endif
