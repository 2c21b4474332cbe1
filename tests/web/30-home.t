#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# signet-rad in a browser: the start page, languages, errors; and with an
# operator's brand.  (E045)
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/rad.sh"
. "$srcdir/tests/web/browser.sh"

install_pki
rad_configure
ok 'signet-rad starts' rad_start
web_trust "$pki/ca/root.pem"
drive home.mjs "$rad" "$rad_cert"
rad_stop

# The example of a brand, as it is installed.
rad_set brand "\"$srcdir/ra/brand\""
rad_set apply '[ "mail-dual", "web-login" ]'
rad_set offices '[ "north" ]'
rad_mail smtp://127.0.0.1:9
ok 'it starts with a brand' rad_start
drive brand.mjs "$rad"
rad_stop
done_testing
