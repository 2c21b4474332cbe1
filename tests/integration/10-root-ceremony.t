#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The life of a root with three custodians, any two of whom can use its key:
# two CAs certified, one revoked, a new CRL, a new generation; and other
# people's programs accept all of it.
. "${srcdir:-.}/tests/integration/tap.sh"
# shellcheck source=tests/lib/root.sh
. "$srcdir/tests/lib/root.sh"
cd "$tmp" || exit 1
root() { signet-root "$@"; }
passphrases ann bo cy dan
csr people
csr services

cat >init.conf <<C
verb = "init";
comment = "The founding ceremony";
subject = ( { attr = "C"; value = "SE"; }, { attr = "O"; value = "Example"; },
    { attr = "CN"; value = "Example Root CA"; } );
key = "ec:P-384";
custodians = ( { name = "ann"; passphrase = "file:ann.pass"; },
    { name = "bo"; passphrase = "file:bo.pass"; }, { name = "cy"; } );
threshold = 2;
cdp = [ "http://pki.example.org/root.crl" ];
C

# Two that share a threshold, and one that does not fit.
sed 's/threshold = 2/threshold = 4/' init.conf >four.conf
not 'more custodians needed than there are is refused' \
    root init --dir D $profiles --yes four.conf
said 'threshold 4 does not fit 3 custodians'
sed 's/verb = "init"/verb = "roll"/' init.conf >verb.conf
says 'the ceremony file is for "roll", not for "init"' \
    root init --dir D $profiles --yes verb.conf
echo 'nonsense = 1;' | cat init.conf - >unknown.conf
says 'nonsense' root init --dir D $profiles --yes unknown.conf
not 'without anybody to confirm nothing happens' \
    sh -c 'signet-root init --dir D --profiles "$1" init.conf </dev/null' - \
    "$srcdir/etc/profiles"
said 'nobody is here to confirm'
says 'cannot be given beside a ceremony file' \
    root init --dir D $profiles --yes --key rsa:3072 init.conf
not '...and there is no root' test -e D/root.pem

ok 'a root is made from a ceremony file' root init --dir D $profiles --yes \
    --custodian cy=file:cy.pass init.conf
ok 'the certificate is self-signed' \
    openssl verify -check_ss_sig -CAfile D/root.pem D/root.pem
ok 'the first CRL exists' \
    openssl crl -inform DER -in D/crl/0001.crl -CAfile D/root.pem -noout
ok 'the ceremony file is kept as it was' cmp init.conf D/inputs/0001.conf
ok 'key and shares are closed to others' sh -c '
    [ "$(stat -c %a D/root.key D/shares/* | sort -u)" = 600 ]'
ok 'the key file is encrypted' grep -q 'BEGIN ENCRYPTED PRIVATE KEY' D/root.key
not 'a second root in the same directory is refused' \
    root init --dir D $profiles --yes --custodian cy=file:cy.pass init.conf
said 'there is a root already'

# The people CA from options, the services CA from a file.
ok 'a CA is certified from options' root certify --dir D $profiles --yes $two \
    --csr people.csr --name people \
    --ext-key-usage emailProtection,clientAuth,smartcardLogon
cat >services.conf <<C
verb = "certify";
name = "services";
csr = "services.csr";
subject = ( { attr = "CN"; value = "Example Services CA 1"; } );
validity = "8y";
ext_key_usage = [ "serverAuth", "clientAuth", "signet-roles" ];
policies = [ "2.16.840.1.101.2.1.48.1" ];
C
ok '...and from a file' root certify --dir D $profiles --yes $two services.conf
ok 'openssl accepts both' openssl verify -x509_strict -CAfile D/root.pem \
    D/issued/0002-people.pem D/issued/0003-services.pem
ok 'certtool accepts one' certtool --verify \
    --load-ca-certificate D/root.pem --infile D/issued/0003-services.pem
