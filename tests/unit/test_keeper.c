/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A keeper of a key and who asks it: several questions are in work at once, as
 * many as there are sockets and no more, and each gets its own answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/pem.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ra/keeper_private.h"
#include "ra/sealer.h"
#include "tests/lib/testpki.h"
#include "ra/tls_keeper.h"

#define LANES	3
#define ASKERS	12
#define DEADLINE_S 60		/* a keeper that waits for itself */

struct answering {
	struct tls_lanes	 lanes;
	pthread_barrier_t	 all;	/* of the lanes are in work */
	pthread_mutex_t		 lock;
	int			 now, most, total;
	bool			 meet;
};

/* "together" is answered when as many are asked, everything else at once. */
static int
answer(void *arg, struct msg *q, struct msg *r, struct error *e)
{
	struct answering	*a = arg;
	struct bytes		 key = msg_get_blob(q, 32);
	uint32_t		 scheme = msg_get_u32(q);

	(void)msg_get_blob(q, 64);
	if (msg_done(q, e) == -1)
		return -1;
	pthread_mutex_lock(&a->lock);
	a->total++;
	if (++a->now > a->most)
		a->most = a->now;
	pthread_mutex_unlock(&a->lock);
	if (a->meet)
		pthread_barrier_wait(&a->all);
	pthread_mutex_lock(&a->lock);
	a->now--;
	pthread_mutex_unlock(&a->lock);
	if (scheme == 0)
		return error_set(e, ERROR_NOTFOUND, "that key is not here");
	msg_put_blob(r, key.p, key.len);
	return 0;
}

static void *
keep(void *arg)
{
	struct answering	*a = arg;
	struct error		 e = ERROR_INIT;

	if (keeper_lanes(a->lanes.answer, a->lanes.n, answer, a, &e) == -1)
		return a;
	return NULL;
}

struct asking {
	struct tls_keeper	*keeper;
	pthread_t		 thread;
	uint8_t			 number;
	bool			 right;
};

/* The answer has the number of who asked. */
static void *
ask(void *arg)
{
	struct asking	*a = arg;
	uint8_t		 key[32];
	struct buf	 sig = { 0 };
	struct error	 e = ERROR_INIT;

	memset(key, a->number, sizeof(key));
	a->right = tls_keeper_sign(a->keeper, key, 1, BYTES(key, 32), &sig,
	    &e) == 0 && bytes_equal(BYTES(sig.p, sig.len), BYTES(key, 32));
	buf_clear(&sig);
	return NULL;
}

static void
begin(struct answering *a, pthread_t *keeping, struct tls_keeper **k)
{
	struct error	 e = ERROR_INIT;

	memset(a, 0, sizeof(*a));
	pthread_mutex_init(&a->lock, NULL);
	pthread_barrier_init(&a->all, NULL, LANES);
	assert_int_equal(tls_lanes_open(&a->lanes, LANES, &e), 0);
	assert_int_equal(pthread_create(keeping, NULL, keep, a), 0);
	tls_keeper_new(k, &a->lanes);
	alarm(DEADLINE_S);
}

static void
end(struct answering *a, pthread_t keeping)
{
	void	*failed;

	pthread_join(keeping, &failed);
	assert_null(failed);
	tls_lanes_close(&a->lanes, false, true);
	pthread_barrier_destroy(&a->all);
	pthread_mutex_destroy(&a->lock);
	alarm(0);
}

static void
no_more_than_so_many_lanes_are_opened(void **state)
{
	struct tls_lanes	 l = { .n = 0 };
	struct error		 e = ERROR_INIT;

	(void)state;
	assert_int_equal(tls_lanes_open(&l, 1000000, &e), 0);
	assert_int_equal(l.n, TLS_LANES_MAX);
	tls_lanes_close(&l, true, true);
	tls_lanes_close(&l, true, true);	/* once more is well */
}

