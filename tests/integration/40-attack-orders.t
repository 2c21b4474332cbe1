#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An attacker who owns the store and writes orders into it: unsigned, signed
# by strangers, edited, replayed.  No certificate comes of any of them: E029,
# what lies between officer and signer is not trusted.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
install_pki

# Orders that nobody signed, or nobody who may.
order_tls unsigned >/dev/null
id=$(last_order)
make_ready "$id"
cad
refused 'an unsigned order' "$id" 'needs officer, or root; has nobody'

# What an officer has rejected is set back in the store.
request late
as o1 signet order new --profile tls-server --csr "$tmp/late.csr" \
    --holder late --holder-name late --field dns=late.example.org --sign \
    --yes >/dev/null
id=$(last_order)
exits 7 'an approved order is not rejected by nobody' signet order reject \
    "$id" --reason 'left us' --yes
said 'its rejection is signed'
is '... and is still ready' "$(order_state "$id")" ready
exits 6 'an officer rejects it; the CA is not there' as o2 signet order \
    reject "$id" --reason 'left us' --yes --wait 1s
is '... it is rejected at once' "$(order_state "$id")" rejected
cad
is '... the order to reject is carried out' "$(order_state "$(last_order)")" \
    'done'
ok '... the audit chain says so' audited act=reject "id=$(last_order)"
tamper "UPDATE orders SET state = 'ready', open_items = 1, reason = NULL
    WHERE id = decode('$id', 'hex');
    UPDATE item SET state = 'open' WHERE order_id = decode('$id', 'hex')"
cad
refused 'a rejected order that is set back' "$id" \
    'an officer has rejected the order'
ok 'the audit proves it' proven

# An attacker's CA with the same name, its officer with the same name as ours.
subject() {
	openssl x509 -in "$1" -noout -subject -nameopt compat |
	    sed 's/^subject=//'
}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$tmp/evil-ca.key" -out "$tmp/evil-ca.pem" -days 30 \
    -subj "$(subject "$pki/ca/services.pem")" 2>/dev/null
request evil -subj "$(subject "$pki/officers/o1.pem")"
printf 'keyUsage=critical,digitalSignature\nextendedKeyUsage=%s.2.1\n' \
    "$arc" >"$tmp/ext"
openssl x509 -req -in "$tmp/evil.csr" -CA "$tmp/evil-ca.pem" \
    -CAkey "$tmp/evil-ca.key" -set_serial 0x4142434445464748 -days 30 \
    -extfile "$tmp/ext" -out "$tmp/evil.pem" 2>/dev/null
order_tls stranger >/dev/null
id=$(last_order)
blob_get "$id" "$tmp/blob"
ok 'a stranger signs' sign_as "$tmp/blob" "$tmp/evil.key" "$tmp/evil.pem" \
    -certfile "$tmp/evil-ca.pem"
blob_put "$id" "$tmp/blob"
make_ready "$id"
cad
refused 'an order signed below an attacker'\''s CA' "$id" \
    'the certificate is not from the CA that names officers'

# The CA of the attacker in the store's own table helps nothing.
services=$(sql "SELECT encode(der, 'hex') FROM ca WHERE name = 'services'")
tamper "UPDATE ca SET der = decode('$(openssl x509 -in "$tmp/evil-ca.pem" \
    -outform DER | base64 -w 0)', 'base64') WHERE name = 'services'"
make_ready "$id"
cad
refused '... with that CA in the store' "$id" \
    'the certificate is not from the CA that names officers'
unproven '... and the auditor finds it' \
    'Services CA,O=Example AB,C=SE: self-signed certificate'
tamper "UPDATE ca SET der = '\\x$services' WHERE name = 'services'"

# A holder of our own people CA.
request anna
ok 'a holder gets a certificate' as o1 signet order new --sign \
    --profile web-login --csr "$tmp/anna.csr" --holder anna \
    --holder-name "Anna Ek" -f name="Anna Ek" -f surname=Ek -f given=Anna \
    -f org="Example AB" -f country=SE -f mail=anna@example.org --yes
cad
cert_of "$(last_order)" >"$tmp/anna.pem"
order_tls holder >/dev/null
id=$(last_order)
blob_get "$id" "$tmp/blob"
ok '... and signs an order' sign_as "$tmp/blob" "$tmp/anna.key" \
    "$tmp/anna.pem" -certfile "$pki/ca/people.pem"
blob_put "$id" "$tmp/blob"
make_ready "$id"
cad
refused 'an order signed by a holder' "$id" 'the certificate gives no role'

