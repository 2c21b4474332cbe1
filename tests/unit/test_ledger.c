/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <sys/resource.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/mem.h"
#include "ca/issuing/ledger.h"
#include "os/file.h"

#define NOW	1800000000

struct fixture {
	char		 dir[64];
	char		 path[80];
	struct ledger	*l;
	struct error	 e;
	size_t		 cut;
};

static int
set_up(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));

	snprintf(f->dir, sizeof(f->dir), "/tmp/signet-ledger.XXXXXX");
	if (mkdtemp(f->dir) == NULL)
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/ledger", f->dir);
	*state = f;
	return ledger_open(&f->l, f->dir, NOW, &f->cut, &f->e);
}

static int
tear_down(void **state)
{
	struct fixture	*f = *state;
	char		 lock[80];

	ledger_close(&f->l);
	snprintf(lock, sizeof(lock), "%s/lock", f->dir);
	unlink(lock);
	unlink(f->path);
	rmdir(f->dir);
	mem_free(&f);
	return 0;
}

static void
reopen(struct fixture *f)
{
	ledger_close(&f->l);
	assert_int_equal(ledger_open(&f->l, f->dir, NOW, &f->cut, &f->e), 0);
}

static struct ledger_use
use_of(uint8_t order, uint32_t n)
{
	struct ledger_use	 u = { .n = n, .expires = NOW + 1000 };

	memset(u.order, order, 32);
	memset(u.tbs, (int)n + 1, 32);
	return u;
}

static struct ledger_status
status_of(const char *ca, uint8_t serial, enum cert_status status)
{
	struct ledger_status	 s = { .status = status, .serial_len = 16,
	    .reason = status == CERT_HELD ? 6 : 1, .at = NOW };

	snprintf(s.ca, sizeof(s.ca), "%s", ca);
	memset(s.serial, serial, 16);
	return s;
}

static void
ledger_open_refuses_a_second_signer_on_the_same_directory(void **state)
{
	struct fixture	*f = *state;
	struct ledger	*other;

	assert_int_equal(ledger_open(&other, f->dir, NOW, &f->cut, &f->e), -1);
	assert_null(other);
	assert_int_equal(f->e.code, ERROR_CONFLICT);
	assert_non_null(strstr(f->e.hint, "its own state directory"));
}

static void
ledger_open_refuses_a_file_that_is_no_ledger(void **state)
{
	struct fixture	*f = *state;

	ledger_close(&f->l);
	assert_int_equal(file_store(f->path, "something else entirely", 23,
	    0600, &f->e), 0);
	assert_int_equal(ledger_open(&f->l, f->dir, NOW, &f->cut, &f->e), -1);
	assert_int_equal(f->e.code, ERROR_CONFIG);
	assert_non_null(strstr(f->e.text, "is not a ledger"));
}

static void
ledger_add_means_nothing_before_sync(void **state)
{
	struct fixture		*f = *state;
	struct ledger_use	 u = use_of(1, 0);

	ledger_add_use(f->l, &u);
	assert_null(ledger_find_use(f->l, u.order, 0));
	assert_int_equal(ledger_sync(f->l, &f->e), 0);
	assert_non_null(ledger_find_use(f->l, u.order, 0));
	assert_null(ledger_find_use(f->l, u.order, 1));
}

static void
ledger_knows_what_it_signed_and_whether_to_look_for_it(void **state)
{
	struct fixture		*f = *state;
	struct ledger_use	 mine = use_of(1, 7), other = use_of(2, 0);
	const struct ledger_use	*u;
	size_t			 pos, n;

	mine.ca = "people";
	mine.serial_len = 16;
	memset(mine.serial, 9, 16);
	ledger_add_use(f->l, &mine);
	ledger_add_use(f->l, &other);
	ledger_add_lost(f->l, true);
	assert_false(ledger_is_lost(f->l));
	assert_int_equal(ledger_sync(f->l, &f->e), 0);
	assert_true(ledger_is_lost(f->l));
	ledger_close(&f->l);
	assert_int_equal(ledger_open(&f->l, f->dir, NOW, &f->cut, &f->e), 0);
	assert_true(ledger_is_lost(f->l));
	for (pos = n = 0; (u = ledger_next_use(f->l, &pos)) != NULL; n++) {
		if (u->order[0] == 2) {
			assert_null(u->ca);
			continue;
		}
		assert_string_equal(u->ca, "people");
		assert_int_equal(u->serial_len, 16);
		assert_memory_equal(u->serial, mine.serial, 16);
	}
	assert_int_equal(n, 2);
	/* That it has signed for a CA is no list of it. */
	assert_int_equal(ledger_crl_number(f->l, "people", 0), 0);
	ledger_add_lost(f->l, false);
	assert_int_equal(ledger_sync(f->l, &f->e), 0);
	assert_false(ledger_is_lost(f->l));
}

