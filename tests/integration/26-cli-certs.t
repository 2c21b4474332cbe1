#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Certificates in the hands of an operator: issue in one go, find, export,
# explain, renew, hold, release, revoke.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
install_pki

number_of() {
	openssl x509 -in "$1" -noout -serial | cut -d= -f2 |
	    tr '[:upper:]' '[:lower:]'
}
issue_www() {
	as o1 signet issue -p tls-server --csr "$tmp/www.csr" --holder www \
	    --holder-name 'Web server' -o "$tmp/www.pem" "$@"
}
status_of() {
	signet cert show "$1" --json | jq -r .status
}

request www -addext subjectAltName=DNS:www.example.org

# Without the daemon.
exits 6 'without the CA the order stays' issue_www --wait 1s
said 'the CA has not carried it out within 1s'
said 'signet-cad'
ok 'the CA does it later' cad
not 'a file is only written by who waited' test -e "$tmp/www.pem"
exits 2 'a time to wait is one' issue_www --wait soon

# With it.
start signet-cad -d -c "$pki/cad.conf"
daemon=$last
exits 0 'an order, a signature and a certificate' issue_www --wait 30s
said 'CN=www.example.org'
is 'the chain is in the file' "$(grep -c BEGIN "$tmp/www.pem")" 2
ok 'it leads to the root' openssl verify -CAfile "$pki/ca/root.pem" \
    -untrusted "$tmp/www.pem" "$tmp/www.pem"
exits 5 'the file is not replaced' issue_www
said 'nothing was ordered'
serial=$(number_of "$tmp/www.pem")
request admin
exits 3 'what needs two officers is pending' as s1 signet issue -p officer \
    --csr "$tmp/admin.csr" --holder o9 --holder-name 'Ove Nine' \
    -f name='Ove Nine' -f id=o9 -f org='Example AB' -f country=SE \
    -o "$tmp/admin.pem" --wait 5s
said 'waits for approval'
said 'another officer runs: signet order approve'

# An officer for a few seconds.
request brief
until=$(date -u -d '+12 seconds' +%Y-%m-%dT%H:%M:%SZ)
as s1 signet order new -p officer --csr "$tmp/brief.csr" --holder o8 \
    --holder-name 'Brief Eight' -f name='Brief Eight' -f id=o8 \
    -f org='Example AB' -f country=SE --until "$until" --sign --yes >/dev/null
id=$(last_order)
ok 'an officer until soon' as s2 signet order approve "$id" --yes
ended() { [ "$(order_state "$1")" = "$2" ]; }
ok '... is appointed' wait_for ended "$id" 'done'
cert_of "$id" >"$tmp/brief.pem"
brief() {
	signet order new -p tls-server --csr "$tmp/www.csr" --holder www \
	    --sign --key "$tmp/brief.key" --cert "$tmp/brief.pem" --yes
}
past() { [ "$(date +%s)" -gt "$(date -d "$until" +%s)" ]; }
n=$(sql "SELECT count(*) FROM orders")
ok '... and over' wait_for past
exits 3 'an expired officer signs nothing' brief
said 'expired on'
said 'nothing was signed; a new certificate is ordered with'
is '... and hands in nothing' "$(sql "SELECT count(*) FROM orders")" "$n"

# Found, shown, exported.
short=$(echo "$serial" | cut -c1-8)
says "$(echo "$serial" | cut -c1-12)" signet cert find www.example.org
says "$(echo "$serial" | cut -c1-12)" signet cert find "$short"
is 'JSON has the whole number' \
    "$(signet cert list --holder www --limit 1 --json | jq -r .serial)" \
    "$serial"
is 'one page after the other' "$(
    first=$(signet cert list --limit 1 --json | jq -r .serial)
    signet cert list --limit 1 --after "$first" --json | jq -r .serial)" \
    "$(signet cert list --json | sed -n 2p | jq -r .serial)"
says 'more: run the same with --after' signet cert list --limit 2
says 'nothing found' signet cert list --holder nobody
exits 2 'a status is one of three' signet cert list --status goood
said 'did you mean "good"?'
exits 4 'no such number' signet cert show ffffffff
exits 2 'no number at all' signet cert show zzzz
ok 'DER' signet cert export "$short" --format der -o "$tmp/x.der"
is 'is the same certificate' "$(openssl x509 -inform DER -in "$tmp/x.der" \
    -noout -serial)" "serial=$(echo "$serial" | tr '[:lower:]' '[:upper:]')"
