/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of signet-crld: what is remembered, which list may take the place
 * of which, and the table of what is served.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <openssl/pem.h>

#include "crl/authority.h"
#include "crl/item.h"
#include "crl/settings.h"
#include "crl/shelf.h"
#include "crl/site.h"
#include "os/file.h"
#include "tests/lib/testpki.h"
#include "x509/crl.h"

#define NOW	TESTPKI_NOW

struct fixture {
	struct testpki		 pki;
	char			 dir[32];
	char			*root, *ca_dir, *list;
	struct crld_conf	 conf;
	struct authorities	 all;
	struct items		 items;
	struct shelf		 shelf;
	struct error		 e;
};

static int
setup(void **state)
{
	static const char *const	 below[] = { "crl", "ca", "cas" };
	struct fixture			*f = mem_alloc(sizeof(*f));
	char				*path;
	size_t				 i;

	testpki_init(&f->pki, NOW);
	snprintf(f->dir, sizeof(f->dir), "/tmp/signet-crld.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	for (i = 0; i < 3; i++) {
		path = mem_printf("%s/%s", f->dir, below[i]);
		assert_int_equal(mkdir(path, 0755), 0);
		mem_free(&path);
	}
	f->root = mem_printf("%s/root.pem", f->dir);
	f->ca_dir = mem_printf("%s/cas", f->dir);
	f->list = mem_printf("%s/list", f->dir);
	testpki_write_cert(f->root, f->pki.root);
	f->conf = (struct crld_conf){ .root = f->root, .ca_dir = f->ca_dir,
	    .directory = f->dir, .state = f->dir };
	f->conf.instance = f->dir + 1;
	f->shelf = (struct shelf){ .conf = &f->conf, .authorities = &f->all,
	    .items = &f->items, .now = NOW };
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture	*f = *state;

	authorities_clear(&f->all);
	items_clear(&f->items);
	testpki_clear(&f->pki);
	testpki_remove_tree(f->dir);
	mem_free(&f->root);
	mem_free(&f->ca_dir);
	mem_free(&f->list);
	mem_free(&f);
	return 0;
}

static void
load(struct fixture *f)
{
	assert_int_equal(authorities_load(&f->all, &f->conf, NOW, &f->e), 0);
}

static int
no_entries(void *arg, struct crl_entry *x, struct error *e)
{
	(void)arg;
	(void)x;
	(void)e;
	return 0;
}

/* A list of the root's; the one key of it that we have. */
static void
make(struct fixture *f, const struct crl_params *p)
{
	struct issuer	 root;
	struct buf	 der = { 0 };

	assert_int_equal(issuer_init(&root, "root", f->pki.root, &f->e), 0);
	assert_int_equal(crl_sign(&der, p, no_entries, NULL, &root,
	    f->pki.root_key, &f->e), 0);
	assert_int_equal(file_store(f->list, der.p, der.len, 0644, &f->e), 0);
	buf_clear(&der);
	issuer_clear(&root);
}

static int
put(struct fixture *f, struct item *it, const struct crl_params *p)
{
	error_clear(&f->e);
	make(f, p);
	return shelf_put_root_list(&f->shelf, f->list, it, &f->e);
}

static void
settings_that_cannot_be_are_refused(void **state)
{
	struct fixture		*f = *state;
	char			 name[] = "a", odd[] = "a b", near[] = "near";
	struct crld_conf	 c = { .instance = f->conf.instance,
		.officers_ca = name, .directory = f->dir, .state = f->dir };

	c.instance = odd;
	assert_int_equal(crld_conf_check(&c, &f->e), -1);
	assert_string_equal(f->e.text, "instance \"a b\" is not a name");
	c.instance = name;
	c.officers_ca = odd;
	assert_int_equal(crld_conf_check(&c, &f->e), -1);
	assert_string_equal(f->e.text, "officers_ca \"a b\" is not a name");
	c.officers_ca = name;
	c.directory = near;
	assert_int_equal(crld_conf_check(&c, &f->e), -1);
	assert_string_equal(f->e.text,
	    "directory and state are absolute paths");
	c.directory = f->dir;
	c.listen.n = 17;
	assert_int_equal(crld_conf_check(&c, &f->e), -1);
	assert_string_equal(f->e.text, "more than 16 addresses in listen");
	c.listen.n = 16;
	assert_int_equal(crld_conf_check(&c, &f->e), 0);
}