static void
ledger_remembers_after_reopening(void **state)
{
	struct fixture		*f = *state;
	struct ledger_use	 u = use_of(1, 7);
	struct ledger_status	 s = status_of("people", 9, CERT_HELD);
	struct audit_head	 h = { .seq = 12 }, got;
	const struct ledger_use	*found;

	memset(h.hash, 5, 32);
	ledger_add_use(f->l, &u);
	ledger_add_status(f->l, &s);
	ledger_add_head(f->l, &h);
	ledger_add_crl(f->l, "people", 0, 41, u.order);
	ledger_add_crl(f->l, "people", 9999, 3, u.order);
	assert_int_equal(ledger_sync(f->l, &f->e), 0);
	reopen(f);
	assert_int_equal(f->cut, 0);
	assert_non_null(found = ledger_find_use(f->l, u.order, 7));
	assert_memory_equal(found->tbs, u.tbs, 32);
	assert_int_equal(ledger_find_status(f->l, "people", s.serial,
	    16)->status, CERT_HELD);
	assert_null(ledger_find_status(f->l, "services", s.serial, 16));
	ledger_get_head(f->l, &got);
	assert_int_equal(got.seq, 12);
	assert_memory_equal(got.hash, h.hash, 32);
	assert_int_equal(ledger_crl_number(f->l, "people", 0), 41);
	assert_int_equal(ledger_crl_number(f->l, "services", 0), 0);
	assert_int_equal(ledger_crl_number(f->l, "people", 9999), 3);
	assert_int_equal(ledger_crl_number(f->l, "people", 1), 0);
}

static void
ledger_remembers_the_shards_of_certificates_and_their_addresses(void **state)
{
	struct fixture		*f = *state;
	struct ledger_status	 s = status_of("people", 9, CERT_HELD);
	struct ledger_status	 other = status_of("people", 8, CERT_REVOKED);

	s.shard = 7;
	ledger_add_status(f->l, &s);
	ledger_add_status(f->l, &other);
	ledger_add_shard_url(f->l, "people", "http://x/%d");
	assert_null(ledger_shard_url(f->l, "people"));
	assert_int_equal(ledger_sync(f->l, &f->e), 0);
	reopen(f);
	assert_int_equal(ledger_find_status(f->l, "people", s.serial,
	    16)->shard, 7);
	assert_int_equal(ledger_find_status(f->l, "people", other.serial,
	    16)->shard, 0);
	assert_string_equal(ledger_shard_url(f->l, "people"), "http://x/%d");
	assert_null(ledger_shard_url(f->l, "services"));
}

static bool
is_under_way(struct fixture *f, const struct ledger_status *s, int64_t at)
{
	return ledger_is_under_way(f->l, s->ca, s->serial, s->serial_len, at);
}

/* Also for the next process, if this one is killed. */
static void
ledger_remembers_what_is_under_way_until_it_is_settled(void **state)
{
	struct fixture		*f = *state;
	struct ledger_status	 s = status_of("people", 9, CERT_REVOKED);
	struct ledger_status	 other = status_of("people", 8, CERT_REVOKED);
	uint8_t			 foreign[32] = { 7 };

	memset(s.order, 3, sizeof(s.order));
	s.is_under_way = true;
	ledger_add_status(f->l, &s);
	ledger_add_status(f->l, &other);
	assert_false(is_under_way(f, &s, NOW));
	assert_int_equal(ledger_sync(f->l, &f->e), 0);
	assert_true(is_under_way(f, &s, NOW));
	assert_false(is_under_way(f, &other, NOW));
	reopen(f);
	ledger_add_settled(f->l, s.ca, s.serial, 16, foreign);
	ledger_add_settled(f->l, "services", s.serial, 16, s.order);
	assert_int_equal(ledger_sync(f->l, &f->e), 0);
	assert_true(is_under_way(f, &s, NOW));
	assert_false(is_under_way(f, &other, NOW));
	ledger_add_settled(f->l, s.ca, s.serial, 16, s.order);
	assert_true(is_under_way(f, &s, NOW));
	assert_int_equal(ledger_sync(f->l, &f->e), 0);
	assert_false(is_under_way(f, &s, NOW));
	reopen(f);
	assert_false(is_under_way(f, &s, NOW));
	assert_int_equal(ledger_find_status(f->l, "people", s.serial,
	    16)->status, CERT_REVOKED);
}

