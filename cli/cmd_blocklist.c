/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet blocklist: lists of keys that are never certified.
 */
#include <string.h>

#include "cli/cli.h"
#include "cli/list.h"
#include "os/file.h"

#define LIST_FILE_MAX	(2000u << 20)

static const struct cmd_opt make_opts[] = {
	{ "out", 'o', CMD_STRING, true, "FILE", "write the list to this file" },
	{ "of", 0, CMD_STRING, false, "KIND",
	    "what 64 digits are the SHA-256 of: spki (default) or number" },
	CMD_OPT_END
};

static int
read_lists(struct blocklist_draft *d, struct cli *c, struct error *e)
{
	enum blocklist_kind	 k = blocklist_kind_of(cmd_string(c->args, "of",
				    "spki"));
	struct buf		 text = { 0 };
	char *const		*path;
	int			 i, rc = 0, n = cmd_operands(c->args, &path);

	if (k != BLOCKLIST_SPKI && k != BLOCKLIST_NUMBER)
		return error_set(e, ERROR_INPUT, "--of is spki or number");
	for (i = 0; rc == 0 && i < n; i++) {
		rc = file_load(&text, path[i], LIST_FILE_MAX, e);
		if (rc == 0 && (rc = blocklist_read(d, BYTES(text.p, text.len),
		    k, e)) == -1)
			error_wrap(e, "%s", path[i]);
		buf_clear(&text);
	}
	return rc;
}

static int
report(struct cli *c, const char *path, struct error *e)
{
	struct blocklist	*l;
	struct out_record	*r;
	int			 k;

	if (blocklist_open(&l, path, e) == -1)
		return -1;
	r = out_record_new(stdout, c->json);
	out_put(r, "file", "File", path);
	for (k = 0; k < BLOCKLIST__MAX; k++)
		out_put_num(r, blocklist_kind_name((enum blocklist_kind)k),
		    blocklist_kind_name((enum blocklist_kind)k),
		    (int64_t)blocklist_count(l, (enum blocklist_kind)k));
	out_record_free(&r);
	blocklist_close(&l);
	return 0;
}

/* Replaced in one step: whoever has the old one mapped keeps it. */
static int
blocklist_make(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct blocklist_draft	 d = { 0 };
	struct buf		 out = { 0 };
	const char		*path = cmd_string(a, "out", "");
	int			 rc = -1;

	cli_begin(c, a);
	if (read_lists(&d, c, e) == 0) {
		blocklist_encode(&out, &d);
		rc = file_store(path, out.p, out.len, 0644, e);
	}
	if (rc == 0)
		rc = report(c, path, e);
	buf_clear(&out);
	blocklist_draft_clear(&d);
	return rc;
}

static int
blocklist_show(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	char *const	*path;

	cli_begin(c, a);
	cmd_operands(a, &path);
	return report(c, path[0], e);
}

const struct cmd CLI_BLOCKLIST[] = {
	{ "blocklist make", "LIST...", "make a list of keys never certified",
	    "Reads lists of hex digits, one per line: 20 or 40 as "
	    "openssl-blacklist has them, 64 as SHA-256 of a public key.  "
	    "The file is named in the settings \"blocklists\" of signet and "
	    "of signet-cad, which reads it when it starts.",
	    "signet blocklist make -o weak.keys blacklist.RSA-2048 leaked.txt\n",
	    make_opts, 1, -1, blocklist_make },
	{ "blocklist show", "FILE", "say how many keys a list has", NULL,
	    "signet blocklist show weak.keys\n", NULL, 1, 1, blocklist_show },
	CMD_END
};
