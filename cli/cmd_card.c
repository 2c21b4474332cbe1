/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet card: layouts, and the table of all its verbs.
 */
#include <dirent.h>
#include <string.h>

#include "base/text.h"
#include "cli/cmd_card.h"

int
card_layout(struct cli *c, const char *name, struct layout **l,
    struct error *e)
{
	*l = NULL;
	if (cli_settings(c, e) == -1)
		return -1;
	return layout_find(l, cli_path(c, c->conf.cards), name, e);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in the directory, sorted. */
static int
names(struct cli *c, char ***out, size_t *n, struct error *e)
{
	const char	*dir = cli_path(c, c->conf.cards);
	struct dirent	*entry;
	DIR		*d;

	*out = NULL;
	*n = 0;
	if ((d = opendir(dir)) == NULL)
		return error_sys(e, "%s", dir);
	while ((entry = readdir(d)) != NULL) {
		if (!text_is_name(entry->d_name))
			continue;
		*out = mem_resize(*out, *n + 1, sizeof(**out));
		(*out)[(*n)++] = arena_strdup(c->desk.arena, entry->d_name);
	}
	closedir(d);
	if (*n > 0)
		qsort(*out, *n, sizeof(**out), by_name);
	return 0;
}

static int
layout_list(struct cmd_args *a, void *ctx, struct error *e)
{
	static const struct out_col	 cols[] = {
		{ "name", "NAME", 0 },
		{ "keys", "KEYS", OUT_RIGHT },
		{ "description", "DESCRIPTION", OUT_SHRINK },
	};
	struct cli			*c = ctx;
	struct layout			*l;
	struct out_list			*out;
	char				**name;
	size_t				 n, i;
	int				 rc = 0;

	cli_begin(c, a);
	if (cli_settings(c, e) == -1 || names(c, &name, &n, e) == -1)
		return -1;
	out = out_list_new(stdout, c->json, 0, cols, 3);
	for (i = 0; i < n && rc == 0; i++) {
		if ((rc = card_layout(c, name[i], &l, e)) == -1)
			break;
		out_text(out, l->name);
		out_num(out, (int64_t)l->slots.n);
		out_text(out, l->description);
		layout_free(&l);
	}
	out_list_free(&out);
	mem_free(&name);
	return rc;
}

static void
put_slots(struct cli *c, struct out_record *r, const struct layout *l)
{
	json_t	*list = json_array();
	size_t	 i;

	for (i = 0; i < l->slots.n; i++) {
		const struct layout_slot	*s = layout_slot(l, i);

		out_put(r, NULL, "Key", arena_printf(c->desk.arena,
		    "%s: %s, %s", s->slot, s->alg, s->profile));
		json_array_append_new(list, json_pack("{s:s, s:s, s:s}",
		    "slot", s->slot, "alg", s->alg, "profile", s->profile));
	}
	out_put_json(r, "slots", list);
}

static void
put_face(struct cli *c, struct out_record *r, const struct layout *l)
{
	json_t		*list = json_array();
	struct buf	 b = { 0 };
	size_t		 i;

	for (i = 0; i < l->face.n; i++) {
		buf_printf(&b, "%s%s", i > 0 ? ", " : "", l->face.v[i]);
		json_array_append_new(list, json_string(l->face.v[i]));
	}
	if (b.len > 0)
		out_put(r, NULL, "Face and letter", arena_strdup(
		    c->desk.arena, buf_cstr(&b)));
	buf_clear(&b);
	out_put_json(r, "face", list);
}

static void
show(struct cli *c, const struct layout *l)
{
	struct out_record	*r = out_record_new(stdout, c->json);
	char			 text[32];

	out_put(r, "name", "Layout", l->name);
	out_put(r, "description", "Description", l->description);
	put_slots(c, r, l);
	put_face(c, r, l);
	out_put(r, "management", "Management key", l->management);
	out_put_num(r, "pin_length", "PIN digits", l->pin_length);
	out_put(r, "letter", "Letter", l->letter);
	out_put(r, NULL, "Valid", text_duration(text, l->validity));
	out_put_num(r, "validity", NULL, l->validity);
	out_put_num(r, "per_holder", "Cards per holder", l->per_holder);
	out_put_bool(r, "attestation", "Attestation needed", l->attestation);
	out_put(r, "number", "Numbers begin with", l->number);
	out_record_free(&r);
}

static int
layout_show(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	struct layout	*l;
	char *const	*name;

	cli_begin(c, a);
	cmd_operands(a, &name);
	if (card_layout(c, name[0], &l, e) == -1)
		return -1;
	show(c, l);
	layout_free(&l);
	return 0;
}

static int
layout_check(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	struct layout	*l;
	char *const	*path;
	int		 i, n = cmd_operands(a, &path), bad = 0;

	cli_begin(c, a);
	for (i = 0; i < n; i++) {
		struct error	one = ERROR_INIT;

		if (layout_load(&l, path[i], &one) == 0) {
			cli_did(c, json_pack("{s:s, s:s, s:n}", "file",
			    path[i], "verdict", "good", "reason"),
			    "%s: good", path[i]);
			layout_free(&l);
			continue;
		}
		bad++;
		if (c->json)
			cli_did(c, json_pack("{s:s, s:s, s:s}", "file",
			    path[i], "verdict", "bad", "reason", one.text),
			    "%s", "");
		cli_warn(c, "%s", one.text);
		if (one.hint[0] != '\0')
			cli_warn(c, "hint: %s", one.hint);
	}
	return bad == 0 ? 0 : error_set(e, ERROR_CONFIG, "%d of %d layouts "
	    "are not good", bad, n);
}

const struct cmd CLI_CARD[] = {
	{ "card layout list", NULL, "list layouts of cards", NULL, NULL, NULL,
	    0, 0, layout_list },
	{ "card layout show", "NAME", "show what is on a card of this layout",
	    "Keys and profiles, which columns of an import are for face and "
	    "letter, PIN and management key.",
	    "signet card layout show person-rsa\n", NULL, 1, 1, layout_show },
	{ "card layout check", "FILE...", "check layout files",
	    "Says of each file whether it is good, and if not, which setting "
	    "is wrong.  Needs no installation.",
	    "signet card layout check /etc/signet/cards/*\n", NULL, 1, -1,
	    layout_check },
	{ "card batch import", "NAME", "make a batch of cards from a table",
	    "The table is CSV (RFC 4180, UTF-8), one holder per row: columns "
	    "holder, replaces (number of the card that this one is for), the "
	    "layout's face columns, and fields of its profiles.  All mistakes "
	    "are told at once, with line and column, and nothing is stored "
	    "then.  Makes one batch order per key of the layout, and a card "
	    "number for each row.",
	    "signet card batch import autumn --layout person-rsa --csv "
	    "people.csv\n", CARD_BATCH_IMPORT_OPTS, 1, 1,
	    card_batch_import_cmd },
	{ "card batch preview", NULL, "say what a table would make",
	    "As import, and stores nothing.",
	    "signet card batch preview --layout person-rsa --csv people.csv\n",
	    CARD_BATCH_PREVIEW_OPTS, 0, 0, card_batch_preview_cmd },
	{ "card batch approve", "NAME", "sign all orders of a batch",
	    "Shows the batch and signs each of its orders, once it has seen "
	    "that all have the same items.  As the profiles say, usually two "
	    "officers do.  Those that you have signed already are passed "
	    "over.",
	    "signet card batch approve autumn\n", CARD_BATCH_APPROVE_OPTS, 1, 1,
	    card_batch_approve_cmd },
	{ "card batch list", NULL, "list batches, the newest first", NULL,
	    NULL, CARD_BATCH_LIST_OPTS, 0, 0, card_batch_list_cmd },
	{ "card batch show", "NAME", "show a batch, its orders and its count",
	    NULL, "signet card batch show autumn --items --state dropped\n",
	    CARD_BATCH_SHOW_OPTS, 1, 1, card_batch_show_cmd },
	{ "card batch pause", "NAME", "let stations claim nothing more of it",
	    "Cards that are being made are finished.", NULL, NULL, 1, 1,
	    card_batch_pause_cmd },
	{ "card batch resume", "NAME", "let stations go on", NULL, NULL, NULL,
	    1, 1, card_batch_resume_cmd },
	{ "card batch close", "NAME", "end a batch whose count balances",
	    "Every item has its card or was dropped, and every blank that was "
	    "received is issued, spoiled, useless or back in the box; else it "
	    "says what is missing.", NULL, NULL, 1, 1, card_batch_close_cmd },
	{ "card batch stock", "NAME", "count blanks: received, useless, returned",
	    NULL, "signet card batch stock autumn --received 500\n"
	    "signet card batch stock autumn --returned 12 --note 'box 3'\n",
	    CARD_BATCH_STOCK_OPTS, 1, 1, card_batch_stock_cmd },
	{ "card batch drop", "NAME N...", "make no card for these items",
	    "Items that wait, or whose orders a spoiled card has used.",
	    "signet card batch drop autumn 17 --reason 'has left'\n",
	    CARD_BATCH_DROP_OPTS, 2, -1, card_batch_drop_cmd },
	{ "card batch reorder", "NAME",
	    "order again what spoiled cards have used up",
	    "Certificates of a spoiled card are revoked, and its orders are "
	    "used.  Makes another order per key for all such items, out of "
	    "what officers have signed before; they sign it, too, and the "
	    "items wait for new cards.", NULL, NULL, 1, 1,
	    card_batch_reorder_cmd },
	{ "card batch export", "NAME", "write the card printer's or the mailing's list",
	    "--face: number, holder, name, expiry and the face columns of "
	    "every item that is not dropped; --packing: the issued cards with "
	    "their letters.  CSV (RFC 4180); a cell that a spreadsheet would "
	    "take for a formula begins with an apostrophe.  With --json one "
	    "object per line.",
	    "signet card batch export autumn --face --out faces.csv\n",
	    CARD_BATCH_EXPORT_OPTS, 1, 1, card_batch_export_cmd },
	{ "card list", NULL, "list cards by number", NULL,
	    "signet card list --holder 4711\n", CARD_LIST_OPTS, 0, 0,
	    card_list_cmd },
	{ "card show", "CARD", "show a card, its certificates and its history",
	    NULL, NULL, NULL, 1, 1, card_show_cmd },
	{ "card packed", "CARD...", "the card is in its envelope",
	    NULL,
	    "signet card packed P0000123K\n", CARD_MOVE_OPTS, 1, -1,
	    card_move_cmd },
	{ "card delivered", "CARD...", "the card has reached its holder",
	    NULL,
	    "signet card delivered P0000123K\n", CARD_MOVE_OPTS, 1, -1,
	    card_move_cmd },
	{ "card activated", "CARD...", "the card is in use",
	    NULL,
	    "signet card activated P0000123K\n", CARD_MOVE_OPTS, 1, -1,
	    card_move_cmd },
	{ "card suspended", "CARD...", "the card is not to be used for now",
	    "Puts its certificates on hold; the order is signed with your"
	    " key and stored together with the change.",
	    "signet card suspended P0000123K\n", CARD_MOVE_OPTS, 1, -1,
	    card_move_cmd },
	{ "card resumed", "CARD...", "the card is to be used again",
	    "Releases its certificates.",
	    "signet card resumed P0000123K\n", CARD_MOVE_OPTS, 1, -1,
	    card_move_cmd },
	{ "card lost", "CARD...", "the card is lost or stolen",
	    "Revokes its certificates, reason keyCompromise.",
	    "signet card lost P0000123K\n", CARD_MOVE_OPTS, 1, -1,
	    card_move_cmd },
	{ "card replaced", "CARD...", "the card has a successor",
	    "Revokes its certificates, reason superseded.",
	    "signet card replaced P0000123K\n", CARD_MOVE_OPTS, 1, -1,
	    card_move_cmd },
	{ "card returned", "CARD...", "the card came back",
	    "Revokes its certificates, reason cessationOfOperation, "
	    "unless they are revoked already.",
	    "signet card returned P0000123K\n", CARD_MOVE_OPTS, 1, -1,
	    card_move_cmd },
	{ "card destroyed", "CARD...", "the card does not exist any more",
	    "Of a returned or replaced card, or one that was never "
	    "delivered, whose certificates are revoked then.",
	    "signet card destroyed P0000123K\n", CARD_MOVE_OPTS, 1, -1,
	    card_move_cmd },
	{ "card unblocked", "CARD", "its PIN was unblocked: note it", NULL,
	    NULL, CARD_MOVE_OPTS, 1, 1, card_unblocked_cmd },
	{ "card spoil", "CARD", "give up a card that a station has begun",
	    "Takes it out of the station's hands: its secrets are void, what "
	    "the CA has not begun is not signed, and what was issued is "
	    "revoked by an order that you sign.  Its item waits for another "
	    "blank, or, when its orders are used up, for new orders; with "
	    "--drop no other card is made.",
	    "signet card spoil P0000123K --reason 'chip is torn'\n",
	    CARD_SPOIL_OPTS, 1, 1, card_spoil_cmd },
	{ "card cancel", "CARD", "make no card for this item",
	    "Drops the item by the number of its card, whether it waits or is "
	    "on a reader; a card on a reader is spoiled.",
	    "signet card cancel P0000123K --reason 'has left'\n",
	    CARD_CANCEL_OPTS, 1, 1, card_cancel_cmd },
	{ "card letters list", "BATCH", "list its PIN letters, or their runs",
	    NULL, "signet card letters list autumn --runs\n",
	    CARD_LETTERS_LIST_OPTS, 1, 1, card_letters_list_cmd },
	{ "card letters release", "BATCH",
	    "let letters go to the mailing house: two officers",
	    "The first officer draws up a run of all letters that were in "
	    "none, and signs for it; the second signs, too, and so releases "
	    "it.  Nobody does both, whoever made the batch.  The manifest is "
	    "signed with the second officer's key.",
	    "signet card letters release autumn\n",
	    CARD_LETTERS_RELEASE_OPTS, 1, 1, card_letters_release_cmd },
	{ "card letters reprint", "BATCH LETTER...",
	    "draw up a run of letters that are to be printed again",
	    "Another officer releases it as any run; from then on what "
	    "earlier runs have of these letters is void and is not exported "
	    "any more.",
	    "signet card letters reprint autumn 7QK2M9XA --reason 'paper "
	    "jam'\n", CARD_LETTERS_REPRINT_OPTS, 2, -1,
	    card_letters_reprint_cmd },
	{ "card letters void", "BATCH LETTER...", "never print these letters",
	    "For good.  The card stays as it is: who is to use it needs its "
	    "PIN set again.  Letters of cards that are spoiled, lost, "
	    "replaced, returned or destroyed are void without this.",
	    "signet card letters void autumn 7QK2M9XA --reason 'moved away'\n",
	    CARD_LETTERS_VOID_OPTS, 2, -1, card_letters_void_cmd },
	{ "card letters export", "BATCH",
	    "write a released run for the mailing house",
	    "Makes a directory with manifest.pem, which openssl cms -verify "
	    "reads, and the sealed letters, each in LETTER.cms.  Letters that "
	    "are void by now are left out.",
	    "signet card letters export autumn --out to-the-printer\n",
	    CARD_LETTERS_EXPORT_OPTS, 1, 1, card_letters_export_cmd },
	{ "card puk", "CARD", "open a card's PUK: two officers and the escrow",
	    "Without an order that permits it, signs for one; another officer "
	    "approves that.  Then, once, opens the PUK with the escrow's key, "
	    "writes that down in the audit chain, and shows it.",
	    "signet card puk P0000123K --reason 'PIN forgotten'\n"
	    "signet card puk P0000123K --escrow-key escrow.key --escrow-cert "
	    "escrow.pem\n", CARD_SECRET_OPTS, 1, 1, card_secret_cmd },
	{ "card management", "CARD",
	    "open a card's management key: as card puk",
	    "The key is shown in hex.", NULL, CARD_SECRET_OPTS, 1, 1,
	    card_secret_cmd },
	{ "card check", NULL, "find certificates that are not as their cards are",
	    "A certificate of a lost card that is still good, of a suspended "
	    "one that is not on hold, of one in use that is revoked.", NULL,
	    NULL, 0, 0, card_check_cmd },
	{ "card proof", "CARD", "write what can be shown about a card, signed",
	    "Serial number, keys, attestations, requests, certificates, who "
	    "approved and what they signed, each step and its time, as JSON in "
	    "a CMS that is signed with your key; openssl cms -verify reads it.",
	    "signet card proof P0000123K --out proof.pem\n", CARD_PROOF_OPTS, 1,
	    1, card_proof_cmd },
	CMD_END
};
