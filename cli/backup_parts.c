/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/backup.h"
#include "os/fault.h"
#include "os/file.h"

int
backup_digest(char hex[BACKUP_DIGEST], const struct buf *b, struct error *e)
{
	uint8_t	 md[32];

	if (EVP_Digest(b->p, b->len, md, NULL, EVP_sha256(), NULL) != 1)
		return error_ssl(e, ERROR_CRYPTO, "digest");
	text_hex(hex, md, sizeof(md));
	return 0;
}

void
backup_folder_name(char name[BACKUP_FILE], size_t n)
{
	snprintf(name, BACKUP_FILE, "folder%zu", n);
}

void
backup_file_name(char file[BACKUP_FILE], const char *name, size_t n)
{
	snprintf(file, BACKUP_FILE, "%.40s-%04zu.cms", name, n);
}

/* ---- written ---- */

/* A part's worth, or what is left. */
static int
fill(int fd, struct buf *b, struct error *e)
{
	ssize_t	 n = 1;

	b->len = 0;
	buf_reserve(b, BACKUP_PART);
	while (b->len < BACKUP_PART && n != 0) {
		n = read(fd, b->p + b->len, BACKUP_PART - b->len);
		if (n == -1 && errno != EINTR)
			return error_sys(e, "read");
		if (n > 0)
			b->len += (size_t)n;
	}
	return 0;
}

static int
seal_part(const char *dir, const char *file, const struct seal *to,
    const struct buf *clear, json_t *parts, struct error *e)
{
	struct buf	 sealed = { 0 };
	char		*path = file_join(dir, file);
	char		 hex[BACKUP_DIGEST];
	int		 rc = -1;

	FAULT("backup.part");
	if (seal_make(&sealed, to, clear->p, clear->len, e) == 0 &&
	    backup_digest(hex, &sealed, e) == 0 &&
	    file_create(path, sealed.p, sealed.len, 0600, e) == 0)
		rc = json_array_append_new(parts, json_pack("{s:s, s:I, s:s}",
		    "file", file, "bytes", (json_int_t)sealed.len,
		    "sha256", hex));
	mem_free(&path);
	buf_clear(&sealed);
	return rc;
}

json_t *
backup_seal(const char *dir, const char *name, const struct seal *to, int fd,
    struct progress *p, struct error *e)
{
	struct buf	 clear = { 0 };
	json_t		*parts = json_array();
	uint64_t	 all = 0;
	char		 file[BACKUP_FILE];
	size_t		 n = 0;
	int		 rc = 0;

	while (rc == 0 && (rc = fill(fd, &clear, e)) == 0 && clear.len > 0) {
		backup_file_name(file, name, ++n);
		rc = seal_part(dir, file, to, &clear, parts, e);
		progress_set(p, all += clear.len);
	}
	buf_clear(&clear);
	if (rc == 0 && n > 0)
		return parts;
	json_decref(parts);
	if (rc == 0)
		error_set(e, ERROR_UPSTREAM, "%s: nothing came", name);
	return NULL;
}

/* ---- read ---- */

/* Of an index that backup_index_parse() has taken. */
static int
load_part(const char *dir, const json_t *part, struct buf *sealed,
    struct error *e)
{
	json_int_t	 bytes = json_integer_value(json_object_get(part,
			    "bytes"));
	char		 hex[BACKUP_DIGEST];
	char		*path = file_join(dir, json_string_value(
			    json_object_get(part, "file")));
	int		 rc;

	if ((rc = file_load(sealed, path, BACKUP_SEALED_MAX, e)) == 0 &&
	    (rc = backup_digest(hex, sealed, e)) == 0 &&
	    (sealed->len != (size_t)bytes || strcmp(hex, json_string_value(
	    json_object_get(part, "sha256"))) != 0))
		rc = error_set(e, ERROR_DENIED, "%s is not the file that %s "
		    "tells of", path, BACKUP_INDEX);
	mem_free(&path);
	return rc;
}

int
backup_check(const char *dir, const json_t *parts, struct error *e)
{
	struct buf	 sealed = { 0 };
	size_t		 i;
	json_t		*part;
	int		 rc = 0;

	json_array_foreach(parts, i, part) {
		sealed.len = 0;
		if ((rc = load_part(dir, part, &sealed, e)) == -1)
			break;
	}
	buf_clear(&sealed);
	return rc;
}

static int
write_all(int fd, const struct buf *b, struct error *e)
{
	for (size_t at = 0; at < b->len;) {
		ssize_t	 n = write(fd, b->p + at, b->len - at);

		if (n == -1 && errno != EINTR)
			return error_sys(e, "write");
		at += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

int
backup_open(const char *dir, const json_t *parts, const struct identity *with,
    int fd, struct progress *p, struct error *e)
{
	struct buf	 sealed = { 0 }, clear = { 0 };
	uint64_t	 all = 0;
	size_t		 i;
	json_t		*part;
	int		 rc = 0;

	json_array_foreach(parts, i, part) {
		sealed.len = clear.len = 0;
		if (load_part(dir, part, &sealed, e) == -1 ||
		    seal_open_much(&clear, BYTES(sealed.p, sealed.len),
		    with->cert, with->key, e) == -1 ||
		    write_all(fd, &clear, e) == -1) {
			rc = error_wrap(e, "%s", json_string_value(
			    json_object_get(part, "file")));
			break;
		}
		progress_set(p, all += clear.len);
	}
	buf_clear(&sealed);
	buf_clear(&clear);
	return rc;
}