text=$(openssl x509 -in D/issued/0002-people.pem -noout -text)
case $text in
*'O = Example, CN = Example people CA'*|*'O=Example, CN=Example people CA'*) ok 'country and organisation come from the root' true ;;
*) ok 'country and organisation come from the root' false ;;
esac
ok 'the people CA is for mail and log-in' sh -c '
    openssl x509 -in D/issued/0002-people.pem -noout -ext extendedKeyUsage |
	grep -q "E-mail Protection, TLS Web Client Authentication, Microsoft Smartcard"'
not '...and not for servers' sh -c '
    openssl x509 -in D/issued/0002-people.pem -noout -ext extendedKeyUsage |
	grep -q "Server Authentication"'
ok 'the path ends there' sh -c '
    openssl x509 -in D/issued/0002-people.pem -noout -ext basicConstraints |
	grep -q "pathlen:0"'
ok 'the CRL address is that of the init' sh -c '
    openssl x509 -in D/issued/0002-people.pem -noout -ext crlDistributionPoints |
	grep -q "http://pki.example.org/root.crl"'
csr both
not 'mail and servers in one CA are refused' root certify --dir D $profiles \
    --yes $two --csr both.csr --name both \
    --ext-key-usage emailProtection,serverAuth
said 'against the S/MIME baseline'
not 'a CA that could answer for the root is refused' root certify --dir D \
    $profiles --yes $two --csr both.csr --name both \
    --ext-key-usage emailProtection,OCSPSigning
said 'the CA could answer for the root'

# Revoking.
not 'a revocation without a reason is refused' \
    root revoke --dir D --yes $two --target people
not 'a reason that does not suit a CA is refused' root revoke --dir D --yes \
    $two --target people --reason certificateHold
said 'one of keyCompromise, cACompromise'
not 'the root does not revoke itself' root revoke --dir D --yes $two \
    --target root --reason keyCompromise
ok 'a CA is revoked by name' root revoke --dir D --yes $two --target people \
    --reason cACompromise
openssl crl -inform DER -in D/crl/0002.crl -out crl.pem
not 'openssl says that it is revoked' openssl verify -crl_check \
    -CAfile D/root.pem -CRLfile crl.pem D/issued/0002-people.pem
said 'certificate revoked'
ok '...and the other is not' openssl verify -crl_check \
    -CAfile D/root.pem -CRLfile crl.pem D/issued/0003-services.pem
ok 'the list says why' sh -c '
    openssl crl -in crl.pem -noout -text | grep -q "CA Compromise"'
not 'what is revoked is not revoked again' root revoke --dir D --yes $two \
    --target "$(awk '$5 == "people" { print $2 }' D/index)" \
    --reason superseded
said 'is revoked already'
ok 'a CRL is signed anew' root crl --dir D --yes $two --crl-lifetime 30d
is 'its number is the next' "$(openssl crl -inform DER -in D/crl/0003.crl \
    -noout -crlnumber)" 'crlNumber=0x03'
openssl x509 -in D/root.pem -outform DER -out root.der
ok 'certtool accepts it' certtool --verify-crl --inder \
    --load-ca-certificate root.der --infile D/crl/0003.crl

ok 'show names what there is' root show --dir D
said 'any 2 of: ann bo cy'
ok 'show speaks JSON' sh -c '
    signet-root show --dir D --json >show.json &&
    python3 -c "import json; j = json.load(open(\"show.json\"))
