#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Cards that our driver made, in software that everybody has, through the real
# pcscd: OpenSC signs and decrypts with each key (G028, G029); NSS, which is
# Firefox and Thunderbird, signs and reads mail; GnuTLS and curl log in.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/cards.sh"
. "$srcdir/tests/lib/ports.sh"
cd "$tmp" || exit 1

module=$(find /usr/lib /usr/lib64 -name opensc-pkcs11.so 2>/dev/null | head -n 1)
pin=72430981
echo $pin >pin

# A CA of this script: what is tried here is the card, not who certifies it.
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 \
    -subj '/CN=Test CA' 2>/dev/null
cat >extensions <<'X'
[9a]
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
[9c]
keyUsage = critical, digitalSignature, nonRepudiation
extendedKeyUsage = emailProtection
subjectAltName = email:sign@example.org
[9d_rsa]
keyUsage = critical, keyEncipherment
extendedKeyUsage = emailProtection
subjectAltName = email:seal@example.org
[9d_ec]
keyUsage = critical, keyAgreement
extendedKeyUsage = emailProtection
subjectAltName = email:seal@example.org
[9e]
keyUsage = critical, digitalSignature
[server]
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = IP:127.0.0.1
X

# A request says which key it is; or is the key alone.
public_key() {
	openssl req -inform der -in "$1" -noout -pubkey 2>/dev/null ||
	    openssl pkey -pubin -inform der -in "$1" -pubout
}

certify() {		# DIR SLOT EXTENSIONS
	public_key "$1/$2.req" >"$1/$2.pub" &&
	openssl x509 -new -force_pubkey "$1/$2.pub" -subj "/CN=holder $2" \
	    -CA ca.pem -CAkey ca.key -days 20 -out "$1/$2.pem" \
	    -extfile extensions -extensions "$3"
}

fill() {		# READER DIR ALG KIND
	mkdir "$2" &&
	card_maker keys "$(reader_name "$1")" "$2" "$3" &&
	certify "$2" 9a 9a && certify "$2" 9c 9c &&
	certify "$2" 9d "9d_$4" && certify "$2" 9e 9e &&
	{ [ ! -e "$2/82.req" ] || certify "$2" 82 "9d_$4"; } &&
	card_maker certs "$(reader_name "$1")" "$2"
}

p11() {
	pkcs11-tool --module "$module" "$@"
}

signs() {		# DIR SLOT ID MECHANISM [DIGEST]
	p11 --pin $pin --sign --id "$3" -m "$4" -i data -o sig \
	    --signature-format openssl &&
	openssl dgst "-${5:-sha256}" -verify "$1/$2.pub" -signature sig data
}

decrypts() {
	openssl pkeyutl -encrypt -pubin -inkey rsa/9d.pub -in data -out sealed &&
	p11 --pin $pin --decrypt --id 03 -m RSA-PKCS -i sealed -o opened &&
	cmp data opened
}

agrees() {
	openssl ecparam -name prime256v1 -genkey -noout -out mine.key &&
	openssl pkey -in mine.key -pubout -outform der -out mine.der &&
	openssl pkeyutl -derive -inkey mine.key -peerkey ec/9d.pub -out ours &&
	p11 --pin $pin --derive --id 03 -m ECDH1-COFACTOR-DERIVE \
	    -i mine.der -o theirs && cmp ours theirs
}

server_start() {
	openssl req -newkey rsa:2048 -nodes -keyout server.key \
	    -subj '/CN=server' 2>/dev/null | openssl x509 -req -CA ca.pem \
	    -CAkey ca.key -days 20 -out server.pem -extfile extensions \
	    -extensions server 2>/dev/null
	port=$(free_ports 1)
	start openssl s_server -accept "127.0.0.1:$port" -www -Verify 1 \
	    -verify_return_error -CAfile ca.pem -cert server.pem \
	    -key server.key
	wait_for bound "$port"
}

bound() {
	openssl s_client -connect "127.0.0.1:$1" </dev/null 2>&1 |
	    grep -q 'CONNECTED'
}

url_of() {		# TYPE: of the key in 9A
	p11tool --provider "$module" --list-all --login \
	    --set-pin $pin 2>/dev/null | sed -n 's/.*URL: //p' |
	    grep 'id=%01' | grep "type=$1"
}

log_in() {
	certificate=$(url_of cert)
	key=$(url_of private)
	printf 'GET / HTTP/1.0\r\n\r\n' | GNUTLS_PIN=$pin timeout 30 \
	    gnutls-cli --provider "$module" --x509cafile ca.pem \
	    --x509certfile "$certificate" --x509keyfile "$key" \
	    --port "$port" 127.0.0.1
}

