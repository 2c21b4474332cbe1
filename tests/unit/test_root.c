/* SPDX-License-Identifier: Apache-2.0 */
/* The modules of signet-root that need no ceremony around them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/text.h"
#include "ca/root/ceremony.h"
#include "ca/root/head.h"
#include "ca/root/index.h"
#include "ca/root/journal.h"
#include "ca/root/root.h"
#include "ca/root/root_token.h"
#include "ca/root/share.h"
#include "ca/root/transcript.h"
#include "os/file.h"
#include "tests/lib/testpki.h"
#include "x509/signed.h"

#define BYTES_OF(s)	BYTES((s), strlen(s))
#define ROOT_ID \
	"abababababababababababababababababababababababababababababababab"

/* ---- shares ---- */

static void
share_file(struct buf *out, const char *passphrase)
{
	struct error	 e = ERROR_INIT;
	struct secret	 pass = { NULL, 0 };
	struct share	 share = { 2, 3, { NULL, 0 } };

	assert_int_equal(secret_set(&pass, passphrase, strlen(passphrase),
	    &e), 0);
	assert_int_equal(secret_set(&share.data, "share bytes", 11, &e), 0);
	assert_int_equal(share_seal(out, &share, ROOT_ID, "bo", 5, &pass,
	    &rng_system, &e), 0);
	share_clear(&share);
	secret_free(&pass);
}

static int
open_share(struct share *share, const struct buf *text, const char *passphrase,
    struct error *e)
{
	struct share_file	 f;
	struct secret		 pass = { NULL, 0 };
	int			 rc;

	if (share_parse(&f, BYTES(text->p, text->len), e) == -1)
		return -1;
	assert_int_equal(secret_set(&pass, passphrase, strlen(passphrase), e),
	    0);
	rc = share_unseal(share, &f, &pass, e);
	share_file_clear(&f);
	secret_free(&pass);
	return rc;
}

static void
share_unseal_refuses_a_wrong_passphrase(void **state)
{
	struct error	 e = ERROR_INIT;
	struct buf	 text = { 0 };
	struct share	 share;

	(void)state;
	share_file(&text, "correct horse");
	assert_int_equal(open_share(&share, &text, "battery staple", &e), -1);
	assert_int_equal(e.code, ERROR_DENIED);
	assert_string_equal(e.text,
	    "wrong passphrase, or the share was changed");
	assert_null(share.data.p);
	buf_clear(&text);
}

/* One that cost less to seal is not opened at the price of a real one. */
static void
share_seal_obeys_the_environment_in_test_builds_only(void **state)
{
	struct error	 e = ERROR_INIT;
	struct buf	 text = { 0 };
	struct share	 share;
	int		 rc;

	(void)state;
	unsetenv("SIGNET_CHEAP_KEYS");
	share_file(&text, "correct horse");
	setenv("SIGNET_CHEAP_KEYS", "yes", 1);
	rc = open_share(&share, &text, "correct horse", &e);
	unsetenv("SIGNET_CHEAP_KEYS");
#ifdef SIGNET_FAULTS
	assert_int_equal(rc, -1);
	error_clear(&e);
	assert_int_equal(open_share(&share, &text, "correct horse", &e), 0);
#else
	assert_int_equal(rc, 0);
#endif
	share_clear(&share);
	buf_clear(&text);
}

static void
share_unseal_refuses_a_changed_header(void **state)
{
	static const char *const	 was[] = { "Custodian: bo", "Share: 2",
		"Threshold: 3", "Of: 5", "Root: ab" };
	static const char *const	 is[] = { "Custodian: ab", "Share: 1",
		"Threshold: 2", "Of: 4", "Root: ac" };
	struct error			 e;
	struct buf			 text = { 0 };
	struct share			 share;
	char				*at;
	size_t				 i;

	(void)state;
	share_file(&text, "correct horse");
	for (i = 0; i < sizeof(was) / sizeof(was[0]); i++) {
		(void)buf_cstr(&text);
		at = strstr((char *)text.p, was[i]);
		assert_non_null(at);
		memcpy(at, is[i], strlen(is[i]));
		error_clear(&e);
		assert_int_equal(open_share(&share, &text, "correct horse",
		    &e), -1);
		assert_int_equal(e.code, ERROR_DENIED);
		memcpy(at, was[i], strlen(was[i]));
	}
	buf_clear(&text);
}

