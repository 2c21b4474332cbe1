#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The registration is owned, without any officer's browser: its key, its role
# in the store, what codes and requests have gone through it.  What it may do
# alone is to have certificates revoked whose profile lets holders do that.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/owned_ra.sh"
install_pki
sed -i 's/^renewal_window = .*/renewal_window = "300d";/
    s/^validity = .*/validity = "300d";/' "$pki/profiles/web-login"
ok 'there is an RA' owned_ra
denied() {
	says 'permission denied' as_ra "$1"
}
# Signed by the RA: ra_seal ID
ra_seal() {
	usual
	bound=-
	seal "$1"
}
# person NAME [options] - an order for a web log-in; its id in $id
person() {
	person_name=$1
	shift
	signet order new --profile web-login --ca people \
	    --holder "$person_name" --holder-name "$person_name" \
	    --field "name=$person_name" --yes "$@" </dev/null \
	    >"$tmp/$person_name.order" 2>&1 && id=$(last_order)
}
issued() {
	as o1 signet order approve "$1" --yes >"$tmp/order.out" 2>&1 && cad &&
	    [ "$(order_state "$1")" = 'done' ]
}

# Rows.
denied "INSERT INTO cert (ca) VALUES ('people')"
denied "UPDATE cert SET status = 'good'"
denied "UPDATE cert SET profile = 'web-login'"
denied "INSERT INTO status_change (ca) VALUES ('people')"
denied "UPDATE request SET der = ''"
denied "UPDATE item SET state = 'done'"
denied "UPDATE orders SET profile = 'officer'"
denied "UPDATE orders SET holder = 'x', digest = ''"
denied 'DELETE FROM orders'
denied "UPDATE application SET mail = 'x', profile = 'officer'"
denied "INSERT INTO crl (ca) VALUES ('people')"
denied "INSERT INTO intent (instance) VALUES ('x')"
denied "INSERT INTO audit (seq) VALUES (1)"
denied 'UPDATE audit_head SET seq = 0'

# Entries, by which an RA would have the CA stop or forget.
for act in issue revoke hold release reject bind unbind adopt refuse start; do
	says 'may not write this into the audit chain' as_ra "SELECT
	    audit_append(ARRAY[convert_to('act=$act' || chr(10) ||
	    'at=2026-01-01T00:00:00Z' || chr(10) || 'order=00' || chr(10),
	    'UTF8')])"
done
says 'may not write this into the audit chain' as_ra "SELECT
    audit_append(ARRAY[convert_to('x=1' || chr(10) || 'act=order-new', 'UTF8'),
    convert_to('act=order-newest' || chr(10), 'UTF8')])"
ok 'the CA does not stop' cad

# Approvals that a row counts, and orders that are another's.
an_order
ok 'a row says that it is approved' as_ra "UPDATE orders SET state = 'ready',
    approvals = 9 WHERE id = decode('$id', 'hex')"
attack_on "$id" 'an order that only a row calls approved' 'has nobody'
an_order
ok 'an order that the RA signs' ra_seal "$id"
attack_on "$id" 'an order that the RA alone signed' 'has ra-agent ra-9'
request own && person own --csr "$tmp/own.csr"
own=$id
blob_get "$own" "$tmp/own.blob"
an_order
ok 'the blob of one order in the row of another' ra_put "$id" "$tmp/own.blob"
attack_on "$id" 'a row with the order of another' 'has nobody'
strike

# What an officer approved is carried out once, as it is.
ok 'an officer approves' issued "$own"
blob_get "$own" "$tmp/approved.blob"
for blob in "''" "decode('$(base64 -w 0 "$tmp/own.blob")', 'base64')"; do
	says 'was used: its approvals stay as they are' as_ra "UPDATE orders
	    SET blob = $blob WHERE id = decode('$own', 'hex')"
done
request mine && person mine --csr "$tmp/mine.csr"
ok 'an approved order in the row of another' ra_put "$id" "$tmp/approved.blob"
attack_on "$id" 'an approved order, brought again for another request' \
    'used before'
strike

