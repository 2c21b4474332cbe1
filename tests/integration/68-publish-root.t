#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the root makes off line, in an LDAP directory: its certificate, its list
# and pairs of cross certificates; nothing that is not what its name says.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/slapd.sh"
. "$srcdir/tests/lib/publish.sh"

install_pki
slapd_start "$tmp/ldap"
files=$tmp/files
mkdir "$files"
publish_more="root_files = \"$files\";"
publish_configure "main $ldapi"

# value CA ATTR - in the directory; values CA ATTR - how many
values() {
	found "cn=$1,ou=PKI,$ldap_base" base '(objectClass=*)' "$2" |
	    grep -c "^$2:: "
}
value() {
	found "cn=$1,ou=PKI,$ldap_base" base '(objectClass=*)' "$2" |
	    sed -n "s/^$2:: //p" | base64 -d
}
list='certificateRevocationList;binary'
pair='crossCertificatePair;binary'
ok 'signet-crld publishes' crld
is 'without files there is no list of the root' "$(values root "$list")" 0
openssl x509 -in "$pki/ca/root.pem" -outform DER -out "$tmp/root.cer"
value root 'cACertificate;binary' >"$tmp/got"
ok '... but its certificate (G009)' cmp "$tmp/root.cer" "$tmp/got"

# A list of somebody else, under the root's name.
signet crl export people --format der -o "$files/root.crl"
ok 'the list of another CA is there' crld
is 'it is not published' "$(values root "$list")" 0
says 'root.crl: ' sql "SELECT error FROM delivery WHERE dead AND key = 'root'"
rm "$files/root.crl"
cp "$pki/ca/root.crl" "$files/root.crl"
ok "the root's own list comes" crld
value root "$list" >"$tmp/got"
ok 'it is in its entry (S110)' cmp "$pki/ca/root.crl" "$tmp/got"
value root 'authorityRevocationList;binary' >"$tmp/got"
ok '... also as the list of CAs' cmp "$pki/ca/root.crl" "$tmp/got"
is '... and nothing is dead any more' \
    "$(sql "SELECT count(*) FROM delivery")" 0

# A partner certifies our root, and our root the partner.
cat >"$tmp/partner.cnf" <<CNF
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
CNF
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$tmp/partner.key" -out "$tmp/partner.pem" -days 400 \
    -config "$tmp/partner.cnf" -subj '/O=Partner/CN=Partner CA' \
    -extensions ca 2>/dev/null
openssl req -new -key "$tmp/partner.key" -subj /CN=x -out "$tmp/partner.csr" \
    2>/dev/null
ok 'the root certifies a partner' signet-root cross-certify \
    --dir "$pki/root" --profiles "$pki/profiles" --yes --operator Olga \
    --passphrase "file:$pki/secrets/root" --certificate "$tmp/partner.pem" \
    --csr "$tmp/partner.csr" --name partner --policies 2.999.1 \
    --permitted mail:partner.example
made=$pki/root/issued/partner.pair
cp "$made" "$files/root-partner.pair"
# Not of this CA, not a pair, and not for us to read.
cp "$made" "$files/people-partner.pair"
head -c 40 "$made" >"$files/root-short.pair"
cp "$made" "$files/rooted.pair"
ok 'pairs are there' crld
value root "$pair" >"$tmp/got"
ok 'the pair is in the entry of the root (E056)' cmp "$made" "$tmp/got"
is '... alone' "$(values root "$pair")" 1
is 'the entry of a CA that has not made it has none' \
    "$(values people "$pair")" 0
says 'root-short.pair: ' sql "SELECT error FROM delivery
    WHERE dead AND key = 'root'"
says 'people-partner.pair: its second certificate was not issued by this CA' \
    sql "SELECT error FROM delivery WHERE dead AND key = 'people'"
rm "$files"/people-partner.pair "$files"/root-short.pair
ok 'what was wrong goes' crld
is '... and nothing is dead any more' \
    "$(sql "SELECT count(*) FROM delivery")" 0
rm "$files"/root-partner.pair
ok 'the pair is withdrawn' crld
is '... and gone from the directory' "$(values root "$pair")" 0

# The same from the daemon, whose publishers are confined.
start signet-crld -d -c "$pki/crld.conf"
cp "$made" "$files/root-partner.pair"
ok 'what comes back while signet-crld runs is found in the directory' wait_for eval \
    '[ "$(values root "$pair")" = 1 ]'
done_testing