static void
share_parse_refuses_what_is_cut_or_has_more(void **state)
{
	struct error		 e;
	struct buf		 text = { 0 };
	struct share_file	 f;
	size_t			 len;

	(void)state;
	share_file(&text, "correct horse");
	for (len = 0; len < text.len; len++) {
		error_clear(&e);
		assert_int_equal(share_parse(&f, BYTES(text.p, len), &e), -1);
		assert_int_equal(e.code, ERROR_INPUT);
		assert_string_equal(e.text, "not a share of a root key");
	}
	buf_byte(&text, '\n');
	assert_int_equal(share_parse(&f, BYTES(text.p, text.len), &e), -1);
	buf_clear(&text);
}

static void
share_comes_out_as_it_went_in(void **state)
{
	struct error	 e = ERROR_INIT;
	struct buf	 text = { 0 };
	struct share	 share;

	(void)state;
	share_file(&text, "correct horse");
	assert_int_equal(open_share(&share, &text, "correct horse", &e), 0);
	assert_int_equal(share.number, 2);
	assert_int_equal(share.threshold, 3);
	assert_int_equal(share.data.len, 11);
	assert_memory_equal(share.data.p, "share bytes", 11);
	share_clear(&share);
	buf_clear(&text);
}

/* ---- transcript ---- */

static void
entry(struct transcript *t, const char *act, int64_t ceremony,
    const char *key, const char *value)
{
	struct error	 e = ERROR_INIT;
	struct buf	 body = { 0 };

	audit_begin(&body, act, TESTPKI_NOW);
	audit_num(&body, "ceremony", ceremony);
	if (key != NULL)
		audit_str(&body, key, value);
	assert_int_equal(transcript_add(t, BYTES(body.p, body.len), &e), 0);
	buf_clear(&body);
}

static void
three_entries(struct transcript *t)
{
	memset(t, 0, sizeof(*t));
	entry(t, "begin", 1, "verb", "init");
	entry(t, "end", 1, "parcel", "4");
	entry(t, "begin", 2, "output.2", "a b");
}

static void
transcript_parse_refuses_each_changed_byte(void **state)
{
	struct transcript	 t;
	struct error		 e;
	struct buf		 text = { 0 };
	size_t			 i;
	uint8_t			 old;

	(void)state;
	three_entries(&t);
	transcript_write(&text, &t);
	transcript_clear(&t);
	for (i = 0; i < text.len; i++) {
		old = text.p[i];
		text.p[i] = old == '1' ? '2' : '1';
		error_clear(&e);
		assert_int_equal(transcript_parse(&t, BYTES(text.p, text.len),
		    &e), -1);
		assert_int_equal(e.code, ERROR_DENIED);
		assert_memory_equal(e.text, "transcript line ", 16);
		assert_int_equal(t.n, 0);
		text.p[i] = old;
	}
	assert_int_equal(transcript_parse(&t, BYTES(text.p, text.len - 1),
	    &e), -1);
	assert_string_equal(e.text, "transcript line 3: cut short");
	buf_clear(&text);
}

static void
transcript_add_refuses_a_body_without_its_keys(void **state)
{
	struct transcript	 t = { NULL, 0 };
	struct error		 e = ERROR_INIT;

	(void)state;
	assert_int_equal(transcript_add(&t, BYTES_OF("act=begin\n"), &e), -1);
	assert_int_equal(transcript_add(&t, BYTES_OF("nonsense"), &e), -1);
	assert_int_equal(t.n, 0);
	assert_null(transcript_last(&t));
	assert_null(transcript_open_ceremony(&t));
	transcript_clear(&t);
}

