#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs with --full only.
# Officers at the web pages: who is let in, what is shown to whom, and that an
# order is approved by nothing but a touch of the right security key.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/rad.sh"
. "$srcdir/tests/lib/officer.sh"

install_pki
rad_configure
rad_start

# ---- who is let in ----
is 'nobody looks at the queue without a certificate' \
    "$(visit /officer/queue)" 403
request plain
order_tls plain --sign --key "$pki/officers/o1.key" --cert \
    "$pki/officers/o1.pem" --passphrase "file:$pki/secrets/officer-o1" \
    >/dev/null
cad
cert_of "$(last_order)" >"$tmp/plain.pem"
is 'a good certificate without the role is refused' \
    "$(visit_as plain /officer)" 403
is 'an officer sees what there is to do' "$(visit_as o1 /officer)" 200
ok '... with a chart' shows '<svg viewBox'

# ---- without a security key ----
order_tls www >/dev/null
www=$(last_order)
is 'without a security key there is no queue' \
    "$(visit_as o1 /officer/queue)" 200
ok '... nothing is in it' lacks "$www"
is '... and no order' "$(visit_as o1 "/officer/order/$www")" 403
ok '... for this reason' shows 'No security key is bound to you'

# ---- registering one ----
is 'a key can be registered' \
    "$(browse_as o1 /officer/credentials/new)" 200
challenge=$(sed -n 's/.*data-challenge="\([^"]*\)".*/\1/p' "$tmp/body" |
    tr -- '-_' '+/' | sed 's/$/=/' | base64 -d | od -An -tx1 | tr -d ' \n')
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
    -out "$tmp/mine.auth" 2>/dev/null
# registering 'what' STATUS RP ORIGIN CHALLENGE
registering() {
	browse_as o1 /officer/credentials/new >/dev/null
	touch_key "$tmp/mine.auth" "$3" "$4" "$5" new >"$tmp/touched"
	post_touched() {
		set --
		while read -r line; do
			set -- "$@" --data-urlencode "$line"
		done <"$tmp/touched"
		post o1 /officer/credentials/new "$@"
	}
	is "$1" "$(post_touched)" "$2"
}
registering 'a key of another site is refused' 403 example.net "$rad_cert" \
    "$challenge"
registering 'one registered at another origin is refused' 403 "$rad_host" \
    https://evil.example.org "$challenge"
registering 'one registered in another session is refused' 403 "$rad_host" \
    "$rad_cert" "$(echo old | sha256sum | cut -c 1-64)"
registering 'a new key is registered' 303 "$rad_host" "$rad_cert" \
    "$challenge"
mine=$(last_order)
is 'the order that binds it is shown' "$(browse_as o1 \
    "/officer/credentials/new/$mine")" 200
ok '... and says what is missing' shows 'security-officer'
is '... to nobody else' "$(visit_as o2 "/officer/credentials/new/$mine")" 404
is '... and waits' "$(order_state "$mine")" pending
as s1 signet order approve --yes "$mine" >/dev/null
as s2 signet order approve --yes "$mine" >/dev/null
cad
is 'two security officers bind it' "$(order_state "$mine")" 'done'
is 'it is in the list' "$(visit_as o1 /officer/credentials)" 200
ok '... as bound' shows 'tag bound'

# ---- scope: officers for a part of all (E013) ----
cp "$tmp/mine.auth" "$tmp/o1.auth"
ok 'one to o2, for web log-in only' bind o2 o2 --profile web-login
is 'with it the queue shows the order' "$(visit_as o1 /officer/queue)" 200
ok '... with its address' shows "/officer/order/$www"
is 'o2 has a queue' "$(visit_as o2 /officer/queue)" 200
ok '... without what is out of scope' lacks "$www"
for page in "order/$www" "order/$www/sign"; do
	is "out of scope there is no $page" \
	    "$(visit_as o2 "/officer/$page")" 404
done
serial=$(serial_of "$(last_order 3)")
is 'out of scope there is no certificate' \
    "$(visit_as o2 "/officer/cert/services/$serial")" 404
