#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# PostgreSQL is killed at every step of two cards, and within the transaction that
# ends them.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/kills.sh"
kills_of store
for n in 1 2; do
	ok "killed while card $n is being issued" kill_at store \
	    office.issuing "$n"
done
kills_end
done_testing
