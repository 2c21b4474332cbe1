#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Strangers at EST and CMP: bodies that are too large, too slow, of another
# kind, or garbage; old TLS; certificates of others; messages that were twisted.
# Each is refused, and nothing is there afterwards that was not before.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/enrol.sh"
install_pki
device_profile
(umask 077 && openssl rand -hex 16 >"$tmp/cmp-secret")
ok 'the RA has its certificates' rad_certificates
ok 'the RA starts' rad_start 'patience = "8s"' 'timeout = 2' \
    "cmp_secrets = ( { reference = \"plant\";
    secret = \"file:$tmp/cmp-secret\"; profile = \"device\";
    names = \"plant-[a-z0-9]+\"; } )"
cad_start
code_order dev1 device
enrol dev1 simpleenroll -u "dev1:$code"
ok 'a device has a certificate' issued_to dev1
code_order eve device
request eve
openssl req -in "$tmp/eve.csr" -outform DER -out "$tmp/eve.der"
base64 <"$tmp/eve.der" >"$tmp/eve.b64"

stand() {
	sql "SELECT (SELECT count(*) FROM cert), (SELECT count(*) FROM orders),
	    (SELECT count(*) FROM request), (SELECT count(*) FROM holder)"
}
before=$(stand)
# refused 'what' STATUS TEXT [curl's]: by EST
refused() {
	refused_what=$1 refused_status=$2 refused_text=$3
	shift 3
	est simpleenroll "$@"
	is "$refused_what" "$status" "$refused_status"
	[ -z "$refused_text" ] || says "$refused_text" cat "$tmp/answer"
}
p10='Content-Type: application/pkcs10'

# ---- bodies ----
head -c 104857600 /dev/zero >"$tmp/huge"
refused '100 MB are not asked for' 413 '' -H "$p10" -H 'Expect: 100-continue' \
    --data-binary "@$tmp/huge" -u "eve:$code"
est simpleenroll -H "$p10" -H 'Expect:' -H 'Transfer-Encoding: chunked' \
    --data-binary "@$tmp/huge" -u "eve:$code"
ok 'nor in chunks without end' test "$status" = 413 -o "$status" = 000
rm -f "$tmp/huge"
gzip -c "$tmp/eve.b64" >"$tmp/eve.gz"
refused 'what is compressed is no base 64' 400 'body: not base 64' -H "$p10" \
    -H 'Content-Encoding: gzip' --data-binary "@$tmp/eve.gz" -u "eve:$code"
refused 'DER as it is' 400 'body: not base 64' -H "$p10" \
    --data-binary "@$tmp/eve.der" -u "eve:$code"
refused 'PEM' 400 'PEM has lines that do not belong here' -H "$p10" \
    --data-binary "@$tmp/eve.csr" -u "eve:$code"
refused 'the other alphabet' 400 'body: not base 64' -H "$p10" \
    --data-binary "$(tr '+/' '-_' <"$tmp/eve.b64")-_" -u "eve:$code"
refused 'half of it' 400 'body: ' -H "$p10" \
    --data-binary "$(head -c 200 "$tmp/eve.b64")" -u "eve:$code"
refused 'blanks' 400 'body: empty' -H "$p10" --data-binary '   ' \
    -u "eve:$code"
refused 'nothing' 400 'body: empty' -H "$p10" -d '' -u "eve:$code"
(cat "$tmp/eve.der" && echo more) | base64 >"$tmp/more"
refused 'a request with something behind it' 400 'body: ' -H "$p10" \
    --data-binary "@$tmp/more" -u "eve:$code"
perl -0777 -pe 'substr($_, -5, 1) ^= "\1"' "$tmp/eve.der" |
    base64 >"$tmp/bent"
refused 'one that its key did not sign' 400 'request: ' -H "$p10" \
    --data-binary "@$tmp/bent" -u "eve:$code"
openssl req -new -newkey rsa:1024 -nodes -keyout "$tmp/weak.key" \
    -subj /CN=eve -outform DER 2>/dev/null | base64 >"$tmp/weak"
est simpleenroll -H "$p10" --data-binary "@$tmp/weak" -u "eve:$code"
ok 'one with a weak key' test "$status" = 400 -o "$status" = 403
for type in application/pkcs10x application/x-www-form-urlencoded \
    'multipart/form-data; boundary=x' text/html ''; do
	refused "type \"$type\"" 415 'not application/pkcs10' \
	    -H "Content-Type:${type:+ $type}" --data-binary "@$tmp/eve.b64" \
	    -u "eve:$code"
done
refused 'a length that is none' 400 '' -H "$p10" -H 'Content-Length: 1x' \
    --data-binary "@$tmp/eve.b64" -u "eve:$code"
slow_body() {
	(printf 'POST /.well-known/est/simpleenroll HTTP/1.1\r\n'
	printf 'Host: x\r\n%s\r\nContent-Length: 1000\r\n\r\n' "$p10"
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		sleep 0.5
		printf M || break
	done) 2>/dev/null | timeout 20 openssl s_client -quiet \
	    -connect "127.0.0.1:$rad_port" >"$tmp/slow" 2>&1
}
from=$(date +%s)
slow_body
ok 'a body of one octet each half second is cut off' \
    test $(($(date +%s) - from)) -le 14
not '... without an order' grep -q 'HTTP/1.1 20' "$tmp/slow"

