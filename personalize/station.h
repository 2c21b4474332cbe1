/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PERSONALIZE_STATION_H
#define SIGNET_PERSONALIZE_STATION_H
/*
 * The process that the operator started: it has neither card nor store nor
 * secret.  It starts the clerk and a worker for each reader, shows what they
 * tell, and replaces a worker that hangs or dies.
 */
#include "board.h"
#include "settings.h"

enum station_show { SHOW_BOARD, SHOW_LINES, SHOW_JSON };

struct station_run {
	const struct station_conf *conf;
	const char *const	*batch;
	size_t			 nbatches;
	char *const		*reader;	/* names */
	size_t			 n;
	enum station_show	 show;
	bool			 quiet;		/* no bell */
	int64_t			 stop_after;	/* issued cards; 0: none */
};
/* Until the operator ends it (SIGINT, SIGTERM) or nothing is left to do where
 * stop_after says so. */
int	 station_run(const struct station_run *, struct error *);
#endif