static void
each_list_has_a_place(void **state)
{
	static const struct {
		enum item_kind	 kind;
		int64_t		 shard;
		const char	*path;
	} row[] = {
		{ ITEM_LIST, 0, "crl/p.crl" },
		{ ITEM_LIST, 12, "crl/p-12.crl" },
		{ ITEM_DELTA, 0, "crl/p-delta.crl" },
		{ ITEM_CERT, 0, "ca/p.cer" },
	};
	char	*path;
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		path = item_path("p", row[i].kind, row[i].shard);
		assert_string_equal(path, row[i].path);
		mem_free(&path);
	}
}

static void
what_was_published_is_remembered(void **state)
{
	struct fixture	*f = *state;
	struct items	 again = { .n = 0 };
	struct item	*it, *never;

	assert_int_equal(items_load(&f->items, f->dir, &f->e), 0);
	never = items_add(&f->items, "crl/q.crl", "q", ITEM_LIST, 0);
	it = items_add(&f->items, "crl/p-3.crl", "p", ITEM_LIST, 3);
	memset(it->digest, 7, sizeof(it->digest));
	memset(it->key, 9, sizeof(it->key));
	it->number = 41;
	it->idp = mem_strdup("http://x/3");
	assert_int_equal(items_store(&f->items, &f->e), 0);
	assert_false(file_exists(f->items.path));
	f->items.changed = true;
	assert_int_equal(items_store(&f->items, &f->e), 0);
	assert_int_equal(items_load(&again, f->dir, &f->e), 0);
	assert_int_equal(again.n, 1);
	it = items_find(&again, "crl/p-3.crl");
	assert_non_null(it);
	assert_null(items_find(&again, never->path));
	assert_int_equal(it->number, 41);
	assert_int_equal(it->shard, 3);
	assert_string_equal(it->idp, "http://x/3");
	assert_int_equal(it->key[0], 9);
	items_drop(&again, 0);
	assert_int_equal(again.n, 0);
	items_clear(&again);
}

static void
a_malformed_memory_is_refused(void **state)
{
	static const char *const	 bad[] = { "list", "list p 0\n",
	    "lost p 0 %k 1 0 1 2 %k -\n", "list p 0 %k 1 0 1 2 %k -",
	    "list p x %k 1 0 1 2 %k -\n", "list ../p 0 %k 1 0 1 2 %k -\n",
	    "list p 0 00 1 0 1 2 %k -\n", "list p 0 %k -1 0 1 2 %k -\n",
	    "list p 0 %k 1 0 1 2 %k - more\n" };
	char				 key[65];
	struct fixture			*f = *state;
	struct items			 all = { .n = 0 };
	struct buf			 text = { 0 };
	const char			*p;
	char				*path, *want;
	size_t				 i;

	memset(key, '0', 64);
	key[64] = '\0';
	path = mem_printf("%s/published", f->dir);
	want = mem_printf("%s:1: malformed", path);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		text.len = 0;
		for (p = bad[i]; *p != '\0'; p++)
			if (p[0] == '%' && p[1] == 'k') {
				buf_str(&text, key);
				p++;
			} else
				buf_byte(&text, (uint8_t)*p);
		assert_int_equal(file_store(path, text.p, text.len, 0600,
		    &f->e), 0);
		error_clear(&f->e);
		assert_int_equal(items_load(&all, f->dir, &f->e), -1);
		assert_int_equal(f->e.code, ERROR_CONFIG);
		assert_string_equal(f->e.text, want);
		items_clear(&all);
	}
	buf_clear(&text);
	mem_free(&path);
	mem_free(&want);
}

