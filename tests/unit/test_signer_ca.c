/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/text.h"
#include "ca/issuing/signer_private.h"
#include "tests/lib/testpki.h"

#define NOW	TESTPKI_NOW
#define DAY	TESTPKI_DAY
#define CAS	5

/* services, people, and what a test adds. */
struct fixture {
	char		 dir[64];
	struct testpki	 pki;
	struct cad_conf	 conf;
	struct ca_conf	 ca[CAS];
	struct clock	 clock;
	struct rng	 rng;
	struct signer	*signer;
	struct buf	 notes;
	struct error	 e;
};

static struct ca_conf *
add_ca(struct fixture *f, const char *name, X509 *cert, EVP_PKEY *key)
{
	struct ca_conf	*c = &f->ca[f->conf.cas.n++];

	memset(c, 0, sizeof(*c));
	c->name = mem_strdup(name);
	c->cert = mem_printf("%s/%s.pem", f->dir, name);
	c->key = mem_printf("%s/%s.key", f->dir, name);
	c->crl_lifetime = 7 * DAY;
	c->roll_before = 90 * DAY;
	testpki_write_cert(c->cert, cert);
	testpki_write_key(c->key, key);
	chmod(c->key, 0600);
	return c;
}

/* A generation with a key of its own; the issuer's subject is "subject". */
static struct ca_conf *
add_generation(struct fixture *f, const char *name, const char *subject,
    int64_t not_before, int64_t not_after)
{
	struct testpki_spec	 spec = { .name = subject, .is_ca = true,
	    .not_before = not_before, .not_after = not_after };
	EVP_PKEY		*key = testpki_key("P-256");
	X509			*cert = testpki_cert(&f->pki, &spec, key,
	    f->pki.root, f->pki.root_key);
	struct ca_conf		*c = add_ca(f, name, cert, key);

	X509_free(cert);
	EVP_PKEY_free(key);
	return c;
}

static struct ca_conf *
add_second(struct fixture *f)
{
	return add_generation(f, "people.g2", "Test People CA G2", NOW - DAY,
	    NOW + 3000 * DAY);
}

static void
start(struct fixture *f)
{
	signer_free(&f->signer);
	buf_clear(&f->notes);
	if (signer_new(&f->signer, &f->conf, &f->clock, &f->rng, &f->notes,
	    &f->e) == -1)
		fail_msg("%s", f->e.text);
}

static int
set_up(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));
	const char	*src = getenv("srcdir");

	*state = f;
	snprintf(f->dir, sizeof(f->dir), "/tmp/signet-signer-ca.XXXXXX");
	if (mkdtemp(f->dir) == NULL)
		return -1;
	testpki_init(&f->pki, NOW);
	f->conf.instance = mem_strdup("test");
	f->conf.state = mem_strdup(f->dir);
	f->conf.profiles = mem_printf("%s/etc/profiles", src != NULL ? src :
	    ".");
	f->conf.root = mem_printf("%s/root.pem", f->dir);
	f->conf.officers_ca = mem_strdup("services");
	f->conf.cas.v = f->ca;
	testpki_write_cert(f->conf.root, f->pki.root);
	add_ca(f, "services", f->pki.services, f->pki.services_key);
	add_ca(f, "people", f->pki.people, f->pki.people_key);
	f->clock = clock_fixed(NOW);
	f->rng = rng_system;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture	*f = *state;
	size_t		 i;

	signer_free(&f->signer);
	for (i = 0; i < f->conf.cas.n; i++) {
		mem_free(&f->ca[i].name);
		mem_free(&f->ca[i].cert);
		mem_free(&f->ca[i].key);
	}
	mem_free(&f->conf.instance);
	mem_free(&f->conf.state);
	mem_free(&f->conf.profiles);
	mem_free(&f->conf.root);
	mem_free(&f->conf.officers_ca);
	buf_clear(&f->notes);
	testpki_clear(&f->pki);
	testpki_remove_tree(f->dir);
	mem_free(&f);
	return 0;
}

/* Who issues for the CA; NULL with the error in f->e. */
static const char *
issuing(struct fixture *f, const char *name)
{
	struct signer_ca	*ca;

	error_clear(&f->e);
	return signer_issuing_ca(f->signer, name, &ca, &f->e) == 0 ?
	    ca->conf->name : NULL;
}

