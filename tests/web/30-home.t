#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# signet-rad in a browser: the start page, languages, errors, certificates.
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
done_testing