static void
ledger_lets_nobody_keep_a_status_under_way_for_ever(void **state)
{
	struct fixture		*f = *state;
	struct ledger_status	 s = status_of("people", 9, CERT_REVOKED);

	s.is_under_way = true;
	ledger_add_status(f->l, &s);
	assert_int_equal(ledger_sync(f->l, &f->e), 0);
	/* From when it was first missed, not from when it was decided. */
	assert_true(is_under_way(f, &s, NOW + 100000));
	assert_true(is_under_way(f, &s, NOW + 100599));
	assert_false(is_under_way(f, &s, NOW + 100600));
	/* That the store asks for it again changes nothing. */
	ledger_send_status(f->l, &s);
	assert_false(is_under_way(f, &s, NOW + 100600));
	ledger_add_settled(f->l, s.ca, s.serial, 16, s.order);
	assert_int_equal(ledger_sync(f->l, &f->e), 0);
	ledger_send_status(f->l, &s);
	assert_true(is_under_way(f, &s, NOW + 100600));
}

static void
ledger_tells_released_from_expired(void **state)
{
	struct ledger_status	 s = status_of("people", 9, CERT_GOOD);

	(void)state;
	memset(s.order, 0, sizeof(s.order));
	assert_true(ledger_is_expired(&s));
	s.order[31] = 1;
	assert_false(ledger_is_expired(&s));
	s.order[31] = 0;
	s.status = CERT_REVOKED;
	assert_false(ledger_is_expired(&s));
}

static void
ledger_keeps_the_last_status_of_a_certificate(void **state)
{
	struct fixture		*f = *state;
	struct ledger_status	 s = status_of("people", 9, CERT_HELD);

	ledger_add_status(f->l, &s);
	s.status = CERT_GOOD;
	ledger_add_status(f->l, &s);
	s.status = CERT_REVOKED;
	ledger_add_status(f->l, &s);
	assert_int_equal(ledger_sync(f->l, &f->e), 0);
	assert_int_equal(ledger_find_status(f->l, "people", s.serial,
	    16)->status, CERT_REVOKED);
	reopen(f);
	assert_int_equal(ledger_find_status(f->l, "people", s.serial,
	    16)->status, CERT_REVOKED);
}

static void
ledger_forgets_uses_a_week_after_their_order_expired(void **state)
{
	struct fixture		*f = *state;
	struct ledger_use	 u = use_of(1, 0);

	u.expires = NOW + 10;
	ledger_add_use(f->l, &u);
	assert_int_equal(ledger_sync(f->l, &f->e), 0);
	ledger_close(&f->l);
	assert_int_equal(ledger_open(&f->l, f->dir, NOW + 11, &f->cut, &f->e),
	    0);
	assert_non_null(ledger_find_use(f->l, u.order, 0));
	ledger_close(&f->l);
	assert_int_equal(ledger_open(&f->l, f->dir, NOW + 11 + 7 * 86400,
	    &f->cut, &f->e), 0);
	assert_null(ledger_find_use(f->l, u.order, 0));
}

/* A crash inside write(2): every length of the last group is cut cleanly. */
static void
ledger_cuts_a_torn_group_at_every_byte(void **state)
{
	struct fixture		*f = *state;
	struct ledger_use	 a = use_of(1, 0), b = use_of(2, 0);
	struct stat		 whole, first;
	struct buf		 file = { 0 };
	off_t			 len;

	ledger_add_use(f->l, &a);
	assert_int_equal(ledger_sync(f->l, &f->e), 0);
	assert_int_equal(stat(f->path, &first), 0);
	ledger_add_use(f->l, &b);
	assert_int_equal(ledger_sync(f->l, &f->e), 0);
	assert_int_equal(stat(f->path, &whole), 0);
	assert_int_equal(file_load(&file, f->path, 65536, &f->e), 0);
	for (len = first.st_size; len < whole.st_size; len++) {
		ledger_close(&f->l);
		assert_int_equal(file_store(f->path, file.p, (size_t)len, 0600,
		    &f->e), 0);
		assert_int_equal(ledger_open(&f->l, f->dir, NOW, &f->cut,
		    &f->e), 0);
		assert_int_equal(f->cut, len - first.st_size);
		assert_non_null(ledger_find_use(f->l, a.order, 0));
		assert_null(ledger_find_use(f->l, b.order, 0));
		/* It goes on from there. */
		ledger_add_use(f->l, &b);
		assert_int_equal(ledger_sync(f->l, &f->e), 0);
		reopen(f);
		assert_non_null(ledger_find_use(f->l, b.order, 0));
	}
	buf_clear(&file);
}

