#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An officer makes another one-time code for an order whose code nobody has seen,
# and dies at each step, or finds no disk.  Whoever has not seen this one either
# makes one more, and signs what waits: one code works, and no other.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/faults.sh"
FAULTS_POINTS=3
install_pki
ok 'an order with a code' as o1 signet order new -p tls-server \
    --holder www --holder-name www -f dns=lost.example.org --code --sign
was=$(last_order)
faults_begin

open_order() {
	sql "SELECT encode(id, 'hex') FROM orders WHERE waiting_items = 1
	    AND state IN ('pending', 'ready')"
}
recode() {
	as o1 signet order code "$(open_order)" --sign --yes
}
code_run() {
	recode && faults_cad
}
code_again() {
	recode && as o1 signet order approve --all-pending --yes && faults_cad
}
# One more order for each code that nobody has seen.
code_rows() {
	sed -e '/^orders|/d' -e '/^audit|/d' -e '/^item|/d'
}
code_holds() {
	[ "$(sql "SELECT count(*) FROM orders WHERE waiting_items = 1 AND
	    state = 'ready'")" = 1 ] && [ "$(open_order)" != "$was" ] &&
	[ "$(order_state "$was")" = rejected ] &&
	[ "$(sql "SELECT count(*) FROM orders WHERE state = 'pending'")" = 0 ] &&
	[ "$(sql "SELECT count(*) FROM orders WHERE kind = 'reject' AND
	    state <> 'done'")" = 0 ] &&
	[ "$(sql "SELECT count(*) FROM orders WHERE kind = 'reject'")" -ge 1 ] &&
	proven
}
faults_of code
disk_of code
faults_sum
done_testing
