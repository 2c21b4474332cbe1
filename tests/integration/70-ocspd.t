#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# signet-ocspd says the truth about certificates in every state, to GET and
# POST, with the headers that caches go by, and refuses what is no request.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/ocspd.sh"
install_pki
ocsp_allow_ec

# Settings.
sed 's,/etc/signet,'"$pki"',; s,/var/lib/signet,'"$tmp"',' \
    "$srcdir/etc/ocspd.conf.sample" >"$tmp/sample.conf"
ok 'the sample settings pass -t' signet-ocspd -t -c "$tmp/sample.conf"
bad_setting() {
	sed "s/^$1 = .*/$1 = $2;/" "$tmp/sample.conf" >"$tmp/bad.conf"
	not "$1 = $2 is refused" signet-ocspd -d -t -c "$tmp/bad.conf"
	said "$3"
}
bad_setting never_issued '"good"' 'neither "unknown" nor "revoked"'
bad_setting freshness '"0s"' 'freshness'
bad_setting poll_ms 4000 'every answer would be too old'
bad_setting lifetime '"1s"' 'lifetime'
sed '/^agent_key/d' "$tmp/sample.conf" >"$tmp/bad.conf"
not 'agent_database without agent_key is refused' \
    signet-ocspd -d -t -c "$tmp/bad.conf"
said 'belong together'

# Who may sign: an answer without a signer is "try later".
ok 'a certificate is issued' issued www
good=$serial
ocsp_start
is 'without a signer: try later' "$(status "$good")" trylater
not '... and not healthy' healthy
ok '... because of that' wait_for sh -c \
    "curl -s http://127.0.0.1:$operator_port/healthz |
	grep -q 'FAIL signer services: .*No such file'"
ok 'a signer is made' ocsp_signer services
ok '... and taken up while it runs' wait_for sh -c \
    "curl -s http://127.0.0.1:$operator_port/healthz |
	grep -q 'ok signer services'"
ok 'and one for the other CA' ocsp_signer people
ok '... now all is well' wait_for healthy

# States.
is 'a good certificate is good' "$(status "$good")" good
is '... without a nonce, too' "$(status "$good" -no_nonce)" good
is '... and with SHA-256' "$(status "$good" -sha256)" good
openssl ocsp -issuer "$pki/ca/services.pem" -CAfile "$pki/ca/root.pem" \
    -verify_other "$pki/ca/services.pem" -sha384 -serial "0x$good" \
    -url "$ocsp" -header "Host=x" >"$tmp/status" 2>&1
ok '... and with SHA-384 at a name of its own' grep -q ': good' "$tmp/status"
reasons='unspecified keyCompromise affiliationChanged superseded
    cessationOfOperation privilegeWithdrawn'
for reason in $reasons; do
	as o1 order_tls "r-$reason" --sign >/dev/null
done
cad
n=6
for reason in $reasons; do
	n=$((n - 1))
	serial=$(serial_of "$(last_order $n)")
	echo "$reason $serial" >>"$tmp/revoked"
done
while read -r reason serial; do
	as o1 signet order new --kind revoke --wait 0s --yes "$serial" \
	    --reason "$reason"
done <"$tmp/revoked" >"$tmp/out" 2>&1
cad
# now WANTED SERIAL [OPTION]... - which is said some 50 ms after the COMMIT
now() {
	now_wanted=$1
	shift
	[ "$(status "$@")" = "$now_wanted" ]
}
while read -r reason revoked; do
	case $reason in
	unspecified)		shown= ;;
	privilegeWithdrawn)	# openssl 3.0 has no word for it
		case $(openssl version) in
		*' 3.0.'*)	shown=' (UNKNOWN)' ;;
		*)		shown=" $reason" ;;
		esac ;;
	*)			shown=" $reason" ;;
	esac
	ok "revoked as $reason" wait_for now "revoked$shown" "$revoked"
done <"$tmp/revoked"
revoked=$(sed -n '6s/.* //p' "$tmp/revoked")
ok 'the good one is put on hold' change hold "$good"
ok '... and answered' wait_for now 'revoked certificateHold' "$good"
is '... without a nonce, though it was good before' \
    "$(status "$good" -no_nonce)" 'revoked certificateHold'