# OpenSSL's engine takes its module from here.
log_in_curl() {
	PKCS11_MODULE_PATH=$module timeout 30 curl -sS --cacert ca.pem \
	    --engine pkcs11 --cert-type ENG --key-type ENG \
	    --cert "$(url_of cert)" --key "$(url_of private);pin-value=$pin" \
	    "https://127.0.0.1:$port/"
}

ok 'there are two readers' readers_begin 2
date >data
cat >opensc.conf <<'C'
app opensc-pkcs11 { pkcs11 { max_virtual_slots = 64; slots_per_card = 2; } }
C
OPENSC_CONF=$tmp/opensc.conf
export OPENSC_CONF

# --- RSA, on a card with extensions -------------------------------------------

card_put 0 "$tmp/card-rsa" -x -n 4711 -k A
ok 'N024: a card makes four RSA keys, and gets certificates' fill 0 rsa rsa:2048 rsa
ok 'G030: its keys and certificates are listed' p11 -O
said 'holder 9a'
ok 'G028: 9A signs for OpenSC' signs rsa 9a 01 SHA256-RSA-PKCS
ok '... and 9C' signs rsa 9c 02 SHA256-RSA-PKCS
ok '... and 9E' signs rsa 9e 04 SHA256-RSA-PKCS
ok 'G029: 9D decrypts for OpenSC' decrypts
ok 'a former key is found by the key history' p11 --read-object --type cert \
    --id 05 -o former.der
openssl x509 -in rsa/82.pem -outform der -out 82.der
ok '... with its certificate' cmp former.der 82.der
ok 'OpenSC finds nothing wrong' p11 --pin $pin --login --test
said 'No errors'

server_start
not 'without a certificate there is no log-in' sh -c "printf 'GET / HTTP/1.0\r
\r
' | gnutls-cli --x509cafile ca.pem --port $port 127.0.0.1"
ok 'GnuTLS logs in with it' log_in
said 'holder 9a'
ok 'curl logs in with it' log_in_curl
said 'holder 9a'

mkdir nss
certutil -N -d sql:nss --empty-password
ok 'NSS gets OpenSC' modutil -force -dbdir sql:nss -add opensc \
    -libfile "$module"
certutil -A -d sql:nss -n ca -t C,C,C -i ca.pem
ok 'NSS lists its keys' certutil -K -d sql:nss -h all -f pin
said 'holder 9a'
# It says as well where answers are to be sealed for.
ok 'G028: NSS signs a mail with it' cmsutil -S -d sql:nss -H SHA256 -f pin \
    -N 'holder 9a:Certificate for Digital Signature' \
    -Y 'holder 9a:Certificate for Key Management' -i data -o signed
ok '... which OpenSSL verifies' openssl cms -verify -inform der -in signed \
    -binary -CAfile ca.pem -out plain
ok '... and is what it was' cmp plain data
openssl cms -encrypt -binary -aes256 -outform der -in data -out sealed \
    rsa/9d.pem
ok 'G029: NSS decrypts a mail with it' cmsutil -D -d sql:nss -i sealed -o plain \
    -f pin
ok '... and it is what it was' cmp plain data

for wrong in 111111 222222 333333; do
	not "a wrong PIN opens nothing ($wrong)" p11 --pin $wrong --login -O
done
not 'N026: after three the right one does not either' p11 --pin $pin --login -O
said 'CKR_PIN_LOCKED'
ok 'N027: the PUK unblocks it' yubico-piv-tool --reader "$(reader_name 0)" \
    -a unblock-pin -P 12345678 -N $pin
ok '... and 9A signs again' signs rsa 9a 01 SHA256-RSA-PKCS
card_pull 0

# --- EC, on a strict card ------------------------------------------------------

card_put 1 "$tmp/card-ec" -k D
ok 'a strict card gets four EC keys and certificates' fill 1 ec ec:P-256 ec
ok 'G028: 9A signs for OpenSC' signs ec 9a 01 ECDSA-SHA256
ok '... and 9C' signs ec 9c 02 ECDSA-SHA256
ok '... and 9E' signs ec 9e 04 ECDSA-SHA256
ok 'G029: 9D, which only agrees, agrees with another key' agrees
ok 'GnuTLS logs in with it' log_in
said 'holder 9a'
card_pull 1

# --- EC, on a card that came bare ----------------------------------------------

card_put 1 "$tmp/card-bare" -g 16 -n 4712
not 'a bare card takes nothing' card_maker keys "$(reader_name 1)" "$tmp" \
    ec:P-384
ok 'it is prepared through its secure channel' card_maker prepare \
    "$(reader_name 1)" ec:P-384
CARD_IS_PREPARED=1
export CARD_IS_PREPARED
ok 'and gets four EC keys and certificates' fill 1 bare ec:P-384 ec
ok 'G028: 9A signs for OpenSC' signs bare 9a 01 ECDSA-SHA384 \
    sha384
ok '... and 9C' signs bare 9c 02 ECDSA-SHA384 sha384
done_testing