static void
a_list_must_be_what_its_place_is_for(void **state)
{
	static const struct {
		enum item_kind		 kind;
		int64_t			 shard;
		struct crl_params	 p;
		const char		*why;
	} row[] = {
		{ ITEM_LIST, 0, { .number = 5, .base = 4,
		    .this_update = NOW, .next_update = NOW + 9 },
		    "it is a delta and not a complete list" },
		{ ITEM_DELTA, 0, { .number = 5, .this_update = NOW,
		    .next_update = NOW + 9 },
		    "it is a complete list and not a delta" },
		{ ITEM_LIST, 0, { .number = 5, .this_update = NOW,
		    .next_update = NOW + 9, .idp = BYTES("http://x/", 9) },
		    "the complete list has an issuingDistributionPoint" },
		{ ITEM_LIST, 3, { .number = 5, .this_update = NOW,
		    .next_update = NOW + 9 },
		    "a shard's list without issuingDistributionPoint" },
		{ ITEM_LIST, 3, { .number = 5, .this_update = NOW,
		    .next_update = NOW + 9, .idp = BYTES("http://x/ y", 11) },
		    "a distribution point that is no URL" },
		{ ITEM_LIST, 0, { .number = 5, .this_update = NOW + 301,
		    .next_update = NOW + 999 },
		    "its thisUpdate is in the future" },
	};
	struct fixture	*f = *state;
	struct item	*it;
	char		*path, *full;
	size_t		 i;

	load(f);
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		path = item_path("p", row[i].kind, row[i].shard);
		it = items_add(&f->items, path, "p", row[i].kind,
		    row[i].shard);
		assert_int_equal(put(f, it, &row[i].p), -1);
		assert_string_equal(f->e.text, row[i].why);
		assert_int_equal(f->e.code, ERROR_DENIED);
		full = mem_printf("%s/%s", f->dir, path);
		assert_false(file_exists(full));
		mem_free(&full);
		mem_free(&path);
	}
}

static void
a_list_must_follow_the_one_before(void **state)
{
	const struct bytes	 here = BYTES("http://x/3", 10),
				 there = BYTES("http://x/4", 10);
	const struct crl_params	 first = { .number = 5, .this_update = NOW,
		.next_update = NOW + 99, .idp = here };
	const struct {
		struct crl_params	 p;
		const char		*why;
	} row[] = {
		{ { .number = 4, .this_update = NOW, .next_update = NOW + 99,
		    .idp = here },
		    "its number 4 is lower than 5, which is published" },
		{ { .number = 6, .this_update = NOW - 1,
		    .next_update = NOW + 99, .idp = here },
		    "its thisUpdate is before that of the list which is "
		    "published" },
		{ { .number = 6, .this_update = NOW, .next_update = NOW + 99,
		    .idp = there },
		    "its issuingDistributionPoint is another than before" },
		{ { .number = 5, .this_update = NOW, .next_update = NOW + 98,
		    .idp = here }, "there was another list with its number" },
	};
	struct crl_params	 next = first;
	struct fixture		*f = *state;
	struct item		*it;
	char			*full;
	size_t			 i;

	load(f);
	it = items_add(&f->items, "crl/p-3.crl", "p", ITEM_LIST, 3);
	assert_int_equal(put(f, it, &first), 0);
	assert_int_equal(it->number, 5);
	assert_true(it->there);
	assert_true(f->items.changed);
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(put(f, it, &row[i].p), -1);
		assert_string_equal(f->e.text, row[i].why);
		assert_int_equal(it->number, 5);
		shelf_look(&f->shelf, it);
		assert_true(it->there);
	}
	next.number = 7;
	assert_int_equal(put(f, it, &next), 0);
	assert_int_equal(it->number, 7);
	assert_false(shelf_was_touched(&f->shelf, it));
	full = mem_printf("%s/crl/p-3.crl", f->dir);
	assert_int_equal(file_store(full, "none", 4, 0644, &f->e), 0);
	mem_free(&full);
	assert_true(shelf_was_touched(&f->shelf, it));
	assert_int_equal(it->number, 7);
	assert_int_equal(shelf_put_root_list(&f->shelf, f->list, it, &f->e),
	    0);
	assert_int_equal(shelf_remove(&f->shelf, it, &f->e), 0);
	assert_false(it->there);
	shelf_look(&f->shelf, it);
	assert_int_equal(it->why.code, ERROR_NOTFOUND);
	assert_int_equal(put(f, it, &first), -1);
}

