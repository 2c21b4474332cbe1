#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Why is an OCSP answer as it is?  Said in words, of requests as people have
# them: files, base 64, the URL of a GET.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
install_pki
ca=$pki/ca/services.pem

# asks NAME [options of openssl ocsp]
asks() {
	asks_name=$1
	shift
	openssl ocsp "$@" -reqout "$tmp/$asks_name.req" >"$tmp/ocsp.log" 2>&1
}
explain() { signet explain ocsp "$@"; }
field() { explain "$1" --json | jq -r "$2"; }

# What is no request.
exits 2 'a word is no request' explain sunshine.der
said '"sunshine.der" is no file, and no OCSP request in base 64'
said 'signet help explain ocsp'
echo 'Hello, world!' >"$tmp/hello"
exits 2 'nor is a letter' explain "$tmp/hello"
said 'hello: no OCSP request in DER, PEM or base 64'
exits 2 'a request is needed' signet explain ocsp
ok 'a request about one that was never issued' asks never -issuer "$ca" \
    -serial 0x1234
head -c 40 "$tmp/never.req" >"$tmp/cut.req"
ok 'a request that is cut off is explained' explain "$tmp/cut.req"
said 'malformedRequest'
said 'length runs past the end'
is 'and is what it is in JSON' "$(field "$tmp/cut.req" .response)" \
    malformedRequest
ok 'a request by MD5' asks md5 -md5 -issuer "$ca" -serial 1
ok 'is explained' explain "$tmp/md5.req"
said 'unauthorized'
said 'is not SHA-1, SHA-256, SHA-384 or SHA-512'

# Of others, and of none.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$tmp/other.key" -out "$tmp/other.pem" -subj "/CN=Other" \
    2>/dev/null
ok 'a request about another CA' asks foreign -sha256 -issuer \
    "$tmp/other.pem" -serial 5
ok 'is explained' explain "$tmp/foreign.req"
said 'No CA of this installation has this name or this key.'
said 'services: '
is 'and is unauthorized' "$(field "$tmp/foreign.req" .response)" unauthorized
ok 'a request about the root' asks root -issuer "$pki/ca/root.pem" -serial 5
says 'Nobody answers for the root' explain "$tmp/root.req"
says 'has never issued this serial number' explain "$tmp/never.req"
is 'what was never issued is unknown' \
    "$(field "$tmp/never.req" '.asked[0].answer')" unknown

# Good, on hold, released, revoked.
order_tls www --sign --key "$pki/officers/o1.key" \
    --cert "$pki/officers/o1.pem" \
    --passphrase "file:$pki/secrets/officer-o1" >/dev/null
ok 'the CA issues' cad
cert_of "$(last_order)" >"$tmp/www.pem"
serial=$(serial_of "$(last_order)")
ok 'a request with a nonce' asks www -issuer "$ca" -cert "$tmp/www.pem"
ok 'is explained' explain "$tmp/www.req"
said 'It was issued and is not revoked.'
said '16 octets, echoed, never cached'
is 'is about it' "$(field "$tmp/www.req" '.asked[0].serial')" "$serial"
is 'which is good' "$(field "$tmp/www.req" '.asked[0].answer')" good
ok 'one of them is enough' asks two -issuer "$ca" -cert "$tmp/www.pem" \
    -serial 77 -no_nonce
ok 'to be two' explain "$tmp/two.req"
said 'may come out of a cache'
is 'and both are answered' "$(field "$tmp/two.req" \
    '[.asked[].answer] | join(" ")')" 'good unknown'
ok 'of two CAs' asks cas -issuer "$ca" -cert "$tmp/www.pem" \
    -issuer "$pki/ca/people.pem" -serial 77
says 'no signer may answer for more than one' explain "$tmp/cas.req"

hold() { as o1 signet cert "$1" "$serial" --yes --wait 0s; cad; }
ok 'on hold' hold hold
ok 'is revoked for those who ask' explain "$tmp/www.req"
said 'revoked (certificateHold)'
said 'It was put on hold on'
held=$(last_order)
is 'by that order' "$(field "$tmp/www.req" '.asked[0].order')" \
    "$(echo "$held" | cut -c1-8)"
ok 'released' hold release
says 'released by order' explain "$tmp/www.req"
revoke() {
	as o1 signet revoke "$serial" --reason keyCompromise --yes --wait 0s
	cad
}
ok 'revoked' revoke
says 'revoked (keyCompromise)' explain "$tmp/www.req"
is 'for a reason' "$(field "$tmp/www.req" '.asked[0].reason')" keyCompromise
is 'and the list has it' "$(field "$tmp/www.req" '.asked[0].on_crl')" true

# The store, edited by its owner.
tamper "UPDATE cert SET status = 'good', revoked_at = NULL, reason = NULL
    WHERE serial = decode('$serial', 'hex')"
ok 'an edited row' explain "$tmp/www.req"
said 'revoked (keyCompromise)'
said 'somebody has edited the store'
said 'signet audit verify'
tamper "DELETE FROM status_change; DELETE FROM cert
    WHERE serial = decode('$serial', 'hex')"
says 'The store does not know it, but list' explain "$tmp/www.req"
is 'is revoked all the same' "$(field "$tmp/www.req" '.asked[0].answer')" \
    revoked

# In other clothes.
plain=$(base64 -w0 "$tmp/never.req")
escaped=$(echo "$plain" | sed 's,/,%2F,g; s/+/%2b/g; s/=/%3D/g')
{
	echo '-----BEGIN OCSP REQUEST-----'
	base64 "$tmp/never.req"
	echo '-----END OCSP REQUEST-----'
} >"$tmp/never.pem"
base64 "$tmp/never.req" >"$tmp/never.b64"
for form in "$tmp/never.pem" "$tmp/never.b64" "$plain" "$escaped" \
    "http://ocsp.example.org/$plain" "http://ocsp.example.org:8081//$escaped" \
    "http://pki.example.org/ocsp/here/$escaped" "/ocsp/$plain"; do
	is "as $(echo "${form#"$tmp/"}" | cut -c1-40)" \
	    "$(field "$form" '.asked[0].serial')" 1234
done
is 'on standard input' "$(field - '.asked[0].serial' <"$tmp/never.req")" 1234
done_testing
