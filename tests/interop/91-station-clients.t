#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Cards that the station made, with the PIN of their letters, in software that
# everybody has: OpenSC signs and decrypts with each key (G028, G029, G030),
# NSS, OpenSSL and GnuPG sign and read mail, GnuTLS and curl log in to the
# registration authority.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/cards.sh"
. "$srcdir/tests/lib/station.sh"
. "$srcdir/tests/lib/rad.sh"
cd "$tmp" || exit 1
module=$(find /usr/lib /usr/lib64 -name opensc-pkcs11.so 2>/dev/null | head -n 1)
install_pki
cat "$pki/ca/people.pem" "$pki/ca/root.pem" >chain.pem
station_configure
slots() {		# ALG
	echo "
	{ slot = \"authentication\"; profile = \"web-login\"; alg = \"$1\"; },
	{ slot = \"signature\"; profile = \"individual-sign\"; alg = \"$1\"; },
	{ slot = \"key management\"; profile = \"individual-encrypt\"; alg = \"$1\"; },
	{ slot = \"card authentication\"; profile = \"card-auth\"; alg = \"$1\"; }
	"
}
layout rsa "$(slots rsa:2048)"
layout ec "$(slots ec:P-256)"

# --- as the holder does, with the PIN of the letter ---

p11() {
	pkcs11-tool --module "$module" "$@"
}

number_in() {		# BATCH: of its only card
	sql "SELECT i.number FROM card_item i JOIN card_batch b
	    ON b.id = i.batch WHERE b.name = '$1'"
}

cert_in() {		# SLOT: of the card in use, from the store
	sql "SELECT encode(x.der, 'base64') FROM card_key k
	    JOIN card c ON c.id = k.card
	    JOIN cert x ON x.order_id = k.order_id AND x.n = k.n
	    WHERE c.number = '$number' AND k.slot = '$1'" | base64 -d |
	    openssl x509 -inform DER
}

# take READER KIND [OPTION]... - the card alone is in, the letter is opened
take() {
	number=$(number_in "$2") dir=$tmp/$2
	mkdir "$dir" && letter_of "$number" "$dir/letter" || return 1
	sed -n 's/^ *\([0-9]\( *[0-9]\)\{5\}\) *$/\1/p' "$dir/letter" |
	    head -n 1 | tr -d ' ' >"$dir/pin"
	pin=$(cat "$dir/pin")
	cert_in authentication >"$dir/01.pem" &&
	cert_in signature >"$dir/02.pem" &&
	cert_in 'key management' >"$dir/03.pem" &&
	cert_in 'card authentication' >"$dir/04.pem" || return 1
	for id in 01 02 03 04; do
		openssl x509 -in "$dir/$id.pem" -noout -pubkey >"$dir/$id.pub"
	done
	take_reader=$1 take_kind=$2
	shift 2
	card_insert "$take_reader" "$tmp/card-$take_kind" "$@"
}

# Not what the station says it wrote, but what a reader finds.
carries() {		# ID
	openssl x509 -in "$dir/$1.pem" -outform der -out "$dir/$1.der" &&
	p11 --read-object --type cert --id "$1" -o "$dir/$1.read" &&
	cmp "$dir/$1.der" "$dir/$1.read"
}

signs() {		# ID MECHANISM
	p11 --pin "$pin" --sign --id "$1" -m "$2" -i data -o sig \
	    --signature-format openssl &&
	openssl dgst -sha256 -verify "$dir/$1.pub" -signature sig data
}

decrypts() {
	openssl pkeyutl -encrypt -pubin -inkey "$dir/03.pub" -in data \
	    -out sealed &&
	p11 --pin "$pin" --decrypt --id 03 -m RSA-PKCS -i sealed -o opened &&
	cmp data opened
}

agrees() {
	openssl ecparam -name prime256v1 -genkey -noout -out mine.key &&
	openssl pkey -in mine.key -pubout -outform der -out mine.der &&
	openssl pkeyutl -derive -inkey mine.key -peerkey "$dir/03.pub" \
	    -out ours &&
	p11 --pin "$pin" --derive --id 03 -m ECDH1-COFACTOR-DERIVE \
	    -i mine.der -o theirs && cmp ours theirs
}

url_of() {		# TYPE ID
	p11tool --provider "$module" --list-all --login \
	    --set-pin "$pin" 2>/dev/null | sed -n 's/.*URL: //p' |
	    grep "id=%$2" | grep "type=$1"
}

visit_gnutls() {	# PATH [options]
	gnutls_path=$1
	shift
	printf 'GET %s HTTP/1.0\r\nHost: %s:%s\r\n\r\n' "$gnutls_path" \
	    "$rad_host" "$rad_cert_port" | GNUTLS_PIN=$pin timeout 60 \
	    gnutls-cli --provider "$module" --x509cafile "$pki/ca/root.pem" \
	    --verify-hostname "$rad_host" --sni-hostname "$rad_host" \
	    --port "$rad_cert_port" "$@" 127.0.0.1
}

# How it thinks of the end of the connection is not asked for.
log_in_gnutls() {
	visit_gnutls /session --x509certfile "$(url_of cert 01)" \
	    --x509keyfile "$(url_of private 01)" >page 2>&1
	cat page
	grep -q 'HTTP/1.1 200' page
}

# OpenSSL's engine takes its module from here.
log_in_curl() {
	PKCS11_MODULE_PATH=$module rad_ask "$rad_cert/session" \
	    --engine pkcs11 --cert-type ENG --key-type ENG \
	    --cert "$(url_of cert 01)" \
	    --key "$(url_of private 01);pin-value=$pin" && cat body
}

cms_with_card() {	# ID, then options of openssl cms
	cms_id=$1
	shift
	PKCS11_MODULE_PATH=$module openssl cms -engine pkcs11 \
	    -keyform engine -inkey "$(url_of private "$cms_id");pin-value=$pin" \
	    "$@"
}

seal() {		# of OpenSSL, to the certificate that the store has
	openssl cms -encrypt -binary -aes256 -outform der -in data \
	    -out sealed "$dir/03.pem"
}

# NSS says as well where answers are to be sealed for.
signs_mail() {
	token=$(certutil -L -d sql:nss -h all -f "$dir/pin" 2>/dev/null |
	    sed -n 's/^\(.*\):Certificate for Digital Signature .*/\1/p')
	rm -f plain
	ok 'G028: NSS signs a mail with it' cmsutil -S -d sql:nss -H SHA256 \
	    -f "$dir/pin" -N "$token:Certificate for Digital Signature" \
	    -Y "$token:Certificate for Key Management" -i data -o signed
	ok '... which OpenSSL verifies, up to the root' openssl cms -verify \
	    -inform der -in signed -binary -CAfile chain.pem -out plain
	ok '... and is what it was' cmp plain data
}

# GnuPG's own scdaemon knows PIV cards from 2.3 on.  Before (Debian 12 has 2.2),
# it is gnupg-pkcs11-scd in its place, which has them from OpenSC, with RSA keys
# only.  scdaemon_has says which of the two was at work.
gnupg_has_piv() {
	gpgsm --version | awk 'NR == 1 { split($NF, v, ".")
	    exit !(v[1] * 1000 + v[2] >= 2003) }'
}

gnupg_begin() {
	GNUPGHOME=$tmp/gnupg-$take_kind
	export GNUPGHOME
	mkdir -m 700 "$GNUPGHOME" || return 1
	echo allow-loopback-pinentry >"$GNUPGHOME/gpg-agent.conf"
	cat >"$GNUPGHOME/scdaemon.conf" <<-CONF
	disable-ccid
	pcsc-driver libpcsclite.so.1
	CONF
	cat >"$GNUPGHOME/gnupg-pkcs11-scd.conf" <<-CONF
	providers opensc
	provider-opensc-library $module
	CONF
	gnupg_has_piv || echo "scdaemon-program $(command -v \
	    gnupg-pkcs11-scd)" >>"$GNUPGHOME/gpg-agent.conf"
	echo disable-crl-checks >"$GNUPGHOME/gpgsm.conf"
	echo "$(openssl x509 -in "$pki/ca/root.pem" -noout -fingerprint \
	    -sha1 | sed 's/.*=//') S relax" >"$GNUPGHOME/trustlist.txt"
	gpgsm --batch --import "$pki/ca/root.pem" "$pki/ca/people.pem" &&
	gpgsm --batch --learn-card
}

gpgsm_with_card() {
	gpgsm --batch --pinentry-mode loopback --passphrase-fd 3 \
	    "$@" 3<"$dir/pin"
}

sha1_of() {
	openssl x509 -in "$1" -noout -fingerprint -sha1 |
	    sed 's/.*=//; s/://g'
}

scdaemon_has() {
	if gnupg_has_piv; then scdaemon=piv; else scdaemon=pkcs11; fi
	gpg-connect-agent 'SCD LEARN --force' /bye >learnt 2>&1
	grep -qi "^S APPTYPE $scdaemon" learnt || { cat learnt; false; }
}

has_key() {		# ID
	gpgsm --batch --with-colons --list-secret-keys >keys &&
	    grep -q "$(sha1_of "$dir/$1.pem")" keys
}

# gpg-agent puts a zero before an RSA signature of a card whose first bit is set,
# as numbers have it, and libksba 1.6 writes it into the CMS as it is: 257 octets
# for a key of 2048 bits, half of the time.  RFC 8017, 8.2.2 wants that
# refused, OpenSSL refuses it, and GnuPG does not mind.  That zero is taken off,
# and nothing else is; what the card gave is the 256 after it.
without_sign() {	# FILE
	openssl cms -cmsout -inform der -in "$1" -outform der -out "$1.der" &&
	perl "$srcdir/tests/lib/signature_size.pl" 256 <"$1.der" >"$1"
}

gnupg_signs() {
	rm -f signed plain
	gpgsm_with_card -o signed -u "0x$(sha1_of "$dir/02.pem")" \
	    --sign data && without_sign signed &&
	openssl cms -verify -inform der -in signed -binary \
	    -CAfile chain.pem -out plain
}

mail_with_gnupg() {
	ok 'GnuPG learns the card' gnupg_begin
	ok '... and has its keys' has_key 03
	ok '... through the scdaemon that this GnuPG has for PIV' scdaemon_has
	echo "# $(gpgsm --version | head -n 1), $scdaemon"
	ok 'G028: GnuPG signs a mail with it, which OpenSSL verifies' \
	    gnupg_signs
	ok '... and is what it was' cmp plain data
	rm -f plain
	ok 'a mail is sealed to it' seal
	ok 'G029: GnuPG decrypts it' gpgsm_with_card -o plain \
	    --decrypt sealed
	ok '... and it is what it was' cmp plain data
	gpgconf --kill all
}

# --- made ---

date >data
cat >opensc.conf <<'C'
app opensc-pkcs11 { pkcs11 { max_virtual_slots = 64; slots_per_card = 2; } }
C
OPENSC_CONF=$tmp/opensc.conf
export OPENSC_CONF
ok 'there are two readers' readers_begin 2
ok 'one card with RSA keys is approved' card_batch rsa rsa 1
ok '... and one with EC keys' card_batch ec ec 1
ca_start
issued() { [ "$(sql "SELECT state FROM card WHERE number = '$(number_in "$1")'")" = issued ]; }
card_insert 0 "$tmp/card-rsa" -x -n 4711 -k A
station_start --batch rsa
ok 'the station makes the one, on a card with extensions' wait_for issued rsa
station_stop
card_pull 0
card_insert 1 "$tmp/card-ec" -k D -n 4712
station_start --batch ec
ok '... and the other, on a strict card' wait_for issued ec
station_stop
card_pull 1
rad_configure
ok 'the registration authority is there' rad_start

# --- RSA ---

ok 'the letter of the RSA card has a PIN' take 0 rsa -x -n 4711 -k A
ok 'N024: its keys and certificates are listed' p11 --pin "$pin" --login -O
for id in 01 02 03 04; do
	ok "G030: certificate $id is the issued one" carries $id
done
for id in 01 02 04; do
	ok "G028: key $id signs for OpenSC" signs $id SHA256-RSA-PKCS
done
ok 'G029: key 03 decrypts for OpenSC' decrypts
ok 'OpenSC tries all that it can' p11 --pin "$pin" --login --test
cp out tried
ok '... signs' grep -q 'all 4 signature functions seem to work' tried
is '... and misses nothing but random numbers, which the card has not' \
    "$(grep ERR: tried | grep -v C_GenerateRandom)" ''
visit_gnutls /officer >out-without 2>&1
ok 'who comes without a card is nobody' grep -q 'HTTP/1.. 40[13]' out-without
ok 'GnuTLS logs in with it' log_in_gnutls
said 'H 1'
is 'curl logs in with it' "$(log_in_curl | head -n 1)" 200
ok '... as its holder' grep -q 'H 1' body

mkdir nss
certutil -N -d sql:nss --empty-password
ok 'NSS gets OpenSC' modutil -force -dbdir sql:nss -add opensc \
    -libfile "$module"
certutil -A -d sql:nss -n root -t C,C,C -i "$pki/ca/root.pem"
certutil -A -d sql:nss -n people -t ,, -i "$pki/ca/people.pem"
ok 'NSS lists its keys' certutil -K -d sql:nss -h all -f rsa/pin
signs_mail
ok 'a mail is sealed to it' seal
ok 'G029: NSS decrypts it' cmsutil -D -d sql:nss -i sealed -o plain \
    -f rsa/pin
ok '... and it is what it was' cmp plain data
rm -f plain
ok 'G029: OpenSSL decrypts with it' cms_with_card 03 -decrypt -inform der \
    -in sealed -recip rsa/03.pem -binary -out plain
ok '... and it is what it was' cmp plain data
mail_with_gnupg
card_pull 0

# --- EC ---

ok 'the letter of the EC card has a PIN' take 1 ec -k D -n 4712
for id in 01 02 03 04; do
	ok "G030: certificate $id is the issued one" carries $id
done
for id in 01 02 04; do
	ok "G028: key $id signs for OpenSC" signs $id ECDSA-SHA256
done
ok 'G029: key 03, which only agrees, agrees with another' agrees
ok 'GnuTLS logs in with it' log_in_gnutls
said 'H 1'
is 'curl logs in with it' "$(log_in_curl | head -n 1)" 200
signs_mail
if gnupg_has_piv; then
	mail_with_gnupg
fi

# --- and no longer ---

serial=$(openssl x509 -in ec/01.pem -noout -serial | sed 's/.*=//' |
    tr '[:upper:]' '[:lower:]')
ok 'its certificate is revoked' as o1 signet cert revoke "$serial" \
    --reason keyCompromise --wait 20s --yes
is 'nobody logs in with it' "$(log_in_curl | head -n 1)" 403
done_testing
