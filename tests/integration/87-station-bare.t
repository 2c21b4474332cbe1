#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Cards that come with nothing on them are prepared in the channel of their
# maker's keys, which are never tried twice on a card that denies them; and each
# card gets the best management key that it takes.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/cards.sh"
. "$srcdir/tests/lib/station.sh"
install_pki
station_configure
layout ec '
	{ slot = "authentication"; profile = "web-login"; alg = "ec:P-256"; },
	{ slot = "card authentication"; profile = "card-auth"; alg = "ec:P-256"; }
'
known=404142434445464748494a4b4c4d4e4f
( umask 077; echo $known >"$tmp/known"; echo 12 >"$tmp/short"
    echo "${known}x0" >"$tmp/no-hex"; openssl rand -hex 16 >"$tmp/other" )
cp "$tmp/station.conf" "$tmp/plain.conf"
# channels GROUPS: of station.conf
channels() {
	cp "$tmp/plain.conf" "$tmp/station.conf"
	printf 'channels = ( %s );\n' "$1" >>"$tmp/station.conf"
}

# --- settings ---
station_check() { signet-station check -c "$tmp/station.conf"; }
channels '{ batch = "one"; enc = "file:a"; }'
says 'batch one needs "enc" and "mac", or "master"' station_check
channels '{ batch = "one"; enc = "file:a"; mac = "file:a"; master = "file:a"; }'
says 'batch one needs "enc" and "mac", or "master"' station_check
for file in short no-hex; do
	channels "{ batch = \"one\"; master = \"file:$tmp/$file\"; }"
	says 'channel of batch one: a key has 32, 48 or 64 hexadecimal digits' \
	    station_check
done
static="enc = \"file:$tmp/known\"; mac = \"file:$tmp/known\";"
channels "{ batch = \"one\"; $static }, { batch = \"two\"; master = \"file:$tmp/known\"; }"
ok 'good ones are said to be right' station_check

# --- cards ---
ok 'there are two readers' readers_begin 2
ok 'a batch of bare cards is approved' card_batch one ec 3
ok 'and one of cards with keys of their own' card_batch two ec 1
ok 'and one of others' card_batch three ec 3
ca_start
card_insert 0 "$tmp/a" -g 16 -n 1 -l "$tmp/a.log"
card_insert 1 "$tmp/b" -g 16 -n 2 -c after:18
station_start --batch one
counted() { [ "$(grep -c "\"event\":\"$1\"" "$tmp/events")" -ge "$2" ]; }
ok 'two bare cards are finished, one of which was pulled in its channel' \
    wait_for counted issued 2
says '"event":"gone"' grep '"reader":"Test Reader 1' "$tmp/events"
steps_of() {
	sql "SELECT string_agg(s.step, ', ' ORDER BY s.seq) FROM card_step s
	    JOIN card c ON c.id = s.card WHERE c.identity LIKE '%$1%'
	    AND s.seq <= 5"
}
is 'the journal knew before the card' "$(steps_of 00000001)" \
    'channel, prepare, PIN, management key, name'
is 'secrets were kept before they were set, and are set' "$(sql "SELECT
    count(*) FROM card_secret WHERE set_at >= made_at")" 6
is 'the management key is of AES-256' "$(grep -c '^manage c 0' "$tmp/a")" 1

# --- keys that are wrong ---
tries_of() { grep -c ' 8050' "$1"; }
card_pull 0
card_insert 0 "$tmp/w" -g 24 -n 3 -l "$tmp/w.log"
ok 'a card that denies the keys is put aside at once' \
    wait_for event spoiled 'the card does not know the keys of this channel'
is '... after one try' "$(tries_of "$tmp/w.log")" 1
is '... and its item waits for another' "$(sql "SELECT count(*) FROM card_item i
    JOIN card_batch b ON b.id = i.batch WHERE b.name = 'one'
    AND i.state = 'waiting'")" 1
card_pull 0
card_insert 0 "$tmp/w" -l "$tmp/w.log"
ok 'it is refused when it comes again' wait_for event refused 'was spoiled'
is '... without a try' "$(tries_of "$tmp/w.log")" 1
station_stop

# --- keys of each card ---
card_pull 0
card_pull 1
card_insert 0 "$tmp/d" -g 16 -G -n 4
station_start --batch two
ok 'a card with keys of its own is finished' wait_for counted issued 3
station_stop

# --- cards that tell nothing of themselves ---
card_pull 0
card_insert 0 "$tmp/none" -n 0
station_start --batch three
ok 'a card without number and name is refused' \
    wait_for event refused 'could not be told from another'
# What a bureau writes beforehand.
card_make "$tmp/named" -n 0
echo "object 5fc102 0 0 3410$(openssl rand -hex 16)" >>"$tmp/named"
card_pull 0
card_insert 0 "$tmp/named" -c after:60
ok 'one with a name, which is pulled, is finished' wait_for counted issued 4
is '... as the card that it was' "$(sql "SELECT count(*) || state FROM card
    WHERE identity LIKE 'guid:%' GROUP BY state")" 1issued
card_pull 0
card_insert 0 "$tmp/named"
ok '... and is known by its new name' wait_for event refused 'this is card'
station_stop

# --- the best management key ---
card_pull 0
card_insert 0 "$tmp/e" -x -n 5 -b 0a
card_insert 1 "$tmp/f" -x -n 6 -k A -b 03
station_start --batch three
ok 'cards without AES-256 are finished' wait_for counted issued 6
is '... with AES-192' "$(grep -c '^manage a 0' "$tmp/e")" 1
is '... with 3DES' "$(grep -c '^manage 3 0' "$tmp/f")" 1
is 'of what was not taken nothing is left' "$(sql "SELECT count(*)
    FROM card_secret WHERE kind = 'management' AND void_at IS NULL
    AND set_at IS NULL")" 0
station_stop
ca_stop
done_testing
