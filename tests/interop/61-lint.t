#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# certlint, by which 60-every-profile.t swears: it finds nothing in our
# certificates and lists, and everything that it can find in those that somebody
# has tampered with.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/samples.sh"
PATH=$srcdir/tests/interop:$PATH
cd "$tmp" || exit 1

root_key=ec:P-384 ca_key=rsa:3072
install_pki
ok 'some certificates are issued' samples_make mail-sign mail-encrypt \
    mail-dual tls-server web-login officer
is 'certlint finds nothing wrong with them' \
    "$(certlint --samples samples.list 2>&1)" ''

# What certlint found in the profiles' files, the CA now finds itself.
mkdir other
sed 's/^keys = (/&{ type = "rsa-pss"; },/' "$pki/profiles/mail-sign" \
    >other/mail-sign
sed "s,^profiles = .*,profiles = \"$tmp/other\";," "$pki/cad.conf" >other.conf
not 'a profile for mail takes no key bound to RSASSA-PSS (SMBR 7.1.3.1.1)' \
    timeout 30 signet-cad -d --once -c other.conf
said 'the S/MIME baseline does not allow rsa-pss'

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
ok 'many things can be wrong' [ "$(wc -l <broken)" -gt 200 ]
while read -r verdict text; do
	is "certlint finds $text" "$verdict" caught
done <broken
is 'there is nothing that it has not been shown' "$(certbreak --never)" ''
is 'no bit of a certificate changes without its finding it' \
    "$(certbreak --flip mail-dual-rsa2048)" ''

done_testing
