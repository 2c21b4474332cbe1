#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs with --full only.
# Cards are in the making, and somebody is killed: the station, its clerk, a
# worker, pcscd, PostgreSQL, the CA.  Each card ends issued, or as spoiled.  (A
# few steps here; 87-kill-*.t take all.)
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/kills.sh"
ok 'a station is at work' kills_begin 40
ok 'two cards are made' points_of clerk.done
step=$((points / 6))
for victim in station workers pcscd store ca; do
	ok "$victim killed after answer $step" kill_at "$victim" clerk.done \
	    "$step"
	step=$((step + points / 6))
done
ok 'the clerk dies in the transaction that ends it' dies_at office.issuing 1
kills_end
done_testing
