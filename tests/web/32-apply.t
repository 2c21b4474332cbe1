#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An applicant's way through signet-rad in a browser, with the keyboard alone:
# form, mistakes, mail, confirmation, status, second thoughts.  (E045)
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/rad.sh"
. "$srcdir/tests/lib/sink.sh"
. "$srcdir/tests/web/browser.sh"

install_pki
sink_start
rad_configure
rad_set apply '[ "mail-dual", "web-login" ]'
rad_set offices '[ "north", "south" ]'
rad_mail "$sink_url"
ok 'signet-rad starts' rad_start
web_trust "$pki/ca/root.pem"
drive apply.mjs "$rad"
is 'the application was confirmed and withdrawn' \
    "$(sql "SELECT state FROM application WHERE confirmed_at IS NOT NULL")" \
    withdrawn
rad_stop
done_testing