ok 'PKCS#7' signet cert export "services/$serial" --format p7b \
    -o "$tmp/x.p7b"
is 'has the chain' "$(openssl pkcs7 -inform DER -in "$tmp/x.p7b" \
    -print_certs | grep -c BEGIN)" 2
is 'PEM alone' "$(signet cert export "$serial" --no-chain |
    grep -c BEGIN)" 1
says 'It is valid.' signet explain cert "$short"
said 'officer o1'
says 'tls-server' signet explain profile
says 'dns' signet explain profile tls-server
says 'It is good for another' signet explain crl services
says 'verified' signet crl show services
ok 'a list is exported' signet crl export services --format der \
    -o "$tmp/services.crl"
ok 'and is one' openssl crl -inform DER -in "$tmp/services.crl" -noout
exits 4 'no such CA' signet crl show nobody

# Renewed by the holder: the old key signs.
request new
renew_www() {
	signet cert renew "$serial" --csr "$tmp/new.csr" \
	    --proof-key "$tmp/www.key" --proof-cert "$tmp/www.pem"
}
exits 3 'too early is said before anything is stored' renew_www
said 'too early to renew'
cp -R "$pki/profiles" "$tmp/early"
sed -i 's/renewal_window = .*/renewal_window = "364d";/' \
    "$tmp/early/tls-server"
sed "s,^profiles *=.*,profiles = \"$tmp/early\";," "$SIGNET_CONFIG" \
    >"$pki/early.conf"
ok 'who does not know is told by the CA' env SIGNET_CONFIG="$pki/early.conf" \
    signet cert renew "$serial" --csr "$tmp/new.csr" \
    --proof-key "$tmp/www.key" --proof-cert "$tmp/www.pem"
id=$(last_order)
ok 'it needs no more approval and is refused' wait_for ended "$id" refused
says 'too early to renew' order_reason "$id"
is 'the order renews' "$(signet order show "$id" |
    grep -c '^renews: *'"$serial")" 1
ok 'with the names of before' sh -c \
    "signet order show $id | grep -q 'dns: *www.example.org'"
is 'the holder has signed' \
    "$(signet order show "$id" --json | jq -r '.signed_by[0].role')" holder

# On hold, released, revoked.
exits 2 'nothing is held without a yes' as o1 signet cert hold "$serial"
exits 0 'on hold' as o1 signet cert hold "$serial" --yes
is 'the store says so' "$(status_of "$serial")" held
exits 5 'twice is once' as o1 signet cert hold "$serial" --yes
says 'on hold since' signet explain cert "$serial"
exits 0 'released' as o1 signet cert release "$serial" --yes
is 'it is good again' "$(status_of "$serial")" good
exits 2 'a reason is needed' as o1 signet revoke "$serial" --yes
exits 2 'a reason is one' as o1 signet revoke "$serial" --reason keyCompromis
said 'did you mean "keyCompromise"?'
exits 2 'hold is no reason' \
    as o1 signet revoke "$serial" --reason certificateHold
exits 2 'the past is past' as o1 signet revoke "$serial" --reason \
    superseded --since 2999-01-01
exits 2 'which ones is said in one way' \
    as o1 signet revoke "$serial" --holder www --reason superseded
exits 4 'a holder without certificates' \
    as o1 signet revoke --holder nobody --reason superseded --yes
exits 0 'revoked by the key' as o1 signet revoke --key-of "$tmp/www.pem" \
    --reason keyCompromise --since 2d --yes
said '2 certificates revoked'
is 'the store says so' "$(status_of "$serial")" revoked
says 'key:' signet order show "$(last_order)"
says 'stays revoked' signet explain cert "$serial"
exits 5 'for ever' as o1 signet cert release "$serial" --yes
exits 3 'and not renewed' signet cert renew "$serial" --csr "$tmp/new.csr"
stop "$daemon"
ok 'the audit proves it' proven
done_testing
