#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Cards at a station that are like none of those that were looked at: T=0 alone,
# other status words, another PIN, answers without an end.  Each ends issued, or
# is refused before anything on it has changed, with all of its tries but one.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/cards.sh"
. "$srcdir/tests/lib/station.sh"
install_pki
station_configure
layout one '{ slot = "authentication"; profile = "web-login"; alg = "ec:P-256"; }'
ok 'a batch is approved' card_batch one one 8
ok 'there are two readers' readers_begin 2
ca_start
station_start --batch one

# --- issued ---
card_insert 0 "$tmp/odd" -k F -n 11
card_insert 1 "$tmp/t0" -x -0 -n 12
ok 'a card of T=0 alone is issued' wait_for card_is issued piv-serial:12
ok 'and one that says everything otherwise' wait_for event '"issued"' \
    'Test Reader 0'
said_good() {
	signet-station look --reader "$(reader_name "$1")" >"$tmp/out" 2>&1 &&
	    grep -q '^Verdict: *good' "$tmp/out"
}
module=$(find /usr/lib /usr/lib64 -name opensc-pkcs11.so 2>/dev/null | head -n 1)
ok 'the latter is as it should be' said_good 0
ok 'and the former' said_good 1
card_pull 0
ok 'which OpenSC reads' pkcs11-tool --module "$module" \
    --read-object --type cert --id 01 -o "$tmp/cert.der"
card_pull 1

# --- refused, and as it was ---
untouched() {		# FILE: but for its tries
	card_say "$1" | grep -v '^p[iu][nk] ' | cmp - "$1.before"
}
made() {		# FILE OPTION...
	card_make "$@" && card_say "$1" | grep -v '^p[iu][nk] ' >"$1.before"
}
tries() {		# FILE SECRET
	awk -v secret="$2" '$1 == secret { print $2 }' "$1"
}

held=$(sql "SELECT count(*) FROM card")
made "$tmp/global" -n 13
card_insert 0 "$tmp/global" -k G
ok 'a card that wants its global PIN is refused' wait_for event '"refused"' \
    'this card wants its global PIN first'
ok '... nothing on it has changed' untouched "$tmp/global"
is '... no holder was taken for it' "$(sql "SELECT count(*) FROM card")" \
    "$held"
says 'it wants its global PIN first' signet-station look \
    --reader "$(reader_name 0)"
card_pull 0

number=14
for secret in pin puk; do
	name=$(echo $secret | tr a-z A-Z)
	made "$tmp/$secret" -n $number
	sed -i "s/^\($secret [0-9]* [0-9]* \)1 31/\10 39/" "$tmp/$secret"
	card_insert 0 "$tmp/$secret"
	ok "a blank with another $name is refused" wait_for event '"spoiled"' \
	    "before anything was changed: $name: wrong, 2 tries left"
	ok '... nothing on it has changed' untouched "$tmp/$secret"
	is '... and it is not asked again' "$(tries "$tmp/$secret" $secret)" 2
	card_pull 0
	number=$((number + 1))
done

# --- ill ---
card_insert 0 "$tmp/endless" -x -n 16 -f endless
ok 'a card whose answers have no end is given up' wait_for event \
    '"spoiled"' "the card's answer has no end"
ok '... after a few times' [ "$(grep -c '"gone"' "$tmp/events")" -le 20 ]
is '... and has a record' "$(card_state piv-serial:16)" spoiled
station_stop
done_testing
