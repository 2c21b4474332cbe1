#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A station's workers are killed at every step of two cards, and in the middle of
# commands.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/kills.sh"
kills_of workers
for point in reader.command reader.answer; do
	ok 'two cards are made' points_of "$point"
	echo "# $points commands for two cards"
	step=$((points / 14))
	n=1
	while [ "$n" -lt "$points" ]; do
		ok "a worker dies at $point $n" dies_at "$point" "$n"
		n=$((n + step))
	done
done
kills_end
done_testing
