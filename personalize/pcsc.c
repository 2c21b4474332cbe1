/* SPDX-License-Identifier: Apache-2.0 */
#include <winscard.h>
#include <errno.h>
#include <time.h>
#include "pcsc.h"

#define READERS_MAX	64
#define POLL_MS		20
#define ATR_MAX		33
#define SHORT_COMMAND	261

struct pcsc {
	SCARDCONTEXT	 context;
	bool		 has_context;
	bool		 no_extended;	/* a reader has failed with one */
};

struct pcsc_card {		/* the io of a card_io */
	struct pcsc	*pcsc;
	struct card_io	*io;	/* where extended is noted */
	char		*reader;
	int		 wait_ms;
	bool		 held;
	SCARDHANDLE	 handle;
	DWORD		 protocol;
};

static int
pcsc_error(struct error *e, LONG rv, const char *what)
{
	enum error_code	 code = ERROR_CARD;

	switch (rv) {
	case (LONG)SCARD_E_NO_SERVICE:
	case (LONG)SCARD_E_SERVICE_STOPPED:
	case (LONG)SCARD_E_NO_READERS_AVAILABLE:
	case (LONG)SCARD_E_UNKNOWN_READER:
	case (LONG)SCARD_E_READER_UNAVAILABLE:
		code = ERROR_UPSTREAM;
		break;
	case (LONG)SCARD_E_SHARING_VIOLATION:
		code = ERROR_RETRY;
		break;
	case (LONG)SCARD_E_NO_SMARTCARD:
	case (LONG)SCARD_W_REMOVED_CARD:
		code = ERROR_NOTFOUND;
		break;
	}
	error_set(e, code, "%s: %s", what, pcsc_stringify_error(rv));
	if (rv == (LONG)SCARD_E_NO_SERVICE)
		error_hint(e, "start pcscd: systemctl start pcscd.socket");
	if (rv == (LONG)SCARD_E_SHARING_VIOLATION)
		error_hint(e, "close the other program that uses the card");
	return -1;
}

static int
establish(struct pcsc *p, struct error *e)
{
	LONG	 rv;

	if (p->has_context)
		SCardReleaseContext(p->context);
	rv = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL,
	    &p->context);
	p->has_context = rv == SCARD_S_SUCCESS;
	return p->has_context ? 0 : pcsc_error(e, rv, "PC/SC");
}

int
pcsc_open(struct pcsc **out, struct error *e)
{
	struct pcsc	*p = mem_alloc(sizeof(*p));

	*out = NULL;
	if (establish(p, e) == -1) {
		pcsc_close(&p);
		return -1;
	}
	*out = p;
	return 0;
}

void
pcsc_close(struct pcsc **p)
{
	if (*p == NULL)
		return;
	if ((*p)->has_context)
		SCardReleaseContext((*p)->context);
	mem_free(p);
}

int
pcsc_readers(struct pcsc *p, struct arena *arena, char ***names, size_t *n,
    struct error *e)
{
	DWORD	 len = 0;
	LONG	 rv;
	char	*all;

	*n = 0;
	*names = arena_alloc(arena, READERS_MAX * sizeof(**names));
	rv = SCardListReaders(p->context, NULL, NULL, &len);
	if (rv == (LONG)SCARD_E_NO_READERS_AVAILABLE)
		return 0;
	if (rv == SCARD_S_SUCCESS) {
		all = arena_alloc(arena, len + 2);
		rv = SCardListReaders(p->context, NULL, all, &len);
	}
	if (rv != SCARD_S_SUCCESS)
		return pcsc_error(e, rv, "list readers");
	for (; *all != '\0' && *n < READERS_MAX; all += strlen(all) + 1)
		(*names)[(*n)++] = all;
	return 0;
}

