/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is in the root's directory, and in a custodian's hand, after years, in
 * other hands, or from a damaged medium.  The first byte says what the rest is:
 * a journal, whose digest we add, since no chance finds it; the index; a
 * transcript as it is; bodies of one, whose hashes we add; a share.
 */
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/stat.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include "base/text.h"
#include "ca/root/index.h"
#include "ca/root/journal.h"
#include "ca/root/share.h"
#include "ca/root/transcript.h"
#include "os/file.h"
#include "tests/fuzz/must.h"
#include "tests/fuzz/scratch.h"
#include "tests/lib/testpki.h"

#define INPUT_MAX	(64u << 10)
#define JOURNAL_MAGIC	"signet-root journal 1\n"
#define OUTSIDE		"nothing of the root's"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static char	 base[SCRATCH_SIZE];
static char	*dir, *outside;

static void
take_away(void)
{
	testpki_remove_tree(base);
}

static void
make_directory(void)
{
	struct error	 e = ERROR_INIT;

	scratch_make(base, "root");
	dir = mem_printf("%s/root", base);
	outside = mem_printf("%s/outside", base);
	must(file_store(outside, OUTSIDE, strlen(OUTSIDE), 0600, &e) == 0);
	must(atexit(take_away) == 0);
}

/* ---- journal ---- */

static size_t
entries_of(const char *where)
{
	char	*all = mem_printf("%s/*", where);
	glob_t	 g;
	size_t	 n = glob(all, 0, NULL, &g) == 0 ? g.gl_pathc : 0;

	globfree(&g);
	mem_free(&all);
	return n;
}

/* Whatever it says, beside the directory all is as it was. */
static void
check_outside(void)
{
	struct error	 e = ERROR_INIT;
	struct buf	 text = { 0 };

	must(entries_of(base) == 2);
	must(file_load(&text, outside, 100, &e) == 0);
	must(bytes_equal(BYTES(text.p, text.len), BYTES(OUTSIDE,
	    strlen(OUTSIDE))));
	buf_clear(&text);
}

static void
try_journal(struct bytes in)
{
	struct error	 e = ERROR_INIT;
	struct buf	 text = { 0 };
	char		 hex[65], *path = file_join(dir, "journal");
	uint8_t		 md[32];
	int		 rc;

	must(mkdir(dir, 0700) == 0);
	buf_str(&text, JOURNAL_MAGIC);
	buf_add(&text, in.p, in.len);
	SHA256(text.p, text.len, md);
	buf_str(&text, text_hex(hex, md, sizeof(md)));
	must(file_store(path, text.p, text.len, 0600, &e) == 0);
	rc = journal_apply(dir, &e);
	must(rc == 1 ? !file_exists(path) : rc == -1 && e.text[0] != '\0');
	check_outside();
	testpki_remove_tree(dir);
	mem_free(&path);
	buf_clear(&text);
}

/* ---- index ---- */

static void
try_index(struct bytes in)
{
	struct error	 e = ERROR_INIT;
	struct index	 x = { 0 }, again = { 0 };
	struct issued	*found;
	struct buf	 text = { 0 }, twice = { 0 };
	size_t		 i;

	if (index_parse(&x, in, &e) == -1) {
		must(e.text[0] != '\0');
		index_clear(&x);
		return;
	}
	index_write(&text, &x);
	must(index_parse(&again, BYTES(text.p, text.len), &e) == 0);
	must(again.n == x.n);
	index_write(&twice, &again);
	must(bytes_equal(BYTES(text.p, text.len), BYTES(twice.p, twice.len)));
	for (i = 0; i < x.n; i++) {
		char	*path = issued_path(&x.v[i]);

		must(strstr(path, "..") == NULL &&
		    strncmp(path, "issued/", 7) == 0 &&
		    strchr(path + 7, '/') == NULL);
		must(index_serial(&x, x.v[i].serial) != NULL);
		(void)index_find(&x, x.v[i].name, &found, &e);
		mem_free(&path);
	}
	buf_clear(&text);
	buf_clear(&twice);
	index_clear(&again);
	index_clear(&x);
}

/* ---- transcript ---- */

static void
look_at(const struct transcript *t)
{
	static const char *const key[] = { "act", "key", "parcel", "confirm" };
	const struct transcript_entry	*last = transcript_last(t);
	size_t				 i;
	char				*value;

	(void)transcript_open_ceremony(t);
	(void)transcript_made(t, 1);
	(void)transcript_highest(t, "parcel");
	for (i = 0; last != NULL && i < sizeof(key) / sizeof(key[0]); i++) {
		value = transcript_value(last, key[i]);
		mem_free(&value);
		value = transcript_nth(last, key[i], 1);
		mem_free(&value);
	}
}

/* One that is taken is written as it was read. */
static void
try_transcript(struct bytes in)
{
	struct error		 e = ERROR_INIT;
	struct transcript	 t = { 0 }, again = { 0 };
	struct buf		 text = { 0 };

	if (transcript_parse(&t, in, &e) == -1)
		must(e.text[0] != '\0');
	else {
		look_at(&t);
		transcript_write(&text, &t);
		must(transcript_parse(&again, BYTES(text.p, text.len),
		    &e) == 0 && again.n == t.n);
	}
	buf_clear(&text);
	transcript_clear(&again);
	transcript_clear(&t);
}

static void
try_bodies(struct bytes in)
{
	struct error		 e = ERROR_INIT;
	struct transcript	 t = { 0 };
	struct buf		 text = { 0 };
	const uint8_t		*end;
	size_t			 n;

	for (; in.len > 0; in = BYTES(in.p + n, in.len - n)) {
		end = memchr(in.p, '\0', in.len);
		n = end == NULL ? in.len : (size_t)(end - in.p) + 1;
		error_clear(&e);
		if (transcript_add(&t, BYTES(in.p, n - (end != NULL)),
		    &e) == -1)
			must(e.text[0] != '\0');
	}
	transcript_write(&text, &t);
	try_transcript(BYTES(text.p, text.len));
	buf_clear(&text);
	transcript_clear(&t);
}

/* ---- share ---- */

static void
try_share(struct bytes in)
{
	struct error		 e = ERROR_INIT;
	struct share_file	 f;

	if (share_parse(&f, in, &e) == -1) {
		must(e.text[0] != '\0' && f.sealed.p == NULL &&
		    f.header.p == NULL);
		return;
	}
	must(f.number >= 1 && f.number <= SPLIT_MAX && f.threshold >= 1 &&
	    f.threshold <= SPLIT_MAX && f.of <= SPLIT_MAX);
	must(text_is_name(f.custodian) && strlen(f.root) < sizeof(f.root));
	/* What is signed along is what stands there. */
	must(memmem(in.p, in.len, f.header.p, f.header.len) != NULL);
	share_file_clear(&f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static void (*const try[])(struct bytes) = { try_journal, try_index,
		try_transcript, try_bodies, try_share };

	if (n == 0 || n > INPUT_MAX)
		return 0;
	if (dir == NULL)
		make_directory();
	try[p[0] % (sizeof(try) / sizeof(try[0]))](BYTES(p + 1, n - 1));
	return 0;
}
