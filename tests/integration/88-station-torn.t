#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs with --full only.
# The power goes in the middle of a write: what the card was writing is neither
# what it was nor what it was to be.  A key, an object and a PIN are made again.
# A card that has lost a key that was certified is spoiled; one that knows no
# secret of ours any more is set aside, as it may be another card, and spoiled
# by an officer.  Their certificates are revoked, their secrets void, they have
# no letter, and they count.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/kills.sh"

# two_in OPTIONS OPTIONS - of the card with extensions, and of the strict one
two_in() {
	kills_run=$((kills_run + 1))
	# shellcheck disable=SC2086 # options
	card_put 0 "$tmp/card-$kills_run-x" -x -n "$((2 * kills_run))" $1
	# shellcheck disable=SC2086 # options
	card_put 1 "$tmp/card-$kills_run-s" -n "$((2 * kills_run + 1))" $2
}
torn() {
	two_in "$1" "$2"
	wait_for cards_ended || kills_say
}
# Of the cards in the readers: state and reason.
ends() {
	sql "SELECT state || coalesce(': ' || reason, '') FROM card
	    WHERE reader = '$(reader_name "$1")'
	    ORDER BY claimed_at DESC LIMIT 1"
}
both_issued() {
	torn "$1" "${2:-$1}" && [ "$(ends 0) $(ends 1)" = 'issued issued' ] ||
	    { ends 0; ends 1; false; }
}
count() { sql "SELECT count(*) FROM $1"; }
spoiled="card c JOIN card_key k ON k.card = c.id
    JOIN cert x ON x.order_id = k.order_id AND x.n = k.n
    WHERE c.state = 'spoiled'"

ok 'a station is at work' kills_begin 40
mark
for n in 1 2; do
	ok "power lost inside GENERATE $n: the key is made again" \
	    both_issued "-i 47 -c inside:$n"
	blanks_out
done
for n in 1 2 5 8; do
	ok "power lost inside PUT DATA $n: the object is written again" \
	    both_issued "-i db -c inside:$n"
	blanks_out
done
ok 'power lost inside the change of the PIN: the PUK sets it' \
    both_issued '-i 24 -c inside:3' '-i 24 -c inside:4'
blanks_out
is 'nothing was spoiled so far' "$(count "card WHERE state = 'spoiled'")" 0

# --- what nobody can mend ---
lost() {
	ends "$1" | grep '^spoiled: .*the key that was ordered for is gone' ||
	    { ends "$1"; false; }
}
ok 'power lost in the use of a key that was certified' \
    torn '-i 87 -c inside:7' ''
ok '... spoils the card' lost 0
is '... and not the other' "$(ends 1)" issued
ok 'it is said to be spoiled' event '"spoiled"' 'is gone'
ok '... and is, in the audit chain' audited act=card state=spoiled 'is gone'
events_forget
rm "$tmp/place-0"
wait_for card_is_out 0
card_put 0 "$tmp/card-$kills_run-x"
ok 'put in again, it is refused' wait_for event '"refused"' \
    'this card was spoiled'
blanks_out
plan office.spoiling 1 KILL
ok 'the clerk dies in the transaction that spoils a card' \
    torn '-i 87 -c inside:7' ''
is '... there' "$(plan_left)" 0
ok '... and the card is spoiled, once' lost 0
is '... as the audit chain has it' "$(sql "SELECT count(*) FROM audit
    WHERE position('state=spoiled' IN convert_from(body, 'UTF8')) > 0")" 2
plan none 0 KILL
blanks_out

# spoilt READER - set aside, and spoiled by an officer
spoilt() {
	as o1 signet card spoil "$(sql "SELECT number FROM card
	    WHERE reader = '$(reader_name "$1")' AND state NOT IN ('issued',
	    'spoiled')")" --reason 'nobody knows its secrets' --yes
}
refused() { event '"refused"' "$(reader_name "$1")" "$2"; }
events_forget
# The strict one was asked before whether its PUK is the factory's.
two_in '-i 24 -c inside:1' '-i 24 -c inside:2'
ok 'power lost inside the change of the PUK: the card is set aside' \
    wait_for refused 0 'PUK: wrong'
ok '... with and without extensions' wait_for refused 1 'PUK: wrong'
ok '... and spoiled by an officer' spoilt 0
ok '... both of them' spoilt 1
blanks_out
events_forget
two_in '-i ff -c inside:1' ''
ok 'power lost inside SET MANAGEMENT KEY: the card is set aside' wait_for \
    refused 0 'its management key is neither the factory'
ok '... and spoiled by an officer' spoilt 0
ok '... and the other is made' wait_for cards_ended
blanks_out
is 'five are spoiled' "$(count "card WHERE state = 'spoiled'")" 5

is 'they had certificates' "$(count "$spoiled")" 10
none_good() { [ "$(count "$spoiled AND x.status <> 'revoked'")" -eq 0 ]; }
ok '... which are revoked, each of them' wait_for none_good
is '... with the reason that says so' \
    "$(count "$spoiled AND x.reason <> 5")" 0
not 'some had secrets' [ "$(count "card_secret s JOIN card c ON c.id = s.card
    WHERE c.state = 'spoiled'")" -eq 0 ]
is '... which are void' "$(count "card_secret s JOIN card c ON c.id = s.card
    WHERE c.state = 'spoiled' AND s.void_at IS NULL")" 0
is 'no letter was made for any of them' "$(count "letter l JOIN card c
    ON c.id = l.card WHERE c.state = 'spoiled'")" 0
is 'the batch counts them' "$(signet card batch show all --json |
    jq .spoiled)" 5
kills_end
done_testing
