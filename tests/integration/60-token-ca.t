#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# CAs whose keys are in tokens: one is made there, two issue from there, one
# dies and the other goes on, and what is wrong is said in words.
. "${srcdir:-.}/tests/integration/tap.sh"
# shellcheck source=tests/lib/installation.sh
. "$srcdir/tests/lib/installation.sh"
# shellcheck source=tests/lib/softhsm.sh
. "$srcdir/tests/lib/softhsm.sh"
tokens_begin
token_make people
token_make services
install_pki
cad_tokens
pin="file:$tmp/pin"

# A new CA, whose key is made in the token.
init() {
	signet ca init cards --key "$1" --passphrase "$2" </dev/null
}
uri='pkcs11:token=people;object=cards'
exits 6 'no such token' init 'pkcs11:token=nosuch;object=cards' "$pin"
said 'CA cards gets no key: pkcs11:token=nosuch;object=cards: no such token'
said 'tokens there: '
exits 7 'no such module' init "$uri?module-path=/nosuch.so" "$pin"
said 'load PKCS#11 module: /nosuch.so: cannot open shared object file'
said "install the token's module"
exits 3 'a wrong PIN' init "$uri" "file:$tmp/wrong-pin"
said 'token people refuses the PIN (CKR_PIN_INCORRECT)'
said 'it is not tried again'
exits 7 'a PIN in the URI' init "$uri?pin-value=1234" "$pin"
said 'must not hold the PIN'
exits 2 'a curve that tokens here do not make' signet ca init cards \
    --key "$uri" --algorithm ec:P-521 --passphrase "$pin"
not 'nothing is left behind' test -e "$pki/ca/cards.csr"
ok 'its key is made in a token' signet ca init cards --key "$uri" \
    --algorithm ec:P-384 --passphrase "$pin"
said 'made in the token'
not '... and is in no file' test -e "$pki/ca/cards.key"
token_tool people --list-objects --type privkey >"$tmp/objects" 2>/dev/null
ok '... which cannot be read out' sh -c \
    "grep -q 'never extractable' '$tmp/objects'"
ok 'its request is one' sh -c \
    "openssl req -in '$pki/ca/cards.csr' -noout -verify"
exits 5 'a second time is refused' init "$uri" "$pin"
rm "$pki/ca/cards.csr"
ok 'what was interrupted is taken up' init "$uri" "$pin"
said 'was in the token'
ok 'the root certifies it' signet-root certify --dir "$pki/root" --yes \
    --profiles "$pki/profiles" --passphrase "file:$pki/secrets/root" \
    --operator me --csr "$pki/ca/cards.csr" --name cards
ok 'it is taken in' signet ca import cards \
    "$(ls "$pki"/root/out/parcel-*.pem | tail -n 1)"
ok 'its next generation gets a key in the token as well' signet ca roll cards \
    --key 'pkcs11:token=people;object=cards-2' --passphrase "$pin"
said 'made in the token'
not '... and in no file' test -e "$pki/ca/cards.g2.key"
ok '... of the same kind' sh -c "openssl req -in '$pki/ca/cards.g2.csr' \
    -noout -text | grep -q 'NIST CURVE: P-384'"
sed -i 's/^cas *= *\[.*/cas = [ "services", "cards" ];/' \
    "$pki/profiles/tls-server"
