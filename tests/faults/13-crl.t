#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Lists are due, complete ones and a delta; signet-cad makes them and dies at
# each step.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/faults.sh"
install_pki
sed -i 's|name = "services";|& crl_delta = "1h"; crl_delta_url = "http://pki.example.org/d";|' \
    "$pki/cad.conf"
ok 'a certificate is ordered' as o1 order_tls www --sign
ok '... and issued' cad
as o1 signet cert revoke "$(serial_of "$(last_order)")" \
    --reason superseded --wait 0s --yes >"$tmp/out" 2>&1
ok 'it is revoked, and on a list' cad
sql "UPDATE crl SET this_update = this_update - interval '2 days'"
numbers=$(sql "SELECT max(number) FROM crl WHERE ca = 'services'")
cat "$pki/ca/services.pem" "$pki/ca/root.pem" >"$tmp/all.pem"
faults_begin

crl_run() {
	faults_cad
}
# No number is left out or there twice, and the newest list of each CA is
# right.
crl_holds() {
	[ "$(sql "SELECT count(*) FROM (SELECT FROM crl GROUP BY ca
	    HAVING count(*) <> max(number)
	    OR count(DISTINCT number) <> count(*)) x")" = 0 ] &&
	[ "$(sql "SELECT max(number) > $numbers FROM crl
	    WHERE ca = 'services' AND base = 0")" = t ] &&
	signet crl export services --format der >"$tmp/newest.crl" &&
	openssl crl -inform DER -in "$tmp/newest.crl" -CAfile "$tmp/all.pem" \
	    -noout -text >"$tmp/text" 2>&1 && grep -q 'verify OK' "$tmp/text" &&
	[ "$(grep -c 'Serial Number' "$tmp/text")" = 1 ] && proven
}
faults_of crl
disk_of crl
faults_sum
done_testing