# Codes.
coded() {
	person "$1" --code &&
	as o1 signet order approve "$id" --yes >"$tmp/order.out" 2>&1 &&
	[ "$(sql "SELECT state, waiting_items FROM orders
	    WHERE id = decode('$id', 'hex')")" = 'ready|1' ]
}
ok 'an officer approves an order with a code' coded coded
coded=$id

# A request of its own, without proof and with one that is none.
request thief
openssl req -in "$tmp/thief.csr" -outform DER -out "$tmp/thief.der"
bring() {
	as_ra "INSERT INTO request (order_id, n, der, proof) VALUES
	    (decode('$1', 'hex'), 0, decode('$(base64 -w 0 "$tmp/thief.der")',
	    'base64'), $2)"
}
ok 'the RA brings a request of its own' bring "$coded" \
    "decode('$(printf '%0128d' 7)', 'hex')"
attack_on "$coded" 'a request with a made-up proof of a code' 'one-time code'
ok 'one more code' coded bare
ok 'the RA brings a request without a proof' bring "$id" NULL
attack_on "$id" 'a request without a proof of a code' 'one-time code'
strike

# Renewing: the holder has to sign, and it is no matter that the RA has the old
# request, which anybody can copy.
own_serial=$(serial_of "$own")
cert_of "$own" >"$tmp/own.pem"
renewal() {
	signet cert renew "$own_serial" --csr "$tmp/own.csr" \
	    --proof-key "$tmp/own.key" --proof-cert "$tmp/own.pem" --yes \
	    </dev/null >"$tmp/order.out" 2>&1 && id=$(last_order) &&
	    blob_get "$id" "$tmp/renewal"
}
cat "$pki/ca/services.pem" "$tmp/own.pem" >"$tmp/chain.pem"
request gate && an_order gate
ok 'a server has a certificate' issued "$id"
gate=$(serial_of "$id")
cert_of "$id" >"$tmp/gate.pem"
ok 'a holder wants to renew' renewal
sign_as "$tmp/renewal" "$tmp/ra.key" "$tmp/ra.pem" -certfile "$tmp/chain.pem"
ok "the RA's word instead of the holder's" ra_put "$id" "$tmp/renewal"
attack_on "$id" 'a renewal by the RA alone' \
    'needs holder and ra-agent, or officer; has ra-agent ra-9'
ok 'a holder wants to renew' renewal
sign_as "$tmp/renewal" "$tmp/gate.key" "$tmp/gate.pem" \
    -certfile "$tmp/chain.pem"
sign_too "$tmp/renewal" "$tmp/ra.key" "$tmp/ra.pem"
ok "another's word instead of the holder's" ra_put "$id" "$tmp/renewal"
attack_on "$id" 'a renewal by another and the RA' \
    'the certificate gives no role'
strike

# What it can: certificates whose profile says self_revoke, to be revoked.
change() {
	case $1 in
	revoke)	change_reason=superseded ;;
	*)	change_reason= ;;
	esac
	signet cert "$1" "$2" ${change_reason:+--reason "$change_reason"} \
	    --no-sign --yes </dev/null >"$tmp/order.out" 2>&1 &&
	    id=$(last_order) && ra_seal "$id"
}
status() {
	ok "$3" change "$1" "$2"
	attack_on "$id" "$3" "$4"
}
status hold "people/$own_serial" 'a hold by the RA alone' 'has ra-agent ra-9'
for who in s1 o1; do
	status revoke "services/$(serial_in "$pki/officers/$who.pem")" \
	    "$who revoked by the RA alone" 'has ra-agent ra-9'
done
status revoke "services/$gate" 'a server revoked by the RA alone' \
    'has ra-agent ra-9'
ok 'the RA says that it is of a person' tamper "UPDATE cert
    SET profile = 'web-login' WHERE serial = '\\x$gate'"
status revoke "services/$gate" 'a server called a person' 'has ra-agent ra-9'
strike
is 'a person is revoked by the RA' "$(change revoke "people/$own_serial" >&2 &&
    cad && sql "SELECT status FROM cert WHERE serial = '\\x$own_serial'")" \
    revoked
ok '... by an entry that names it' audited act=revoke "serial=$own_serial"
done_testing
