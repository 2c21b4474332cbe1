#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A mail program and the services of an installation: GnuPG, as KMail,
# Kleopatra, Claws and mutt use it, verifies letters of people whose status it
# has from a list over HTTP, from a list in the directory and from OCSP; finds
# in the directory who is written to; and refuses all of it once they are
# revoked.  Thunderbird's questions are asked with OpenSSL and ldapsearch.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/services.sh"
. "$srcdir/tests/lib/gnupg.sh"
cd "$tmp" || exit 1

# RSA is what GnuPG 2.2 can check in lists and answers.
root_key=rsa:3072 ca_key=rsa:3072
services_install
# The S/MIME baseline wants addresses of HTTP; an owner's own policy may have
# the list in the directory.
sed 's/2\.23\.140\.1\.5\.3\.2/2.999.1/' "$pki/profiles/mail-dual" \
    >"$pki/profiles/mail-owner"
service_start slapd cad crld ocspd

# --- helpers -----------------------------------------------------------------

sm() {
	timeout 30 gpgsm --batch "$@"
}

# What dirmngr did to find out, in a home that knew nothing.
asked() {
	grep -qF -e "$1" "$GNUPGHOME/dirmngr.log"
}

source_of() {
	case $1 in
	ocsp) echo "using OCSP responder '$ocsp'" ;;
	ldap) echo "fetching CRL from '$ldap/" ;;
	http) echo "fetching CRL from '$http/crl/people.crl'" ;;
	esac
}

# Lists are what it looks at unless it is told otherwise.
options_of() {
	[ "$1" != ocsp ] || echo --enable-ocsp
}

letter() {
	openssl cms -sign -binary -nodetach -in letter -signer "$1.pem" \
	    -inkey "$1.key" -certfile people.pem -outform DER -out "$1.signed"
}

# encrypt NAME [option] - to whoever has this address
encrypt() {
	rm -f sealed
	encrypt_to=$1@example.org
	shift
	sm "$@" --output sealed --encrypt --recipient "<$encrypt_to>" letter
}

reads() {
	openssl cms -decrypt -binary -inform DER -in sealed -recip "$1.pem" \
	    -inkey "$1.key" -out plain && cmp plain letter
}

# What Thunderbird searches for, as anybody.
thunderbird_finds() {
	ldapsearch -x -LLL -o ldif-wrap=no -H "$ldap" -b "$ldap_base" -s sub \
	    "(mail=$1@example.org)" 'usercertificate;binary' |
	    sed -n 's/^userCertificate;binary:: //p' | base64 -d >found.der
	openssl x509 -in "$1.pem" -outform DER | cmp - found.der
}

# POST, CertID with SHA-1, no nonce
thunderbird_asks() {
	openssl ocsp -sha1 -no_nonce -issuer people.pem -cert "$1.pem" \
	    -reqout asked && curl -sS --fail --max-time 20 -o answer \
	    -H 'Content-Type: application/ocsp-request' \
	    --data-binary @asked "$ocsp" &&
	openssl ocsp -no_nonce -respin answer -issuer people.pem \
	    -cert "$1.pem" -CAfile root.pem
}

revoked_for_thunderbird() {
	thunderbird_asks "$1" | grep -q "^$1.pem: revoked"
}

not_in_directory() {
	! thunderbird_finds "$1"
}

# --- good --------------------------------------------------------------------

echo 'the goods arrive on Thursday' >letter
for name in http ocsp; do
	ok "certificate for $name" person $name mail-dual
done
service_stop cad
cp "$pki/cad.conf" usual.conf
sed -i "s|cdp = .*/people.crl.*|cdp = [ \"$(ldap_cdp people)\" ];|" \
    "$pki/cad.conf"
service_start cad
ok 'certificate for ldap' person ldap mail-owner
service_stop cad
cp usual.conf "$pki/cad.conf"
service_start cad

for name in http ldap ocsp; do
	letter $name
	ok "S084, S085: the directory has $name for everybody" \
	    wait_for thunderbird_finds $name
done
ok 'the list is there' wait_for curl -sSf "$http/crl/people.crl" -o crl
ok '... and that of the root' wait_for curl -sSf "$http/crl/root.crl" -o crl
ok '... and the directory has it' wait_for list_in_directory people

for name in http ldap ocsp; do
	ok "GnuPG begins anew" gnupg_new "$tmp/gnupg" root.pem
	# shellcheck disable=SC2046 # none or one
	ok "N033, S109: it verifies the letter of $name" sm \
	    $(options_of $name) --verify $name.signed
	said 'Good signature from'
	ok '... after asking there' asked "$(source_of $name)"
	says "aka: $name@example.org" sm --list-external-keys \
	    "<$name@example.org>"
	# shellcheck disable=SC2046
	ok "S084: encrypts to $name whom it does not know" encrypt $name \
	    $(options_of $name)
	ok '... who can read it' reads $name
	says "$name.pem: good" thunderbird_asks $name
	said 'Response verify OK'
done

# --- revoked -----------------------------------------------------------------

for name in http ldap ocsp; do
	ok "$name is revoked" revoke $name --reason keyCompromise
	ok '... and so says OCSP' wait_for revoked_for_thunderbird $name
	says "$name.pem: revoked" thunderbird_asks $name
	said 'Reason: keyCompromise'
done
for name in http ldap ocsp; do
	ok "the list has $name" wait_for listed $name "$http/crl/people.crl"
	ok '... the directory has not' wait_for not_in_directory $name
done
ok '... but the list, too' wait_for listed http people

for name in http ldap ocsp; do
	ok "GnuPG begins anew" gnupg_new "$tmp/gnupg" root.pem
	# shellcheck disable=SC2046
	not "E066, S010: it refuses the letter of $name" sm \
	    $(options_of $name) --verify $name.signed
	said 'certificate has been revoked'
	ok '... after asking there' asked "$(source_of $name)"
	says 'No data' sm --list-external-keys "<$name@example.org>"
	sm --import people.pem $name.pem >out 2>&1
	# shellcheck disable=SC2046
	not '... and to write to who has it still' encrypt $name \
	    $(options_of $name)
	said "can't encrypt to '<$name@example.org>': Certificate revoked"
	not '... so there is nothing to send' test -e sealed
done
gnupg_end
done_testing
