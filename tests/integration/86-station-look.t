#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a card in a reader is, without a change to it: blank, as it should be, or
# what is wrong with it; and what the store says of it.  And that doc/formats.md
# says what stands in its JSON.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/cards.sh"
. "$srcdir/tests/lib/station.sh"
. "$srcdir/tests/lib/formats.sh"
install_pki
station_configure
layout pair '
	{ slot = "authentication"; profile = "web-login"; alg = "ec:P-256"; },
	{ slot = "card authentication"; profile = "card-auth"; alg = "ec:P-256"; }'
look() {
	signet-station look --reader "$(reader_name 0)" "$@"
}
seen() {		# JQ - of what it says as JSON
	look --store --json -c "$tmp/station.conf" 2>/dev/null | jq -r "$1"
}
findings() { seen '.findings | join("; ")'; }
ok 'there are two readers' readers_begin 2
exits 4 'without a card there is nothing to look at' look
exits 2 'with two readers one has to be named' signet-station look

card_insert 0 "$tmp/card" -x -n 1001
exits 0 'a blank is one' look
said 'Verdict:         blank'
is 'the store does not know it' "$(seen '.store')" null
card_pull 0

ok 'a batch' card_batch one pair 2
ca_start
station_start --batch one
card_insert 0 "$tmp/card"
ok 'it is made' wait_for card_is issued piv-serial:1001
station_stop
card_insert 1 "$tmp/strict" -n 1002
cp "$tmp/card" "$tmp/before"
exits 0 'a card that was made is good' look
said 'Verdict:         good'
said 'fits (not tried)'
is 'its own key is tried without a PIN' "$(seen '[.keys[] | .proved] | tostring')" \
    '[null,true]'
is 'nothing is the factory'"'"'s' "$(seen '[.pin, .puk, .management] | map(.factory) | tostring')" \
    '[false,false,false]'
is 'all tries are left' "$(seen '[.pin.tries, .puk.tries] | tostring')" '[3,3]'
is 'the store knows whose it is' "$(seen '.store | .holder + " " + .state + " " + .batch')" \
    'one-h1 issued one'
number=$(seen .store.card)
ok 'its letter is opened' letter_of "$number" "$tmp/letter"
sed -n 's/^ *\([0-9]\( *[0-9]\)\{5\}\) *$/\1/p' "$tmp/letter" | head -n 1 |
    tr -d ' \n' >"$tmp/pin"
chmod 600 "$tmp/pin"
exits 0 'with the PIN each key is tried' look --pin "file:$tmp/pin"
not '... and says so' grep -q 'not tried' "$tmp/out"
exits 0 'a card that the store says nothing about is good in itself' look
ok 'nothing on it has changed' cmp "$tmp/card" "$tmp/before"

# --- tries ---
( umask 077 && echo 90817263 >"$tmp/wrong" )
exits 3 'a wrong PIN' look --pin "file:$tmp/wrong"
is 'costs one try' "$(seen .pin.tries)" 2
exits 3 'and another' look --pin "file:$tmp/wrong"
exits 3 'but never the last one' look --pin "file:$tmp/wrong"
said 'none of them is ours'
is 'which is left' "$(seen .pin.tries)" 1

# --- what is wrong ---
as o1 signet card lost "$number" --yes >"$tmp/out" 2>&1 ||
    sed 's/^/# /' "$tmp/out"
revoked() { [ "$(sql "SELECT count(*) FROM cert WHERE status = 'revoked'")" -eq 2 ]; }
ok 'it is lost' wait_for revoked
exits 5 'a lost card that turns up is found out' \
    look --store -c "$tmp/station.conf"
said "Finding:         card $number is lost"
said 'the certificate is revoked'
said 'Verdict:         bad'
exits 0 'which only the store knows' look
look --store --json -c "$tmp/station.conf" >"$tmp/json" 2>"$tmp/err"
is 'it says what the page says that it does' "$(formats_names "$tmp/json")" \
    "$(formats_said 'signet-station look --store')"
signet-station readers --json >"$tmp/json"
is 'so does the list of readers' "$(formats_names "$tmp/json")" \
    "$(formats_said 'signet-station readers')"
tamper "DELETE FROM card_key WHERE slot = 'authentication'"
is 'a certificate that the store knows nothing of' "$(seen '.findings[-1]')" \
    'the store knows nothing of 1 certificates on it'
card_pull 0

ok 'somebody uses another card' card_make "$tmp/other" -x -n 1003
card_insert 0 "$tmp/other"
ok '... and gives it keys' card_maker make "$(reader_name 0)"
exits 5 'a card of others' look --store -c "$tmp/station.conf"
said 'the store does not know this card'
card_pull 0
card_pull 1
card_insert 0 "$tmp/strict"
exits 0 'a strict card tells less' look
is '... of its secrets' "$(seen '.management.factory')" null
card_pull 0
ca_stop

# --- events ---
known() {		# ROW, then the names: none that the page does not have
	known_row=$1
	formats_said "$known_row" | sort >"$tmp/known"
	sort -u | comm -23 - "$tmp/known"
}
formats_names "$tmp/events" >"$tmp/names"
ok 'a card that is made has its events' grep -qx slot "$tmp/names"
is '... with the names of the page' "$(known 'signet-station run' \
    <"$tmp/names")" ''
is '... and of its kinds' "$(jq -r .event "$tmp/events" | known .event)" ''
is 'which has all that there are' "$(formats_said .event | sort)" \
    "$(sed -n '/names\[EVENT__MAX\]/,/};/p' "$srcdir/personalize/event.c" |
    grep -o '"[a-z]*"' | tr -d '"' | sort)"
done_testing
