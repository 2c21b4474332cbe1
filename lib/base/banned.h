/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_BASE_BANNED_H
#define SIGNET_BASE_BANNED_H
/*
 * Included before every source: functions that have no safe use here become
 * compile errors.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
/* glibc makes macros of these for clang, which may not be poisoned as such. */
#undef sprintf
#undef vsprintf
#pragma GCC poison strcpy strcat sprintf vsprintf gets strtok strncpy strncat
#pragma GCC poison gmtime localtime ctime asctime atoi atol atof srand
#pragma GCC poison random system popen tmpnam mktemp
#endif