static void
ledger_refuses_damage_far_from_its_end(void **state)
{
	struct fixture		*f = *state;
	struct ledger_use	 u = use_of(1, 0);
	struct buf		 file = { 0 };
	uint32_t		 i;

	for (i = 0; i < 70000; i++) {
		u.n = i;
		ledger_add_use(f->l, &u);
	}
	assert_int_equal(ledger_sync(f->l, &f->e), 0);
	ledger_close(&f->l);
	assert_int_equal(file_load(&file, f->path, 64 << 20, &f->e), 0);
	file.p[1000] ^= 1;
	assert_int_equal(file_store(f->path, file.p, file.len, 0600, &f->e), 0);
	buf_clear(&file);
	assert_int_equal(ledger_open(&f->l, f->dir, NOW, &f->cut, &f->e), -1);
	assert_int_equal(f->e.code, ERROR_CONFIG);
	assert_non_null(strstr(f->e.text, "is damaged at byte"));
}

/* RLIMIT_FSIZE stands in for a full disk: write(2) comes up short. */
static void
ledger_sync_that_fails_leaves_nothing_behind(void **state)
{
	struct fixture		*f = *state;
	struct ledger_use	 a = use_of(1, 0), b = use_of(2, 0);
	struct rlimit		 old, small;
	struct stat		 st;

	ledger_add_use(f->l, &a);
	assert_int_equal(ledger_sync(f->l, &f->e), 0);
	assert_int_equal(stat(f->path, &st), 0);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small = old;
	small.rlim_cur = (rlim_t)st.st_size + 20;
	setrlimit(RLIMIT_FSIZE, &small);
	ledger_add_use(f->l, &b);
	assert_int_equal(ledger_sync(f->l, &f->e), -1);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_non_null(strstr(f->e.text, "write ledger"));
	assert_non_null(strstr(f->e.hint, "nothing was signed"));
	assert_null(ledger_find_use(f->l, b.order, 0));
	error_clear(&f->e);
	/* With room again it goes on, in the same process and in the next. */
	ledger_add_use(f->l, &b);
	assert_int_equal(ledger_sync(f->l, &f->e), 0);
	reopen(f);
	assert_int_equal(f->cut, 0);
	assert_non_null(ledger_find_use(f->l, a.order, 0));
	assert_non_null(ledger_find_use(f->l, b.order, 0));
}

static void
ledger_next_status_visits_each_certificate_once(void **state)
{
	struct fixture		*f = *state;
	struct ledger_status	 s;
	size_t			 pos = 0, n = 0;
	int			 i;

	for (i = 0; i < 200; i++) {
		s = status_of("people", (uint8_t)(i % 100), CERT_REVOKED);
		ledger_add_status(f->l, &s);
	}
	assert_int_equal(ledger_sync(f->l, &f->e), 0);
	while (ledger_next_status(f->l, &pos) != NULL)
		n++;
	assert_int_equal(n, 100);
}

#define T(name)	cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		T(ledger_open_refuses_a_second_signer_on_the_same_directory),
		T(ledger_open_refuses_a_file_that_is_no_ledger),
		T(ledger_add_means_nothing_before_sync),
		T(ledger_knows_what_it_signed_and_whether_to_look_for_it),
		T(ledger_remembers_after_reopening),
		T(ledger_keeps_the_last_status_of_a_certificate),
		T(ledger_remembers_the_shards_of_certificates_and_their_addresses),
		T(ledger_remembers_what_is_under_way_until_it_is_settled),
		T(ledger_lets_nobody_keep_a_status_under_way_for_ever),
		T(ledger_tells_released_from_expired),
		T(ledger_forgets_uses_a_week_after_their_order_expired),
		T(ledger_cuts_a_torn_group_at_every_byte),
		T(ledger_refuses_damage_far_from_its_end),
		T(ledger_sync_that_fails_leaves_nothing_behind),
		T(ledger_next_status_visits_each_certificate_once),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
