#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# CMP (RFC 9810, 9483) by "openssl cmp": ir, cr and p10cr with a shared secret,
# kur and cr with a certificate, rr; confirmation, polling, and refusals.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/enrol.sh"
install_pki
device_profile
(umask 077 && openssl rand -hex 16 >"$tmp/cmp-secret" &&
    openssl rand -hex 16 >"$tmp/wrong-secret")
secrets="cmp_secrets = ( { reference = \"plant\";
    secret = \"file:$tmp/cmp-secret\"; profile = \"device\";
    names = \"plant-[a-z0-9]+\"; } )"
ok 'the RA has its certificates' rad_certificates
ok 'the RA starts' rad_start 'patience = "8s"' "$secrets"
cad_start

ask() {
	cmp_path=$1
	shift
	timeout 60 openssl cmp -server "127.0.0.1:$rad_port" \
	    -path "$cmp_path" -tls_used -tls_trusted "$pki/ca/root.pem" \
	    -tls_host "$rad_host" -trusted "$pki/ca/root.pem" \
	    -untrusted "$pki/ca/services.pem" "$@" >"$tmp/cmp.out" 2>&1
}
with_secret() {
	cmp_how=$1
	shift
	ask "${cmp_path_wanted:-/cmp}" -cmd "$cmp_how" -ref "${ref:-plant}" \
	    -secret "file:${secret:-$tmp/cmp-secret}" "$@"
}
with_key() {
	cmp_name=$1 cmp_how=$2
	shift 2
	ask "${cmp_path_wanted:-/cmp}" -cmd "$cmp_how" \
	    -cert "$tmp/$cmp_name.pem" -key "$tmp/$cmp_name.key" "$@"
}
new_key() {
	openssl ecparam -name prime256v1 -genkey -noout -out "$tmp/$1.key"
}
is_issued() {
	openssl x509 -in "$tmp/$1.pem" -noout -pubkey >"$tmp/$1.pub" &&
	openssl pkey -in "$tmp/$1.key" -pubout | cmp -s - \
	    "$tmp/$1.pub" && openssl verify -CAfile "$pki/ca/root.pem" \
	    -untrusted "$pki/ca/services.pem" "$tmp/$1.pem" >/dev/null
}
certs() {
	sql "SELECT count(*) FROM cert WHERE holder = '$1'"
}

# With the secret.
new_key plant-1
with_secret ir -newkey "$tmp/plant-1.key" -subject /CN=plant-1 \
    -certout "$tmp/plant-1.pem"
ok 'ir with a shared secret gets a certificate' is_issued plant-1
new_key plant-2
with_secret cr -newkey "$tmp/plant-2.key" -subject /CN=plant-2 \
    -certout "$tmp/plant-2.pem"
ok 'cr does' is_issued plant-2
request plant-3
with_secret p10cr -csr "$tmp/plant-3.csr" -certout "$tmp/plant-3.pem"
ok 'p10cr does' is_issued plant-3
new_key plant-4
with_secret ir -newkey "$tmp/plant-4.key" -subject /CN=plant-4 \
    -implicit_confirm -certout "$tmp/plant-4.pem"
ok 'implicit confirmation is granted' is_issued plant-4
new_key plant-5
cmp_path_wanted=/.well-known/cmp/p/device with_secret ir \
    -newkey "$tmp/plant-5.key" -subject /CN=plant-5 \
    -certout "$tmp/plant-5.pem"
ok 'the profile may be in the path' is_issued plant-5

# Who may not.
new_key plant-6
secret=$tmp/wrong-secret with_secret ir -newkey "$tmp/plant-6.key" \
    -subject /CN=plant-6 -certout "$tmp/plant-6.pem"
not 'a wrong secret gets nothing' test -e "$tmp/plant-6.pem"
ref=nobody with_secret ir -newkey "$tmp/plant-6.key" \
    -subject /CN=plant-6 -certout "$tmp/plant-6.pem"
