# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# The clock of programs, in a build with points of failure:
#
#	travel DAYS		what is started from now on has a clock so
#				many days ahead, or behind: travel -700;
#				travel 0 is home again
travel() {
	SIGNET_CLOCK_OFFSET=$(($1 * 86400))
	export SIGNET_CLOCK_OFFSET
	[ "$1" -ne 0 ] || unset SIGNET_CLOCK_OFFSET
}
