/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CARD_LAYOUT_H
#define SIGNET_CARD_LAYOUT_H
/*
 * Layouts: what is to be on a card, one libconfig file each, named after the
 * layout.  A layout says which keys a card gets and by which profiles they are
 * certified, how its management key and PIN are made, and which letter is
 * written.  It knows nothing of batches and nothing of card families.
 */
#include <stdbool.h>
#include "base/error.h"
#include "base/mem.h"
#include "os/conf.h"

#define LAYOUT_SLOTS_MAX	24

struct layout_slot {		/* slots = ( { slot = "signature"; ... } ) */
	char	*slot;		/* authentication, signature, ... */
	char	*profile;
	char	*alg;		/* "ec:P-256" */
};

struct layout {
	char			*name;		/* from the file's name */
	char			*description;
	struct conf_groups	 slots;		/* of struct layout_slot */
	char			*management;	/* "derived", "random" */
	struct conf_list	 management_algs;	/* by preference */
	int64_t			 pin_length;
	int64_t			 pin_tries, puk_tries;	/* 0: as the card has it */
	char			*letter;	/* template, or NULL: no letter */
	struct conf_list	 face;		/* columns that are for the face */
	int64_t			 validity;	/* seconds, of the card */
	int64_t			 per_holder;	/* cards in use; 0: any number */
	bool			 attestation;	/* cards that cannot are refused */
	char			*number;	/* what card numbers begin with */
};

int	 layout_load(struct layout **, const char *path, struct error *);
void	 layout_free(struct layout **);
/* The i-th of its slots. */
const struct layout_slot *layout_slot(const struct layout *, size_t i);
/* NULL: it has none such. */
const struct layout_slot *layout_find_slot(const struct layout *,
	    const char *slot);
/* Is this column of an import for the card's face or its letter? */
bool	 layout_has_face(const struct layout *, const char *column);

/* The file of this name in a directory; ERROR_NOTFOUND. */
int	 layout_find(struct layout **, const char *dir, const char *name,
	    struct error *);
/* The reference of the file's settings. */
void	 layout_describe(struct buf *out);

/*
 * Numbers of cards: prefix, running number, check character (ISO/IEC 7064 MOD
 * 37,36 over digits and capital letters, which finds every single wrong
 * character and nearly every exchange of two neighbours).
 */
char	*layout_number(struct arena *, const char *prefix, int64_t running);
bool	 layout_number_is_right(const char *);
#endif
