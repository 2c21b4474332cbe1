#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A client redeems a one-time code at signet-rad and fetches what the CA made of
# it; the process that passes a step dies there, and the client asks again.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/enrol.sh"
. "$srcdir/tests/lib/faults.sh"
install_pki
ok 'the RA has its certificates' rad_certificates
ok 'an officer makes a code' code_order alice
request alice
ok 'the RA has started' rad_start 'patience = "0s"'
rad_stop
faults_begin "$tmp/rad"

redeem_once() {
	enrol alice simpleenroll -u "alice:$code" --max-time 20
	[ "$status" = "$1" ] || { echo "status $status"; return 1; }
}
redeem_twice() {
	redeem_once "$1" && cad && redeem_once 200 &&
	    issued_to alice
}
redeem_run() (
	export CRASH_IN=signet-rad
	rad_while redeem_twice 202
)
# Who has had no answer, or a bad one, asks again.
redeem_asks() {
	{
		redeem_once 202 || redeem_once 200
	} && cad && redeem_once 200 && issued_to alice
}
redeem_again() {
	rad_while redeem_asks
}
redeem_holds() {
	[ "$(sql "SELECT count(*) FROM cert WHERE holder = 'alice'")" = 1 ] &&
	[ "$(order_state "$order")" = 'done' ] &&
	[ "$(sql "SELECT count(*) FROM request
	    WHERE order_id = decode('$order', 'hex')")" = 1 ] && proven
}
faults_of redeem
faults_sum
done_testing
