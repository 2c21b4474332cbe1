#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What GnuTLS, NSS, OpenSSL and curl make of the services of an installation:
# certificates good and revoked, asked for by OCSP, looked for in lists, and
# stapled to a handshake.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/services.sh"
cd "$tmp" || exit 1
root_key=rsa:3072 ca_key=rsa:3072
services_install
service_start cad crld ocspd

for name in alice bob; do
	ok "certificate $name" person $name mail-dual
done
for name in www old; do
	ok "certificate $name" person $name tls-server
done
ca_of() {
	case $1 in
	alice|bob) echo people ;;
	*) echo services ;;
	esac
}

# --- how each asks -----------------------------------------------------------

by_gnutls() {
	ocsptool --ask --load-cert "$1.pem" \
	    --load-issuer "$(ca_of "$1").pem" \
	    --load-trust "$(ca_of "$1").pem" ${2:+"$2"}
}

by_openssl() {
	openssl ocsp -issuer "$(ca_of "$1").pem" -cert "$1.pem" -url "$ocsp" \
	    -CAfile root.pem ${2:+"$2"}
}

mkdir nss
certutil -N -d sql:nss --empty-password
certutil -A -d sql:nss -n root -t CT,C,C -i root.pem
for name in people services alice bob www old; do
	certutil -A -d sql:nss -n $name -t ,, -i $name.pem
done
by_nss_ocsp() {
	ocspclnt -S "$1" -d sql:nss
}

# by_nss NAME ocsp|crl - 4: who signs mail, 1: a server
by_nss() {
	case $(ca_of "$1") in
	people) by_nss_usage=4 ;;
	*)	by_nss_usage=1 ;;
	esac
	vfychain -d sql:nss -pp -u "$by_nss_usage" -g leaf -m "$2" \
	    -s failIfNoInfo -a "$1.pem" "$(ca_of "$1").pem"
}

by_gnutls_list() {
	fetch_list "$1" && openssl crl -inform DER -in "$1.crl" \
	    -out list.pem && certtool --verify-crl \
	    --load-ca-certificate "$1.pem" --infile list.pem
}

fetch_list() {
	curl -sSf --max-time 20 -o "$1.crl" "$http/crl/$1.crl"
}

by_openssl_list() {
	fetch_list root && fetch_list "$(ca_of "$1")" &&
	for by_list in root "$(ca_of "$1")"; do
		openssl crl -inform DER -in "$by_list.crl"
	done >lists.pem && openssl verify -crl_check_all -CAfile root.pem \
	    -untrusted "$(ca_of "$1").pem" -CRLfile lists.pem "$1.pem"
}

# OpenSSL fetches the lists itself.
by_openssl_fetching() {
	openssl verify -crl_check -crl_download -CAfile root.pem \
	    -untrusted "$(ca_of "$1").pem" "$1.pem"
}

# --- good --------------------------------------------------------------------

for name in alice www; do
	says 'Certificate Status: good' by_gnutls $name
	said 'Verifying OCSP Response: Success'
	says 'Certificate Status: good' by_gnutls $name --nonce
	said 'Verifying OCSP Response: Success'
	says "$name.pem: good" by_openssl $name
	said 'Response verify OK'
	says 'succeeded' by_nss_ocsp $name
	says 'Chain is good!' by_nss $name ocsp
	says 'Chain is good!' by_nss $name crl
	ok 'by the lists, OpenSSL says good' by_openssl_list $name
	ok '... and where it fetches them' by_openssl_fetching $name
done
for ca in people services; do
	ok "G016: GnuTLS verifies the list of $ca" by_gnutls_list $ca
	said 'Verified'
done

# --- revoked -----------------------------------------------------------------

ok 'one for mail is revoked' revoke bob --reason affiliationChanged
ok '... and one of a server' revoke old --reason cessationOfOperation
for name in bob old; do
	ok "OCSP says it of $name" wait_for answered revoked $name
	ok '... and the list' wait_for listed $name \
	    "$http/crl/$(ca_of $name).crl"
	says 'Certificate Status: revoked' by_gnutls $name
	said 'Verifying OCSP Response: Success'
	says "$name.pem: revoked" by_openssl $name -no_nonce
	said 'Response verify OK'
	says 'revoked' by_nss_ocsp $name
	says "Peer's Certificate has been revoked" by_nss $name ocsp
	says "Peer's Certificate has been revoked" by_nss $name crl
	not 'S111: by the lists, OpenSSL says revoked' by_openssl_list $name
	said 'certificate revoked'
	not '... and where it fetches them' by_openssl_fetching $name
	said 'certificate revoked'
done
ok 'the others are good' by_nss alice crl
ok '... all of them' by_openssl_list www

# --- stapled -----------------------------------------------------------------

staple() {
	openssl ocsp -issuer services.pem -cert "$1.pem" -no_nonce \
	    -reqout "$1.req" && curl -sSf --max-time 20 -o "$1.ocsp" -H \
	    'Content-Type: application/ocsp-request' --data-binary \
	    "@$1.req" "$ocsp"
}

# serve NAME - with the answer of NAME; $tls_port
serve() {
	tls_port=$(free_ports 1)
	staple "$1" || return 1
	start openssl s_server -accept "127.0.0.1:$tls_port" -www -quiet \
	    -cert "$1.pem" -key "$1.key" -cert_chain services.pem \
	    -status_file "$1.ocsp"
	wait_for by_curl "$1" -o page
}

by_curl() {
	by_curl_name=$1.example.org
	shift
	curl -sS --max-time 20 --cacert root.pem --noproxy '*' \
	    --resolve "$by_curl_name:$tls_port:127.0.0.1" "$@" \
	    "https://$by_curl_name:$tls_port/"
}

by_s_client() {
	openssl s_client -connect "127.0.0.1:$tls_port" -status \
	    -CAfile root.pem -verify_return_error </dev/null
}

by_gnutls_cli() {
	timeout 20 gnutls-cli --x509cafile root.pem --ocsp \
	    --verify-hostname "$1.example.org" -p "$tls_port" 127.0.0.1 \
	    </dev/null
}

ok 'a server staples the answer of www' serve www
ok 'S033: curl takes it' by_curl www --cert-status -o page
says 'Cert Status: good' by_s_client
said 'Verification: OK'
ok '... GnuTLS, too' by_gnutls_cli www
stop "$last"
ok 'a server staples that of old' serve old
not 'curl does not take it' by_curl old --cert-status -o page
said 'SSL certificate revocation reason: cessationOfOperation'
says 'Cert Status: revoked' by_s_client
not '... nor does GnuTLS' by_gnutls_cli old
stop "$last"
done_testing
