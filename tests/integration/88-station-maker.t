#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Keys at a station that were not made on the card, or on two cards, and the word
# of a card's maker: forged, missing, about another key.  Each is refused, and
# in the audit chain.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/cards.sh"
. "$srcdir/tests/lib/station.sh"
install_pki
station_configure
layout plain '
	{ slot = "authentication"; profile = "web-login"; alg = "ec:P-256"; }'
layout vouched '
	{ slot = "key management"; profile = "individual-encrypt"; alg = "ec:P-256"; }'
card_make "$tmp/sample" -x -v "$tmp/maker"
openssl x509 -in "$tmp/maker" -out "$tmp/maker.pem"
echo "attestation_roots = \"$tmp/maker.pem\";" >>"$pki/cad.conf"
echo 'needs_attestation = true;' >>"$pki/profiles/individual-encrypt"
state_is() { [ "$(card_state "$1")" = "$2" ]; }
ok 'there are two readers' readers_begin 2
ok 'a batch' card_batch one plain 4
ok 'and another' card_batch two vouched 8
ca_start
station_start --batch one
mark

# --- a key that another card has ---
card_insert 0 "$tmp/first" -n 14 -j "$tmp/key"
issued_is() {
	[ "$(sql "SELECT count(*) FROM card WHERE state = 'issued'")" -eq "$1" ]
}
ok 'a strict card whose key comes from elsewhere is not told apart' \
    wait_for issued_is 1
card_insert 1 "$tmp/second" -n 15 -j "$tmp/key"
ok '... but the next one with that key is' wait_for event '"refused"' \
    'this key is known from another card or slot'
ok '... and audited' audited act=card-refused 'this key is known from'
card_pull 0
card_pull 1

station_stop
station_start --batch two

# --- whose word counts ---
card_insert 0 "$tmp/vouched" -x -v "$tmp/maker" -n 17
ok 'a key that the maker vouches for is certified' \
    wait_for state_is piv-serial:17 issued
card_pull 0
card_insert 0 "$tmp/forged" -x -v "$tmp/forger" -n 18
ok 'one that a forger vouches for is not' wait_for state_is piv-serial:18 spoiled
ok '... as the CA says' event '"spoiled"' \
    'the CA refused the certificate for the key management slot: attestation: '
ok '... and the audit chain' audited act=refuse attestation
card_pull 0
card_insert 0 "$tmp/injected" -x -v "$tmp/maker" -n 19 -j "$tmp/outside"
ok 'nor one that was put on the card' wait_for state_is piv-serial:19 spoiled
says "needs the word of a card's maker" sql "SELECT reason FROM card
    WHERE identity = 'piv-serial:19'"
ok '... which the audit chain has' audited act=refuse 'needs the word of a card'
card_pull 0
card_insert 0 "$tmp/lies" -x -v "$tmp/maker" -n 20 -f attestation
ok "a card's word about another key is its end" \
    wait_for event '"refused"' 'the attestation is about another key'
ok '... and audited' audited act=card-refused 'attestation is about another key'
card_pull 0
station_stop
ok 'no certificate of a spoiled card is valid' no_valid_certificate
ca_stop
ok 'an auditor who believes nothing finds it in order' proven
done_testing
