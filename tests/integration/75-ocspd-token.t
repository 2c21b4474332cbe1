#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# signet-ocspd with its signers' keys in a token, and many clients at once; and
# with keys in files that need a passphrase.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/ocspd.sh"
# shellcheck source=tests/lib/softhsm.sh
. "$srcdir/tests/lib/softhsm.sh"
tokens_begin
token_make signers
install_pki

ok 'a certificate is issued' issued www
start signet-cad -d -c "$pki/cad.conf"
ocsp_agent=$(grep '^agent_' "$pki/ocspd.conf")
ocsp_start "$ocsp_agent
	signer_uri = \"pkcs11:token=signers\"" \
    "signer_passphrase = \"file:$tmp/pin\"" "pkcs11_module = \"$module\"" \
    "token_paths = [ \"$tmp/tokens\", \"$tmp/softhsm2.conf\" ]"
ok 'all CAs get a signer' wait_for healthy
is 'answers are signed' "$(status "$serial")" good
not '... with no key in a file' grep -rl 'PRIVATE KEY' "$tmp/ocspd/signers"
asks() {
	set -- 1 2 3 4 5 6 7 8
	while [ $# -gt 0 ]; do
		shift
		openssl ocsp -issuer "$pki/ca/services.pem" -CAfile \
		    "$pki/ca/root.pem" -verify_other "$pki/ca/services.pem" \
		    -url "$ocsp" -serial "0x$serial" 2>&1
	done | grep -c ': good'
}
asks >"$tmp/asks.1" & asks1=$!
asks >"$tmp/asks.2" & asks2=$!
asks >"$tmp/asks.3" & asks3=$!
wait "$asks1" "$asks2" "$asks3"
is '... for many at once' "$(cat "$tmp"/asks.[123] | tr '\n' ' ')" '8 8 8 '
ocsp_stop

# Keys in files with a passphrase.
rm -r "$tmp/ocspd"
echo secret >"$tmp/pass"
chmod 600 "$tmp/pass"
ocsp_start "$ocsp_agent
	signer_passphrase = \"file:$tmp/pass\""
ok 'with a passphrase all CAs get a signer' wait_for healthy
is 'answers are signed' "$(status "$serial")" good
ok '... with a key that is encrypted' grep -q 'ENCRYPTED PRIVATE KEY' \
    "$tmp/ocspd/signers/services.pem"

done_testing
