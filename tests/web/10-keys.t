#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Keys that a browser makes, its requests and its PKCS#12 files, in the eyes of
# OpenSSL, NSS and GnuTLS; and their files in the eyes of the browser.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/web/browser.sh"

cd "$tmp" || exit 1

# A CA for the certificates in the files.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout ca.key -out ca.pem -subj "/CN=Test CA" -days 30 2>/dev/null
# A key and its certificate, as other programs keep them.
openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.pem \
    -subj "/CN=Other" -days 30 2>/dev/null
printf %s 'correct horse' >pass
openssl pkcs12 -export -inkey other.key -in other.pem -certfile ca.pem \
    -out openssl.p12 -passout file:pass
openssl pkcs12 -export -inkey other.key -in other.pem -macalg sha1 \
    -certpbe AES-128-CBC -keypbe AES-128-CBC -out sha1.p12 -passout file:pass
openssl pkcs12 -export -legacy -inkey other.key -in other.pem \
    -out legacy.p12 -passout file:pass
openssl pkcs12 -export -nokeys -in other.pem -out nokey.p12 -passout file:pass
mkdir nss && : >none
certutil -N -d sql:nss --empty-password
pk12util -i openssl.p12 -d sql:nss -w pass -K '' >/dev/null 2>&1
pk12util -o nss.p12 -n Other -d sql:nss -w pass -K '' >/dev/null 2>&1
[ -s nss.p12 ] || pk12util -o nss.p12 -d sql:nss -w pass -K '' \
    -n "$(certutil -L -d sql:nss | sed -n 's/ *u,u,u *$//p' | head -n 1)" \
    >/dev/null 2>&1
certtool --to-p12 --load-privkey other.key --load-certificate other.pem \
    --p12-name Other --outder --pkcs-cipher=aes-256 \
    --password 'correct horse' --outfile gnutls.p12 2>/dev/null

drive keys.mjs
done_testing
