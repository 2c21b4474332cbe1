#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Officers in a browser, with certificate and security key: from registering
# the key to approving, rejecting, holding, releasing and revoking; and an
# applicant who gets what was approved.  Forward and wrong.  (E058)
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/rad.sh"
. "$srcdir/tests/lib/sink.sh"
. "$srcdir/tests/web/browser.sh"

install_pki
start signet-cad -d -c "$pki/cad.conf"
sink_start
rad_configure
rad_set offices '[ "north", "south" ]'
rad_set apply '[ "mail-dual" ]'
rad_mail "$sink_url"
ok 'signet-rad starts' rad_start
web_trust "$pki/ca/root.pem"

security_officers
request gate
ok 'an order waits that two officers have to approve' signet order new --yes \
    --profile domain-gateway --csr "$tmp/gate.csr" --holder gate \
    --holder-name Gate --field domain=example.org --field org="Example AB"
ok 'and one that nobody should' order_tls evil

drive officer.mjs "$rad" "$rad_cert"
is 'the orders are what was decided in the browser' \
    "$(sql "SELECT string_agg(profile || ' ' || state, ', ' ORDER BY seq)
    FROM orders WHERE kind = 'issue' AND
    holder IN ('4711', 'gate', 'evil')")" \
    'domain-gateway done, tls-server rejected, mail-dual done'
is 'the certificate is revoked in the end' \
    "$(sql "SELECT status FROM cert WHERE profile = 'mail-dual'")" revoked
ok 'and an auditor finds no fault in it' proven
rad_stop
done_testing