static enum wire_ca
state_of(struct fixture *f, const char *name)
{
	struct signer_ca	*ca = NULL;
	struct error		 ignored = ERROR_INIT;

	(void)signer_find_ca(f->signer, name, &ca, &ignored);
	assert_non_null(ca);
	return signer_ca_state(f->signer, ca);
}

static void
no_ca_issues_for_a_name_that_is_none(void **state)
{
	struct fixture	*f = *state;

	add_second(f);
	start(f);
	assert_null(issuing(f, "nobody"));
	assert_int_equal(f->e.code, ERROR_NOTFOUND);
	assert_string_equal(f->e.text, "no CA \"nobody\" here");
	assert_null(issuing(f, "people.g2"));
	assert_int_equal(f->e.code, ERROR_DENIED);
	assert_string_equal(f->e.text, "an order names CA people, not its "
	    "generation people.g2");
}

static void
an_expired_ca_issues_no_more_and_says_what_to_do(void **state)
{
	struct fixture	*f = *state;

	start(f);
	f->clock.value = NOW + 3001 * DAY;
	assert_null(issuing(f, "people"));
	assert_int_equal(f->e.code, ERROR_UPSTREAM);
	assert_non_null(strstr(f->e.text,
	    "the certificate of CA people expired at "));
	assert_string_equal(f->e.hint,
	    "orders wait; next: signet ca roll people");
	assert_int_equal(state_of(f, "people"), WIRE_CA_EXPIRED);
}

static void
a_key_that_is_away_does_not_bring_the_old_one_back(void **state)
{
	struct fixture	*f = *state;
	struct ca_conf	*c = add_second(f);

	assert_int_equal(unlink(c->key), 0);
	start(f);
	assert_null(issuing(f, "people"));
	assert_int_equal(f->e.code, ERROR_UPSTREAM);
	assert_non_null(strstr(f->e.text,
	    "CA people.g2 has no usable key: "));
	assert_non_null(strstr(buf_cstr(&f->notes), "CA people.g2: "));
	assert_int_equal(state_of(f, "people"), WIRE_CA_LISTS);
}

/* The generation that certifies a signer of answers; NULL with f->e. */
static const char *
speaking(struct fixture *f, const char *name)
{
	struct signer_ca	*ca;

	error_clear(&f->e);
	return signer_speaking_ca(f->signer, name, &ca, &f->e) == 0 ?
	    ca->conf->name : NULL;
}

static void
an_old_generation_still_speaks_for_itself_until_it_ends(void **state)
{
	struct fixture	*f = *state;

	add_second(f);
	add_generation(f, "people.g3", "Test People CA G3", NOW + DAY,
	    NOW + 3000 * DAY);
	start(f);
	assert_null(speaking(f, "nobody"));
	assert_int_equal(f->e.code, ERROR_NOTFOUND);
	assert_string_equal(f->e.text, "no CA \"nobody\" here");
	assert_string_equal(speaking(f, "people"), "people");
	assert_string_equal(speaking(f, "people.g2"), "people.g2");
	assert_string_equal(issuing(f, "people"), "people.g2");
	/* What is to begin gets its signer before. */
	assert_string_equal(speaking(f, "people.g3"), "people.g3");
	f->signer->ca[1].revoked = true;
	assert_null(speaking(f, "people"));
	assert_int_equal(f->e.code, ERROR_DENIED);
	assert_string_equal(f->e.text, "CA people has expired or was revoked: "
	    "nobody needs answers for it any more");
	f->clock = clock_fixed(NOW + 3001 * DAY);
	assert_null(speaking(f, "people.g2"));
	assert_int_equal(f->e.code, ERROR_DENIED);
}

static void
two_keys_under_one_subject_are_refused(void **state)
{
	struct fixture	*f = *state;

	add_generation(f, "people.g2", "Test People CA", NOW - DAY,
	    NOW + 3000 * DAY);
	start(f);
	assert_non_null(strstr(buf_cstr(&f->notes),
	    "people.g2.pem has the subject of CA people"));
	assert_null(issuing(f, "people"));
}

