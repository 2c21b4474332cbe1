/* SPDX-License-Identifier: Apache-2.0 */
#include "enrol.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "card/pin.h"
#include "card/seal.h"
#include "engine.h"
#include "home.h"
#include "order/code.h"
#include "os/file.h"
#include "pcsc.h"

#define LOOK_MS		500
#define CONNECT_MS	3000
#define LOST_MAX	5
#define NET_MS		60000	/* the RA itself waits a while for the CA */
#define WAIT		"5m"
#define KEY_MAX		32
#define SEALED_MAX	160

const struct cmd_opt ENROL_OPTIONS[] = {
	{ "ra", 0, CMD_STRING, true, "URL",
	    "the registration authority: https://..." },
	{ "holder", 0, CMD_STRING, true, "ID",
	    "whom the code was made for, or the order's number" },
	{ "code", 0, CMD_STRING, false, "SOURCE",
	    "where the one-time code comes from (prompt)" },
	{ "pin", 0, CMD_STRING, false, "SOURCE",
	    "where the card's new PIN comes from (prompt, asked twice)" },
	{ "root", 0, CMD_STRING, false, "FILE",
	    "who may vouch for the registration authority, PEM (whom this"
	    " machine trusts)" },
	{ "profile", 'p', CMD_STRING, false, "NAME",
	    "the code is for a certificate of this profile" },
	{ "slot", 0, CMD_STRING, false, "NAME",
	    "which key: \"authentication\" (default), \"signature\", ..." },
	{ "alg", 0, CMD_STRING, false, "ALG",
	    "what kind: ec:P-256 (default), rsa:2048, ..." },
	{ "reader", 'r', CMD_STRING, false, "NAME",
	    "use this reader (the only one)" },
	{ "wait", 0, CMD_STRING, false, "DURATION",
	    "wait so long for card and certificate (" WAIT ")" },
	{ "state", 0, CMD_STRING, false, "DIR",
	    "where it is kept what a card has come to"
	    " ($XDG_STATE_HOME/signet)" },
	{ "escrow", 0, CMD_STRING, false, "FILE",
	    "seal PUK and management key to this certificate..." },
	{ "sealed", 0, CMD_STRING, false, "FILE",
	    "...into this file, instead of showing the PUK" },
	CMD_OPT_END
};

struct enrol {
	struct home	 home;
	struct secret	 code;
	struct pcsc	*pcsc;
	const char	*reader;
	char		*dir;
	const char	*escrow, *sealed;
	struct secret	 puk, management;	/* of the finished card */
	bool		 keeps_management;	/* that card */
	unsigned int	 lost;		/* how often, though nobody saw it go */
};

static void
say(const char *text)
{
	printf("%s\n", text);
	fflush(stdout);
}

/* ---- what is given ---- */

static char *
state_dir(const struct cmd_args *a)
{
	const char	*dir = cmd_string(a, "state", NULL);
	const char	*base = getenv("XDG_STATE_HOME");
	const char	*home = getenv("HOME");

	if (dir != NULL)
		return mem_strdup(dir);
	if (base != NULL && *base == '/')
		return mem_printf("%s/signet", base);
	return mem_printf("%s/.local/state/signet", home != NULL ? home : "");
}

static int
get_address(struct enrol *r, const struct cmd_args *a, struct error *e)
{
	struct est_client	*c = &r->home.est;

	c->ra = cmd_string(a, "ra", NULL);
	c->user = cmd_string(a, "holder", NULL);
	c->profile = cmd_string(a, "profile", NULL);
	c->roots = cmd_string(a, "root", NULL);
	c->ms = NET_MS;
	if (strncmp(c->ra, "https://", 8) != 0 || strlen(c->ra) < 9 ||
	    strlen(c->ra) > 255 || c->ra[strlen(c->ra) - 1] == '/')
		return error_set(e, ERROR_INPUT, "--ra: not an address such "
		    "as https://ra.example.org");
	if (*c->user == '\0' || strlen(c->user) > 128 ||
	    strchr(c->user, ':') != NULL ||
	    !text_is_clean(c->user, strlen(c->user), 128))
		return error_set(e, ERROR_INPUT, "--holder: not clean text of "
		    "1 to 128 bytes without a colon");
	if (c->profile != NULL && !text_is_name(c->profile))
		return error_set(e, ERROR_INPUT, "--profile: not a name");
	if (c->roots != NULL && !file_exists(c->roots))
		return error_set(e, ERROR_CONFIG, "--root: %s: no such file",
		    c->roots);
	return 0;
}

