/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <fcntl.h>
#include <limits.h>
#include <openssl/rand.h>
#include <sys/mman.h>
#include <unistd.h>

/* None in a production build, which must not obey the environment. */
#ifdef SIGNET_FAULTS
static const volatile int64_t	*clock_shared;

/* At the start, since a sandbox lets nobody open files later. */
__attribute__((constructor)) static void
clock_share(void)
{
	const char	*path = getenv("SIGNET_CLOCK_FILE");
	void		*p;
	int		 fd;

	if (path == NULL || (fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return;
	p = mmap(NULL, sizeof(*clock_shared), PROT_READ, MAP_SHARED, fd, 0);
	if (p != MAP_FAILED)
		clock_shared = p;
	close(fd);
}

static int64_t
clock_offset(void)
{
	const char	*s = getenv("SIGNET_CLOCK_OFFSET");

	if (clock_shared != NULL)
		return *clock_shared;
	return s != NULL ? strtoll(s, NULL, 10) : 0;
}

/* What is waited for has come when the shared clock has leapt beyond it. */
static int64_t
clock_leaps(void)
{
	return clock_shared != NULL ? *clock_shared * 1000 : 0;
}
#else
static int64_t
clock_offset(void)
{
	return 0;
}

static int64_t
clock_leaps(void)
{
	return 0;
}
#endif

static int64_t
clock_machine_now(const struct clock *c)
{
	(void)c;
	return (int64_t)time(NULL);
}

static int64_t
clock_system_now(const struct clock *c)
{
	return clock_machine_now(c) + clock_offset();
}

const struct clock clock_machine = { clock_machine_now, 0 };
const struct clock clock_system = { clock_system_now, 0 };

static int64_t
clock_fixed_now(const struct clock *c)
{
	return c->value;
}

struct clock
clock_fixed(int64_t value)
{
	return (struct clock){ clock_fixed_now, value };
}

int64_t
clock_now(const struct clock *c)
{
	return c->now(c);
}

int64_t
clock_monotonic_ms(void)
{
	struct timespec	 ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000 + clock_leaps();
}

static int
rng_system_fill(const struct rng *r, unsigned char *p, size_t len,
    struct error *e)
{
	size_t	 now;

	(void)r;
	for (; len > 0; p += now, len -= now) {
		now = len > INT_MAX ? INT_MAX : len;
		if (RAND_priv_bytes(p, (int)now) != 1)
			return error_ssl(e, ERROR_CRYPTO,
			    "get random bytes");
	}
	return 0;
}

const struct rng rng_system = { rng_system_fill, 0 };

/* A Weyl sequence through a mixing function; even, fast, not secret. */
static uint64_t
rng_next(uint64_t *state)
{
	uint64_t	 x;

	x = *state += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
	x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return x ^ x >> 32;
}

static int
rng_seeded_fill(const struct rng *r, unsigned char *p, size_t len,
    struct error *e)
{
	struct rng	*own = (struct rng *)(uintptr_t)r;
	uint64_t	 x = 0;
	size_t		 i;

	(void)e;
	for (i = 0; i < len; i++) {
		if (i % 8 == 0)
			x = rng_next(&own->seed);
		p[i] = (unsigned char)(x >> 8 * (i % 8));
	}
	return 0;
}

struct rng
rng_seeded(uint64_t seed)
{
	return (struct rng){ rng_seeded_fill, seed };
}

int
rng_fill(const struct rng *r, void *p, size_t len, struct error *e)
{
	return r->fill(r, p, len, e);
}
