#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The root's key in a token: made there, used from there, in no file; and what
# is wrong with token, module, PIN or settings is said with the next command.
. "${srcdir:-.}/tests/integration/tap.sh"
# shellcheck source=tests/lib/root.sh
. "$srcdir/tests/lib/root.sh"
# shellcheck source=tests/lib/softhsm.sh
. "$srcdir/tests/lib/softhsm.sh"
tokens_begin
token_make root
token_make next
unset PKCS11_MODULE_PATH
cd "$tmp" || exit 1
csr people
csr services
pin="--passphrase file:pin"
paths="--token-path $tmp/tokens --token-path $tmp/softhsm2.conf"
token="$pin $paths --operator me --yes"
subject="--subject C=SE --subject O=Example --subject CN=Root"
init() {
	signet-root init --dir D $profiles --yes --operator me $subject "$@" \
	    </dev/null
}
certify() {
	certify_name=$1
	shift
	signet-root certify --dir D $profiles --csr "$certify_name.csr" \
	    --name "$certify_name" "$@" </dev/null
}
keys() {
	token_tool "${1:-root}" --list-objects --type privkey 2>/dev/null |
	    grep -c '^Private Key'
}
uri='pkcs11:token=root;object=root'
in_root="--pkcs11-module $module $pin $paths"

# What cannot become a root.
exits 7 'custodians and a token' init --key "$uri" $in_root --threshold 2 \
    --custodian ann=file:pin --custodian bo=file:pin
said 'custodians and a token: no key leaves a token, so there is nothing'
said 'leave out custodians and threshold'
said "the token's own m of n"
exits 7 'a threshold alone' init --key "$uri" $in_root --threshold 2
exits 7 'a key in a file has no algorithm beside' \
    init --key rsa:3072 --algorithm ec:P-256 $pin
said 'algorithm is for a key in a token'
exits 7 'no such module' init --key "$uri" $pin $paths \
    --pkcs11-module /nosuch.so
said 'the root gets no key'
said 'load PKCS#11 module: /nosuch.so: cannot open shared object file'
said '--pkcs11-module FILE'
exits 6 'no such token' init --key 'pkcs11:token=nosuch;object=root' $in_root
said 'the root gets no key: pkcs11:token=nosuch;object=root: no such token'
said 'tokens there: '
exits 6 'a token in files that the sandbox does not open' init --key "$uri" \
    --pkcs11-module "$module" $pin
said 'kept in files it needs --token-path DIR'
exits 3 'a wrong PIN' init --key "$uri" --pkcs11-module "$module" $paths \
    --passphrase file:wrong-pin
said 'the root gets no key'
said 'token root refuses the PIN (CKR_PIN_INCORRECT)'
said 'it is not tried again'
is '... is tried once' "$(grep -c 'refuses the PIN' out)" 1
exits 2 'a subject that the profile does not take' signet-root init --dir D \
    $profiles --yes --operator me --key "$uri" $in_root --subject C=SE \
    --subject CN=Root
said 'the root gets no key: field "org": is required'
exits 4 'no file with the PIN' init --key "$uri" --pkcs11-module "$module" \
    $paths --passphrase file:nosuch
said 'the root gets no key: pkcs11:token=root;object=root: '
said 'nosuch: No such file'
said 'or --passphrase prompt'
not '... and nothing is made' grep -q 'Make the key' out
exits 7 'a PIN in the URI' init --key "$uri?pin-value=1234" $in_root
said 'must not hold the PIN'
exits 2 'nobody who answers for it' signet-root init --dir D $profiles --yes \
    $subject --key "$uri" $in_root
said 'give --operator NAME'
exits 4 'a key that should be there and is not' init --key "$uri" $in_root \
    --existing-key 'made at the rehearsal'
said 'leave out existing_key'
exits 3 'nobody who says yes' sh -c 'signet-root init --dir D --operator me \
    "$@" </dev/null' - $profiles $subject --key "$uri" $in_root
said 'nobody is here to confirm'
is 'no key was made by all that' "$(keys)" 0
not '... and no root' test -e D/root.pem

# An interrupted ceremony leaves a key, which is taken only when that is said.
SIGNET_FAULT=root-token-key init --key "$uri" $in_root --algorithm ec:P-384 \
    >out 2>&1
