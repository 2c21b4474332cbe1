#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Orders are rejected: one that nobody has signed, and one by an order of its
# own, which the CA remembers.  Whoever passes a step dies there, or finds no disk;
# the same once more, and no order is rejected that the CA would still carry out.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/faults.sh"
FAULTS_POINTS=3
install_pki
ok 'two are ordered' order_tls www
none=$(last_order)
ok '... one with a signature' as o1 order_tls mail --sign
one=$(last_order)
faults_begin

rejected() {
	[ "$(order_state "$1")" = rejected ]
}
# Nobody carries it out yet, which is said so.
reject_one() {
	! rejected "$1" || return 0
	as o1 signet order reject "$1" --reason 'not ours' --yes --wait 0s
	[ $? -ne 137 ]
}
reject_run() {
	reject_one "$none" && reject_one "$one" && faults_cad
}
reject_holds() {
	rejected "$none" && rejected "$one" && [ "$(sql "SELECT state
	    FROM orders WHERE kind = 'reject'")" = 'done' ] && proven
}
faults_of reject
disk_of reject
faults_sum
done_testing
