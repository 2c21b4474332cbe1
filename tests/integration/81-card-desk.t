#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Readers and cards for who has neither, as quickstart starts them; cards of one
# maker vouch for their keys, and another maker's cards do not count.
. "${srcdir:-.}/tests/integration/tap.sh"
PATH=$SIGNET_BUILD/tests/lib/pivcard:$srcdir/tests/lib/pivcard:$PATH
cd "$tmp" || exit 1

ok 'the card says what it can be' pivcard --help
said 'make a card'
exits 2 'a card has keys of a channel of 16, 24 or 32 bytes' pivcard -g 20 card
exits 2 'there is no eighth card' pivcard -k H card
exits 2 'readers are so many' readers "$SIGNET_BUILD"
said 'readers BUILD DIR N'

start readers "$SIGNET_BUILD" desk 2 -x -v "$tmp/maker"
desk=$last
ok 'two readers with a card each are started' wait_for test -e desk/ready
PCSCLITE_CSOCK_NAME=$tmp/desk/pcscd.comm
export PCSCLITE_CSOCK_NAME
ok 'the first has its card' card_maker look 'Test Reader 0 00 00'
said 'extended card, serial 1000'
ok 'the second another' card_maker look 'Test Reader 1 00 00'
said 'extended card, serial 1001'

attests() {		# READER NAME
	mkdir "$2" && card_maker keys "$1" "$2" ec:P-256 &&
	yubico-piv-tool --reader "$1" -a attest -s 9a -o "$2/9a.att" &&
	yubico-piv-tool --reader "$1" -a read-certificate -s f9 -o "$2/f9"
}
ok 'a card attests a key' attests 'Test Reader 1 00 00' one
openssl x509 -in maker -out maker.pem
ok '... and its maker stands for it' openssl verify -trusted maker.pem \
    -untrusted one/f9 one/9a.att
pivcard -x -v "$tmp/other" -n 1002 card-other
openssl x509 -in other -out other.pem
not '... and nobody else does' openssl verify -trusted other.pem \
    -untrusted one/f9 one/9a.att
kill "$desk"
wait "$desk"
is 'it ends, with nothing left' "$?" 0
not '... no reader' card_maker look 'Test Reader 0 00 00'
done_testing
