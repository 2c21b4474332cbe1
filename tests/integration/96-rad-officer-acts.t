#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What officers do less often: rejecting what a colleague has approved, holding
# and releasing certificates, looking for things in queue, store and audit.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/rad.sh"
. "$srcdir/tests/lib/officer.sh"

install_pki
rad_configure
rad_set offices '[ "north", "south" ]'
rad_start
bind o1 o1 >/dev/null
bind o2 o2 >/dev/null
gate_order() {
	request "$1"
	signet order new --profile domain-gateway --csr "$tmp/$1.csr" \
	    --holder "$1" --holder-name Gate --field domain=example.org \
	    --field org="Example AB" --yes >/dev/null
	last_order
}

# ---- rejecting what is approved in part ----
gate=$(gate_order gate)
browse_as o1 "/officer/order/$gate/sign" >/dev/null
is 'one of two officers approves' \
    "$(touch_it o1 "/officer/order/$gate/sign")" 303
other=$(gate_order other)
browse_as o2 "/officer/order/$gate" >/dev/null
is 'a rejection of it is an order, too' "$(post o2 \
    "/officer/order/$gate/reject" --data-urlencode 'reason=not ours')" 200
ok '... with the reason' shows 'not ours'
is '... and nothing has happened yet' "$(order_state "$gate")" pending
cp "$tmp/body" "$tmp/reject"
is 'brought to another order it is refused' \
    "$(touch_it o2 "/officer/order/$other/reject/sign")" 400
ok '... and why' shows 'another order'
cp "$tmp/reject" "$tmp/body"
is 'with a key of somebody else it is refused' \
    "$(key=$tmp/o1.auth touch_it o2 "$(form_act)")" 403
is '... and nothing has happened' "$(order_state "$gate")" pending
cp "$tmp/reject" "$tmp/body"
is 'signed it rejects' "$(touch_it o2 "$(form_act)")" 303
is '... the order' "$(order_state "$gate")" rejected
reject=$(last_order)
cad
is '... and the CA knows' "$(order_state "$reject")" "done"
is 'what is rejected cannot be approved' \
    "$(browse_as o2 "/officer/order/$gate/sign" >/dev/null
    touch_it o2 "/officer/order/$gate/sign")" 409

# ---- hold and release ----
request www
order_tls www --sign --key "$pki/officers/o1.key" --cert \
    "$pki/officers/o1.pem" --passphrase "file:$pki/secrets/officer-o1" \
    >/dev/null
cad
serial=$(serial_of "$(last_order)")
cert=/officer/cert/services/$serial
status() {
	sql "SELECT status FROM cert WHERE serial = decode('$serial', 'hex')"
}
# act WHICH: asked for and signed
act() {
	browse_as o1 "$cert" >/dev/null
	post o1 "$cert" -d "act=$1" >/dev/null
	touch_it o1 "$(form_act)"
	cad >/dev/null
}
is 'a certificate is put on hold' "$(act hold)" 303
is '... as the store says' "$(status)" held
is '... and the page' "$(browse_as o1 "$cert")" 200
ok '... which offers to release it' shows 'value="release"'
is 'a second hold is refused' "$(post o1 "$cert" -d act=hold)" 409
is 'it is found among those on hold' \
    "$(browse_as o1 '/officer/certs?state=held')" 200
ok '... by its number' shows "$serial"
is 'it is released' "$(act release)" 303
is '... as the store says' "$(status)" good
browse_as o1 "$cert" >/dev/null
is 'a hold is no reason to revoke' \
    "$(post o1 "$cert" -d act=revoke -d reason=certificateHold)" 400
browse_as o1 "$cert" >/dev/null
is 'without a reason nothing is revoked' "$(post o1 "$cert" -d act=revoke)" 400
browse_as o1 "$cert" >/dev/null
post o1 "$cert" -d act=hold >/dev/null
cp "$tmp/body" "$tmp/hold"
is 'in the meantime it is revoked' "$(browse_as o1 "$cert" >/dev/null
    post o1 "$cert" -d act=revoke -d reason=superseded >/dev/null
    touch_it o1 "$(form_act)"; cad >/dev/null)" 303
is '... for good' "$(status)" revoked
cp "$tmp/hold" "$tmp/body"
touch_it o1 "$(form_act)" >/dev/null
cad
is 'an order to hold it changes nothing then' "$(status)" revoked

# ---- looking for things ----
browse_as o1 "/officer/certs?state=revoked&text=www" >/dev/null
ok 'it is found among the revoked of its holder' shows "$serial"
key=$(openssl x509 -in "$pki/officers/o1.pem" -noout -pubkey |
    openssl pkey -pubin -outform DER | sha256sum | cut -c 1-64)
browse_as o1 "/officer/certs?text=$key" >/dev/null
ok 'a certificate is found by its key' \
    shows "$(openssl x509 -in "$pki/officers/o1.pem" -noout -serial |
    cut -d = -f 2 | tr A-Z a-z)"
browse_as o1 '/officer/certs?text=nobody' >/dev/null
ok 'nobody has none' lacks /officer/cert/
is 'a number that is none is refused' \
    "$(browse_as o1 '/officer/certs?before=x&text=a')" 400
is 'what is too long to look for is refused' "$(browse_as o1 \
    "/officer/certs?text=$(printf '%0300d' 0)")" 400
browse_as o1 '/officer/queue?kind=order&profile=domain-gateway' >/dev/null
ok 'the queue has what waits' shows "/officer/order/$other"
ok '... and not what is rejected' lacks "/officer/order/$gate"
browse_as o1 '/officer/queue?profile=tls-server' >/dev/null
ok '... of another profile nothing' lacks "/officer/order/$other"
browse_as o1 '/officer/queue?text=other' >/dev/null
ok '... by its holder' shows "/officer/order/$other"
browse_as o1 '/officer/queue?text=%3Cscript%3E' >/dev/null
ok '... and what is looked for is text' lacks '<script>'
ok 'offices can be chosen' shows 'name="office"'
is 'a place in the queue that is none is refused' \
    "$(browse_as o1 '/officer/queue?before=1;2')" 400
browse_as o1 "/officer/audit?text=$reject" >/dev/null
ok 'the audit chain is searched' shows "/officer/order/$reject"
ok '... and shows only that' lacks "/officer/order/$other"
is 'figures' "$(browse_as o1 /officer)" 200
ok '... count who waits' shows '<span class="figure">1</span>'
done_testing