sleep 1
ok 'it is released' change release "$good"
ok '... and good again' wait_for now good "$good" -no_nonce
never=0123456789012345678901234567890123456789
is 'a number that was never issued is unknown' "$(status "$never")" unknown
is '... and one that no CA gives' "$(status 00)" unknown
ocsp_ca=people
is 'a number of another CA is unknown there' "$(status "$good")" unknown
ocsp_ca=root
is 'the root is not answered for' "$(status "$good")" unauthorized
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$tmp/other.key" -out "$tmp/other.pem" -subj /CN=Other \
    2>/dev/null
cp "$tmp/other.pem" "$pki/ca/other.pem"
ocsp_ca=other
is 'a foreign CA is not answered for' "$(status "$good")" unauthorized
ocsp_ca=services

# Several at once.
asks() {
	openssl ocsp -issuer "$pki/ca/services.pem" -CAfile \
	    "$pki/ca/root.pem" -verify_other "$pki/ca/services.pem" \
	    -url "$ocsp" "$@" 2>&1
}
asks -serial "0x$good" -serial "0x$revoked" -serial "0x$never" \
    >"$tmp/several"
is 'three at once are answered in order' "$(sed -n 's/^0x[0-9a-f]*: //p' \
    "$tmp/several" | tr '\n' ' ')" 'good revoked unknown '
ok '... in one answer that verifies' grep -q 'verify OK' "$tmp/several"
says 'Responder Error: unauthorized' asks -serial "0x$good" \
    -issuer "$pki/ca/people.pem" -serial "0x$good"
