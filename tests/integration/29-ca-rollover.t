#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A new generation of an issuing CA in the middle of a batch: nothing is lost,
# nothing is made twice; the old generation keeps its own list and no more.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/roll.sh"
install_pki
conf=$pki/cad.conf
sed -i 's/^group = .*/group = 20;/; s/^workers = .*/workers = 1;/
    s/"keyCompromise"/"all"/' "$conf"

# What is refused.
exits 4 'a CA that is not there has no next generation' signet ca roll nobody
exits 2 'nor has a generation' signet ca roll people.g2
exits 2 'a generation is not begun by hand' \
    signet ca init people.g2 --key ec:P-256
said 'the next one is made by: signet ca roll people'

# Key and request; again after a crash in between.
echo 'second generation' >"$pki/secrets/ca-people.g2"
chmod 600 "$pki/secrets/ca-people.g2"
roll() {
	signet ca roll people --passphrase "file:$pki/secrets/ca-people.g2"
}
SIGNET_FAULT=ca.key-stored
export SIGNET_FAULT
not 'a crash after the key' roll
unset SIGNET_FAULT
ok '... leaves the key' test -e "$pki/ca/people.g2.key"
not '... without its request' test -e "$pki/ca/people.g2.csr"
cp "$pki/ca/people.g2.key" "$tmp/was"
ok 'run again it goes on' roll
said 'signet-root certify --name people.g2'
ok '... from the same key' cmp "$tmp/was" "$pki/ca/people.g2.key"
ok 'and a third time changes nothing' roll
said 'CA people.g2 has its key and request already'
ok '... nor does it' cmp "$tmp/was" "$pki/ca/people.g2.key"
says 'CN=Example AB People CA G2' openssl req -in "$pki/ca/people.g2.csr" \
    -noout -subject -nameopt RFC2253

# The batch is on its way before the new generation is there.
make_requests "$tmp/b" 240 ec:P-256
ok 'a batch of 240 is handed in' \
    signet order import -p mail-sign --csv "$tmp/b/people.csv"
id=$(last_order)
ok 'one officer' as o1 signet order approve "$id" --yes
ok 'and another' as o2 signet order approve "$id" --yes
certs() {
	sql "SELECT count(*) FROM cert WHERE profile = 'mail-sign'"
}
# Two groups of 20 are through, the third is decided and not signed.
: >"$tmp/log"
export SIGNET_FAULT=signer.decided:3
not 'the CA is killed while it makes them' signet-cad -d --once -c "$conf"
unset SIGNET_FAULT
is '... after two groups' "$(certs)" 40
is '... with the third in hand' "$(sql 'SELECT count(*) FROM intent')" 20
ok 'the root certifies the next one meanwhile' roll_certify people.g2
cp "$roll_pem" "$tmp/g2.pem"
exits 2 'with the subject of the old one it is not taken in' sh -c '
    signet-root certify --dir "$1/root" --profiles "$1/profiles" --yes \
	--operator test --passphrase "file:$1/secrets/root" --name same \
	--csr "$1/ca/people.g2.csr" --again test \
	--subject "CN=Example AB People CA" >/dev/null &&
    signet ca import people "$1"/root/issued/*-same.pem' sh "$pki"
said 'CA people has that subject already'
export SIGNET_FAULT=ca.stored
not 'a crash while it is taken in' signet ca import people "$tmp/g2.pem"
unset SIGNET_FAULT
ok 'is mended by taking it in again' signet ca import people "$tmp/g2.pem"
said 'CA people.g2'
said 'put this into cas of signet-cad.conf'
is 'there is one row of it' \
    "$(sql "SELECT count(*) FROM ca WHERE name = 'people.g2'")" 1
roll_configure people.g2
sed 's|crl/people.g2.crl|crl/people.crl|' "$conf" >"$tmp/bad.conf"
says 'CA people and CA people.g2 have the same CRL address' \
    signet-cad -t -c "$tmp/bad.conf"
sed 's/name = "people.g2";/\0 start = "soon";/' "$conf" >"$tmp/bad.conf"
says 'start of CA people.g2' signet-cad -t -c "$tmp/bad.conf"
start signet-cad -d -c "$conf"
cad=$last
more_are_made() {
	[ "$(certs)" -gt 60 ]
}
ok 'the new generation goes on with the batch' wait_for more_are_made
kill -HUP "$cad"
wait "$cad"
is 'SIGHUP ends it for its restart' $? 0
start signet-cad -d -c "$conf"
cad=$last
finished() {
	[ "$(order_state "$id")" = 'done' ]
}
ok 'the batch comes to its end' wait_for finished
is 'nothing is lost' "$(certs)" 240
is 'nothing is there twice' "$(sql "SELECT count(DISTINCT n) FROM cert
    WHERE order_id = decode('$id', 'hex')")" 240
is 'nothing is in hand' "$(sql 'SELECT count(*) FROM intent')" 0
is 'what was decided before is from the old generation, nothing else' \
    "$(issuers mail-sign)" 'people=60 people.g2=180 '

# Each certificate is good under its own generation.
i=0
sql "SELECT DISTINCT ON (ca) encode(serial, 'hex') || ' ' || ca FROM cert
    WHERE profile = 'mail-sign' ORDER BY ca" >"$tmp/two"
while read -r serial ca; do
	signet cert export "$serial" >"$tmp/$ca.cert.pem"
	ok "a certificate of $ca leads to the root" openssl verify -CAfile \
	    "$pki/ca/root.pem" -untrusted "$pki/ca/$ca.pem" \
	    "$tmp/$ca.cert.pem"
	says "/crl/$ca.crl" openssl x509 -in "$tmp/$ca.cert.pem" -noout -ext \
	    crlDistributionPoints
	i=$((i + 1))
done <"$tmp/two"
is 'of two generations' "$i" 2
serial_1=$(sed -n '1s/ .*//p' "$tmp/two")
serial_2=$(sed -n '2s/ .*//p' "$tmp/two")

