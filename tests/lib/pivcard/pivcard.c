/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pivcard [options] STATE-FILE: make a card for tests.
 * pivcard -p PORT PLACE: a place for one, below a virtual reader.
 *
 * vsmartcard's reader listens on PORT and takes a connection for a card: two
 * bytes of length and a message, both ways; one byte is the power (0 off, 1
 * on, 2 reset) or a question for the answer to reset (4), all else a command.
 * A connection that ends is a card that was pulled.  (It could connect to us
 * instead, once: then it aborts its daemon when a card is pulled.)  Two threads
 * of its daemon that take a connection at once leave it to nobody: who hears
 * nothing goes in again.
 *
 * A card is in the place as long as there is the file PLACE, which has the
 * options and the state file in one line.
 */
#include <sys/stat.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <unistd.h>
#include "pivcard.h"

#define WORDS_MAX	32
#define UNHEARD_MS	3000	/* pcscd asks each reader twice a second */

struct wish {			/* what a card is to be, and what befalls it */
	bool		 extended, torn, exact_le, t0, diversified;
	bool		 cut_after, cut_unseen, cut_inside;
	enum pivcard_lie lie;
	uint8_t		 manage_alg, manage_best;
	uint32_t	 serial;
	size_t		 object_max;
	unsigned int	 latency_ms, away_ms;
	unsigned long	 cut_at;	/* command; 0: never */
	unsigned int	 cut_ins;	/* of this instruction; 0: any */
	const char	*state, *swap;	/* put in after the cut, or NULL */
	const char	*log, *maker, *injected;
	bool		 paced;		/* as slow as a real one */
	const struct pivcard_kind *kind;
	size_t		 channel;	/* bare, with keys of so many bytes */
	int		 port;
};
#define WISH	{ .manage_alg = 0x03, .serial = 1, .object_max = 3000, \
		    .away_ms = 500 }

struct place {
	const char	*control;
	struct stat	 seen;		/* of control, when last looked at */
	bool		 has_card;
	struct wish	 wish;
	char		*words;		/* what wish points into */
	struct pivcard	 card;
	FILE		*log;
	unsigned long	 count;		/* commands */
	unsigned long	 cut_count;	/* ... that the cut may come at */
	int64_t		 away_until;	/* ms; 0: here */
	int		 fd;		/* the reader, or -1 */
	int64_t		 unheard_until;	/* ms; 0: it has said something */
};

static const char usage[] =
"usage: pivcard [options] STATE-FILE      make a card\n"
"       pivcard -p PORT PLACE             a place for one in a reader\n"
"The file PLACE has the options and the state file of the card that is in it.\n"
"  -x            a new card is of the extended personality\n"
"  -m 03|08|0a|0c  a new card's management key algorithm\n"
"  -b 03|08|0a   has no better management key algorithm than that\n"
"  -n SERIAL     a new card's serial number\n"
"  -s BYTES      a new card's space for an object\n"
"  -v FILE       a new card's maker, who vouches for keys; made if not there\n"
"  -g BYTES      a new strict card comes bare; keys of its channel: 16, 24, 32\n"
"  -G            which are derived of the serial number (KDF3)\n"
"  -k A..G       status words as that card's\n"
"  -c before:N   pulled when command N comes, which is lost\n"
"  -c after:N    pulled when command N is done; its answer is lost\n"
"  -c inside:N   pulled in the middle of command N: what it changes is spoiled\n"
"  -c swap:N     command N comes to the card of -w, selected already, and the\n"
"                reader sees nothing of it\n"
"  -i INS        of -c, only commands of this instruction count\n"
"  -a MS         back after so long (500)\n"
"  -w STATE-FILE another card is put in instead\n"
"  -t            writes objects in parts, as they come\n"
"  -e            wants the exact Le (6Cxx)\n"
"  -0            has T=0 only\n"
"  -f key|signature|attestation|witness|stored|open|channel|answer|\n"
"     endless    lies about it\n"
"  -j FILE       \"makes\" the key that is in FILE; made if not there\n"
"  -d MS|real    each command takes so long, or as long as with real cards\n"
"  -l FILE       a line for each command, without its data; last, its us\n"
"  --help        this\n";

static const char *const lies[LIE__MAX] = {
	[LIE_NONE] = "none", [LIE_KEY] = "key",
	[LIE_SIGNATURE] = "signature", [LIE_ATTESTATION] = "attestation",
	[LIE_WITNESS] = "witness", [LIE_STORED] = "stored",
	[LIE_OPEN] = "open",
	[LIE_CHANNEL] = "channel", [LIE_ANSWER] = "answer",
	[LIE_ENDLESS] = "endless",
};

static void
wait_ms(unsigned int ms)
{
	struct timespec	 t = { ms / 1000, (long)(ms % 1000) * 1000000 };

	while (nanosleep(&t, &t) == -1 && errno == EINTR)
		;
}

static int
control(struct place *at, uint8_t what)
{
	uint8_t	 atr[33];

	if (what != 4) {
		pivcard_power(&at->card);
		return 0;
	}
	return pivcard_reply(at->fd, atr, pivcard_atr(&at->card, atr));
}

