/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ledger that comes from a backup, or from a disk that forgets.  The first
 * byte says how: as a file as it is, or as records whose hashes we add, since
 * no chance finds those.  A ledger that opens opens again, and says the same.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <openssl/sha.h>
#include "ca/issuing/ledger.h"
#include "tests/fuzz/must.h"
#include "tests/fuzz/scratch.h"

#define MAGIC		"signet ledger 1\n"
#define INPUT_MAX	(64u << 10)
#define RECORD_MAX	4096

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
	scratch_make(dir, "ledger");
	path = mem_printf("%s/ledger", dir);
	must(atexit(take_away) == 0);
}

static void
put_records(struct buf *out, struct bytes in)
{
	uint8_t	 hash[32] = { 0 };
	size_t	 len;

	buf_add(out, MAGIC, sizeof(MAGIC) - 1);
	while (in.len >= 8) {
		len = (size_t)in.p[6] << 8 | in.p[7];
		if (in.p[4] != 0 || in.p[5] != 0 || len > in.len - 8 ||
		    len > RECORD_MAX)
			break;
		struct buf	 b = { 0 };

		buf_add(&b, hash, sizeof(hash));
		buf_add(&b, in.p, 8 + len);
		SHA256(b.p, b.len, hash);
		buf_clear(&b);
		buf_add(out, in.p, 8 + len);
		buf_add(out, hash, sizeof(hash));
		in = BYTES(in.p + 8 + len, in.len - 8 - len);
	}
}

static void
write_file(struct bytes b)
{
	int	 fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	must(fd != -1 && write(fd, b.p, b.len) == (ssize_t)b.len);
	close(fd);
}

struct seen {
	size_t			 n;
	struct audit_head	 head;
};

static int
look(struct seen *s, size_t *cut)
{
	const struct ledger_status	*status;
	struct error			 e = ERROR_INIT;
	struct ledger			*l;
	size_t				 pos = 0;

	memset(s, 0, sizeof(*s));
	if (ledger_open(&l, dir, 1800000000, cut, &e) == -1) {
		must(l == NULL && e.text[0] != '\0');
		return -1;
	}
	for (; (status = ledger_next_status(l, &pos)) != NULL; s->n++) {
		must(status->status < CERT_STATUS__MAX &&
		    memchr(status->ca, '\0', sizeof(status->ca)) != NULL &&
		    status->serial_len <= sizeof(status->serial));
		must(ledger_find_status(l, status->ca, status->serial,
		    status->serial_len) == status);
		(void)ledger_crl_number(l, status->ca, 0);
		(void)ledger_shard_url(l, status->ca);
	}
	ledger_get_head(l, &s->head);
	ledger_close(&l);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf	 file = { 0 };
	struct seen	 first, again;
	size_t		 cut;

	if (n == 0 || n > INPUT_MAX)
		return 0;
	if (path == NULL)
		make_directory();
	if (p[0] == 0)
		buf_add(&file, p + 1, n - 1);
	else
		put_records(&file, BYTES(p + 1, n - 1));
	write_file(BYTES(file.p, file.len));
	buf_clear(&file);
	if (look(&first, &cut) == 0) {
		must(look(&again, &cut) == 0 && cut == 0);
		must(first.n == again.n && first.head.seq == again.head.seq);
	}
	return 0;
}