is 'what is no id is not found' \
    "$(visit_as o1 /officer/order/..%2f..%2fetc)" 404
is 'o2 does not read everybody'"'"'s audit chain' \
    "$(visit_as o2 /officer/audit)" 403
is 'o1 does' "$(visit_as o1 /officer/audit)" 200
ok '... and sees who ordered' shows 'order-new'

# ---- approving ----
is 'the order is shown' "$(browse_as o1 "/officer/order/$www")" 200
ok '... with what it needs' shows 'officer'
ok '... and what was looked at' shows 'Nobody has used this key before'
browse_as o1 "/officer/order/$www/sign" >/dev/null
ok 'what is signed is what signet shows' sh -c "signet order show $www |
    grep -q '$(form_order | cut -c 1-16)' || signet explain order $www |
    grep -qi 'order'"
digest=$(form_order)
# refuse 'what' STATUS TEXT
refuse() {
	is "$1" "$code" "$2"
	ok "... and why: $3" shows "$3"
	is '... and nothing changed' "$(order_state "$www")" pending
	browse_as o1 "/officer/order/$www/sign" >/dev/null
}
code=$(post o1 "/officer/order/$www/sign")
refuse 'a form without a signature is refused' 400 'credential'
code=$(touch_it o1 "/officer/order/$www/sign" \
    "$(echo other | sha256sum | cut -c 1-64)")
refuse 'an assertion for another order is refused' 403 'another'
code=$(origin=https://evil.example.org touch_it o1 \
    "/officer/order/$www/sign")
refuse 'an assertion of another origin is refused' 403 'origin'
code=$(key=$tmp/o2.auth touch_it o1 "/officer/order/$www/sign")
refuse 'the key of another officer is refused' 403 'not bound to you'
touch_key "$tmp/o1.auth" "$rad_host" "$rad_cert" "$digest" >"$tmp/touched"
code=$(browse_as o1 "/officer/order/$www/sign" -H "Origin: $rad_cert" \
    --data-urlencode "$(sed -n 1p "$tmp/touched")" \
    --data-urlencode "$(sed -n 2p "$tmp/touched")" \
    --data-urlencode "$(sed -n 3p "$tmp/touched")" \
    --data-urlencode "$(sed -n 4p "$tmp/touched")")
is 'a form without the token is refused' "$code" 403
browse_as o1 "/officer/order/$www/sign" >/dev/null
is 'the right touch approves' "$(touch_it o1 "/officer/order/$www/sign")" 303
is '... and the order is ready' "$(order_state "$www")" ready
cad
is '... and the CA issues' "$(order_state "$www")" 'done'
is 'the page shows the certificate' \
    "$(browse_as o1 "/officer/order/$www")" 200
ok '... by its number' shows "$(serial_of "$www")"
ok '... and who approved how' shows 'signed with a security key'

# ---- two officers ----
request gate
signet order new --profile domain-gateway --csr "$tmp/gate.csr" --holder gate \
    --holder-name Gate --field domain=example.org --field org="Example AB" \
    --yes >/dev/null
gate=$(last_order)
ok 'a key for everything is bound to o2' bind o2b o2
cp "$tmp/o2b.auth" "$tmp/o2.auth"
browse_as o1 "/officer/order/$gate/sign" >/dev/null
is 'the first of two approves' \
    "$(touch_it o1 "/officer/order/$gate/sign")" 303
is '... which is not enough' "$(order_state "$gate")" pending
browse_as o1 "/officer/order/$gate/sign" >/dev/null
is 'the same once more, since the answer was lost, is no error' \
    "$(touch_it o1 "/officer/order/$gate/sign")" 303
is '... and is counted once' "$(order_state "$gate") $(sql "SELECT count(*)
    FROM audit WHERE body LIKE E'act=order-approve%id=$gate%'")" 'pending 1'
browse_as o2 "/officer/order/$gate/sign" >/dev/null
is 'the second approves' "$(touch_it o2 "/officer/order/$gate/sign")" 303
is '... and that is enough' "$(order_state "$gate")" ready
cad
is '... for the CA, too' "$(order_state "$gate")" 'done'

