#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A certificate is put on hold and released again, each by an officer's order
# that signet-cad carries out; whoever passes a step dies there, or finds no disk.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/faults.sh"
FAULTS_POINTS=2
install_pki
sed -i 's/crl_reasons = .*/crl_reasons = [ "all" ];/' "$pki/cad.conf"
ok 'a certificate is ordered' as o1 order_tls www --sign
ok '... and issued' cad
serial=$(serial_of "$(last_order)")
faults_begin

asked() {
	as o1 signet cert "$1" "$serial" --wait 0s --yes
	[ $? -ne 137 ]	# nobody carries it out yet, which is said so
}
# stands STATUS ENTRIES - so does the certificate, and the newest list agrees
stands() {
	[ "$(sql "SELECT status FROM cert
	    WHERE serial = decode('$serial', 'hex')")" = "$1" ] &&
	[ "$(sql "SELECT entries FROM crl WHERE ca = 'services'
	    ORDER BY number DESC LIMIT 1")" = "$2" ]
}
hold_run() {
	asked hold && faults_cad && stands held 1 &&
	    asked release && faults_cad
}
ordered() {
	sql "SELECT state FROM orders WHERE kind = '$1'"
}
# What has arrived, and signed, is in the list of orders.
rest() {
	[ -n "$(ordered "$1")" ] || asked "$1" || return
	[ "$(ordered "$1")" != pending ] ||
	    as o1 signet order approve "$(last_order)" --yes || return
	faults_cad
}
hold_again() {
	[ -n "$(ordered release)" ] || {
		rest hold && stands held 1
	} || return
	rest release
}
hold_holds() {
	stands good 0 &&
	[ "$(sql "SELECT count(*) FROM status_change")" = 2 ] &&
	[ "$(sql "SELECT string_agg(substring(convert_from(body, 'UTF8')
	    from '^act=([a-z]*)'), ' ' ORDER BY seq) FROM audit
	    WHERE body LIKE 'act=hold%' OR body LIKE 'act=release%'")" = \
	    'hold release' ] &&
	faults_lists_follow && proven
}
faults_of hold
disk_of hold
faults_sum
done_testing
