/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/asn1.h>
#include <openssl/objects.h>
#include "base/text.h"
#include "x509/der.h"
#include "x509/oid.h"

static void
written(struct buf *b, const char *hex)
{
	char	*have = mem_alloc(2 * b->len + 1);

	assert_string_equal(text_hex(have, b->p, b->len), hex);
	mem_free(&have);
	b->len = 0;
}

static void
der_check_refuses_what_is_not_der(void **state)
{
	static const struct {
		const char	*hex;
		const char	*text;
	} rows[] = {
		{ "", "byte 0: no data" },
		{ "30", "byte 0: ends inside a header" },
		{ "3080020101 0000", "byte 0: indefinite length" },
		{ "308103020101",
		  "byte 0: length is not in its shortest form" },
		{ "30820003020101",
		  "byte 0: length is not in its shortest form" },
		{ "3085010000000002", "byte 0: length above 4 GiB" },
		{ "3004020101", "byte 0: length runs past the end" },
		{ "3003020101ff", "byte 5: bytes after the end" },
		{ "1f8101020101", "byte 0: tag number above 30" },
		{ "30020000", "byte 2: end-of-contents octets" },
		{ "010101", "byte 0: boolean is neither 00 nor FF" },
		{ "30040202007f",
		  "byte 2: integer is not in its shortest form" },
		{ "0202ff80", "byte 0: integer is not in its shortest form" },
		{ "0200", "byte 0: integer without octets" },
		{ "0a020001", "byte 0: integer is not in its shortest form" },
		{ "03020801",
		  "byte 0: bit string with a bad count of unused bits" },
		{ "030101",
		  "byte 0: bit string with a bad count of unused bits" },
		{ "03020703", "byte 0: bit string with unused bits set" },
		{ "050100", "byte 0: null with content" },
		{ "06022a80", "byte 0: object identifier is cut off" },
		{ "06032a8001", "byte 0: object identifier is not in its"
		  " shortest form" },
		{ "0c02c080", "byte 0: text is not UTF-8" },
		{ "0c03eda080", "byte 0: text is not UTF-8" },
		{ "130140", "byte 0: character that a PrintableString cannot"
		  " have" },
		{ "160180",
		  "byte 0: character that an ASCII string cannot have" },
		{ "170b32363131323130333139 5a",
		  "byte 0: time is not YYMMDDHHMMSSZ" },
		{ "170d3236313330313030303030305a",
		  "byte 0: time is not YYMMDDHHMMSSZ" },
		{ "180f32303235303232393030303030305a",
		  "byte 0: time is not YYYYMMDDHHMMSSZ" },
		{ "12012d", "byte 0: character that a NumericString cannot"
		  " have" },
		{ "1a0109", "byte 0: character that a VisibleString cannot"
		  " have" },
		{ "1e0100", "byte 0: BMPString of odd length" },
		{ "1e02d800", "byte 0: BMPString with half of a character" },
		{ "1c03000000", "byte 0: UniversalString that is cut off" },
		{ "1c0400110000", "byte 0: UniversalString with what is no"
		  " character" },
		{ "0641 0101010101010101010101010101010101010101010101010101"
		  "010101010101010101010101010101010101010101010101010101"
		  "010101010101010101010101", "byte 0: object identifier"
		  " longer than 64 octets" },
		{ "2403040100", "byte 0: string in pieces" },
		{ "1003020101",
		  "byte 0: sequence or set that is not constructed" },
		{ "090100", "byte 0: type that is not expected here" },
		{ "3106020102020101", "byte 5: set is not sorted" },
		{ "300a300830063004300230 00", "byte 6: nested too deeply" },
	};
	uint8_t		 der[80];
	char		 hex[160];
	struct error	 e;
	size_t		 i, k, n, len;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (k = n = 0; rows[i].hex[k] != '\0'; k++)
			if (rows[i].hex[k] != ' ')
				hex[n++] = rows[i].hex[k];
		hex[n] = '\0';
		error_clear(&e);
		assert_int_equal(text_unhex(der, sizeof(der), &len, hex, &e),
		    0);
		assert_int_equal(der_check(BYTES(der, len), 4, &e), -1);
		assert_string_equal(e.text, rows[i].text);
		assert_int_equal(e.code, ERROR_INPUT);
	}
}

