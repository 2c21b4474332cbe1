#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What OpenSSL, GnuTLS and NSS say of our certificates and lists, and whether
# they can sign and encrypt with them.
. "${srcdir:-.}/tests/integration/tap.sh"
PATH=$SIGNET_BUILD:$PATH
start_pg
ok 'an installation is set up' signet init --dir "$tmp/a" --data "$srcdir" \
    --database "host=$PGHOST port=$PGPORT user=postgres dbname=signet" \
    --organization "Example Org" --country SE --url http://pki.example.org \
    --security-officer "so1:Sigrid Ost" --security-officer "so2:Tom Norr" \
    --officer "ro1:Olga Vik" --ca-key rsa:3072 --root-key rsa:3072 \
    --key ec:P-256
[ "$tap_failed" -eq 0 ] || done_testing
SIGNET_CONFIG=$tmp/a/signet.conf
export SIGNET_CONFIG
cat >>"$SIGNET_CONFIG" <<-CONF
	officer_key = "officers/ro1.key";
	officer_cert = "officers/ro1.pem";
	officer_passphrase = "file:$tmp/a/secrets/officer-ro1";
CONF
start signet-cad -d -c "$tmp/a/cad.conf"
root=$tmp/a/ca/root.pem
cd "$tmp" || exit 1

# request NAME KIND
request() {
	openssl req -new -newkey "$2" -nodes -keyout "$1.key" -out "$1.csr" \
	    -subj "/CN=$1"
}

# mail NAME PROFILE
mail() {
	signet issue --profile "$2" --csr "$1.csr" --holder "$1" \
	    --holder-name "$1" --field name="$1 Example" --field given="$1" \
	    --field surname=Example --field mail="$1@example.org" \
	    --field country=SE --field org="Example Org" \
	    --field orgid=NTRSE-5560360793 --out "$1.pem"
}

for name in alice bob; do
	request "$name" rsa:2048 2>/dev/null
	ok "$name gets a certificate for mail" mail "$name" mail-dual
done
request www rsa:2048 2>/dev/null
ok 'a server gets one for TLS' signet issue --profile tls-server \
    --csr www.csr --holder www --holder-name www \
    --field dns=www.example.org --out www.pem
ok 'bob loses his key' signet revoke --holder bob --reason keyCompromise \
    --yes --wait 30s
serial=$(openssl x509 -in bob.pem -noout -serial | sed 's/.*=//')

# The newest list, once it has what it should.
people_list() {
	rm -f people.crl people.der
	signet crl export people --out people.crl &&
	    openssl crl -in people.crl -outform DER -out people.der &&
	    openssl crl -in people.crl -noout -text | grep -q "$serial"
}
ok 'the list of the people CA has him' wait_for people_list
ok 'the services CA has one, too' signet crl export services \
    --out services.crl
sed -n '1,/^-----END/p' "$tmp/a/ca/people.pem" >people.pem
sed -n '1,/^-----END/p' "$tmp/a/ca/services.pem" >services.pem

# OpenSSL
verify() {
	openssl verify -x509_strict -crl_check -CAfile "$root" \
	    -untrusted "$1.pem" -CRLfile "$1.crl" -purpose "$2" \
	    ${4:+-verify_hostname "$4"} "$3"
}
ok 'OpenSSL takes alice for signing' verify people smimesign alice.pem
ok '... for encryption' verify people smimeencrypt alice.pem
ok '... and for web log-in' verify people sslclient alice.pem
not '... not as a server' verify people sslserver alice.pem
not '... and bob no more' verify people smimesign bob.pem
says 'certificate revoked' verify people smimesign bob.pem
ok 'OpenSSL takes the server by its name' \
    verify services sslserver www.pem www.example.org
not '... and by no other' verify services sslserver www.pem ftp.example.org
not '... nor as a person' verify services smimesign www.pem

echo 'hello' >letter
ok 'a letter is signed' openssl cms -sign -in letter -signer alice.pem \
    -inkey alice.key -certfile people.pem -out letter.p7m
ok '... and the signature holds' openssl cms -verify -in letter.p7m \
    -CAfile "$root" -purpose smimesign -out letter.out
ok 'a letter is encrypted to alice' openssl cms -encrypt -aes256 -in letter \
    -out letter.enc alice.pem
ok '... and she reads it' openssl cms -decrypt -in letter.enc \
    -recip alice.pem -inkey alice.key -out letter.out
ok '... as it was' sh -c 'tr -d "\r" <letter.out | cmp - letter'

# GnuTLS.  It wants the chain in one file, the leaf first.
gnutls() {
	certtool --verify --load-ca-certificate "$root" \
	    --infile "$1.chain" --load-crl "$2.crl" \
	    --verify-purpose "$3" ${4:+--verify-hostname "$4"}
}
for name in alice bob; do
	sed -n '1,/^-----END/p' "$name.pem" | cat - people.pem >"$name.chain"
done
sed -n '1,/^-----END/p' www.pem | cat - services.pem >www.chain
email=1.3.6.1.5.5.7.3.4
server=1.3.6.1.5.5.7.3.1
ok 'GnuTLS takes alice for mail' gnutls alice people $email
not '... not as a server' gnutls alice people $server
not '... and bob no more' gnutls bob people $email
says 'revoked' gnutls bob people $email
ok 'GnuTLS takes the server by its name' \
    gnutls www services $server www.example.org
not '... and by no other' gnutls www services $server ftp.example.org
ok 'GnuTLS reads the list' certtool --crl-info --infile people.crl

# NSS
mkdir nss
nss() {
	certutil -V -d sql:nss -n "$1" -u "$2"
}
ok 'NSS makes a store' certutil -N -d sql:nss --empty-password
ok '... takes the root' certutil -A -d sql:nss -n root -t CT,C, -i "$root"
for name in people services alice bob www; do
	ok "... and $name" certutil -A -d sql:nss -n $name -t ,, -i $name.pem
done
ok 'NSS takes bob while it knows no list' nss bob S
ok 'NSS takes the list' crlutil -I -d sql:nss -i people.der
ok 'NSS takes alice for signing' nss alice S
ok '... for encryption' nss alice R
ok '... and for web log-in' nss alice C
not '... not as a server' nss alice V
not '... and bob no more' nss bob S
ok 'NSS takes the server' nss www V
not '... and not for mail' nss www S
done_testing
