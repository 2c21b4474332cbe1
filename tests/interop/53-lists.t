#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Complete lists and deltas as OpenSSL, GnuTLS and NSS read them, and as the
# operator and the auditor do.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
install_pki
sed -i -e 's/crl_reasons = .*/crl_reasons = [ "all" ]; crl_delta = "1h";\
	crl_delta_url = "http:\/\/pki.example.org\/delta.crl";/' "$pki/cad.conf"

next_complete() {
	tamper "UPDATE crl SET this_update = this_update - interval '2 days'"
	cad
}
issued() {
	as o1 order_tls "$1" --sign >/dev/null && cad &&
	cert_of "$(last_order)" >"$tmp/$1.pem" && eval "$1=$(serial_of \
	    "$(last_order)")"
}
change() {
	as o1 signet order new --kind "$1" --wait 0s --yes "$2" ${3:+"$3" "$4"}
	cad
	[ "$(order_state "$(last_order)")" = 'done' ]
}
fetch() {
	rm -f "$tmp/full.crl" "$tmp/delta.crl" "$tmp/both.pem"
	signet crl export services --format der -o "$tmp/full.crl" &&
	signet crl export services --delta --format der -o "$tmp/delta.crl" &&
	signet crl export services >"$tmp/full.pem" &&
	signet crl export services --delta >"$tmp/delta.pem" &&
	cat "$tmp/full.pem" "$tmp/delta.pem" >"$tmp/both.pem"
}
with_full() {
	openssl verify -crl_check -CAfile "$pki/ca/root.pem" \
	    -untrusted "$tmp/services.pem" -CRLfile "$tmp/full.pem" "$1"
}
with_both() {
	openssl verify -crl_check -extended_crl -use_deltas \
	    -CAfile "$pki/ca/root.pem" -untrusted "$tmp/services.pem" \
	    -CRLfile "$tmp/both.pem" "$1"
}
openssl x509 -in "$pki/ca/services.pem" -out "$tmp/services.pem"

for name in one two three; do
	ok "certificate $name" issued "$name"
done
# shellcheck disable=SC2154 # set by issued
ok 'one is put on hold' change hold "$one"
ok 'a complete list is made' next_complete
ok 'one is released' change release "$one"
# shellcheck disable=SC2154
ok 'two is revoked' change revoke "$two" --reason superseded
ok 'the lists are fetched' fetch

ok 'OpenSSL reads the complete list' openssl crl -inform DER \
    -in "$tmp/full.crl" -CAfile "$tmp/services.pem" -noout
openssl crl -inform DER -in "$tmp/full.crl" -noout -text >"$tmp/text"
ok '... which names the address of deltas' sh -c \
    "grep -A3 'Freshest CRL' '$tmp/text' | grep -q http://pki.example.org/delta.crl"
not '... and has no distribution point of its own' \
    grep -q 'Issuing Distribution Point' "$tmp/text"
openssl crl -inform DER -in "$tmp/delta.crl" -noout -text >"$tmp/text"
ok '... and the delta, critical' grep -q 'Delta CRL Indicator: critical' \
    "$tmp/text"
ok '... which takes the released one off' grep -q 'Remove From CRL' "$tmp/text"
not 'by the complete list one is on hold' with_full "$tmp/one.pem"
ok '... and two is good' with_full "$tmp/two.pem"
ok 'with the delta one is good' with_both "$tmp/one.pem"
not 'E066: ... and two is revoked' with_both "$tmp/two.pem"
said 'certificate revoked'
ok '... and three is good' with_both "$tmp/three.pem"
not 'a delta alone is no list to OpenSSL' openssl verify -crl_check \
    -extended_crl -CAfile "$pki/ca/root.pem" -untrusted "$tmp/services.pem" \
    -CRLfile "$tmp/delta.pem" "$tmp/three.pem"

for kind in full delta; do
	openssl x509 -in "$tmp/services.pem" -outform DER -out "$tmp/ca.der"
	ok "G016: GnuTLS verifies the $kind list" certtool --verify-crl --inder \
	    --load-ca-certificate "$tmp/ca.der" --infile "$tmp/$kind.crl"
done
mkdir "$tmp/nss"
certutil -N -d "sql:$tmp/nss" --empty-password
certutil -A -d "sql:$tmp/nss" -n root -t CT,C,C -i "$pki/ca/root.pem"
certutil -A -d "sql:$tmp/nss" -n services -t ,, -i "$tmp/services.pem"
ok 'NSS takes the complete list' crlutil -I -d "sql:$tmp/nss" \
    -i "$tmp/full.crl"
not '... and not the delta in its place' crlutil -I -d "sql:$tmp/nss" \
    -i "$tmp/delta.crl"

says 'DELTA ON' signet crl list services
says 'Delta on' signet crl show services --delta
says 'removeFromCRL' signet crl show services --delta --entries
says 'verified' signet crl verify services "$tmp/delta.crl"
truncate -s -1 "$tmp/delta.crl"
exits 2 'a list that was cut short is none' signet crl verify services \
    "$tmp/delta.crl"
said 'nothing in it counts'
exits 2 '... nor one of another CA' signet crl verify people "$tmp/full.crl"
exits 4 'there is no such delta' signet crl show services --delta --number 1
ok 'the auditor has nothing to say' proven

# What the delta says is on the next complete list, and in nobody's way.
ok 'another complete list' next_complete
ok 'S086: ... with two' sh -c "signet crl export services | openssl crl -noout -text |
    grep -qi '$two'"
not '... without one' sh -c "signet crl export services |
    openssl crl -noout -text | grep -qi '$one'"
ok 'numbers have no holes' test "$(sql "SELECT count(*) = max(number)
    AND count(*) = count(DISTINCT number) FROM crl WHERE ca = 'services'")" = t
ok 'and the auditor has still nothing to say' proven
done_testing
