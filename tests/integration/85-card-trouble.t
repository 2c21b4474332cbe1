#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Readers and cards that are not as they should be: no pcscd, another program at
# the card, another card in mid-run, cards that lie.  And what is made opens in
# stock software.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/cards.sh"

make_in() {
	card_maker make "$(reader_name "$1")"
}

ok 'there are two readers' readers_begin 2
exits 6 'a reader that is not there' card_maker look 'Nobody 00 00'
said 'Unknown reader specified. [upstream]'
exits 4 'a reader without a card' card_maker look "$(reader_name 1)"
said 'No smart card inserted. [notfound]'
ok 'the readers are listed' card_maker readers
said "$(reader_name 1)"

card_put 0 "$tmp/held" -x -n 4711
start card_maker look "$(reader_name 0)" 4000
holder=$last
wait_for grep -q 'extended card, serial 4711' "$tmp/log"
exits 6 'a card that another program has is not shared' make_in 0
said 'Sharing violation. [retry]'
said 'close the other program that uses the card'
stop "$holder"
# pcscd takes a moment to see that a program has gone.
ok 'with that program gone it is free' wait_for card_maker look \
    "$(reader_name 0)"

ok 'a finished card' make_in 0
module=$(find /usr/lib /usr/lib64 -name opensc-pkcs11.so 2>/dev/null | head -n 1)
date >"$tmp/data"
ok 'signs for OpenSC with its new PIN' pkcs11-tool --module "$module" \
    --pin 72430981 --sign --id 01 -m ECDSA-SHA256 -i "$tmp/data" \
    -o "$tmp/sig" --signature-format openssl
ok 'with a certificate that OpenSC finds' pkcs11-tool --module "$module" \
    --read-object --type cert --id 01 -o "$tmp/cert.der"
openssl x509 -inform der -in "$tmp/cert.der" -noout -pubkey >"$tmp/pub"
ok 'to verify it' openssl dgst -sha256 -verify "$tmp/pub" \
    -signature "$tmp/sig" "$tmp/data"
not 'the factory PIN opens nothing' pkcs11-tool --module "$module" \
    --pin 123456 --login -O
says 'Failed authentication with the application' yubico-piv-tool \
    --reader "$(reader_name 0)" -a set-chuid \
    --key=010203040506070801020304050607080102030405060708
ok 'it is a finished one still' card_maker check "$(reader_name 0)"
ok 'and recognised as such' make_in 0
card_pull 0

card_make "$tmp/other" -x -n 4712
cp "$tmp/other" "$tmp/other.before"
card_put 0 "$tmp/mine" -x -n 4711 -c after:30 -a 450 -w "$tmp/other"
exits 5 'another card in mid-run is refused' make_in 0
said 'another card is in the reader now [conflict]'
ok 'and nothing was done to it' cmp "$tmp/other" "$tmp/other.before"

for lie in key signature attestation witness stored; do
	card_put 0 "$tmp/lie-$lie" -x -f "$lie"
	not "a card that lies about $lie is not finished" make_in 0
	not '...and not for want of a card' grep -qE \
	    'removed|No smart card|done' "$tmp/out"
done

readers_stop
exits 6 'without pcscd nothing is done' card_maker readers
said 'Service not available. [upstream]'
said 'start pcscd'
readers_start
card_put 1 "$tmp/late" -e
ok 'when it is back, cards are made' make_in 1
done_testing
