/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger.h"

#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>


#include "base/digest.h"
#include "os/fault.h"
#include "os/file.h"
#include "os/msg.h"
#include "x509/crl_shard.h"

#define LEDGER_MAGIC	"signet ledger 1\n"
#define MAGIC_LEN	(sizeof(LEDGER_MAGIC) - 1)
#define HASH_LEN	32
#define RECORD_HEAD	8	/* type and length, as msg frames them */
#define RECORD_MAX	4096
/* An order is refused by age when it has expired; its use is remembered for
 * longer, in case the clock was ahead and is set right. */
#define CLOCK_DOUBT	(7 * 86400)
#define MISSED_MAX	600	/* seconds; a transaction takes one */

enum record_type {
	RECORD_USE = 1, RECORD_STATUS, RECORD_HEAD_AT, RECORD_CRL,
	RECORD_SHARD_URL, RECORD_BIND, RECORD_UNDER_WAY, RECORD_SETTLED,
	RECORD_LOST,
};

struct crl_number {		/* per list of a CA */
	char		 ca[65];
	int64_t		 shard, number;
	const char	*shard_url;	/* with shard 0, or NULL */
};

struct ledger {
	int		 fd, lock;
	off_t		 size;		/* good bytes in the file */
	uint8_t		 hash[HASH_LEN];
	int64_t		 opened_at;	/* uses that expired before are dropped */
	struct audit_head head;
	struct arena	*arena;		/* of what the maps have */
	struct map	 use, status, crl, bind;
	struct buf	 group;		/* records waiting for ledger_sync() */
	uint8_t		 group_hash[HASH_LEN];
	struct msg	 msg;		/* scratch */
	bool		 broken;	/* the file's end is unknown */
	bool		 lost;		/* see ledger_is_lost() */
};

bool
ledger_is_expired(const struct ledger_status *s)
{
	static const uint8_t	 nobody[sizeof(s->order)];

	return s->status == CERT_GOOD &&
	    memcmp(s->order, nobody, sizeof(nobody)) == 0;
}

static uint64_t
use_hash(const void *item)
{
	const struct ledger_use	*u = item;

	return map_hash_bytes(u->order, 8) ^ (u->n * 0x9e3779b97f4a7c15u >> 7);
}

static bool
use_equal(const void *a, const void *b)
{
	const struct ledger_use	*x = a, *y = b;

	return x->n == y->n && memcmp(x->order, y->order, 32) == 0;
}

static uint64_t
status_hash(const void *item)
{
	const struct ledger_status	*s = item;

	return map_hash_bytes(s->serial, s->serial_len);
}

static bool
status_equal(const void *a, const void *b)
{
	const struct ledger_status	*x = a, *y = b;

	return x->serial_len == y->serial_len && strcmp(x->ca, y->ca) == 0 &&
	    memcmp(x->serial, y->serial, x->serial_len) == 0;
}

void
ledger_use_map(struct map *m)
{
	map_init(m, use_hash, use_equal);
}

void
ledger_status_map(struct map *m)
{
	map_init(m, status_hash, status_equal);
}

static uint64_t
bind_hash(const void *item)
{
	const struct ledger_bind	*b = item;

	return map_hash_bytes(b->order, 8);
}

static bool
bind_equal(const void *a, const void *b)
{
	const struct ledger_bind	*x = a, *y = b;

	return memcmp(x->order, y->order, sizeof(x->order)) == 0;
}

static uint64_t
crl_hash(const void *item)
{
	const struct crl_number	*c = item;

	return map_hash_bytes(c->ca, strlen(c->ca)) ^
	    ((uint64_t)c->shard * 0x9e3779b97f4a7c15u >> 7);
}

static bool
crl_equal(const void *a, const void *b)
{
	const struct crl_number	*x = a, *y = b;

	return x->shard == y->shard && strcmp(x->ca, y->ca) == 0;
}

static struct crl_number *crl_place(struct ledger *, const char *ca,
	    int64_t shard);

/* One record into memory.  The message is positioned at its first field. */

