#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Profiles as officers use them, with each kind of key: who may have one made,
# what OpenSSL prints of it; what is refused; a policy of the owner's; the CAs'
# own certificates; a TLS handshake in which both sides show one; a signed and
# encrypted letter between OpenSSL, GnuPG and NSS.  What others take each
# profile for, and for what not, 60-every-profile.t shows.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
cd "$tmp" || exit 1

root_key=rsa:4096 ca_key=rsa:3072 key=rsa:2048
install_pki
for ca in root people services; do
	sed -n '1,/-END/p' "$pki/ca/$ca.pem" >"$ca.pem"
done
start signet-cad -d -c "$pki/cad.conf"

# --- helpers -----------------------------------------------------------------

# lines FILE - what OpenSSL reads in its first certificate, a line a column,
# without key, key identifiers and serial number
lines() {
	cert_lines "$1" | head -n 1 | tr '\t' '\n' | sed -e '$d' -e 6d \
	    -e '/^subjectKeyIdentifier=[0-9A-F:]\{59\}$/d' \
	    -e "s/^\(authorityKeyIdentifier\)=$(key_id people)$/\1 people/" \
	    -e "s/^\(authorityKeyIdentifier\)=$(key_id services)$/\1 services/" \
	    -e "s/^\(authorityKeyIdentifier\)=$(key_id root)$/\1 root/"
}

key_id() {
	openssl x509 -in "$1.pem" -noout -ext subjectKeyIdentifier |
	    sed -n 's/^ *\([0-9A-F:]*\)$/\1/p'
}

# new_key NAME rsa:2048|ec:P-256 - NAME.key and NAME.csr
new_key() {
	case $2 in
	rsa:*) set -- "$1" -newkey "$2" ;;
	ec:*) set -- "$1" -newkey ec -pkeyopt "ec_paramgen_curve:${2#ec:}" ;;
	esac
	new_name=$1
	shift
	openssl req -new "$@" -nodes -keyout "$new_name.key" \
	    -out "$new_name.csr" -subj "/CN=not what we order" 2>/dev/null
}

# order PROFILE NAME COMMAND... - COMMAND with the request and its fields
order() {
	order_profile=$1 order_name=$2
	shift 2
	order_ifs=$IFS
	IFS='|'
	for order_field in $(fields_of "$order_profile" "$order_name"); do
		set -- "$@" --field "$order_field"
	done
	IFS=$order_ifs
	"$@" --profile "$order_profile" --csr "$order_name.csr" \
	    --holder "$order_name" --holder-name "$order_name" --yes
}

# What each profile's fields are here.
fields_of() {
	case $1 in
	mail-*|web-login)
		person='country=SE|org=Example AB|given=Alice|surname=Holm'
		person="$person|name=Alice Holm|mail=$2@example.org" ;;
	esac
	case $1 in
	mail-*) echo "$person|orgid=NTRSE-5560000001|title=Engineer" ;;
	web-login) echo "$person|unit=Sales" ;;
	tls-server) echo "dns=$2.example.org|dns=localhost.localdomain" ;;
	*officer) echo "country=SE|org=Example AB|id=$2|name=Olof Ek" ;;
	*) echo "org=Example AB|id=$2|name=Olof Ek" ;;
	esac
}

