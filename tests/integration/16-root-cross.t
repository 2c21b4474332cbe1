#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# E056, S031, S043, S117: a foreign CA, made by openssl alone, is certified with
# limits; OpenSSL and GnuTLS hold to them; both directions make a pair.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/root.sh"
cd "$tmp" || exit 1
new_root R >/dev/null 2>&1
ours=2.999.1 theirs=2.999.7.1

# The other side: a CA, one below it, and people.
cat >partner.cnf <<CNF
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[cross]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = \${ENV::ski}
authorityKeyIdentifier = keyid
nameConstraints = critical, permitted;email:example.org
[user]
keyUsage = critical, digitalSignature
certificatePolicies = \${ENV::policy}
subjectAltName = \${ENV::san}
authorityKeyIdentifier = keyid
CNF
ski=$(openssl x509 -in R/root.pem -noout -ext subjectKeyIdentifier |
    sed -n '2s/ *//p' | tr -d :)
export policy=$theirs san=email:x@partner.example ski
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout partner.key -out partner.pem -days 400 -config partner.cnf \
    -subj '/C=DE/O=Partner/CN=Partner CA' -extensions ca 2>/dev/null
openssl req -new -key partner.key -subj /CN=x -out partner.csr 2>/dev/null
# issue NAME SUBJECT SECTION [CA]
issue() {
	csr "$1"
	openssl req -new -key "$1.key" -subj "$2" -out "$1.csr" 2>/dev/null
	openssl x509 -req -in "$1.csr" -CA "${4:-partner}.pem" \
	    -CAkey "${4:-partner}.key" -days 30 -extfile partner.cnf \
	    -extensions "$3" -out "$1.pem" 2>/dev/null
}
cross() {
	signet-root cross-certify --dir R $profiles --yes $two \
	    --certificate partner.pem --csr partner.csr --name "$@"
}

# What is refused.
refused() {
	exits 2 "$1" cross partner --policies "$ours" "$3" "$4"
	said "$2"
}
refused 'a kind of name that nobody knows' 'of no known kind' \
    --permitted web:partner.example
refused 'mail at no host' 'neither a host nor an address' \
    --permitted mail:partner..example
refused 'mail of nobody' 'neither a host nor an address' \
    --excluded mail:@partner.example
refused 'a host with a dot in front' 'no dot in front' \
    --permitted dns:.partner.example
refused 'a network with bits beyond its mask' 'not a network' \
    --permitted ip:192.0.2.1/24
refused 'a network with too long a mask' 'not a network' \
    --permitted ip:2001:db8::/129
refused 'a country of three letters' 'not ATTR=VALUE' \
    --permitted dir:C=DEU/O=Partner
refused 'an empty directory name' 'not ATTR=VALUE' --excluded dir:
refused 'a mapping of one policy' 'is no mapping of policies' \
    --policy-mappings "$ours"
refused 'a mapping of any policy' 'anyPolicy is not mapped' \
    --policy-mappings "2.5.29.32.0=$theirs"
refused 'a mapping of a policy that it does not have' \
    '2.999.2 is not among policies' --policy-mappings "2.999.2=$theirs"
not 'a number of CAs that is too large' cross partner \
    --inhibit-any-policy 17
# for_us FILE [CA] - the other side certifies our root
for_us() {
	openssl x509 -in R/root.pem -CA "${2:-partner}.pem" -CAkey \
	    "${2:-partner}.key" -days 300 -set_serial 77 -clrext \
	    -extfile partner.cnf -extensions cross -out "$1" 2>/dev/null
}
for_us to-us.pem
issue other '/C=DE/O=Partner/CN=Other CA' ca
for_us no-pair.pem other
(ski='hash' && for_us other-ski.pem)
exits 3 'a certificate for us by another CA' cross partner \
    --issued-to-us no-pair.pem
said 'it was not issued by partner.pem'
exits 2 'a certificate for somebody else' cross partner \
    --issued-to-us other.pem
said 'it is not for our root'
exits 2 'a certificate for us with another key identifier' cross partner \
    --issued-to-us other-ski.pem
said 'its key identifier is not that of our root'
is 'nothing was issued' "$(find R/issued -name '*partner*' | wc -l)" 0

# The certificate.
ok 'the foreign CA is certified' cross partner --policies "$ours" \
    --policy-mappings "$ours=$theirs" --require-explicit-policy 0 \
    --inhibit-any-policy 0 --inhibit-policy-mapping 1 --permitted \
    "mail:partner.example,mail:.partner.example,dns:partner.example,dir:C=DE/O=Partner" \
    --excluded mail:closed.partner.example --excluded ip:0.0.0.0/0,ip:::/0 \
    --issued-to-us to-us.pem
said 'permitted     mail:partner.example'
said 'policies map  2.999.1=2.999.7.1'
cp R/issued/0002-partner.pem cross.pem
# OpenSSL 3.0 has spaces where later ones have none.
text() {
	openssl x509 -in cross.pem -noout -text | sed 's/ = /=/g'
}
ok 'with name constraints, critical' sh -c 'openssl x509 -in cross.pem \
    -noout -text | grep -q "Name Constraints: critical"'
not 'with policy mappings, not critical' sh -c 'openssl x509 -in cross.pem \
    -noout -text | grep -q "Policy Mappings: critical"'
