/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shards as the signer draws and lists them, while the store lies about which
 * certificate is on which.
 */
#include "tests/unit/signer_fixture.h"

#include <dirent.h>
#include <sys/stat.h>

#include <openssl/x509v3.h>

#include "x509/crl_shard.h"

static char	 template[] = "http://pki.example.org/s-%d.crl";

/* The shipped profiles, but TLS servers are on shards. */
static void
sharded_profiles(struct fixture *f)
{
	char		*dir = mem_printf("%s/profiles", f->dir);
	struct dirent	*entry;
	struct buf	 text = { 0 };
	DIR		*d = opendir(f->conf.profiles);

	assert_non_null(d);
	assert_int_equal(mkdir(dir, 0700), 0);
	while ((entry = readdir(d)) != NULL) {
		char	*from = file_join(f->conf.profiles, entry->d_name);
		char	*to = file_join(dir, entry->d_name);

		text.len = 0;
		if (entry->d_name[0] != '.') {
			assert_int_equal(file_load(&text, from, 65536, &f->e),
			    0);
			if (strcmp(entry->d_name, "tls-server") == 0)
				buf_printf(&text, "crl = \"shard\";\n");
			assert_int_equal(file_store(to, text.p, text.len, 0600,
			    &f->e), 0);
		}
		mem_free(&from);
		mem_free(&to);
	}
	closedir(d);
	buf_clear(&text);
	mem_free(&f->conf.profiles);
	f->conf.profiles = dir;
}

static void
restart(struct fixture *f)
{
	signer_free(&f->signer);
	start(f);
}

static int
set_up_shards(void **state)
{
	struct fixture	*f;

	if (set_up(state) == -1)
		return -1;
	f = *state;
	sharded_profiles(f);
	f->ca[0].crl_shards = 2;
	f->ca[0].crl_shard_url = template;
	restart(f);
	return 0;
}

/* One on that shard, however long it takes to draw it. */
static X509 *
issue_on(struct fixture *f, int64_t shard)
{
	X509	*x;
	int	 i;

	for (i = 0; i < 200; i++) {
		x = issue_tls(f, "www.example.org");
		if (f->drawn == shard)
			return x;
		X509_free(x);
	}
	fail_msg("shard %lld is not drawn", (long long)shard);
	return NULL;
}

static X509 *
issue_revoked(struct fixture *f, int64_t shard)
{
	X509	*x = issue_on(f, shard);

	assert_int_equal(change_by(f, ORDER_REVOKE, x, "tls-server",
	    &f->officer), 1);
	return x;
}

/*
 * A list of a shard, or with shard 0 the complete one, after which the store
 * has "latest".  The store says that x is on it; what the signer asks about is
 * answered with the certificate and the order.
 */
struct story {
	int64_t			 shard, latest;
	X509			*x, *cert;
	const struct buf	*order;
	uint32_t		 asked, alarms;		/* out */
};

static struct crl *
tell(struct fixture *f, struct story *t)
{
	f->shard = t->shard;
	f->alarm[0] = '\0';
	assert_int_equal(begin_list(f, WIRE_CRL_COMPLETE, t->latest,
	    t->latest + 1), WIRE_NEXT_ENTRIES);
	send_crl(f, WIRE_CRL_ENTRIES, "services");
	msg_put_u32(&f->ask, 1);
	msg_put_u32(&f->ask, t->x != NULL);
	if (t->x != NULL)
		put_entry(f, t->x);
	answered(f);
	t->asked = msg_get_u32(&f->answer);
	if (t->asked > 0) {
		bring(f, t->cert, t->order, t->asked);
		assert_int_equal(msg_get_u32(&f->answer), 0);
	}
	return take_list(f, &t->alarms);
}

static bool
has(const struct crl *crl, X509 *x)
{
	const ASN1_INTEGER	*n = X509_get0_serialNumber(x);

	return crl_find(crl, n->data, (size_t)n->length, NULL);
}

/* As tell(), and whether x is on it. */
static bool
lists(struct fixture *f, struct story *t, X509 *x)
{
	struct crl	*crl = tell(f, t);
	bool		 yes = has(crl, x);

	crl_free(&crl);
	return yes;
}