static void
transcript_reads_back_what_was_written(void **state)
{
	struct transcript	 t, again;
	struct error		 e = ERROR_INIT;
	struct buf		 text = { 0 };
	char			*value;

	(void)state;
	three_entries(&t);
	transcript_write(&text, &t);
	assert_int_equal(transcript_parse(&again, BYTES(text.p, text.len),
	    &e), 0);
	assert_int_equal(again.n, 3);
	assert_memory_equal(again.v[2].head.hash, t.v[2].head.hash,
	    AUDIT_HASH);
	assert_ptr_equal(transcript_open_ceremony(&again), &again.v[2]);
	assert_int_equal(transcript_highest(&again, "parcel"), 4);
	assert_int_equal(transcript_highest(&again, "nothing"), 0);
	assert_non_null(value = transcript_nth(&again.v[2], "output", 2));
	assert_string_equal(value, "a b");
	mem_free(&value);
	assert_null(transcript_nth(&again.v[2], "output", 1));
	entry(&again, "abandon", 2, NULL, NULL);
	assert_null(transcript_open_ceremony(&again));
	transcript_clear(&t);
	transcript_clear(&again);
	buf_clear(&text);
}

static void
transcript_made_finds_the_entry_of_a_generation(void **state)
{
	struct transcript	 t;

	(void)state;
	three_entries(&t);
	assert_null(transcript_made(&t, 1));
	entry(&t, "end", 2, "key-generation", "2");
	entry(&t, "end", 3, "key-generation", "nonsense");
	entry(&t, "end", 4, "key-generation", "1");
	assert_ptr_equal(transcript_made(&t, 1), &t.v[5]);
	assert_ptr_equal(transcript_made(&t, 2), &t.v[3]);
	assert_null(transcript_made(&t, 3));
	transcript_clear(&t);
}

/* ---- index ---- */

#define LINE_1	"0001 1a 1 root root 2046-11-16T00:00:00Z good - -\n"
#define LINE_2	"0002 2b 1 sub-ca people 2036-11-16T00:00:00Z revoked " \
	"cACompromise 2027-01-01T00:00:00Z\n"
#define LINE_3	"0003 3c 1 sub-ca people 2036-11-16T00:00:00Z good - -\n"
#define LINE_4	"0004 4d 1 sub-ca people 2036-11-16T00:00:00Z good - -\n"

static void
index_parse_refuses_malformed_lines(void **state)
{
	static const char *const	 bad[] = { "\n", "0001 1a 1\n",
		"0001 1a 1 root root 2046-11-16T00:00:00Z good - - more\n",
		"0001 1a 1 root ../root 2046-11-16T00:00:00Z good - -\n",
		"0001 1a x root root 2046-11-16T00:00:00Z good - -\n",
		"0001 1a 1 root root never good - -\n",
		"0001 1a 1 root  2046-11-16T00:00:00Z good - -\n",
		LINE_1 "0002 2b 1 sub-ca" };
	struct error			 e;
	struct index			 x;
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error_clear(&e);
		assert_int_equal(index_parse(&x, BYTES_OF(bad[i]), &e), -1);
		assert_memory_equal(e.text, "index", 5);
		assert_int_equal(x.n, 0);
	}
}

