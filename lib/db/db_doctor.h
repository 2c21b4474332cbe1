/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_DOCTOR_H
#define SIGNET_DB_DB_DOCTOR_H
/*
 * How the server of the store is set up, and what its roles may: for who looks
 * for mistakes.  Reads catalogues, which every role may.
 */
#include "db/db.h"

extern const struct db_table DB_DOCTOR;

/* A setting of the server, as SHOW has it; NULL if there is none. */
int	 db_doctor_setting(struct db *, const char *name, const char **value,
	    struct arena *, struct error *);
/* 1, 0, -1. */
int	 db_doctor_has_role(struct db *, const char *role, struct error *);
/* May the role do that with the table, or with a column of it?  1; 0; -1. */
int	 db_doctor_may(struct db *, const char *role, const char *table,
	    const char *privilege, struct error *);
/* What keeps the server's log from being cleared away, in words of ours, or
 * NULL: segments that cannot be archived, slots that nobody reads. */
int	 db_doctor_archiver(struct db *, const char **why, struct arena *,
	    struct error *);
int	 db_doctor_slot(struct db *, const char **why, struct arena *,
	    struct error *);
/* Was anything ever issued?  1, 0, -1. */
int	 db_doctor_has_certs(struct db *, struct error *);
#endif