/* Of what others used there is none, and of old records. */
static void
get_made(struct ledger *l, struct msg *m, struct ledger_use *u)
{
	struct bytes	 serial;
	char		 ca[65];

	if (m->bad || m->pos == m->body.len)
		return;
	msg_get_str(m, ca, sizeof(ca));
	serial = msg_get_blob(m, sizeof(u->serial));
	if (m->bad)
		return;
	u->ca = crl_place(l, ca, 0)->ca;
	memcpy(u->serial, serial.p, serial.len);
	u->serial_len = (uint8_t)serial.len;
}

static void
apply_use(struct ledger *l, struct msg *m)
{
	struct ledger_use	 u = { .n = 0 };
	struct bytes		 order = msg_get_blob(m, 32), tbs;

	u.n = msg_get_u32(m);
	u.expires = msg_get_i64(m);
	tbs = msg_get_blob(m, 32);
	get_made(l, m, &u);
	if (m->bad || order.len != 32 || tbs.len != 32) {
		m->bad = true;
		return;
	}
	memcpy(u.order, order.p, 32);
	memcpy(u.tbs, tbs.p, 32);
	if (u.expires + CLOCK_DOUBT >= l->opened_at && map_find(&l->use, &u) == NULL) {
		struct ledger_use	*kept;

		kept = arena_dup(l->arena, &u, sizeof(u));
		map_put(&l->use, kept);
	}
}

/* Records about no shard end before it. */
static int64_t
get_shard(struct msg *m)
{
	int64_t	 shard;

	if (m->bad || m->pos == m->body.len)
		return 0;
	shard = msg_get_i64(m);
	m->bad |= shard < 1 || shard > CRL_SHARD_MAX;
	return shard;
}

static void
put_shard(struct msg *m, int64_t shard)
{
	if (shard > 0)
		msg_put_i64(m, shard);
}

static void
apply_status(struct ledger *l, struct msg *m, bool is_under_way)
{
	struct ledger_status	 s = { .is_under_way = is_under_way }, *kept;
	struct bytes		 serial, order;

	msg_get_str(m, s.ca, sizeof(s.ca));
	serial = msg_get_blob(m, sizeof(s.serial));
	s.status = msg_get_u32(m);
	s.reason = (int)msg_get_i64(m);
	s.at = msg_get_i64(m);
	s.invalid_since = msg_get_i64(m);
	order = msg_get_blob(m, 32);
	s.shard = get_shard(m);
	if (m->bad || s.status >= CERT_STATUS__MAX || order.len != 32) {
		m->bad = true;
		return;
	}
	memcpy(s.serial, serial.p, serial.len);
	s.serial_len = (uint8_t)serial.len;
	memcpy(s.order, order.p, 32);
	if ((kept = map_find(&l->status, &s)) != NULL) {
		*kept = s;
		return;
	}
	kept = arena_dup(l->arena, &s, sizeof(s));
	map_put(&l->status, kept);
}

static struct ledger_status *
status_get(const struct ledger *l, const char *ca, const uint8_t *serial,
    size_t len)
{
	struct ledger_status	 key = { .serial_len = (uint8_t)len };

	if (len > sizeof(key.serial))
		return NULL;
	snprintf(key.ca, sizeof(key.ca), "%s", ca);
	memcpy(key.serial, serial, len);
	return map_find(&l->status, &key);
}

static void
apply_settled(struct ledger *l, struct msg *m)
{
	struct ledger_status	*st = NULL;
	struct bytes		 serial;
	char			 ca[65];

	msg_get_str(m, ca, sizeof(ca));
	serial = msg_get_blob(m, sizeof(st->serial));
	if (m->bad || (st = status_get(l, ca, serial.p, serial.len)) == NULL)
		return;
	st->is_under_way = false;
	st->missed_at = 0;
}

static void
apply_head(struct ledger *l, struct msg *m)
{
	struct audit_head	 h;
	struct bytes		 hash;

	h.seq = msg_get_i64(m);
	hash = msg_get_blob(m, AUDIT_HASH);
	if (m->bad || hash.len != AUDIT_HASH) {
		m->bad = true;
		return;
	}
	memcpy(h.hash, hash.p, AUDIT_HASH);
	l->head = h;
}