static void
index_find_wants_one_good_certificate(void **state)
{
	struct error	 e = ERROR_INIT;
	struct index	 x;
	struct issued	*i;
	struct buf	 again = { 0 };

	(void)state;
	assert_int_equal(index_parse(&x, BYTES_OF(LINE_1 LINE_2 LINE_3), &e),
	    0);
	assert_int_equal(index_find(&x, "people", &i, &e), 0);
	assert_string_equal(i->serial, "3c");
	assert_int_equal(index_find(&x, "2b", &i, &e), 0);
	assert_string_equal(i->status, "revoked");
	assert_int_equal(index_find(&x, "nobody", &i, &e), -1);
	assert_int_equal(e.code, ERROR_NOTFOUND);
	index_write(&again, &x);
	assert_string_equal(buf_cstr(&again), LINE_1 LINE_2 LINE_3);
	index_clear(&x);
	error_clear(&e);
	assert_int_equal(index_parse(&x, BYTES_OF(LINE_1 LINE_2 LINE_3
	    LINE_4), &e), 0);
	assert_int_equal(index_find(&x, "people", &i, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	index_clear(&x);
	buf_clear(&again);
}

static void
index_is_rebuilt_from_the_transcript(void **state)
{
	struct transcript	 t = { NULL, 0 };
	struct error		 e = ERROR_INIT;
	struct index		 x;

	(void)state;
	entry(&t, "end", 1, "issued.1",
	    "0001 1a 1 root root 2046-11-16T00:00:00Z good - -");
	entry(&t, "end", 2, "issued.1",
	    "0002 2b 1 sub-ca people 2036-11-16T00:00:00Z good - -");
	entry(&t, "begin", 3, "issued.1", "planned only");
	entry(&t, "end", 3, "revoked.1", "2b cACompromise 2027-01-01T00:00:00Z");
	assert_int_equal(root_rebuild_index(&x, &t, &e), 0);
	assert_int_equal(x.n, 2);
	assert_string_equal(x.v[1].status, "revoked");
	assert_string_equal(x.v[1].reason, "cACompromise");
	index_clear(&x);

	entry(&t, "end", 4, "issued.1",
	    "0003 2b 1 sub-ca again 2036-11-16T00:00:00Z good - -");
	assert_int_equal(root_rebuild_index(&x, &t, &e), -1);
	assert_string_equal(e.text, "transcript entry 5: serial number 2b was "
	    "issued twice");
	transcript_clear(&t);
}

/* ---- journal ---- */

static void
remove_tree(const char *dir)
{
	static const char *const	 files[] = { "/sub/new", "/gone",
		"/journal", "/sub", "" };
	char				 path[256];
	size_t				 i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", dir, files[i]);
		if (unlink(path) == -1)
			(void)rmdir(path);
	}
}

static void
journal_of(struct journal *j)
{
	memset(j, 0, sizeof(*j));
	journal_put(j, "sub/new", 0600, BYTES_OF("first"));
	journal_put(j, "sub/new", 0600, BYTES("a\0b\n", 4));
	journal_remove(j, "gone");
}

static void
journal_apply_makes_all_changes_and_may_be_repeated(void **state)
{
	char		 dir[] = "/tmp/test_root.XXXXXX", path[256];
	struct error	 e = ERROR_INIT;
	struct journal	 j;
	struct buf	 data = { 0 };

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(journal_apply(dir, &e), 0);
	snprintf(path, sizeof(path), "%s/gone", dir);
	assert_int_equal(file_store(path, "x", 1, 0600, &e), 0);
	journal_of(&j);
	assert_int_equal(journal_store(&j, dir, &e), 0);
	assert_int_equal(journal_apply(dir, &e), 1);
	assert_false(file_exists(path));
	assert_int_equal(journal_apply(dir, &e), 0);
	assert_int_equal(journal_store(&j, dir, &e), 0);	/* as if cut off */
	assert_int_equal(journal_apply(dir, &e), 1);
	snprintf(path, sizeof(path), "%s/sub/new", dir);
	assert_int_equal(file_load(&data, path, 100, &e), 0);
	assert_int_equal(data.len, 4);
	assert_memory_equal(data.p, "a\0b\n", 4);
	buf_clear(&data);
	journal_clear(&j);
	remove_tree(dir);
}

static void
journal_apply_refuses_a_damaged_journal(void **state)
{
	char		 dir[] = "/tmp/test_root.XXXXXX", path[256];
	struct error	 e;
	struct journal	 j;
	struct buf	 text = { 0 };
	size_t		 i;

	(void)state;
	assert_non_null(mkdtemp(dir));
	journal_of(&j);
	assert_int_equal(journal_store(&j, dir, &e), 0);
	snprintf(path, sizeof(path), "%s/journal", dir);
	assert_int_equal(file_load(&text, path, 4096, &e), 0);
	for (i = 0; i < text.len; i++) {
		text.p[i] ^= 1;
		assert_int_equal(file_store(path, text.p, text.len, 0600, &e),
		    0);
		error_clear(&e);
		assert_int_equal(journal_apply(dir, &e), -1);
		assert_string_equal(e.text, "the journal is damaged");
		text.p[i] ^= 1;
	}
	snprintf(path, sizeof(path), "%s/sub/new", dir);
	assert_false(file_exists(path));
	buf_clear(&text);
	journal_clear(&j);
	remove_tree(dir);
}

/* ---- ceremony files ---- */

static void
ceremony_parse_refuses_what_does_not_belong(void **state)
{
	static const struct {
		const char	*text;
		const char	*why;
	}		 bad[] = {
		{ "", "verb" },
		{ "verb = \"roll\";",
		  "the ceremony file is for \"roll\", not for \"init\"" },
		{ "verb = \"init\"; csr = \"x\";", "csr" },
		{ "verb = \"init\"; validity = \"soon\";", "validity" },
		{ "verb = \"init\"; crl_lifetime = \"2y\";", "crl_lifetime" },
		{ "verb = \"init\"; subject = ( { attr = \"C\"; } );",
		  "value" },
		{ "verb = ", "syntax" },
	};
	struct ceremony	 c;
	struct error	 e;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error_clear(&e);
		assert_int_equal(ceremony_parse(&c, "init", bad[i].text,
		    "x.conf", &e), -1);
		assert_int_equal(e.code, ERROR_CONFIG);
		if (strstr(e.text, bad[i].why) == NULL)
			fail_msg("%s", e.text);
	}
}