# ---- addresses and methods ----
for path in 'label%00/simpleenroll' '../cmp/simpleenroll' \
    "$(head -c 300 /dev/zero | tr '\0' a)/simpleenroll" fullcmc serverkeygen; do
	est "$path" --path-as-is -H "$p10" --data-binary "@$tmp/eve.b64" \
	    -u "eve:$code"
	ok "no such thing as $(printf %.20s "$path")" \
	    test "$status" = 404 -o "$status" = 400
done
for method in PUT DELETE PATCH TRACE; do
	est simpleenroll -X $method -u "eve:$code"
	ok "$method is not for that" test "$status" = 405 -o "$status" = 501
done
refused 'another scheme of HTTP' 401 'one-time code' -H "$p10" \
    -H 'Authorization: Bearer abc' --data-binary "@$tmp/eve.b64"
refused 'a name with a line break' 400 'Authorization' -H "$p10" \
    -u "$(printf 'e\nve'):x" --data-binary "@$tmp/eve.b64"

# ---- TLS ----
for version in tls1 tls1_1; do
	not "$version is refused" sh -c "openssl s_client -$version \
	    -cipher ALL:@SECLEVEL=0 -connect '127.0.0.1:$rad_port' \
	    </dev/null 2>&1 | grep -q '^SSL handshake has read.*Verif\|Cipher is [A-Z]'"
done
(sleep 1; echo R; sleep 1; printf 'GET / HTTP/1.0\r\n\r\n'; sleep 1) |
    timeout 10 openssl s_client -tls1_2 -connect "127.0.0.1:$rad_port" \
    >"$tmp/again" 2>&1
ok 'a renegotiation is tried' grep -q RENEGOTIATING "$tmp/again"
not '... and leads to nothing' grep -q 'HTTP/1.1 200' "$tmp/again"
ok 'a certificate of another root' openssl req -x509 -key "$tmp/dev1.key" \
    -subj /CN=dev1 -out "$tmp/other.pem"
cp "$tmp/dev1.key" "$tmp/other.key"
request dev1b -subj /CN=dev1
with_cert other enrol dev1b device/simpleenroll
is '... is nobody' "$status" 401
with_cert web enrol dev1b device/simpleenroll
is 'nor is one that is not for clients' "$status" 401
with_cert ra enrol dev1b device/simpleenroll
ok 'nor is the own agent a holder of devices' test "$status" = 401 -o \
    "$status" = 403

# ---- CMP ----
openssl ecparam -name prime256v1 -genkey -noout -out "$tmp/plant-1.key"
openssl cmp -cmd ir -server 127.0.0.1:1 -ref plant \
    -secret "file:$tmp/cmp-secret" -newkey "$tmp/plant-1.key" \
    -subject /CN=plant-1 -recipient /CN=x -reqout "$tmp/ir.der" \
    -certout "$tmp/plant-1.pem" -total_timeout 1 >"$tmp/out" 2>&1
ok 'a message is there' test -s "$tmp/ir.der"
# twisted 'what' STATUS TEXT twist...
twisted() {
	twisted_what=$1 twisted_status=$2 twisted_text=$3
	shift 3
	perl "$srcdir/tests/lib/cmp_twist.pl" "$@" <"$tmp/ir.der" \
	    >"$tmp/twisted"
	status=$(rad_curl -o "$tmp/answer" -w '%{http_code}' --max-time 10 \
	    -H 'Content-Type: application/pkixcmp' \
	    --data-binary "@$tmp/twisted" "$ra/cmp")
	is "$twisted_what" "$status" "$twisted_status"
	says "$twisted_text" tr -cd '[:print:]' <"$tmp/answer"
}
# In 200 there is a message, of kind "error".
twisted '2^31 - 1 rounds of a MAC are not made' 200 'bad pbm iterationcount' \
    iterations 2147483647
is '... but an error' "$(openssl asn1parse -inform DER -in "$tmp/answer" |
    grep -c '^ *[0-9]*:d=1 .*cont \[ 23 \]')" 1
twisted 'nor 2^32 - 1' 200 'bad pbm iterationcount' iterations 4294967295
twisted 'nor none' 400 'CMP message' iterations 0
twisted 'a nested message' 404 'no such transaction' nested 1
twisted 'one in one in one ...' 400 'CMP message' nested 40
twisted 'a MAC that does not fit' 200 'wrong pbm value' transaction \
    00112233445566778899aabbccddeeff
twisted 'a transaction that has no name' 400 'CMP message' transaction ''
twisted 'one without protection' 403 'not protected' sender
twisted 'an ir as a certConf' 404 'no such transaction' body 24
twisted 'an answer as a question' 404 'no such transaction' body 1
twisted 'a body that there is not' 404 'no such transaction' body 30
is 'nothing of all that left anything' "$(stand)" "$before"

# ---- and the honest ----
enrol eve simpleenroll -u "eve:$code"
ok 'the code is still good' issued_to eve
is 'the message is, too' "$(rad_curl -o "$tmp/answer" -w '%{http_code}' -H \
    'Content-Type: application/pkixcmp' --data-binary "@$tmp/ir.der" \
    "$ra/cmp")" 200
is '... and gets its certificate' "$(sql "SELECT count(*) FROM cert
    WHERE holder = 'plant-1'")" 1
ok 'the auditor finds all well' proven
rad_stop
cad_stop
done_testing
