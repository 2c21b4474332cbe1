#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Officers in a browser order what comes later and many at once: a one-time
# code that its holder uses, and a list with mistakes, without, and its
# progress.  Sessions end while nobody looks.  (E058)
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/rad.sh"
. "$srcdir/tests/web/browser.sh"

install_pki
start signet-cad -d -c "$pki/cad.conf"
rad_configure
rad_set idle '"30s"'
ok 'signet-rad starts' rad_start
web_trust "$pki/ca/root.pem"
security_officers

request alice
# A list of twelve hosts; and the same with mistakes.
row() {
	request "$1" &&
	printf '%s,%s.example.org,%s\n' "$1" "$1" \
	    "$(openssl req -in "$tmp/$1.csr" -outform DER | base64 -w 0)"
}
{ echo holder,dns,csr
  for n in 1 2 3 4 5 6 7 8 9 10 11 12; do row "host$n"; done; } \
    >"$tmp/hosts.csv"
{ sed -n 1,3p "$tmp/hosts.csv"; echo 'host3,bad_host!,'
  echo ',w3.example.org,'; sed -n 2p "$tmp/hosts.csv"; } >"$tmp/wrong.csv"
drive lists.mjs "$rad" "$rad_cert"
is 'every certificate of the list is there' "$(sql "SELECT count(*) FROM cert
    WHERE subject LIKE '%host%'")" 12
is 'the holder of the code has one' "$(sql "SELECT status FROM cert
    WHERE profile = 'mailbox-sign'")" good
not 'the log has no code' grep -qF -e "$(cat "$tmp/code")" "$tmp/rad.log"
rad_stop
done_testing
