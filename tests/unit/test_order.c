/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/x509.h>
#include "order/order.h"
#include "tests/lib/watched.h"
#include "x509/der.h"

#define NOW	INT64_C(1800000000)

static struct order *
make(enum order_kind kind)
{
	struct clock	 clock = clock_fixed(NOW);
	struct rng	 rng = rng_seeded(7);
	struct error	 e = ERROR_INIT;
	struct order	*o;

	assert_int_equal(order_new(&o, kind, 86400, &clock, &rng, &e), 0);
	o->comment = mem_strdup("passport seen, J\xc3\xb6rg's desk");
	return o;
}

static struct order *
make_issue(void)
{
	struct order	*o = make(ORDER_ISSUE);

	o->ca = mem_strdup("people");
	o->profile = mem_strdup("mail-sign");
	o->holder = mem_strdup("17");
	o->until = NOW + 365 * 86400;
	fields_add(&o->fields, "name", "Alice Holm");
	fields_add(&o->fields, "mail", "alice@example.org");
	o->has_request = true;
	memset(o->request, 0xab, sizeof(o->request));
	return o;
}

static struct order *
make_batch(size_t n)
{
	struct order	*o = make(ORDER_BATCH);
	char		 text[64];
	size_t		 i;

	o->ca = mem_strdup("people");
	o->profile = mem_strdup("card-auth");
	o->item = mem_array(n, sizeof(*o->item));
	o->nitems = n;
	for (i = 0; i < n; i++) {
		o->item[i].n = (uint32_t)(i + 1);
		snprintf(text, sizeof(text), "%zu", i + 1000);
		o->item[i].holder = mem_strdup(text);
		snprintf(text, sizeof(text), "Person Number %zu", i);
		fields_add(&o->item[i].fields, "name", text);
		snprintf(text, sizeof(text), "person.%zu@mail.example.org", i);
		fields_add(&o->item[i].fields, "mail", text);
		fields_add(&o->item[i].fields, "org", "Example Works AB");
		fields_add(&o->item[i].fields, "unit", "Department of Tests");
	}
	return o;
}

static struct order *
make_revoke(enum order_kind kind)
{
	struct order	*o = make(kind);

	o->target = mem_array(2, sizeof(*o->target));
	o->ntargets = 2;
	o->target[0].ca = mem_strdup("people");
	o->target[0].serial[0] = 0x80;
	o->target[0].serial[1] = 0x01;
	o->target[0].serial_len = 2;
	o->target[1].ca = mem_strdup("services");
	o->target[1].serial[0] = 0x2a;
	o->target[1].serial_len = 1;
	o->selector = mem_strdup("holder:17");
	o->reason = kind == ORDER_REVOKE ? 1 : 0;
	return o;
}

static struct order *
make_bind(void)
{
	/* An Ed25519 key, RFC 8410, 10.1. */
	static const uint8_t	 key[] = "\x30\x2a\x30\x05\x06\x03\x2b\x65"
	    "\x70\x03\x21\x00\x19\xbf\x44\x09\x69\x84\xcd\xfe\x85\x41"
	    "\xba\xc1\x67\xdc\x3b\x96\xc8\x50\x86\xaa\x30\xb6\xb6\xcb"
	    "\x0c\x5c\x38\xad\x70\x31\x66\xe1";
	struct order		*o = make(ORDER_BIND);

	o->bind.person = mem_strdup("4711");
	buf_add(&o->bind.credential, "0123456789abcdef", 16);
	buf_add(&o->bind.key, key, sizeof(key) - 1);
	o->bind.rp_id = mem_strdup("example.org");
	o->bind.origin = mem_strdup("https://ra.example.org:8444");
	order_names_add(&o->bind.profiles, "mail-sign");
	order_names_add(&o->bind.profiles, "tls-server");
	order_names_add(&o->bind.domains, "example.org");
	o->until = NOW + 365 * 86400;
	return o;
}

static void
encode(struct buf *der, const struct order *o)
{
	struct error	 e = ERROR_INIT;

	if (order_encode(der, o, &e) == -1)
		fail_msg("%s", e.text);
}

static void
assert_parses(const struct buf *der)
{
	struct error	 e = ERROR_INIT;
	struct order	*o;

	if (order_parse(&o, BYTES(der->p, der->len), &e) == -1)
		fail_msg("%s", e.text);
	order_free(&o);
}

static void
assert_encode_fails(const struct order *o, const char *text)
{
	struct error	 e = ERROR_INIT;
	struct buf	 der = { 0 };

	assert_int_equal(order_encode(&der, o, &e), -1);
	assert_string_equal(e.text, text);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_int_equal(der.len, 0);
	buf_clear(&der);
}

