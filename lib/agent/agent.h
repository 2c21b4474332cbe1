/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_AGENT_AGENT_H
#define SIGNET_AGENT_AGENT_H
/*
 * What a daemon does about certificates of its own: it orders them as anybody
 * does, by signed orders in the store, with the role in its agent certificate.
 *
 * Two kinds: the signer of OCSP answers, one for each generation of a CA,
 * which the agent approves (profile ocsp-signer); and the agent certificate
 * itself, renewed on the old key's proof.  A request is on disk, with its key
 * and its signed order, before the store hears of it, and what came back is on
 * disk before it is put in place.  So after a crash at any instant the same
 * order goes on, and at any instant there is a key with its certificate.
 *
 * The agent's key and the store that may be written to belong in a process of
 * their own: agent_main().  A process that reads what clients send needs only
 * agent_signer_load().
 */
#include "agent/place.h"
#include "base/clock.h"
#include "base/error.h"
#include "os/conf.h"
#include "os/service.h"
#include "x509/key.h"

struct agent_ca {
	const char	*name;		/* of the generation: "people.g2" */
	X509		*cert;
};

struct agent_conf {
	const char		*program;	/* to the store: "signet-ocspd" */
	const char		*database;	/* as role signet_agent */
	const char		*root;		/* PEM: the anchors */
	const char		*officers_ca;	/* whose certificates carry roles */
	/* agent_cert NULL: agent_key is a file with both. */
	const char		*agent_key, *agent_cert, *agent_passphrase;
	/*
	 * Not an agent's certificate but a server's, of this profile: it is
	 * renewed in the same way, on the old key's proof.  NULL: an agent's.
	 */
	const char		*server_profile;
	int64_t			 renew_before;	/* its end; 0: a quarter of its life */
	/* Signers of answers; ncas 0: none. */
	const struct agent_ca	*ca;
	size_t			 nca;
	const char		*signers;	/* directory */
	const char		*signer_key;	/* "rsa:2048", "ec:P-256" */
	/*
	 * NULL: keys in files.  A pkcs11: URI of a token: a key of its own for
	 * each generation, "ocsp-NAME", made there; of an object: that key.
	 */
	const char		*signer_uri;
	const char		*signer_passphrase;	/* or PIN; NULL: in clear */
	const char		*pkcs11_module;
	struct conf_list	 token_paths;	/* for the sandbox */
	bool			 token_sockets;
	const char		*user;
	int64_t			 poll;		/* seconds between two looks */
	struct service		*svc;		/* for agent_main() */
};

struct agent;
/* Reads the agent's own certificate and passphrases; opens no store.  conf and
 * what it points to must outlive the agent. */
int	 agent_new(struct agent **, const struct agent_conf *,
	    const struct clock *, const struct rng *, struct error *);
void	 agent_free(struct agent **);
/* Open the store; the agent then waits there on "signet_issued". */
int	 agent_open(struct agent *, struct error *);

/* Is there an order that the CA has not answered? */
bool	 agent_waits(const struct agent *);

/*
 * The body of a child process (proc_fn; arg is a struct agent_conf): both, on
 * a schedule, with back-off and lines in the log.  It sends the parent a
 * message whenever something new is in place, and ends when the parent does.
 */
enum agent_news { AGENT_NEWS_SIGNER = 1, AGENT_NEWS_RENEWED };
int	 agent_main(int parent, void *agent_conf);
/* What it said: 1 and the CA's name ("" when renewed), 0 it is gone, -1. */
int	 agent_hear(int fd, enum agent_news *, char ca[65], struct error *);

/*
 * Key and certificate that sign for a CA, as they are in place now, with a
 * passphrase or PIN that is here already, for a sandbox may have closed.
 * ERROR_NOTFOUND: none yet; ERROR_UPSTREAM: its token is away.  The name of
 * its file, which is replaced as a whole, is DIR/NAME.pem.
 */
int	 agent_signer_load(struct identity *, const char *signers,
	    const char *ca, struct place_secret *, struct error *);
#endif
