/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet order import.
 */
#include <string.h>
#include <sys/stat.h>
#include <openssl/pem.h>

#include "base/text.h"
#include "cli/cmd_order.h"
#include "cli/report.h"
#include "desk/batch.h"
#include "desk/request.h"
#include "desk/review.h"
#include "os/file.h"
#include "x509/signed.h"

#define ORDER_FILE_MAX	(512u << 20)

const struct cmd_opt ORDER_IMPORT_OPTS[] = {
	{ "csv", 0, CMD_STRING, false, "FILE", "one certificate per row" },
	{ "profile", 'p', CMD_STRING, false, "NAME", "profile of all" },
	{ "ca", 0, CMD_STRING, false, "NAME",
	    "issuing CA (else the profile's first)" },
	{ "until", 0, CMD_STRING, false, "DATE",
	    "end of validity, if earlier than the profile's" },
	{ "comment", 0, CMD_STRING, false, "TEXT", "evidence, in words" },
	{ "single", 0, CMD_FLAG, false, NULL,
	    "an order for each certificate, not one batch" },
	{ "skip-bad", 0, CMD_FLAG, false, NULL,
	    "tell mistakes, and store what is good" },
	{ "sign", 0, CMD_FLAG, false, NULL, "approve it, too" },
	ACT_OFFICER_OPTS,
	CMD_OPT_END
};

/* ---- an exported order ---- */

/* Is this request one that the order names?  Its place, or -1. */
static int64_t
request_index(const struct order *o, const uint8_t digest[ORDER_DIGEST])
{
	size_t	i;

	if (o->kind == ORDER_ISSUE)
		return o->has_request &&
		    memcmp(o->request, digest, ORDER_DIGEST) == 0 ? 0 : -1;
	for (i = 0; i < o->nitems; i++)
		if (o->item[i].has_request && memcmp(o->item[i].request,
		    digest, ORDER_DIGEST) == 0)
			return (int64_t)i;
	return -1;
}

/* The next PEM request behind *p; 1, or 0 at the end. */
static int
next_request(struct bytes *in, struct bytes *block)
{
	static const char	begin[] = "-----BEGIN CERTIFICATE REQUEST";
	static const char	end[] = "-----END CERTIFICATE REQUEST-----";
	const uint8_t		*from, *to;

	from = memmem(in->p, in->len, begin, strlen(begin));
	if (from == NULL)
		return 0;
	to = memmem(from, (size_t)(in->p + in->len - from), end,
	    strlen(end));
	if (to == NULL)
		return 0;
	to += strlen(end);
	*block = BYTES(from, (size_t)(to - from));
	*in = BYTES(to, (size_t)(in->p + in->len - to));
	return 1;
}

static int
take_requests(struct cli *c, struct draft *d, struct bytes in,
    struct error *e)
{
	struct order	*o = d->order;
	struct csr	*csr = NULL;
	struct bytes	 block;
	int64_t		 at;
	int		 rc = 0;

	d->nrequests = o->kind == ORDER_BATCH ? o->nitems :
	    o->kind == ORDER_ISSUE ? 1 : 0;
	d->request = mem_array(d->nrequests + 1, sizeof(*d->request));
	while (rc == 0 && next_request(&in, &block) == 1) {
		if ((rc = csr_parse(&csr, block, e)) == -1)
			break;
		if ((rc = request_check_key(&c->desk, csr, e)) == -1) {
			csr_free(&csr);
			break;
		}
		at = request_index(o, csr->digest);
		if (at == -1 && o->has_code)
			;	/* whoever has the code brings it again */
		else if (at == -1)
			rc = error_set(e, ERROR_INPUT, "holds a request that "
			    "the order does not name");
		else if (d->request[at].len == 0)
			buf_add(&d->request[at], csr->der.p, csr->der.len);
		csr_free(&csr);
	}
	return rc;
}

static int
check_requests(const struct draft *d, struct error *e)
{
	const struct order	*o = d->order;
	size_t			 i;
	bool			 named;

	for (i = 0; i < d->nrequests; i++) {
		named = o->kind == ORDER_BATCH ? o->item[i].has_request :
		    o->has_request;
		if (named && d->request[i].len == 0)
			return error_set(e, ERROR_INPUT, "the request of item "
			    "%zu is not in the file", i + 1);
	}
	return 0;
}

