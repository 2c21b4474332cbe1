/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_RAD_H
#define SIGNET_RA_RAD_H
/*
 * What the web process has: shared by its threads, and of each of them.
 */
#include <stdatomic.h>
#include "base/clock.h"
#include "binds.h"
#include "cmp.h"
#include "desk/desk.h"
#include "figures.h"
#include "net/http_tls.h"
#include "net/operator.h"
#include "os/gate.h"
#include "judged.h"
#include "page.h"
#include "sealer.h"
#include "settings.h"
#include "tls_keeper.h"
#include "waits.h"
#include "web/assets.h"
#include "web/template.h"
#include "web/texts.h"

#define RAD_LISTENERS	2		/* everybody's; with certificate */

struct rad;
struct rad_listener {
	struct rad		*rad;
	bool			 by_cert;
	const char		*origin;	/* "https://ra.example.org:8443" */
	const char		*cookie;	/* of its sessions */
	struct http_tls		*tls;
	struct http_server	*server;
};

struct rad {
	const struct rad_conf	*conf;
	const struct clock	*clock;
	struct metrics		*metrics;
	struct health		*health;
	struct assets		*assets;
	struct templates	*templates;
	struct texts		*texts;
	struct limits		*limits;
	struct sealer		*sealer;
	struct tls_keeper	*keeper;
	struct waits		*waits;
	struct cmp		*cmp;
	struct figures		*figures;
	struct gate		*hashes;	/* slow ones at once */
	uint8_t			 session_key[SESSION_KEY];
	bool			 hsts;
	int			 bell;		/* as of db_set_bell() */
	_Atomic uint32_t	 requests;	/* number of the last */
	struct rad_listener	 listener[RAD_LISTENERS];
};

struct rad_thread {
	struct rad		*rad;
	struct arena		*arena;		/* of a request */
	struct desk		 desk;
	X509			*agent;		/* the RA's own */
	int64_t			 agent_at, trust_at;	/* when they were read */
	struct judged		*judged;
	struct binds		*binds;
	struct page		*page;		/* the request in hand */
};
struct rad_thread *rad_thread_new(struct rad *);
void	 rad_thread_free(struct rad_thread **);
/* Before each request. */
void	 rad_thread_turn(struct rad_thread *);

/* web.c: the body of the process (proc_fn). */
struct web_setup {
	const struct rad_conf	*conf;
	struct service		*svc;
	int			 fd[RAD_LISTENERS];	/* that listen */
	int			 sealer;
	struct tls_lanes	*keeper;
	struct metrics		*metrics;
	struct health		*health;
};
int	 web_main(int parent, void *web_setup);
/* All that can be seen to be wrong without a key. */
int	 web_check(const struct rad_conf *, struct error *);
#endif
