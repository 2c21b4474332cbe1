#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Keys that must not be certified, though nothing is wrong with their numbers:
# those on a blocklist, another's, compromised ones.  Refused where they are
# handed in, and by the CA when somebody goes around that.  Shows S029.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
install_pki

# The leaked key, as openssl-blacklist would list it, among others.
openssl req -new -newkey rsa:2048 -nodes -keyout "$tmp/leak.key" \
    -out "$tmp/leak.csr" -subj /CN=leak.example.org \
    -addext subjectAltName=DNS:leak.example.org 2>/dev/null
{
	echo '# weak keys'
	echo 00112233445566778899
	openssl rsa -in "$tmp/leak.key" -noout -modulus | sha1sum |
	    cut -c 21-40
} >"$tmp/debian.txt"
echo zz >"$tmp/bad.txt"
request ecleak -subj /CN=ecleak.example.org
openssl pkey -in "$tmp/ecleak.key" -pubout -outform DER | sha256sum |
    cut -c 1-64 >"$tmp/spki.txt"

exits 2 'a list with a bad line' signet blocklist make -o "$tmp/weak.keys" \
    "$tmp/debian.txt" "$tmp/bad.txt"
said 'bad.txt: line 1'
exits 2 'another kind than spki or number' signet blocklist make --of x \
    -o "$tmp/weak.keys" "$tmp/spki.txt"
exits 4 'a list that is not there' signet blocklist make \
    -o "$tmp/weak.keys" "$tmp/none"
ok 'a list is made' signet blocklist make -o "$tmp/weak.keys" \
    "$tmp/debian.txt" "$tmp/spki.txt"
is 'of what was read' "$(signet blocklist show "$tmp/weak.keys" --json |
    tr -d ' \n' | grep -o '"spki":1,"number":0,"modulus":2')" \
    '"spki":1,"number":0,"modulus":2'
head -c 90 "$tmp/weak.keys" >"$tmp/cut.keys"
exits 7 'a list that was cut off' signet blocklist show "$tmp/cut.keys"
said 'make it again'

# Without the list both are taken; the CA's own list is what counts.
hand_in() {
	signet issue -p tls-server --csr "$tmp/$1.csr" --holder "$1" \
	    --holder-name "$1" -f "dns=$1.example.org" -o "$tmp/$1.pem" \
	    --wait 0s --yes --key "$pki/officers/o1.key" \
	    --cert "$pki/officers/o1.pem" \
	    --passphrase "file:$pki/secrets/officer-o1" </dev/null
}
cp "$pki/cad.conf" "$tmp/cad.conf.old"
echo "blocklists = [ \"$tmp/cut.keys\" ];" >>"$pki/cad.conf"
not 'the CA does not start with a list that is damaged' cad
cp "$tmp/cad.conf.old" "$pki/cad.conf"
echo "blocklists = [ \"$tmp/weak.keys\" ];" >>"$pki/cad.conf"
for name in leak ecleak; do
	not "without the list $name is handed in, and waits" hand_in $name
	id=$(last_order)
	ok 'the CA looks at it' cad
	is 'and refuses it' "$(order_state "$id")" refused
	says 'is on the blocklist' order_reason "$id"
done
echo "blocklists = [ \"$tmp/weak.keys\" ];" >>"$pki/signet.conf"
before=$(sql 'SELECT count(*) FROM orders')
exits 3 'with it, it is not handed in' hand_in leak
said 'key: known to others: its modulus digest is on the blocklist'
said 'make a new key'
exits 3 'nor is the other' hand_in ecleak
said 'its spki digest'
exits 3 'a check says so beforehand' signet csr check "$tmp/leak.csr"
mkdir "$tmp/many"
cp "$tmp/leak.csr" "$tmp/many/"
exits 2 'an import, too' signet order import -p tls-server "$tmp/many"
said 'is on the blocklist'
is 'nothing was stored' "$(sql 'SELECT count(*) FROM orders')" "$before"

# Another's key.
request alice -subj /CN=alice.example.org
not 'a holder gets a certificate' hand_in alice
ok 'by the CA' cad
is 'for her key' "$(order_state "$(last_order)")" 'done'
openssl req -new -key "$tmp/alice.key" -subj /CN=mallory.example.org \
    -out "$tmp/mallory.csr"
exits 3 'for another holder the key is refused' hand_in mallory
said 'key of holder mallory: is certified for another holder (certificate'
said 'the holder makes a new key and request'
openssl req -new -key "$tmp/alice.key" -subj /CN=www.example.org \
    -addext subjectAltName=DNS:www.example.org -out "$tmp/many/leak.csr"
exits 3 'so it is in a batch' signet order import -p tls-server "$tmp/many"
said 'is certified for another holder'

# A compromised key, for its own holder.
serial=$(serial_of "$(last_order)")
exits 6 'her key is compromised, says an officer' as o1 signet revoke \
    "$serial" --reason keyCompromise --yes --wait 0s
ok 'and the CA' cad
openssl req -new -key "$tmp/alice.key" -subj /CN=alice2.example.org \
    -out "$tmp/alice.csr"
exits 3 'and never certified again' hand_in alice
said 'key of holder alice: was revoked as compromised'
done_testing