static void
der_check_accepts_sets_in_order_and_context_tags(void **state)
{
	static const char *const	 good[] = {
		"3106020101020102", "3106020101020101", "3000",
		"a003020101", "8003010203", "3109020101020101020103",
		"0c02c3a5", "180f32303234303232393030303030305a",
	};
	uint8_t		 der[64];
	struct error	 e = ERROR_INIT;
	size_t		 i, len;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(text_unhex(der, sizeof(der), &len, good[i],
		    &e), 0);
		if (der_check(BYTES(der, len), 4, &e) == -1)
			fail_msg("%s: %s", good[i], e.text);
	}
}

static void
der_oid_text_is_dotted_and_bounded(void **state)
{
	char	 text[DER_OID_TEXT];
	uint8_t	 arcs[64];

	(void)state;
	assert_string_equal(der_oid_text(text, BYTES("\x55\x1d\x11", 3)),
	    "2.5.29.17");
	assert_string_equal(der_oid_text(text, BYTES("\x88\x37\x03", 3)),
	    "2.999.3");
	assert_string_equal(der_oid_text(text, BYTES("\x69\xff\xff\xff\xff"
	    "\xff\xff\xff\xff\xff\xff\x7f", 12)), "2.25...");
	memset(arcs, 0x7f, sizeof(arcs));
	der_oid_text(text, BYTES(arcs, sizeof(arcs)));
	assert_true(strlen(text) < DER_OID_TEXT);
	assert_non_null(strstr(text, "..."));
}

static void
der_put_oid_refuses_nonsense_and_leaves_nothing(void **state)
{
	static const char *const	 bad[] = {
		"", "1", "3.1", "1.40", "1..2", "1.2.", ".1.2", "1.2.x",
		"1.02", "1.2 ", "-1.2", "1.2.+3",
	};
	struct buf	 b = { 0 };
	size_t		 i;

	(void)state;
	buf_byte(&b, 0xaa);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(der_put_oid(&b, bad[i]), -1);
		assert_int_equal(b.len, 1);
	}
	buf_clear(&b);
}

static void
der_put_oid_agrees_with_openssl(void **state)
{
	static const char *const	 oids[] = {
		"0.0", "1.2.840.113549.1.9.1", "2.5.4.3", "2.40", "2.999.1",
		"0.9.2342.19200300.100.1.25", OID_ROLE_CRL_AGENT,
	};
	struct buf	 b = { 0 };
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(oids) / sizeof(oids[0]); i++) {
		ASN1_OBJECT	*o = OBJ_txt2obj(oids[i], 1);
		unsigned char	*der = NULL;
		int		 n = i2d_ASN1_OBJECT(o, &der);
		struct bytes	 in, c;

		b.len = 0;
		assert_int_equal(der_put_oid(&b, oids[i]), 0);
		assert_true(bytes_equal(BYTES(b.p, b.len),
		    BYTES(der, (size_t)n)));
		in = BYTES(b.p, b.len);
		assert_int_equal(der_take(&in, DER_OID, &c), 0);
		assert_true(der_is_oid(c, oids[i]));
		assert_false(der_is_oid(c, "2.5.4.4"));
		assert_false(der_is_oid(c, "nonsense"));
		OPENSSL_free(der);
		ASN1_OBJECT_free(o);
	}
	buf_clear(&b);
}

static void
der_put_int_is_the_shortest_form(void **state)
{
	struct buf	 b = { 0 };
	struct bytes	 in;
	int64_t		 v, have;
	int		 shift;

	(void)state;
	der_put_int(&b, 0);
	written(&b, "020100");
	der_put_int(&b, 127);
	written(&b, "02017f");
	der_put_int(&b, 128);
	written(&b, "02020080");
	der_put_int(&b, -128);
	written(&b, "020180");
	der_put_int(&b, -129);
	written(&b, "0202ff7f");
	for (shift = 0; shift < 64; shift++) {
		v = (int64_t)(UINT64_C(1) << shift);
		b.len = 0;
		der_put_int(&b, v);
		in = BYTES(b.p, b.len);
		assert_int_equal(der_take_int(&in, &have), 0);
		assert_true(have == v && in.len == 0);
	}
	buf_clear(&b);
}