static struct crl_number *
crl_find(const struct ledger *l, const char *ca, int64_t shard)
{
	struct crl_number	 key = { .shard = shard };

	snprintf(key.ca, sizeof(key.ca), "%s", ca);
	return map_find(&l->crl, &key);
}

static struct crl_number *
crl_place(struct ledger *l, const char *ca, int64_t shard)
{
	struct crl_number	*c = crl_find(l, ca, shard);

	if (c == NULL) {
		c = arena_alloc(l->arena, sizeof(*c));
		*c = (struct crl_number){ .shard = shard };
		snprintf(c->ca, sizeof(c->ca), "%s", ca);
		map_put(&l->crl, c);
	}
	return c;
}

static void
apply_crl(struct ledger *l, struct msg *m)
{
	char	 ca[65];
	int64_t	 number, shard;

	msg_get_str(m, ca, sizeof(ca));
	number = msg_get_i64(m);
	(void)msg_get_blob(m, 32);
	shard = get_shard(m);
	if (!m->bad)
		crl_place(l, ca, shard)->number = number;
}

static void
apply_shard_url(struct ledger *l, struct msg *m)
{
	char		 ca[65], url[CRL_SHARD_URL];
	struct error	 why = ERROR_INIT;

	msg_get_str(m, ca, sizeof(ca));
	msg_get_str(m, url, sizeof(url));
	if (!m->bad && crl_shard_check(url, &why) == -1)
		m->bad = true;
	if (!m->bad)
		crl_place(l, ca, 0)->shard_url = arena_strdup(l->arena, url);
}

static void
apply_bind(struct ledger *l, struct msg *m)
{
	struct ledger_bind	 b, *kept;
	struct bytes		 order = msg_get_blob(m, 32);
	uint32_t		 unbound = msg_get_u32(m);

	if (m->bad || order.len != sizeof(b.order) || unbound > 1) {
		m->bad = true;
		return;
	}
	memcpy(b.order, order.p, sizeof(b.order));
	b.unbound = unbound == 1;
	if ((kept = map_find(&l->bind, &b)) != NULL) {
		kept->unbound |= b.unbound;
		return;
	}
	kept = arena_dup(l->arena, &b, sizeof(b));
	map_put(&l->bind, kept);
}

static int
ledger_apply(struct ledger *l, uint32_t type, struct bytes body,
    struct error *e)
{
	struct msg	*m = &l->msg;

	msg_init(m, type);
	buf_add(&m->body, body.p, body.len);
	switch (type) {
	case RECORD_USE:
		apply_use(l, m);
		break;
	case RECORD_STATUS:
	case RECORD_UNDER_WAY:
		apply_status(l, m, type == RECORD_UNDER_WAY);
		break;
	case RECORD_SETTLED:
		apply_settled(l, m);
		break;
	case RECORD_HEAD_AT:
		apply_head(l, m);
		break;
	case RECORD_CRL:
		apply_crl(l, m);
		break;
	case RECORD_SHARD_URL:
		apply_shard_url(l, m);
		break;
	case RECORD_BIND:
		apply_bind(l, m);
		break;
	case RECORD_LOST:
		l->lost = msg_get_u32(m) != 0;
		break;
	default:
		return error_set(e, ERROR_CONFIG, "unknown record type %u",
		    type);
	}
	return msg_done(m, e);
}

static uint32_t
get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

static void
put_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static void
chain(uint8_t hash[HASH_LEN], const uint8_t *record, size_t len)
{
	uint8_t		 in[HASH_LEN + RECORD_HEAD + RECORD_MAX];

	memcpy(in, hash, HASH_LEN);
	memcpy(in + HASH_LEN, record, len);
	digest_sha256(hash, in, HASH_LEN + len);
}

/*
 * Walk records in p[0..len).  Returns how many bytes were whole and right;
 * each is applied.  *e is set only for a record that is whole, well hashed
 * and yet not understood.
 */