static void
a_refusal_is_told_and_the_lane_goes_on(void **state)
{
	struct answering	 a;
	struct tls_keeper	*k;
	pthread_t		 keeping;
	struct buf		 sig = { 0 };
	struct error		 e = ERROR_INIT;
	const uint8_t		 key[32] = { 0 };
	int			 i;

	(void)state;
	begin(&a, &keeping, &k);
	for (i = 0; i < 2 * LANES; i++) {
		assert_int_equal(tls_keeper_sign(k, key, 0, BYTES(key, 32),
		    &sig, &e), -1);
		assert_int_equal(e.code, ERROR_NOTFOUND);
		assert_string_equal(e.text, "that key is not here");
		error_clear(&e);
	}
	assert_int_equal(tls_keeper_sign(k, key, 1, BYTES(key, 32), &sig, &e),
	    0);
	assert_int_equal(sig.len, 32);
	buf_clear(&sig);
	tls_keeper_free(&k);
	end(&a, keeping);
}

/* Each question waits in the keeper until the others are there, too. */
static void
as_many_as_there_are_lanes_are_answered_at_once_and_no_more(void **state)
{
	struct answering	 a;
	struct asking		 who[ASKERS];
	struct tls_keeper	*k;
	pthread_t		 keeping;
	uint8_t			 i;

	(void)state;
	begin(&a, &keeping, &k);
	a.meet = true;
	for (i = 0; i < ASKERS; i++) {
		who[i] = (struct asking){ .keeper = k, .number = i };
		assert_int_equal(pthread_create(&who[i].thread, NULL, ask,
		    &who[i]), 0);
	}
	for (i = 0; i < ASKERS; i++)
		pthread_join(who[i].thread, NULL);
	for (i = 0; i < ASKERS; i++)
		assert_true(who[i].right);
	assert_int_equal(a.total, ASKERS);
	assert_int_equal(a.most, LANES);
	tls_keeper_free(&k);
	end(&a, keeping);
}

/* What is not a message ends that lane, and the keeper with it. */
static void
one_lane_that_ends_ends_them_all(void **state)
{
	struct answering	 a;
	struct tls_keeper	*k;
	pthread_t		 keeping;
	const uint8_t		 bad[8] = { 0, 0, 0, 1, 0xff, 0xff, 0xff,
				    0xff };
	int			 last;

	(void)state;
	begin(&a, &keeping, &k);
	last = a.lanes.ask[LANES - 1];
	assert_int_equal(write(last, bad, sizeof(bad)), sizeof(bad));
	end(&a, keeping);
	tls_keeper_free(&k);
}

/* ---- one that has gone mad ---- */

/* Its end of a line on which this answer has come, and no more will. */
static int
line_with(uint32_t type, struct bytes blob, int *other)
{
	struct error	 e = ERROR_INIT;
	struct msg	 m = { .type = 0 };
	int		 fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	msg_init(&m, type);
	msg_put_blob(&m, blob.p, blob.len);
	assert_int_equal(msg_send(fd[0], &m, &e), 0);
	msg_clear(&m);
	assert_int_equal(shutdown(fd[0], SHUT_WR), 0);
	*other = fd[0];
	return fd[1];
}

static void
what_is_no_certificate_is_not_the_agents(void **state)
{
	struct error	 e = ERROR_INIT;
	struct sealer	*s;
	X509		*cert;
	int		 other;

	(void)state;
	sealer_new(&s, line_with(SEAL_CERT, BYTES("0", 1), &other));
	assert_int_equal(sealer_cert(s, &cert, &e), -1);
	assert_null(cert);
	assert_int_equal(e.code, ERROR_CRYPTO);
	assert_non_null(strstr(e.text, "the agent's certificate"));
	sealer_free(&s);
	close(other);
}

static void
a_signature_of_nothing_is_none(void **state)
{
	struct error	 e = ERROR_INIT;
	struct buf	 out = { 0 };
	struct sealer	*s;
	int		 other;

	(void)state;
	sealer_new(&s, line_with(SEAL_SIGN, BYTES(NULL, 0), &other));
	assert_int_equal(sealer_seal(s, BYTES("order", 5), NULL,
	    BYTES(NULL, 0), &out, &e), -1);
	assert_int_equal(out.len, 0);
	assert_string_equal(e.text, "the agent signed nothing");
	sealer_free(&s);
	close(other);
}

