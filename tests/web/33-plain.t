#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Without scripts, on a telephone, in Swedish: one-time codes with a request
# that was uploaded or pasted, collecting, revoking by code and by certificate.
# What is wrong is told in the page's own language.  (E045)
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/rad.sh"
. "$srcdir/tests/web/browser.sh"

# code_for HOLDER - its order's one-time code to $tmp/HOLDER.code
code_for() {
	as o1 signet order new -p mailbox-dual --holder "$1" --holder-name "H $1" \
	    -f "mail=h$1@example.org" --code --sign --json >"$tmp/order" &&
	jq -r .code "$tmp/order" >"$tmp/$1.code"
}

install_pki
start signet-cad -d -c "$pki/cad.conf"
rad_configure
ok 'signet-rad starts' rad_start
web_trust "$pki/ca/root.pem"
ok 'an officer makes one-time codes' eval \
    'code_for 4711 && code_for 4712 && code_for 4713'
ok 'one of them expires' tamper "UPDATE orders SET
    created_at = now() - interval '2 days',
    expires_at = now() - interval '1 day' WHERE id = decode('$(last_order)', 'hex')"
for name in one two; do
	request "$name"
done
openssl req -in "$tmp/one.csr" -outform DER -out "$tmp/one.der"
cp "$pki/ca/root.pem" "$tmp/root.pem"

drive plain.mjs "$rad" "$rad_cert"
is 'both certificates are revoked' \
    "$(sql "SELECT string_agg(status, ' ') FROM cert
    WHERE profile = 'mailbox-dual'")" 'revoked revoked'
rad_stop
done_testing