static size_t
ledger_walk(struct ledger *l, const uint8_t *p, size_t len,
    uint8_t hash[HASH_LEN], struct error *e)
{
	uint8_t	 h[HASH_LEN];
	size_t	 pos = 0, body;

	while (len - pos >= RECORD_HEAD + HASH_LEN) {
		body = get_u32(p + pos + 4);
		if (body > RECORD_MAX ||
		    len - pos - RECORD_HEAD - HASH_LEN < body)
			break;
		memcpy(h, hash, HASH_LEN);
		chain(h, p + pos, RECORD_HEAD + body);
		if (memcmp(h, p + pos + RECORD_HEAD + body, HASH_LEN) != 0)
			break;
		if (ledger_apply(l, get_u32(p + pos), BYTES(p + pos +
		    RECORD_HEAD, body), e) == -1)
			break;
		memcpy(hash, h, HASH_LEN);
		pos += RECORD_HEAD + body + HASH_LEN;
	}
	return pos;
}

/*
 * A crash tears at most the last group.  Anything broken with more than a
 * group's worth of bytes behind it is not a crash.
 */
#define TORN_MAX	(8u << 20)

static int
ledger_read(struct ledger *l, const char *path, size_t *cut, struct error *e)
{
	struct error	 why = ERROR_INIT;
	struct buf	 file = { 0 };
	size_t		 good;
	int		 rc = -1;

	*cut = 0;
	if (file_load(&file, path, (size_t)1 << 34, e) == -1)
		goto out;
	if (file.len < MAGIC_LEN ||
	    memcmp(file.p, LEDGER_MAGIC, MAGIC_LEN) != 0) {
		error_set(e, ERROR_CONFIG, "%s is not a ledger", path);
		goto out;
	}
	good = MAGIC_LEN + ledger_walk(l, file.p + MAGIC_LEN,
	    file.len - MAGIC_LEN, l->hash, &why);
	if (why.code != ERROR_NONE) {
		*e = why;
		error_wrap(e, "%s at byte %zu", path, good);
		goto out;
	}
	if (file.len - good > TORN_MAX) {
		error_set(e, ERROR_CONFIG, "%s is damaged at byte %zu of %zu",
		    path, good, file.len);
		error_hint(e, "restore the ledger from its copy; "
		    "never start without it");
		goto out;
	}
	*cut = file.len - good;
	l->size = (off_t)good;
	if (*cut > 0 && ftruncate(l->fd, l->size) == -1) {
		error_sys(e, "cut torn end of %s", path);
		goto out;
	}
	rc = 0;
 out:
	buf_clear(&file);
	return rc;
}

int
ledger_open(struct ledger **out, const char *dir, int64_t now, size_t *cut,
    struct error *e)
{
	struct ledger	*l;
	char		*path = file_join(dir, "ledger");
	char		*lock = file_join(dir, "lock");

	*out = NULL;
	l = mem_alloc(sizeof(*l));
	l->fd = l->lock = -1;
	l->opened_at = now;
	l->arena = arena_new();
	ledger_use_map(&l->use);
	ledger_status_map(&l->status);
	map_init(&l->crl, crl_hash, crl_equal);
	map_init(&l->bind, bind_hash, bind_equal);
	if (file_lock(&l->lock, lock, e) == -1) {
		error_hint(e, "another signet-cad uses %s: each instance needs "
		    "its own state directory", dir);
		goto fail;
	}
	if (!file_exists(path) && file_store(path, LEDGER_MAGIC, MAGIC_LEN,
	    0600, e) == -1)
		goto fail;
	l->fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	if (l->fd == -1) {
		error_sys(e, "open %s", path);
		goto fail;
	}
	if (ledger_read(l, path, cut, e) == -1)
		goto fail;
	memcpy(l->group_hash, l->hash, HASH_LEN);
	*out = l;
	l = NULL;
 fail:
	ledger_close(&l);
	mem_free(&path);
	mem_free(&lock);
	return *out != NULL ? 0 : -1;
}