static int
pem_to_blob(struct buf *blob, struct bytes block, struct error *e)
{
	BIO	*bio = BIO_new_mem_buf(block.p, (int)block.len);
	char	*name = NULL, *header = NULL;
	unsigned char *der = NULL;
	long	 len = 0;
	int	 rc = -1;

	if (bio != NULL &&
	    PEM_read_bio(bio, &name, &header, &der, &len) == 1) {
		buf_add(blob, der, (size_t)len);
		rc = 0;
	} else
		error_ssl(e, ERROR_INPUT, "broken PEM");
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(der);
	BIO_free(bio);
	return rc;
}

static int
store_order(struct cli *c, struct draft *d, struct bytes blob,
    int approvals, struct error *e)
{
	struct review	r = { 0 };
	int		stored, rc = -1;

	if ((stored = submit_blob(&c->desk, d, blob, approvals, e)) == -1)
		return -1;
	if (review_load_id(&c->desk, d->order->id, &r, e) == 0 &&
	    review_judge(&c->desk, &r, e) == 0) {
		report_order(c, &r, stored == 1 ? "stored" :
		    "is there already", NULL);
		rc = 0;
	}
	review_clear(&r);
	return rc;
}

/* Store and sign an order file that was exported before. */
static int
order_import_file(struct cli *c, const char *path, struct error *e)
{
	struct buf	 text = { 0 }, blob = { 0 };
	struct bytes	 in, block;
	struct approved	*a = NULL;
	struct draft	 d = { 0 };
	struct stat	 st;
	int		 rc = -1;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		error_set(e, ERROR_INPUT, "%s is a directory of requests: "
		    "which profile?", path);
		error_hint(e, "give --profile NAME");
		goto out;
	}
	if (file_load(&text, path, ORDER_FILE_MAX, e) == -1)
		goto out;
	in = BYTES(text.p, text.len);
	if (signed_next(&in, &block, e) != 1) {
		error_set(e, ERROR_INPUT, "no order in the file");
		goto wrap;
	}
	if (pem_to_blob(&blob, block, e) == -1 ||
	    approval_open(&a, BYTES(blob.p, blob.len), e) == -1)
		goto wrap;
	d.order = a->order;
	if (take_requests(c, &d, in, e) == -1 || check_requests(&d, e) == -1)
		goto wrap;
	rc = store_order(c, &d, BYTES(blob.p, blob.len), (int)a->n, e);
 wrap:
	if (rc == -1)
		error_wrap(e, "%s", path);
 out:
	d.order = NULL;			/* a's */
	draft_clear(&d);
	approval_free(&a);
	buf_clear(&blob);
	buf_clear(&text);
	return rc;
}

/* ---- a batch ---- */

static int
read_all(struct cli *c, struct batch *b, struct error *e)
{
	const char	*csv = cmd_string(c->args, "csv", NULL);
	char *const	*path;
	int		 i, n = cmd_operands(c->args, &path);

	if (csv != NULL)
		return batch_read_csv(b, csv, e);
	for (i = 0; i < n; i++)
		if (batch_read_requests(b, path[i], e) == -1)
			return -1;
	return 0;
}

static int
judge_mistakes(struct cli *c, struct batch *b, struct error *e)
{
	char	bad[32], rows[32];

	progress_end(&c->progress);
	text_count(bad, b->bad);
	text_count(rows, b->rows);
	if (b->draft.order->nitems == 0)
		return error_set(e, ERROR_INPUT, "nothing to order: %s of %s "
		    "are bad", bad, rows);
	if (b->bad == 0)
		return 0;
	if (cmd_flag(c->args, "skip-bad")) {
		cli_warn(c, "%s of %s are bad and left out", bad, rows);
		return 0;
	}
	error_set(e, ERROR_INPUT, "%s of %s are bad; nothing was stored", bad,
	    rows);
	return error_hint(e, "mend them, or say --skip-bad to store the "
	    "others");
}

/* One order out of an item of the batch; takes the item's memory. */
static int
split_item(struct cli *c, struct batch *b, size_t i, struct draft *d,
    struct error *e)
{
	struct order		*from = b->draft.order;
	struct order_item	*item = &from->item[i];

