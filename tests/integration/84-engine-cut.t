#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Power fails before and after each command of the station's way through a card,
# for the words of each of five cards and for a bare one: each is finished.  (In
# one process with the card; 83 and 84-card-cut take the real pcscd.)
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
make -s -C "$SIGNET_BUILD" tests/unit/test_engine >/dev/null
ok 'wherever a card is cut, it is finished' env SIGNET_CUTS=all \
    "$SIGNET_BUILD/tests/unit/test_engine"
grep '^# .* cuts' "$tmp/out"
cuts=$(sed -n 's/^# \([0-9]*\) cuts$/\1/p' "$tmp/out")
ok "that were more than a thousand ($cuts)" test "${cuts:-0}" -gt 1000
done_testing
