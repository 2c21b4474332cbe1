#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A holder's way through signet-rad in a browser: one-time code, collecting,
# search, own certificates, renewal, revocation; forward and wrong.  (E045)
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/rad.sh"
. "$srcdir/tests/web/browser.sh"

install_pki
# It may be renewed from its first day.
sed -i 's/^validity.*/validity = "300d";/; s/^renewal_window.*/renewal_window = "300d";/' \
    "$pki/profiles/mailbox-dual"
start signet-cad -d -c "$pki/cad.conf"
rad_configure
ok 'signet-rad starts' rad_start
web_trust "$pki/ca/root.pem"

ok 'an officer makes a one-time code' as o1 signet order new \
    -p mailbox-dual --holder 4711 --holder-name "Alice Holm" \
    -f mail=alice@example.org --code --sign --json
jq -r .code "$tmp/out" >"$tmp/code"
# What the browser saves is opened and looked at with this.
printf %s 'correct horse battery' >"$tmp/pass"
cp "$pki/ca/root.pem" "$tmp/root.pem"

drive holder.mjs "$rad" "$rad_cert"
is 'one certificate is revoked, its successor is not' \
    "$(sql "SELECT string_agg(status, ' ' ORDER BY id) FROM cert
    WHERE profile = 'mailbox-dual'")" 'revoked good'
is '... which was ordered once' "$(sql "SELECT count(*) FROM orders
    WHERE profile = 'mailbox-dual'")" 2
not 'the log has neither code nor password' grep -q \
    -e "$(cat "$tmp/code")" -e 'correct horse' "$tmp/rad.log"
rad_stop
done_testing
