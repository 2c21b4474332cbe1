/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet order code.
 */
#include "cli/cmd_order.h"
#include "desk/code_again.h"

const struct cmd_opt ORDER_CODE_OPTS[] = {
	{ "sign", 0, CMD_FLAG, false, NULL, "approve the new order, and the "
	    "rejection of the one before, too" },
	ACT_OFFICER_OPTS,
	CMD_OPT_END
};

/* The order that ends the one before for the CA, too. */
static int
end_old(struct cli *c, const struct draft *d, bool sign, struct error *e)
{
	struct review	r = { 0 };
	uint8_t		id[ORDER_ID_SIZE];
	char		hex[REVIEW_SHORT + 1];
	int		rc = code_again_rejection(&c->desk, d->order->id, id,
			    e);

	if (rc != 1)
		return rc;
	review_short_id(hex, id);
	if (!sign) {
		cli_say(c, "the order before is rejected; so that the CA "
		    "remembers it: signet order approve %s", hex);
		return 0;
	}
	if ((rc = review_load_id(&c->desk, id, &r, e)) == 0)
		rc = submit_approval(&c->desk, &r, e);
	review_clear(&r);
	return rc == 0 ? 0 : error_wrap(e, "rejection %s is stored and not "
	    "signed", hex);
}

static int
make(struct cli *c, const struct review *old, struct draft *d,
    struct error *e)
{
	bool	sign = cmd_flag(c->args, "sign");
	char	hex[REVIEW_SHORT + 1];

	order_show_before(c, old, 1);
	if (cli_confirm(c, e, "Make another code in the place of that of "
	    "order %s, which is void then?", review_short_id(hex,
	    old->row.id)) == -1 || (sign && cli_open_officer(c, e) == -1))
		return -1;
	if (code_again_store(&c->desk, old, d, e) == -1)
		return error_wrap(e, "nothing was ordered");
	if (act_stored(c, d, sign, e) == -1)
		return -1;
	return end_old(c, d, sign, e);
}

int
order_code_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	struct review	 old = { 0 };
	struct draft	 d = { 0 };
	char *const	*id;
	int		 rc = -1;

	cli_begin(c, a);
	cmd_operands(a, &id);
	if (review_load(&c->desk, id[0], &old, e) == 0 &&
	    code_again_draft(&c->desk, &old, &d, e) == 0)
		rc = make(c, &old, &d, e);
	draft_clear(&d);
	review_clear(&old);
	return rc;
}