# edit 's/perl/program/' - in an approved order; its row's digest is made to fit.
edit() {
	blob_get "$id" "$tmp/blob" &&
	cp "$tmp/blob" "$tmp/blob.was" &&
	perl -0777 -pi -e "$1" "$tmp/blob" &&
	! cmp -s "$tmp/blob" "$tmp/blob.was" &&
	blob_put "$id" "$tmp/blob" &&
	blob_order "$tmp/blob" "$tmp/blob.order" >/dev/null &&
	tamper "UPDATE orders SET digest =
	    '\\x$(openssl dgst -sha256 -r "$tmp/blob.order" | cut -c 1-64)'
	    WHERE id = decode('$id', 'hex')"
}
approved() {
	as o1 order_tls "$@" --sign >/dev/null && id=$(last_order)
}
approved edited1
ok 'one byte of an approved order is edited' edit 's/edited1\.ex/edited2.ex/'
cad
refused 'an order with another name' "$id" 'signature'
unproven '... and the auditor finds it' \
    "approval 1: the signature is over another order"
approved edited3
ok 'its profile is edited' edit 's/tls-server/web-login!/; s/web-login!/web-login0/'
cad
refused 'an order of another profile' "$id" 'signature'
approved edited4
ok 'a byte of the signature is edited' edit 's/(.)\z/chr(ord($1)^1)/se'
cad
refused 'an order with another signature' "$id" 'signature'

# The row says something else than the order.
approved row1
tamper "UPDATE orders SET profile = 'security-officer', ca = 'people',
    holder = 'o1', summary = 'something else' WHERE id = decode('$id', 'hex');
    UPDATE item SET holder = 'o1' WHERE order_id = decode('$id', 'hex')"
cad
is 'the order counts, not its row: the name' "$(cert_of "$id" |
    openssl x509 -noout -ext subjectAltName | tail -n 1 | tr -d ' ')" \
    DNS:row1.example.org
is '... the use' "$(cert_of "$id" | openssl x509 -noout -ext extendedKeyUsage |
    tail -n 1 | sed 's/^ *//')" 'TLS Web Server Authentication'
is '... and what is written down' "$(sql "SELECT concat_ws(' ', ca, profile,
    holder) FROM cert WHERE order_id = decode('$id', 'hex')")" \
    'services tls-server row1'
ok '... everywhere' audited act=issue "id=$id" profile=tls-server holder=row1

# Whatever kind the row says: only what the order says can be done.
for kind in batch revoke release; do
	approved "kind-$kind"
	tamper "UPDATE orders SET kind = '$kind' WHERE id = decode('$id', 'hex')"
	cad
	is "kind $kind in the row: no certificate" \
	    "$(sql "SELECT count(*) FROM cert")" "$certs_mark"
	ok '... and no change of status' test "$(sql "SELECT count(*)
	    FROM status_change")" = 0
	says 'an order to issue ' order_reason "$id"
	ok '... in the audit chain too' audited act=refuse "id=$id" \
	    'an order to issue '
done
# As one to adopt a head it is left to those who sign, unless they have stopped.
approved kind-adopt
tamper "UPDATE orders SET kind = 'adopt' WHERE id = decode('$id', 'hex')"
cad
is 'kind adopt in the row: the order counts' "$(cert_of "$id" |
    openssl x509 -noout -ext subjectAltName | tail -n 1 | tr -d ' ')" \
    DNS:kind-adopt.example.org
ok '... and no head is adopted' test "$(sql "SELECT count(*) FROM audit
    WHERE body LIKE 'act=adopt%'")" = 0
approved swapped1
first=$id
approved swapped2
blob_get "$first" "$tmp/blob"
blob_put "$id" "$tmp/blob"
make_ready "$id"
tamper "UPDATE orders SET state = 'pending' WHERE id = decode('$first', 'hex');
    UPDATE request t SET der = s.der FROM request s
    WHERE t.order_id = decode('$id', 'hex')
    AND s.order_id = decode('$first', 'hex')"
cad
refused 'an order in the row of another' "$id" \
    'the order in the store is not the one of its row'

# Replayed: the row reset, the certificate gone, its entry gone.
approved again
cad
is 'an order is carried out' "$(order_state "$id")" 'done'
make_ready "$id"
cad
refused 'an order that is ready again' "$id" 'this order was used before'
tamper "DELETE FROM cert_name;
    DELETE FROM cert WHERE order_id = decode('$id', 'hex')"
make_ready "$id"
cad
refused 'an order whose certificate is gone' "$id" 'this order was used before'
unproven '... and the auditor misses it' 'was issued, but no certificate'
seq=$(sql "SELECT seq FROM audit WHERE body LIKE ('act=issue%id=$id%')::bytea")
tamper "DELETE FROM audit WHERE seq = $seq"
make_ready "$id"
cad
is 'with its entry gone: no certificate' \
    "$(sql "SELECT count(*) FROM cert")" "$certs_mark"
ok '... for the order was used before, or the chain does not continue' \
    grep -q -e 'this order was used before' -e 'audit chain does not continue' \
    "$tmp/log"
unproven '... and the auditor misses the entry' \
    "entry $((seq + 1)): entries are missing before it"

done_testing