static int
get_rest(struct enrol *r, const struct cmd_args *a, struct error *e)
{
	int64_t	 wait;

	if (card_slot_named(&r->home.slot, cmd_string(a, "slot",
	    "authentication"), e) == -1 ||
	    card_alg_named(&r->home.alg, cmd_string(a, "alg", "ec:P-256"),
	    e) == -1) {
		e->code = ERROR_INPUT;
		return -1;
	}
	if (text_parse_duration(&wait, cmd_string(a, "wait", WAIT), e) == -1)
		return error_wrap(e, "--wait");
	r->home.until = clock_monotonic_ms() + wait * 1000;
	r->escrow = cmd_string(a, "escrow", NULL);
	r->sealed = cmd_string(a, "sealed", NULL);
	r->home.is_escrowed = r->escrow != NULL;
	if ((r->escrow == NULL) != (r->sealed == NULL))
		return error_set(e, ERROR_INPUT, "--escrow and --sealed go "
		    "together");
	if (r->sealed != NULL && file_exists(r->sealed))
		return error_set(e, ERROR_CONFLICT, "--sealed: %s is there "
		    "already", r->sealed);
	return 0;
}

/* Before anything happens to a card: a certificate that nothing can be sealed
 * to would be found at the end otherwise. */
static int
get_escrow(struct seal *seal, const struct enrol *r, struct error *e)
{
	return r->escrow == NULL ? 0 : seal_add(seal, r->escrow,
	    clock_now(&clock_system), e);
}

/* What cannot be one is found here, and costs none of its tries. */
static int
get_code(struct enrol *r, const struct cmd_args *a, struct error *e)
{
	struct secret	 meant = { NULL, 0 };
	int		 rc;

	rc = secret_fetch(&r->code, cmd_string(a, "code", "prompt"),
	    "one-time code", e) == -1 ? -1 : code_normalise(&meant, &r->code,
	    e);
	secret_free(&meant);
	return rc == -1 ? error_wrap(e, "--code") : 0;
}

static int
get_settings(struct enrol *r, const struct cmd_args *a, struct error *e)
{
	struct seal	 seal = { NULL };
	int		 rc;

	if (get_address(r, a, e) == -1 || get_rest(r, a, e) == -1)
		return -1;
	rc = get_escrow(&seal, r, e);
	seal_clear(&seal);
	r->dir = state_dir(a);
	r->home.dir = r->dir;
	r->home.say = say;
	r->home.est.code = &r->code;
	if (rc == -1 || file_mkdir(r->dir, 0700, e) == -1)
		return -1;
	return get_code(r, a, e);
}

static int
get_pin(struct enrol *r, const struct cmd_args *a, struct error *e)
{
	struct secret	*pin = &r->home.pin;

	if (secret_fetch_new(pin, cmd_string(a, "pin", "prompt"),
	    "new PIN of the card, 6 to 8 digits", e) == -1)
		return error_wrap(e, "--pin");
	if (pin->len < PIN_MIN || pin->len > PIN_MAX ||
	    strspn((const char *)pin->p, "0123456789") != pin->len)
		return error_set(e, ERROR_INPUT, "a PIN has %d to %d digits",
		    PIN_MIN, PIN_MAX);
	if (!pin_is_weak((const char *)pin->p, pin->len, NULL))
		return 0;
	error_set(e, ERROR_INPUT, "this PIN is one of those that are tried "
	    "first");
	return error_hint(e, "no runs, no repetitions, no dates");
}

/* ---- the card ---- */

