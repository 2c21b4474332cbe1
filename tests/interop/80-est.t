#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# EST (RFC 7030, 8951) by curl and openssl: enrolment by one-time code and by
# certificate, renewal, waiting, and everything that is refused.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/enrol.sh"
install_pki
device_profile
ok 'the RA has its certificates' rad_certificates
ok 'the RA starts' rad_start 'patience = "8s"'
cad_start

# What everybody may ask.
est cacerts
is 'the CA certificates can be had' "$status" 200
ok '... as PKCS#7 that has root and CAs' sh -c "base64 -d \
    '$tmp/answer' | openssl pkcs7 -inform DER -print_certs |
    grep -c '^subject' | grep -qx 3"
ok '... of the type that clients expect' grep -qi \
    '^content-type: application/pkcs7-mime' "$tmp/head"
est device/cacerts
ok 'those of a profile are root and its CA' sh -c "base64 -d \
    '$tmp/answer' | openssl pkcs7 -inform DER -print_certs |
    grep -c '^subject' | grep -qx 2"
est nonsense/cacerts
is 'an unknown label is not found' "$status" 404
est csrattrs
is 'without a label there are no attributes' "$status" 204
est device/csrattrs
ok 'those of a profile tell keys and names' sh -c "base64 -d \
    '$tmp/answer' | openssl asn1parse -inform DER |
    grep -q 'Extension Request'"

# By one-time code.
ok 'an officer makes a code' code_order alice
enrol alice simpleenroll -u "alice:$code"
ok 'a holder enrols by code' issued_to alice
enrol alice simpleenroll -u "alice:$code"
ok '... and who asks again gets the same' issued_to alice
is '... there is one certificate' "$(sql "SELECT count(*) FROM cert
    WHERE holder = 'alice'")" 1
request thief
enrol thief simpleenroll -u "alice:$code"
is 'the code is of no use a second time' "$status" 401
ok '... and says how to come in' grep -qi \
    '^www-authenticate: basic realm' "$tmp/head"
code_order bob
enrol bob simpleenroll -u "$(printf %.8s "$order"):$code" \
    -H 'Content-Transfer-Encoding: binary'
ok 'the short id of the order is a name, too' issued_to bob
code_order carol
request carol
openssl req -in "$tmp/carol.csr" -outform DER | openssl base64 -A \
    >"$tmp/one-line"
est tls-client/simpleenroll -H 'Content-Type: application/pkcs10' \
    --data-binary "@$tmp/one-line" -u "carol:$code"
ok 'base 64 in one line, to the label' issued_to carol

# What is refused, with one answer.
code_order dora
enrol dora device/simpleenroll -u "dora:$code"
is 'a code for another profile' "$status" 401
told=$(sed 's/(.*//' "$tmp/answer")
enrol dora simpleenroll -u "nobody:$code"
is '... for another holder' "$status" 401
is '... is told the same' "$(sed 's/(.*//' "$tmp/answer")" "$told"
enrol dora simpleenroll -u "dora:AAAAA-AAAAA-AAAAA-AAAAA"
is '... a guessed one' "$status" 401
is '... is told the same' "$(sed 's/(.*//' "$tmp/answer")" "$told"
enrol dora simpleenroll
is 'nobody is asked who he is' "$status" 401
says 'one-time code' cat "$tmp/answer"
is 'nothing was used up' "$(sql "SELECT count(*) FROM cert
    WHERE holder = 'dora'")" 0
enrol dora simpleenroll -u "dora:$code"
ok '... and the right one still works' issued_to dora
code_order eve
sql "INSERT INTO code_try (order_id, tries) VALUES
    (decode('$order', 'hex'), 10)" >/dev/null
enrol eve simpleenroll -u "eve:$code"
is 'a code that was guessed at too often is locked' "$status" 401
crowd() {
	for crowd_i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		code_order "crowd$crowd_i" || return 1
		enrol "crowd$crowd_i" simpleenroll -u "crowd$crowd_i:$code"
		issued_to "crowd$crowd_i" || return 1
	done
}
ok 'more who know their codes come from one address than may guess' crowd

# Requests that are none.
est simpleenroll -H 'Content-Type: application/pkcs10' -d '!!!' -u "eve:x"
is 'what is not base 64 is bad' "$status" 400
says 'body: not base 64' cat "$tmp/answer"
est simpleenroll -H 'Content-Type: application/pkcs10' -d 'MAMCARE=' \
    -u "eve:x"
is 'what is no request is bad' "$status" 400
says 'request: ' cat "$tmp/answer"
est simpleenroll -H 'Content-Type: text/plain' \
    --data-binary "@$tmp/alice.b64" -u "eve:x"
is 'another type is not taken' "$status" 415
est simpleenroll
is 'GET is not for enrolling' "$status" 405
head -c 400000 /dev/zero | base64 >"$tmp/big"
est simpleenroll -H 'Content-Type: application/pkcs10' \
    -H 'Expect: 100-continue' --data-binary "@$tmp/big" -u "eve:x"
is 'a large body is refused' "$status" 413
est simpleenroll -H 'Content-Type: application/pkcs10' -H \
    'Authorization: Basic !!!' --data-binary "@$tmp/alice.b64"
