/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What static analysers cannot see, since it is in another file: the error_
 * functions return -1, always (base/error.h).  Nothing is compiled with this.
 */
/* As banned.h, whose poison some libraries' headers do not bear. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/error.h"
#define SYSCONFDIR	"/etc/signet"
#define DATADIR		"/usr/share/signet"
#define STATEDIR	"/var/lib/signet"
#define error_set(...)	(error_set(__VA_ARGS__), -1)
#define error_sys(...)	(error_sys(__VA_ARGS__), -1)
#define error_hint(...)	(error_hint(__VA_ARGS__), -1)
#define error_ssl(...)	(error_ssl(__VA_ARGS__), -1)
#define error_wrap(...)	(error_wrap(__VA_ARGS__), -1)