static int
choose_reader(struct enrol *r, const struct cmd_args *a,
    struct arena *arena, struct error *e)
{
	char	**names;
	size_t	 n;

	if ((r->reader = cmd_string(a, "reader", NULL)) != NULL)
		return 0;
	if (pcsc_readers(r->pcsc, arena, &names, &n, e) == -1)
		return -1;
	if (n == 1) {
		r->reader = names[0];
		return 0;
	}
	error_set(e, n == 0 ? ERROR_NOTFOUND : ERROR_INPUT, n == 0 ?
	    "pcscd knows no reader" : "there are several readers");
	return error_hint(e, n == 0 ? "plug one in" : "say which: --reader "
	    "NAME, see signet-station readers");
}

static int
no_card(const struct enrol *r, bool was_there, struct error *e)
{
	if (!was_there)
		return error_set(e, ERROR_NOTFOUND, "no card in %s",
		    r->reader);
	error_set(e, ERROR_CARD, "the card was taken out before it was ready");
	return error_hint(e, "put it in and give the same command again: "
	    "nothing is lost");
}

static int
wait_card(struct enrol *r, bool was_there, struct error *e)
{
	int	 rc = pcsc_wait(r->pcsc, r->reader, true, 0, e);

	if (rc == 0)
		r->lost = 0;
	if (rc == 0)
		say(was_there ? "the card is gone: put it in again" :
		    "put the card in");
	while (rc == 0) {
		if (clock_monotonic_ms() > r->home.until)
			return no_card(r, was_there, e);
		rc = pcsc_wait(r->pcsc, r->reader, true, LOOK_MS, e);
	}
	return rc == -1 ? -1 : 0;
}

struct visit {
	struct card_io	 io;
	struct card	 card;
	bool		 gone;		/* it was pulled out */
};

/* The card is in, and it is one for us; apdu_close() after 0. */
static int
visit_begin(struct enrol *r, struct visit *v, struct error *e)
{
	*v = (struct visit){ .gone = false };
	if (pcsc_connect(r->pcsc, r->reader, CONNECT_MS, &v->io, e) == -1) {
		v->gone = e->code == ERROR_NOTFOUND;
		return -1;
	}
	if (card_open(&v->card, &v->io, e) == 0 &&
	    home_recognise(&r->home, &v->card, e) == 0)
		return 0;
	v->gone = v->io.lost;
	apdu_close(&v->io);
	return -1;
}

static int
keep_secrets(struct enrol *r, const struct job *j, struct error *e)
{
	r->keeps_management = j->keeps_management;
	return secret_dup(&r->puk, &j->puk, e) == -1 ? -1 :
	    secret_dup(&r->management, &j->management, e);
}

/* 1 it is made, 0 on it goes, -1. */
static int
work(struct enrol *r, bool *gone, struct error *e)
{
	struct clerk	 clerk = home_clerk(&r->home);
	struct job	 j = { .nslots = 0 };
	struct visit	 v;
	enum engine_end	 end = ENGINE_DONE;
	int		 rc = -1;

	if (visit_begin(r, &v, e) == -1) {
		*gone = v.gone;
		return -1;
	}
	if (clerk.ops->found(clerk.arg, &v.card.info, &j, e) == 0)
		rc = engine_work(&v.card, &clerk, &j, &end, e);
	*gone = v.io.lost;
	if (rc == 0 && end == ENGINE_DONE)
		rc = keep_secrets(r, &j, e) == -1 ? -1 : 1;
	job_clear(&j);
	apdu_close(&v.io);
	while (rc == 0 && (rc = clerk.ops->wait(clerk.arg, e)) == 0)
		;
	return rc == 1 && !r->home.is_done ? 0 : rc;
}

/* Was it pulled out, or is it ill?  A card that nobody saw go, and that is lost
 * time and again all the same, is not waited for. */
static bool
comes_back(struct enrol *r, struct error *e)
{
	if (++r->lost < LOST_MAX) {
		error_clear(e);
		return true;
	}
	error_hint(e, "card and reader do not understand each other: try "
	    "another reader, then another card");
	return false;
}

