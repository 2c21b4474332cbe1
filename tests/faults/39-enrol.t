#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A holder makes a card for himself with a one-time code; signet-station dies at
# each step: a command to the card, a change of its diary, a use of a key.  The
# same once more, and the card is ready, with one certificate.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/enrol.sh"
. "$srcdir/tests/lib/cards.sh"
. "$srcdir/tests/lib/faults.sh"
rad_host=ra.localhost		# which libcurl looks for on this machine
install_pki
ok 'the RA has its certificates' rad_certificates
ok 'an officer makes a code' code_order h1 web-login
(umask 077 && echo "$code" >"$tmp/code" && echo 48159263 >"$tmp/pin" &&
    mkdir "$tmp/state")
ok 'there is a reader' readers_begin 1
ok 'the RA starts' rad_start 'patience = "2s"'
rad_stop
wait_for faults_calm
faults_begin "$tmp/state" "$tmp/rad"

# A blank one each time, in the reader.
cards=0
enrol_before() {
	rm -f "$tmp/place-0"
	wait_for card_is_out 0 || return
	rm -f "$tmp/card-$cards" "$tmp/again"
	cards=$((cards + 1))
	card_insert 0 "$tmp/card-$cards" -x -n 1001
}
station() {
	timeout 60 signet-station enrol --holder h1 --ra "$ra" \
	    --root "$pki/ca/root.pem" --code "file:$tmp/code" \
	    --pin "file:$tmp/pin" --wait 30s --state "$tmp/state" \
	    --reader "$(reader_name 0)"
}
# The RA and the CA are there, and not under fire.
station_served() {
	cad_start
	station
	station_status=$?
	cad_stop
	return "$station_status"
}
enrol_run() (
	export CRASH_IN=signet-station
	rad_while station_served
)
# Who has a card that is ready is told that it is not blank.
enrol_rest() {
	enrol_ready || station_served
}
enrol_again() {
	rad_while enrol_rest
}
piv() {
	yubico-piv-tool --reader "$(reader_name 0)" "$@"
}
enrol_ready() {
	piv -a read-certificate -s 9a -K DER -o "$tmp/read.der" &&
	[ "$(sql "SELECT encode(der, 'hex') FROM cert
	    WHERE holder = 'h1'")" = "$(od -An -v -tx1 "$tmp/read.der" |
	    tr -d ' \n')" ] && [ -z "$(ls "$tmp/state")" ]
}
# Which was said, when it was under fire or after that.
enrol_puk() {
	cat "$tmp/fire" "$tmp/again" 2>/dev/null |
	    sed -n 's/^ *PUK: \([0-9]*\) \([0-9]*\)$/\1\2/p' | tail -n 1
}
enrol_holds() {
	enrol_ready && [ "$(order_state "$order")" = 'done' ] &&
	piv -a verify-pin -P 48159263 2>&1 | grep -q Success &&
	piv -a unblock-pin -P "$(enrol_puk)" -N 731946 2>&1 |
	    grep -q Success && proven
}
faults_of enrol
disk_of enrol
faults_sum
done_testing