static void
assert_parse_fails(struct bytes der, const char *text)
{
	struct error	 e = ERROR_INIT;
	struct order	*o = (struct order *)&e;

	assert_int_equal(order_parse(&o, der, &e), -1);
	assert_null(o);
	assert_int_equal(e.code, ERROR_INPUT);
	if (strstr(e.text, text) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", text, e.text);
}

/* ---- what is refused ---- */

static void
order_new_refuses_a_lifetime_of_nothing(void **state)
{
	struct clock	 clock = clock_fixed(NOW);
	struct error	 e = ERROR_INIT;
	struct order	*o;

	(void)state;
	assert_int_equal(order_new(&o, ORDER_ISSUE, 0, &clock, &rng_system,
	    &e), -1);
	assert_null(o);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_string_equal(e.text,
	    "the lifetime of an order must be positive");
}

static void
an_issue_order_without_request_or_code_is_refused(void **state)
{
	struct order	*o = make_issue();

	(void)state;
	o->has_request = false;
	assert_encode_fails(o, "order: an order of kind issue needs either "
	    "\"request\" or \"code\"");
	o->has_request = o->has_code = true;
	assert_encode_fails(o, "order: an order of kind issue needs either "
	    "\"request\" or \"code\"");
	order_free(&o);
}

static void
values_that_are_missing_or_unclean_are_refused(void **state)
{
	struct order	*o = make_issue();

	(void)state;
	mem_free(&o->holder);
	assert_encode_fails(o, "order: holder is empty");
	o->holder = mem_strdup("17");
	mem_free(&o->fields.v[1].value);
	o->fields.v[1].value = mem_strdup("a\nb");
	assert_encode_fails(o, "order: field \"mail\": value is not clean "
	    "UTF-8 text of at most 512 bytes");
	mem_free(&o->fields.v[1].value);
	o->fields.v[1].value = mem_strdup("alice@example.org");
	mem_free(&o->profile);
	o->profile = mem_strdup("../mail");
	assert_encode_fails(o, "order: profile is not a name");
	order_free(&o);
}

static void
an_order_that_expires_before_it_is_made_is_refused(void **state)
{
	struct order	*o = make_issue();

	(void)state;
	o->expires = o->created;
	assert_encode_fails(o, "order: expires is not after created");
	order_free(&o);
}

static void
too_many_fields_are_refused(void **state)
{
	struct order	*o = make_issue();

	(void)state;
	while (o->fields.n <= FIELDS_MAX)
		fields_add(&o->fields, "dns", "example.org");
	assert_encode_fails(o, "order: 33 fields: at most 32");
	order_free(&o);
}

static void
fields_of_another_kind_are_refused(void **state)
{
	struct order	*o = make_issue();

	(void)state;
	o->selector = mem_strdup("holder:17");
	assert_encode_fails(o,
	    "order: an order of kind issue has no \"selector\"");
	order_free(&o);
	o = make(ORDER_ADOPT);
	o->ca = mem_strdup("people");
	assert_encode_fails(o, "order: an order of kind adopt has no \"ca\"");
	order_free(&o);
}

static void
items_must_be_numbered_from_one_without_gaps(void **state)
{
	struct order	*o = make_batch(3);

	(void)state;
	o->item[1].n = 3;
	assert_encode_fails(o, "order: item 2 is numbered 3");
	o->nitems = 0;
	assert_encode_fails(o, "order: a batch has 1 to 200000 items, not 0");
	o->nitems = 3;
	order_free(&o);
}

static void
reasons_that_do_not_fit_the_kind_are_refused(void **state)
{
	struct order	*o = make_revoke(ORDER_REVOKE);

	(void)state;
	o->reason = 6;
	assert_encode_fails(o, "order: reason 6 is not for an order of kind "
	    "revoke (RFC 5280, 5.3.1)");
	order_free(&o);
	o = make_revoke(ORDER_HOLD);
	o->reason = 1;
	assert_encode_fails(o, "order: reason 1 is not for an order of kind "
	    "hold (RFC 5280, 5.3.1)");
	order_free(&o);
}

static void
set(char **dst, const char *text)
{
	mem_free(dst);
	*dst = text != NULL ? mem_strdup(text) : NULL;
}

static void
a_credential_bound_to_nobody_or_nowhere_is_refused(void **state)
{
	static const char *const	 bad[] = { "http://ra.example.org",
	    "https://ra.example.org/", "https://RA.example.org",
	    "https://u@ra.example.org", "ra.example.org" };
	static const char *const	 elsewhere[] = {
	    "https://badexample.org", "https://example.org.net",
	    "https://ra.example.net", "https://org" };
	struct order	*o = make_bind();
	size_t		 i;

	(void)state;
	set(&o->bind.person, NULL);
	assert_encode_fails(o, "order: person is empty");
	set(&o->bind.person, "4711");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		set(&o->bind.origin, bad[i]);
		assert_encode_fails(o, "order: the origin is not of the form "
		    "https://host or https://host:port");
	}
	for (i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
		set(&o->bind.origin, elsewhere[i]);
		assert_encode_fails(o, "order: the origin is not of the "
		    "relying party example.org");
	}
	set(&o->bind.origin, "https://example.org");
	o->bind.credential.len = 0;
	assert_encode_fails(o, "order: a credential's id has 1 to 1023 bytes, "
	    "not 0");
	o->bind.credential.len = 16;
	o->until = o->created;
	assert_encode_fails(o, "order: until is not after created");
	order_free(&o);
}