static void
root_token_check_refuses_what_a_token_does_not_do(void **state)
{
	static const struct {
		const char	*text;
		const char	*why, *hint;
	}		 bad[] = {
		{ "threshold = 2;", "custodians and a token",
		  "m of n" },
		{ "custodians = ( { name = \"ann\"; } );",
		  "custodians and a token", "leave out custodians" },
		{ "algorithm = \"dsa:1024\";", "dsa:1024", "" },
	};
	struct ceremony	 c;
	struct error	 e = ERROR_INIT;
	char		*text;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		text = mem_printf("verb = \"init\"; key = \"pkcs11:"
		    "object=x\"; %s", bad[i].text);
		assert_int_equal(ceremony_parse(&c, "init", text, NULL, &e),
		    0);
		assert_int_equal(root_token_check(&c, &e), -1);
		if (strstr(e.text, bad[i].why) == NULL ||
		    strstr(e.hint, bad[i].hint) == NULL)
			fail_msg("%s (%s)", e.text, e.hint);
		error_clear(&e);
		ceremony_clear(&c, "init");
		mem_free(&text);
	}
}

static void
ceremony_paths_are_relative_to_the_file(void **state)
{
	struct ceremony	 c;
	struct error	 e = ERROR_INIT;

	(void)state;
	assert_int_equal(ceremony_parse(&c, "certify",
	    "verb = \"certify\"; name = \"people\"; csr = \"people.csr\";",
	    "/media/usb/c.conf", &e), 0);
	assert_string_equal(c.csr, "/media/usb/people.csr");
	assert_string_equal(c.profile, "sub-ca");
	assert_int_equal(c.path_length, -1);
	ceremony_clear(&c, "certify");
	assert_null(ceremony_items("dance"));
}

/* ---- heads ---- */

static void
head_verify_gives_back_what_was_signed_and_nothing_else(void **state)
{
	struct testpki	 pki;
	struct identity	 id;
	struct error	 e = ERROR_INIT;
	struct head	 h = { { 12, { 1, 2, 3 } }, 6, TESTPKI_NOW }, out;
	struct buf	 pem = { 0 }, text = { 0 };
	X509		*signer = NULL;

	(void)state;
	testpki_init(&pki, TESTPKI_NOW);
	testpki_identity_of(&id, &pki, pki.root, pki.root_key);
	assert_int_equal(head_sign(&pem, &h, &id, &e), 0);
	assert_int_equal(head_verify(&out, &signer, BYTES(pem.p, pem.len),
	    &e), 0);
	assert_int_equal(out.head.seq, 12);
	assert_memory_equal(out.head.hash, h.head.hash, AUDIT_HASH);
	assert_int_equal(out.ceremony, 6);
	assert_int_equal(X509_cmp(signer, pki.root), 0);
	X509_free(signer);
	signer = NULL;

	/* a signed text that is something else */
	pem.len = 0;
	buf_str(&text, "signet-root head 1\nseq=12\n");
	assert_int_equal(signed_make(&pem, BYTES(text.p, text.len),
	    TESTPKI_NOW, &id, &e), 0);
	assert_int_equal(head_verify(&out, &signer, BYTES(pem.p, pem.len),
	    &e), -1);
	assert_int_equal(e.code, ERROR_DENIED);
	assert_null(signer);
	buf_clear(&text);
	buf_clear(&pem);
	testpki_identity_clear(&id);
	testpki_clear(&pki);
}

