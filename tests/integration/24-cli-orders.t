#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Orders by hand: what is refused before the store is asked, what an officer
# sees and signs, who may not, and what becomes of it.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/formats.sh"
install_pki

orders() {
	sql 'SELECT count(*) FROM orders'
}
new() {
	signet order new -p tls-server --csr "$tmp/www.csr" --holder www "$@" \
	    </dev/null
}
before=$(orders)
request www -addext subjectAltName=DNS:www.example.org
openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:1024 \
    -out "$tmp/weak.key" 2>/dev/null
openssl req -new -key "$tmp/weak.key" -subj /CN=weak -out "$tmp/weak.csr"

# What is wrong is said before anything is stored.
exits 2 'an unknown option is a usage error' signet order new --profil x
exits 2 'a profile is needed' signet order new --csr "$tmp/www.csr"
exits 4 'the profile has to be one' \
    signet order new -p tls-servr --csr "$tmp/www.csr" --holder www
said 'did you mean "tls-server"?'
exits 2 'a certificate is no request' \
    signet order new -p tls-server --csr "$pki/ca/root.pem" --holder www
said 'this is a certificate, not a certificate request'
exits 2 'nor is a key' \
    signet order new -p tls-server --csr "$tmp/www.key" --holder www
said 'a private key is never handed in'
exits 4 'the file has to be there' \
    signet order new -p tls-server --csr "$tmp/none" --holder www
exits 3 'a weak key is refused' \
    signet order new -p tls-server --csr "$tmp/weak.csr" --holder www
exits 2 'a field has to be of the profile' new --field dsn=x
said 'did you mean "dns"?'
exits 2 'a field is name and value' new --field dns
exits 2 'a field has to be right' new --field dns=-x-
exits 2 'the end has to be ahead' new --until 2020-01-01
said '--until is in the past'
exits 2 'a time has to be one' new --until soon
exits 2 'the CA has to be one of the profile' new --ca people
exits 4 'the CA has to be there' new --ca poeple
exits 2 'a code is for later requests' new --code
exits 2 'a batch comes from a file' signet order new --kind batch
exits 2 'a kind has to be one' signet order new --kind birthday
exits 4 'the holder has to be there' new
said 'no holder "www"'
is 'nothing was stored' "$(orders)" "$before"
exits 2 'a wrong word does not ask the store' \
    env SIGNET_CONFIG="$tmp/none.conf" signet order list --state x
exits 7 'settings have to be there' \
    signet order list --config "$tmp/none.conf"
sed "s,host='[^']*',host='/nowhere'," "$pki/signet.conf" >"$pki/away.conf"
echo 'patience = "0s";' >>"$pki/away.conf"
exits 6 'a store that is away is said' \
    signet order list --config "$pki/away.conf"
said 'is the store running?'
echo 'databse = "x";' >"$tmp/bad.conf"
exits 7 'a mistyped setting is said with its line' \
    signet order list --config "$tmp/bad.conf"
said 'bad.conf:1'

# One order, from the request to the CA.
ok 'an order is stored' new --holder-name 'Web server'
said 'needs officer, or root; has nobody'
said 'next: signet order approve'
id=$(last_order)
short=$(echo "$id" | cut -c1-8)
ok 'the holder was made' signet holder show www
ok 'it is shown by the beginning of its id' signet order show "$short"
said 'www.example.org'
narrow() {
	script -qec "stty cols 40; signet order $1" /dev/null </dev/null |
	    tr -d '\r' | sed 's/…/./g' >"$tmp/narrow"
}
narrow list
ok 'in 40 columns orders are listed' grep -q "^$short  issue  pending  " "$tmp/narrow"
is '... and no line is longer' "$(awk 'length > 40' "$tmp/narrow")" ''
narrow "show $short"
is 'in 40 columns no line of an order is longer' "$(awk 'length > 40' "$tmp/narrow")" ''
is '... and nothing is lost' "$(tr -d ' \n' <"$tmp/narrow")" \
    "$(signet order show "$short" | tr -d ' \n')"
exits 2 'three digits are not enough' \
    signet order show "$(echo "$id" | cut -c1-3)"