static void
a_generation_waits_for_its_start(void **state)
{
	struct fixture	*f = *state;
	struct ca_conf	*c = add_second(f);
	char		 at[TEXT_TIME_SIZE];

	c->start = text_time(at, NOW + DAY);
	start(f);
	assert_string_equal(issuing(f, "people"), "people");
	assert_int_equal(state_of(f, "people.g2"), WIRE_CA_WAITS);
	assert_int_equal(state_of(f, "people"), WIRE_CA_ISSUES);
	f->clock.value = NOW + DAY - 1;
	assert_string_equal(issuing(f, "people"), "people");
	f->clock.value = NOW + DAY;
	assert_string_equal(issuing(f, "people"), "people.g2");
	assert_int_equal(state_of(f, "people"), WIRE_CA_LISTS);
	assert_string_equal(issuing(f, "services"), "services");
}

static void
a_generation_whose_certificate_begins_later_waits_as_well(void **state)
{
	struct fixture	*f = *state;

	add_generation(f, "people.g2", "Test People CA G2", NOW + DAY,
	    NOW + 3000 * DAY);
	start(f);
	assert_string_equal(issuing(f, "people"), "people");
	assert_int_equal(state_of(f, "people.g2"), WIRE_CA_WAITS);
	/* Its key was loaded all the same. */
	f->clock.value = NOW + DAY;
	assert_string_equal(issuing(f, "people"), "people.g2");
}

static void
the_newest_in_force_issues_and_an_ended_one_does_not_count(void **state)
{
	struct fixture	*f = *state;

	add_generation(f, "people.g10", "Test People CA G10", NOW - DAY,
	    NOW + 10 * DAY);
	add_second(f);
	start(f);
	assert_string_equal(issuing(f, "people"), "people.g10");
	assert_int_equal(state_of(f, "people.g2"), WIRE_CA_LISTS);
	f->clock.value = NOW + 11 * DAY;
	assert_string_equal(issuing(f, "people"), "people.g2");
	assert_int_equal(state_of(f, "people.g10"), WIRE_CA_EXPIRED);
}

static void
the_next_one_is_due_before_certificates_would_be_shortened(void **state)
{
	struct fixture		*f = *state;
	struct signer_ca	*ca;
	int64_t			 longest;

	start(f);
	longest = profiles_longest(&f->signer->profiles, "people");
	assert_true(longest > 365 * DAY);
	assert_int_equal(profiles_longest(&f->signer->profiles, "nobody"), 0);
	/* CAs are issued by the root, and are no reason to roll it. */
	assert_int_equal(profiles_longest(&f->signer->profiles, "root"), 0);
	assert_int_equal(signer_find_ca(f->signer, "people", &ca, &f->e), 0);
	assert_int_equal(ca->due,
	    ca->issuer.not_after - longest - 90 * DAY);
}

static void
settings_of_generations_are_held_against_each_other(void **state)
{
	static char	 url[] = "http://pki.example.org/people.crl";
	static char	*list[] = { url };
	struct fixture	*f = *state;
	struct ca_conf	*c = add_second(f);

	assert_int_equal(cad_conf_check(&f->conf, &f->e), 0);
	c->start = url;
	assert_int_equal(cad_conf_check(&f->conf, &f->e), -1);
	assert_int_equal(f->e.code, ERROR_CONFIG);
	assert_non_null(strstr(f->e.text, "start of CA people.g2: "));
	error_clear(&f->e);
	c->start = NULL;
	assert_int_equal(ca_conf_start(c), 0);
	f->ca[1].cdp = c->cdp = (struct conf_list){ list, 1 };
	assert_int_equal(cad_conf_check(&f->conf, &f->e), -1);
	assert_string_equal(f->e.text, "CA people and CA people.g2 have the "
	    "same CRL address http://pki.example.org/people.crl");
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	static const struct CMUnitTest	 tests[] = {
		T(no_ca_issues_for_a_name_that_is_none),
		T(an_expired_ca_issues_no_more_and_says_what_to_do),
		T(a_key_that_is_away_does_not_bring_the_old_one_back),
		T(an_old_generation_still_speaks_for_itself_until_it_ends),
		T(two_keys_under_one_subject_are_refused),
		T(a_generation_waits_for_its_start),
		T(a_generation_whose_certificate_begins_later_waits_as_well),
		T(the_newest_in_force_issues_and_an_ended_one_does_not_count),
		T(the_next_one_is_due_before_certificates_would_be_shortened),
		T(settings_of_generations_are_held_against_each_other),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
