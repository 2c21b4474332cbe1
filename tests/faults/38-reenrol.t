#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A device renews at signet-rad by EST with the certificate that it has; the
# process that passes a step dies there, and the device asks again.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/enrol.sh"
. "$srcdir/tests/lib/faults.sh"
install_pki
device_profile
ok 'the RA has its certificates' rad_certificates
ok 'the RA has started' rad_start 'patience = "0s"'
ok 'an officer makes a code' code_order dev1 device
enrol dev1 simpleenroll -u "dev1:$code"
ok 'a device has asked' [ "$status" = 202 ]
ok 'the CA has made it' cad
enrol dev1 simpleenroll -u "dev1:$code"
ok 'a device has a certificate' issued_to dev1
rad_stop
request next -subj /CN=dev1
wait_for faults_calm
faults_begin "$tmp/rad"

renew_once() {
	with_cert dev1 enrol next simplereenroll --max-time 20
	[ "$status" = "$1" ] || { echo "status $status"; return 1; }
}
renew_twice() {
	renew_once 202 && cad && renew_once 200 && issued_to next
}
renew_run() (
	export CRASH_IN=signet-rad
	rad_while renew_twice
)
# Who has had no answer, or a bad one, asks again.
renew_asks() {
	{ renew_once 202 || renew_once 200; } && cad && renew_once 200 &&
	    issued_to next
}
renew_again() {
	rad_while renew_asks
}
renew_holds() {
	[ "$(sql "SELECT count(*) FROM cert WHERE holder = 'dev1'")" = 2 ] &&
	[ "$(order_state "$(last_order)")" = 'done' ] && proven
}
faults_of renew
faults_sum
done_testing
