#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A CA signs with RSASSA-PSS when its settings say so.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"

ca_key=rsa:3072 install_pki
conf=$pki/cad.conf

# signature SCHEME: of all CAs from now on
signature() {
	sed -i '/^	*signature = /d' "$conf" &&
	    sed -i "s/^\(	*\)crl_lifetime = .*/&\n\1signature = \"$1\";/" \
	    "$conf"
}

# issued NAME: ordered, approved, and made by one run; in $tmp/NAME.pem
issued() {
	order_tls "$1" >"$tmp/out" 2>&1 &&
	    as o1 signet order approve "$(last_order)" --yes &&
	    cad && cert_of "$(last_order)" >"$tmp/$1.pem"
}

# What the certificate says twice of its signature, on one line.
signed_with() {
	openssl x509 -in "$1" -noout -text | awk '/Signature Algorithm/ {
		printf "%s ", $3
		n++
	}
	/Hash Algorithm|Mask Algorithm|Salt Length/ { printf "%s ", $NF }
	END { print n }'
}

verified() {
	openssl verify -CAfile "$pki/ca/root.pem" -untrusted \
	    "$pki/ca/services.pem" "$1"
}

ok 'a certificate is issued' issued plain
is 'by PKCS #1 v1.5' "$(signed_with "$tmp/plain.pem")" \
    'sha256WithRSAEncryption sha256WithRSAEncryption 2'
signature ecdsa
not 'the scheme of another kind of key is refused' cad
says 'signature "ecdsa" is not one of a rsa key' cat "$tmp/log"
signature rsa-pss
ok 'a certificate is issued by the other scheme' issued pss
is 'by RSASSA-PSS, within and without the same' \
    "$(signed_with "$tmp/pss.pem")" \
    'rsassaPss sha256 sha256 0x20 rsassaPss sha256 sha256 0x20 2'
ok 'OpenSSL verifies it' verified "$tmp/pss.pem"
ok '...and the one from before' verified "$tmp/plain.pem"
says 'is approved and stored' as s1 signet cert revoke \
    "$(serial_in "$tmp/pss.pem")" --reason keyCompromise --wait 0s --yes
cad
ok 'there is a list' signet crl export services --out "$tmp/services.crl"
says 'verify OK' openssl crl -in "$tmp/services.crl" -noout \
    -CAfile "$pki/ca/services.pem"
says 'rsassaPss' openssl crl -in "$tmp/services.crl" -noout -text
says "$(serial_in "$tmp/pss.pem" | tr '[:lower:]' '[:upper:]')" \
    openssl crl -in "$tmp/services.crl" -noout -text
ok 'a request may be signed so, too' openssl req -new -newkey rsa:2048 -nodes \
    -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -subj /CN=fancy \
    -keyout "$tmp/fancy.key" -out "$tmp/fancy.csr"
ok '...and is taken' issued fancy
ok 'the auditor finds nothing wrong' proven
done_testing
