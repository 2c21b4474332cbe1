#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The station's certificate is renewed while it runs: cards that were begun
# with the old one are issued, as are those that come after.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/cards.sh"
. "$srcdir/tests/lib/station.sh"
install_pki
station_configure
cert=$pki/agents/station.pem key=$pki/agents/station.key
was=$(serial_in "$cert")

# --- settings ---
cat >>"$tmp/station.conf" <<CONF
agent_database = "$conninfo user=signet_agent";
root = "$pki/ca/root.pem";
CONF
sed 's,^agent_passphrase = .*,agent_passphrase = "prompt";,' \
    "$tmp/station.conf" >"$tmp/other.conf"
exits 7 'who renews it cannot ask for a passphrase' \
    signet-station check -c "$tmp/other.conf"
said 'has nobody to ask for agent_passphrase'
ok 'good settings are right' signet-station check -c "$tmp/station.conf"

# --- in the last quarter of its life ---
travel 280
layout one '{ slot = "authentication"; profile = "web-login"; alg = "ec:P-256"; }'
ok 'there are two readers' readers_begin 2
ok 'a batch of three is approved' card_batch one one 3

serial_of_order() {	# IDENTITY: who signed for its item
	sql "SELECT encode(r.station_order, 'base64') FROM card c
	    JOIN card_key k ON k.card = c.id
	    JOIN request r ON r.order_id = k.order_id AND r.n = k.n
	    WHERE c.identity = '$1'" | base64 -d >"$tmp/item"
	openssl cms -verify -noverify -binary -inform DER \
	    -in "$tmp/item" -out /dev/null -signer "$tmp/signer.pem" \
	    2>"$tmp/out" && serial_in "$tmp/signer.pem" ||
	    sed 's/^/# /' "$tmp/out" >&2
}
card_has_step() {
	[ "$(sql "SELECT count(*) FROM card_key k JOIN card c ON c.id = k.card
	    WHERE c.identity = '$1' AND k.order_id IS NOT NULL")" = 1 ]
}
renewed() { [ "$(serial_in "$cert")" != "$was" ]; }
logged() { grep -q "$1" "$tmp/station.log"; }

station_start --batch one
ok 'its renewal is ordered' wait_for logged 'agent certificate: ordered order='
ok 'an interrupt at the terminal is for the station, not for who does that' \
    grep -q '^SigIgn:.*[2367abef]$' "/proc/$(station_child agent)/status"
card_insert 0 "$tmp/a" -x -n 1001
ok 'a card is begun while no CA runs' wait_for card_has_step piv-serial:1001
not '... and nothing is renewed' renewed
ca_start
ok 'then the CA renews the certificate' wait_for renewed
new=$(serial_in "$cert")
ok 'the clerk takes it up' wait_for logged "station's new certificate is in use"
is '... with its key' "$(openssl x509 -in "$cert" -noout -pubkey)" \
    "$(openssl pkey -in "$key" -passin "file:$pki/secrets/agent-station" \
    -pubout)"
ok 'the card that was begun is issued' wait_for card_is issued piv-serial:1001
is '... by what the old certificate signed' \
    "$(serial_of_order piv-serial:1001)" "$was"
is '... which is as good as it was' "$(sql "SELECT status FROM cert
    WHERE encode(serial, 'hex') = '$was'")" good
card_insert 1 "$tmp/b" -x -n 1002
ok 'so is the next' wait_for card_is issued piv-serial:1002
is '... by what the new one signed' "$(serial_of_order piv-serial:1002)" \
    "$new"

# --- it is no pillar of the station ---
kill -9 "$(station_child agent)"
ok 'when that process dies' wait_for logged \
    "renews the station's certificate ended"
kill -9 "$(station_child clerk)"
card_pull 0
card_insert 0 "$tmp/c" -x -n 1003
ok '... and the clerk, too, cards are made' \
    wait_for card_is issued piv-serial:1003
station_stop

# --- and a crash between key and certificate ---
travel 560
old_key=$(cksum <"$key")
half_placed() { [ "$(cksum <"$key")" != "$old_key" ]; }
ok 'another batch is approved' card_batch two one 2
ca_stop
ca_start
station_env=SIGNET_FAULT=agent.half-placed
station_start --batch two
ok 'the next renewal is cut off' wait_for half_placed
is '... when only the key is in place' "$(serial_in "$cert")" "$new"
card_pull 0
card_insert 0 "$tmp/d" -x -n 1004
ok '... which the station does not notice' \
    wait_for card_is issued piv-serial:1004
station_stop
station_env=
station_start --batch two
card_pull 1
card_insert 1 "$tmp/e" -x -n 1005
ok 'when it is started again it has both' \
    wait_for card_is issued piv-serial:1005
not '... the new certificate, too' test "$(serial_in "$cert")" = "$new"
is '... by which it orders' "$(serial_of_order piv-serial:1005)" \
    "$(serial_in "$cert")"
station_stop
done_testing