# The certificate of an order that has become one.
fetch() {
	rm -f "$1.pem"
	fetch_serial=$(sql "SELECT encode(serial, 'hex') FROM cert
	    WHERE holder = '$1'")
	[ -n "$fetch_serial" ] &&
	    signet cert export "$fetch_serial" --no-chain --out "$1.pem"
}

# What lines should say: subject of the profile's fields, then the rest.
expected() {
	case $1 in
	mail-*)	subject="O=Example AB,organizationIdentifier=NTRSE-5560000001"
		subject="C=SE,$subject,SN=Holm,GN=Alice,title=Engineer"
		subject="$subject,CN=Alice Holm"
		san="email:$2@example.org" ca=people days=730 ;;
	web-login) subject='C=SE,O=Example AB,OU=Sales,GN=Alice,SN=Holm'
		subject="$subject,CN=Alice Holm"
		san="email:$2@example.org" ca=people days=730 ;;
	tls-server) subject="CN=$2.example.org" ca=services days=199
		san="DNS:$2.example.org, DNS:localhost.localdomain" ;;
	*officer) subject="C=SE,O=Example AB,serialNumber=$2,CN=Olof Ek"
		san='' ca=services days=730 ;;
	*)	subject="O=Example AB,serialNumber=$2,CN=Olof Ek"
		san='' ca=services days=365 ;;
	esac
	policy='' usage='Digital Signature'
	case $1 in
	mail-sign) policy=2.23.140.1.5.3.3 ext='E-mail Protection' ;;
	mail-encrypt) policy=2.23.140.1.5.3.3 ext='E-mail Protection'
		usage='Key Encipherment' ;;
	mail-dual) policy=2.23.140.1.5.3.2
		ext='E-mail Protection, TLS Web Client Authentication'
		usage="$usage, Key Encipherment" ;;
	web-login) ext='TLS Web Client Authentication' ;;
	tls-server) policy=2.23.140.1.2.1 ext='TLS Web Server Authentication'
		usage="$usage, Key Encipherment" ;;
	officer) ext=$role.1 ;;
	security-officer) ext=$role.2 ;;
	ra-agent) ext=$role.3 ;;
	station-agent) ext=$role.4 ;;
	ocsp-agent) ext=$role.5 ;;
	auditor) ext=$role.6 ;;
	ca-agent) ext=$role.7 ;;
	crl-agent) ext=$role.8 ;;
	esac
	case $1:$3 in
	mail-*:ec:*) usage=$(echo "$usage" | sed 's/Encipherment/Agreement/') ;;
	*:ec:*) usage='Digital Signature' ;;
	esac
	cat <<-EOF
	$subject
	C=SE,O=Example AB,CN=Example AB $([ $ca = people ] && echo People ||
	    echo Services) CA
	v3
	$((days * 86400 - 1))
	RSA-SHA256
	authorityKeyIdentifier $ca
	keyUsage!=$usage
	${policy:+certificatePolicies=Policy: $policy}
	${san:+subjectAltName=$san}
	extendedKeyUsage=$ext
	crlDistributionPoints=Full Name: URI:http://pki.example.org/crl/$ca.crl
	authorityInfoAccess=OCSP - URI:http://pki.example.org/ocsp CA Issuers - URI:http://pki.example.org/ca/$ca.cer
	EOF
}
role="TLS Web Client Authentication, $arc.2"

# purposes CA NAME - for which each program takes it
by_openssl() {
	for purpose in smimesign smimeencrypt sslclient sslserver; do
		openssl verify -x509_strict -purpose $purpose -CAfile root.pem \
		    -untrusted "$1.pem" "$2.pem" >/dev/null 2>&1 &&
		    printf '%s ' $purpose
	done
}

by_gnutls() {
	for purpose in 4:mail 2:client 1:server 8:stamps; do
		cat "$2.pem" "$1.pem" | certtool --verify \
		    --verify-profile medium --load-ca-certificate root.pem \
		    --verify-purpose "1.3.6.1.5.5.7.3.${purpose%:*}" \
		    >/dev/null 2>&1 && printf '%s ' "${purpose#*:}"
	done
}

# --- issue -------------------------------------------------------------------

mkdir nss
certutil -N -d sql:nss --empty-password
certutil -A -d sql:nss -n root -t CT,C,C -i root.pem
for ca in people services; do
	certutil -A -d sql:nss -n $ca -t ,, -i $ca.pem
done

check() {
	is '... holds what its profile says' "$(lines "$3.pem")" \
	    "$(expected "$1" "$3" "$2" | grep .)"
}

for profile in mail-sign mail-encrypt mail-dual web-login tls-server; do
	case $profile in
	tls-server) ca=services ids='G059, E009, E166' ;;
	web-login) ca=people ids='G025, E009, E166' ;;
	mail-dual) ca=people ids='G022, E012, E166' ;;
	*)	ca=people ids='E166, E168' ;;
	esac
	for kind in rsa:2048 rsa:3072 ec:P-256 ec:P-384; do
		name=$profile-$(echo "$kind" | tr -d :- | tr PR pr)
		new_key "$name" "$kind"
		ok "$ids: $profile with $kind is issued" order "$profile" \
		    "$name" as o1 signet issue --out "$name.pem" --no-chain
		check "$profile" "$kind" "$name"
	done
done

