/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OCSP_WEB_H
#define SIGNET_OCSP_WEB_H
/*
 * The responder over HTTP (RFC 6960, A; RFC 5019): GET and POST, at / and at
 * /ocsp.
 */
#include "net/http.h"
#include "responder.h"

struct web;
int	 web_start(struct web **, const struct responder *, int fd,
	    struct error *);
void	 web_stop(struct web **);
unsigned int web_connections(const struct web *);
#endif
