/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <openssl/x509v3.h>
#include "agent/agent.h"
#include "agent/agent_private.h"
#include "os/file.h"
#include "os/msg.h"
#include "tests/lib/testpki.h"
#include "order/approval.h"
#include "x509/csr.h"

#define NOW	TESTPKI_NOW
#define DAY	TESTPKI_DAY

struct fixture {
	char			 dir[64];
	struct testpki		 pki;
	struct agent_ca		 ca;
	struct agent_conf	 conf;
	struct clock		 clock;
	struct rng		 rng;
	struct agent		*agent;
	struct place_secret	 secret;	/* of places; empty */
	struct place		 place;
	struct error		 e;
};

static char *
in_dir(const struct fixture *f, const char *name)
{
	return mem_printf("%s/%s", f->dir, name);
}

/* agent.key and agent.pem with that role. */
static void
write_agent(struct fixture *f, const char *role)
{
	struct identity	 id;

	testpki_identity(&id, &f->pki, "P-256", "OCSP agent", "ocsp-1", role);
	testpki_write_key(f->conf.agent_key, id.key);
	chmod(f->conf.agent_key, 0600);
	testpki_write_cert(f->conf.agent_cert, id.cert);
	testpki_identity_clear(&id);
}

static int
set_up(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));

	*state = f;
	snprintf(f->dir, sizeof(f->dir), "/tmp/signet-agent.XXXXXX");
	if (mkdtemp(f->dir) == NULL)
		return -1;
	testpki_init(&f->pki, NOW);
	f->clock = clock_fixed(NOW);
	f->rng = rng_system;
	f->ca = (struct agent_ca){ "people", f->pki.people };
	f->conf = (struct agent_conf){ .program = "test",
	    .database = "host=/nowhere dbname=signet",
	    .root = in_dir(f, "root.pem"), .officers_ca = "services",
	    .agent_key = in_dir(f, "agent.key"),
	    .agent_cert = in_dir(f, "agent.pem"), .ca = &f->ca, .nca = 1,
	    .signers = mem_strdup(f->dir), .signer_key = "ec:P-256",
	    .poll = 1 };
	testpki_write_cert(f->conf.root, f->pki.root);
	write_agent(f, OID_ROLE_OCSP_AGENT);
	return 0;
}

static void
drop(const char *p)
{
	char	*q = (char *)(uintptr_t)p;

	mem_free(&q);
}

static int
tear_down(void **state)
{
	struct fixture	*f = *state;

	agent_free(&f->agent);
	place_clear(&f->place);
	drop(f->conf.root);
	drop(f->conf.agent_key);
	drop(f->conf.agent_cert);
	drop(f->conf.signers);
	testpki_clear(&f->pki);
	testpki_remove_tree(f->dir);
	mem_free(&f);
	return 0;
}

static void
begin(struct fixture *f)
{
	if (agent_new(&f->agent, &f->conf, &f->clock, &f->rng, &f->e) == -1)
		fail_msg("%s", f->e.text);
}

/* ---- places ---- */

/* A place of two files, or of one. */
static struct place *
use_place(struct fixture *f, bool two)
{
	char	*key = in_dir(f, two ? "p.key" : "p.pem");
	char	*cert = in_dir(f, "p.pem");

	place_clear(&f->place);
	place_init(&f->place, key, two ? cert : NULL, &f->secret);
	mem_free(&key);
	mem_free(&cert);
	return &f->place;
}

/* A certificate with that much of a signer of answers. */
static X509 *
signer_cert(struct fixture *f, EVP_PKEY *key, const char *eku, bool nocheck,
    X509 *ca, EVP_PKEY *ca_key)
{
	struct testpki_spec	 spec = { .name = "Test People CA OCSP",
	    .eku = eku };
	X509			*cert = testpki_cert(&f->pki, &spec, key, ca,
	    ca_key);
	X509_EXTENSION		*x;

	if (!nocheck)
		return cert;
	x = X509V3_EXT_conf_nid(NULL, NULL, NID_id_pkix_OCSP_noCheck,
	    "ignored");
	assert_non_null(x);
	assert_int_equal(X509_add_ext(cert, x, -1), 1);
	assert_true(X509_sign(cert, ca_key, EVP_sha256()) > 0);
	X509_EXTENSION_free(x);
	return cert;
}