exits 4 'another id is not found' signet order show ffffffffffffffff
is 'the state is pending' "$(signet order show "$id" --json |
    jq -r '.state, .approved, .missing')" "pending
false
needs officer, or root; has nobody"

echo 'wrong' >"$tmp/wrong" && chmod 600 "$tmp/wrong"
exits 3 'a wrong passphrase is said' signet order approve "$id" --yes \
    --key "$pki/officers/o1.key" --cert "$pki/officers/o1.pem" \
    --passphrase "file:$tmp/wrong"
exits 2 'nobody answers' as o1 signet order approve "$id"
said 'standard input is no terminal'
exits 3 'no is no' sh -c "echo n | script -qec \
    'signet order approve $id --key $pki/officers/o1.key \
    --cert $pki/officers/o1.pem \
    --passphrase file:$pki/secrets/officer-o1' /dev/null"
said 'the answer was not yes'
exits 7 'a key of another certificate does not do' \
    signet order approve "$id" --yes --key "$pki/officers/o1.key" \
    --cert "$pki/officers/o2.pem" --passphrase \
    "file:$pki/secrets/officer-o1"
is 'it is pending still' "$(order_state "$id")" pending
is 'and has no approval' \
    "$(sql 'SELECT sum(approvals) FROM orders WHERE state = '"'pending'")" 0
ok 'an officer signs' as o1 signet order approve "$short" --yes
said 'all approvals are there'
is 'it is ready' "$(order_state "$id")" ready
exits 5 'twice is once' as o1 signet order approve "$id" --yes
said 'has your approval already'
is 'the chain says who' "$(sql "SELECT count(*) FROM audit WHERE
    position('act=order-approve' IN convert_from(body, 'UTF8')) > 0 AND
    position('person=o1' IN convert_from(body, 'UTF8')) > 0 AND
    position('$id' IN convert_from(body, 'UTF8')) > 0")" 1
ok 'the CA does it' cad
is 'it is done' "$(order_state "$id")" 'done'
exits 5 'nothing is left to approve' as o2 signet order approve "$id" --yes
said 'is done: nothing to approve'
exits 5 'nor to reject' signet order reject "$id" --reason x --yes

# Two at the same time: neither approval is lost.
request o3
request o4
ok 'an order for two to sign' signet order new -p officer --csr \
    "$tmp/o4.csr" --holder o4 --holder-name 'Orm Four' -f name='Orm Four' \
    -f id=o4 -f org='Example AB' -f country=SE
id=$(last_order)
as s1 signet order approve "$id" --yes >"$tmp/s1.out" 2>&1 &
one=$!
as s2 signet order approve "$id" --yes >"$tmp/s2.out" 2>&1 &
two=$!
wait "$one"
is 'one signs' $? 0
wait "$two"
is 'the other as well' $? 0
is 'both are there' "$(sql "SELECT approvals, state FROM orders
    WHERE id = decode('$id', 'hex')")" '2|ready'

# Who may not.
ok 'an order for an officer' signet order new -p officer --csr \
    "$tmp/o3.csr" --holder o3 --holder-name 'Ola Three' -f name='Ola Three' \
    -f id=o3 -f org='Example AB' -f country=SE
officer=$(last_order)
exits 3 'an officer alone does not name officers' \
    as o1 signet order approve "$officer" --yes
said 'your approval would not count'
ok 'a security officer does' as s1 signet order approve "$officer" --yes
said 'needs security-officer and security-officer, or root; has security-off'
ok 'the other one, too' as s2 signet order approve "$officer" --yes
is 'and then it is ready' "$(order_state "$officer")" ready
ok 'an order is rejected' signet order new -p tls-server --csr \
    "$tmp/www.csr" --holder www
id=$(last_order)
exits 2 'a reason is needed' signet order reject "$id" --yes
ok 'with a reason' signet order reject "$id" --reason 'not ours' --yes
is 'it is rejected' "$(order_state "$id")" rejected
says 'not ours' signet explain order "$id"

# An officer whose certificate has been put on hold.
serial=$(openssl x509 -in "$pki/officers/o2.pem" -noout -serial |
    cut -d= -f2)