is 'a ceremony dies after the key is made' "$(keys)" 1
exits 5 'a key that is there is refused' init --key "$uri" $in_root
said 'the root gets no key: the token has such a key already'
said '--existing-key REASON takes this one'
exits 5 '... and one of another kind than was asked for' init --key "$uri" \
    $in_root --existing-key 'the ceremony was interrupted' --algorithm rsa:3072
said 'the key in the token is ec:P-384, not rsa:3072'
cat >init.conf <<C
verb = "init";
operator = "me";
subject = ( { attr = "C"; value = "SE"; }, { attr = "O"; value = "Example"; },
    { attr = "CN"; value = "Example Root CA"; } );
key = "$uri";
passphrase = "file:pin";
existing_key = "the first ceremony was interrupted";
cdp = [ "http://pki.example.org/root.crl" ];
C
ok 'it is taken when the ceremony file says so' signet-root init --dir D \
    $profiles --yes --pkcs11-module "$module" $paths init.conf
said 'is in the token already: the first ceremony was interrupted'
is 'the token has one key' "$(keys)" 1
token_tool root --list-objects --type privkey >objects 2>/dev/null
ok '... which cannot be read out' grep -q 'never extractable' objects
not 'no file has it' sh -c 'test -e D/root.key || grep -rl "PRIVATE KEY" D'
ok 'the certificate is self-signed' \
    openssl verify -check_ss_sig -CAfile D/root.pem D/root.pem

# The module is known from the transcript now.
ok 'a CA is certified' certify people $token --ext-key-usage emailProtection
said 'token root, serial '
not 'custodians have no part in it' certify services $token \
    --custodian ann=file:pin
said 'no custodian of this key has that name'
before=$(find D -type f -exec sha256sum {} + | sort)
unchanged() {
	is "$1" "$(find D -type f -exec sha256sum {} + | sort)" "$before"
}
token_unplug root
exits 6 'the token is away' certify services $token
said 'nothing is signed: pkcs11:'
said 'no such token in module'
said 'tokens there: next'
unchanged 'nothing changed'
token_plug root
exits 3 'a wrong PIN' certify services $paths --operator me --yes \
    --passphrase file:wrong-pin
said 'nothing is signed'
said 'refuses the PIN'
exits 4 'no file with the PIN' certify services $paths --operator me --yes \
    --passphrase file:nosuch
said 'nosuch: No such file'
not '... and the token is not blamed' grep -q 'connect the token' out
exits 7 'no such module' certify services $token --pkcs11-module /nosuch.so
said 'nothing is signed'
said '--pkcs11-module FILE'
unchanged 'nothing changed'
openssl ecparam -name secp384r1 -genkey -noout 2>/dev/null |
    openssl pkcs8 -topk8 -nocrypt -out twin.pem
token_import root root twin.pem 77
ok 'with the token back, and a second key of that name, it works' \
    certify services $token
ok 'openssl accepts both' openssl verify -x509_strict -CAfile D/root.pem \
    D/issued/0002-people.pem D/issued/0003-services.pem
openssl req -x509 -newkey rsa:3072 -nodes -keyout foreign.key \
    -out foreign.pem -subj '/C=DE/O=Partner/CN=Partner Root' -days 400 \
    -addext basicConstraints=critical,CA:TRUE 2>/dev/null
ok 'a foreign CA is certified' signet-root cross-certify --dir D $profiles \
    $token --certificate foreign.pem --no-possession 'a test' --name partner
ok 'a CA is revoked' signet-root revoke --dir D $token --target people \
    --reason superseded
ok 'a list is made' signet-root crl --dir D $token
openssl crl -inform DER -in "$(ls D/crl/*.crl | tail -n 1)" -out crl.pem
not 'openssl sees the one revoked' openssl verify -crl_check \
    -CAfile D/root.pem -CRLfile crl.pem D/issued/0002-people.pem
said 'certificate revoked'
ok '... and the other not' openssl verify -crl_check -CAfile D/root.pem \
    -CRLfile crl.pem D/issued/0003-services.pem

root_order make order.der Alice 3600
ok 'an order is approved' signet-root approve --dir D $token order.der \
    -o order.approved
ok '... by the root' sh -c '
    root_order check order.approved D/root.pem | grep -q Alice'