static void
signer_draws_a_shard_and_names_it_in_the_certificate(void **state)
{
	struct fixture	*f = *state;
	char		 has[CRL_SHARD_URL], want[CRL_SHARD_URL];
	int64_t		 seen[3] = { 0 };
	X509		*x;
	int		 i;

	for (i = 0; i < 40; i++) {
		x = issue_tls(f, "www.example.org");
		assert_in_range(f->drawn, 1, 2);
		seen[f->drawn]++;
		assert_string_equal(crl_shard_address(has, x),
		    crl_shard_url(want, template, f->drawn));
		assert_int_equal(crl_shard_of(x, template), f->drawn);
		X509_free(x);
	}
	assert_true(seen[1] > 0 && seen[2] > 0);
}

/* Bytes of an intent, when the worker had died: the shard is theirs. */
static void
signer_says_the_shard_of_bytes_that_it_signs_again(void **state)
{
	struct fixture		*f = *state;
	struct prepared_reply	 r;
	struct buf		 blob;
	int64_t			 drawn;

	approve(f, &blob, tls_order(f, "www.example.org"), &f->officer, NULL);
	assert_int_equal(prepare_single(f, &blob, &r), 0);
	X509_free(sign(f, r.digest, 0, r.serial, BYTES(NULL, 0)));
	drawn = f->drawn;
	f->drawn = 0;
	restart(f);
	X509_free(sign(f, r.digest, 0, r.serial, BYTES(r.tbs.p, r.tbs.len)));
	assert_int_equal(f->drawn, drawn);
	buf_clear(&r.tbs);
	buf_clear(&blob);
}

static void
signer_refuses_a_profile_with_shards_for_a_ca_without(void **state)
{
	struct fixture	*f = *state;
	struct buf	 blob;

	f->ca[0].crl_shards = 0;
	restart(f);
	approve(f, &blob, tls_order(f, "www.example.org"), &f->officer, NULL);
	assert_refused(f, &blob, ERROR_CONFIG, "CA \"services\" has no shards "
	    "of its CRL and profile \"tls-server\" wants one");
	assert_non_null(strstr(f->e.hint, "crl_shards"));
	buf_clear(&blob);
}

static void
signer_keeps_the_addresses_that_certificates_have(void **state)
{
	struct fixture	*f = *state;
	struct buf	 notes = { 0 };
	struct story	 t = { .shard = 1 };
	char		 other[] = "http://pki.example.org/t-%d.crl";
	struct crl	*crl;
	X509		*x;

	/* Nobody has one: it may be changed. */
	f->ca[0].crl_shard_url = other;
	restart(f);
	f->ca[0].crl_shard_url = template;
	restart(f);
	x = issue_revoked(f, 1);
	signer_free(&f->signer);
	f->ca[0].crl_shard_url = other;
	assert_int_equal(signer_new(&f->signer, &f->conf, &f->clock, &f->rng,
	    &notes, &f->e), -1);
	assert_int_equal(f->e.code, ERROR_CONFIG);
	assert_string_equal(f->e.text, "crl_shard_url of CA services is "
	    "http://pki.example.org/t-%d.crl, and its certificates have "
	    "http://pki.example.org/s-%d.crl");
	assert_non_null(strstr(f->e.hint, "put it back"));
	buf_clear(&notes);
	/* Without the settings the lists go on. */
	f->ca[0].crl_shards = 0;
	f->ca[0].crl_shard_url = NULL;
	start(f);
	t.x = x;
	crl = tell(f, &t);
	assert_true(has(crl, x));
	assert_true(bytes_equal(crl->params.idp,
	    BYTES("http://pki.example.org/s-1.crl", 30)));
	crl_free(&crl);
	X509_free(x);
}

