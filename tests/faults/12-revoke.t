#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An officer revokes a certificate and signet-cad carries it out; whoever passes
# a step dies there.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/faults.sh"
install_pki
ok 'a certificate is ordered' as o1 order_tls www --sign
ok '... and issued' cad
serial=$(serial_of "$(last_order)")
faults_begin

revoking() {
	as o1 signet cert revoke "$serial" --reason keyCompromise --wait 0s \
	    --yes
	[ $? -ne 137 ]	# nobody carries it out yet, which is said so
}
revoke_run() {
	revoking && faults_cad
}
# What has arrived, and signed, is in the list of orders.
revoke_again() {
	[ "$(sql "SELECT count(*) FROM orders WHERE kind = 'revoke'")" -gt 0 ] ||
	    revoking || return
	[ "$(sql "SELECT state FROM orders WHERE kind = 'revoke'")" != \
	    pending ] || as o1 signet order approve "$(last_order)" --yes ||
	    return
	faults_cad
}
revoke_holds() {
	[ "$(sql "SELECT status, reason FROM cert
	    WHERE serial = decode('$serial', 'hex')")" = 'revoked|1' ] &&
	[ "$(sql "SELECT count(*) FROM status_change")" = 1 ] &&
	[ "$(sql "SELECT count(*) FROM audit
	    WHERE body LIKE 'act=revoke%'")" = 1 ] &&
	[ "$(sql "SELECT entries FROM crl WHERE ca = 'services'
	    ORDER BY number DESC LIMIT 1")" = 1 ] &&
	faults_lists_follow && proven
}
faults_of revoke
disk_of revoke
faults_sum
done_testing
