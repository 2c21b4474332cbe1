#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An attacker who owns the store and moves items and requests about, writes
# intents, and writes into the audit chain what another CA would write.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
install_pki

# batch DIR COUNT - approved by two officers; $id
batch() {
	mkdir "$tmp/$1" && make_requests "$tmp/$1" "$2" &&
	as o1 signet order import --csv "$tmp/$1/people.csv" -p mail-sign \
	    --sign --yes && id=$(last_order) &&
	as o2 signet order approve --yes "$id"
}
hex_der() {
	openssl req -in "$1" -outform DER | od -An -v -tx1 | tr -d ' \n'
}
hold_back() {
	tamper "UPDATE orders SET state = 'pending'
	    WHERE id = decode('$1', 'hex')"
}
# item_refused 'what' ID N 'why' COUNT - COUNT new certificates came all the same
item_refused() {
	is "$1: refused" "$(sql "SELECT state FROM item
	    WHERE order_id = decode('$2', 'hex') AND n = $3")" refused
	is '... and nothing came of it' "$(sql "SELECT count(*) FROM cert")" \
	    $((certs_mark + ${5:-0}))
	says "$4" sql "SELECT reason FROM item
	    WHERE order_id = decode('$2', 'hex') AND n = $3"
	ok '... and so says the log' grep -q \
	    "$(printf '%.8s' "$2").*item $3 refused: .*$4" "$tmp/log"
	ok '... and the audit chain' audited act=refuse "id=$2" "n=$3" "$4"
}

# A request in the place of another's.
request mallory
mallory=$(hex_der "$tmp/mallory.csr")
as o1 order_tls www --sign >/dev/null
id=$(last_order)
tamper "UPDATE request SET der = '\\x$mallory'
    WHERE order_id = decode('$id', 'hex')"
cad
refused 'a swapped request' "$id" 'the request is not the one that was approved'
ok 'a batch of three' batch three 3
three=$id
tamper "UPDATE request SET der = '\\x$mallory'
    WHERE order_id = decode('$id', 'hex') AND n = 2"
cad
item_refused 'a swapped request in a batch' "$id" 2 \
    'the request is not the one that was approved for item 2' 2

# Moved between batches, used again.
ok 'two batches' batch four 2
four=$id
hold_back "$four"
ok 'two batches' batch five 2
tamper "UPDATE orders SET items = 3, open_items = 3
    WHERE id = decode('$id', 'hex');
    UPDATE item SET order_id = decode('$id', 'hex'), n = 3
    WHERE order_id = decode('$four', 'hex') AND n = 1;
    UPDATE request SET order_id = decode('$id', 'hex'), n = 3
    WHERE order_id = decode('$four', 'hex') AND n = 1"
cad
item_refused 'an item of another batch, as a third' "$id" 3 \
    'the batch has no item 3' 2
ok 'another batch' batch six 2
tamper "UPDATE request t SET der = s.der FROM request s
    WHERE t.order_id = decode('$id', 'hex') AND t.n = 1
    AND s.order_id = decode('$four', 'hex') AND s.n = 2;
    UPDATE item SET holder = 'p000002'
    WHERE order_id = decode('$id', 'hex')"
cad
item_refused 'an item of another batch, in place of one' "$id" 1 \
    'the request is not the one' 1
tamper "DELETE FROM cert_name;
    DELETE FROM cert WHERE order_id = decode('$three', 'hex') AND n = 1;
    UPDATE item SET state = 'open', reason = NULL
    WHERE order_id = decode('$three', 'hex') AND n = 1;
    UPDATE orders SET state = 'ready', open_items = 1
    WHERE id = decode('$three', 'hex')"
cad
item_refused 'an item set back' "$three" 1 'this order was used before'
tamper "INSERT INTO item (order_id, n, state, holder) VALUES
    (decode('$three', 'hex'), 4, 'open', 'p000001');
    INSERT INTO request (order_id, n, der) SELECT order_id, 4, der
    FROM request WHERE order_id = decode('$three', 'hex') AND n = 1;
    UPDATE orders SET state = 'ready', items = 4, open_items = 1
    WHERE id = decode('$three', 'hex')"
cad
item_refused 'an item doubled' "$three" 4 'the batch has no item 4'
unproven 'the auditor misses the certificate that is gone' \
    'was issued, but no certificate with this digest'

# A one-time code is for one request.
umask 077
as o1 signet order new --code --sign --profile web-login --holder anna \
    --holder-name "Anna Ek" -f name="Anna Ek" -f surname=Ek -f given=Anna \
    -f org="Example AB" -f country=SE -f mail=anna@example.org --yes \
    >"$tmp/said"
id=$(last_order)
sed -n 's/^One-time code: *//p' "$tmp/said" >"$tmp/code"
request anna
ok 'a holder redeems a code' signet order redeem "$id" \
    --csr "$tmp/anna.csr" --code-from "file:$tmp/code"
tamper "UPDATE request SET der = '\\x$mallory'
    WHERE order_id = decode('$id', 'hex')"
cad
refused 'the code with another request' "$id" 'one-time code'
tamper "UPDATE request SET proof = NULL
    WHERE order_id = decode('$id', 'hex')"
make_ready "$id"
cad
refused 'no proof of the code at all' "$id" 'no proof of the one-time code'