static void
signer_lists_on_a_shard_what_names_it_and_on_the_complete_list_all(
    void **state)
{
	struct fixture	*f = *state;
	X509		*one = issue_revoked(f, 1), *two = issue_revoked(f, 2);
	struct story	 t = { .shard = 1, .x = one }, all = { .x = one };
	struct crl	*crl = tell(f, &t);

	assert_int_equal(t.asked, 0);
	assert_int_equal(t.alarms, 0);
	assert_int_equal(crl->n, 1);
	assert_true(has(crl, one));
	/* Numbers of its own; and no other scope. */
	assert_int_equal(crl->params.number, 1);
	assert_int_equal(crl->params.base, 0);
	assert_true(bytes_equal(crl->params.idp,
	    BYTES("http://pki.example.org/s-1.crl", 30)));
	crl_free(&crl);
	t = (struct story){ .shard = 2, .x = two };
	crl = tell(f, &t);
	assert_int_equal(crl->n, 1);
	assert_true(has(crl, two));
	assert_int_equal(crl->params.number, 1);
	crl_free(&crl);
	crl = tell(f, &all);
	assert_null(crl->params.idp.p);
	assert_true(has(crl, one) && has(crl, two));
	crl_free(&crl);
	X509_free(one);
	X509_free(two);
}

/* The row says shard 2, or 0, or nothing: all the same to shard 1. */
static void
signer_keeps_on_its_shard_what_the_store_has_on_none(void **state)
{
	struct fixture	*f = *state;
	X509		*x = issue_revoked(f, 1);
	struct story	 t = { .shard = 1 };
	char		 hex[64];

	told(f, "revoke", x);
	assert_true(lists(f, &t, x));
	assert_int_equal(t.asked, 1);
	assert_int_equal(t.alarms, 1);
	snprintf(hex, sizeof(hex), "the store lacks revoked certificate");
	assert_non_null(strstr(f->alarm, hex));
	/* After a restart, and from the last list. */
	restart(f);
	t.latest = 1;
	assert_true(lists(f, &t, x));
	X509_free(x);
}

static void
signer_lists_nothing_on_a_shard_that_it_does_not_name(void **state)
{
	struct fixture	*f = *state;
	X509		*known = issue_revoked(f, 1), *x = issue_on(f, 1);
	struct story	 t = { .shard = 2, .x = known };
	struct story	 all = { .x = x };
	struct buf	 order;

	assert_false(lists(f, &t, known));
	assert_int_equal(t.asked, 0);
	assert_int_equal(t.alarms, 1);
	assert_non_null(strstr(f->alarm, "has on another shard"));
	/* Revoked by another instance, which the order proves. */
	f->clock.value++;
	approve(f, &order, status_order(f, ORDER_REVOKE, "services", x),
	    &f->officer, NULL);
	f->clock.value++;
	t = (struct story){ .shard = 2, .latest = 1, .x = x, .cert = x,
	    .order = &order };
	assert_false(lists(f, &t, x));
	assert_int_equal(t.asked, 1);
	assert_int_equal(t.alarms, 1);
	assert_non_null(strstr(f->alarm, "has on another shard"));
	/* It was believed that it is revoked, though. */
	assert_true(lists(f, &all, x));
	buf_clear(&order);
	X509_free(known);
	X509_free(x);
}

static void
signer_lists_nothing_on_a_shard_without_an_order(void **state)
{
	struct fixture	*f = *state;
	X509		*x = issue_on(f, 1);
	struct story	 t = { .shard = 1, .x = x, .cert = x };

	assert_false(lists(f, &t, x));
	assert_int_equal(t.alarms, 1);
	assert_non_null(strstr(f->alarm, "without an order"));
	X509_free(x);
}

/* Once on the list of whatever scope: then each has it once more. */
static void
signer_gives_an_expired_entry_one_more_list_of_each_scope(void **state)
{
	struct fixture	*f = *state;
	X509		*x = issue_revoked(f, 1);
	struct story	 all = { .x = x, .cert = x };
	struct story	 t = { .shard = 1, .x = x, .cert = x };

	assert_true(lists(f, &all, x));
	assert_true(lists(f, &t, x));
	f->clock.value = NOW + 201 * TESTPKI_DAY;
	all.latest = 1;
	assert_true(lists(f, &all, x));
	f->clock.value++;
	all = (struct story){ .cert = x, .latest = 2 };
	assert_false(lists(f, &all, x));
	assert_int_equal(all.alarms, 0);
	/* The shard's last list is from before it expired. */
	t.latest = 1;
	assert_true(lists(f, &t, x));
	assert_int_equal(t.alarms, 0);
	f->clock.value++;
	t = (struct story){ .shard = 1, .cert = x, .latest = 2 };
	assert_false(lists(f, &t, x));
	assert_int_equal(t.alarms, 0);
	X509_free(x);
}