static void
make_pending(struct fixture *f, struct pending *p, bool with_chain)
{
	memset(p, 0, sizeof(*p));
	p->key = testpki_key("P-256");
	buf_str(&p->order, "the order");
	buf_str(&p->csr, "the request");
	if (!with_chain)
		return;
	p->chain = sk_X509_new_null();
	sk_X509_push(p->chain, signer_cert(f, p->key, "1.3.6.1.5.5.7.3.9",
	    true, f->pki.people, f->pki.people_key));
}

static void
what_is_not_there_is_not_found(void **state)
{
	struct fixture	*f = *state;
	struct identity	 id;
	struct pending	 p;

	assert_int_equal(place_load(use_place(f, true), &id, &f->e), -1);
	assert_int_equal(f->e.code, ERROR_NOTFOUND);
	error_clear(&f->e);
	assert_int_equal(place_load_pending(&f->place, &p, &f->e), 0);
	assert_int_equal(place_drop_pending(&f->place, &f->e), 0);
	assert_int_equal(agent_signer_load(&id, f->dir, "people",
	    &f->secret, &f->e), -1);
	assert_int_equal(f->e.code, ERROR_NOTFOUND);
	assert_string_equal(f->e.text, "no signer for CA people yet");
}

static void
a_journal_without_sense_is_an_error_that_names_it(void **state)
{
	struct fixture	*f = *state;
	struct pending	 p;

	use_place(f, false);
	assert_int_equal(file_store(f->place.pending, "junk", 4, 0600,
	    &f->e), 0);
	assert_int_equal(place_load_pending(&f->place, &p, &f->e), -1);
	assert_non_null(strstr(f->e.text, "/p.pem.new: read key"));
	assert_non_null(strstr(f->e.hint, "remove it"));
	error_clear(&f->e);
	make_pending(f, &p, false);
	assert_int_equal(key_store(f->place.pending, p.key, NULL, &f->e), 0);
	pending_clear(&p);
	assert_int_equal(place_load_pending(&f->place, &p, &f->e), -1);
	assert_int_equal(f->e.code, ERROR_CONFIG);
	assert_non_null(strstr(f->e.text, "no request and order in it"));
}

static void
a_key_that_others_can_read_is_refused(void **state)
{
	struct fixture	*f = *state;
	struct identity	 id;
	struct pending	 p;

	make_pending(f, &p, true);
	use_place(f, false);
	assert_int_equal(place_finish(&f->place, &p, &f->e), 0);
	pending_clear(&p);
	assert_int_equal(chmod(f->place.cert, 0644), 0);
	assert_int_equal(place_load(&f->place, &id, &f->e), -1);
	assert_int_equal(f->e.code, ERROR_CONFIG);
	assert_non_null(strstr(f->e.text, "open to others"));
}

