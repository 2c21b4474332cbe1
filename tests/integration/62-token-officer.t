#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An officer approves with a key and a certificate in a token: the PIN from a
# file or typed, wrong ones tried once, and nothing signed without.
. "${srcdir:-.}/tests/integration/tap.sh"
# shellcheck source=tests/lib/installation.sh
. "$srcdir/tests/lib/installation.sh"
# shellcheck source=tests/lib/softhsm.sh
. "$srcdir/tests/lib/softhsm.sh"
tokens_begin
token_make officer
install_pki
openssl pkey -in "$pki/officers/o1.key" -out "$tmp/o1.pem" \
    -passin "file:$pki/secrets/officer-o1"
token_import officer olga "$tmp/o1.pem" 05
rm "$tmp/o1.pem"
uri='pkcs11:token=officer;object=olga'
approve() {
	approve_id=$1
	shift
	signet order approve "$approve_id" --yes --key "$uri" "$@" </dev/null
}

order_tls www >/dev/null
id=$(last_order)
exits 4 'a token without the certificate' \
    approve "$id" --passphrase "file:$tmp/pin"
said 'nothing is signed'
said "token officer has no certificate with the key's id or label"
said '--cert FILE'
openssl x509 -in "$pki/officers/o1.pem" -outform DER -out "$tmp/o1.der"
ok 'it gets one' token_tool officer --write-object "$tmp/o1.der" \
    --type cert --label olga --id 05
exits 3 'a wrong PIN' approve "$id" --passphrase "file:$tmp/wrong-pin"
said "nothing is signed: officer's key: $uri: token officer refuses the PIN"
said 'tries'
is '... is tried once' "$(grep -c 'refuses the PIN' "$tmp/out")" 1
exits 7 'a missing module' env PKCS11_MODULE_PATH=/nosuch.so \
    signet order approve "$id" --yes --key "$uri" --passphrase "file:$tmp/pin"
said '/nosuch.so: cannot open shared object file'
is 'nothing was signed' "$(order_state "$id")" pending
ok 'with the token it is' approve "$id" --passphrase "file:$tmp/pin"
is 'and the order is ready' "$(order_state "$id")" ready

# The PIN at the terminal, and the settings instead of options.
unset PKCS11_MODULE_PATH
cat >>"$SIGNET_CONFIG" <<CONF
officer_key = "$uri";
pkcs11_module = "$module";
CONF
order_tls mail >/dev/null
id=$(last_order)
exits 3 'a wrong PIN is typed' sh -c "echo 9999 |
    '$srcdir/tests/lib/typed' signet order approve $id --yes"
said 'PIN of token officer'
not '... and not shown' grep -q 9999 "$tmp/out"
ok 'the right one is typed' sh -c "echo 1234 |
    '$srcdir/tests/lib/typed' signet order approve $id --yes"
said 'PIN of token officer (a wrong one was tried)'
not '... and not shown' grep -q 1234 "$tmp/out"
ok 'the CA believes the signatures' cad
is 'both are issued' "$(sql "SELECT count(*) FROM orders
    WHERE state = 'done' AND seq > (SELECT max(seq) - 2 FROM orders)")" 2
ok 'and all of it is proven' proven
done_testing
