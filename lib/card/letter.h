/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CARD_LETTER_H
#define SIGNET_CARD_LETTER_H
/*
 * The letter that brings a PIN: one page A4, as PDF, from a template.
 *
 * The libraries that set type keep copies of what they set, in memory that
 * nobody wipes.  So this runs in a process that does nothing else and ends when
 * the letter is sealed.  No file is written.
 */
#include "base/error.h"
#include "base/mem.h"
#include "base/secret.h"
#include "card/seal.h"
#include "os/conf.h"

/*
 * Words and looks.  Texts may have Pango's markup ("<b>..</b>"), and {name},
 * {card}, {expires}, {activate} and {letter} in them stand for what the letter
 * is about.
 */
struct letter_template {
	char			*dir;		/* of the file */
	char			*font, *digits;	/* families */
	char			*colour;	/* "#1f4e79" */
	char			*logo;		/* PNG beside the file, or NULL */
	char			*sender;	/* one line above the address */
	char			*subject, *greeting, *body;
	char			*pin;		/* over the PIN */
	char			*code;		/* over the revocation code */
	char			*code_note;	/* what it is for */
	struct conf_list	 steps;		/* numbered */
	char			*closing, *footer;
	char			*card, *expires, *letter;	/* labels */
};
/* ERROR_CONFIG naming the setting: markup, colour, unknown {words}. */
int	 letter_template_load(struct letter_template *, const char *path,
	    struct error *);
void	 letter_template_clear(struct letter_template *);

struct letter {
	const char		*number;	/* of the letter */
	const char		*name;
	const char		*address;	/* lines at commas and newlines */
	const char		*card;		/* number */
	const char		*expires;	/* date, as it is shown */
	const char		*activate;	/* where; or NULL */
	const struct secret	*pin;
	const struct secret	*code;		/* to revoke with; or NULL */
};
/* Have what this template needs found and read, so that processes made of this
 * one need not: sets a letter about nobody.  -1: it is no template. */
int	 letter_warm_up(const char *path, struct error *);
/* Append the PDF, which the caller wipes. */
int	 letter_make(struct buf *pdf, const struct letter_template *,
	    const struct letter *, struct error *);
/* The same, sealed; the clear one is wiped here. */
int	 letter_seal(struct buf *sealed, const struct letter_template *,
	    const struct letter *, const struct seal *, struct error *);
#endif