as s1 signet cert hold "$serial" --yes --wait 0s >/dev/null 2>&1
cad
ok 'one more order' new
id=$(last_order)
exits 3 'who is on hold does not sign' as o2 signet order approve "$id" --yes
said 'your certificate is revoked or on hold'
# An expired one: the same person, a certificate of last year.
openssl pkey -in "$pki/ca/services.key" \
    -passin "file:$pki/secrets/ca-services" -out "$tmp/services.key"
openssl req -new -key "$pki/officers/o1.key" \
    -passin "file:$pki/secrets/officer-o1" \
    -subj '/CN=Olga One/serialNumber=o1' -out "$tmp/old.csr"
mkdir "$tmp/oldca" && : >"$tmp/oldca/index" && echo 4242 >"$tmp/oldca/serial"
cat >"$tmp/oldca/conf" <<-CONF
	[ ca ]
	default_ca = a
	[ a ]
	database = $tmp/oldca/index
	serial = $tmp/oldca/serial
	new_certs_dir = $tmp/oldca
	default_md = sha256
	policy = p
	x509_extensions = x
	[ p ]
	commonName = supplied
	serialNumber = supplied
	[ x ]
	keyUsage = critical, digitalSignature
	extendedKeyUsage = 2.25.48630738149683718521173944708743016276.2.1
CONF
openssl ca -batch -config "$tmp/oldca/conf" -in "$tmp/old.csr" \
    -cert "$pki/ca/services.pem" -keyfile "$tmp/services.key" \
    -startdate 20200101000000Z -enddate 20210101000000Z \
    -out "$pki/officers/o1x.pem" -notext 2>/dev/null
cp "$pki/officers/o1.key" "$pki/officers/o1x.key"
exits 3 'an expired certificate does not sign' \
    as o1x signet order approve "$id" --yes
said 'expired on 2021-01-01T00:00:00Z'
said 'nothing was signed'

# A key with its certificate in one PKCS#12 file.
openssl pkcs12 -export -inkey "$pki/officers/o1.key" \
    -passin "file:$pki/secrets/officer-o1" -in "$pki/officers/o1.pem" \
    -passout "file:$tmp/wrong" -out "$tmp/o1.p12"
chmod 600 "$tmp/o1.p12"
ok 'a PKCS#12 file signs' signet order approve "$id" --yes \
    --key "$tmp/o1.p12" --passphrase "file:$tmp/wrong"
is 'and it is ready' "$(order_state "$id")" ready

# Who I am can be in the settings, relative to their file; CAs elsewhere, too.
mkdir "$tmp/none"
grep -v '^ca_dir' "$pki/signet.conf" >"$tmp/me.conf"
cat >>"$tmp/me.conf" <<-CONF
	ca_dir = "none";
	cas = ( { name = "services"; cert = "pki/ca/services.pem"; } );
	officer_key = "pki/officers/o1.key";
	officer_cert = "pki/officers/o1.pem";
	officer_passphrase = "file:pki/secrets/officer-o1";
CONF
ok 'the settings say who signs' new --config "$tmp/me.conf" --sign
said 'all approvals are there'
exits 4 'only the CAs of the settings are known' \
    new --config "$tmp/me.conf" --ca people
said 'there are: services'

# All that wait.
ok 'and another' new
exits 0 'all pending ones at once' \
    as o1 signet order approve --all-pending --yes
is 'none waits' "$(signet order list --state pending --json | wc -l)" 0
exits 2 'all or some' signet order approve --all-pending "$id"

# A one-time code.
ok 'an order with a code' as o1 signet order new -p tls-server --holder www \
    -f dns=later.example.org --code --sign --json
said '"state": "ready"'
code=$(jq -r .code "$tmp/out")
id=$(jq -r .id "$tmp/out")
lacks_code() {
	! pg_dump -d signet 2>/dev/null | grep -q "$code"
}
ok 'the store does not know it' lacks_code
request later
echo "00000-00000-00000-00000" >"$tmp/code" && chmod 600 "$tmp/code"
exits 3 'a wrong code' signet order redeem "$id" --csr "$tmp/later.csr" \
    --code-from "file:$tmp/code"
echo "$code" >"$tmp/code"
as_page 'signet order redeem ORDER --csr FILE' signet order redeem "$id" \
    --csr "$tmp/later.csr" --code-from "file:$tmp/code"
