/* SPDX-License-Identifier: Apache-2.0 */
/* Settings: no text may do more than be refused with one line. */
#include "os/conf.h"

#define INPUT_MAX	(16u << 10)

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);
const char *__lsan_default_suppressions(void);

/* libconfig loses the buffer of a string that has no end: its own, 64 bytes. */
const char *
__lsan_default_suppressions(void)
{
	return "leak:libconfig.so\n";
}

struct inner {
	char			*name;
	int64_t			 age;
};

struct outer {
	char			*user;
	int64_t			 interval;
	bool			 publish;
	struct conf_list	 hosts;
	struct conf_groups	 cas;
};

static const struct conf_item inner_items[] = {
	CONF_STR_REQUIRED(struct inner, name, ""),
	CONF_DURATION(struct inner, age, "90d", 0, 31536000, ""),
	CONF_END
};

static const struct conf_item outer_items[] = {
	CONF_STR(struct outer, user, "u", ""),
	CONF_NUM(struct outer, interval, 300, 1, 86400, ""),
	CONF_BOOL(struct outer, publish, true, ""),
	CONF_LIST(struct outer, hosts, ""),
	CONF_GROUPS(struct outer, cas, inner_items, struct inner, ""),
	CONF_END
};

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct error	 e = ERROR_INIT;
	struct outer	 o = { 0 };
	struct buf	 b = { 0 };

	if (len > INPUT_MAX)
		return 0;
	buf_add(&b, p, len);
	if (conf_parse(&o, outer_items, buf_cstr(&b), "fuzz", &e) == 0) {
		if (o.interval < 1 || o.interval > 86400 || o.user == NULL)
			abort();
	} else if (e.code != ERROR_CONFIG || e.text[0] == '\0' ||
	    o.user != NULL)
		abort();
	conf_free(&o, outer_items);
	buf_clear(&b);
	return 0;
}
