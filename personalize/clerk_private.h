/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PERSONALIZE_CLERK_PRIVATE_H
#define SIGNET_PERSONALIZE_CLERK_PRIVATE_H
/*
 * A clerk over a socketpair: what both ends say.
 *
 * Messages with secrets are wiped as soon as they were sent or read, and have
 * their whole room from the first secret on: a buffer that moves leaves what was
 * in it behind.
 */
#include "clerk.h"
#include "os/msg.h"

enum { ASK_FOUND = 1, ASK_BEGIN, ASK_KEY, ASK_REQUEST, ASK_WAIT,
    ASK_SECRETS, ASK_WEAKER, ASK_CHANNEL, ASK_ISSUED, ASK_FAILED };

#define DER_MAX		16384
#define SECRET_MAX	64
/* More than any job with all its certificates. */
#define WIRE_MAX	((JOB_SLOTS + 1) * (DER_MAX + 64))

void	 wire_wipe(struct msg *m);
void	 wire_put_info(struct msg *m, const struct card_info *i);
void	 wire_get_info(struct msg *m, struct card_info *i);
void	 wire_put_secret(struct msg *m, const struct secret *s);
int	 wire_get_secret(struct msg *m, struct secret *s, struct error *e);
int	 wire_put_slot(struct msg *m, const struct job_slot *s,
	    struct error *e);
int	 wire_get_slot(struct msg *m, struct job_slot *s, struct error *e);
void	 wire_put_secrets(struct msg *m, const struct job *j);
int	 wire_get_secrets(struct msg *m, struct job *j, struct error *e);
int	 wire_put_job(struct msg *m, const struct job *j, struct error *e);
int	 wire_get_job(struct msg *m, struct job *j, struct error *e);
#endif
