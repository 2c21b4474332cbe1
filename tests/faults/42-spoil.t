#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A card is lost, one that a station has begun is spoiled and ordered again, and
# the PUK of a card is opened for two officers.  signet dies at each step, and so
# does the CA that has to carry the effects out.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/cards.sh"
. "$srcdir/tests/lib/station.sh"
. "$srcdir/tests/lib/faults.sh"
install_pki
station_configure
ok 'there are two readers' readers_begin 2
ok 'a card is made' cards_issued autumn 1
ca_stop
: >"$tmp/events"
printf 'holder,name,mail,surname\nw1,Wim,w1@example.com,Ek\n' >"$tmp/winter.csv"
ok 'another one is ordered' batch_from winter one
station_start --batch winter
card_insert 0 "$tmp/w1" -x -n 2001
ok '... and begun' wait_for card_is ordered piv-serial:2001
kill -9 "$station"
wait "$station" 2>/dev/null
ok '... certified, and its station knows nothing of it' cad
readers_stop
made=$(sql "SELECT number FROM card WHERE state = 'issued'")
begun=$(sql "SELECT number FROM card WHERE state = 'ordered'")
mark=$(sql 'SELECT max(seq) FROM orders')
wait_for faults_calm
faults_begin

# ordered KIND - of what was handed in since then, how far that is
ordered() {
	sql "SELECT string_agg(state, ' ' ORDER BY seq) FROM orders
	    WHERE kind = '$1' AND seq > $mark"
}

# ---- lost ----
state_of() {
	sql "SELECT state FROM card WHERE number = '$1'"
}
status_of() {
	sql "SELECT concat_ws(' ', status, reason) FROM cert WHERE card = '$1'"
}
lost_run() {
	as o1 signet card lost "$made" --yes && faults_cad
}
lost_again() {
	[ "$(state_of "$made")" = lost ] ||
	    as o1 signet card lost "$made" --yes || return
	faults_cad
}
lost_holds() {
	[ "$(state_of "$made")" = lost ] &&
	[ "$(status_of "$made")" = 'revoked 1' ] &&
	[ "$(ordered revoke)" = 'done' ] && proven
}
faults_of lost
disk_of lost

# ---- spoil: and another one is ordered for its holder ----
item() {
	sql "SELECT state || ' ' || round FROM card_item
	    WHERE number = '$begun'"
}
signed_by() {
	signet order show "$(last_order)" --json |
	    jq -e --arg who "$1" 'any(.signed_by[]; .person == $who)'
}
spoil_run() {
	as o1 signet card spoil "$begun" --reason torn --yes && faults_cad &&
	signet card batch reorder winter && winter_signed o1 && winter_signed o2
}
winter_signed() {
	as "$1" signet card batch approve winter --yes
}
spoil_again() {
	[ "$(state_of "$begun")" = spoiled ] ||
	    as o1 signet card spoil "$begun" --reason torn --yes || return
	faults_cad &&
	{ [ "$(item)" = 'waiting 2' ] || signet card batch reorder winter; } &&
	{ signed_by o1 || winter_signed o1; } &&
	{ signed_by o2 || winter_signed o2; }
}
spoil_holds() {
	[ "$(state_of "$begun")" = spoiled ] &&
	[ "$(status_of "$begun")" = 'revoked 5' ] &&
	[ "$(item)" = 'waiting 2' ] && [ "$(ordered revoke)" = 'done' ] &&
	[ "$(ordered batch)" = ready ] &&
	[ "$(sql "SELECT count(*) FROM card_secret s JOIN card c
	    ON c.id = s.card WHERE c.number = '$begun'
	    AND s.void_at IS NULL")" = 0 ] && signet card check && proven
}
faults_of spoil
disk_of spoil

# ---- puk: two officers sign, and the escrow opens it ----
puk_opened() {
	signet card puk "$made" --escrow-key "$tmp/escrow.key" \
	    --escrow-cert "$tmp/escrow.pem"
}
puk_asked() {
	as o1 signet card puk "$made" --yes
}
puk_approved() {
	as "$1" signet order approve "$(last_order)" --yes
}
puk_run() {
	puk_asked && puk_approved o2 && puk_opened
}
puk_shown() {
	cat "$tmp/fire" "$tmp/again" 2>/dev/null |
	    grep -q ", puk: $(cat "$tmp/puk")\$"
}
# Who was killed when it had been used up, and was shown nothing, asks anew.
puk_again() {
	! puk_shown || return 0
	case $(ordered permit) in
	'' | 'done')	puk_asked || return ;;
	esac
	{ signed_by o1 || puk_approved o1; } &&
	{ signed_by o2 || puk_approved o2; } && puk_opened
}
puk_before() {
	rm -f "$tmp/again"
}
puk_rows() {
	if [ "$(ordered permit)" = 'done done' ]; then
		awk -F '|' -v OFS='|' '
		    /^(orders|card_event|permit_use)\|/ { $2-- } { print }'
	else
		cat
	fi
}
puk_holds() {
	puk_shown && case $(ordered permit) in
	'done' | 'done done') proven ;;
	*) false ;;
	esac
}
ok 'the escrow knows which it is' sh -c 'base64 -d >"$0.cms" &&
    openssl cms -decrypt -binary -inform DER -in "$0.cms" -recip "$1.pem" \
    -inkey "$1.key" -out "$0"' "$tmp/puk" "$tmp/escrow" <<EOF
$(sql "SELECT encode(s.sealed, 'base64') FROM card_secret s JOIN card c
    ON c.id = s.card WHERE c.number = '$made' AND s.kind = 'puk'")
EOF
faults_of puk
faults_sum
done_testing