# Officers and agents are made by two security officers.
ca=services
for profile in officer security-officer auditor ra-agent station-agent \
    ocsp-agent crl-agent ca-agent; do
	name=$profile-new
	new_key "$name" ec:P-256
	order "$profile" "$name" as o1 signet order new --sign >out 2>&1
	order "$profile" "$name" as s1 signet order new --sign >out 2>&1
	is "E033, E192: $profile: neither an officer nor one security officer does" \
	    "$(sql "SELECT string_agg(state, ' ') FROM orders
	    WHERE profile = '$profile' AND seq > (SELECT max(seq) - 2
	    FROM orders)")" 'pending pending'
	ok '... two security officers do' as s2 signet order approve \
	    "$(last_order)" --yes
	ok '... and it is issued' wait_for fetch "$name"
	check "$profile" ec:P-256 "$name"
done

# --- what must not be --------------------------------------------------------

for kind in rsa:1024 ec:secp256k1; do
	new_key "weak" "$kind"
	not "E165, S008: a key $kind is refused" order web-login weak \
	    as o1 signet issue --out weak.pem
done
not '... there is no such certificate' test -e weak.pem
cp mail-dual-rsa2048.csr again.csr
not 'S029: a key that somebody has already is refused' order mail-dual again \
    as o1 signet issue --out again.pem
not '... there is no such certificate' test -e again.pem

new_key wrong ec:P-256
says 'not issued by CA people' order tls-server wrong as o1 signet issue \
    --ca people --out wrong.pem
# An operator's own profile, for the wrong CA.
sed 's/"services"/"people"/' "$pki/profiles/tls-server" \
    >"$pki/profiles/tls-people"
stop "$last"
start signet-cad -d -c "$pki/cad.conf"
says 'CA "people" is not for the key usage 1.3.6.1.5.5.7.3.1' \
    as o1 signet issue --profile tls-people --csr wrong.csr --holder wrong \
    --holder-name wrong --field dns=wrong.example.org --out wrong.pem --yes
not '... nor with a profile of the operator: the CA itself refuses' \
    test -e wrong.pem
is 'no certificate below the people CA is for servers' "$(
    signet audit export bundle >out 2>&1; cert_lines bundle/certs.pem |
    awk -F '\t' '$2 ~ /People CA/' | grep -c 'Server Auth')" 0

# If it were made with the CA's own key, it would not be taken.  (The tools of
# NSS do: to them a CA for clients is one for servers, too.)
openssl pkey -in "$pki/ca/people.key" -passin \
    "file:$pki/secrets/ca-people" -out people.key
cat >ext <<-EOF
	keyUsage = critical,digitalSignature
	extendedKeyUsage = serverAuth
	subjectAltName = DNS:www.example.org
	authorityKeyIdentifier = keyid
	subjectKeyIdentifier = hash
EOF
openssl x509 -req -in wrong.csr -CA people.pem -CAkey people.key \
    -set_serial 0x7a0123456789abcdef -days 90 -extfile ext -out wrong.pem \
    2>/dev/null
is '... and OpenSSL and GnuTLS would not take one' "$(by_openssl people \
    wrong)$(by_gnutls people wrong)" ''

# --- a policy of one's own ---------------------------------------------------

# The owner's own assurance level, with the address of its statement.
sed -e 's/oid = "2.23.140.1.5.3.2";/& }, { oid = "2.16.840.1.101.2.1.48.1"; \
	cps = "http:\/\/pki.example.org\/cps";/' -e 's/"730d"/"90d"/' \
    -e 's/min = 2048/min = 3072/' \
    -e 's/{ type = "ec".*}$/{ type = "ec"; curves = [ "P-384" ]; }/' \
    "$pki/profiles/mail-dual" >"$pki/profiles/mail-owner"
stop "$last"
start signet-cad -d -c "$pki/cad.conf"
new_key owner2 rsa:2048
says 'does not take rsa:2048' order mail-owner owner2 as o1 signet issue --out owner2.pem
new_key owner3 rsa:3072
ok 'G038: the owner says which keys, how long and by which policy' \
    order mail-owner owner3 as o1 signet issue --out owner3.pem --no-chain
is 'E012: the certificate names the policy and its statement' "$(lines \
    owner3.pem | grep -e Polic -e '^[0-9]*$')" "$((90 * 86400 - 1))