/* ---- what the root asks of the key and profile modules ---- */

static void
key_decode_wants_the_passphrase_of_key_encode(void **state)
{
	struct error	 e = ERROR_INIT;
	struct secret	 pass = { NULL, 0 }, other = { NULL, 0 };
	struct buf	 pem = { 0 };
	EVP_PKEY	*key = testpki_key("P-256"), *again;

	(void)state;
	assert_int_equal(secret_set(&pass, "correct", 7, &e), 0);
	assert_int_equal(secret_set(&other, "wrong", 5, &e), 0);
	assert_int_equal(key_encode(&pem, key, &pass, &e), 0);
	assert_memory_equal(pem.p, "-----BEGIN ENCRYPTED PRIVATE KEY-----", 37);
	assert_int_equal(key_decode(&again, BYTES(pem.p, pem.len), &other, &e),
	    -1);
	assert_null(again);
	assert_int_equal(e.code, ERROR_DENIED);
	assert_non_null(strstr(e.text, "is the passphrase right?"));
	error_clear(&e);
	assert_int_equal(key_decode(&again, BYTES(pem.p, pem.len), &pass, &e),
	    0);
	assert_int_equal(EVP_PKEY_eq(key, again), 1);
	EVP_PKEY_free(again);
	EVP_PKEY_free(key);
	secret_free(&pass);
	secret_free(&other);
	buf_clear(&pem);
}

static void
profile_eku_oid_knows_names_and_lets_dotted_ones_pass(void **state)
{
	(void)state;
	assert_null(profile_eku_oid("everything"));
	assert_null(profile_eku_oid("1.2.x"));
	assert_string_equal(profile_eku_oid("emailProtection"),
	    "1.3.6.1.5.5.7.3.4");
	assert_string_equal(profile_eku_oid("1.2.3.4"), "1.2.3.4");
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(share_unseal_refuses_a_wrong_passphrase),
		cmocka_unit_test(share_seal_obeys_the_environment_in_test_builds_only),
		cmocka_unit_test(share_unseal_refuses_a_changed_header),
		cmocka_unit_test(share_parse_refuses_what_is_cut_or_has_more),
		cmocka_unit_test(share_comes_out_as_it_went_in),
		cmocka_unit_test(transcript_parse_refuses_each_changed_byte),
		cmocka_unit_test(
		    transcript_add_refuses_a_body_without_its_keys),
		cmocka_unit_test(transcript_reads_back_what_was_written),
		cmocka_unit_test(
		    transcript_made_finds_the_entry_of_a_generation),
		cmocka_unit_test(index_parse_refuses_malformed_lines),
		cmocka_unit_test(index_find_wants_one_good_certificate),
		cmocka_unit_test(index_is_rebuilt_from_the_transcript),
		cmocka_unit_test(
		    journal_apply_makes_all_changes_and_may_be_repeated),
		cmocka_unit_test(journal_apply_refuses_a_damaged_journal),
		cmocka_unit_test(ceremony_parse_refuses_what_does_not_belong),
		cmocka_unit_test(
		    root_token_check_refuses_what_a_token_does_not_do),
		cmocka_unit_test(ceremony_paths_are_relative_to_the_file),
		cmocka_unit_test(
		    key_decode_wants_the_passphrase_of_key_encode),
		cmocka_unit_test(
		    profile_eku_oid_knows_names_and_lets_dotted_ones_pass),
		cmocka_unit_test(
		    head_verify_gives_back_what_was_signed_and_nothing_else),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