static void
a_list_of_somebody_else_is_refused(void **state)
{
	struct fixture	*f = *state;
	struct item	*it;

	load(f);
	it = items_add(&f->items, "crl/p.crl", "p", ITEM_LIST, 0);
	assert_int_equal(file_store(f->list, "0\0", 2, 0644, &f->e), 0);
	assert_int_equal(shelf_put_root_list(&f->shelf, f->list, it, &f->e),
	    -1);
	assert_string_equal(f->e.text,
	    "it names none of the roots as its issuer");
	assert_null(authorities_root_of(&f->all, BYTES("x", 1)));
	it->number = 3;
	memset(it->key, 1, sizeof(it->key));
	assert_int_equal(put(f, it, &(struct crl_params){ .number = 4,
	    .this_update = NOW, .next_update = NOW + 9 }), -1);
	assert_string_equal(f->e.text, "the CA has another key than the one "
	    "that signed what is published");
}

static void
row_of(struct db_ca *row, const char *name, X509 *cert, unsigned char **der)
{
	memset(row, 0, sizeof(*row));
	row->name = name;
	row->der.len = (size_t)i2d_X509(cert, der);
	row->der.p = *der;
}

static void
a_ca_of_the_store_leads_to_the_root_and_keeps_its_key(void **state)
{
	struct fixture		*f = *state;
	unsigned char		*people = NULL, *services = NULL;
	struct authority	*a;
	struct db_ca		 row;
	uint8_t			 other[KEY_DIGEST_SIZE] = { 1 };

	load(f);
	row_of(&row, "people", f->pki.people, &people);
	assert_int_equal(authorities_take(&f->all, &row, other, NOW, &f->e),
	    -1);
	assert_string_equal(f->e.text, "CA people: the store has a "
	    "certificate with another key than before");
	error_clear(&f->e);
	assert_int_equal(authorities_take(&f->all, &row, NULL, NOW, &f->e),
	    0);
	assert_int_equal(authorities_take(&f->all, &row, NULL, NOW, &f->e),
	    1);
	a = authorities_find(&f->all, "people");
	assert_non_null(a);
	assert_false(a->by_file);
	row_of(&row, "people", f->pki.services, &services);
	assert_int_equal(authorities_take(&f->all, &row, NULL, NOW, &f->e),
	    -1);
	assert_string_equal(f->e.text, "CA people: the store has a "
	    "certificate with another key than before");
	row.name = "../x";
	assert_int_equal(authorities_take(&f->all, &row, NULL, NOW, &f->e),
	    -1);
	row.name = "cut";
	row.der.len--;
	assert_int_equal(authorities_take(&f->all, &row, NULL, NOW, &f->e),
	    -1);
	assert_null(authorities_find(&f->all, "cut"));
	OPENSSL_free(people);
	OPENSSL_free(services);
}

static void
a_ca_with_a_file_is_what_the_file_says(void **state)
{
	struct fixture	*f = *state;
	unsigned char	*services = NULL;
	struct db_ca	 row;
	char		*path = mem_printf("%s/people.pem", f->ca_dir);

	testpki_write_cert(path, f->pki.people);
	load(f);
	assert_true(authorities_find(&f->all, "people")->by_file);
	row_of(&row, "people", f->pki.services, &services);
	assert_int_equal(authorities_take(&f->all, &row, NULL, NOW, &f->e),
	    -1);
	assert_non_null(strstr(f->e.text, "CA people: the store has another "
	    "certificate than "));
	assert_non_null(strstr(f->e.hint, "people.pem"));
	OPENSSL_free(services);
	mem_free(&path);
}