# ---- rejecting ----
order_tls evil --comment '<script>alert(1)</script>' >/dev/null
evil=$(last_order)
is 'an order with markup in it is shown' \
    "$(browse_as o1 "/officer/order/$evil")" 200
ok '... as text' lacks '<script>alert'
is 'without a reason nothing is rejected' \
    "$(post o1 "/officer/order/$evil/reject" -d reason=)" 400
browse_as o1 "/officer/order/$evil" >/dev/null
is 'with one it is' "$(post o1 "/officer/order/$evil/reject" \
    --data-urlencode 'reason="><script>alert(2)</script>')" 303
is '... for good' "$(order_state "$evil")" rejected
browse_as o1 "/officer/order/$evil" >/dev/null
ok 'the reason is text, too' lacks '<script>alert'
ok '... and is shown' shows 'alert(2)'

# ---- revoking ----
serial=$(serial_of "$www")
cert=/officer/cert/services/$serial
is 'a search finds the certificate' \
    "$(browse_as o1 '/officer/certs?text=www')" 200
ok '... by its holder' shows "$cert"
is 'the certificate is shown' "$(browse_as o1 "$cert")" 200
is 'a release of what is not on hold is refused' \
    "$(post o1 "$cert" -d act=release)" 409
browse_as o1 "$cert" >/dev/null
is 'an act that there is not is refused' \
    "$(post o1 "$cert" -d act=delete)" 400
browse_as o1 "$cert" >/dev/null
is 'the order to revoke is shown' \
    "$(post o1 "$cert" -d act=revoke -d reason=superseded)" 200
ok '... in words' shows 'superseded'
cp "$tmp/body" "$tmp/revoke"
is 'brought to another certificate it is refused' \
    "$(touch_it o1 "/officer/cert/people/$(serial_of "$gate")/sign")" 400
cp "$tmp/revoke" "$tmp/body"
is 'signed it is stored' "$(touch_it o1 "$(form_act)")" 303
cad
is '... and done' "$(sql "SELECT status FROM cert WHERE serial =
    decode('$serial', 'hex')")" revoked
is 'the page says so' "$(browse_as o1 "$cert")" 200
ok '... with the reason' shows 'superseded'

# ---- an application: evidence of identity first (E010, E058, G012, S023) ----
request alice -subj "/CN=Alice Holm"
openssl req -in "$tmp/alice.csr" -outform DER -out "$tmp/alice.der"
openssl req -in "$tmp/alice.csr" -noout -pubkey |
    openssl pkey -pubin -outform DER | sha256sum | cut -c 1-64 >"$tmp/key"
apply() {
	tamper "INSERT INTO application (id, state, office, profile, fields,
	    request, key_digest, mail, lang, confirmed_at, expires_at)
	    VALUES (decode('$1', 'hex'), 'waiting', $2, 'web-login',
	    '[[\"name\", \"Alice Holm\"], [\"id\", \"4711\"],
	    [\"org\", \"Example AB\"], [\"mail\", \"alice@example.org\"]]',
	    decode('$(base64 -w 0 "$tmp/alice.der")', 'base64'),
	    decode('$(cat "$tmp/key")', 'hex'), 'alice@example.org', 'en',
	    now(), now() + interval '1 day')"
}
app=00112233445566778899aabbccddeeff
ok 'somebody has applied' apply "$app" "'north'"
is 'it is in the queue' "$(browse_as o1 '/officer/queue?kind=application')" 200
ok '... by its address' shows "/officer/application/$app"
is 'it is shown' "$(browse_as o1 "/officer/application/$app")" 200
ok '... with what was asked for' shows 'Alice Holm'
is 'an order needs evidence' "$(post o1 "/officer/application/$app/order" \
    -d holder=4711 -d holder_name=Alice -d evidence=passport)" 400
browse_as o1 "/officer/application/$app" >/dev/null
is 'with it the order is shown' "$(post o1 \
    "/officer/application/$app/order" -d holder=4711 \
    --data-urlencode 'holder_name=Alice Holm' -d evidence=passport \
    --data-urlencode 'evidence_text=seen today')" 200
