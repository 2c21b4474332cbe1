#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# signet-cad issues what waits; the process that passes a step dies there, be it
# a worker's or the signer's.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/faults.sh"
install_pki
ok 'an order waits' as o1 order_tls www --sign
ok '... and another one' as o1 order_tls mail --sign
faults_begin

issue_run() {
	faults_cad
}
issue_holds() {
	[ "$(sql "SELECT count(*) FROM cert WHERE profile = 'tls-server'
	    AND holder IN ('www', 'mail')")" = 2 ] &&
	[ "$(sql "SELECT count(*) - count(DISTINCT serial) FROM cert")" = 0 ] &&
	[ "$(sql "SELECT count(*) FROM intent")" = 0 ] &&
	[ "$(sql "SELECT count(*) FROM item WHERE state <> 'done'")" = 0 ] &&
	proven
}
faults_of issue
disk_of issue
faults_sum
done_testing