static void
der_put_uint_adds_or_removes_the_leading_zero(void **state)
{
	struct buf	 b = { 0 };

	(void)state;
	der_put_uint(&b, (const uint8_t *)"\x80", 1);
	written(&b, "02020080");
	der_put_uint(&b, (const uint8_t *)"\x00\x00\x7f", 3);
	written(&b, "02017f");
	der_put_uint(&b, NULL, 0);
	written(&b, "020100");
	buf_clear(&b);
}

static void
der_put_named_bits_drops_trailing_zeros(void **state)
{
	struct buf	 b = { 0 };

	(void)state;
	der_put_named_bits(&b, 0);
	written(&b, "030100");
	der_put_named_bits(&b, 1u << 0);
	written(&b, "03020780");
	der_put_named_bits(&b, 1u << 5 | 1u << 6);
	written(&b, "03020106");
	der_put_named_bits(&b, 1u << 0 | 1u << 8);
	written(&b, "0303078080");
	der_put_bits(&b, (const uint8_t *)"\x01", 1);
	written(&b, "03020001");
	buf_clear(&b);
}

static void
der_put_time_changes_form_in_2050(void **state)
{
	static const struct {
		const char	*time;
		uint8_t		 tag;
		const char	*text;
	} rows[] = {
		{ "1949-12-31T23:59:59Z", 0x18, "19491231235959Z" },
		{ "1950-01-01T00:00:00Z", 0x17, "500101000000Z" },
		{ "1970-01-01T00:00:00Z", 0x17, "700101000000Z" },
		{ "2000-02-29T12:34:56Z", 0x17, "000229123456Z" },
		{ "2049-12-31T23:59:59Z", 0x17, "491231235959Z" },
		{ "2050-01-01T00:00:00Z", 0x18, "20500101000000Z" },
		{ "9999-12-31T23:59:59Z", 0x18, "99991231235959Z" },
	};
	struct buf	 b = { 0 };
	struct bytes	 in, c;
	struct error	 e = ERROR_INIT;
	int64_t		 t, have;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(text_parse_time(&t, rows[i].time, &e), 0);
		b.len = 0;
		der_put_time(&b, t);
		in = BYTES(b.p, b.len);
		assert_int_equal(der_take(&in, rows[i].tag, &c), 0);
		assert_true(bytes_equal(c, BYTES(rows[i].text,
		    strlen(rows[i].text))));
		in = BYTES(b.p, b.len);
		assert_int_equal(der_take_time(&in, &have), 0);
		assert_int_equal(have, t);
	}
	b.len = 0;
	der_put_general_time(&b, 0);
	written(&b, "180f31393730303130313030303030305a");
	buf_clear(&b);
}

static void
der_end_makes_room_for_long_lengths(void **state)
{
	static const size_t	 sizes[] =
	    { 0, 1, 127, 128, 255, 256, 65535, 65536, 70000 };
	struct buf		 b = { 0 };
	struct bytes		 in, outer, inner;
	struct error		 e = ERROR_INIT;
	uint8_t			*fill = mem_alloc(70000);
	size_t			 i, m1, m2;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		b.len = 0;
		m1 = der_begin(&b, DER_SEQUENCE);
		m2 = der_begin(&b, DER_OCTET_STRING);
		buf_add(&b, fill, sizes[i]);
		der_end(&b, m2);
		der_put_bool(&b, true);
		der_end(&b, m1);
		in = BYTES(b.p, b.len);
		if (der_check(in, 4, &e) == -1)
			fail_msg("%zu: %s", sizes[i], e.text);
		assert_int_equal(der_take(&in, DER_SEQUENCE, &outer), 0);
		assert_int_equal(in.len, 0);
		assert_int_equal(der_take(&outer, DER_OCTET_STRING, &inner), 0);
		assert_int_equal(inner.len, sizes[i]);
		assert_int_equal(outer.len, 3);
	}
	mem_free(&fill);
	buf_clear(&b);
}