void
ledger_close(struct ledger **lp)
{
	struct ledger	*l = *lp;

	if (l == NULL)
		return;
	if (l->fd != -1)
		close(l->fd);
	if (l->lock != -1)
		close(l->lock);
	map_clear(&l->use);
	map_clear(&l->status);
	map_clear(&l->crl);
	map_clear(&l->bind);
	arena_free(&l->arena);
	buf_clear(&l->group);
	msg_clear(&l->msg);
	mem_free(lp);
}

const struct ledger_use *
ledger_find_use(const struct ledger *l, const uint8_t order[32], uint32_t n)
{
	struct ledger_use	 key = { .n = n };

	memcpy(key.order, order, 32);
	return map_find(&l->use, &key);
}

const struct ledger_status *
ledger_find_status(const struct ledger *l, const char *ca,
    const uint8_t *serial, size_t len)
{
	return status_get(l, ca, serial, len);
}

void
ledger_send_status(struct ledger *l, const struct ledger_status *key)
{
	struct ledger_status	*st = map_find(&l->status, key);

	if (st != NULL)
		st->is_under_way = true;
}

bool
ledger_is_under_way(struct ledger *l, const char *ca, const uint8_t *serial,
    size_t len, int64_t now)
{
	struct ledger_status	*st = status_get(l, ca, serial, len);

	if (st == NULL || !st->is_under_way)
		return false;
	if (st->missed_at == 0)
		st->missed_at = now;
	return now < st->missed_at + MISSED_MAX;
}

const struct ledger_use *
ledger_next_use(const struct ledger *l, size_t *pos)
{
	return map_next(&l->use, pos);
}

bool
ledger_is_lost(const struct ledger *l)
{
	return l->lost;
}

const struct ledger_status *
ledger_next_status(const struct ledger *l, size_t *pos)
{
	return map_next(&l->status, pos);
}

void
ledger_get_head(const struct ledger *l, struct audit_head *h)
{
	*h = l->head;
}

int64_t
ledger_crl_number(const struct ledger *l, const char *ca, int64_t shard)
{
	const struct crl_number	*c = crl_find(l, ca, shard);

	return c != NULL ? c->number : 0;
}

const char *
ledger_shard_url(const struct ledger *l, const char *ca)
{
	const struct crl_number	*c = crl_find(l, ca, 0);

	return c != NULL ? c->shard_url : NULL;
}

const struct ledger_bind *
ledger_find_bind(const struct ledger *l, const uint8_t order[32])
{
	struct ledger_bind	 key;

	memcpy(key.order, order, sizeof(key.order));
	return map_find(&l->bind, &key);
}

/* Close the record under construction in l->msg and add it to the group. */
static void
group_add(struct ledger *l)
{
	uint8_t	 head[RECORD_HEAD];
	size_t	 start = l->group.len;

	put_u32(head, l->msg.type);
	put_u32(head + 4, (uint32_t)l->msg.body.len);
	buf_add(&l->group, head, sizeof(head));
	buf_add(&l->group, l->msg.body.p, l->msg.body.len);
	chain(l->group_hash, l->group.p + start, l->group.len - start);
	buf_add(&l->group, l->group_hash, HASH_LEN);
}

void
ledger_add_use(struct ledger *l, const struct ledger_use *u)
{
	msg_init(&l->msg, RECORD_USE);
	msg_put_blob(&l->msg, u->order, 32);
	msg_put_u32(&l->msg, u->n);
	msg_put_i64(&l->msg, u->expires);
	msg_put_blob(&l->msg, u->tbs, 32);
	if (u->ca != NULL) {
		msg_put_str(&l->msg, u->ca);
		msg_put_blob(&l->msg, u->serial, u->serial_len);
	}
	group_add(l);
}

void
ledger_add_lost(struct ledger *l, bool lost)
{
	msg_init(&l->msg, RECORD_LOST);
	msg_put_u32(&l->msg, lost);
	group_add(l);
}