awk -v ca="$pki/ca/cards.pem" -v uri="$uri" -v pin="$pin" '
    /^cas = \(\{/ {
	print "cas = ({ name = \"cards\"; cert = \"" ca "\"; key = \"" uri \
	    "\"; passphrase = \"" pin "\";"
	print "cdp = [ \"http://pki.example.org/crl/cards.crl\" ];"
	print "ocsp = [ \"http://pki.example.org/ocsp\" ];"
	print "aia = [ \"http://pki.example.org/ca/cards.cer\" ]; }, {"
	next
    }
    { print }' "$pki/cad.conf" >"$tmp/cad.new" &&
    mv "$tmp/cad.new" "$pki/cad.conf"

# The two that there were move into tokens.
ok 'a key moves into a token' ca_into_token people people
ok 'another into another' ca_into_token services services
issue() {
	issue_name=$1
	shift
	as o1 order_tls "$issue_name" --sign "$@" >/dev/null && last_order
}
www=$(issue www)
card=$(issue card --ca cards)
ok 'the daemon works with three keys in two tokens' cad
for id in "$www" "$card"; do
	is 'it issues' "$(order_state "$id")" 'done'
	cert_of "$id" >"$tmp/cert.pem"
	cat "$pki/ca/cards.pem" "$pki/ca/services.pem" >"$tmp/chain.pem"
	ok 'OpenSSL verifies it' openssl verify -CAfile "$pki/ca/root.pem" \
	    -untrusted "$tmp/chain.pem" "$tmp/cert.pem"
done
is 'and each makes a list' "$(sql "SELECT count(DISTINCT ca) FROM crl
    WHERE number > 0 AND ca <> 'root'")" 3

# One token dies while the daemon runs.
alarms() {
	sql "SELECT count(*) FROM audit WHERE seq > $audit_mark AND
	    position('act=alarm' IN convert_from(body, 'UTF8')) > 0"
}
mark
sed -i 's/^workers.*/workers = 2; poll = "1s";/' "$pki/cad.conf"
: >"$tmp/log"
start signet-cad -d -c "$pki/cad.conf"
ok 'it runs' wait_for audited 'act=start'
token_unplug people
dead=$(issue dead --ca cards)
alive=$(issue alive)
is_state() {
	[ "$(order_state "$1")" = "$2" ]
}
ok 'the CA in the other token goes on' wait_for is_state "$alive" 'done'
ok 'an alarm is logged' wait_for grep -q \
    'ALARM key: CA cards issues nothing: .*token=people' "$tmp/log"
more=$(issue more)
ok '... and the other goes on' wait_for is_state "$more" 'done'
is 'the order to the dead one is ready' "$(order_state "$dead")" ready
sleep 3
is 'the alarm is said once' "$(grep -c 'ALARM key: CA cards' "$tmp/log")" 1
ok '... with what to do' grep -q 'hint: .*connect it' "$tmp/log"
ok '... and audited' audited 'act=alarm' 'what=key' 'CA cards issues nothing'
is '... once, too' "$(alarms)" 1
token_plug people
ok 'with the token back it goes on by itself' wait_for is_state "$dead" 'done'
ok '... and says so' wait_for grep -q 'CA cards: its key is back' "$tmp/log"
stop "$last"
pids=

# At a start, too, and what no waiting mends.
token_unplug services
mark
late=$(issue late)
ok 'a token is away at the start: the daemon starts' cad
is 'the order waits' "$(order_state "$late")" ready
ok '... and the log says for what' grep -q \
    'CA services: pkcs11:token=services;object=services: no such token' \
    "$tmp/log"
token_plug services
ok 'the token is back' cad
is 'the order is done' "$(order_state "$late")" 'done'
ca_key_is services 'pkcs11:token=services;object=services' "$tmp/wrong-pin"
id=$(issue pin)
ok 'a wrong PIN stops its CA' cad
is '... the order waits' "$(order_state "$id")" ready
is '... and it was tried once' \
    "$(grep -c 'refuses the PIN (CKR_PIN_INCORRECT)' "$tmp/log")" 2
not '... not again' grep -q 'refused the PIN before' "$tmp/log"
ca_key_is services 'pkcs11:token=services;object=nosuch' "$tmp/pin"
ok 'a key that is not there stops its CA' cad
ok '... by name' grep -q 'token services has no such private key' "$tmp/log"
openssl genrsa -out "$tmp/twin.pem" 2048 2>/dev/null
token_import services services "$tmp/twin.pem" 02
ca_key_is services 'pkcs11:token=services;object=services' "$tmp/pin"
ok 'two keys of one name stop it' cad
ok '... by name' grep -q 'token services has 2 private keys that fit' \
    "$tmp/log"
ok '... with the next command' grep -q \
    'hint: add id=%NN to the URI; the ids: pkcs11-tool --module' "$tmp/log"
ca_key_is services \
    'pkcs11:token=services;object=services?module-path=/nosuch.so' "$tmp/pin"
ok 'a module that is not there stops it' cad
ok '... by name' grep -q 'load PKCS#11 module: /nosuch.so: cannot open' \
    "$tmp/log"
ok '... with the next command' grep -q \
    "hint: install the token's module and name its file" "$tmp/log"
ca_key_is services 'pkcs11:token=services;object=services;id=%02' "$tmp/pin"
ok "somebody else's key stops it" cad
ok '... by name' grep -q 'does not belong to certificate' "$tmp/log"
ca_key_is services 'pkcs11:token=services;object=services;id=%01' "$tmp/pin"
ok 'the right one works again' cad
is 'the order is done' "$(order_state "$id")" 'done'
ok 'and all of it is proven' proven
done_testing
