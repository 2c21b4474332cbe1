/* SPDX-License-Identifier: Apache-2.0 */
/* What goes over the wire, byte by byte, and what may come back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/crypto.h>
#include "personalize/apdu.h"
#include "personalize/tlv.h"

/* A reader with a script: each line is what must come and what is answered,
 * in hexadecimal; an answer of "" is a card that was pulled. */
struct script {
	const char	*const (*line)[2];
	size_t		 n, at, reconnected, released;
};

static void
expect(const char *hex, struct bytes got)
{
	long	 n = 0;
	uint8_t	*want = OPENSSL_hexstr2buf(hex, &n);

	assert_non_null(want);
	assert_int_equal(got.len, n);
	assert_memory_equal(got.p, want, (size_t)n);
	OPENSSL_free(want);
}

static int
play(void *io, struct bytes in, uint8_t *out, size_t size, size_t *n,
    struct error *e)
{
	struct script	*s = io;
	uint8_t		*answer;
	long		 len = 0;

	if (s->at == s->n)
		return error_set(e, ERROR_CARD, "the script is over");
	expect(s->line[s->at][0], in);
	if (s->line[s->at][1][0] == '\0') {
		s->at++;
		*n = 0;
		return 0;
	}
	answer = OPENSSL_hexstr2buf(s->line[s->at++][1], &len);
	assert_non_null(answer);
	assert_true((size_t)len <= size);
	memcpy(out, answer, (size_t)len);
	*n = (size_t)len;
	OPENSSL_free(answer);
	return 0;
}

static int
again(void *io, struct error *e)
{
	(void)e;
	((struct script *)io)->reconnected++;
	return 0;
}

static void
done(void *io)
{
	((struct script *)io)->n = 0;
}

static void
let_go(void *io)
{
	((struct script *)io)->released++;
}

static const struct card_io_ops	 ops = { play, again, let_go, done };

#define SCRIPT(lines)							\
	struct script	 s = { lines, sizeof(lines) / sizeof(lines[0]), 0, 0,\
		0 };							\
	struct card_io	 io = { .ops = &ops, .io = &s };		\
	struct buf	 out = { 0 };					\
	struct error	 e = ERROR_INIT;				\
	uint16_t	 sw

static const struct apdu	 ask = { 0xcb, 0x3f, 0xff,
				    { (const uint8_t *)"\x5c\x01\x7e", 3 },
				    true, 0 };

static void
apdu_exchange_refuses_everything_after_a_removal(void **state)
{
	static const char *const	 lines[][2] = {
		{ "00CB3FFF035C017E00", "" } };
	SCRIPT(lines);

	(void)state;
	assert_int_equal(apdu_exchange(&io, &ask, &out, &sw, &e), -1);
	assert_int_equal(e.code, ERROR_CARD);
	assert_string_equal(e.text, "the card was removed");
	assert_true(io.lost);
	error_clear(&e);
	assert_int_equal(apdu_exchange(&io, &ask, &out, &sw, &e), -1);
	assert_string_equal(e.text,
	    "the card was lost and has not been recognised again");
	assert_int_equal(s.at, 1);
	error_clear(&e);
	assert_int_equal(apdu_reconnect(&io, &e), 0);
	assert_int_equal(s.reconnected, 1);
	assert_false(io.lost);
	apdu_release(&io);
	assert_int_equal(s.released, 1);
	assert_true(io.lost);
	apdu_close(&io);
	assert_null(io.ops);
}

static void
apdu_exchange_gives_up_an_answer_without_end(void **state)
{
	static const char	*lines[200][2] = {
		{ "00CB3FFF035C017E00", "AA6100" } };
	SCRIPT(lines);

	(void)state;
	for (size_t i = 1; i < 200; i++) {
		lines[i][0] = "00C0000000";
		lines[i][1] = "6100";
	}
	assert_int_equal(apdu_exchange(&io, &ask, &out, &sw, &e), -1);
	assert_string_equal(e.text, "the card's answer has no end");
	assert_true(io.lost);
	assert_int_equal(s.at, 129);
	buf_clear(&out);
}

static void
apdu_exchange_stops_a_chain_that_is_refused(void **state)
{
	static const char *const	 lines[][2] = {
		{ "10DB3FFFFF"
		  "0000000000000000000000000000000000000000000000000000000000"
		  "0000000000000000000000000000000000000000000000000000000000"
		  "0000000000000000000000000000000000000000000000000000000000"
		  "0000000000000000000000000000000000000000000000000000000000"
		  "0000000000000000000000000000000000000000000000000000000000"
		  "0000000000000000000000000000000000000000000000000000000000"
		  "0000000000000000000000000000000000000000000000000000000000"
		  "0000000000000000000000000000000000000000000000000000000000"
		  "0000000000000000000000000000000000000000000000", "6A84" } };
	static const uint8_t		 zero[300];
	struct apdu			 put = { 0xdb, 0x3f, 0xff,
					    { zero, sizeof(zero) }, false, 0 };
	SCRIPT(lines);

	(void)state;
	(void)out;
	assert_int_equal(apdu_exchange(&io, &put, NULL, &sw, &e), 0);
	assert_int_equal(sw, APDU_NO_SPACE);
	assert_false(io.lost);
	assert_int_equal(s.at, 1);
}