# An intent is what the store says that the signer wanted to sign.
# intend ID FAULT - dies with an intent; its name is edited to "evil".
intend() {
	SIGNET_FAULT=$2 cad
	[ "$(sql "SELECT count(*) FROM intent
	    WHERE order_id = decode('$1', 'hex')")" = 1 ] &&
	tamper "UPDATE intent SET tbs = overlay(tbs placing 'evil'::bytea
	    from position('good'::bytea in tbs))
	    WHERE order_id = decode('$1', 'hex')"
}
as o1 order_tls good1 --sign >/dev/null
id=$(last_order)
ok 'an intent is edited before the decision' intend "$id" cad.intended:1
cad
is 'it is made anew' "$(cert_of "$id" | openssl x509 -noout \
    -ext subjectAltName | tail -n 1 | tr -d ' ')" DNS:good1.example.org
as o1 order_tls good2 --sign >/dev/null
id=$(last_order)
ok 'an intent is edited after the decision' intend "$id" signer.decided:1
cad
is '... no certificate' "$(sql "SELECT count(*) FROM cert")" "$certs_mark"
is '... the order is refused' "$(order_state "$id")" refused
says 'the order was used for other bytes' order_reason "$id"
ok '... an alarm in the log' grep -q \
    "ALARM intent: order $(printf '%.8s' "$id"), item 0" "$tmp/log"
ok '... and in the audit chain' audited act=alarm what=intent
ok '... and the refusal' audited act=refuse "id=$id" 'other bytes'

# Beside the bytes of an intent stand the columns that its row will have.
misplace() {
	SIGNET_FAULT=signer.decided:1 cad
	[ "$(sql "SELECT count(*) FROM intent
	    WHERE order_id = decode('$1', 'hex')")" = 1 ] &&
	tamper "UPDATE intent SET $2 WHERE order_id = decode('$1', 'hex')"
}
for column in "ca = 'people'" 'serial = set_byte(serial, 19,
    get_byte(serial, 19) # 1)'; do
	mark
	as o1 order_tls "good${#column}" --sign >/dev/null
	id=$(last_order)
	ok "an intent gets another ${column%% *}" misplace "$id" "$column"
	cad
	refused 'the order' "$id" 'the order was used for other bytes'
	ok '... with an alarm' audited act=alarm what=intent
done

# forge ORDER - an intent for it, with the bytes of good1 and another name.
forge() {
	tamper "INSERT INTO intent (order_id, n, ca, serial, tbs, key_digest,
	    instance)
	    SELECT decode('$1', 'hex'), 0, 'services',
	    set_byte(c.serial, 19, get_byte(c.serial, 19) # 1),
	    overlay(t.tbs placing 'evil'::bytea
	    from position('good'::bytea in t.tbs)), sha256(c.serial), 'cad-1/0'
	    FROM cert c, LATERAL (SELECT substr(c.der, 5,
	    get_byte(c.der, 6) * 256 + get_byte(c.der, 7) + 4) AS tbs) t
	    WHERE c.subject LIKE '%good1%';
	    UPDATE item SET state = 'signing'
	    WHERE order_id = decode('$1', 'hex');
	    UPDATE orders SET state = 'ready', open_items = 1,
	    waiting_items = 0 WHERE id = decode('$1', 'hex')"
}
order_tls unsigned >/dev/null
id=$(last_order)
ok 'an intent is forged for an unsigned order' forge "$id"
cad
refused 'the order' "$id" 'has nobody'
is 'no intent is left' "$(sql "SELECT count(*) FROM intent")" 0
order_tls vouched >/dev/null
id=$(last_order)
hold_back "$id"
ok 'an intent is forged' forge "$id"
ok '... and another instance, invented, vouches for its bytes' tamper \
    "SELECT audit_append(ARRAY[convert_to('act=issue
at=2026-11-21T02:49:48Z
order=' || encode(o.digest, 'hex') || '
id=$id
n=0
ca=services
serial=0123456789abcdef0123456789abcdef01234567
cert=' || repeat('ab', 32) || '
tbs=' || encode(sha256(i.tbs), 'hex') || '
key=' || repeat('ab', 32) || '
request=' || repeat('ab', 32) || '
profile=tls-server
holder=evil
expires=2036-11-21T02:49:48Z
instance=cad-2
', 'UTF8')]) FROM orders o, intent i WHERE o.id = decode('$id', 'hex')
    AND i.order_id = o.id"
cad
refused 'an order whose bytes only the chain vouches for' "$id" \
    'the order was used for other bytes'
ok '... with an alarm' audited act=alarm what=intent
is 'no intent is left' "$(sql "SELECT count(*) FROM intent")" 0
unproven '... and the auditor finds the certificate that never was' \
    'certificate 0123456789abcdef0123456789abcdef01234567: was issued, but'

order_tls garbage >/dev/null
id=$(last_order)
ok 'an intent is forged' forge "$id"
tamper "UPDATE orders SET blob = '\\x3000' WHERE id = decode('$id', 'hex')"
cad
refused 'an intent without an order' "$id" 'not CMS SignedData'
ok '... with an alarm' audited act=alarm what=intent
as o1 order_tls after --sign >/dev/null
id=$(last_order)
cad
is 'and others get their certificates' "$(order_state "$id")" 'done'

done_testing