for line in email:partner.example email:.partner.example DNS:partner.example \
    'DirName:C=DE, O=Partner' email:closed.partner.example \
    'IP:0.0.0.0/0.0.0.0' "$ours:$theirs" 'Require Explicit Policy:0' \
    'Inhibit Policy Mapping:1' 'CA:TRUE, pathlen:0'; do
	says "$line" text
done
ok 'it ends with what it certifies' sh -c '
    a=$(openssl x509 -in cross.pem -noout -enddate | cut -d= -f2)
    b=$(openssl x509 -in partner.pem -noout -enddate | cut -d= -f2)
    [ "$(date -d "$a" +%s)" -le "$(date -d "$b" +%s)" ]'

# People of the other side, as OpenSSL sees them from our root.
person() {
	san=$2 policy=${4:-$theirs}
	issue "$1" "$3" user
}
verify() {
	openssl verify -CAfile R/root.pem -untrusted cross.pem -policy_check \
	    -explicit_policy -policy "$ours" "$@"
}
bad() {
	person "$@"
	not "openssl refuses $1" verify "$1.pem"
}
partner=/C=DE/O=Partner
person good email:ann@partner.example "$partner/CN=Ann"
ok 'openssl accepts who is inside' verify good.pem
person below email:ann@mail.partner.example "$partner/CN=Ann"
ok '... and below it' verify below.pem
bad outside email:eve@evil.example "$partner/CN=Eve"
said 'permitted subtree violation'
bad closed email:eve@closed.partner.example "$partner/CN=Eve"
said 'excluded subtree violation'
bad host DNS:www.evil.example "$partner/CN=Host"
said 'permitted subtree violation'
bad address IP:192.0.2.1 "$partner/CN=Host"
said 'excluded subtree violation'
bad subject email:eve@partner.example '/C=DE/O=Other/CN=Eve'
said 'permitted subtree violation'
bad policy email:bob@partner.example "$partner/CN=Bob" 2.999.7.9
said 'no explicit policy'
bad any email:bob@partner.example "$partner/CN=Bob" 2.5.29.32.0
said 'no explicit policy'
issue below-ca "$partner/CN=CA Below" ca
san=email:ann@partner.example policy=$theirs
issue far "$partner/CN=Far" user below-ca
cat cross.pem below-ca.pem >two.pem
not 'openssl refuses a CA below it' openssl verify -CAfile R/root.pem \
    -untrusted two.pem far.pem
said 'path length constraint exceeded'

# As GnuTLS sees them.  It knows neither subtrees of subjects nor the numbers
# for policies, which are critical, and takes a person's name for a host when
# hosts are constrained; the certificate for it goes without.
cp cross.pem full.pem
ok 'a certificate for all clients' cross everywhere --policies "$ours" \
    --policy-mappings "$ours=$theirs" --again 'for GnuTLS' \
    --permitted mail:partner.example,mail:.partner.example \
    --excluded mail:closed.partner.example
cp "$(find R/issued -name '*-everywhere.pem')" cross.pem
gnutls() {
	cat "$1.pem" cross.pem >"$1.chain"
	certtool --verify --load-ca-certificate R/root.pem --infile "$1.chain"
}
ok 'gnutls accepts who is inside' gnutls good
for who in outside closed; do
	not "gnutls refuses $who" gnutls "$who"
	said "violates the signer's constraints"
	not '... and so does openssl' openssl verify -CAfile R/root.pem \
	    -untrusted cross.pem "$who.pem"
done
ok 'openssl maps the policy here, too' verify good.pem
not '... and that one alone' verify policy.pem
mv full.pem cross.pem

# The other way, and both for the directory.
csr us
openssl req -new -key us.key -subj /CN=us -out us.csr 2>/dev/null
ok 'our root certifies a CA of ours' signet-root certify --dir R $profiles \
    --yes $two --csr us.csr --name people --subject 'CN=Example People CA'
issued=$(find R/issued -name '*-people.pem')
cp "$issued" us.pem
san=email:ann@example.org
issue ours '/C=SE/O=Example/CN=Ann' user us
cat to-us.pem us.pem >to-us.chain
ok 'who trusts the other side believes ours' openssl verify \
    -CAfile partner.pem -untrusted to-us.chain ours.pem
san=email:eve@evil.example
issue evil '/C=SE/O=Example/CN=Eve' user us
not '... as far as they allow' openssl verify -CAfile partner.pem \
    -untrusted to-us.chain evil.pem
openssl x509 -in to-us.pem -outform DER -out to-us.der
openssl x509 -in cross.pem -outform DER -out cross.der
# Tag, number and place of what is in the pair.
half() {
	openssl asn1parse -inform DER -in R/issued/partner.pair \
	    -strparse "$(openssl asn1parse -inform DER \
	    -in R/issued/partner.pair | sed -n \
	    "s/^ *\([0-9]*\):d=1 .*hl=\([0-9]*\) .*cont \[ $1 \].*/\1 \2/p" |
	    awk '{ print $1 + $2 }')" -noout -out half.der
}
ok 'the pair has what was issued to us' half 0
ok '... byte for byte' cmp half.der to-us.der
ok 'and what we issued' half 1
ok '... byte for byte' cmp half.der cross.der
ok 'the parcel brings the pair along' sh -c '
    openssl cms -verify -binary -inform PEM -in R/out/parcel-0002-*.pem \
    -CAfile R/root.pem -purpose any -out parcel.txt && grep -q \
    ^file=partner.pair parcel.txt'
exits 5 'the same key is not certified twice' cross again \
    --policies "$ours"
ok 'everything is proven' signet-root replay --dir R
done_testing