static void
apdu_exchange_chains_and_collects(void **state)
{
	static const char *const	 lines[][2] = {
		{ "10870011FF"
		  "0000000000000000000000000000000000000000000000000000000000"
		  "0000000000000000000000000000000000000000000000000000000000"
		  "0000000000000000000000000000000000000000000000000000000000"
		  "0000000000000000000000000000000000000000000000000000000000"
		  "0000000000000000000000000000000000000000000000000000000000"
		  "0000000000000000000000000000000000000000000000000000000000"
		  "0000000000000000000000000000000000000000000000000000000000"
		  "0000000000000000000000000000000000000000000000000000000000"
		  "0000000000000000000000000000000000000000000000", "9000" },
		{ "0087001101FF00", "01026102" },
		{ "00C0000002", "03049000" } };
	uint8_t				 data[256] = { 0 };
	struct apdu			 use = { 0x87, 0x00, 0x11,
					    { data, sizeof(data) }, true, 0 };
	SCRIPT(lines);

	(void)state;
	data[255] = 0xff;
	assert_int_equal(apdu_exchange(&io, &use, &out, &sw, &e), 0);
	assert_int_equal(sw, APDU_OK);
	expect("01020304", BYTES(out.p, out.len));
	buf_clear(&out);
}

static void
apdu_exchange_repeats_with_the_length_that_the_card_wants(void **state)
{
	static const char *const	 lines[][2] = {
		{ "00CB3FFF035C017E00", "6C02" },
		{ "00CB3FFF035C017E02", "AABB9000" } };
	SCRIPT(lines);

	(void)state;
	assert_int_equal(apdu_exchange(&io, &ask, &out, &sw, &e), 0);
	assert_int_equal(sw, APDU_OK);
	expect("AABB", BYTES(out.p, out.len));
	buf_clear(&out);
}

static void
apdu_exchange_uses_extended_lengths_where_both_have_them(void **state)
{
	static const char *const	 lines[][2] = {
		{ "00DB3FFF000100"
		  "0000000000000000000000000000000000000000000000000000000000"
		  "0000000000000000000000000000000000000000000000000000000000"
		  "0000000000000000000000000000000000000000000000000000000000"
		  "0000000000000000000000000000000000000000000000000000000000"
		  "0000000000000000000000000000000000000000000000000000000000"
		  "0000000000000000000000000000000000000000000000000000000000"
		  "0000000000000000000000000000000000000000000000000000000000"
		  "0000000000000000000000000000000000000000000000000000000000"
		  "000000000000000000000000000000000000000000000000", "9000" } };
	static const uint8_t		 zero[256];
	struct apdu			 put = { 0xdb, 0x3f, 0xff,
					    { zero, sizeof(zero) }, false, 0 };
	SCRIPT(lines);

	(void)state;
	(void)out;
	io.extended = true;
	assert_int_equal(apdu_exchange(&io, &put, NULL, &sw, &e), 0);
	assert_int_equal(sw, APDU_OK);
}

/* What the answer to reset says is not always so. */
static void
apdu_exchange_asks_who_refuses_one_length_in_the_other(void **state)
{
	char			 link[2 * 260 + 1], whole[2 * 263 + 1];
	const char		*lines[][2] = {
		{ link, "6884" }, { whole, "9000" }, { whole, "6700" },
		{ link, "9000" }, { "00DB3FFF0100", "9000" }, { link, "6E00" },
		{ whole, "6700" } };
	static const uint8_t	 data[256];
	struct apdu		 put = { 0xdb, 0x3f, 0xff,
				    { data, sizeof(data) }, false, 0 };
	SCRIPT(lines);

	(void)state;
	(void)out;
	snprintf(link, sizeof(link), "10DB3FFFFF%0510d", 0);
	snprintf(whole, sizeof(whole), "00DB3FFF000100%0512d", 0);
	assert_int_equal(apdu_exchange(&io, &put, NULL, &sw, &e), 0);
	assert_int_equal(sw, APDU_OK);
	assert_true(io.extended);
	assert_int_equal(apdu_exchange(&io, &put, NULL, &sw, &e), 0);
	assert_int_equal(sw, APDU_OK);
	assert_false(io.extended);
	assert_int_equal(apdu_exchange(&io, &put, NULL, &sw, &e), 0);
	assert_int_equal(sw, APDU_NO_CLA);	/* neither: its first word */
	assert_int_equal(s.at, 7);
	assert_false(io.extended);
}

