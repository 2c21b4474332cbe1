/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_SCRIPT_H
#define SIGNET_X509_SCRIPT_H
/*
 * Text that is what it looks like.
 *
 * In the spirit of Unicode's UTS #39, and simpler: only characters of listed
 * blocks; no control, no invisible and no direction-changing character; a
 * word is of one script (Han, kana, bopomofo and hangul mix as they do in
 * writing); and a word made wholly of letters that look Latin does not stand
 * beside Latin ones.  Nothing is normalised or changed.
 */
#include <stdbool.h>
#include <stddef.h>
#include "base/error.h"

/* ERROR_INPUT, naming the character or the word's scripts. */
int	 script_check(const char *text, size_t len, struct error *);
/* For one label of a host name, where also a word alone may not be made of
 * letters that look Latin. */
int	 script_check_label(const char *text, size_t len, struct error *);
#endif
