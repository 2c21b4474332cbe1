/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The diary of a card that a holder makes for himself, from his own disk, where
 * anybody may have written: what is taken is written again as it was read.
 */
#include <stdlib.h>
#include <unistd.h>
#include "os/file.h"
#include "personalize/diary.h"
#include "tests/fuzz/must.h"
#include "tests/fuzz/scratch.h"

#define INPUT_MAX	(64u << 10)

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static char	 dir[SCRATCH_SIZE];
static char	*path;

static void
take_away(void)
{
	(void)unlink(path);
	(void)rmdir(dir);
}

static void
make_directory(void)
{
	scratch_make(dir, "diary");
	path = file_join(dir, "piv-serial-4711.card");
	must(atexit(take_away) == 0);
}

static bool
same(const struct buf *a, const struct buf *b)
{
	return bytes_equal(BYTES(a->p, a->len), BYTES(b->p, b->len));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct card_info	 card = { .identity = "piv-serial:4711" };
	struct error		 e = ERROR_INIT;
	struct diary		 d = { .path = NULL }, again = { .path = NULL };

	if (n > INPUT_MAX)
		return 0;
	if (path == NULL)
		make_directory();
	must(file_store(path, p, n, 0600, &e) == 0);
	if (diary_load(&d, dir, &card, &e) == -1) {
		must(e.text[0] != '\0' && d.path == NULL);
		return 0;
	}
	must(d.slot < CARD_SLOT__MAX && d.alg < CARD_ALG__MAX);
	must(diary_store(&d, dir, &e) == 0);
	must(diary_load(&again, dir, &card, &e) == 1);
	must(strcmp(d.ra, again.ra) == 0 && strcmp(d.holder,
	    again.holder) == 0 && d.slot == again.slot && d.alg == again.alg);
	must(same(&d.spki, &again.spki) && same(&d.request, &again.request) &&
	    same(&d.cert, &again.cert) && same(&d.sealed, &again.sealed));
	diary_clear(&d);
	diary_clear(&again);
	return 0;
}
