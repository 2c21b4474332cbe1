#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The CA is killed at every step of two cards, and at its own.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/kills.sh"
kills_of ca
points=$(sort -u "$tmp/ca-passed" | grep -E '^(cad|signer|ledger)')
ok 'there are points' test -n "$points"
for point in $points; do
	ok "it dies at $point" ca_dies_at "$point"
done
kills_end
done_testing
