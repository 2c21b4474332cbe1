#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs with --full only.
# Told once to end, a station ends: with nothing in its readers, with cards that
# are done or refused, when the card that it makes is finished or taken away,
# and when its readers are gone.  It ends well, and nothing of it is left.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/cards.sh"
. "$srcdir/tests/lib/station.sh"
install_pki
station_configure
layout plain '
	{ slot = "authentication"; profile = "web-login"; alg = "ec:P-256"; }'
begin() {
	events_forget
	station_start --batch one
	wait_for event '"empty"'
}
is_gone() { ! kill -0 "$station" 2>/dev/null || [ "$(ps -o stat= -p "$station" |
    cut -c 1)" = Z ]; }
# Its process group would be ours: who is left is known by its parent.
ends() {
	ends_crew=$(ps -o pid= --ppid "$station")
	kill -TERM "$station"
	ended
}
ended() {
	wait_for is_gone || { kill -KILL "$station"; return 1; }
	wait "$station" || { echo "status $?"; return 1; }
	# shellcheck disable=SC2086 # pids
	! ps -o pid=,args= -p "$(echo $ends_crew | tr ' ' ,)"
}
ok 'there are two readers' readers_begin 2
ok 'a batch' card_batch one plain 9
ca_start

ok 'with nothing in its readers' begin
ok '... it ends' ends
begin
card_put 0 "$tmp/a" -x -n 11
ok 'with a card that is done in one of them' wait_for card_is issued \
    piv-serial:11
ok '... it ends' ends
for n in 1 2 3 4; do
	begin
	ok "with one that is refused ($n)" wait_for event '"refused"' 'issued since'
	ok '... it ends' ends
done
rm "$tmp/place-0"

begin
card_put 0 "$tmp/b" -x -n 12 -d 15
card_put 1 "$tmp/c" -n 13 -d 15
ok 'with two cards in the making' wait_for event '"step"' 'Reader 1'
wait_for event '"step"' 'Reader 0'
ok '... it ends' ends
is '... when both are made' "$(sql "SELECT string_agg(state, ' ') FROM card
    WHERE n IN (2, 3)")" 'issued issued'
rm "$tmp/place-0" "$tmp/place-1"

ca_stop
begin
card_put 0 "$tmp/d" -x -n 14
ok 'with a card that waits for the CA' wait_for event '"wait"'
ends_crew=$(ps -o pid= --ppid "$station")
kill -TERM "$station"
rm "$tmp/place-0"
ok '... it ends when the card is taken away' ended
ca_start

begin
card_put 0 "$tmp/e" -x -n 15 -d 40
ok 'with a card in the making, and its readers gone' wait_for event '"step"'
readers_stop
ok '... it ends' ends
rm "$tmp/place-0"
readers_start
begin
readers_stop
ok 'with its readers gone, and nothing in them' wait_for event '"away"'
ok '... it ends' ends
readers_start

begin
card_put 0 "$tmp/d"
card_put 1 "$tmp/e"
ok 'the cards that were left are made afterwards' wait_for card_is issued \
    piv-serial:14
ok '... both' wait_for card_is issued piv-serial:15
ok '... and it ends' ends
ca_stop
is 'nothing is left of any' "$(sql "SELECT count(*) FROM card_step
    WHERE done_at IS NULL")" 0
done_testing