/* Another signer with the same key, which knows nothing yet. */
static void
another_instance(struct fixture *f)
{
	signer_free(&f->signer);
	mem_free(&f->conf.state);
	f->conf.state = mem_printf("%s/second", f->dir);
	assert_int_equal(mkdir(f->conf.state, 0700), 0);
	start(f);
}

static void
seen(struct fixture *f, int64_t shard, const struct buf *list, uint32_t want)
{
	f->shard = shard;
	assert_int_equal(begin_list(f, WIRE_CRL_COMPLETE, 1, 2),
	    WIRE_NEXT_SEEN);
	send_crl(f, WIRE_CRL_SEEN, "services");
	msg_put_u32(&f->ask, 1);
	msg_put_blob(&f->ask, list->p, list->len);
	answered(f);
	assert_int_equal(msg_get_u32(&f->answer), want);
}

static struct crl *
seen_and_made(struct fixture *f, int64_t shard, const struct buf *list,
    uint32_t *alarms)
{
	seen(f, shard, list, WIRE_NEXT_ENTRIES);
	send_crl(f, WIRE_CRL_ENTRIES, "services");
	msg_put_u32(&f->ask, 1);
	msg_put_u32(&f->ask, 0);
	answered(f);
	if (msg_get_u32(&f->answer) > 0)
		bring(f, NULL, NULL, 1);
	f->alarm[0] = '\0';
	return take_list(f, alarms);
}

static void
signer_goes_on_from_another_instances_list_of_the_same_shard_only(
    void **state)
{
	struct fixture	*f = *state;
	X509		*x = issue_revoked(f, 1);
	struct story	 t = { .shard = 1, .x = x };
	struct buf	 list = { 0 };
	struct crl	*crl;
	uint32_t	 alarms;

	assert_true(lists(f, &t, x));
	buf_add(&list, f->list.p, f->list.len);
	another_instance(f);
	/* Shard 1's list is handed over as shard 2's. */
	crl = seen_and_made(f, 2, &list, &alarms);
	assert_int_equal(crl->n, 0);
	assert_int_equal(alarms, 1);
	assert_non_null(strstr(f->alarm, "it is of other certificates"));
	crl_free(&crl);
	/* The store says that nobody is revoked. */
	crl = seen_and_made(f, 1, &list, &alarms);
	assert_true(has(crl, x));
	assert_int_equal(crl->params.number, 2);
	assert_int_equal(alarms, 1);
	assert_non_null(strstr(f->alarm, "the store lacks"));
	crl_free(&crl);
	buf_clear(&list);
	X509_free(x);
}

/*
 * It has only seen the complete list, and the store hides the rest: nobody
 * but the certificate can say which shard it is on.
 */
static void
signer_asks_the_certificate_of_an_entry_that_it_knows_by_a_list(void **state)
{
	struct fixture	*f = *state;
	X509		*x = issue_revoked(f, 1), *other = issue_on(f, 2);
	struct story	 t = { .x = x };
	struct buf	 list = { 0 };
	struct crl	*crl;
	uint32_t	 alarms;

	assert_true(lists(f, &t, x));
	buf_add(&list, f->list.p, f->list.len);
	another_instance(f);
	crl = seen_and_made(f, 0, &list, &alarms);
	assert_true(has(crl, x));
	crl_free(&crl);
	/* No certificate, or another one: rather once too often. */
	t = (struct story){ .shard = 2 };
	assert_true(lists(f, &t, x));
	assert_int_equal(t.alarms, 1);
	t = (struct story){ .shard = 1, .cert = other };
	assert_true(lists(f, &t, x));
	assert_int_equal(t.alarms, 1);
	/* Its own: on shard 1, and on no shard that has no list of it yet. */
	t = (struct story){ .shard = 1, .cert = x, .latest = 1 };
	assert_true(lists(f, &t, x));
	t = (struct story){ .shard = 3, .cert = x };
	assert_false(lists(f, &t, x));
	assert_int_equal(t.asked, 1);
	assert_int_equal(t.alarms, 0);
	buf_clear(&list);
	X509_free(x);
	X509_free(other);
}