is 'the right code' "$(jq -r .id "$tmp/json")" "$id"
exits 5 'only once' signet order redeem "$id" --csr "$tmp/later.csr" \
    --code-from "file:$tmp/code"
ok 'the CA takes it' cad
is 'and it is done' "$(order_state "$id")" 'done'

# Another one in its place: nobody has seen the first.
exits 5 'a code that was used gets no other' signet order code "$id" --yes
said 'it gets no other code'
ok 'an order with a request' new
exits 2 '... has no code' signet order code "$(last_order)" --yes
said 'has no one-time code'
ok 'a code is made' as o1 signet order new -p tls-server --holder www \
    -f dns=lost.example.org --code --sign --json
was=$(jq -r .id "$tmp/out")
jq -r .code "$tmp/out" >"$tmp/code"
as_page 'signet order code ORDER --sign --yes' as o1 signet order code \
    "$was" --sign --yes
id=$(jq -r .id "$tmp/json")
jq -r .code "$tmp/json" >"$tmp/code2" && chmod 600 "$tmp/code2"
not 'another is made' cmp -s "$tmp/code" "$tmp/code2"
is '... for the same' "$(sql "SELECT count(DISTINCT (holder, profile, ca,
    summary, expires_at)) FROM orders WHERE id IN
    (decode('$was', 'hex'), decode('$id', 'hex'))")" 1
is '... ready at once' "$(order_state "$id")" ready
is '... and the order before is no more' "$(order_state "$was") $(order_reason \
    "$was" | cut -c 1-33)" 'rejected another one-time code was made: o'
request lost
exits 5 'its code is void' signet order redeem "$was" \
    --csr "$tmp/lost.csr" --code-from "file:$tmp/code"
reject=$(sql "SELECT encode(id, 'hex') FROM orders WHERE kind = 'reject'
    ORDER BY seq DESC LIMIT 1")
is 'its rejection is signed' "$(order_state "$reject")" ready
cad
is '... and the CA knows' "$(order_state "$reject")" 'done'
ok 'with the new code there is a certificate' signet order redeem "$id" \
    --csr "$tmp/lost.csr" --code-from "file:$tmp/code2"
cad
is '... once' "$(order_state "$id")" 'done'
ok 'a code that nobody has approved' signet order new -p tls-server \
    --holder www -f dns=lost2.example.org --code
n=$(orders)
ok '... is made anew without any approval' signet order code \
    "$(last_order)" --yes
said 'next: signet order approve'
is '... nor a signed rejection' "$(orders)" "$((n + 1))"

# Away and back.
ok 'an order is exported' signet order export "$id" -o "$tmp/order.pem"
ok 'openssl(1) reads it' openssl cms -verify -noverify -inform PEM \
    -in "$tmp/order.pem" -out /dev/null
n=$(orders)
ok 'the same file is the same order' signet order import "$tmp/order.pem"
said 'is there already'
is 'not a second one' "$(orders)" "$n"
as o1 order_tls away --sign >/dev/null
signed=$(last_order)
ok 'an approved one is exported' signet order export "$signed" \
    -o "$tmp/signed.pem"
tamper "DELETE FROM request WHERE order_id = decode('$signed', 'hex');
    DELETE FROM item WHERE order_id = decode('$signed', 'hex');
    DELETE FROM orders WHERE id = decode('$signed', 'hex')"
ok 'where it is not known it is taken in' signet order import "$tmp/signed.pem"
is '... ready for the CA' "$(order_state "$signed")" ready
ok '... which issues' cad
is '... what was approved' "$(order_state "$signed")" 'done'
sed 's/A/B/' "$tmp/order.pem" >"$tmp/altered.pem"
not 'an altered one is refused' signet order import "$tmp/altered.pem"
exits 5 'a file is not replaced' signet order export "$id" \
    -o "$tmp/order.pem"

# The store lies about an order.
ok 'one more' new
id=$(last_order)
other=$(last_order 1)
tamper "UPDATE orders SET blob = (SELECT blob FROM orders
    WHERE id = decode('$other', 'hex')) WHERE id = decode('$id', 'hex')"
exits 3 'an exchanged order is not signed' \
    as o1 signet order approve "$id" --yes
said 'not of the same order'
done_testing
