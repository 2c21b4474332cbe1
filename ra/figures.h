/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_FIGURES_H
#define SIGNET_RA_FIGURES_H
/*
 * The figures of the officers' first page, once for all who look.
 *
 * To count costs the store tens of thousands of rows.  What was counted is
 * shown to everybody for FIGURES_S seconds, the charts for longer; what an
 * officer does here is in them at once, what others do a moment later.  While
 * one thread counts anew, the others take what there was.
 */
#include "db/db_application.h"
#include "db/db_officer.h"

#define FIGURES_S	2
#define FIGURES_CHART_S	30
#define FIGURES_DAYS	30

struct figures;
struct figures *figures_new(void);
void	 figures_free(struct figures **);
/* An officer has done something. */
void	 figures_forget(struct figures *);

int	 figures_counts(struct figures *, struct db *, int64_t now,
	    struct db_officer_counts *, struct error *);
/* Applications that are open; in the arena. */
int	 figures_applications(struct figures *, struct db *, int64_t now,
	    struct db_application_counts *, struct arena *, struct error *);
/* FIGURES_DAYS days up to today, as db_officer_days(); *first as there. */
int	 figures_days(struct figures *, struct db *, int64_t now,
	    enum db_officer_days, int64_t *first, int64_t day[FIGURES_DAYS],
	    struct error *);
#endif