static void
a_credential_with_another_key_or_scope_is_refused(void **state)
{
	struct order	*o = make_bind();

	(void)state;
	o->bind.key.p[8] = 0x6e;	/* X25519 */
	assert_encode_fails(o, "order: the credential's key is not EC P-256, "
	    "Ed25519 or RSA of 2048 bits");
	o->bind.key.p[8] = 0x70;
	buf_byte(&o->bind.key, 0);
	assert_encode_fails(o, "order: the credential's key is not in its one "
	    "encoding");
	o->bind.key.len -= 2;
	assert_encode_fails(o, "order: the credential's key is none");
	o->bind.key.len++;
	set(&o->bind.profiles.v[1], "mail sign");
	assert_encode_fails(o, "order: profiles: number 2 is not a name");
	set(&o->bind.profiles.v[1], "mail-sign");
	set(&o->bind.domains.v[0], "Example.org");
	assert_encode_fails(o, "order: domains: number 1 is not a domain in "
	    "lower case");
	order_free(&o);
}

static void
what_a_bind_order_says_is_bounded(void **state)
{
	struct order	*o = make_bind();
	size_t		 i;

	(void)state;
	buf_reserve(&o->bind.credential, ORDER_CREDENTIAL_MAX + 1);
	o->bind.credential.len = ORDER_CREDENTIAL_MAX + 1;
	assert_encode_fails(o, "order: a credential's id has 1 to 1023 bytes, "
	    "not 1024");
	o->bind.credential.len = 16;
	set(&o->bind.rp_id, "");
	assert_encode_fails(o, "order: relying party is empty");
	set(&o->bind.rp_id, "example.org");
	set(&o->bind.origin, "");
	assert_encode_fails(o, "order: origin is empty");
	set(&o->bind.origin, "https://ra.example.org:8444");
	for (i = o->bind.profiles.n; i <= ORDER_SCOPE_MAX; i++)
		order_names_add(&o->bind.profiles, "mail-sign");
	assert_encode_fails(o, "order: more than 64 profiles");
	order_free(&o);
}

/* As many bits as P-256 has, and another curve. */
static void
a_credential_on_another_curve_is_refused(void **state)
{
	struct order	*o = make_bind();
	EVP_PKEY	*key = EVP_EC_gen("secp256k1");
	unsigned char	*der = NULL;
	int		 len;

	(void)state;
	assert_non_null(key);
	len = i2d_PUBKEY(key, &der);
	assert_true(len > 0);
	o->bind.key.len = 0;
	buf_add(&o->bind.key, der, (size_t)len);
	assert_encode_fails(o, "order: the credential's key is not EC P-256, "
	    "Ed25519 or RSA of 2048 bits");
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	order_free(&o);
}

static void
an_order_that_was_never_made_is_refused(void **state)
{
	struct order	*o = make_issue();

	(void)state;
	o->created = 0;
	assert_encode_fails(o, "order: created before 1970 or never");
	order_free(&o);
}

static void
a_field_with_a_long_name_or_an_empty_value_is_refused(void **state)
{
	struct order	*o = make_issue();

	(void)state;
	fields_add(&o->fields, "n23456789012345678901234567890123", "x");
	assert_encode_fails(o, "order: field 3 has no proper name");
	o->fields.v[2].name[FIELD_NAME_MAX] = '\0';
	o->fields.v[2].value[0] = '\0';
	assert_encode_fails(o, "order: field \"n2345678901234567890123456789012"
	    "\": value is empty");
	order_free(&o);
}

static void
a_renewal_of_no_serial_is_refused(void **state)
{
	struct order	*o = make_issue();

	(void)state;
	o->is_renewal = true;
	assert_encode_fails(o, "order: renews: a serial number is 1 to 20 "
	    "bytes without leading zeros");
	order_free(&o);
}

static void
items_are_checked_as_single_orders_are(void **state)
{
	struct order	*o = make_batch(3);
	char		*holder = o->item[1].holder;

	(void)state;
	o->item[1].holder = NULL;
	assert_encode_fails(o, "order: item 2: holder is empty");
	o->item[1].holder = holder;
	o->item[2].fields.v[0].value[0] = '\n';
	assert_encode_fails(o, "order: item 3: field \"name\": value is not "
	    "clean UTF-8 text of at most 512 bytes");
	o->nitems = ORDER_ITEMS_MAX + 1;
	assert_encode_fails(o,
	    "order: a batch has 1 to 200000 items, not 200001");
	o->nitems = 3;
	order_free(&o);
}

