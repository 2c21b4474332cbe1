#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What becomes of an issued card: handed out, suspended and resumed, replaced,
# given back and destroyed; signet dies at each step, and so does the CA that has
# to carry the effects out.  The card and its certificate go one way.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/cards.sh"
. "$srcdir/tests/lib/station.sh"
. "$srcdir/tests/lib/faults.sh"
install_pki
station_configure
ok 'there are two readers' readers_begin 2
ok 'two cards are made' cards_issued autumn 2
readers_stop
ca_stop
one=$(card_number 1) two=$(card_number 2)
mark=$(sql 'SELECT max(id) FROM card_event')
wait_for faults_calm
faults_begin

# goes CARD WORD... - one after the other, but for what it has been through; what
# has an effect on certificates is signed, and done by the CA
been_through() {
	sql "SELECT count(*) FROM card_event v JOIN card c ON c.id = v.card
	    WHERE c.number = '$1' AND v.id > $mark"
}
goes() {
	goes_card=$1
	shift "$(($(been_through "$1") + 1))"
	for goes_word; do
		case $goes_word in
		suspended | resumed | replaced)
			as o1 signet card "$goes_word" "$goes_card" --yes &&
			    faults_cad ;;
		*)	signet card "$goes_word" "$goes_card" ;;
		esac || return
	done
}
card_run() {
	goes "$one" packed delivered activated suspended resumed &&
	goes "$two" packed replaced returned destroyed
}
# What was ordered and not done yet is done, too.
card_again() {
	faults_cad && card_run && faults_cad
}
# stands HOLDER CARD STATE STATUS
stands() {
	[ "$(signet card show "$2" --json | jq -r .state)" = "$3" ] &&
	[ "$(sql "SELECT status || coalesce(' ' || reason, '') FROM cert
	    WHERE holder = '$1' AND profile = 'web-login'")" = "$4" ]
}
card_holds() {
	stands 1 "$one" activated good &&
	stands 2 "$two" destroyed 'revoked 4' && signet card check &&
	[ "$(sql "SELECT string_agg(kind, ' ' ORDER BY seq) FROM orders
	    WHERE kind IN ('hold', 'release', 'revoke')")" = \
	    'hold release revoke' ] &&
	[ "$(been_through "$one") $(been_through "$two")" = '5 4' ] && proven
}
faults_of card
disk_of card
faults_sum
done_testing
