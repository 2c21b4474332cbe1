#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The registration is owned: its key, its role in the store, and what officers'
# browsers have sent it.  Nothing comes out that no officer touched an
# authenticator for, and one that was bound by all the rules works.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/owned_ra.sh"
install_pki
ok 'there is an RA' owned_ra
ok 'a credential is bound by two' bind one o1
hex=$bind_hex

# It works.
for name in good again more; do
	request "$name"
done
an_order good
good=$id
ok 'an officer approves in the browser' seal "$good"
signet explain order "$good" >"$tmp/words"
for word in 'approved by:    officer o1 (Olga One)' \
    '  brought by:   ra-agent ra-9 (RA nine)' \
    '  bound to:     o1' '  bound by:     security-officer s2 (Sten Two)' \
    "  bind order:   $hex" "  origin:       $origin" \
    '  verified:     it signed the digest of this order' \
    '  counts:       yes'; do
	ok "in words: $word" grep -qF -e "$word" "$tmp/words"
done
says "bind order:   $hex" signet order show "$good"
says '"origin": "https://ra.example.org:8444"' \
    signet order show "$good" --json
cad
is 'and the certificate is there' "$(order_state "$good")" 'done'
blob_get "$good" "$tmp/good.blob"
an_order again
again=$id
# Many authenticators do not count; an order is used once anyway.
usual
counter=0
ok 'a counter that went back says nothing' seal "$again"
cad
is '... the certificate is there' "$(order_state "$again")" 'done'
an_order more
more=$id
usual
challenge=$(blob_get "$more" "$tmp/blob" &&
    authenticator challenge "$tmp/blob")
cat >"$tmp/client" <<-JSON
	{"crossOrigin": false, "ty\u0070e":"webauthn.get",
	"challenge":"$challenge", "origin":"$origin",
	"other_keys_can_be_added_here":"do not compare clientDataJSON"}
JSON
client=$tmp/client challenge=
ok 'nor does what a browser adds, or how it writes it' seal "$more"
cad
is '... the certificate is there' "$(order_state "$more")" 'done'
ok '... which any auditor can prove' proven
usual

# What was made for something else.
bound=-
attack 'the RA alone' 'has ra-agent ra-9'
challenge=$(authenticator digest "$tmp/good.blob")
attack 'an assertion made for another order' \
    'the assertion was made for something else'
replay=$tmp/good.blob
attack 'the assertion of another order, taken out of it' \
    'the assertion was made for something else'
at=https://ra.example.net:8444
attack 'an assertion made at another origin' \
    'the assertion was made at https://ra.example.net'
at=https://ra.example.org
attack 'an assertion made at another port' \
    'the assertion was made at https://ra.example.org,'
rp=ra.example.net
attack 'an assertion for another relying party' \
    'for another relying party'
rp=example.org
attack 'an assertion for the relying party above' \
    'for another relying party'
officer=$pki/officers/o2.pem
attack "an assertion with another officer's certificate" \
    'the credential is bound to another person (o1)'
officer=$pki/officers/s1.pem
attack "an assertion with a security officer's certificate" \
    'counts for officers alone'
officer=$tmp/ra.pem
attack 'an assertion of the RA about itself' \
    'the same certificate approves twice'
authenticator key P-256 "$tmp/never.auth"
auth=$tmp/never.auth
attack 'an assertion by another authenticator' \
    'by another credential than the one that was bound'

# What the authenticator says.
flags=01
attack 'an assertion by a touch alone' '(flag UV)'
flags=04
attack 'an assertion that nobody was there for' '(flag UP)'
flags=00
attack 'an assertion without any flag' '(flag UP)'
flags=85 extra=a0
attack 'an assertion with extensions' 'extensions are not taken'
flags=85
attack 'an assertion that announces extensions' 'data that are not there'
flags=45
attack 'an assertion that announces a credential' 'data that are not there'
strike

# What the browser says.
# json 'what' 'why not' - with @ for the challenge
json() {
	an_order
	blob_get "$id" "$tmp/blob"
	sed "s,@,$(authenticator challenge "$tmp/blob"),; s,#,$origin," \
	    >"$tmp/client"
	client=$tmp/client
	ok "$1" seal "$id"
	attack_on "$id" "$1" "$2"
}
json 'two challenges' 'not one JSON object without duplicates' <<'JSON'
{"type":"webauthn.get","challenge":"@","challenge":"x","origin":"#"}
JSON
json 'two origins, one of them escaped' 'without duplicates' <<'JSON'
{"type":"webauthn.get","challenge":"@","or\u0069gin":"https://evil","origin":"#"}
JSON
json 'a second object behind it' 'not one JSON object' <<'JSON'
{"type":"webauthn.get","challenge":"@","origin":"#"}{}
JSON
json 'a list around it' 'not one JSON object' <<'JSON'
[{"type":"webauthn.get","challenge":"@","origin":"#"}]
JSON
json 'a NUL in the origin' 'not one JSON object' <<'JSON'
{"type":"webauthn.get","challenge":"@","origin":"#\u0000.evil"}
JSON
json 'what was signed to register' 'not of type webauthn.get' <<'JSON'
{"type":"webauthn.create","challenge":"@","origin":"#","crossOrigin":false}
JSON
json 'a page in a frame' 'in a frame of another origin' <<'JSON'
{"type":"webauthn.get","challenge":"@","origin":"#","crossOrigin":true}
JSON
json 'a page in a frame that says so otherwise' 'in a frame of another' <<'JSON'
{"type":"webauthn.get","challenge":"@","origin":"#","topOrigin":"https://evil"}
JSON
json 'the challenge with padding' 'made for something else' <<'JSON'
{"type":"webauthn.get","challenge":"@=","origin":"#"}
JSON
json 'the challenge elsewhere' 'made for something else' <<'JSON'
{"type":"webauthn.get","data":{"challenge":"@"},"challenge":null,"origin":"#"}
JSON
json 'the origin in capitals' 'the assertion was made at' <<'JSON'
{"type":"webauthn.get","challenge":"@","origin":"HTTPS://ra.example.org:8444"}
JSON
json 'the origin in a list' 'the assertion was made at nowhere' <<'JSON'
{"type":"webauthn.get","challenge":"@","origin":["#"]}
JSON
strike

# Used once.
ok 'the order that was carried out is made ready again' \
    tamper "UPDATE orders SET state = 'ready', open_items = 1
    WHERE id = decode('$good', 'hex'); UPDATE item SET state = 'open'
    WHERE order_id = decode('$good', 'hex')"
cad
is 'no second certificate comes of it' "$(sql 'SELECT count(*) FROM cert')" \
    "$certs_mark"
says 'this order was used before' order_reason "$good"
done_testing
