#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An officer in a browser looks for a card, notes that its holder has it, and
# says that it is lost, which the security key signs.  (E058)
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/cards.sh"
. "$srcdir/tests/lib/station.sh"
. "$srcdir/tests/lib/rad.sh"
. "$srcdir/tests/web/browser.sh"

install_pki
station_configure
ok 'there are two readers' readers_begin 2
ok 'two cards are made' cards_issued autumn 2
rad_configure
ok 'signet-rad starts' rad_start
web_trust "$pki/ca/root.pem"
security_officers
drive cards.mjs "$rad" "$rad_cert" "$(card_number 1)"
is 'the certificate of the lost card is revoked' "$(sql "SELECT status
    FROM cert WHERE holder = '1' AND profile = 'web-login'")" revoked
rad_stop
ca_stop
done_testing