static void
targets_that_are_none_are_refused(void **state)
{
	struct order	*o = make_revoke(ORDER_REVOKE);

	(void)state;
	o->ntargets = 0;
	assert_encode_fails(o,
	    "order: 1 to 20000 certificates can be named, not 0");
	o->ntargets = ORDER_TARGETS_MAX + 1;
	assert_encode_fails(o,
	    "order: 1 to 20000 certificates can be named, not 20001");
	o->ntargets = 2;
	o->target[0].ca[0] = '.';
	assert_encode_fails(o, "order: target 1: ca is not a name");
	o->target[0].ca[0] = 'p';
	o->target[1].serial_len = 21;
	assert_encode_fails(o, "order: target 2: a serial number is 1 to 20 "
	    "bytes without leading zeros");
	o->target[1].serial_len = 0;
	assert_encode_fails(o, "order: target 2: a serial number is 1 to 20 "
	    "bytes without leading zeros");
	o->target[1].serial_len = 1;
	o->selector[0] = '\n';
	assert_encode_fails(o, "order: selector is not clean UTF-8 text of at "
	    "most 512 bytes");
	order_free(&o);
}

static void
a_negative_serial_in_the_bytes_is_refused(void **state)
{
	static const uint8_t	 is[] = { 0x02, 0x03, 0x00, 0x80, 0x01 };
	struct order		*o = make_revoke(ORDER_REVOKE);
	struct buf		 der = { 0 };
	uint8_t			*p;

	(void)state;
	encode(&der, o);
	p = memmem(der.p, der.len, is, sizeof(is));
	assert_non_null(p);
	p[2] = 0x80;
	assert_parse_fails(BYTES(der.p, der.len), "order: target 1: a serial "
	    "number is 1 to 20 bytes without leading zeros");
	buf_clear(&der);
	order_free(&o);
}

static void
an_item_that_no_batch_has_is_refused(void **state)
{
	struct order	*o = make(ORDER_ITEM);

	(void)state;
	memset(o->batch, 1, sizeof(o->batch));
	memset(o->request, 2, sizeof(o->request));
	o->has_request = true;
	assert_encode_fails(o, "order: no batch has an item 0");
	o->n = ORDER_ITEMS_MAX + 1;
	assert_encode_fails(o, "order: no batch has an item 200001");
	order_free(&o);
}

static void
an_audit_entry_before_the_first_is_refused(void **state)
{
	struct order	*o = make(ORDER_ADOPT);

	(void)state;
	o->audit_seq = -1;
	assert_encode_fails(o, "order: audit entries count from 1");
	order_free(&o);
}

static void
serials_with_a_leading_zero_are_refused(void **state)
{
	struct order	*o = make_revoke(ORDER_REVOKE);

	(void)state;
	o->target[1].serial[0] = 0;
	assert_encode_fails(o, "order: target 2: a serial number is 1 to 20 "
	    "bytes without leading zeros");
	order_free(&o);
}

static void
bytes_that_are_no_order_are_refused(void **state)
{
	static const uint8_t	 empty_sequence[] = { 0x30, 0x00 };
	static const uint8_t	 integer[] = { 0x02, 0x01, 0x01 };

	(void)state;
	assert_parse_fails(BYTES("", 0), "order: ");
	assert_parse_fails(BYTES("hello", 5), "order: ");
	assert_parse_fails(BYTES(integer, 3), "order: not an order");
	assert_parse_fails(BYTES(empty_sequence, 2), "order: not an order");
}

static void
a_cut_or_lengthened_order_is_refused(void **state)
{
	struct order	*o = make_issue();
	struct buf	 der = { 0 };
	size_t		 n;

	(void)state;
	encode(&der, o);
	for (n = 0; n < der.len; n++)
		assert_parse_fails(BYTES(der.p, n), "order: ");
	buf_byte(&der, 0);
	assert_parse_fails(BYTES(der.p, der.len), "order: ");
	buf_clear(&der);
	order_free(&o);
}

static uint8_t *
find(const struct buf *der, const void *what, size_t n)
{
	uint8_t	*p = memmem(der->p, der->len, what, n);

	assert_non_null(p);
	return p;
}

static struct order *
make_permit(void)
{
	struct order	*o = make(ORDER_PERMIT);

	o->selector = mem_strdup("puk P0000123K");
	memset(o->permits, 5, ORDER_DIGEST);
	return o;
}

