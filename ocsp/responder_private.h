/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OCSP_RESPONDER_PRIVATE_H
#define SIGNET_OCSP_RESPONDER_PRIVATE_H
/*
 * What the files of the responder share.
 */
#include "db/db_ocsp.h"
#include "responder.h"

struct writer {
	struct ocsp_writer	*writer;
	uint64_t		 version;	/* of the signer */
};

struct responder_thread {
	const struct responder	*r;
	struct db		*db;
	unsigned int		 late;		/* reads behind the feed */
	struct issuers		*issuers;
	struct writer		*writer;	/* by the CA's number */
	size_t			 nwriters;
	/* The question under way. */
	struct ocsp_request	 request;
	const struct issuer_ca	*ca;
	int64_t			 now;
	struct cell_key		 key[OCSP_IDS_MAX];
	struct cell		*cell[OCSP_IDS_MAX];
	struct ocsp_single	 single[OCSP_IDS_MAX];
};

/* A cell for each of the CertIDs, from those at hand or the store. */
int	 responder_find_statuses(struct responder_thread *, struct error *);
#endif