assert [c[\"status\"] for c in j[\"certificates\"]] == \\
    [\"good\", \"revoked\", \"good\"]
assert j[\"threshold\"] == 2"'
ok 'everything so far is proven' root replay --dir D

# Parcels are CMS that anybody can read.
ok 'openssl verifies a parcel' sh -c '
    openssl cms -verify -binary -inform PEM -in D/out/parcel-0002-certify.pem \
	-CAfile D/root.pem -purpose any -out parcel.txt'
ok '...which has number, root and file' sh -c '
    grep -qx number=2 parcel.txt && grep -qx file=people.pem parcel.txt &&
    grep -qx "root=$(openssl x509 -in D/root.pem -noout -pubkey |
	openssl pkey -pubin -outform DER | sha256sum | cut -d" " -f1)" parcel.txt'

# A new generation.
ok 'the root rolls over' root roll --dir D $profiles --yes $two \
    --name root-g2 --key ec:P-256 --threshold 2 \
    --new-custodian ann=file:ann.pass --new-custodian dan=file:dan.pass \
    --cdp http://pki.example.org/root-g2.crl
said 'NewWithOld    for who trusts the old root'
ok 'who trusts the old root believes the new one' openssl verify \
    -CAfile D/old/1/root.pem D/issued/0005-link-2-by-1.pem
ok 'who trusts the new root believes the old CAs' openssl verify \
    -CAfile D/root.pem -untrusted D/issued/0006-link-1-by-2.pem \
    D/issued/0003-services.pem
new="--custodian ann=file:ann.pass --custodian dan=file:dan.pass"
csr later
ok 'the new generation certifies a CA' root certify --dir D $profiles --yes \
    $new --csr later.csr --name later
later=$(find D/issued -name '*-later.pem')
ok 'who trusts the new root believes it' openssl verify -CAfile D/root.pem \
    "$later"
not 'who trusts the old one does not' openssl verify \
    -CAfile D/old/1/root.pem "$later"
ok '... but for the link NewWithOld' openssl verify \
    -CAfile D/old/1/root.pem -untrusted D/issued/0005-link-2-by-1.pem "$later"
cat D/issued/0003-services.pem D/issued/0006-link-1-by-2.pem >down.chain
cat "$later" D/issued/0005-link-2-by-1.pem >up.chain
ok 'gnutls goes down by the link' certtool --verify \
    --load-ca-certificate D/root.pem --infile down.chain
ok '... and up' certtool --verify \
    --load-ca-certificate D/old/1/root.pem --infile up.chain
ok 'both links and the root go out in one parcel' sh -c '
    openssl cms -verify -binary -inform PEM -in D/out/parcel-*-roll.pem \
	-CAfile D/old/1/root.pem -purpose any -out roll.txt &&
    grep -q "^file=link-2-by-1.pem" roll.txt &&
    grep -q "^file=link-1-by-2.pem" roll.txt &&
    grep -q "^file=root.pem" roll.txt'
ok 'the old generation still signs its CRL' root crl --dir D --yes $two \
    --generation 1
not 'the old custodians do not unlock the new key' \
    root crl --dir D --yes $two
not 'the present generation cannot be retired' \
    root retire --dir D --yes $new --generation 2
ok 'the old one is retired' root retire --dir D --yes $new --generation 1
not '...and its key is gone' test -e D/old/1/root.key
not '...and signs no more' root crl --dir D --yes $two --generation 1
said 'was retired'

# A foreign CA.
openssl req -x509 -newkey rsa:3072 -nodes -keyout foreign.key \
    -out foreign.pem -subj '/C=DE/O=Partner/CN=Partner Root' -days 400 \
    -addext basicConstraints=critical,CA:TRUE 2>/dev/null
openssl req -new -key foreign.key -subj /CN=x -out foreign.csr 2>/dev/null
not 'a foreign CA needs proof that it takes part' root cross-certify --dir D \
    $profiles --yes $new --certificate foreign.pem --name partner
not '...by its own key' root cross-certify --dir D $profiles --yes $new \
    --certificate foreign.pem --csr both.csr --name partner
said 'is of another key than'
ok 'a foreign CA is certified' root cross-certify --dir D $profiles --yes \
    $new --certificate foreign.pem --csr foreign.csr --name partner
is '...under its own name' \
    "$(openssl x509 -in D/issued/0008-partner.pem -noout -subject)" \
    "$(openssl x509 -in foreign.pem -noout -subject)"
is '...with its own key identifier' \
    "$(openssl x509 -in D/issued/0008-partner.pem -noout -ext subjectKeyIdentifier)" \
    "$(openssl x509 -in foreign.pem -noout -ext subjectKeyIdentifier)"
ok 'all of it is proven in the end' root replay --dir D
done_testing