/* A certificate whose point is on no curve, PEM. */
static void
bad_chain(struct buf *pem)
{
	struct testpki	 pki;
	struct identity	 id;
	struct buf	 der = { 0 };
	BIO		*bio = BIO_new(BIO_s_mem());
	unsigned char	*spki = NULL;
	uint8_t		*at;
	char		*text;
	long		 n;
	int		 len;

	testpki_init(&pki, TESTPKI_NOW);
	testpki_identity(&id, &pki, "P-256", "ra.example.org", "1", NULL);
	testpki_cert_der(&der, id.cert);
	assert_true((len = i2d_PUBKEY(id.key, &spki)) > 64);
	assert_non_null(at = memmem(der.p, der.len, spki, (size_t)len));
	at[len - 1] ^= 1;
	assert_true(PEM_write_bio(bio, "CERTIFICATE", "", der.p,
	    (long)der.len) > 0);
	n = BIO_get_mem_data(bio, &text);
	buf_add(pem, text, (size_t)n);
	BIO_free(bio);
	OPENSSL_free(spki);
	buf_clear(&der);
	testpki_identity_clear(&id);
	testpki_clear(&pki);
}

static void
a_web_server_whose_key_cannot_be_read_has_no_identity(void **state)
{
	struct tls_lanes	 lanes = { .n = 1 };
	struct error		 e = ERROR_INIT;
	struct identity		 got;
	struct tls_keeper	*k;
	struct buf		 pem = { 0 };
	int			 other;

	(void)state;
	bad_chain(&pem);
	lanes.ask[0] = line_with(TLS_CHAIN, BYTES(pem.p, pem.len), &other);
	tls_keeper_new(&k, &lanes);
	assert_int_equal(tls_keeper_identity(k, &got, &e), -1);
	assert_null(got.cert);
	assert_null(got.key);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_non_null(strstr(e.text, "the web server's certificate: its "
	    "key"));
	tls_keeper_free(&k);
	close(other);
	buf_clear(&pem);
}

/* ---- what they answer ---- */

static int
know_nothing(void *arg, struct msg *q, struct msg *r, struct error *e)
{
	(void)arg;
	(void)q;
	msg_put_u32(r, 1);
	return error_set(e, ERROR_NOTFOUND, "that key is not here");
}

static void
a_question_that_is_none_is_answered_by_an_error(void **state)
{
	struct keeper	 none;
	struct tls	 tls = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct error	 e = ERROR_INIT;
	struct msg	 q = { .type = 7 }, r = { .type = 0 };

	(void)state;
	keeper_answer(know_nothing, NULL, &q, &r);
	assert_int_equal(r.type, 0);
	msg_get_error(&r, &e);
	assert_int_equal(msg_done(&r, &e), 0);
	assert_int_equal(e.code, ERROR_NOTFOUND);
	assert_string_equal(e.text, "that key is not here");
	assert_int_equal(tls_keeper_answer(&tls, &q, &r, &e), -1);
	assert_string_equal(e.text, "unknown message");
	memset(&none, 0, sizeof(none));
	none.place.cert = mem_strdup("/nonexistent/agent");
	error_clear(&e);
	assert_int_equal(sealer_answer(&none, &q, &r, &e), -1);
	assert_string_equal(e.text, "unknown message");
	mem_free(&none.place.cert);
	msg_clear(&r);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(what_is_no_certificate_is_not_the_agents),
		cmocka_unit_test(a_signature_of_nothing_is_none),
		cmocka_unit_test(
		    a_web_server_whose_key_cannot_be_read_has_no_identity),
		cmocka_unit_test(
		    a_question_that_is_none_is_answered_by_an_error),
		cmocka_unit_test(no_more_than_so_many_lanes_are_opened),
		cmocka_unit_test(a_refusal_is_told_and_the_lane_goes_on),
		cmocka_unit_test(
		    as_many_as_there_are_lanes_are_answered_at_once_and_no_more),
		cmocka_unit_test(one_lane_that_ends_ends_them_all),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