certificatePolicies=Policy: 2.23.140.1.5.3.2 Policy: \
2.16.840.1.101.2.1.48.1 CPS: http://pki.example.org/cps"
is 'G020: no key that the suite made lies open on the disk' "$(find "$pki" \
    -name '*.key' -exec grep -L 'ENCRYPTED PRIVATE KEY' {} +)" ''
is '... nor is there one in another file' "$(grep -rlE \
    -e '-----BEGIN ((RSA|EC|DSA) )?PRIVATE KEY' "$pki")" ''
is "... and the web server's is its owner's alone" \
    "$(stat -c %a "$pki/tls/ra-tls.key")" 600

# --- the CAs -----------------------------------------------------------------

is 'S072: the root' "$(lines root.pem)" "$(cat <<EOF
C=SE,O=Example AB,CN=Example AB Root CA
C=SE,O=Example AB,CN=Example AB Root CA
v3
630719999
RSA-SHA256
keyUsage!=Certificate Sign, CRL Sign
basicConstraints!=CA:TRUE
EOF
)"
sub_ca() {
	cat <<-EOF
	C=SE,O=Example AB,CN=Example AB $1 CA
	C=SE,O=Example AB,CN=Example AB Root CA
	v3
	315359999
	RSA-SHA256
	authorityKeyIdentifier root
	keyUsage!=Certificate Sign, CRL Sign
	certificatePolicies=Policy: X509v3 Any Policy
	basicConstraints!=CA:TRUE, pathlen:0
	$2
	crlDistributionPoints=Full Name: URI:http://pki.example.org/crl/root.crl
	authorityInfoAccess=CA Issuers - URI:http://pki.example.org/ca/root.cer
	EOF
}
is 'G010, S073: the people CA, for mail and log-in alone' \
    "$(lines people.pem)" "$(sub_ca People "extendedKeyUsage=E-mail \
Protection, TLS Web Client Authentication, Microsoft Smartcard Login, \
PKINIT Client Auth, 2.16.840.1.101.3.6.8")"
is '... the services CA' "$(lines services.pem)" \
    "$(sub_ca Services | grep .)"

# A responder of the root's is what no issuing CA may be.
printf 'V\t360101000000Z\t\t%s\tunknown\t/CN=x\n' "$(openssl x509 -in \
    people.pem -noout -serial | sed 's/.*=//')" >index
openssl ocsp -issuer root.pem -cert people.pem -no_nonce -reqout asked
openssl ocsp -index index -CA root.pem -rsigner people.pem -rkey people.key \
    -reqin asked -respout answer -ndays 1 >out 2>&1
not 'S072: the people CA cannot answer for the root' sh -c '
    openssl ocsp -respin answer -issuer root.pem -cert people.pem -no_nonce \
    -CAfile root.pem 2>&1 | grep -q "^Response verify OK"'
not '... nor for GnuTLS' ocsptool -e --load-response answer \
    --load-trust root.pem --load-issuer root.pem

# --- TLS, both sides with a certificate --------------------------------------

# serve NAME - an HTTPS server on loopback that wants to know who comes; $port
serve() {
	for try in 1 2 3 4 5; do
		port=$((20000 + ($$ + try * 997) % 20000))
		start openssl s_server -accept "127.0.0.1:$port" -www -quiet \
		    -cert "$1.pem" -key "$1.key" -cert_chain services.pem \
		    -CAfile root.pem -Verify 2 -verify_return_error \
		    -purpose sslclient
		sleep 0.3
		kill -0 "$last" 2>/dev/null && return
	done
	return 1
}

by_curl() {
	curl -sS --max-time 20 --cacert root.pem --noproxy '*' \
	    --resolve "$1.example.org:$port:127.0.0.1" ${2:+--cert "$2.chain" \
	    --key "$2.key"} "https://$1.example.org:$port/"
}

by_gnutls_cli() {
	printf 'GET / HTTP/1.0\r\n\r\n' | timeout 20 gnutls-cli \
	    --x509cafile root.pem --x509certfile "$2.chain" --x509keyfile \
	    "$2.key" --verify-hostname "$1.example.org" -p "$port" 127.0.0.1
}