ok '... with the evidence' shows 'passport: seen today'
cp "$tmp/body" "$tmp/order"
is 'signed it is stored' "$(touch_it o1 "$(form_act)")" 303
alice=$(last_order)
cp "$tmp/order" "$tmp/body"
is 'who has had no answer signs once more' "$(touch_it o1 "$(form_act)")" 303
is '... and is led to the same order' "$(header location) $(last_order)" \
    "/officer/order/$alice $alice"
is '... and ready' "$(order_state "$alice")" ready
is '... and the application says so' \
    "$(sql "SELECT state FROM application")" ordered
# The RA hands over, the CA issues (S024).
cad
is '... and Alice has a certificate' "$(order_state "$alice")" 'done'
north=/officer/application/$app
# Registration in several places (G011).
ok 'a key for an office' bind s1 s1 --office north
is '... shows its applications' "$(visit_as s1 "$north")" 200
is '... and the orders made of them' \
    "$(visit_as s1 "/officer/order/$alice")" 200
ok 'a key for another office' bind s2 s2 --office south
is '... does not show them' "$(visit_as s2 "$north")" 404
is '... nor the orders' "$(visit_as s2 "/officer/order/$alice")" 404
alices=/officer/cert/people/$(serial_of "$alice")
is '... nor the certificates' "$(visit_as s2 "$alices")" 404
is '... which the first shows' "$(visit_as s1 "$alices")" 200
first=$app
app=10112233445566778899aabbccddeeff
ok 'one more applies' apply "$app" "'south'"
is 'the first office does not see that' \
    "$(visit_as s1 "/officer/application/$app")" 404
is '... in its queue' "$(visit_as s1 /officer/queue)" 200
ok '... either' lacks "$app"
visit_as s2 /officer/queue >/dev/null
ok 'the second does' shows "$app"
browse_as o1 "/officer/application/$app" >/dev/null
is 'a second decision is refused' "$(post o1 \
    "/officer/application/$first/reject" -d reason=late)" 409
browse_as o1 "/officer/application/$app" >/dev/null
is 'an application is rejected' "$(post o1 \
    "/officer/application/$app/reject" -d reason=unknown)" 303
is '... with the reason' "$(sql "SELECT reason FROM application
    WHERE state = 'rejected'")" unknown
ok '... and an audit entry' audited act=application-reject

# ---- cut off ----
is 'o2 is still let in' "$(browse_as o2 /officer)" 200
as s1 signet cert revoke --holder o2 --reason keyCompromise --yes --wait 0s \
    >/dev/null 2>&1
cad
is 'a revoked officer with an open session is out' \
    "$(browse_as o2 /officer)" 403
# ---- what has left the store for an archive ----
gone=$(sql "SELECT encode(serial, 'hex') FROM cert WHERE holder = 'plain'")
gone_order=$(sql "SELECT encode(id, 'hex') FROM orders WHERE holder = 'plain'")
tamper "INSERT INTO archive (digest, name, order_id, cutoff)
    SELECT sha256('a'), 'old', id, now() FROM orders LIMIT 1"
tamper "INSERT INTO archived (ca, serial, order_id, n, profile, holder,
    key_digest, cert_digest, not_after, status, archive) SELECT ca, serial,
    order_id, n, profile, holder, key_digest, sha256(der), not_after, status,
    sha256('a') FROM cert WHERE holder = 'plain'"
tamper "DELETE FROM cert WHERE holder = 'plain'"
tamper "UPDATE orders SET blob = NULL, archive = sha256('a')
    WHERE holder = 'plain'"
is 'an archived certificate has no page' \
    "$(visit_as o1 "/officer/cert/services/$gone")" 404
ok '... but it is said where it is' shows 'for archive old'
is 'nor has its order' "$(visit_as o1 "/officer/order/$gone_order")" 404
ok '... of which that is said, too' shows 'for archive old'
visit_as o1 /officer/cert/services/0123456789abcdef >/dev/null
ok '... and not of what was never there' lacks 'archive old'
is 'the dashboard is as before' "$(visit_as o1 /officer)" 200
done_testing