	if (draft_new(&c->desk, d, ORDER_ISSUE, b->profile, e) == -1)
		return -1;
	d->order->ca = mem_strdup(from->ca);
	d->order->profile = mem_strdup(from->profile);
	d->order->until = from->until;
	d->order->comment = mem_strdup(from->comment);
	d->order->holder = mem_strdup(item->holder);
	fields_copy(&d->order->fields, &item->fields);
	d->order->has_request = item->has_request;
	memcpy(d->order->request, item->request, ORDER_DIGEST);
	d->nrequests = 1;
	d->request = mem_array(1, sizeof(*d->request));
	buf_add(&d->request[0], b->draft.request[i].p,
	    b->draft.request[i].len);
	return 0;
}

/* All are there or none: whoever was cut off imports them again. */
static int
submit_each(struct cli *c, const struct batch *b, struct draft *d,
    struct error *e)
{
	size_t			  i, n = b->draft.order->nitems;
	struct db_holder	 *holder = mem_array(n + 1, sizeof(*holder));
	const struct draft	**all = mem_array(n + 1, sizeof(*all));
	bool			  sign = cmd_flag(c->args, "sign");
	const char		 *name;
	int			  rc;

	for (i = 0; i < n; i++) {
		name = fields_get(&d[i].order->fields, "name", 0);
		holder[i].id = d[i].order->holder;
		holder[i].name = name != NULL ? name : d[i].order->holder;
		all[i] = &d[i];
	}
	if ((rc = submit_drafts(&c->desk, all, holder, n, e)) == -1)
		error_wrap(e, "nothing was ordered");
	for (i = 0; rc == 0 && i < n; i++)
		rc = act_stored(c, &d[i], sign, e);
	mem_free(&all);
	mem_free(&holder);
	return rc;
}

static int
submit_single(struct cli *c, struct batch *b, struct error *e)
{
	size_t		 i, n = b->draft.order->nitems;
	struct draft	*d = mem_array(n + 1, sizeof(*d));
	int		 rc = 0;

	for (i = 0; rc == 0 && i < n; i++)
		rc = b->draft.order->item[i].has_request ?
		    split_item(c, b, i, &d[i], e) : error_set(e, ERROR_INPUT,
		    "--single: row %zu has no request", i + 1);
	if (rc == 0)
		rc = submit_each(c, b, d, e);
	for (i = 0; i < n; i++)
		draft_clear(&d[i]);
	mem_free(&d);
	return rc;
}

static int
import_batch(struct cli *c, struct error *e)
{
	const char	*until = cmd_string(c->args, "until", NULL);
	struct batch	 b = { 0 };
	int		 rc = -1;

	if (batch_begin(&c->desk, &b, cmd_string(c->args, "profile", NULL),
	    cmd_string(c->args, "ca", NULL), e) == -1)
		goto out;
	b.draft.order->comment = mem_strdup(cmd_string(c->args, "comment",
	    NULL));
	if (until != NULL && text_parse_time(&b.draft.order->until, until,
	    e) == -1) {
		error_wrap(e, "--until");
		goto out;
	}
	if (cmd_flag(c->args, "sign") && cli_open_officer(c, e) == -1)
		goto out;
	if (read_all(c, &b, e) == -1 || judge_mistakes(c, &b, e) == -1)
		goto out;
	rc = cmd_flag(c->args, "single") ? submit_single(c, &b, e) :
	    act_submit(c, &b.draft, NULL, cmd_flag(c->args, "sign"), -1, e);
 out:
	batch_clear(&b);
	return rc;
}

int
order_import_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	const char	*profile = cmd_string(a, "profile", NULL);
	const char	*csv = cmd_string(a, "csv", NULL);
	char *const	*path;
	int		 i, n = cmd_operands(a, &path);

	cli_begin(c, a);
	if ((csv != NULL) == (n > 0))
		return error_set(e, ERROR_INPUT, "say what to import: --csv "
		    "FILE, or files and directories, one of them");
	if (profile != NULL)
		return import_batch(c, e);
	if (csv != NULL) {
		error_set(e, ERROR_INPUT, "no profile: give --profile NAME");
		return error_hint(e, "only orders that were exported go "
		    "without");
	}
	for (i = 0; i < n; i++)
		if (order_import_file(c, path[i], e) == -1)
			return -1;
	return 0;
}
