#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each profile's certificate, to the byte, and held against the standards by a
# program that shares nothing with ours; lists as well.  Then the same program
# must find what is wrong with certificates that somebody has tampered with,
# for each thing that it can find.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/samples.sh"
PATH=$srcdir/tests/interop:$PATH
cd "$tmp" || exit 1

is 'each profile has a row in profiles.table, and each row a profile' \
    "$(certlint --rows | sed 's/:.*//' | sort -u)" \
    "$(ls "$srcdir/etc/profiles")"
[ "$tap_failed" -eq 0 ] || done_testing

root_key=ec:P-384 ca_key=rsa:3072
install_pki
ok 'a certificate of each profile is issued' samples_make

while read -r name profile kind ca rest; do
	set -- --profile "$profile" --issuer "$ca.pem" --known "$name.known"
	[ "$kind" = - ] || set -- "$@" --csr "$name.csr"
	ok "$name is what the standards and its row say" certlint "$@" \
	    "$name.pem"
done <samples.list

# --- lists -------------------------------------------------------------------

revoke() {
	revoke_name=$1
	shift
	as o1 signet revoke "$(serial_in "$revoke_name.pem")" "$@" --no-sign \
	    --yes >out 2>&1 && as o1 signet order approve "$(last_order)" --yes
}
ok 'the list of the root is what the standards say' certlint --crl \
    --issuer root.pem --days 366 "$(find "$pki/root/crl" -name '*.crl')"
for ca in people services; do
	ok "... that of $ca" signet crl export $ca --out $ca.crl
	ok '... too' certlint --crl --issuer $ca.pem --days 10 $ca.crl
done
ok 'one loses a key' revoke mail-dual-rsa2048 --reason keyCompromise \
    --since 2d
ok '... another leaves' revoke mail-sign-ecp521 --reason affiliationChanged
ok '... a third has no reason' revoke mail-encrypt-rsa2048 --reason \
    unspecified
ok '... all are revoked' cad
rm people.crl
ok '... the list is exported again' signet crl export people --out people.crl
is '... with all of them' "$(openssl crl -text -noout -in people.crl |
    grep -c -e 'Serial Number' -e 'Key Compromise' -e 'Affiliation Changed' \
    -e 'Invalidity Date')" 6
ok '... which is what the standards say' certlint --crl --issuer people.pem \
    --days 10 people.crl

# --- and what is wrong -------------------------------------------------------

certbreak >broken
while read -r verdict text; do
	is "certlint finds $text" "$verdict" caught
done <broken
is 'there is nothing that it has not been shown' "$(certbreak --never)" ''
is 'no bit of a certificate changes without its finding it' \
    "$(certbreak --flip mail-dual-rsa2048)" ''

done_testing
