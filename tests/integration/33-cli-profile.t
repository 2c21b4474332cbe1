#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# signet profile: what is in a profile, whether a file is good, and what would
# come out of it.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
cd "$tmp" || exit 1

# --- files, without an installation ------------------------------------------

mkdir bad
sed 's/"officer"/"oficer"/' "$srcdir/etc/profiles/mail-sign" >bad/role
sed 's/"730d"/"900d"/' "$srcdir/etc/profiles/mail-sign" >bad/long
echo 'colour = "red";' | cat "$srcdir/etc/profiles/mail-sign" - >bad/unknown
not 'a file with a mistake is refused' signet profile check bad/role
line_of() {
	grep -n "$1" "bad/$2" | head -n 1 | cut -d: -f1
}
says "bad/role:$(line_of oficer role): approvals: no role \"oficer\"" \
    signet profile check bad/role
says "bad/long:$(line_of 900d long): validity: the S/MIME baseline allows 825" \
    signet profile check bad/long
says "bad/unknown:$(line_of colour unknown): unknown setting \"colour\"" \
    signet profile check bad/unknown
says '3 of 3 are refused' signet profile check bad/role bad/long bad/unknown
says 'bad/none: No such file' signet profile check bad/none
ok 'every profile of the suite is good' signet profile check \
    "$srcdir"/etc/profiles/*
is '... one line of JSON each' "$(signet profile check --json \
    "$srcdir"/etc/profiles/* | grep -c '"verdict":"good"')" \
    "$(find "$srcdir/etc/profiles" -type f | wc -l)"

# --- with one ------------------------------------------------------------------

install_pki
is 'G038: the list has them all' "$(signet profile list --json | wc -l)" \
    "$(find "$srcdir/etc/profiles" -type f | wc -l)"
not 'a profile that there is not is not shown' signet profile show mail-sing
says 'did you mean "mail-sign"' signet profile show mail-sing
signet profile show domain-gateway | tr -s ' ' >shown
says 'domain alternative name dns officer 1 10' cat shown
says 'domain-signing-authority@{domain}' cat shown
says 'officer and officer' cat shown

request www
try() {
	signet profile try -p tls-server --field dns=www.example.org "$@" \
	    --cdp http://pki.example.org/crl/services.crl \
	    --ocsp http://pki.example.org/ocsp \
	    --aia http://pki.example.org/ca/services.cer
}
not 'a request that is none is not tried' try "$pki/ca/people.pem"
not 'nor a field that the profile has not' try www.csr --field colour=red
says 'did you mean "dns"' try www.csr --field dnss=x
says 'is not a host name' signet profile try -p tls-server www.csr \
    --field dns=localhost
not 'nor another CA' try www.csr --ca people
says 'not issued by CA people' try www.csr --ca people
ok 'what would come out is shown' try www.csr --der www.tbs
says 'DNS:www.example.org' try www.csr
says 'Nothing was signed or stored' try www.csr
says 'in .invalid stand for' signet profile try -p tls-server www.csr \
    --field dns=www.example.org
is '... as JSON, with the same bytes but for number and time' "$(try www.csr \
    --json | sed 's/.*"tbs": *"\([^"]*\)".*/\1/' | grep -v '[{}":]' |
    head -n 1 | base64 -d | wc -c)" "$(wc -c <www.tbs)"
is '... and nothing is stored' "$(sql "SELECT count(*) FROM orders
    WHERE profile = 'tls-server' AND holder <> 'ra-tls-1'")" 0

says 'DNS:xn--bcher-kva.example' signet profile try -p tls-server www.csr \
    --field dns=bücher.example
says 'is not a domain' signet profile try -p tls-server www.csr \
    --field dns=☃.example

# The real one, after number and times.
start signet-cad -d -c "$pki/cad.conf"
ok 'the certificate is issued' as o1 signet issue --profile tls-server \
    --csr www.csr --holder www --holder-name www \
    --field dns=www.example.org --out www.pem --no-chain --yes
openssl x509 -in www.pem -outform DER -out www.der
openssl asn1parse -inform DER -in www.der -strparse 4 -noout -out real.tbs
is '... as long as it was shown' "$(wc -c <real.tbs)" "$(wc -c <www.tbs)"
# The sixth element: version, number, algorithm, issuer and times come before.
subject=$(openssl asn1parse -inform DER -in real.tbs |
    awk -F : '/:d=1 / && ++n == 6 { print $1 + 1 }')
tail -c "+$subject" www.tbs >shown
tail -c "+$subject" real.tbs >issued
ok 'there is much of it' test "$(wc -c <issued)" -gt 300
ok '... and what comes after the times is the same' cmp shown issued
done_testing
