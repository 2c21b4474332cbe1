#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A station that does what it likes: with its key and its place in the store it
# asks twice for one holder, for one outside of its batch, or for another key
# than it said; and others ask in its name.  Refused, and in the audit chain.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/station.sh"
install_pki
layout door '
	{ slot = "card authentication"; profile = "card-auth"; alg = "ec:P-256"; }'
batch() {
	printf 'holder,org\n%s-1,Example AB\n%s-2,Example AB\n%s-3,Example AB\n' \
	    "$1" "$1" "$1" >"$tmp/$1.csv"
	batch_from "$1" door && last_order >"$tmp/$1.id"
}
digest_of() {
	sql "SELECT encode(digest, 'hex') FROM orders
	    WHERE id = decode('$(cat "$tmp/$1.id")', 'hex')"
}
hex() { od -An -v -tx1 "$1" | tr -d ' \n'; }
new_request() {
	request "$1" && openssl req -in "$tmp/$1.csr" -outform DER \
	    -out "$tmp/$1.der"
}
# ordered BATCH N REQUEST [AGENT] - $tmp/item has the order
ordered() {
	ordered_by=${4:-station}
	station_item "$(digest_of "$1")" "$2" "$tmp/$3.der" \
	    "$pki/agents/$ordered_by.key" "$pki/agents/$ordered_by.pem" \
	    "file:$pki/secrets/agent-$ordered_by" >"$tmp/item"
}
# supply BATCH N REQUEST - as the station's role in the store may
supply() {
	PGUSER=signet_station psql -X -q -v ON_ERROR_STOP=1 -d signet \
	    -c 'SET search_path = signet' -c "INSERT INTO request
	    (order_id, n, der, station_order)
	    VALUES (decode('$(cat "$tmp/$1.id")', 'hex'), $2,
	    decode('$(hex "$tmp/$3.der")', 'hex'),
	    decode('$(hex "$tmp/item")', 'hex'))"
}
item_is() {
	sql "SELECT state FROM item
	    WHERE order_id = decode('$(cat "$tmp/$1.id")', 'hex') AND n = $2"
}
# item_refused 'what' BATCH N 'why'
item_refused() {
	is "$1: refused" "$(item_is "$2" "$3")" refused
	is '... and nothing came of it' "$(sql "SELECT count(*) FROM cert")" \
	    "$certs_mark"
	says "$4" sql "SELECT reason FROM item
	    WHERE order_id = decode('$(cat "$tmp/$2.id")', 'hex') AND n = $3"
	ok '... and so says the audit chain' audited act=refuse \
	    "id=$(cat "$tmp/$2.id")" "n=$3" "$4"
}
ok 'a batch that two officers approved' batch one
ok 'and another' batch other
for name in a b c d e; do new_request "$name"; done

ordered one 1 a
ok 'the station asks for a holder of its batch' supply one 1 a
ok '... and the CA' cad
is '... certifies that' "$(item_is one 1)" 'done'
ordered one 1 b
says 'duplicate key value violates unique constraint' supply one 1 b
tamper "DELETE FROM request WHERE order_id = decode('$(cat "$tmp/one.id")', 'hex');
    UPDATE item SET state = 'waiting', holder = 'one-1'
    WHERE order_id = decode('$(cat "$tmp/one.id")', 'hex') AND n = 1"
ok 'who owns the store, too, makes room for a second one' supply one 1 b
make_ready "$(cat "$tmp/one.id")"
cad
item_refused 'twice for one holder' one 1 'this order was used before'

ordered one 2 c
ok 'what is signed for one batch is handed in for another' supply other 1 c
cad
item_refused 'a holder outside of its batch' other 1 \
    'order is for another item or batch'
ordered one 3 c
ok 'or for another item' supply other 2 c
cad
item_refused 'another holder' other 2 \
    'order is for another item or batch'
ordered other 99 d
says 'violates' supply other 99 d
is '... an item that nobody approved is none' "$(item_is other 99)" ''
ordered other 3 d
ok 'for another request than it signed' supply other 3 e
cad
item_refused 'another request' other 3 \
    'the request is not the one that the station ordered'
ordered one 2 c crl
ok 'another agent signs in its place' supply one 2 c
cad
item_refused 'another agent' one 2 'station-agent'
done_testing