set --
while [ $# -lt 200 ]; do
	set -- "$@" -serial "0x$(printf '%x' $((0x1000000000000000 + $#)))"
done
openssl ocsp -issuer "$pki/ca/services.pem" -reqout "$tmp/most.der" "$@" \
    -no_nonce >/dev/null 2>&1
is '100 at once are answered' "$(asks "$@" | grep -c ': unknown')" 100
says 'Responder Error: malformedrequest' asks "$@" -serial 0x77

# HTTP.
openssl ocsp -issuer "$pki/ca/services.pem" -serial "0x$good" -no_nonce \
    -reqout "$tmp/request.der" 2>/dev/null
path=$(base64 -w 0 "$tmp/request.der" | sed 's,+,%2B,g; s,/,%2F,g; s,=,%3D,g')
get() {
	curl -s -o "$tmp/body" -D "$tmp/head" -w '%{http_code}' \
	    --path-as-is "$@"
}
post() {
	get --data-binary "@${post_file:-$tmp/request.der}" "$@"
}
type='Content-Type: application/ocsp-request'
header() {
	sed -n "s/^$1: \(.*\)\r/\1/Ip" "$tmp/head"
}
answer_is() {
	openssl ocsp -respin "$tmp/body" -issuer "$pki/ca/services.pem" \
	    -noverify -resp_text 2>&1 | grep -q "$1"
}
is 'GET' "$(get "$ocsp/$path")" 200
ok '... is answered' answer_is 'Cert Status: good'
is '... as what it is' "$(header Content-Type)" application/ocsp-response
ok '... to be kept by anybody' grep -qi \
    '^cache-control: max-age=3[56][0-9][0-9], public, no-transform, must-revalidate' \
    "$tmp/head"
etag=$(header ETag) modified=$(header Last-Modified)
expires=$(date -u -d "$(header Expires) + 1 second" '+%b %e %T %Y')
ok '... until a second before nextUpdate' answer_is "Next Update: $expires GMT"
modified_at=$(date -u -d "$modified" '+%b %e %T %Y')
ok '... from thisUpdate on' answer_is "This Update: $modified_at GMT"
is '304 for who has it' "$(get -H "If-None-Match: $etag" "$ocsp/$path")" 304
is '... or has it from then' \
    "$(get -H "If-Modified-Since: $modified" "$ocsp/$path")" 304
is 'HEAD' "$(get -I "$ocsp/$path")" 200
cp "$tmp/head" "$tmp/first"
is 'GET below /ocsp' "$(get "$ocsp/ocsp/$path")" 200
is '... has the same answer' "$(header ETag)" "$etag"
is 'GET with raw base 64' \
    "$(get "$ocsp/$(base64 -w 0 "$tmp/request.der")")" 200
is '... has the same answer' "$(header ETag)" "$etag"
is 'GET with two slashes' "$(get "$ocsp//$path")" 200
is '... has the same answer' "$(header ETag)" "$etag"
is 'POST' "$(post -H "$type" "$ocsp/")" 200
is '... has the same answer' "$(header ETag)" "$etag"
is 'POST to /ocsp with parameters and capitals in the type' "$(post -H \
    'Content-Type: APPLICATION/ocsp-Request; charset=x' "$ocsp/ocsp")" 200
is 'POST to elsewhere' "$(post -H "$type" "$ocsp/elsewhere")" 404
is 'POST of another type' "$(post -H 'Content-Type: text/plain' \
    "$ocsp/")" 415
is '... of none' "$(post -H 'Content-Type:' "$ocsp/")" 415
is '... of a longer one' "$(post -H "${type}s" "$ocsp/")" 415
is 'PUT' "$(get -X PUT "$ocsp/$path")" 405
is '... says what may be' "$(header Allow)" 'GET, HEAD, POST'
is 'GET of what is not base 64' "$(get "$ocsp/favicon.ico")" 400
is 'GET of nothing' "$(get "$ocsp/")" 400
is 'GET of what is no request' "$(get "$ocsp/MAA=")" 200
ok '... is malformed' answer_is 'malformedrequest'
is '... and not to be kept' "$(header Cache-Control)" no-store
head -c 70000 /dev/zero >"$tmp/zeros"
post_file=$tmp/zeros
is 'POST of too much' "$(post -H "$type" "$ocsp/")" 413
head -c 40 "$tmp/request.der" >"$tmp/half.der"
post_file=$tmp/half.der
is 'POST of half a request' "$(post -H "$type" "$ocsp/")" 200
ok '... is malformed' answer_is 'malformedrequest'
openssl ocsp -issuer "$pki/ca/services.pem" -serial "0x$good" -nonce \
    -reqout "$tmp/nonce.der" 2>/dev/null
post_file=$tmp/nonce.der
is 'POST with a nonce' "$(post -H "$type" "$ocsp/")" 200
is '... is not to be kept' "$(header Cache-Control)" no-store
ok '... and has it' answer_is 'OCSP Nonce'

# What an answer costs.
was=$(metric signet_ocsp_signatures_total)
for n in 1 2 3 4 5; do
	get "$ocsp/$path" >/dev/null
done
is 'an answer that is at hand costs no signature' \
    "$(metric signet_ocsp_signatures_total)" "$was"
ok 'what is said is counted' test \
    "$(metric 'signet_ocsp_replies_total{status="good"}')" -gt 5
ok '... and for how long the signer is good' test \
    "$(metric 'signet_ocsp_signer_expiry_seconds{ca="services"}')" -gt 86400

# Another policy, short lives.
ocsp_stop
ocsp_start 'never_issued = "revoked"' 'lifetime = "10s"' \
    'archive_cutoff = "365d"'
wait_for healthy
is 'never issued may be revoked' "$(status "$never")" \
    'revoked certificateHold'
ok '... since 1970' grep -q 'Revocation Time: Jan  1 00:00:00 1970' \
    "$tmp/status"
post_file=$tmp/request.der
get "$ocsp/$path" >/dev/null
ok 'the archive cutoff is told' answer_is 'Archive Cutoff'
etag=$(header ETag)
sleep 6
get "$ocsp/$path" >/dev/null
not 'at half of its life an answer is made anew' \
    test "$(header ETag)" = "$etag"

# The log is not the requests' to fill.
ocsp_stop
wait "$ocspd" 2>/dev/null
ok 'it says little' test "$(wc -l <"$tmp/ocspd.log")" -lt 20

# Its threads look at each other until they have ended.
ended=
for pause in 0 0.01 0.02 0.05 0.1 0.15 0.2 0.25 0.3 0.35; do
	ocsp_restart
	sleep "$pause"
	ocsp_stop
	ended="$ended $?"
done
is 'it ends well at any moment' "$ended" ' 0 0 0 0 0 0 0 0 0 0'
done_testing
