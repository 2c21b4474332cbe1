#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Keys that sign OCSP answers in a token: made there, certified again and again,
# in no file; the agent's own key in a token, too; and the responder that signs
# with them.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
# shellcheck source=tests/lib/softhsm.sh
. "$srcdir/tests/lib/softhsm.sh"
tokens_begin
token_make signers
token_make agents
install_pki
. "$srcdir/tests/lib/agent.sh"
. "$srcdir/tests/lib/ocspd.sh"

# signer_token URI [PIN file] - settings with a token
signer_token() {
	agent_conf people
	cat >>"$tmp/agent.conf" <<-CONF
	signer_uri = "$1";
	signer_passphrase = "file:${2:-$tmp/pin}";
	pkcs11_module = "$module";
	token_paths = [ "$tmp/tokens", "$tmp/softhsm2.conf" ];
	CONF
}
keys_in() {
	token_tool "$1" --list-objects --type pubkey 2>/dev/null |
	    grep -c 'label:'
}
made_by() {
	[ "$(openssl x509 -in "$pem" -noout -pubkey)" = "$(token_tool \
	    "$1" --read-object --type pubkey --label "$2" 2>/dev/null |
	    openssl pkey -pubin -inform DER)" ]
}

# What cannot work.
signer_token 'pkcs11:token=nosuch'
renew
ok 'no such token' logged 'signer of people: .*no such token'
signer_token 'pkcs11:token=signers' "$tmp/wrong-pin"
renew
ok 'a wrong PIN' logged 'signer of people: .*refuses the PIN'
not '... and no order' test -e "$pem.new"
is '... nor in the store' "$(signer_orders)" 0

# Made there.
signer_token 'pkcs11:token=signers'
ok 'a key of its own for the CA' renew
is '... one' "$(keys_in signers)" 1
not '... and no key on disk' grep -q 'PRIVATE KEY' "$pem.new"
ok '... is certified' cad
ok '... and in place' renew
ok '... under the name of the CA' made_by signers ocsp-people
not '... in no file' grep -q 'PRIVATE KEY' "$pem"
ok '... but named there' grep -q 'BEGIN SIGNET KEY URI' "$pem"
says 'CN=Example AB People CA OCSP' renewer load "$tmp/signers" people \
    "file:$tmp/pin"
was=$(serial "$pem")
travel 21
ok 'the next certificate' renew
ok '... is for the same key' cad
ok '... and takes its place' renew
not '... indeed' test "$(serial "$pem")" = "$was"
ok '... which stays' made_by signers ocsp-people
is '... alone' "$(keys_in signers)" 1

# A token that is away takes nothing with it.
token_unplug signers
was=$(serial "$pem")
travel 42
renew
ok 'a token that is away is said so' logged 'signer of people: .*no such token'
is '... and nothing is ordered' "$(signer_orders)" 2
is '... nor lost' "$(serial "$pem")" "$was"
token_plug signers
ok 'it is back' renew
ok '... and the CA certifies' cad
ok '... and all goes on' renew
not '... with the next one' test "$(serial "$pem")" = "$was"

# The agent's own key.
openssl pkey -in "$pki/agents/ocsp.key" -out "$tmp/plain.pem" \
    -passin "file:$pki/secrets/agent-ocsp"
ok "the agent's key moves into a token" token_import agents ocsp \
    "$tmp/plain.pem" 01
sed -i "s|^agent_key = .*|agent_key = \"pkcs11:token=agents;object=ocsp\";|
    s|^agent_passphrase = .*|agent_passphrase = \"file:$tmp/pin\";|" \
    "$tmp/agent.conf"
cert=$pki/agents/ocsp.pem
was=$(serial "$cert")
cp "$cert" "$tmp/agent.pem"
travel 280
ok 'renewed with it' renew
ok '... by the CA' cad
ok '... and in place' renew
not '... the certificate is another' test "$(serial "$cert")" = "$was"
is '... for the same key' "$(openssl x509 -in "$cert" -noout -pubkey)" \
    "$(openssl pkey -in "$tmp/plain.pem" -pubout)"
travel 301
was=$(serial "$pem")
ok 'with it the next signer is ordered' renew
ok '... certified' cad
ok '... and in place' renew
not '... indeed' test "$(serial "$pem")" = "$was"
travel 0

# The responder.
ok 'a certificate is issued' issued www
start signet-cad -d -c "$pki/cad.conf"
ocsp_start "agent_database = \"$conninfo user=signet_agent\"" \
    'agent_key = "pkcs11:token=agents;object=ocsp"' \
    "agent_cert = \"$tmp/agent.pem\"" "agent_passphrase = \"file:$tmp/pin\"" \
    'signer_uri = "pkcs11:token=signers"' \
    "signer_passphrase = \"file:$tmp/pin\"" \
    "pkcs11_module = \"$module\"" \
    "token_paths = [ \"$tmp/tokens\", \"$tmp/softhsm2.conf\" ]"
ok 'the responder gets its signers' ocsp_ready
is '... and answers' "$(status "$serial")" good
is '... for caches, too' "$(status "$serial" -no_nonce)" good
pem=$tmp/ocspd/signers/services.pem
ok '... with the key in the token' made_by signers ocsp-services
is '... RSA, as every client takes it' "$(openssl x509 -in "$pem" -noout \
    -text | grep -o 'Public-Key: (2048 bit)')" 'Public-Key: (2048 bit)'
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
is '... to many at once' "$(cat "$tmp"/asks.[123] | tr '\n' ' ')" '8 8 8 '
answers() {
	[ "$(status "$serial")" = "$1" ]
}
token_unplug signers
ok 'without the token nothing is signed' wait_for answers trylater
ok '... what was signed is still said' \
    test "$(status "$serial" -no_nonce)" = good
token_plug signers
ok 'with the token it goes on' wait_for answers good
token_unplug signers
ocsp_stop
ocsp_restart
ok 'it starts without the token' kill -0 "$ocspd"
is '... and has no answer' "$(status "$serial")" trylater
token_plug signers
ok '... until the token is there' wait_for answers good
ocsp_stop

# Keys in files again, with a passphrase.
rm -r "$tmp/ocspd"
(umask 077 && echo secret >"$tmp/pass")
ocsp_start "agent_database = \"$conninfo user=signet_agent\"" \
    'agent_key = "pkcs11:token=agents;object=ocsp"' \
    "agent_cert = \"$tmp/agent.pem\"" "agent_passphrase = \"file:$tmp/pin\"" \
    "signer_passphrase = \"file:$tmp/pass\"" "pkcs11_module = \"$module\"" \
    "token_paths = [ \"$tmp/tokens\", \"$tmp/softhsm2.conf\" ]"
ok 'with a passphrase it gets signers' ocsp_ready
is '... and answers' "$(status "$serial")" good
ok '... with a key that is encrypted' grep -q 'ENCRYPTED PRIVATE KEY' \
    "$tmp/ocspd/signers/services.pem"
done_testing
