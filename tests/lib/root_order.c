/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders for the tests of signet-root, which has no store to take one from.
 *
 *	root_order make FILE HOLDER SECONDS	an order that nobody has approved
 *	root_order check FILE ROOT		says whose approvals it carries
 */
#include <stdio.h>
#include <string.h>

#include "order/approval.h"
#include "order/order.h"
#include "os/file.h"

static int
make(const char *path, const char *holder, int64_t lifetime,
    struct error *e)
{
	struct clock	 then = clock_fixed(clock_now(&clock_system) - 10);
	struct order	*o = NULL;
	struct buf	 blob = { 0 };
	int		 rc = -1;

	if (order_new(&o, ORDER_ISSUE, lifetime, &then, &rng_system, e) == -1)
		return -1;
	o->ca = mem_strdup("services");
	o->profile = mem_strdup("security-officer");
	o->holder = mem_strdup(holder);
	fields_add(&o->fields, "name", holder);
	o->has_request = true;
	if (approval_wrap(&blob, o, e) == 0)
		rc = file_store(path, blob.p, blob.len, 0644, e);
	buf_clear(&blob);
	order_free(&o);
	return rc;
}

static int
print_approvers(struct approved *a, struct approval_trust *trust,
    struct error *e)
{
	size_t	 i;

	if (approval_check(a, trust, e) == -1)
		return -1;
	for (i = 0; i < a->n; i++)
		printf("%s approved for %s\n", role_name(a->by[i].role),
		    a->order->holder);
	return 0;
}

static int
check(const char *path, const char *root, struct error *e)
{
	struct approval_trust	 trust = { .now = clock_now(&clock_system) };
	struct approved		*a = NULL;
	struct buf		 blob = { 0 };
	X509			*cert = NULL;
	int			 rc = -1;

	trust.anchors = sk_X509_new_null();
	if (file_load(&blob, path, ORDER_MAX, e) == -1 ||
	    cert_load(&cert, root, e) == -1 ||
	    approval_open(&a, BYTES(blob.p, blob.len), e) == -1)
		goto out;
	sk_X509_push(trust.anchors, cert);
	rc = print_approvers(a, &trust, e);
 out:
	approval_free(&a);
	sk_X509_free(trust.anchors);
	X509_free(cert);
	buf_clear(&blob);
	return rc;
}

int
main(int argc, char *argv[])
{
	struct error	 e = ERROR_INIT;
	int		 rc = -1;

	if (argc == 5 && strcmp(argv[1], "make") == 0)
		rc = make(argv[2], argv[3], strtoll(argv[4], NULL, 10), &e);
	else if (argc == 4 && strcmp(argv[1], "check") == 0)
		rc = check(argv[2], argv[3], &e);
	else
		error_set(&e, ERROR_INPUT, "make or check?");
	if (rc == -1)
		fprintf(stderr, "root_order: %s\n", e.text);
	return rc == -1 ? 1 : 0;
}
