/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_requests DIR COUNT [ALG]: requests of that many people, each with a key
 * of its own, and the list of them, for batches and benches.
 *
 *	DIR/000001.csr ... (PEM)	DIR/people.csv
 */
#include <errno.h>
#include <sys/stat.h>

#include "base/base64.h"
#include "os/file.h"
#include "x509/csr.h"
#include "x509/key.h"

#define CSV_HEADER "holder,given,surname,name,mail,org,orgid,country,csr\n"

static int
write_pem(const char *path, const struct buf *der, struct error *e)
{
	struct buf	 pem = { 0 };
	bool		 is_written = false;
	FILE		*f;

	base64_put_pem(&pem, "CERTIFICATE REQUEST", BYTES(der->p, der->len));
	/* Not synced: there are thousands. */
	if ((f = fopen(path, "w")) != NULL) {
		is_written = fwrite(pem.p, 1, pem.len, f) == pem.len;
		is_written = fclose(f) == 0 && is_written;
	}
	buf_clear(&pem);
	return is_written ? 0 : error_sys(e, "write %s", path);
}

static int
make_one(const char *dir, long n, const char *alg, struct buf *csv,
    struct error *e)
{
	EVP_PKEY	*key = NULL;
	struct buf	 der = { 0 };
	char		 path[4096], name[64];
	int		 rc = -1;

	snprintf(path, sizeof(path), "%s/%06ld.csr", dir, n);
	snprintf(name, sizeof(name), "Person %06ld", n);
	if (key_generate(&key, alg, e) == 0 &&
	    csr_make(&der, key, name, e) == 0 && write_pem(path, &der, e) == 0)
		rc = 0;
	buf_printf(csv, "p%06ld,Person,%06ld,%s,p%06ld@example.org,"
	    "Example AB,NTRSE-5560000001,SE,%06ld.csr\n", n, n, name, n, n);
	buf_clear(&der);
	EVP_PKEY_free(key);
	return rc;
}

int
main(int argc, char *argv[])
{
	struct error	 e = ERROR_INIT;
	struct buf	 csv = { 0 };
	char		*path;
	long		 i, count;

	if (argc < 3 || (count = strtol(argv[2], NULL, 10)) < 1) {
		fprintf(stderr, "usage: make_requests DIR COUNT [ALG]\n");
		return 2;
	}
	if (mkdir(argv[1], 0755) == -1 && errno != EEXIST) {
		perror(argv[1]);
		return 1;
	}
	buf_str(&csv, CSV_HEADER);
	for (i = 1; i <= count; i++)
		if (make_one(argv[1], i, argc > 3 ? argv[3] : "ec:P-256", &csv,
		    &e) == -1)
			goto fail;
	path = file_join(argv[1], "people.csv");
	if (file_store(path, csv.p, csv.len, 0644, &e) == -1)
		goto fail;
	mem_free(&path);
	buf_clear(&csv);
	return 0;
 fail:
	fprintf(stderr, "make_requests: %s\n", e.text);
	return 1;
}
