/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PERSONALIZE_TLV_H
#define SIGNET_PERSONALIZE_TLV_H
/*
 * BER-TLV as cards speak it: tags of up to three bytes, lengths of up to three,
 * not necessarily the shortest.  (DER, where one reading counts, is lib/x509.)
 */
#include <stdint.h>
#include "base/mem.h"

/* Take the next element: 1, 0 at the end, -1 when malformed. */
int	 tlv_next(struct bytes *in, uint32_t *tag, struct bytes *value);
/* The first element with that tag: 1, 0 none, -1 when malformed. */
int	 tlv_find(struct bytes in, uint32_t tag, struct bytes *value);
void	 tlv_put(struct buf *, uint32_t tag, struct bytes value);
void	 tlv_put_byte(struct buf *, uint32_t tag, uint8_t);
#endif