static void
signer_hands_over_again_a_list_that_never_arrived(void **state)
{
	struct fixture	*f = *state;
	X509		*x = issue_revoked(f, 1);
	struct story	 t = { .shard = 1, .x = x };
	struct crl	*crl;
	uint32_t	 alarms;

	assert_true(lists(f, &t, x));
	restart(f);
	assert_int_equal(begin_list(f, WIRE_CRL_COMPLETE, 0, 1),
	    WIRE_NEXT_SIGN);
	crl = take_list(f, &alarms);
	assert_int_equal(crl->params.number, 1);
	assert_true(has(crl, x));
	crl_free(&crl);
	X509_free(x);
}

static void
signer_starts_only_with_the_lists_of_shards_that_its_ledger_knows(
    void **state)
{
	struct fixture	*f = *state;
	struct story	 t = { .shard = 2 };
	struct buf	 notes = { 0 };
	struct crl	*crl = tell(f, &t);
	char		*path = mem_printf("%s/services+2.crl", f->dir);

	crl_free(&crl);
	signer_free(&f->signer);
	assert_int_equal(remove(path), 0);
	assert_int_equal(signer_new(&f->signer, &f->conf, &f->clock, &f->rng,
	    &notes, &f->e), -1);
	assert_non_null(strstr(f->e.text, "last list of CA services"));
	assert_string_equal(f->e.hint, "restore the state directory as a "
	    "whole");
	buf_clear(&notes);
	mem_free(&path);
}

static void
signer_makes_no_list_of_a_shard_that_cannot_be(void **state)
{
	struct fixture	*f = *state;

	f->shard = CRL_SHARD_MAX + 1;
	assert_int_equal(begin_list(f, WIRE_CRL_COMPLETE, 0, 1), 0);
	assert_string_equal(f->e.text, "no such kind of list");
	f->shard = -1;
	assert_int_equal(begin_list(f, WIRE_CRL_COMPLETE, 0, 1), 0);
	assert_string_equal(f->e.text, "no such kind of list");
	f->shard = 1;
	assert_int_equal(begin_list(f, WIRE_CRL_DELTA, 0, 1), 0);
	assert_string_equal(f->e.text, "no such kind of list");
	f->ca[0].crl_shards = 0;
	f->ca[0].crl_shard_url = NULL;
	restart(f);
	assert_int_equal(begin_list(f, WIRE_CRL_COMPLETE, 0, 1), 0);
	assert_int_equal(f->e.code, ERROR_CONFIG);
	assert_string_equal(f->e.text,
	    "CA services has no addresses of shards");
}

#define T(name)	cmocka_unit_test_setup_teardown(name, set_up_shards, tear_down)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		T(signer_refuses_a_profile_with_shards_for_a_ca_without),
		T(signer_makes_no_list_of_a_shard_that_cannot_be),
		T(signer_draws_a_shard_and_names_it_in_the_certificate),
		T(signer_says_the_shard_of_bytes_that_it_signs_again),
		T(signer_keeps_the_addresses_that_certificates_have),
		T(signer_lists_on_a_shard_what_names_it_and_on_the_complete_list_all),
		T(signer_keeps_on_its_shard_what_the_store_has_on_none),
		T(signer_lists_nothing_on_a_shard_that_it_does_not_name),
		T(signer_lists_nothing_on_a_shard_without_an_order),
		T(signer_gives_an_expired_entry_one_more_list_of_each_scope),
		T(signer_goes_on_from_another_instances_list_of_the_same_shard_only),
		T(signer_asks_the_certificate_of_an_entry_that_it_knows_by_a_list),
		T(signer_hands_over_again_a_list_that_never_arrived),
		T(signer_starts_only_with_the_lists_of_shards_that_its_ledger_knows),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
