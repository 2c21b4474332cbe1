#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A CA and a person with keys for ML-DSA where OpenSSL has it; where not, the
# refusal says why and what to do.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"

refused_init() {
	signet init --dir "$tmp/no" --data "$srcdir" --organization "Example" \
	    --country SE --database "dbname=none" \
	    --url http://pki.example.org --security-officer "s1:Sara One" \
	    --security-officer "s2:Sten Two" --officer "o1:Olga One" --yes \
	    "$@" </dev/null
}

# Whatever the OpenSSL: who signs CMS has another key.
exits 2 'no root has such a key' refused_init --root-key ml-dsa-65
said 'root_key: ml-dsa-65 cannot be used here'
exits 2 'no officer has such a key' refused_init --key ml-dsa-44
said 'key: ml-dsa-44 cannot be used here: officers and agents sign with CMS'

if ! openssl list -public-key-algorithms | grep -q ML-DSA-65; then
	exits 2 'no CA without the library' refused_init --ca-key ml-dsa-65
	said 'ca_key: ml-dsa-65 needs OpenSSL 3.5 or later, and this is 3.'
	said 'Debian 13 has it; or choose rsa:3072 or ec:P-256'
	not '...nothing is made' test -e "$tmp/no/ca"
	done_testing
	exit
fi

ca_key=ml-dsa-65 install_pki
ok 'the people CA has a key for ML-DSA-65' sh -c "openssl x509 -noout -text \
    -in '$pki/ca/people.pem' | grep -q 'Public Key Algorithm: ML-DSA-65'"
ok 'a person makes a request with ML-DSA-44' openssl req -new \
    -newkey ML-DSA-44 -nodes -subj /CN=alice -keyout "$tmp/alice.key" \
    -out "$tmp/alice.csr"
login() {
	signet order new --profile web-login --csr "$tmp/alice.csr" \
	    --holder alice --holder-name Alice --field name=Alice --yes \
	    </dev/null
}
not 'the profile does not take it' login
said 'key: profile "web-login" does not take ml-dsa-44'
sed -i 's/{ type = "ed25519"; }/{ type = "ed25519"; }, { type = "ml-dsa-44"; }/' \
    "$pki/profiles/web-login"
ok 'with the profile changed it does' login
ok 'an officer approves' as o1 signet order approve "$(last_order)" --yes
ok 'the CA issues' cad
is 'it is done' "$(order_state "$(last_order)")" 'done'
cert_of "$(last_order)" >"$tmp/alice.pem"
is 'the signature is by ML-DSA-65, within and without' \
    "$(openssl x509 -in "$tmp/alice.pem" -noout -text |
    grep -c 'Signature Algorithm: ML-DSA-65')" 2
ok 'the key is one for ML-DSA-44' sh -c "openssl x509 -noout -text \
    -in '$tmp/alice.pem' | grep -q 'Public Key Algorithm: ML-DSA-44'"
ok 'OpenSSL verifies the chain' openssl verify -x509_strict \
    -CAfile "$pki/ca/root.pem" -untrusted "$pki/ca/people.pem" \
    "$tmp/alice.pem"
says 'is approved and stored' as s1 signet cert revoke \
    "$(serial_in "$tmp/alice.pem")" --reason superseded --wait 0s --yes
ok 'it is revoked' cad
ok 'there is a list' signet crl export people --out "$tmp/people.crl"
says 'verify OK' openssl crl -in "$tmp/people.crl" -noout \
    -CAfile "$pki/ca/people.pem"
ok 'the auditor finds nothing wrong' proven
done_testing
