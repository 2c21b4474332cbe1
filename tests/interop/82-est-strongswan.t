#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# EST by strongSwan's "pki", which has TLS, HTTP, base 64 and PKCS#7 of its own.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/enrol.sh"
install_pki
device_profile
# It asks the resolver for names, and takes addresses from the certificate.
sed -i 's/^san = (/&{ type = "ip"; from = "ip"; },/' "$pki/profiles/tls-server"
ok 'the RA has its certificates' rad_certificates --field ip=127.0.0.1
ok 'the RA starts' rad_start 'patience = "8s"'
cad_start
public=https://127.0.0.1:$rad_port by_cert=https://127.0.0.1:$rad_cert_port

# swan NAME URL [option]... - its certificate in $tmp/NAME.pem
swan() {
	swan_name=$1 swan_url=$2
	shift 2
	[ -e "$tmp/$swan_name.csr" ] || request "$swan_name" || return 1
	openssl req -in "$tmp/$swan_name.csr" -outform DER \
	    -out "$tmp/$swan_name.der" &&
	timeout 60 pki --est --url "$swan_url" --in "$tmp/$swan_name.der" \
	    --cacert "$pki/ca/root.pem" --cacert "$pki/ca/services.pem" \
	    --outform pem "$@" >"$tmp/$swan_name.pem" 2>"$tmp/swan"
	grep -v '^plugin' "$tmp/swan" >&2
	openssl x509 -in "$tmp/$swan_name.pem" -noout -pubkey >"$tmp/pub" &&
	    openssl pkey -in "$tmp/$swan_name.key" -pubout | cmp - "$tmp/pub"
}
certs() {
	sql "SELECT count(*) FROM cert WHERE holder = '$1'"
}

mkdir "$tmp/cas"
ok 'it fetches the CA certificates' sh -c "cd '$tmp/cas' && pki --estca \
    --url '$public' --cacert '$pki/ca/root.pem' --caout ca-%d --outform pem"
said 'Root CA cert is trusted'
said 'Root CA equals trusted TLS Root CA'

ok 'an officer makes a code' code_order alice device
not 'a guessed code gets nothing' swan alice "$public" \
    --userpass alice:AAAAA-AAAAA-AAAAA-AAAAA
said 'HTTP 401'
not 'nothing gets nothing' swan alice "$public"
said 'HTTP 401'
ok 'the code gets a certificate' swan alice "$public" \
    --userpass "alice:$code"
said 'Issued certificate is trusted'
request thief
not 'and then no other' swan thief "$public" --userpass "alice:$code"
said 'HTTP 401'

request renewed -subj /CN=alice
ok 'a certificate is renewed' swan renewed "$by_cert" \
    --cert "$tmp/alice.pem" --key "$tmp/alice.key"
request root -subj /CN=root
not '... under its own name only' swan root "$by_cert" \
    --cert "$tmp/alice.pem" --key "$tmp/alice.key"
said 'HTTP 403'
is 'there are two of this holder' "$(certs alice)" 2

# The CA is away: 202, and it comes again.
cad_stop
rad_stop
rad_start 'patience = "0s"'
public=https://127.0.0.1:$rad_port
code_order bob device
(sleep 2 && exec signet-cad -d --once -c "$pki/cad.conf") \
    >>"$tmp/cad.log" 2>&1 &
late=$!
ok 'it waits as it is told, and is served' swan bob "$public" \
    --userpass "bob:$code" --interval 1 --maxpolltime 50
wait "$late"
is '... once' "$(certs bob)" 1
ok 'the auditor finds all well' proven
rad_stop
done_testing