# The PIN typed, and from a credential.
typed_crl() {
	echo "$1" | "$srcdir/tests/lib/typed" signet-root crl --dir D $paths \
	    --operator me --yes
}
exits 3 'a wrong PIN is typed' typed_crl 4321
said 'PIN of token root'
is '... and tried once' "$(grep -c 'refuses the PIN' out)" 1
not '... and not shown' grep -q 4321 out
ok 'the right one is typed' typed_crl 1234
not '... and not shown' grep -q 1234 out
ok 'the PIN is a credential' env CREDENTIALS_DIRECTORY="$tmp" signet-root crl \
    --dir D $paths --operator me --yes --passphrase credential:pin

# Behind a socket, as pcscd is: another program has the module.
client=$(find /usr/lib /usr/lib64 -name p11-kit-client.so 2>/dev/null |
    head -n 1)
start p11-kit server --foreground --provider "$module" --name "$tmp/socket" \
    'pkcs11:'
ok 'a program serves the token' wait_for test -S socket
far() {
	P11_KIT_SERVER_ADDRESS=unix:path=$tmp/socket signet-root crl --dir D \
	    $pin --operator me --yes --pkcs11-module "$client" "$@"
}
not 'the sandbox keeps the module from it' far
said 'nothing is signed'
said 'behind pcscd --token-sockets'
ok '... unless local sockets are asked for' far --token-sockets
stop "$last"
pids=

# The record.
bodies() {
	awk '{ print $3 }' D/transcript | while read -r body; do
		echo "$body" | base64 -d
		echo
	done
}
bodies >record
ok 'the transcript names the token' grep -qx 'token=root' record
serial=$(pkcs11-tool --module "$module" -L 2>/dev/null |
    awk '/token label/ { mine = $NF == "root" }
    mine && /serial num/ { print $NF }')
ok '... its serial number' grep -qx "token-serial=$serial" record
ok '... the key' grep -q '^token-key=pkcs11:token=root;.*object=root' record
is "... the digest of the root's key" "$(sed -n 's/^root=//p' record)" \
    "$(openssl x509 -in D/root.pem -noout -pubkey |
	openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1)"
ok '... and of the module' grep -qx \
    "module-digest=$(sha256sum <"$module" | cut -d' ' -f1)" record
ok '... and why the key was taken' grep -qx \
    'existing-key=the first ceremony was interrupted' record
ok '... and which other module was used' grep -qx "module=$client" record
not '... and no PIN' grep -rqE '(=|^)1234$' record D/inputs
ok 'show says where the key is' signet-root show --dir D
said "in token root, serial $serial"
ok '... to programs, too' sh -c '
    signet-root show --dir D --json >show.json &&
    python3 -c "import json; t = json.load(open(\"show.json\"))[\"token\"]
assert t[\"label\"] == \"root\" and t[\"key\"].startswith(\"pkcs11:\")"'

# Into another token, and on into a file.
ok 'the root rolls into another token' signet-root roll --dir D $profiles \
    $token --name root-g2 --key 'pkcs11:token=next;object=g2' \
    --algorithm ec:P-256 --new-passphrase file:pin
said 'Make the key, ec:P-256, in the token'
is '... which has one key' "$(keys next)" 1
ok 'who trusts the old root believes the new one' openssl verify \
    -CAfile D/old/1/root.pem "$(ls D/issued/*-link-2-by-1.pem)"
ok 'the old one still signs its list' signet-root crl --dir D $token \
    --generation 1
ok 'the old one is retired' signet-root retire --dir D $token --generation 1
said 'is not removed from its token by this'
command=$(sed -n 's/^ *\(pkcs11-tool .*--delete-object.*\)/\1/p' out)
ok '... but by the command that is told' sh -c "$command --pin 1234"
is '... which leaves the other one' "$(keys)" 1
not '... and signs no more' signet-root crl --dir D $token --generation 1
said 'was retired'
echo 'the passphrase of the third' >third.pass
chmod 600 third.pass
ok 'the root rolls into a file' signet-root roll --dir D $profiles $token \
    --name root-g3 --key ec:P-256 --new-passphrase file:third.pass
ok '... which a CA is certified with' certify people --again 'a new root' \
    --operator me --yes --passphrase file:third.pass
ok 'replay proves all of it, without any token' signet-root replay --dir D
said 'key of generation 1: pkcs11:token=root;'

# The sandbox: a module may reach this machine's sockets when asked for.
if strace -o /dev/null true 2>/dev/null; then
	ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
	export ASAN_OPTIONS
	ok 'a token alone makes no system call of a network' strace -f -qq \
	    -e trace=%network -o calls signet-root crl --dir D $token \
	    --generation 2
	is '... none' "$(grep -c '(' calls)" 0
fi
done_testing