static int64_t
now_us(void)
{
	struct timespec	 t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t
now_ms(void)
{
	return now_us() / 1000;
}

static void
note(struct place *at, struct bytes in, const struct buf *out, int64_t us)
{
	if (at->log == NULL || in.len < 4 || out->len < 2)
		return;
	fprintf(at->log, "%lu %02x%02x%02x%02x %zu %zu %02x%02x %lld\n",
	    at->count, in.p[0], in.p[1], in.p[2], in.p[3], in.len, out->len,
	    out->p[out->len - 2], out->p[out->len - 1], (long long)us);
	fflush(at->log);
}

/* What we take for it ourselves is part of what it is to take. */
static void
work(struct place *at, struct bytes in, struct buf *out)
{
	unsigned int	 ms = at->wish.paced ? pivcard_pace(&at->card, in) :
			    at->wish.latency_ms;
	int64_t		 begun = now_us(), spent;

	pivcard_apdu(&at->card, in, out);
	spent = (now_us() - begun) / 1000;
	if (spent < ms)
		wait_ms(ms - (unsigned int)spent);
	note(at, in, out, now_us() - begun);
}

/* Power comes with what was stored, and nothing else. */
static void
load(struct place *at, const char *state)
{
	pivcard_clear(&at->card);
	at->card = (struct pivcard){ .lie = at->wish.lie,
	    .torn = at->wish.torn, .exact_le = at->wish.exact_le,
	    .t0 = at->wish.t0,
	    .manage_best = at->wish.manage_best, .kind = at->wish.kind,
	    .injected = at->wish.injected };
	pivcard_must(pivcard_load(&at->card, state) == 0, "read the card");
}

/* Is this the command that the cut comes at? */
static bool
is_cut(struct place *at, struct bytes in)
{
	if (at->wish.cut_ins != 0 &&
	    (in.len < 2 || in.p[1] != at->wish.cut_ins))
		return false;
	return ++at->cut_count == at->wish.cut_at;
}

static int
command(struct place *at, struct bytes in)
{
	struct buf	 out = { 0 };
	bool		 cut = is_cut(at, in);
	int		 rc = -1;

	at->count++;
	if (cut && at->wish.cut_unseen) {
		load(at, at->wish.swap);
		at->card.selected = true;
		cut = false;
	}
	if (!cut || at->wish.cut_after)
		work(at, in, &out);
	if (cut && at->wish.cut_inside)
		pivcard_tear(&at->card, in);
	if (cut)
		at->away_until = now_ms() + at->wish.away_ms;
	else
		rc = pivcard_reply(at->fd, out.p, out.len);
	buf_clear(&out);
	return rc;
}

/* One message of the reader. */
static int
serve(struct place *at)
{
	static uint8_t	 in[65536];
	uint8_t		 head[2];
	size_t		 n;

	if (pivcard_receive(at->fd, head, 2) == -1)
		return -1;
	at->unheard_until = 0;
	n = (size_t)head[0] << 8 | head[1];
	if (n == 0 || pivcard_receive(at->fd, in, n) == -1)
		return -1;
	return n == 1 ? control(at, in[0]) : command(at, BYTES(in, n));
}

static void
hang_up(struct place *at)
{
	if (at->fd != -1)
		close(at->fd);
	at->fd = -1;
	if (at->has_card)
		pivcard_power(&at->card);
}

static enum pivcard_lie
lie_named(const char *name)
{
	for (int i = 0; i < LIE__MAX; i++)
		if (strcmp(lies[i], name) == 0)
			return (enum pivcard_lie)i;
	pivcard_must(false, "tell such a lie");
	return LIE_NONE;
}

static void
set_cut(struct wish *w, const char *arg)
{
	w->cut_inside = strncmp(arg, "inside:", 7) == 0;
	w->cut_after = w->cut_inside || strncmp(arg, "after:", 6) == 0;
	w->cut_unseen = strncmp(arg, "swap:", 5) == 0;
	pivcard_must(strchr(arg, ':') != NULL, "understand -c");
	w->cut_at = strtoul(strchr(arg, ':') + 1, NULL, 10);
}

static int
options(struct wish *w, int argc, char *argv[])
{
	int	 c;

	optind = 0;
	while ((c = getopt(argc, argv,
	    "p:xm:b:n:s:v:g:Gk:c:i:a:w:te0f:d:l:j:")) != -1)
		switch (c) {
		case 'p': w->port = (int)strtol(optarg, NULL, 10); break;
		case 'x': w->extended = true; break;
		case 'm': w->manage_alg = strtoul(optarg, NULL, 16) & 0xff;
			break;
		case 'b': w->manage_best = strtoul(optarg, NULL, 16) & 0xff;
			break;
		case 'n': w->serial = strtoul(optarg, NULL, 10) & 0xffffffff;
			break;
		case 'v': w->maker = optarg; break;
		case 'g': w->channel = strtoul(optarg, NULL, 10); break;
		case 'G': w->diversified = true; break;
		case 'k': w->kind = pivcard_kind_find(optarg[0]);
			if (w->kind == NULL)
				return -1;
			break;
		case 's': w->object_max = strtoul(optarg, NULL, 10); break;
		case 'c': set_cut(w, optarg); break;
		case 'i': w->cut_ins =
			    (unsigned int)strtoul(optarg, NULL, 16);
			break;
		case 'a': w->away_ms = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		case 'w': w->swap = optarg; break;
		case 't': w->torn = true; break;
		case 'e': w->exact_le = true; break;
		case '0': w->t0 = true; break;
		case 'f': w->lie = lie_named(optarg); break;
		case 'd': w->paced = strcmp(optarg, "real") == 0;
			w->latency_ms =
			    (unsigned int)strtoul(optarg, NULL, 10);
			break;
		case 'l': w->log = optarg; break;
		case 'j': w->injected = optarg; break;
		default: return -1;
		}
	w->state = argv[optind];
	return w->state != NULL && argv[optind + 1] == NULL ? 0 : -1;
}

/* The card of the file, made first if it is not there yet. */
static void
make(const struct wish *w)
{
	struct pivcard	 blank;

	if (access(w->state, F_OK) == 0)
		return;
	pivcard_init(&blank, w->extended, w->manage_alg);
	blank.path = w->state;
	blank.serial = w->serial;
	blank.object_max = w->object_max;
	if (w->extended)
		pivcard_attester(&blank, w->maker);
	else if (w->channel != 0)
		pivcard_strip(&blank, w->channel);
	if (w->diversified)
		pivcard_diversify(&blank);
	pivcard_save(&blank);
	pivcard_clear(&blank);
}

static void
put_in(struct place *at)
{
	static char	 name[] = "pivcard";
	char		*argv[WORDS_MAX + 1] = { name }, *rest, *word;
	char		 line[4096];
	FILE		*f = fopen(at->control, "r");
	int		 argc = 1;

	if (f == NULL)
		return;
	pivcard_must(fgets(line, sizeof(line), f) != NULL, "read the place");
	fclose(f);
	line[strcspn(line, "\n")] = '\0';
	mem_free(&at->words);
	at->words = rest = mem_strdup(line);
	while ((word = strsep(&rest, " ")) != NULL && argc < WORDS_MAX)
		argv[argc++] = word;
	at->wish = (struct wish)WISH;
	pivcard_must(options(&at->wish, argc, argv) == 0, "read options");
	make(&at->wish);
	load(at, at->wish.state);
	if (at->wish.log != NULL)
		pivcard_must((at->log = fopen(at->wish.log, "a")) != NULL,
		    "open the log");
	at->has_card = true;
	at->away_until = 0;
	at->count = at->cut_count = 0;
}

static void
take_out(struct place *at)
{
	hang_up(at);
	if (at->log != NULL)
		fclose(at->log);
	at->log = NULL;
	pivcard_clear(&at->card);
	at->has_card = false;
}

/* Has somebody put a card in, or taken it out? */
static void
look(struct place *at)
{
	struct stat	 st = { .st_ino = 0 };

	if (stat(at->control, &st) == -1)
		st.st_ino = 0;
	if (st.st_ino == at->seen.st_ino &&
	    st.st_mtim.tv_sec == at->seen.st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == at->seen.st_mtim.tv_nsec)
		return;
	at->seen = st;
	take_out(at);
	if (st.st_ino != 0)
		put_in(at);
}

/* After a cut: back again, or another one is. */
static void
come_back(struct place *at)
{
	if (at->away_until == 0 || now_ms() < at->away_until)
		return;
	at->away_until = 0;
	load(at, at->wish.swap != NULL ? at->wish.swap : at->wish.state);
}

static void
go_in(struct place *at, int port)
{
	if ((at->fd = pivcard_go_in(port)) != -1)
		at->unheard_until = now_ms() + UNHEARD_MS;
}

static void
stay(struct place *at, int port)
{
	struct pollfd	 p = { -1, POLLIN, 0 };

	for (;;) {
		p.fd = at->fd;
		p.revents = 0;
		if (poll(&p, 1, 10) == -1)
			continue;
		look(at);
		come_back(at);
		if (at->has_card && at->away_until == 0 && at->fd == -1)
			go_in(at, port);
		else if (p.revents != 0 && at->fd != -1 && serve(at) == -1)
			hang_up(at);
		else if (at->fd != -1 && at->unheard_until != 0 &&
		    now_ms() >= at->unheard_until)
			hang_up(at);
	}
}

int
main(int argc, char *argv[])
{
	struct wish	 w = WISH;
	struct place	 at = { .fd = -1 };

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(usage, stdout);
		return 0;
	}
	if (options(&w, argc, argv) == -1 || (w.channel != 0 &&
	    w.channel != 16 && w.channel != 24 && w.channel != 32)) {
		fputs(usage, stderr);
		return 2;
	}
	if (w.port == 0) {
		make(&w);
		return 0;
	}
	at.control = w.state;
	stay(&at, w.port);
}