not 'an unknown reference gets nothing' test -e "$tmp/plant-6.pem"
cmp_path_wanted=/.well-known/cmp/p/tls-client with_secret ir \
    -newkey "$tmp/plant-6.key" -subject /CN=plant-6 \
    -certout "$tmp/plant-6.pem"
not 'another profile is not given' test -e "$tmp/plant-6.pem"
says 'this reference is not for profile tls-client' cat "$tmp/cmp.out"
with_secret ir -newkey "$tmp/plant-6.key" -subject /CN=bank \
    -certout "$tmp/plant-6.pem"
not 'a name that is not of the secret is not given' \
    test -e "$tmp/plant-6.pem"
says 'not a name that this reference may ask for' cat "$tmp/cmp.out"
with_secret ir -newkey "$tmp/plant-6.key" -subject /CN=plant-6 -popo 0 \
    -certout "$tmp/plant-6.pem"
not 'a key that nobody proved is not certified' test -e "$tmp/plant-6.pem"
ask /cmp -cmd ir -unprotected_requests -newkey "$tmp/plant-6.key" \
    -subject /CN=plant-6 -certout "$tmp/plant-6.pem"
not 'what is not protected gets nothing' test -e "$tmp/plant-6.pem"
is 'none of that made a certificate' "$(certs plant-6)" 0

# General messages.  Later OpenSSL wants to know where these certificates go, and
# writes them there; before, it names what it got.
told=$tmp/told.pem
is_told() {
	grep -q 'BEGIN CERT' "$told" 2>/dev/null ||
	    grep -q 'ITAV of type: .*caCerts' "$tmp/cmp.out"
}
secret=$tmp/wrong-secret with_secret genm -infotype caCerts
not 'a wrong secret is told nothing' grep -q 'genp.*caCerts' "$tmp/cmp.out"
ok 'an empty question gets an empty answer' with_secret genm
ok 'who asks for the certificates of the authorities' with_secret genm \
    -infotype caCerts -cacertsout "$told"
ok '... is told' is_told
ok 'what nobody knows is left out of the answer' with_secret genm \
    -infotype encKeyPairTypes
not '...' grep -q 'ITAV of type: .*encKeyPairTypes' "$tmp/cmp.out"
rm -f "$told"
ok 'a certificate asks as well' with_key plant-1 genm -infotype caCerts \
    -cacertsout "$told"
ok '... and is told' is_told

# With a certificate.
new_key renewed
with_key plant-1 kur -oldcert "$tmp/plant-1.pem" \
    -newkey "$tmp/renewed.key" -certout "$tmp/renewed.pem"
ok 'kur renews' is_issued renewed
is '... for the same holder' "$(certs plant-1)" 2
new_key plant-7
with_key plant-1 cr -newkey "$tmp/plant-7.key" -subject /CN=plant-7 \
    -certout "$tmp/plant-7.pem"
not 'a certificate is not good for another name' test -e "$tmp/plant-7.pem"
says 'is not in the certificate' cat "$tmp/cmp.out"
new_key foreign
openssl req -x509 -key "$tmp/foreign.key" -subj /CN=plant-1 \
    -out "$tmp/foreign.pem" 2>/dev/null
with_key foreign cr -newkey "$tmp/plant-7.key" -subject /CN=plant-1 \
    -certout "$tmp/plant-7.pem"
not "somebody else's certificate gets nothing" test -e "$tmp/plant-7.pem"

# Revoking.
with_key plant-2 rr -oldcert "$tmp/plant-1.pem"
is "another's certificate is not revoked" \
    "$(sql "SELECT count(*) FROM cert WHERE status = 'revoked'")" 0
ok 'whoever asks for the own is told when the CA has done it' \
    with_key plant-2 rr -oldcert "$tmp/plant-2.pem"
is 'rr revokes the own certificate' "$(sql "SELECT status FROM cert
    WHERE holder = 'plant-2'")" revoked
is '... by a signed order' "$(sql "SELECT count(*) FROM orders
    WHERE kind = 'revoke' AND state = 'done'")" 1
