/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OCSP_REPLY_H
#define SIGNET_OCSP_REPLY_H
/*
 * An OCSP response as HTTP: RFC 5019, 6.
 */
#include "net/http.h"

#define REPLY_TYPE	"application/ocsp-response"
#define REPLY_ETAG	33

/* etag lasts as long as meta.  next_update 0: not to be kept by anybody. */
void	 reply_meta(struct http_meta *, char etag[REPLY_ETAG], struct bytes,
	    int64_t this_update, int64_t next_update);
struct http_shared *reply_shared(struct bytes, int64_t this_update,
	    int64_t next_update);
#endif
