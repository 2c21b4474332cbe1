/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PERSONALIZE_PCSC_H
#define SIGNET_PERSONALIZE_PCSC_H
/*
 * Readers, through pcscd.  A card is held exclusively or not at all: another
 * program's reset would take selection and PIN away in the middle.
 *
 * A command cannot be cancelled once it is with the card; who must not hang
 * uses a process for each reader.  pcscd may go and come back: reconnecting
 * asks for it anew.
 */
#include "apdu.h"
#include "base/error.h"
#include "base/mem.h"

struct pcsc;
int	 pcsc_open(struct pcsc **, struct error *);
void	 pcsc_close(struct pcsc **);
/* Names live in the arena. */
int	 pcsc_readers(struct pcsc *, struct arena *, char ***names, size_t *n,
	    struct error *);
/* How often cards went in and out as far as the reader has seen; -1: not known. */
int64_t	 pcsc_changes(struct pcsc *, const char *reader);
/* Until a card is in that reader, or none is: 1, 0 not within ms, -1.  Nobody
 * of ours may hold it meanwhile. */
int	 pcsc_wait(struct pcsc *, const char *reader, bool present, int ms,
	    struct error *);
/*
 * The card in that reader, waited for up to wait_ms; so does reconnecting.
 * ERROR_NOTFOUND no card, ERROR_RETRY another program has it, ERROR_UPSTREAM
 * no pcscd or no such reader.  apdu_close() lets go and powers it off.
 */
int	 pcsc_connect(struct pcsc *, const char *reader, int wait_ms,
	    struct card_io *, struct error *);
#endif