new_key plant-8
with_key plant-2 kur -oldcert "$tmp/plant-2.pem" \
    -newkey "$tmp/plant-8.key" -certout "$tmp/plant-8.pem"
not 'and then it is of no use' test -e "$tmp/plant-8.pem"

# An answer that was lost, before the CA has acted.
cad_stop
says_waiting() {
	with_key plant-3 rr -oldcert "$tmp/plant-3.pem"
	grep -q 'the CA has not carried it out yet' "$tmp/cmp.out"
}
revocations() {
	sql "SELECT count(*) FROM orders WHERE kind = 'revoke'"
}
before=$(revocations)
ok 'who asks while there is no CA is told so' says_waiting
ok '... and so is who asks again' says_waiting
is '... and there is one order' "$(revocations)" "$((before + 1))"
jobs=
for _ in 1 2 3; do
	(with_key plant-4 rr -oldcert "$tmp/plant-4.pem") &
	jobs="$jobs $!"
done
# shellcheck disable=SC2086 # numbers
wait $jobs
is 'several at once make one, too' "$(revocations)" "$((before + 2))"
id=$(sql "SELECT encode(id, 'hex') FROM orders WHERE kind = 'revoke'
    ORDER BY seq DESC LIMIT 1")
as o1 signet order reject "$id" --reason no --wait 1s --yes >"$tmp/out" 2>&1
is 'an officer rejects it' "$(order_state "$id")" rejected
with_key plant-4 rr -oldcert "$tmp/plant-4.pem"
is '... which keeps nobody from ordering it anew' "$(sql "SELECT count(*)
    FROM orders WHERE kind = 'revoke' AND state = 'ready'")" 2
cad_start
both_revoked() {
	[ "$(sql "SELECT count(*) FROM cert WHERE status = 'revoked' AND
	    holder IN ('plant-3', 'plant-4')")" = 2 ]
}
ok 'when the CA is there again both are revoked' wait_for both_revoked

# Replayed, and nonsense.
new_key plant-9
with_secret ir -newkey "$tmp/plant-9.key" -subject /CN=plant-9 \
    -reqout "$tmp/ir.der $tmp/conf.der" -certout "$tmp/plant-9.pem"
ok 'a request that was recorded' is_issued plant-9
post() {
	rad_curl -o "$tmp/answer" -w '%{http_code}' -H \
	    "Content-Type: ${type:-application/pkixcmp}" \
	    --data-binary "@$1" "$ra/cmp"
}
is '... is answered when it is replayed' "$(post "$tmp/ir.der")" 200
is '... with no other certificate' "$(certs plant-9)" 1
is 'a second time its transaction is going on' "$(post "$tmp/ir.der")" 409
is 'a confirmation of something else is refused' \
    "$(post "$tmp/conf.der")" 200
is 'and again: no such transaction' "$(post "$tmp/conf.der")" 404
head -c 300 /dev/urandom >"$tmp/noise"
is 'noise is refused' "$(post "$tmp/noise")" 400
head -c 100 "$tmp/ir.der" >"$tmp/cut"
is 'a message that was cut is refused' "$(post "$tmp/cut")" 400
is 'another type is not taken' "$(type=text/plain post "$tmp/ir.der")" 415
head -c 70000 /dev/zero >"$tmp/big"
is 'a large message is refused' "$(post "$tmp/big")" 400

# Without a CA the client polls; a restart of the RA ends its transaction.
cad_stop
rad_stop
rad_start 'patience = "0s"' "$secrets"
new_key plant-10
(sleep 3 && exec signet-cad -d --once -c "$pki/cad.conf") \
    >>"$tmp/cad.log" 2>&1 &
late=$!
with_secret ir -newkey "$tmp/plant-10.key" -subject /CN=plant-10 \
    -total_timeout 50 -certout "$tmp/plant-10.pem"
ok 'a client that has to wait polls, and is served' is_issued plant-10
wait "$late"
not 'no secret is in the log' grep -qF -f "$tmp/cmp-secret" "$tmp/rad.log"
ok 'the auditor finds all well' proven
rad_stop
done_testing
