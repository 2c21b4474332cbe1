/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_DER_H
#define SIGNET_X509_DER_H
/*
 * DER, written and strictly read without OpenSSL.
 *
 * The writer appends to a struct buf; a constructed value is opened with
 * der_begin() and closed with der_end(), which inserts the length.  The
 * reader walks borrowed bytes.  der_check() is the gate in front of every
 * foreign structure: it accepts DER and nothing else (definite and shortest
 * lengths, shortest integers, booleans 00 or FF, sorted SETs, no bytes after
 * the end, bounded depth), so that what OpenSSL then parses has one reading.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"
#include "base/mem.h"

enum der_tag {
	DER_BOOLEAN = 0x01, DER_INTEGER = 0x02, DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04, DER_NULL = 0x05, DER_OID = 0x06,
	DER_ENUMERATED = 0x0a, DER_UTF8 = 0x0c, DER_PRINTABLE = 0x13,
	DER_IA5 = 0x16, DER_UTC_TIME = 0x17, DER_GENERALIZED_TIME = 0x18,
	DER_GENERAL_STRING = 0x1b,
	DER_SEQUENCE = 0x30, DER_SET = 0x31,
};
#define DER_CONTEXT(n)		(0x80 | (n))	/* implicit, primitive */
#define DER_CONTEXT_CONS(n)	(0xa0 | (n))	/* explicit or constructed */

size_t	 der_begin(struct buf *, uint8_t tag);	/* returns a mark */
void	 der_end(struct buf *, size_t mark);
void	 der_put(struct buf *, uint8_t tag, const void *, size_t);
void	 der_put_raw(struct buf *, struct bytes);	/* is DER already */
/* Tag and length alone; the content is written elsewhere. */
void	 der_put_header(struct buf *, uint8_t tag, size_t len);
void	 der_put_bool(struct buf *, bool);
void	 der_put_int(struct buf *, int64_t);
/* Unsigned big-endian magnitude; a leading zero is added or removed. */
void	 der_put_uint(struct buf *, const uint8_t *, size_t);
/* Dotted form; arcs of any size.  Returns -1 on nonsense. */
int	 der_put_oid(struct buf *, const char *dotted);
void	 der_put_bits(struct buf *, const uint8_t *, size_t);	/* 0 unused */
/* Named bits, numbered from 0, trailing zeros dropped as DER wants. */
void	 der_put_named_bits(struct buf *, uint32_t bits);
/* UTCTime through 2049, GeneralizedTime after (RFC 5280, 4.1.2.5). */
void	 der_put_time(struct buf *, int64_t);
void	 der_put_general_time(struct buf *, int64_t);	/* always that form */
void	 der_put_str(struct buf *, uint8_t tag, const char *);

/*
 * Take the next element from *in: 1 and *tag, *content (and *whole unless
 * NULL), 0 at the end, -1 when malformed.  *in advances.
 */
int	 der_next(struct bytes *in, uint8_t *tag, struct bytes *content,
	    struct bytes *whole);
/* Take one element that must have this tag: 0 or -1. */
int	 der_take(struct bytes *in, uint8_t tag, struct bytes *content);
int	 der_take_whole(struct bytes *in, uint8_t tag, struct bytes *whole);
int	 der_take_time(struct bytes *in, int64_t *);
/* A non-negative INTEGER without its leading zero octet; 0 gives no octets. */
int	 der_take_uint(struct bytes *in, struct bytes *magnitude);
int	 der_take_int(struct bytes *in, int64_t *);
/* A BIT STRING of whole octets. */
int	 der_take_bits(struct bytes *in, struct bytes *octets);
struct der_ext {		/* Extension, RFC 5280, 4.1 */
	struct bytes	 oid, value;
	bool		 critical;
};
int	 der_take_ext(struct bytes *in, struct der_ext *);
bool	 der_peek(struct bytes in, uint8_t tag);	/* is it next? */
bool	 der_is_oid(struct bytes content, const char *dotted);
#define DER_OID_TEXT	80
/* Dotted form, for messages; "2.25..." where an arc has over 64 bits.
 * Returns dst. */
char	*der_oid_text(char dst[DER_OID_TEXT], struct bytes content);
bool	 der_is_printable(struct bytes);	/* fits a PrintableString */

/* Exactly one DER element, no deeper than depth.  ERROR_INPUT, with the
 * offset and the rule that was broken. */
int	 der_check(struct bytes, int depth, struct error *);
#endif
