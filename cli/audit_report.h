/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_AUDIT_REPORT_H
#define SIGNET_CLI_AUDIT_REPORT_H
/*
 * What an audit found: checks, each with findings that name what was
 * tampered with.  A finding makes the audit fail, a note does not.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "base/mem.h"

enum audit_check {
	AUDIT_CHAIN,
	AUDIT_HEADS,
	AUDIT_CAS,
	AUDIT_ORDERS,
	AUDIT_CERTS,
	AUDIT_REQUESTS,
	AUDIT_NAMES,
	AUDIT_STATUS,
	AUDIT_CRLS,
	AUDIT_ALARMS,
	AUDIT__MAX
};

/* Findings that are kept in words; more of a check are only counted. */
#define AUDIT_KEEP	1000

struct audit_finding {
	bool		 is_note;
	int64_t		 seq;		/* entry, or 0 */
	char		 serial[43];	/* hex, or "" */
	char		 order[33];	/* id in hex, or "" */
	char		 text[400];
};
struct audit_result {
	uint64_t		 looked;	/* items looked at */
	uint64_t		 failed;
	uint64_t		 notes;
	struct audit_finding	*v;
	size_t			 n;
};
struct audit_report {
	struct audit_result	 check[AUDIT__MAX];
	int64_t			 entries;	/* the chain as far as it goes */
	uint8_t			 hash[32];
	int64_t			 last_head;	/* newest signed head, or 0 */
	uint64_t		 certs, orders, revoked;
	uint64_t		 alarms, refusals;
};

/* What a finding is about; zero or NULL for what does not apply. */
struct audit_about {
	int64_t		 seq;
	const uint8_t	*serial;
	size_t		 serial_len;
	const uint8_t	*order;		/* id, 16 bytes */
};

void	 audit_looked(struct audit_report *, enum audit_check);
void	 audit_failed(struct audit_report *, enum audit_check,
	    const struct audit_about *, const char *, ...)
	    __attribute__((format(printf, 4, 5)));
void	 audit_note(struct audit_report *, enum audit_check,
	    const struct audit_about *, const char *, ...)
	    __attribute__((format(printf, 4, 5)));
uint64_t audit_report_failed(const struct audit_report *);	/* in all */
void	 audit_report_print(FILE *, bool json, const struct audit_report *);
void	 audit_report_clear(struct audit_report *);
#endif
