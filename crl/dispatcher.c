/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what has happened to what needs a look.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/map.h"
#include "os/file.h"
#include "publisher_private.h"

#define PAGE	2000

static int
dispatcher_targets(struct dispatcher *d, struct error *e)
{
	const struct publish_target	*t = d->base.conf.targets.v;
	size_t				 n = d->base.conf.targets.n;
	const char			**name = mem_array(n + 1,
					    sizeof(*name));
	int				 rc;

	for (size_t i = 0; i < n; i++)
		name[i] = t[i].name;
	rc = db_publish_targets(d->base.db, name, n, e);
	mem_free(&name);
	return rc;
}

int
dispatcher_open(struct dispatcher *d, struct error *e)
{
	static const char *const	 channels[] = { "signet_issued",
	    "signet_status", "signet_crl" };
	char				 name[80];

	snprintf(name, sizeof(name), "%s/dispatcher", d->base.setup->instance);
	if (publisher_base_open(&d->base, name, e) == -1 ||
	    dispatcher_targets(d, e) == -1)
		return -1;
	for (size_t i = 0; i < sizeof(channels) / sizeof(channels[0]); i++)
		if (db_listen(d->base.db, channels[i], e) == -1)
			return -1;
	return 0;
}

void
dispatcher_close(struct dispatcher *d)
{
	publisher_base_close(&d->base);
}

/* Names, sizes and times of the root's files: another number, other files. */
static uint64_t
files_seen(const char *dir)
{
	struct dirent	**entry = NULL;
	struct buf	 b = { 0 };
	struct stat	 st;
	uint64_t	 hash;
	char		*path;
	int		 n;

	if (dir == NULL || (n = scandir(dir, &entry, NULL, alphasort)) == -1)
		return 0;
	for (int i = 0; i < n; i++) {
		path = file_join(dir, entry[i]->d_name);
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
			buf_printf(&b, "%s %lld %lld.%ld\n", entry[i]->d_name,
			    (long long)st.st_size, (long long)st.st_mtime,
			    st.st_mtim.tv_nsec);
		mem_free(&path);
		free(entry[i]);
	}
	free(entry);
	hash = map_hash_bytes(b.p, b.len);
	buf_clear(&b);
	return hash;
}

/* Files make no outbox rows, and at a start nobody knows what was missed. */
static int64_t
dispatcher_files(struct dispatcher *d, struct error *e)
{
	uint64_t	 files = files_seen(d->base.conf.root_files);

	if (d->started && files == d->files)
		return 0;
	if (db_publish_cas(d->base.db, e) == -1)
		return -1;
	d->started = true;
	d->files = files;
	return 1;
}

int
dispatcher_round(struct dispatcher *d, int64_t now, struct error *e)
{
	struct db	*db = d->base.db;
	int64_t		 rows, expired, filled, files;

	if ((rows = db_publish_dispatch(db, &d->base.want, PAGE, e)) == -1 ||
	    (expired = db_publish_expire(db, now, PAGE, e)) == -1 ||
	    (filled = db_publish_fill(db, &d->base.want, PAGE, e)) == -1 ||
	    (files = dispatcher_files(d, e)) == -1)
		return -1;
	if (rows + expired + filled + files == 0)
		return 0;
	if (db_notify(db, PUBLISHER_CHANNEL, e) == -1)
		return -1;
	return rows == PAGE || expired == PAGE || filled > 0;
}