static int64_t
now_ms(void)
{
	struct timespec	 t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int
pcsc_wait(struct pcsc *p, const char *reader, bool present, int ms,
    struct error *e)
{
	SCARD_READERSTATE	 s = { .szReader = reader,
				    .dwCurrentState = SCARD_STATE_UNAWARE };
	int64_t			 until = now_ms() + ms, left = 0;
	LONG			 rv;

	for (;;) {
		rv = SCardGetStatusChange(p->context, (DWORD)left, &s, 1);
		if (rv != SCARD_S_SUCCESS && rv != (LONG)SCARD_E_TIMEOUT)
			return pcsc_error(e, rv, reader);
		if ((s.dwEventState & SCARD_STATE_UNKNOWN) != 0)
			return pcsc_error(e, (LONG)SCARD_E_UNKNOWN_READER,
			    reader);
		if (((s.dwEventState & SCARD_STATE_PRESENT) != 0) == present)
			return 1;
		if ((left = until - now_ms()) <= 0)
			return 0;
		s.dwCurrentState = s.dwEventState;
	}
}

int64_t
pcsc_changes(struct pcsc *p, const char *reader)
{
	SCARD_READERSTATE	 s = { .szReader = reader,
				    .dwCurrentState = SCARD_STATE_UNAWARE };

	return SCardGetStatusChange(p->context, 0, &s, 1) == SCARD_S_SUCCESS ?
	    (int64_t)(s.dwEventState >> 16) : -1;
}

static void
release(struct pcsc_card *c)
{
	if (c->held)
		SCardDisconnect(c->handle, SCARD_UNPOWER_CARD);
	c->held = false;
}

/* Errors that may be over soon: the card is being put in, or pcscd comes. */
static bool
is_passing(LONG rv)
{
	return rv == (LONG)SCARD_E_NO_SMARTCARD ||
	    rv == (LONG)SCARD_W_REMOVED_CARD ||
	    rv == (LONG)SCARD_W_UNPOWERED_CARD ||
	    rv == (LONG)SCARD_W_UNRESPONSIVE_CARD ||
	    rv == (LONG)SCARD_E_UNKNOWN_READER ||
	    rv == (LONG)SCARD_E_READER_UNAVAILABLE ||
	    rv == (LONG)SCARD_E_NO_SERVICE ||
	    rv == (LONG)SCARD_E_INVALID_HANDLE ||
	    rv == (LONG)SCARD_F_COMM_ERROR;
}

/* Does the answer to reset say that the card takes extended lengths?  ISO
 * 7816-4, 8.1.1.2.7: third byte of the capabilities, in compact TLV. */
static bool
atr_has_extended(const uint8_t *atr, size_t n)
{
	size_t	 hist, at = 2;
	uint8_t	 td;

	if (n < 2)
		return false;
	hist = atr[1] & 15;
	for (td = atr[1];; td = atr[at - 1]) {
		at += (size_t)__builtin_popcount(td >> 4);
		if ((td & 0x80) == 0 || at > n)
			break;
	}
	if (at + hist > n || hist < 1 || atr[at] != 0x80)
		return false;
	for (size_t i = at + 1; i < at + hist; i += 1u + (atr[i] & 15))
		if (atr[i] == 0x73 && i + 3 < at + hist)
			return (atr[i + 3] & 0x40) != 0;
	return false;
}

static void
learn_lengths(struct pcsc_card *c)
{
	uint8_t	 atr[ATR_MAX];
	DWORD	 n = sizeof(atr), state, protocol, names = 0;

	c->io->t0 = c->protocol == SCARD_PROTOCOL_T0;
	if (c->pcsc->no_extended || c->io->t0)
		c->io->extended = false;
	else if (SCardStatus(c->handle, NULL, &names, &state, &protocol, atr,
	    &n) == SCARD_S_SUCCESS && n <= sizeof(atr))
		c->io->extended = atr_has_extended(atr, n);
}

static int
hold(struct pcsc_card *c, struct error *e)
{
	struct timespec	 nap = { 0, POLL_MS * 1000000L };
	int64_t		 until = now_ms() + c->wait_ms;
	struct error	 none = ERROR_INIT;
	LONG		 rv;

	for (;;) {
		rv = SCardConnect(c->pcsc->context, c->reader,
		    SCARD_SHARE_EXCLUSIVE,
		    SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &c->handle,
		    &c->protocol);
		if (rv == SCARD_S_SUCCESS) {
			c->held = true;
			learn_lengths(c);
			return 0;
		}
		if (!is_passing(rv) || now_ms() >= until)
			return pcsc_error(e, rv, c->reader);
		nanosleep(&nap, NULL);
		if (rv == (LONG)SCARD_E_NO_SERVICE ||
		    rv == (LONG)SCARD_E_INVALID_HANDLE ||
		    rv == (LONG)SCARD_F_COMM_ERROR)
			establish(c->pcsc, &none);
	}
}

static int
pcsc_transmit(void *io, struct bytes command, uint8_t *out, size_t size,
    size_t *outlen, struct error *e)
{
	struct pcsc_card	*c = io;
	DWORD			 n = (DWORD)size;
	LONG			 rv;

	if (!c->held)
		return error_set(e, ERROR_CARD, "%s: no card is held",
		    c->reader);
	rv = SCardTransmit(c->handle, c->protocol == SCARD_PROTOCOL_T0 ?
	    SCARD_PCI_T0 : SCARD_PCI_T1, command.p, (DWORD)command.len, NULL,
	    out, &n);
	if (rv != SCARD_S_SUCCESS) {
		/* The card may take what its reader does not: once more, then,
		 * in short ones. */
		c->pcsc->no_extended |= command.len > SHORT_COMMAND;
		pcsc_error(e, rv, c->reader);
		e->code = e->code == ERROR_NOTFOUND ? ERROR_CARD : e->code;
		return -1;
	}
	*outlen = n;
	return 0;
}

/* Not SCardReconnect: the handle of a card that was swapped faster than the
 * reader looks would talk to the new one. */
static int
pcsc_reconnect(void *io, struct error *e)
{
	struct pcsc_card	*c = io;

	release(c);
	return hold(c, e);
}

static void
pcsc_release(void *io)
{
	release(io);
}

static void
pcsc_disconnect(void *io)
{
	struct pcsc_card	*c = io;

	release(c);
	mem_free(&c->reader);
	mem_free(&c);
}

int
pcsc_connect(struct pcsc *p, const char *reader, int wait_ms,
    struct card_io *io, struct error *e)
{
	static const struct card_io_ops	 ops = { pcsc_transmit,
		pcsc_reconnect, pcsc_release, pcsc_disconnect };
	struct pcsc_card		*c = mem_alloc(sizeof(*c));

	*io = (struct card_io){ .ops = &ops, .io = c };
	c->pcsc = p;
	c->io = io;
	c->reader = mem_strdup(reader);
	c->wait_ms = wait_ms;
	if (hold(c, e) == 0)
		return 0;
	apdu_close(io);
	return -1;
}