void
ledger_add_status(struct ledger *l, const struct ledger_status *s)
{
	msg_init(&l->msg, s->is_under_way ? RECORD_UNDER_WAY : RECORD_STATUS);
	msg_put_str(&l->msg, s->ca);
	msg_put_blob(&l->msg, s->serial, s->serial_len);
	msg_put_u32(&l->msg, s->status);
	msg_put_i64(&l->msg, s->reason);
	msg_put_i64(&l->msg, s->at);
	msg_put_i64(&l->msg, s->invalid_since);
	msg_put_blob(&l->msg, s->order, 32);
	put_shard(&l->msg, s->shard);
	group_add(l);
}

void
ledger_add_settled(struct ledger *l, const char *ca, const uint8_t *serial,
    size_t len, const uint8_t order[32])
{
	const struct ledger_status	*st = status_get(l, ca, serial, len);

	if (st == NULL || !st->is_under_way ||
	    memcmp(st->order, order, sizeof(st->order)) != 0)
		return;
	msg_init(&l->msg, RECORD_SETTLED);
	msg_put_str(&l->msg, ca);
	msg_put_blob(&l->msg, serial, len);
	group_add(l);
}

void
ledger_add_head(struct ledger *l, const struct audit_head *h)
{
	msg_init(&l->msg, RECORD_HEAD_AT);
	msg_put_i64(&l->msg, h->seq);
	msg_put_blob(&l->msg, h->hash, AUDIT_HASH);
	group_add(l);
}

void
ledger_add_crl(struct ledger *l, const char *ca, int64_t shard,
    int64_t number, const uint8_t digest[32])
{
	msg_init(&l->msg, RECORD_CRL);
	msg_put_str(&l->msg, ca);
	msg_put_i64(&l->msg, number);
	msg_put_blob(&l->msg, digest, 32);
	put_shard(&l->msg, shard);
	group_add(l);
}

void
ledger_add_shard_url(struct ledger *l, const char *ca, const char *url)
{
	msg_init(&l->msg, RECORD_SHARD_URL);
	msg_put_str(&l->msg, ca);
	msg_put_str(&l->msg, url);
	group_add(l);
}

void
ledger_add_bind(struct ledger *l, const struct ledger_bind *b)
{
	msg_init(&l->msg, RECORD_BIND);
	msg_put_blob(&l->msg, b->order, sizeof(b->order));
	msg_put_u32(&l->msg, b->unbound);
	group_add(l);
}

static int
group_write(struct ledger *l, struct error *e)
{
	size_t	 done = 0;
	ssize_t	 n;

	while (done < l->group.len) {
		n = write(l->fd, l->group.p + done, l->group.len - done);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_sys(e, "write ledger");
		done += (size_t)n;
	}
	if (fdatasync(l->fd) == -1)
		return error_sys(e, "sync ledger");
	return 0;
}

void
ledger_forget(struct ledger *l)
{
	memcpy(l->group_hash, l->hash, HASH_LEN);
	l->group.len = 0;
}

/* After a failed write the file goes back to its last good end. */
static void
group_undo(struct ledger *l)
{
	if (ftruncate(l->fd, l->size) == -1 || fdatasync(l->fd) == -1)
		l->broken = true;
	ledger_forget(l);
}

int
ledger_sync(struct ledger *l, struct error *e)
{
	struct error	 bug = ERROR_INIT;

	if (l->broken) {
		error_set(e, ERROR_UPSTREAM, "the ledger's end is unknown "
		    "after a failed write");
		return error_hint(e, "make room and restart signet-cad");
	}
	if (l->group.len == 0)
		return 0;
	FAULT("ledger.before-write");
	if (group_write(l, e) == -1) {
		group_undo(l);
		return error_hint(e, "make room on the disk of the state "
		    "directory; nothing was signed");
	}
	FAULT("ledger.after-write");
	l->size += (off_t)l->group.len;
	if (ledger_walk(l, l->group.p, l->group.len, l->hash, &bug) !=
	    l->group.len) {
		l->broken = true;
		return error_set(e, ERROR_BUG, "ledger group: %s", bug.text);
	}
	l->group.len = 0;
	return 0;
}