is 'an Authorization that is none' "$status" 400

# By certificate.
code_order dev1 device
enrol dev1 simpleenroll -u "dev1:$code"
ok 'a device enrols by code' issued_to dev1
cp "$tmp/dev1.key" "$tmp/next.key"
request next -subj /CN=dev1
with_cert dev1 enrol next device/simpleenroll
ok 'it gets another by its certificate' issued_to next
is '... for the same holder' "$(sql "SELECT count(*) FROM cert
    WHERE holder = 'dev1'")" 2
request other -subj /CN=dev2
with_cert dev1 enrol other device/simpleenroll
is 'but not with another name' "$status" 403
says 'name "dev2" is not in the certificate' cat "$tmp/answer"
request renewed -subj /CN=dev1
with_cert dev1 enrol renewed simplereenroll
ok 'it renews' issued_to renewed
with_cert dev1 enrol renewed simplereenroll
ok '... and again gets the same' issued_to renewed
is '... which is one more' "$(sql "SELECT count(*) FROM cert
    WHERE holder = 'dev1'")" 3
with_cert dev1 enrol renewed tls-client/simplereenroll
is 'renewing is not for another profile' "$status" 403
request renamed -subj /CN=root
with_cert dev1 enrol renamed simplereenroll
is 'a renewal keeps its names' "$status" 403
with_cert alice enrol renamed simplereenroll
is 'one who is too early' "$status" 403
says 'too early to renew' cat "$tmp/answer"

# What officers approve waits for them.
request wish -subj /CN=wish
with_cert dev1 enrol wish tls-client/simpleenroll
is 'what officers approve waits' "$status" 202
ok '... and says until when' grep -qi '^retry-after: 600' "$tmp/head"
wish=$(sql "SELECT encode(id, 'hex') FROM orders WHERE state = 'pending'
    ORDER BY seq DESC LIMIT 1")
wish_again() {
	openssl req -new -key "$tmp/wish.key" -subj "/CN=${1:-wish}" \
	    -out "$tmp/wish.csr"
	with_cert dev1 enrol wish tls-client/simpleenroll
}
wish_again
is 'who asks for it with a fresh signature waits for the same' "$status $(sql \
    "SELECT count(*) FROM orders WHERE state = 'pending'")" '202 1'
wish_again another
is '... for another name it is another order' "$(sql \
    "SELECT count(*) FROM orders WHERE state = 'pending'")" 2
ok 'an officer approves it' as o1 signet order approve "$wish" --yes
wish_again
ok '... and the request, signed once more, gets the certificate' issued_to wish
is '... by the same order' "$(order_state "$wish")" "done"

# A CA that is away, and a certificate that is revoked.
cad_stop
rad_stop
rad_start 'patience = "0s"'
request late -subj /CN=dev1
with_cert dev1 enrol late device/simpleenroll
is 'without a CA: come again' "$status" 202
ok '... soon' grep -qi '^retry-after: 10' "$tmp/head"
rad_stop
rad_start 'patience = "8s"'
cad_start
with_cert dev1 enrol late device/simpleenroll
ok 'a restart of all loses nothing' issued_to late
ok 'the device is revoked' as o1 signet cert revoke \
    "$(serial_in "$tmp/dev1.pem")" --reason superseded --wait 20s --yes
request after -subj /CN=dev1
with_cert dev1 enrol after device/simpleenroll
is 'a revoked certificate gets nothing' "$status" 401
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$tmp/foreign.key" -out "$tmp/foreign.pem" -subj /CN=dev1 \
    2>/dev/null
with_cert foreign enrol after device/simpleenroll
is "another's certificate gets nothing" "$status" 401

# Fifty at once.
code_order fifty
mkdir "$tmp/fifty"
i=0
while [ $i -lt 50 ]; do
	i=$((i + 1))
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$tmp/fifty.key" -subj /CN=fifty -outform DER \
	    2>/dev/null | openssl base64 >"$tmp/fifty/$i.b64"
done
fifty=
i=0
while [ $i -lt 50 ]; do
	i=$((i + 1))
	rad_curl -o /dev/null -w '%{http_code}\n' -u "fifty:$code" \
	    -H 'Content-Type: application/pkcs10' --data-binary \
	    "@$tmp/fifty/$i.b64" "$ra/.well-known/est/simpleenroll" \
	    >"$tmp/fifty/$i.status" &
	fifty="$fifty $!"
done
# shellcheck disable=SC2086 # many
wait $fifty
cat "$tmp"/fifty/*.status >"$tmp/out"
is 'of fifty at once one gets a certificate' \
    "$(cat "$tmp"/fifty/*.status | grep -c '^200')" 1
is '... the others are refused, or told to wait' \
    "$(cat "$tmp"/fifty/*.status | grep -cE '^(401|429|503)')" 49
is '... and one was made' "$(sql "SELECT count(*) FROM cert
    WHERE holder = 'fifty'")" 1
not 'no code is in the log' grep -qE '([0-9A-Z]{5}-){3}' "$tmp/rad.log"
ok 'the auditor finds all well' proven
rad_stop
cad_stop
done_testing
