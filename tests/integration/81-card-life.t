#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What becomes of issued cards: each change by the one table, its effect on
# certificates by an order that is signed and stored with it and that the CA
# carries out, what disagrees is found, and a proof that others can verify.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/cards.sh"
. "$srcdir/tests/lib/station.sh"
. "$srcdir/tests/lib/formats.sh"
install_pki
station_configure

ok 'there are two readers' readers_begin 2
ok 'a station makes four cards' cards_issued autumn 4
ca_stop
card() { card_number "$@"; }
state() { signet card show "$(card "$1")" --json | jq -r "${2:-.state}"; }
status() { sql "SELECT status || coalesce(' ' || reason, '') FROM cert WHERE holder = '$1' AND profile = 'web-login'"; }

# --- looking ---
is 'four cards' "$(signet card list --state issued --json | jq -r .holder | tr '\n' ' ')" '1 2 3 4 '
is 'of a holder' "$(signet card list --holder 3 --json | jq -r .card)" "$(card 3)"
is 'page by page' "$(signet card list --limit 2 --after "$(card 2)" --json | jq -r .holder | tr '\n' ' ')" '3 4 '
exits 4 'a mistyped number is said to be one' signet card show P0000001
said 'it was mistyped'
exits 0 'all is well' signet card check

as_page 'signet card list' signet card list
as_page 'signet card show NUMBER' signet card show "$(card 1)"

# --- ways ---
exits 5 'an issued card is not in use yet' signet card activated "$(card 1)"
said 'is issued and cannot be activated'
exits 0 'packed' signet card packed "$(card 1)" "$(card 2)"
as_page 'signet card packed NUMBER' signet card packed "$(card 3)"
exits 5 'not twice' signet card packed "$(card 1)"
exits 0 'delivered' signet card delivered "$(card 1)" "$(card 2)"
as_page 'signet card delivered NUMBER' signet card delivered "$(card 3)"
exits 5 'what was not suspended is not resumed' as o1 signet card resumed "$(card 1)" --yes
as_page 'signet card activated NUMBER' signet card activated "$(card 3)"
as_page 'signet card unblocked NUMBER' signet card unblocked "$(card 3)"
exits 0 'in use' signet card activated "$(card 1)" --reason 'met in person'
is 'its history says so' "$(state 1 '.history[-1].reason')" 'met in person'
exits 0 'its PIN was unblocked' signet card unblocked "$(card 1)"
is 'which is no state' "$(state 1) $(state 1 '.history[-1].what')" 'activated unblocked'

# --- effects ---
exits 7 'without a key nothing is suspended' signet card suspended "$(card 1)" --yes
is 'and nothing is' "$(state 1)" activated
exits 0 'suspended' as o1 signet card suspended "$(card 1)" --yes --reason 'on leave'
said 'holds 1 certificates'
is 'at once in the store' "$(state 1)" suspended
exits 5 'the CA has not done it yet' signet card check
as_page 'signet card check' signet card check
exits 5 'nor is it resumed before that' as o1 signet card resumed "$(card 1)" --yes
said 'the CA has not carried out order'
is 'and it is on its way' "$(signet card check --json 2>/dev/null | jq -r .ordered)" true
cad
is 'then the certificate is on hold' "$(status 1)" 'held 6'
exits 0 'and all is well' signet card check
exits 5 'a suspended card is not activated' as o1 signet card activated "$(card 1)" --yes
as_page 'signet card resumed NUMBER' as o1 signet card resumed "$(card 1)" --yes
exits 5 'nor suspended again before the CA has released it' as o1 signet card suspended "$(card 1)" --yes
said 'by which card'
is 'resumed, by an order of one' "$(jq -c '[.result, .effect, .certificates]' \
    "$tmp/json")" '["resumed","release",1]'
cad
is 'the certificate is good' "$(status 1)" good
as_page 'signet card lost NUMBER' as o2 signet card lost "$(card 1)" --yes
cad
is 'the certificate is revoked' "$(status 1)" 'revoked 1'
exits 5 'for ever' as o1 signet card resumed "$(card 1)" --yes
as_page 'signet card returned NUMBER' signet card returned "$(card 1)"
as_page 'signet card destroyed NUMBER' signet card destroyed "$(card 1)"
is 'found again, and shredded' "$(state 1)" destroyed
exits 5 'nothing follows' signet card returned "$(card 1)"
as_page 'signet card replaced NUMBER' as o1 signet card replaced "$(card 2)" --yes
is 'another is replaced' "$(state 2)" replaced
ok 'the audit chain says which card' audited "card=$(card 2)" what=replaced
cad
is 'as superseded' "$(status 2)" 'revoked 4'

# --- by other ways than these ---
is 'a change whose order is missing is refused by the store' "$(sql "SET ROLE signet_cli;
    UPDATE card SET state = 'lost' WHERE number = '$(card 3)'" 2>&1 | grep -c 'without an order to revoke')" 1
is 'the order of another effect is none' "$(sql "UPDATE card SET state = 'lost',
    order_id = (SELECT id FROM orders WHERE kind = 'hold' LIMIT 1)
    WHERE number = '$(card 3)'" 2>&1 | grep -c 'without an order to revoke')" 1
tamper "UPDATE card SET state = 'lost' WHERE number = '$(card 3)'"
exits 5 'who goes around it is found' signet card check
is 'by name' "$(signet card check --json 2>/dev/null | jq -r '.card + " " + .state + " " + .status')" \
    "$(card 3) lost good"

# --- proof ---
exits 0 'a proof' as o1 signet card proof "$(card 4)" --out "$tmp/proof.pem"
openssl cms -verify -binary -inform PEM -in "$tmp/proof.pem" -CAfile "$pki/ca/root.pem" \
    -purpose any -out "$tmp/proof.json" 2>"$tmp/out" || sed 's/^/# /' "$tmp/out"
is 'openssl verifies it' "$(jq -r '.card + " " + .identity' "$tmp/proof.json")" "$(card 4) piv-serial:1004"
is 'who approved is in it' "$(jq -r '[.keys[0].approved_by[].person] | sort | join(" ")' "$tmp/proof.json")" 'o1 o2'
jq -r '.keys[0].order_cms' "$tmp/proof.json" | base64 -d >"$tmp/order.cms"
openssl cms -verify -binary -cades -inform DER -in "$tmp/order.cms" -purpose any \
    -CAfile "$pki/ca/root.pem" -out "$tmp/order.der" 2>"$tmp/out"
is 'and what they signed, which openssl verifies, too' "$(jq -r '.keys[0].order_digest' \
    "$tmp/proof.json")" "$(sha256sum <"$tmp/order.der" | cut -d ' ' -f 1)"
jq -r '.keys[0].certificate' "$tmp/proof.json" | base64 -d >"$tmp/x.der"
ok 'and the certificate' sh -c "openssl x509 -inform DER -in '$tmp/x.der' -noout -subject | grep -q 'Person 4'"
signet card packed "$(card 4)" >"$tmp/out" && signet card delivered "$(card 4)" >>"$tmp/out"
signet card activated "$(card 4)" >>"$tmp/out"
as_page 'signet card suspended NUMBER' as o1 signet card suspended "$(card 4)" --yes
ok 'the audit proves it' proven
done_testing
