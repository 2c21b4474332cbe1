#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Wrong hands at a station: a copy of a card in mid-run, a card that is changed
# faster than the reader looks, a card of another batch.  Each is refused, and
# in the audit chain.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/cards.sh"
. "$srcdir/tests/lib/station.sh"
install_pki
station_configure
layout door '
	{ slot = "card authentication"; profile = "card-auth"; alg = "ec:P-256"; }'
batch_of_doors() {
	{
		echo holder,org
		for i in $(seq "$2"); do
			echo "$1-h$i,Example AB"
		done
	} >"$tmp/$1.csv"
	batch_from "$1" door
}
state_is() { [ "$(card_state "$1")" = "$2" ]; }
ok 'there are two readers' readers_begin 2
ok 'a batch' batch_of_doors one 8
ok 'and another' batch_of_doors two 2
ca_start
station_start --batch one
mark

# --- a copy ---
card_put 0 "$tmp/card" -x -n 11 -d 120
has_key() {
	[ "$(sql "SELECT count(*) FROM card_key k JOIN card c ON c.id = k.card
	    WHERE c.identity = 'piv-serial:11'")" -eq 1 ]
}
ok 'a card has its key' wait_for has_key
cp "$tmp/card" "$tmp/copy"
card_put 1 "$tmp/copy" -d 120
ok 'its copy is seen' wait_for event '"spoiled"' \
    'it answered in two readers at once: one of the two is a copy'
is '... and no card comes of it' "$(card_state piv-serial:11)" spoiled
ok '... neither in the other reader' wait_for event '"refused"' 'in other hands'
ok '... which the audit chain has' audited act=card state=spoiled \
    'one of the two is a copy'
ok '... twice' audited act=card-refused 'in other hands'
card_pull 0
card_pull 1

# --- changed unseen ---
card_make "$tmp/other" -x -n 13
cp "$tmp/other" "$tmp/other.before"
card_put 0 "$tmp/mine" -x -n 12 -c swap:25 -w "$tmp/other"
ok 'a card that is changed faster than the reader looks is refused' \
    wait_for event '"refused"' 'and nobody saw it change'
ok '... with nothing done to it' cmp "$tmp/other" "$tmp/other.before"
is '... or stored for it' "$(card_state piv-serial:13)" ''
ok '... and audited' audited act=card-refused piv-serial:12 'nobody saw it change'
card_pull 0
card_insert 0 "$tmp/mine"
ok '... and the card that was begun is finished when it is back' \
    wait_for state_is piv-serial:12 issued
card_pull 0

# --- a card of another batch ---
# Pulled when its key is made; the answer is lost.
events_forget
card_put 0 "$tmp/begun" -x -n 16 -c after:1 -i 47 -a 600000
ok 'a card is pulled' wait_for event '"gone"' '"reader":"Test Reader 0 00 00"'
is '... that was begun' "$(card_state piv-serial:16)" claimed
card_pull 0
station_stop
events_forget
station_start --batch two
card_insert 0 "$tmp/begun"
ok 'where its batch does not run it is refused' wait_for event '"refused"' \
    'this card was begun for batch one, which does not run here'
ok '... and audited' audited act=card-refused piv-serial:16 'begun for batch one'
is '... and nothing is done with it' "$(card_state piv-serial:16)" claimed
card_pull 0
station_stop
station_start --batch one
card_insert 0 "$tmp/begun"
ok '... but finished where its batch runs' wait_for state_is piv-serial:16 issued

# --- quick hands ---
# The next card is in before the station has looked whether the last one is out.
ok 'it may be taken out' wait_for event '"issued"' '"reader":"Test Reader 0 00 00"'
readers_at_work=$(station_child reader)
# shellcheck disable=SC2086
kill -STOP $readers_at_work
card_pull 0
card_insert 0 "$tmp/next" -x -n 17
# shellcheck disable=SC2086
kill -CONT $readers_at_work
ok 'a card that nobody saw come is made as well' \
    wait_for state_is piv-serial:17 issued
card_pull 0

station_stop
ok 'no certificate of a spoiled card is valid' no_valid_certificate
ca_stop
ok 'an auditor who believes nothing finds it in order' proven
done_testing
