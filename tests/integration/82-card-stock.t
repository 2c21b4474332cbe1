#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The card for tests is a PIV card to those who know PIV cards: OpenSC and
# yubico-piv-tool, through pcscd, without a line of ours.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/cards.sh"

opensc=
for module in /usr/lib/*/opensc-pkcs11.so /usr/lib64/opensc-pkcs11.so; do
	[ ! -e "$module" ] || opensc=$module
done
management=010203040506070801020304050607080102030405060708

# The virtual readers, not a real one that may be there.
piv() {
	yubico-piv-tool --reader "$(reader_name 0)" "$@"
}

read_object() {
	opensc-tool --reader "$1" --send-apdu 00:A4:04:00:05:A0:00:00:03:08:00 \
	    --send-apdu "$2" 2>&1
}

# A certificate for the key in a slot, made by a CA of this script.
certify() {
	openssl x509 -new -force_pubkey "$tmp/$1.pub" -subj "/CN=$2" \
	    -signkey "$tmp/ca.key" -days 30 -out "$tmp/$1.crt" -extfile /dev/stdin \
	    -extensions e <<-EXT
	[e]
	keyUsage = $3
	EXT
}

ok 'there are two readers' readers_begin 2
openssl ecparam -name prime256v1 -genkey -noout -out "$tmp/ca.key"
ok 'a card with extensions is put in' card_insert 0 "$tmp/extended" -x -n 4711
ok 'and a strict one' card_insert 1 "$tmp/strict"
strict=$(reader_number 1)

ok 'its version and serial number are read' piv -a status
said '4711'
says "Failed authentication with the application" piv -a generate -s 9a -A RSA2048 \
    --key="$(echo "$management" | tr 1 3)" -o "$tmp/none.pub"
for slot in 9a:RSA2048 9c:ECCP256 9d:RSA2048 9e:ECCP384; do
	ok "a key is made in ${slot%:*}" piv -a generate -s "${slot%:*}" \
	    -A "${slot#*:}" --key="$management" -o "$tmp/${slot%:*}.pub"
done
for slot in 9a:digitalSignature 9c:digitalSignature,nonRepudiation \
    9d:keyEncipherment 9e:digitalSignature; do
	ok "${slot%:*} is certified" certify "${slot%:*}" "holder ${slot%:*}" \
	    "${slot#*:}"
	ok 'and the certificate is written' piv -a import-certificate \
	    -s "${slot%:*}" --key="$management" -i "$tmp/${slot%:*}.crt"
done
ok 'it gets a CHUID' piv -a set-chuid --key="$management"
ok 'a key is attested' piv -a attest -s 9a -o "$tmp/attest.pem"
ok 'by the card' piv -a read-certificate -s f9 -o "$tmp/attester.pem"
ok 'the chain holds' openssl verify -partial_chain -trusted \
    "$tmp/attester.pem" "$tmp/attest.pem"
openssl x509 -in "$tmp/attest.pem" -noout -pubkey >"$tmp/attested.pub"
ok 'for that key' cmp "$tmp/attested.pub" "$tmp/9a.pub"
ok 'the PIN is changed' piv -a change-pin -P 123456 -N 654321
says '2 tries left' piv -a verify-pin -P 123456

p11() {
	pkcs11-tool --module "$opensc" "$@"
}
ok 'OpenSC takes it for a PIV card' p11 -O
said 'holder 9a'
said 'holder 9d'
date >"$tmp/data"
sign() {
	p11 --pin 654321 --sign --id "$1" -m "$2" -i "$tmp/data" \
	    -o "$tmp/sig" --signature-format openssl &&
	openssl dgst "-$3" -verify "$tmp/$4.pub" -signature "$tmp/sig" \
	    "$tmp/data"
}
ok 'a signature by 9a verifies' sign 01 SHA256-RSA-PKCS sha256 9a
ok 'a signature by 9c verifies' sign 02 ECDSA-SHA256 sha256 9c
ok 'a signature by 9e verifies' sign 04 ECDSA-SHA384 sha384 9e
openssl pkeyutl -encrypt -pubin -inkey "$tmp/9d.pub" -in "$tmp/data" \
    -out "$tmp/sealed"
ok 'what was sealed for 9d is opened' p11 --pin 654321 --decrypt --id 03 \
    -m RSA-PKCS -i "$tmp/sealed" -o "$tmp/opened"
ok 'and is what it was' cmp "$tmp/data" "$tmp/opened"

says 'SW1=0x63, SW2=0xC3' read_object "$strict" 00:20:00:80
says 'SW1=0x6D, SW2=0x00' read_object "$strict" 00:FD:00:00:00
says 'SW1=0x6A, SW2=0x82' read_object "$strict" \
    00:CB:3F:FF:05:5C:03:5F:C1:05:00
says 'SW1=0x69, SW2=0x82' read_object "$strict" \
    00:47:00:9A:05:AC:03:80:01:11:00
ok 'a card that was pulled is seen to be out' card_pull 1
ok 'put in again it is there' card_insert 1 "$tmp/strict"
done_testing