static void
what_is_written_down_is_read_again(void **state)
{
	struct fixture	*f = *state;
	struct pending	 p, again;
	struct stat	 st;

	make_pending(f, &p, false);
	assert_int_equal(secret_set(&f->secret.secret, "words", 5, &f->e), 0);
	use_place(f, true);
	assert_int_equal(place_store_pending(&f->place, &p, &f->e), 0);
	assert_int_equal(stat(f->place.pending, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(place_load_pending(&f->place, &again, &f->e), 1);
	assert_int_equal(EVP_PKEY_eq(p.key, again.key), 1);
	assert_true(bytes_equal(BYTES(p.order.p, p.order.len),
	    BYTES(again.order.p, again.order.len)));
	assert_true(bytes_equal(BYTES(p.csr.p, p.csr.len),
	    BYTES(again.csr.p, again.csr.len)));
	assert_null(again.chain);
	pending_clear(&again);
	pending_clear(&p);
	secret_free(&f->secret.secret);
	assert_int_equal(place_load_pending(&f->place, &again, &f->e), -1);
	assert_int_equal(f->e.code, ERROR_DENIED);
}

static void
what_a_crash_left_between_two_files_is_finished(void **state)
{
	struct fixture	*f = *state;
	struct identity	 id;
	struct pending	 p;

	use_place(f, true);
	make_pending(f, &p, true);
	assert_int_equal(place_finish(&f->place, &p, &f->e), 0);
	pending_clear(&p);
	/* Another pair is under way; of it, only the key is in place. */
	make_pending(f, &p, true);
	assert_int_equal(place_store_pending(&f->place, &p, &f->e), 0);
	assert_int_equal(key_store(f->place.key, p.key, NULL, &f->e), 0);
	assert_int_equal(identity_load(&id, f->place.key, f->place.cert, NULL,
	    &f->e), -1);
	error_clear(&f->e);
	assert_int_equal(place_load(&f->place, &id, &f->e), 0);
	assert_int_equal(X509_cmp(id.cert, sk_X509_value(p.chain, 0)), 0);
	assert_true(key_matches(id.cert, id.key));
	assert_false(file_exists(f->place.pending));
	identity_free(&id);
	pending_clear(&p);
}

/* ---- what came back ---- */

/* What is wrong with it, "" if nothing is; takes the certificate. */
static const char *
judge(struct fixture *f, struct pending *p, size_t task, const char *hint)
{
	int	 rc;

	error_clear(&f->e);
	rc = agent_check(f->agent, &f->agent->task[task], p,
	    f->pki.intermediates, &f->e);
	pending_clear(p);
	if (rc == 0)
		return "";
	assert_int_equal(f->e.code, ERROR_DENIED);
	assert_string_equal(f->e.hint, hint);
	assert_non_null(strstr(f->e.text, "the CA's certificate is not used"));
	return strchr(f->e.text, ':') + 2;
}

static const char *
judged(struct fixture *f, const char *eku, bool nocheck, bool ours, X509 *ca,
    EVP_PKEY *ca_key)
{
	struct pending	 p;

	make_pending(f, &p, false);
	p.chain = sk_X509_new_null();
	sk_X509_push(p.chain, signer_cert(f, p.key, eku, nocheck, ca,
	    ca_key));
	if (!ours) {
		EVP_PKEY_free(p.key);
		p.key = testpki_key("P-256");
	}
	return judge(f, &p, 1, "is profile \"ocsp-signer\" as it should be?");
}

static void
only_what_was_ordered_is_taken(void **state)
{
	static const char	 ocsp[] = "1.3.6.1.5.5.7.3.9";
	struct fixture		*f = *state;
	X509			*ca = f->pki.people;
	EVP_PKEY		*key = f->pki.people_key;

	f->agent = NULL;
	begin(f);
	assert_int_equal(agent_open(f->agent, &f->e), -1);
	assert_string_equal(judged(f, ocsp, true, false, ca, key),
	    "it is for another key");
	assert_string_equal(judged(f, ocsp, true, true, f->pki.services,
	    f->pki.services_key), "it is not from CA people");
	assert_string_equal(judged(f, NULL, true, true, ca, key),
	    "it is not for signing OCSP answers (no OCSPSigning)");
	assert_string_equal(judged(f, "1.3.6.1.5.5.7.3.1", true, true, ca, key),
	    "it is not for signing OCSP answers (no OCSPSigning)");
	assert_string_equal(judged(f, ocsp, false, true, ca, key), "clients "
	    "would ask for its own status (no id-pkix-ocsp-nocheck)");
	assert_string_equal(judged(f, ocsp, true, true, ca, key), "");
}

/* Our own, in place of the one that we have: with that name, role, key usage and
 * issuer. */
static const char *
judged_own(struct fixture *f, const char *name, const char *role,
    const char *usage, const struct testpki *from)
{
	struct testpki_spec	 spec = { .name = name, .person = "ocsp-1",
	    .eku = role };
	struct pending		 p;
	X509_EXTENSION		*x;
	X509			*cert;

	make_pending(f, &p, false);
	p.chain = sk_X509_new_null();
	cert = testpki_cert(&f->pki, &spec, p.key, from->services,
	    from->services_key);
	sk_X509_push(p.chain, cert);
	X509_EXTENSION_free(X509_delete_ext(cert,
	    X509_get_ext_by_NID(cert, NID_key_usage, -1)));
	x = X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage, usage);
	assert_int_equal(X509_add_ext(cert, x, -1), 1);
	X509_EXTENSION_free(x);
	assert_true(X509_sign(cert, from->services_key, EVP_sha256()) > 0);
	return judge(f, &p, 0, "is profile \"ocsp-agent\" as it should be?");
}

static void
a_new_certificate_of_ones_own_has_the_same_name_role_and_issuer(void **state)
{
	static const char	 sign[] = "critical,digitalSignature";
	struct fixture		*f = *state;
	struct testpki		 other;

	testpki_init(&other, NOW);
	begin(f);
	assert_int_equal(agent_open(f->agent, &f->e), -1);
	assert_string_equal(judged_own(f, "OCSP agent", OID_ROLE_OFFICER, sign,
	    &f->pki), "its role is not ocsp-agent");
	assert_string_equal(judged_own(f, "Somebody", OID_ROLE_OCSP_AGENT, sign,
	    &f->pki), "it is for another subject");
	assert_string_equal(judged_own(f, "OCSP agent", OID_ROLE_OCSP_AGENT,
	    "critical,keyEncipherment", &f->pki), "its key may not sign");
	/* Of the same name, and with a key of its own. */
	assert_non_null(strstr(judged_own(f, "OCSP agent", OID_ROLE_OCSP_AGENT,
	    sign, &other), "certificate of "));
	assert_string_equal(judged_own(f, "OCSP agent", OID_ROLE_OCSP_AGENT,
	    sign, &f->pki), "");
	testpki_clear(&other);
}

/* ---- the agent ---- */

static void
who_is_no_agent_does_not_begin(void **state)
{
	struct fixture	*f = *state;

	write_agent(f, OID_ROLE_OFFICER);
	assert_int_equal(unlink(f->conf.agent_cert), 0);
	assert_int_equal(agent_new(&f->agent, &f->conf, &f->clock, &f->rng,
	    &f->e), -1);
	assert_null(f->agent);
	assert_int_equal(f->e.code, ERROR_NOTFOUND);
	error_clear(&f->e);
	write_agent(f, NULL);
	assert_int_equal(agent_new(&f->agent, &f->conf, &f->clock, &f->rng,
	    &f->e), -1);
	assert_int_equal(f->e.code, ERROR_CONFIG);
	assert_non_null(strstr(f->e.text, "is not one of an agent"));
	assert_non_null(strstr(f->e.hint, "ocsp-agent"));
}

static void
without_a_store_the_order_is_on_disk_and_waits_for_it(void **state)
{
	struct fixture	*f = *state;
	struct approved	*a = NULL;
	struct csr	*csr = NULL;
	struct pending	 p, again;

	begin(f);
	assert_int_equal(agent_look(f->agent, &f->agent->task[1], &f->e), -1);
	assert_int_equal(f->e.code, ERROR_UPSTREAM);
	assert_non_null(strstr(f->e.text, "signer of people: connect to"));
	assert_false(agent_waits(f->agent));
	assert_int_equal(place_load_pending(&f->agent->task[1].place, &p,
	    &f->e), 1);
	assert_int_equal(approval_open(&a, BYTES(p.order.p, p.order.len),
	    &f->e), 0);
	assert_string_equal(a->order->profile, "ocsp-signer");
	assert_string_equal(a->order->ca, "people");
	assert_string_equal(a->order->holder, "ocsp-1");
	assert_int_equal(a->n, 1);
	assert_int_equal(csr_parse(&csr, BYTES(p.csr.p, p.csr.len), &f->e),
	    0);
	assert_memory_equal(a->order->request, csr->digest, 32);
	/* The next look makes no other. */
	error_clear(&f->e);
	assert_int_equal(agent_look(f->agent, &f->agent->task[1], &f->e), -1);
	assert_int_equal(place_load_pending(&f->agent->task[1].place, &again,
	    &f->e), 1);
	assert_int_equal(EVP_PKEY_eq(p.key, again.key), 1);
	csr_free(&csr);
	approval_free(&a);
	pending_clear(&p);
	pending_clear(&again);
}

static void
our_own_certificate_is_renewed_in_its_last_quarter_with_its_key(void **state)
{
	struct fixture	*f = *state;
	struct approved	*a = NULL;
	struct pending	 p;

	begin(f);
	assert_int_equal(agent_look(f->agent, &f->agent->task[0], &f->e), 0);
	assert_false(file_exists(f->agent->task[0].place.pending));
	f->clock = clock_fixed(NOW + 280 * DAY);
	assert_int_equal(agent_look(f->agent, &f->agent->task[0], &f->e), -1);
	assert_int_equal(f->e.code, ERROR_UPSTREAM);
	assert_non_null(strstr(f->e.text, "agent certificate: connect to"));
	assert_int_equal(place_load_pending(&f->agent->task[0].place, &p,
	    &f->e), 1);
	assert_int_equal(approval_open(&a, BYTES(p.order.p, p.order.len),
	    &f->e), 0);
	assert_true(a->order->is_renewal);
	assert_string_equal(a->order->profile, "ocsp-agent");
	assert_string_equal(a->order->ca, "services");
	assert_string_equal(fields_get(&a->order->fields, "id", 0), "ocsp-1");
	assert_int_equal(X509_cmp(a->by[0].cert, f->agent->task[0].now.cert),
	    0);
	assert_int_equal(EVP_PKEY_eq(p.key, f->agent->task[0].now.key), 0);
	approval_free(&a);
	pending_clear(&p);
}

static void
near_the_end_of_the_ca_nothing_is_ordered_in_vain(void **state)
{
	struct fixture	*f = *state;
	struct task	*t;

	begin(f);
	t = &f->agent->task[1];
	assert_int_equal(task_due(f->agent, t), NOW);
	f->clock = clock_fixed(NOW + 11 * 365 * DAY);
	assert_int_equal(task_due(f->agent, t), INT64_MAX);
}

static void
the_parent_hears_what_is_new_and_that_the_child_is_gone(void **state)
{
	struct fixture	*f = *state;
	enum agent_news	 news;
	struct msg	 m = { 0 };
	char		 ca[65];
	int		 fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	msg_init(&m, AGENT_NEWS_SIGNER);
	msg_put_str(&m, "people");
	assert_int_equal(msg_send(fd[0], &m, &f->e), 0);
	msg_clear(&m);
	assert_int_equal(agent_hear(fd[1], &news, ca, &f->e), 1);
	assert_int_equal(news, AGENT_NEWS_SIGNER);
	assert_string_equal(ca, "people");
	close(fd[0]);
	assert_int_equal(agent_hear(fd[1], &news, ca, &f->e), 0);
	close(fd[1]);
}

int
main(void)
{
#define T(fn)	cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	static const struct CMUnitTest	 tests[] = {
		T(what_is_not_there_is_not_found),
		T(a_journal_without_sense_is_an_error_that_names_it),
		T(a_key_that_others_can_read_is_refused),
		T(what_is_written_down_is_read_again),
		T(what_a_crash_left_between_two_files_is_finished),
		T(only_what_was_ordered_is_taken),
		T(a_new_certificate_of_ones_own_has_the_same_name_role_and_issuer),
		T(who_is_no_agent_does_not_begin),
		T(without_a_store_the_order_is_on_disk_and_waits_for_it),
		T(our_own_certificate_is_renewed_in_its_last_quarter_with_its_key),
		T(near_the_end_of_the_ca_nothing_is_ordered_in_vain),
		T(the_parent_hears_what_is_new_and_that_the_child_is_gone),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
