/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "ra/cmp_message.h"
#include "ra/cmp_trans.h"
#include "x509/der.h"

#define NOW	INT64_C(1800000000)
#define PBM	"1.2.840.113533.7.66.13"
#define ECDSA	"1.2.840.10045.4.3.2"

struct parts {
	int64_t		 version;
	const char	*alg, *kid, *transaction;
	uint8_t		 body;
	bool		 certs;
};

static void
tagged(struct buf *b, uint8_t tag, const char *text)
{
	size_t	mark = der_begin(b, DER_CONTEXT_CONS(tag));

	der_put(b, DER_OCTET_STRING, text, strlen(text));
	der_end(b, mark);
}

static void
put_header(struct buf *b, const struct parts *p)
{
	size_t	header = der_begin(b, DER_SEQUENCE), i, mark, alg;

	der_put_int(b, p->version);
	for (i = 0; i < 2; i++) {
		mark = der_begin(b, DER_CONTEXT_CONS(4));
		der_put(b, DER_SEQUENCE, NULL, 0);
		der_end(b, mark);
	}
	if (p->alg != NULL) {
		mark = der_begin(b, DER_CONTEXT_CONS(1));
		alg = der_begin(b, DER_SEQUENCE);
		der_put_oid(b, p->alg);
		der_end(b, alg);
		der_end(b, mark);
	}
	if (p->kid != NULL)
		tagged(b, 2, p->kid);
	if (p->transaction != NULL)
		tagged(b, 4, p->transaction);
	der_end(b, header);
}

static void
message(struct buf *b, const struct parts *p)
{
	size_t	all, mark;

	b->len = 0;
	all = der_begin(b, DER_SEQUENCE);
	put_header(b, p);
	mark = der_begin(b, DER_CONTEXT_CONS(p->body));
	der_put(b, DER_SEQUENCE, NULL, 0);
	der_end(b, mark);
	if (p->certs) {
		mark = der_begin(b, DER_CONTEXT_CONS(1));
		der_put(b, DER_SEQUENCE, "\x30\x03\x02\x01\x01", 5);
		der_end(b, mark);
	}
	der_end(b, all);
}

static const struct parts	 good = { 2, PBM, "plant", "0123456789abcdef",
	CMP_IR, false };

static void
refused(const struct parts *p, const char *why)
{
	struct cmp_message	 m;
	struct error		 e = ERROR_INIT;
	struct buf		 b = { 0 };

	message(&b, p);
	assert_int_equal(cmp_message_read(&m, BYTES(b.p, b.len), &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_string_equal(e.text, why);
	buf_clear(&b);
}

static void
cmp_message_read_refuses_headers_that_are_none(void **state)
{
	struct parts	 p = good;

	(void)state;
	p.version = 1;
	refused(&p, "CMP message: neither version 2 nor 3 (RFC 9810, 5.1.1)");
	p = good;
	p.transaction = NULL;
	refused(&p, "CMP message: no transactionID of 1 to 64 octets (RFC "
	    "9483, 3.1)");
	p.transaction = "";
	refused(&p, "CMP message: no transactionID of 1 to 64 octets (RFC "
	    "9483, 3.1)");
	p.transaction = "01234567890123456789012345678901234567890123456789"
	    "012345678901234";
	refused(&p, "CMP message: no transactionID of 1 to 64 octets (RFC "
	    "9483, 3.1)");
}

static void
cmp_message_read_refuses_what_is_cut_anywhere(void **state)
{
	struct cmp_message	 m;
	struct error		 e = ERROR_INIT;
	struct buf		 b = { 0 };
	size_t			 n;

	(void)state;
	message(&b, &good);
	for (n = 0; n < b.len; n++) {
		assert_int_equal(cmp_message_read(&m, BYTES(b.p, n), &e), -1);
		assert_int_equal(e.code, ERROR_INPUT);
	}
	buf_clear(&b);
}

static void
cmp_message_read_tells_who_protects_it(void **state)
{
	struct parts		 p = good;
	struct cmp_message	 m;
	struct error		 e = ERROR_INIT;
	struct buf		 b = { 0 };

	(void)state;
	message(&b, &p);
	assert_int_equal(cmp_message_read(&m, BYTES(b.p, b.len), &e), 0);
	assert_int_equal(m.protection, CMP_MAC);
	assert_int_equal(m.body, CMP_IR);
	assert_true(bytes_equal(m.reference, BYTES("plant", 5)));
	assert_true(bytes_equal(m.transaction, BYTES("0123456789abcdef",
	    16)));
	assert_int_equal(m.signer.len, 0);
	p.alg = ECDSA;
	p.certs = true;
	p.body = CMP_KUR;
	message(&b, &p);
	assert_int_equal(cmp_message_read(&m, BYTES(b.p, b.len), &e), 0);
	assert_int_equal(m.protection, CMP_SIGNATURE);
	assert_int_equal(m.body, CMP_KUR);
	assert_int_equal(m.signer.len, 5);
	p.alg = NULL;
	message(&b, &p);
	assert_int_equal(cmp_message_read(&m, BYTES(b.p, b.len), &e), 0);
	assert_int_equal(m.protection, CMP_UNPROTECTED);
	buf_clear(&b);
}

static struct bytes
number(char dst[8], unsigned int n)
{
	snprintf(dst, 8, "%07u", n);
	return BYTES(dst, 7);
}

static void
cmp_table_take_forgets_what_has_ended(void **state)
{
	struct cmp_table	*t;
	struct cmp_trans	*tr;
	char			 id[8];

	(void)state;
	cmp_table_new(&t);
	tr = cmp_trans_new(number(id, 1));
	cmp_table_put(t, &tr, NOW + 10);
	assert_null(tr);
	assert_false(cmp_table_has(t, number(id, 2), NOW));
	assert_true(cmp_table_has(t, number(id, 1), NOW + 9));
	tr = cmp_table_take(t, number(id, 1), NOW + 9);
	assert_non_null(tr);
	assert_null(cmp_table_take(t, number(id, 1), NOW + 9));
	cmp_table_put(t, &tr, NOW + 10);
	assert_null(cmp_table_take(t, number(id, 1), NOW + 10));
	cmp_table_free(&t);
	assert_null(t);
}

static void
cmp_table_put_keeps_no_more_than_it_may(void **state)
{
	struct cmp_table	*t;
	struct cmp_trans	*tr;
	char			 id[8];
	unsigned int		 i;

	(void)state;
	cmp_table_new(&t);
	for (i = 0; i < CMP_TRANS_MAX + 5; i++) {
		tr = cmp_trans_new(number(id, i));
		cmp_table_put(t, &tr, NOW + 10 + i);
	}
	for (i = 0; i < CMP_TRANS_MAX + 5; i++)
		assert_int_equal(cmp_table_has(t, number(id, i), NOW), i >= 5);
	cmp_table_free(&t);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(
		    cmp_message_read_refuses_headers_that_are_none),
		cmocka_unit_test(cmp_message_read_refuses_what_is_cut_anywhere),
		cmocka_unit_test(cmp_message_read_tells_who_protects_it),
		cmocka_unit_test(cmp_table_take_forgets_what_has_ended),
		cmocka_unit_test(cmp_table_put_keeps_no_more_than_it_may),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
