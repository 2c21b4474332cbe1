/* SPDX-License-Identifier: Apache-2.0 */
#include "net/operator.h"

#include <sys/mman.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>

#include "base/text.h"

#define CHECKS_MAX	256

struct check {
	char		 name[64];	/* "": free */
	bool		 well;
	int64_t		 until;
	char		 why[256];
};

/* As metrics: in shared memory, with a lock that survives its holder. */
struct health {
	pthread_mutex_t	 lock;
	bool		 full;		/* a check found no room */
	struct check	 check[CHECKS_MAX];
};

int
health_new(struct health **out, struct error *e)
{
	pthread_mutexattr_t	 attr;
	struct health		*h;

	*out = NULL;
	h = mmap(NULL, sizeof(*h), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (h == MAP_FAILED)
		return error_sys(e, "memory for checks");
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&h->lock, &attr);
	pthread_mutexattr_destroy(&attr);
	*out = h;
	return 0;
}

void
health_free(struct health **hp)
{
	if (*hp != NULL)
		munmap(*hp, sizeof(**hp));
	*hp = NULL;
}

static void
health_lock(struct health *h)
{
	/* At worst a check is half set; its owner will set it again. */
	if (pthread_mutex_lock(&h->lock) == EOWNERDEAD)
		pthread_mutex_consistent(&h->lock);
}

/* The check of that name, or the first free one if "add"; NULL: none. */
static struct check *
health_find(struct health *h, const char *name, bool add)
{
	struct check	*vacant = NULL;
	size_t		 i;

	for (i = 0; i < CHECKS_MAX; i++) {
		if (strncmp(h->check[i].name, name,
		    sizeof(h->check[i].name) - 1) == 0)
			return &h->check[i];
		if (vacant == NULL && h->check[i].name[0] == '\0')
			vacant = &h->check[i];
	}
	return add ? vacant : NULL;
}

void
health_set(struct health *h, const char *name, bool well, int64_t until,
    const char *why, ...)
{
	struct check	*c;
	char		 text[256];
	va_list		 ap;

	va_start(ap, why);
	vsnprintf(text, sizeof(text), why, ap);
	va_end(ap);
	health_lock(h);
	if ((c = health_find(h, name, true)) != NULL) {
		snprintf(c->name, sizeof(c->name), "%s", name);
		c->well = well;
		c->until = until;
		text_escape(c->why, sizeof(c->why), text);
	} else
		h->full = true;
	pthread_mutex_unlock(&h->lock);
}

void
health_drop(struct health *h, const char *name)
{
	struct check	*c;

	health_lock(h);
	if ((c = health_find(h, name, false)) != NULL)
		c->name[0] = '\0';
	pthread_mutex_unlock(&h->lock);
}

static bool
check_text(const struct check *c, int64_t now, struct buf *out)
{
	bool	 silent = c->until != 0 && now > c->until;

	buf_printf(out, "%s %s: %s", c->well && !silent ? "ok" : "FAIL",
	    c->name, c->why);
	if (silent)
		buf_printf(out, " (not looked at for %lld s)",
		    (long long)(now - c->until));
	buf_byte(out, '\n');
	return c->well && !silent;
}

bool
health_text(struct health *h, int64_t now, struct buf *out)
{
	bool	 all = true, any = false;
	size_t	 i;

	health_lock(h);
	for (i = 0; i < CHECKS_MAX; i++) {
		if (h->check[i].name[0] == '\0')
			continue;
		any = true;
		all &= check_text(&h->check[i], now, out);
	}
	if (h->full)
		buf_str(out, "FAIL checks: there are more than fit here\n");
	if (!any)
		buf_str(out, "FAIL checks: nothing was checked yet\n");
	all &= any && !h->full;
	pthread_mutex_unlock(&h->lock);
	return all;
}
