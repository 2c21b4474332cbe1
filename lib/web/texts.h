/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_WEB_TEXTS_H
#define SIGNET_WEB_TEXTS_H
/*
 * The words on pages and in mail, in several languages.
 *
 * A language is a file LANG.json: one object of keys ("enrol.title": [a-z0-9_.]
 * and dashes) and texts, in which {name} stands for a value.  "lang.name" is
 * the language's name for itself.  A brand's file of the same name replaces
 * single texts and adds none but names of what the installation has: profiles
 * ("profile.mail-dual"), offices and fields.  The first language given is the
 * one for everybody else, and what another lacks is an error, not a hole in a
 * page.
 */
#include <jansson.h>
#include "base/error.h"
#include "base/mem.h"

struct texts;
/*
 * langs: "en", "sv"; brand: another directory, or NULL.  ERROR_CONFIG with file
 * and key when a language lacks a key or a {name} that the first one has, or
 * has one more.
 */
int	 texts_load(struct texts **, const char *dir, const char *brand,
	    const char *const *langs, size_t n, struct error *);
void	 texts_free(struct texts **);
/* The object of a language that we have; otherwise of the first. */
const json_t *texts_of(const struct texts *, const char *lang);
const char *texts_get(const struct texts *, const char *lang,
	    const char *key);		/* NULL: there is none */
size_t	 texts_count(const struct texts *);
const char *texts_lang(const struct texts *, size_t i);
/*
 * Which language: what was asked for, what was chosen before, what the browser
 * says (Accept-Language with its weights), the first.  All may be NULL.
 */
const char *texts_choose(const struct texts *, const char *asked,
	    const char *cookie, const char *accept);
/* A text with its {names} filled in from an object, nothing escaped: for mail
 * and plain text. */
int	 texts_fill(struct buf *out, const char *text, const json_t *values,
	    struct error *);
#endif
