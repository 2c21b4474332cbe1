#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs with --full only.
# A new generation of the root: what it certifies is taken in next to what the
# old one had certified, and an auditor with both believes both.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/roll.sh"
install_pki
old=$tmp/old-root.pem
cp "$pki/ca/root.pem" "$old"

# The root, its parcel, and the file of trusted roots: the present one first.
echo 'second root' >"$tmp/root.pass" && chmod 600 "$tmp/root.pass"
ok 'the root rolls over' signet-root roll --dir "$pki/root" \
    --profiles "$pki/profiles" --yes --operator test --key ec:P-256 \
    --name root-g2 --passphrase "file:$pki/secrets/root" \
    --new-passphrase "file:$tmp/root.pass" \
    --cdp http://pki.example.org/crl/root-g2.crl
cp "$tmp/root.pass" "$pki/secrets/root"
up=$(find "$pki/root/issued" -name '*-link-2-by-1.pem')
down=$(find "$pki/root/issued" -name '*-link-1-by-2.pem')
echo 'secret' >"$pki/secrets/ca-people.g2"
chmod 600 "$pki/secrets/ca-people.g2"
ok 'a generation of the people' signet ca roll people \
    --passphrase "file:$pki/secrets/ca-people.g2"
ok 'is certified by the new root' roll_certify people.g2
parcel=$(find "$pki/root/out" -name 'parcel-*-certify.pem' | sort | tail -n 1)
exits 3 'the old root alone does not let it in' \
    signet ca import people "$parcel"
cat "$pki/root/root.pem" "$old" >"$pki/ca/root.pem"
ok 'both do' signet ca import people "$parcel"
ok 'again as well' signet ca import people "$parcel"
is 'the store has both roots' "$(signet ca list --json |
    jq -r 'select(.is_root) | .name' | tr '\n' ' ')" 'root root.g2 '
is '... under their own certificates' "$(sql "SELECT encode(der, 'base64')
    FROM ca WHERE name = 'root.g2'" | base64 -d | sha256sum)" \
    "$(openssl x509 -in "$pki/root/root.pem" -outform DER | sha256sum)"

# Certificates below either lead to both.
roll_configure people.g2
make_requests "$tmp/b" 3 ec:P-256
ok 'a batch' signet order import -p mail-sign --csv "$tmp/b/people.csv"
id=$(last_order)
ok 'approved' as o1 signet order approve "$id" --yes
ok '... twice' as o2 signet order approve "$id" --yes
ok 'is carried out' cad
is 'by the generation below the new root' "$(issuers mail-sign)" 'people.g2=3 '
serial=$(sql "SELECT encode(serial, 'hex') FROM cert
    WHERE ca = 'people.g2' LIMIT 1")
signet cert export "$serial" >"$tmp/new.pem"
leads() {
	openssl verify -CAfile "$1" -untrusted "$2" "$3"
}
ok 'who trusts the new root believes it' leads "$pki/root/root.pem" \
    "$pki/ca/people.g2.pem" "$tmp/new.pem"
cat "$pki/ca/people.g2.pem" "$up" >"$tmp/chain"
ok 'who trusts the old one, by the link' leads "$old" "$tmp/chain" \
    "$tmp/new.pem"
not '... and not without' leads "$old" "$pki/ca/people.g2.pem" "$tmp/new.pem"
cat "$pki/ca/services.pem" "$down" >"$tmp/chain"
ok 'officers of old lead to the new root' leads "$pki/root/root.pem" \
    "$tmp/chain" "$pki/officers/o1.pem"
ok 'the proof holds with both roots' proven
unproven_old() {
	rm -rf "$tmp/bundle"
	signet audit export "$tmp/bundle" &&
	signet audit verify "$tmp/bundle" --root "$old" \
	    --profiles "$pki/profiles"
}
not 'with the old one alone it does not' unproven_old
said 'CN=Example AB People CA G2'
said '2 wrong'
done_testing
