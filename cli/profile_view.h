/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_PROFILE_VIEW_H
#define SIGNET_CLI_PROFILE_VIEW_H
/*
 * Profiles, shown to people and as JSON.
 */
#include "cli/cli.h"

void	 profile_view_list(struct cli *);
void	 profile_view(struct cli *, const struct profile *);
#endif