/* ISO 7816-3, 12.1.2. */
static void
apdu_exchange_speaks_t0(void **state)
{
	static const char *const	 lines[][2] = {
		{ "00CB3FFF035C017E", "6102" }, { "00C0000002", "AABB9000" },
		{ "0020008000", "63C3" }, { "00FD000000", "6C03" },
		{ "00FD000003", "0504039000" } };
	struct apdu			 verify = { 0x20, 0, 0x80, { NULL, 0 },
					    false, 0 };
	struct apdu			 version = { 0xfd, 0, 0, { NULL, 0 },
					    true, 0 };
	SCRIPT(lines);

	(void)state;
	io.t0 = true;
	assert_int_equal(apdu_exchange(&io, &ask, &out, &sw, &e), 0);
	expect("AABB", BYTES(out.p, out.len));
	assert_int_equal(apdu_exchange(&io, &verify, NULL, &sw, &e), 0);
	assert_int_equal(sw, 0x63c3);
	assert_int_equal(apdu_exchange(&io, &version, &out, &sw, &e), 0);
	expect("050403", BYTES(out.p, out.len));
	buf_clear(&out);
}

static void
apdu_error_says_what_a_status_word_means(void **state)
{
	struct error	 e = ERROR_INIT;

	(void)state;
	assert_int_equal(apdu_error(&e, 0x63c2, "PIN"), -1);
	assert_int_equal(e.code, ERROR_DENIED);
	assert_string_equal(e.text, "PIN: wrong, 2 tries left");
	apdu_error(&e, APDU_WRONG, "PIN");
	assert_int_equal(e.code, ERROR_DENIED);
	assert_string_equal(e.text, "PIN: wrong");
	apdu_error(&e, APDU_NO_SPACE, "write");
	assert_int_equal(e.code, ERROR_CARD);
	assert_string_equal(e.text, "write: the card says 6A84, no space");
	apdu_error(&e, 0x6581, "write");
	assert_string_equal(e.text, "write: the card says 6581");
}

static void
tlv_refuses_what_is_longer_than_there_is(void **state)
{
	static const struct { const char *hex; } bad[] = { { "70" },
		{ "7002AA" }, { "7083FFFFFF" },
		{ "7084FFFFFFFF00" }, { "708000" }, { "7084000000" },
		{ "5F" }, { "5FC1C101" } };
	struct bytes	 in, v;
	uint32_t	 tag;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		long	 n = 0;
		uint8_t	*p = OPENSSL_hexstr2buf(bad[i].hex, &n);

		in = BYTES(p, (size_t)n);
		assert_int_equal(tlv_find(in, 0x99, &v), -1);
		assert_int_equal(tlv_next(&in, &tag, &v), -1);
		OPENSSL_free(p);
	}
}

static void
tlv_writes_what_it_reads(void **state)
{
	uint8_t		 big[300] = { 7 };
	struct buf	 out = { 0 };
	struct bytes	 v;

	(void)state;
	tlv_put(&out, 0x5fc105, BYTES(big, 200));
	tlv_put(&out, 0x7f49, BYTES(big, 300));
	tlv_put_byte(&out, 0x71, 1);
	expect("5FC10581C8", BYTES(out.p, 5));
	assert_int_equal(tlv_find(BYTES(out.p, out.len), 0x7f49, &v), 1);
	assert_int_equal(v.len, 300);
	assert_int_equal(tlv_find(BYTES(out.p, out.len), 0x71, &v), 1);
	assert_int_equal(v.p[0], 1);
	assert_int_equal(tlv_find(BYTES(out.p, out.len), 0x72, &v), 0);
	assert_int_equal(tlv_find(BYTES("\x72\x84\0\0\0\x01\x07", 7), 0x72, &v),
	    1);				/* longer than it need be */
	assert_int_equal(v.len, 1);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(apdu_exchange_refuses_everything_after_a_removal),
		cmocka_unit_test(apdu_exchange_gives_up_an_answer_without_end),
		cmocka_unit_test(apdu_exchange_stops_a_chain_that_is_refused),
		cmocka_unit_test(apdu_exchange_chains_and_collects),
		cmocka_unit_test(apdu_exchange_repeats_with_the_length_that_the_card_wants),
		cmocka_unit_test(apdu_exchange_uses_extended_lengths_where_both_have_them),
		cmocka_unit_test(
		    apdu_exchange_asks_who_refuses_one_length_in_the_other),
		cmocka_unit_test(apdu_exchange_speaks_t0),
		cmocka_unit_test(apdu_error_says_what_a_status_word_means),
		cmocka_unit_test(tlv_refuses_what_is_longer_than_there_is),
		cmocka_unit_test(tlv_writes_what_it_reads),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