# Revocations land on the list of their own generation.
list() {
	rm -f "$tmp/$1.crl"
	signet crl export "$1" --format der -o "$tmp/$1.crl"
	openssl crl -inform DER -in "$tmp/$1.crl" -noout -text
}
for serial in "$serial_1" "$serial_2"; do
	ok 'an officer revokes one' as o1 signet cert revoke "$serial" \
	    --reason superseded --yes --wait 20s
done
listed() {
	[ "$(sql "SELECT string_agg(entries::text, ' ' ORDER BY ca) FROM crl
	    WHERE ca LIKE 'people%' AND entries > 0")" = '1 1' ]
}
ok 'lists are made at once' wait_for listed
stop "$cad"
upper() {
	printf %s "$1" | tr '[:lower:]' '[:upper:]'
}
says "$(upper "$serial_1")" list people
not '... and not the other' grep -q "$(upper "$serial_2")" "$tmp/out"
says "$(upper "$serial_2")" list people.g2
not '... and not the other' grep -q "$(upper "$serial_1")" "$tmp/out"
for ca in people people.g2; do
	openssl crl -inform DER -in "$tmp/$ca.crl" -out "$tmp/$ca.crl.pem"
	says 'certificate revoked' openssl verify -crl_check \
	    -CAfile "$pki/ca/root.pem" -untrusted "$pki/ca/$ca.pem" \
	    -CRLfile "$tmp/$ca.crl.pem" "$tmp/$ca.cert.pem"
done

# What the operator sees.
is 'the new generation issues' "$(state people.g2)" issuing
is 'the old one keeps its list' "$(state people)" 'lists only'
says 'people.g2 (issuing)' signet ca show people
is 'both are in the JSON of each' "$(signet ca show people.g2 --json |
    jq -r '[.generations[].name] | join(" ")')" 'people people.g2'
is 'certificates of a CA are those of all its generations' \
    "$(signet cert list --ca people --profile mail-sign --json | wc -l)" 240
ok 'the proof holds' proven

# An order names the CA.
request later
exits 2 'an order for a generation is refused' signet order new -p mail-sign \
    --ca people.g2 --csr "$tmp/later.csr" --holder p1 --yes

done_testing