static void
a_permit_that_does_not_say_for_what_is_refused(void **state)
{
	struct order	*o = make(ORDER_PERMIT);
	struct error	 e = ERROR_INIT;
	struct buf	 der = { 0 };

	(void)state;
	assert_int_equal(order_encode(&der, o, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_string_equal(e.text, "order: selector is empty");
	order_free(&o);
}

static void
a_later_version_is_refused_with_a_hint(void **state)
{
	struct order	*o = make_issue();
	struct error	 e = ERROR_INIT;
	struct order	*again;
	struct buf	 der = { 0 };

	(void)state;
	encode(&der, o);
	find(&der, "\x02\x01\x01\x04\x10", 5)[2] = 4;
	assert_int_equal(order_parse(&again, BYTES(der.p, der.len), &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_string_equal(e.text,
	    "order: made in a version other than 1 to 3");
	assert_string_equal(e.hint,
	    "a newer Signet made this order; update this one");
	buf_clear(&der);
	order_free(&o);
}

/* One meaning, one encoding: later versions have their kinds, no other. */
static void
a_kind_in_the_version_of_another_is_refused(void **state)
{
	struct order	*o = make_issue();
	struct buf	 der = { 0 };

	(void)state;
	encode(&der, o);
	find(&der, "\x02\x01\x01\x04\x10", 5)[2] = 2;
	assert_parse_fails(BYTES(der.p, der.len),
	    "order: an order of kind issue is of version 1");
	buf_clear(&der);
	order_free(&o);
	o = make_bind();
	encode(&der, o);
	find(&der, "\x02\x01\x02\x04\x10", 5)[2] = 1;
	assert_parse_fails(BYTES(der.p, der.len),
	    "order: an order of kind bind is of version 2");
	buf_clear(&der);
	order_free(&o);
	o = make_permit();
	encode(&der, o);
	find(&der, "\x02\x01\x03\x04\x10", 5)[2] = 2;
	assert_parse_fails(BYTES(der.p, der.len),
	    "order: an order of kind permit is of version 3");
	buf_clear(&der);
	order_free(&o);
}

static void
an_unknown_kind_is_refused(void **state)
{
	struct order	*o = make_issue();
	struct buf	 der = { 0 };

	(void)state;
	encode(&der, o);
	find(&der, "\x0a\x01\x00\x18", 4)[2] = ORDER__MAX;
	assert_parse_fails(BYTES(der.p, der.len),
	    "order: unknown kind of order");
	buf_clear(&der);
	order_free(&o);
}

static void
a_kind_changed_in_the_bytes_is_refused(void **state)
{
	struct order	*o = make_issue();
	struct buf	 der = { 0 };
	uint8_t		*kind;

	(void)state;
	encode(&der, o);
	kind = find(&der, "\x0a\x01\x00\x18", 4);
	kind[2] = ORDER_BATCH;
	assert_parse_fails(BYTES(der.p, der.len),
	    "order: an order of kind batch has no \"holder\"");
	kind[2] = ORDER_REVOKE;
	assert_parse_fails(BYTES(der.p, der.len),
	    "order: an order of kind revoke has no \"ca\"");
	buf_clear(&der);
	order_free(&o);
}

static void
a_time_that_does_not_exist_is_refused(void **state)
{
	struct order	*o = make_issue();
	struct buf	 der = { 0 };
	uint8_t		*t;

	(void)state;
	encode(&der, o);
	t = find(&der, "20270115080000Z", 15);
	memcpy(t, "20270230080000Z", 15);
	assert_parse_fails(BYTES(der.p, der.len),
	    "YYYYMMDDHHMMSSZ");
	memcpy(t, "20270115 80000Z", 15);
	assert_parse_fails(BYTES(der.p, der.len), "YYYYMMDDHHMMSSZ");
	memcpy(t, "202701150800+01", 15);
	assert_parse_fails(BYTES(der.p, der.len), "YYYYMMDDHHMMSSZ");
	buf_clear(&der);
	order_free(&o);
}

static void
control_characters_in_the_bytes_are_refused(void **state)
{
	struct order	*o = make_issue();
	struct buf	 der = { 0 };
	uint8_t		*name;

	(void)state;
	encode(&der, o);
	name = find(&der, "Alice Holm", 10);
	name[5] = '\n';
	assert_parse_fails(BYTES(der.p, der.len),
	    "order: field \"name\": value is not clean UTF-8 text");
	name[5] = '\0';
	assert_parse_fails(BYTES(der.p, der.len), "has a zero byte");
	buf_clear(&der);
	order_free(&o);
}

static void
item_numbers_changed_in_the_bytes_are_refused(void **state)
{
	struct order	*o = make_batch(2);
	struct buf	 der = { 0 };

	(void)state;
	encode(&der, o);
	find(&der, "\x02\x01\x02\x0c", 4)[2] = 1;
	assert_parse_fails(BYTES(der.p, der.len),
	    "order: item 2 is numbered 1");
	buf_clear(&der);
	order_free(&o);
}

static void
an_item_with_something_after_its_request_is_refused(void **state)
{
	struct order	*o = make_batch(1);
	struct buf	 der = { 0 };

	(void)state;
	o->item[0].has_request = true;
	memset(o->item[0].request, 0xcd, ORDER_DIGEST);
	encode(&der, o);
	find(&der, "\x80\x20\xcd\xcd", 4)[0] = 0x81;
	assert_parse_fails(BYTES(der.p, der.len),
	    "order: item 1: malformed request");
	buf_clear(&der);
	order_free(&o);
}

/* ---- what is accepted ---- */

static void
every_kind_survives_encoding_and_parsing(void **state)
{
	struct order	*v[ORDER__MAX];
	struct buf	 der = { 0 };
	int		 i;

	(void)state;
	v[ORDER_ISSUE] = make_issue();
	v[ORDER_BATCH] = make_batch(3);
	v[ORDER_ITEM] = make(ORDER_ITEM);
	v[ORDER_ITEM]->n = 200;
	v[ORDER_REVOKE] = make_revoke(ORDER_REVOKE);
	v[ORDER_HOLD] = make_revoke(ORDER_HOLD);
	v[ORDER_RELEASE] = make_revoke(ORDER_RELEASE);
	v[ORDER_ADOPT] = make(ORDER_ADOPT);
	v[ORDER_ADOPT]->audit_seq = INT64_C(5000000000);
	v[ORDER_REJECT] = make(ORDER_REJECT);
	memset(v[ORDER_REJECT]->rejects, 7, ORDER_DIGEST);
	v[ORDER_BIND] = make_bind();
	v[ORDER_UNBIND] = make(ORDER_UNBIND);
	memset(v[ORDER_UNBIND]->unbinds, 9, ORDER_DIGEST);
	v[ORDER_PERMIT] = make_permit();
	for (i = 0; i < ORDER__MAX; i++) {
		assert_int_equal(order_kind_of(order_kind_name(v[i]->kind)),
		    i);
		encode(&der, v[i]);
		assert_parses(&der);
		buf_clear(&der);
		order_free(&v[i]);
	}
	assert_int_equal(order_kind_of("nosuch"), ORDER__MAX);
}

static void
an_issue_order_keeps_what_it_says(void **state)
{
	struct order	*o = make_issue(), *p;
	struct error	 e = ERROR_INIT;
	struct buf	 der = { 0 };

	(void)state;
	o->is_renewal = true;
	o->renews[0] = 0xff;
	o->renews[1] = 0x00;
	o->renews_len = 2;
	encode(&der, o);
	assert_int_equal(order_parse(&p, BYTES(der.p, der.len), &e), 0);
	assert_int_equal(p->kind, ORDER_ISSUE);
	assert_memory_equal(p->id, o->id, ORDER_ID_SIZE);
	assert_int_equal(p->created, NOW);
	assert_int_equal(p->expires, NOW + 86400);
	assert_int_equal(p->until, NOW + 365 * 86400);
	assert_string_equal(p->comment, o->comment);
	assert_string_equal(p->ca, "people");
	assert_string_equal(p->profile, "mail-sign");
	assert_string_equal(p->holder, "17");
	assert_int_equal(p->fields.n, 2);
	assert_string_equal(fields_get(&p->fields, "mail", 0),
	    "alice@example.org");
	assert_true(p->has_request && p->is_renewal && !p->has_code);
	assert_memory_equal(p->request, o->request, ORDER_DIGEST);
	assert_int_equal(p->renews_len, 2);
	assert_memory_equal(p->renews, "\xff\x00", 2);
	order_free(&p);
	buf_clear(&der);
	order_free(&o);
}

static void
a_revoke_order_keeps_its_targets(void **state)
{
	struct order	*o = make_revoke(ORDER_REVOKE), *p;
	struct error	 e = ERROR_INIT;
	struct buf	 der = { 0 };

	(void)state;
	o->invalid_since = NOW - 86400;
	encode(&der, o);
	assert_int_equal(order_parse(&p, BYTES(der.p, der.len), &e), 0);
	assert_int_equal(p->ntargets, 2);
	assert_string_equal(p->target[0].ca, "people");
	assert_int_equal(p->target[0].serial_len, 2);
	assert_memory_equal(p->target[0].serial, "\x80\x01", 2);
	assert_string_equal(p->target[1].ca, "services");
	assert_int_equal(p->target[1].serial[0], 0x2a);
	assert_string_equal(p->selector, "holder:17");
	assert_int_equal(p->reason, 1);
	assert_int_equal(p->invalid_since, NOW - 86400);
	order_free(&p);
	buf_clear(&der);
	order_free(&o);
}

static void
a_bind_order_keeps_and_describes_what_it_says(void **state)
{
	struct order	*o = make_bind(), *again;
	struct buf	 der = { 0 }, text = { 0 };
	struct error	 e = ERROR_INIT;

	(void)state;
	encode(&der, o);
	assert_int_equal(order_parse(&again, BYTES(der.p, der.len), &e), 0);
	assert_int_equal(again->bind.profiles.n, 2);
	assert_int_equal(again->bind.offices.n, 0);
	order_describe(&text, again, 10);
	assert_non_null(strstr(buf_cstr(&text),
	    "person:         4711\n"
	    "credential:     30313233343536373839616263646566\n"
	    "its key:        "));
	assert_non_null(strstr(buf_cstr(&text),
	    "relying party:  example.org\n"
	    "origin:         https://ra.example.org:8444\n"
	    "may approve:    what the person may, of these\n"
	    "  profiles:     mail-sign, tls-server\n"
	    "  domains:      example.org\n"
	    "  offices:      all\n"
	    "until:          2028-01-15T08:00:00Z\n"));
	buf_clear(&text);
	buf_clear(&der);
	order_free(&again);
	order_free(&o);
}

static void
hold_and_release_imply_their_reason(void **state)
{
	struct order	*o = make_revoke(ORDER_HOLD), *p;
	struct error	 e = ERROR_INIT;
	struct buf	 der = { 0 };

	(void)state;
	encode(&der, o);
	assert_int_equal(order_parse(&p, BYTES(der.p, der.len), &e), 0);
	assert_int_equal(p->reason, 6);
	order_free(&p);
	buf_clear(&der);
	order_free(&o);
	o = make_revoke(ORDER_RELEASE);
	encode(&der, o);
	assert_int_equal(order_parse(&p, BYTES(der.p, der.len), &e), 0);
	assert_int_equal(p->reason, 8);
	order_free(&p);
	buf_clear(&der);
	order_free(&o);
}

static void
the_same_order_always_gives_the_same_bytes(void **state)
{
	struct order	*a = make_issue(), *b = make_issue();
	struct buf	 da = { 0 }, db = { 0 };

	(void)state;
	encode(&da, a);
	encode(&db, b);
	assert_true(bytes_equal(BYTES(da.p, da.len), BYTES(db.p, db.len)));
	buf_clear(&da);
	buf_clear(&db);
	order_free(&a);
	order_free(&b);
}

static void
no_flipped_bit_parses_to_other_bytes(void **state)
{
	struct order	*o = make_issue(), *p;
	struct error	 e;
	struct buf	 der = { 0 }, again = { 0 };
	size_t		 i, bit;

	(void)state;
	encode(&der, o);
	for (i = 0; i < der.len; i++)
		for (bit = 0; bit < 8; bit++) {
			error_clear(&e);
			der.p[i] ^= (uint8_t)(1 << bit);
			if (order_parse(&p, BYTES(der.p, der.len), &e) == 0) {
				encode(&again, p);
				assert_true(bytes_equal(BYTES(der.p, der.len),
				    BYTES(again.p, again.len)));
				again.len = 0;
				order_free(&p);
			}
			der.p[i] ^= (uint8_t)(1 << bit);
		}
	buf_clear(&again);
	buf_clear(&der);
	order_free(&o);
}

static void
a_batch_of_100000_takes_bounded_memory(void **state)
{
	struct order	*o = make_batch(100000);
	struct rusage	 usage;
	struct buf	 der = { 0 };
	int64_t		 start;

	(void)state;
	encode(&der, o);
	order_free(&o);
	start = clock_monotonic_ms();
	assert_parses(&der);
	getrusage(RUSAGE_SELF, &usage);
	print_message("%zu bytes: %lld ms, %ld KB in all\n", der.len,
	    (long long)(clock_monotonic_ms() - start),
	    usage.ru_maxrss);
	if (!is_watched())
		assert_true((size_t)usage.ru_maxrss * 1024 < 12 * der.len);
	buf_clear(&der);
}

/* ---- in words ---- */

static void
an_issue_order_is_described_in_aligned_lines(void **state)
{
	struct order	*o = make_issue();
	struct buf	 text = { 0 };

	(void)state;
	memset(o->id, 0x11, sizeof(o->id));
	order_describe(&text, o, 10);
	assert_string_equal(buf_cstr(&text),
	    "order:          issue\n"
	    "id:             11111111111111111111111111111111\n"
	    "created:        2027-01-15T08:00:00Z\n"
	    "expires:        2027-01-16T08:00:00Z\n"
	    "comment:        passport seen, J\xc3\xb6rg's desk\n"
	    "ca:             people\n"
	    "profile:        mail-sign\n"
	    "holder:         17\n"
	    "  name:         Alice Holm\n"
	    "  mail:         alice@example.org\n"
	    "until:          2028-01-15T08:00:00Z\n"
	    "request:        abababababababababababababababababababababababab"
	    "abababababababab\n");
	buf_clear(&text);
	order_free(&o);
}

static void
a_batch_is_described_by_its_first_items_and_its_size(void **state)
{
	struct order	*o = make_batch(1200);
	struct buf	 text = { 0 };

	(void)state;
	order_describe(&text, o, 2);
	assert_non_null(strstr(buf_cstr(&text), "items:          1,200\n"
	    "  1. 1000\n"
	    "     name:      Person Number 0\n"));
	assert_non_null(strstr(buf_cstr(&text), "  2. 1001\n"));
	assert_null(strstr(buf_cstr(&text), "  3. "));
	assert_non_null(strstr(buf_cstr(&text),
	    "  ... and 1,198 more items\n"));
	buf_clear(&text);
	order_free(&o);
}

static void
a_revoke_order_is_described_with_reason_and_serials(void **state)
{
	struct order	*o = make_revoke(ORDER_REVOKE);
	struct buf	 text = { 0 };

	(void)state;
	order_describe(&text, o, 10);
	assert_non_null(strstr(buf_cstr(&text),
	    "selected by:    holder:17\n"
	    "reason:         key compromise\n"
	    "certificates:   2\n"
	    "  people 8001\n"
	    "  services 2a\n"));
	buf_clear(&text);
	order_free(&o);
}

static void
control_characters_are_shown_as_hex(void **state)
{
	struct order	*o = make_issue();
	struct buf	 text = { 0 };

	(void)state;
	mem_free(&o->comment);
	o->comment = mem_strdup("a\x1b[2Jb");
	order_describe(&text, o, 10);
	assert_non_null(strstr(buf_cstr(&text), "a\\x1b[2Jb\n"));
	buf_clear(&text);
	order_free(&o);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(order_new_refuses_a_lifetime_of_nothing),
		cmocka_unit_test(
		    an_issue_order_without_request_or_code_is_refused),
		cmocka_unit_test(
		    values_that_are_missing_or_unclean_are_refused),
		cmocka_unit_test(
		    an_order_that_expires_before_it_is_made_is_refused),
		cmocka_unit_test(too_many_fields_are_refused),
		cmocka_unit_test(fields_of_another_kind_are_refused),
		cmocka_unit_test(items_must_be_numbered_from_one_without_gaps),
		cmocka_unit_test(reasons_that_do_not_fit_the_kind_are_refused),
		cmocka_unit_test(
		    a_credential_bound_to_nobody_or_nowhere_is_refused),
		cmocka_unit_test(
		    a_credential_with_another_key_or_scope_is_refused),
		cmocka_unit_test(what_a_bind_order_says_is_bounded),
		cmocka_unit_test(a_credential_on_another_curve_is_refused),
		cmocka_unit_test(an_order_that_was_never_made_is_refused),
		cmocka_unit_test(
		    a_field_with_a_long_name_or_an_empty_value_is_refused),
		cmocka_unit_test(a_renewal_of_no_serial_is_refused),
		cmocka_unit_test(items_are_checked_as_single_orders_are),
		cmocka_unit_test(targets_that_are_none_are_refused),
		cmocka_unit_test(a_negative_serial_in_the_bytes_is_refused),
		cmocka_unit_test(an_item_that_no_batch_has_is_refused),
		cmocka_unit_test(an_audit_entry_before_the_first_is_refused),
		cmocka_unit_test(serials_with_a_leading_zero_are_refused),
		cmocka_unit_test(bytes_that_are_no_order_are_refused),
		cmocka_unit_test(a_cut_or_lengthened_order_is_refused),
		cmocka_unit_test(
		    a_permit_that_does_not_say_for_what_is_refused),
		cmocka_unit_test(a_later_version_is_refused_with_a_hint),
		cmocka_unit_test(a_kind_in_the_version_of_another_is_refused),
		cmocka_unit_test(an_unknown_kind_is_refused),
		cmocka_unit_test(a_kind_changed_in_the_bytes_is_refused),
		cmocka_unit_test(a_time_that_does_not_exist_is_refused),
		cmocka_unit_test(control_characters_in_the_bytes_are_refused),
		cmocka_unit_test(item_numbers_changed_in_the_bytes_are_refused),
		cmocka_unit_test(
		    an_item_with_something_after_its_request_is_refused),
		cmocka_unit_test(every_kind_survives_encoding_and_parsing),
		cmocka_unit_test(an_issue_order_keeps_what_it_says),
		cmocka_unit_test(a_revoke_order_keeps_its_targets),
		cmocka_unit_test(a_bind_order_keeps_and_describes_what_it_says),
		cmocka_unit_test(hold_and_release_imply_their_reason),
		cmocka_unit_test(the_same_order_always_gives_the_same_bytes),
		cmocka_unit_test(no_flipped_bit_parses_to_other_bytes),
		cmocka_unit_test(
		    a_batch_of_100000_takes_bounded_memory),
		cmocka_unit_test(an_issue_order_is_described_in_aligned_lines),
		cmocka_unit_test(
		    a_batch_is_described_by_its_first_items_and_its_size),
		cmocka_unit_test(
		    a_revoke_order_is_described_with_reason_and_serials),
		cmocka_unit_test(control_characters_are_shown_as_hex),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
