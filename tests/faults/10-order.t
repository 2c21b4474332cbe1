#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An officer orders and another one approves; signet dies at each step.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/faults.sh"
install_pki
request www
faults_begin

order_run() {
	order_tls www || return
	as o1 signet order approve "$(last_order)" --yes
}
# What has arrived is in the list of orders.
order_again() {
	[ "$(sql "SELECT count(*) FROM holder WHERE id = 'www'")" -gt 0 ] ||
	    order_tls www || return
	[ "$(order_state "$(last_order)")" = ready ] ||
	    as o1 signet order approve "$(last_order)" --yes
}
order_holds() {
	[ "$(order_state "$(last_order)")" = ready ] && proven
}
faults_of order
faults_sum
done_testing