static void
der_take_leaves_the_input_where_it_was_on_failure(void **state)
{
	static const uint8_t	 der[] = { 0x02, 0x01, 0x85, 0x05, 0x00 };
	struct bytes		 in = BYTES(der, sizeof(der)), c, whole;
	int64_t			 t;
	uint8_t			 tag;

	(void)state;
	assert_int_equal(der_take(&in, DER_SEQUENCE, &c), -1);
	assert_int_equal(der_take_whole(&in, DER_NULL, &c), -1);
	assert_int_equal(der_take_uint(&in, &c), -1);	/* negative */
	assert_int_equal(der_take_bits(&in, &c), -1);
	assert_int_equal(der_take_time(&in, &t), -1);
	assert_int_equal(in.len, sizeof(der));
	assert_true(der_peek(in, DER_INTEGER));
	assert_int_equal(der_next(&in, &tag, &c, &whole), 1);
	assert_int_equal(tag, DER_INTEGER);
	assert_int_equal(whole.len, 3);
	assert_int_equal(der_take_whole(&in, DER_NULL, &whole), 0);
	assert_int_equal(der_next(&in, &tag, &c, NULL), 0);
	assert_false(der_peek(in, DER_INTEGER));
}

static void
der_take_ext_refuses_what_is_no_extension(void **state)
{
	static const struct bytes	 rows[] = {
		BYTES("", 0),
		BYTES("\x30\x00", 2),
		BYTES("\x30\x03\x06\x01\x2a", 5),		/* no value */
		BYTES("\x30\x05\x04\x01\x2a\x04\x00", 7),	/* no OID */
		/* FALSE spelled out, and bytes after the value */
		BYTES("\x30\x08\x06\x01\x2a\x01\x01\x00\x04\x00", 10),
		BYTES("\x30\x07\x06\x01\x2a\x04\x00\x05\x00", 9),
	};
	struct der_ext	 x;
	struct bytes	 in;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		in = rows[i];
		assert_int_equal(der_take_ext(&in, &x), -1);
		assert_int_equal(in.len, rows[i].len);
	}
	in = BYTES("\x30\x09\x06\x01\x2a\x01\x01\xff\x04\x01\x07\x05\x00",
	    13);
	assert_int_equal(der_take_ext(&in, &x), 0);
	assert_true(x.critical);
	assert_true(der_is_oid(x.oid, "1.2"));
	assert_int_equal(x.value.len, 1);
	assert_int_equal(in.len, 2);
}

static void
der_is_printable_knows_the_set(void **state)
{
	(void)state;
	assert_true(der_is_printable(BYTES("Aa0 '()+,-./:=?", 15)));
	assert_false(der_is_printable(BYTES("a@b", 3)));
	assert_false(der_is_printable(BYTES("a\0b", 3)));
	assert_false(der_is_printable(BYTES("*", 1)));
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(der_check_refuses_what_is_not_der),
		cmocka_unit_test(
		    der_check_accepts_sets_in_order_and_context_tags),
		cmocka_unit_test(der_oid_text_is_dotted_and_bounded),
		cmocka_unit_test(
		    der_put_oid_refuses_nonsense_and_leaves_nothing),
		cmocka_unit_test(der_put_oid_agrees_with_openssl),
		cmocka_unit_test(der_put_int_is_the_shortest_form),
		cmocka_unit_test(der_put_uint_adds_or_removes_the_leading_zero),
		cmocka_unit_test(der_put_named_bits_drops_trailing_zeros),
		cmocka_unit_test(der_put_time_changes_form_in_2050),
		cmocka_unit_test(der_end_makes_room_for_long_lengths),
		cmocka_unit_test(
		    der_take_leaves_the_input_where_it_was_on_failure),
		cmocka_unit_test(der_take_ext_refuses_what_is_no_extension),
		cmocka_unit_test(der_is_printable_knows_the_set),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