for kind in rsa2048 ecp256; do
	server=tls-server-$kind client=web-login-$kind
	for name in "$client" "mail-dual-$kind" "mail-sign-$kind"; do
		cat "$name.pem" people.pem >"$name.chain"
	done
	ok "G025, G059, E032: a server with $kind" serve "$server"
	says 'HTTP/1.0 200' by_gnutls_cli "$server" "$client"
	ok '... curl logs in with web-login' by_curl "$server" "$client"
	ok '... and with mail-dual' by_curl "$server" "mail-dual-$kind"
	not '... but not with mail-sign' by_curl "$server" "mail-sign-$kind"
	not '... nor without' by_curl "$server"
	not '... nor to a server of another name' sh -c "curl -sS --cacert \
	    root.pem --noproxy '*' --resolve other.example.org:$port:127.0.0.1 \
	    --cert $client.chain --key $client.key \
	    https://other.example.org:$port/"
	stop "$last"
done

# --- a letter ----------------------------------------------------------------

alice=mail-dual-rsa2048 bob=mail-dual-rsa3072
echo 'the goods arrive on Thursday' >letter
sign() {
	openssl cms -sign -binary -nodetach -in letter -signer "$1.pem" \
	    -inkey "$1.key" -certfile people.pem -outform DER -out "$1.signed"
}
encrypt() {
	openssl cms -encrypt -binary -aes256 -in "$1" -outform DER -out "$2" \
	    "$3.pem"
}
same() {
	tr -d '\r' <"$1" | cmp - letter
}
ok 'G022: alice signs a letter' sign $alice
ok '... and encrypts it to bob' encrypt $alice.signed to-bob $bob

# OpenSSL, also to those who have EC keys or one for reading alone.
read_by() {
	openssl cms -decrypt -inform DER -in "$1" -recip "$2.pem" -inkey \
	    "$2.key" -binary -out inner && openssl cms -verify -inform DER \
	    -in inner -CAfile root.pem -purpose smimesign -out plain &&
	    same plain
}
ok '... who reads it with OpenSSL' read_by to-bob $bob
not '... which nobody else can' read_by to-bob $alice
for reader in mail-dual-ecp256 mail-dual-ecp384 mail-encrypt-ecp256 \
    mail-encrypt-rsa2048; do
	encrypt $alice.signed to-reader $reader
	ok "E168: $reader reads one" read_by to-reader $reader
done

# NSS
openssl pkcs12 -export -in $bob.pem -inkey $bob.key -certfile people.pem \
    -name bob -passout pass:pass -out bob.p12
ok 'G004, E003, E006: NSS takes the key of bob' pk12util -i bob.p12 -d sql:nss -W pass
ok '... reads the letter' cmsutil -D -d sql:nss -i to-bob -o inner
ok '... and verifies it' cmsutil -D -d sql:nss -u 4 -i inner -o plain
ok '... which is what alice wrote' same plain
ok '... signs one' cmsutil -S -d sql:nss -N bob -H SHA256 -i letter \
    -o from-bob
ok '... which OpenSSL verifies' openssl cms -verify -inform DER -in from-bob \
    -CAfile root.pem -certfile people.pem -purpose smimesign -out plain

# GnuPG.  2.2 reads only the old kind of PKCS#12; no network, no lists.
GNUPGHOME=$tmp/gnupg
export GNUPGHOME
mkdir -m 700 gnupg
cat >gnupg/gpgsm.conf <<-EOF
	disable-crl-checks
	disable-dirmngr
EOF
echo "$(openssl x509 -in root.pem -noout -fingerprint -sha1 |
    sed 's/.*=//') S" >gnupg/trustlist.txt
echo allow-loopback-pinentry >gnupg/gpg-agent.conf
openssl pkcs12 -export -legacy -in $bob.pem -inkey $bob.key -name bob \
    -passout pass:pass -out bob-old.p12
sm() {
	printf 'pass\n' | timeout 30 gpgsm --batch --pinentry-mode loopback \
	    --passphrase-fd 0 "$@"
}
ok 'G004: GnuPG takes the CAs' sm --import root.pem people.pem
ok '... and the key of bob' sm --import bob-old.p12
ok '... reads the letter' sm --output inner --decrypt to-bob
rm -f plain
ok '... and verifies it' sm --output plain --verify inner
says 'Good signature from' sm --verify inner
ok '... which is what alice wrote' same plain
ok '... signs one' sm --output from-bob --local-user \
    "<$bob@example.org>" --sign letter
ok '... which OpenSSL verifies' openssl cms -verify -inform DER \
    -in from-bob -CAfile root.pem -certfile people.pem -purpose smimesign \
    -out plain
gpgconf --kill all

done_testing