/* What this program is for. */
static int
make_card(struct enrol *r, struct error *e)
{
	bool	 gone = false;
	int	 rc = 0;

	while (rc == 0) {
		if (wait_card(r, gone, e) == -1)
			return -1;
		if ((rc = work(r, &gone, e)) == -1 && gone &&
		    comes_back(r, e))
			rc = 0;
	}
	return rc == 1 ? 0 : -1;
}

/* A glance, so that nobody types a PIN for a card that is none of his. */
static int
look(struct enrol *r, struct error *e)
{
	struct visit	 v;

	for (bool gone = false;; gone = true) {
		if (wait_card(r, gone, e) == -1)
			return -1;
		if (visit_begin(r, &v, e) == 0)
			break;
		if (!v.gone || !comes_back(r, e))
			return -1;
	}
	if (r->home.diary.path != NULL)
		say("this card was begun before: on with it");
	apdu_close(&v.io);
	return 0;
}

/* ---- the end ---- */

static int
seal_secrets(const struct enrol *r, struct error *e)
{
	struct seal	 seal = { NULL };
	struct secret	 clear = { NULL, 0 };
	struct buf	 out = { 0 };
	char		 hex[2 * KEY_MAX + 1] = "unchanged";
	int		 n, rc = -1;

	if (r->management.len > 0 && r->management.len <= KEY_MAX)
		text_hex(hex, r->management.p, r->management.len);
	if (get_escrow(&seal, r, e) == -1 ||
	    secret_new(&clear, SEALED_MAX, e) == -1)
		goto out;
	n = snprintf((char *)clear.p, clear.len, "PUK %.8s\nmanagement key "
	    "%s\n", (const char *)r->puk.p, hex);
	if (seal_make(&out, &seal, clear.p, (size_t)n, e) == 0)
		rc = file_create(r->sealed, out.p, out.len, 0600, e);
 out:
	OPENSSL_cleanse(hex, sizeof(hex));
	secret_free(&clear);
	buf_clear(&out);
	seal_clear(&seal);
	return rc;
}

/* The diary goes when the PUK is with somebody, not before. */
static int
finish(struct enrol *r, struct error *e)
{
	if (r->sealed != NULL) {
		if (seal_secrets(r, e) == -1)
			return -1;
		printf("PUK and management key are sealed in %s.\n",
		    r->sealed);
	} else {
		printf("\n    PUK: %.4s %.4s\n\nIt is shown this once, and "
		    "opens the card when its PIN is blocked: keep it\n"
		    "somewhere else than the card.\n", (const char *)r->puk.p,
		    (const char *)r->puk.p + 4);
	}
	puts(!r->home.extended || r->management.len == 0 ?
	    "The card keeps the management key that it came with." :
	    r->keeps_management ?
	    "The card keeps its management key for who has the PIN." :
	    r->sealed != NULL ? "The management key is with the PUK." :
	    "The card has no place for its management key: nobody has it.");
	puts("The card is ready.");
	if (fflush(stdout) != 0)
		return error_sys(e, "say it");
	return diary_remove(&r->home.diary, e);
}

static int
run(struct enrol *r, const struct cmd_args *a, struct arena *arena,
    struct error *e)
{
	return get_settings(r, a, e) == -1 || pcsc_open(&r->pcsc, e) == -1 ||
	    choose_reader(r, a, arena, e) == -1 || look(r, e) == -1 ||
	    get_pin(r, a, e) == -1 || make_card(r, e) == -1 ? -1 :
	    finish(r, e);
}

int
enrol(struct cmd_args *a, void *ctx, struct error *e)
{
	struct arena	*arena = arena_new();
	struct enrol	 r = { .dir = NULL };
	int		 rc = run(&r, a, arena, e);

	(void)ctx;
	pcsc_close(&r.pcsc);
	home_clear(&r.home);
	secret_free(&r.code);
	secret_free(&r.puk);
	secret_free(&r.management);
	mem_free(&r.dir);
	arena_free(&arena);
	return rc;
}
