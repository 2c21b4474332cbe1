/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_NOTICES_H
#define SIGNET_RA_NOTICES_H
/*
 * The process of signet-rad that writes to applicants and holders: it looks
 * for what has happened, makes notices of it, and sends them by mail.
 *
 * It has a connection to the store as signet_ra and one to the mail server,
 * holds no key and does not listen.  Nothing waits for it: pages and the CA
 * only leave rows behind.  Each notice is sent at least once; one is sent
 * twice only if the process or the connection ended between the server's
 * taking it and our noting so, and then both have the same Message-ID.
 */
#include "base/error.h"
#include "mail/smtp.h"
#include "net/metrics.h"
#include "os/conf.h"

#define NOTICES_CHANNEL	"signet_notice"	/* NOTIFY: there is one */

struct notices_setup {
	const char		*instance;	/* of all nodes its own */
	const char		*database;
	const char		*profiles;	/* directory */
	const char		*pages;		/* mail/LANG/KIND.txt, texts/ */
	const char		*brand;		/* likewise; or NULL */
	const struct conf_list	*languages;
	const char		*url;		/* of the pages */
	const char		*from, *from_name, *reply_to;
	const char		*password;	/* where it comes from, or NULL */
	struct smtp		 smtp;
	int64_t			 keep;		/* seconds, what was sent */
	const char		*user;
	struct metrics		*metrics;	/* or NULL */
};
/* Can it work: addresses, server, and every text? */
int	 notices_check(const struct notices_setup *, struct error *);
/* proc_fn; arg: the setup.  Ends when the parent closes the pair. */
int	 notices_main(int parent, void *arg);
#endif