static void
a_certificate_is_published_with_its_bundle(void **state)
{
	struct fixture		*f = *state;
	struct authority	*a;
	struct buf		 der = { 0 };
	struct item		*it;
	char			*path = mem_printf("%s/people.pem",
				    f->ca_dir);
	char			*cer = mem_printf("%s/ca/people.cer", f->dir);
	char			*p7c = mem_printf("%s/ca/people.p7c", f->dir);

	testpki_write_cert(path, f->pki.people);
	load(f);
	a = authorities_find(&f->all, "people");
	it = items_add(&f->items, "ca/people.cer", "people", ITEM_CERT, 0);
	assert_int_equal(shelf_put_cert(&f->shelf, a, it, &f->e), 0);
	assert_int_equal(file_load(&der, cer, 65536, &f->e), 0);
	assert_true(bytes_equal(BYTES(der.p, der.len), BYTES(a->der.p,
	    a->der.len)));
	buf_clear(&der);
	assert_int_equal(authority_bundle(&der, &f->all, a, &f->e), 0);
	assert_true(der.len > a->der.len);
	assert_true(file_exists(p7c));
	buf_clear(&der);
	mem_free(&path);
	mem_free(&cer);
	mem_free(&p7c);
}

static size_t
refresh(struct fixture *f, struct site *s)
{
	size_t	 changed = 0;

	error_clear(&f->e);
	(void)site_refresh(s, &changed, &f->e);
	return changed;
}

static void
the_site_is_what_lies_in_the_directory(void **state)
{
	struct fixture		*f = *state;
	struct site		*s = site_new(f->dir, 60, 60);
	struct http_shared	*page, *old;
	struct item		*it;
	char			*odd = mem_printf("%s/crl/odd.crl", f->dir);

	load(f);
	assert_int_equal(refresh(f, s), 0);
	assert_null(site_find(s, "/crl/p.crl"));
	it = items_add(&f->items, "crl/p.crl", "p", ITEM_LIST, 0);
	assert_int_equal(put(f, it, &(struct crl_params){ .number = 1,
	    .this_update = NOW, .next_update = NOW + 9 }), 0);
	assert_int_equal(refresh(f, s), 1);
	assert_int_equal(refresh(f, s), 0);
	old = site_find(s, "/crl/p.crl");
	assert_non_null(old);
	/* What is no list is not served, and keeps nothing else back. */
	assert_int_equal(file_store(odd, "odd", 3, 0644, &f->e), 0);
	assert_int_equal(put(f, it, &(struct crl_params){ .number = 2,
	    .this_update = NOW, .next_update = NOW + 9 }), 0);
	assert_int_equal(refresh(f, s), 1);
	assert_string_equal(f->e.text, "crl/odd.crl: it is no list");
	assert_null(site_find(s, "/crl/odd.crl"));
	page = site_find(s, "/crl/p.crl");
	assert_non_null(page);
	assert_ptr_not_equal(page, old);
	http_shared_free(&page);
	http_shared_free(&old);
	assert_int_equal(shelf_remove(&f->shelf, it, &f->e), 0);
	assert_int_equal(refresh(f, s), 1);
	assert_null(site_find(s, "/crl/p.crl"));
	mem_free(&odd);
	site_free(&s);
	site_free(&s);
}

int
main(void)
{
#define WITH(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest	 tests[] = {
		WITH(settings_that_cannot_be_are_refused),
		cmocka_unit_test(each_list_has_a_place),
		WITH(what_was_published_is_remembered),
		WITH(a_malformed_memory_is_refused),
		WITH(a_list_must_be_what_its_place_is_for),
		WITH(a_list_must_follow_the_one_before),
		WITH(a_list_of_somebody_else_is_refused),
		WITH(a_ca_of_the_store_leads_to_the_root_and_keeps_its_key),
		WITH(a_ca_with_a_file_is_what_the_file_says),
		WITH(a_certificate_is_published_with_its_bundle),
		WITH(the_site_is_what_lies_in_the_directory),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
