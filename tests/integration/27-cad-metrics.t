#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What signet-cad tells those who watch it: a file, since it listens on nothing.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
cd "$tmp" || exit 1
install_pki
file=$tmp/watch/signet.prom
value() {
	awk -v name="$1" 'index($0, name " ") == 1 { print $NF }' "$file"
}

cad
not 'without the setting there is no file' test -e "$file"

echo "metrics = \"$file\";" >>"$pki/cad.conf"
ok 'a directory that is not there stops nothing' cad
ok '... and is said' grep -q 'metrics: .*No such file' log

mkdir watch
order_tls www --sign --key "$pki/officers/o1.key" --cert "$pki/officers/o1.pem" \
    --passphrase "file:$pki/secrets/officer-o1" >/dev/null
order_tls two >/dev/null
ok 'with it there is' cad
ok '... which everybody may read' test "$(stat -c %a "$file")" = 644
ok '... in lines that a collector takes' awk '
    /^# (HELP|TYPE) signet_[a-z_]+ ./ { next }
    /^signet_[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?[0-9.]+$/ { n++; next }
    { bad = 1 }
    END { exit bad || n < 10 }' "$file"
is 'it counts certificates' \
    "$(value 'signet_cad_certificates_total{ca="services"}')" 1
is 'it knows what waits for approval' "$(value 'signet_orders{state="pending"}')" 1
is '... and that nothing waits for the CA' "$(value 'signet_orders{state="ready"}')" 0
is 'a CA has its key' "$(value 'signet_ca_usable{ca="people"}')" 1
ok 'its list has days to live' test \
    "$(value 'signet_crl_expiry_seconds{ca="people"}' | cut -d. -f1)" -gt 500000
is 'what nobody publishes is seen' "$(value signet_outbox)" \
    "$(sql 'SELECT count(*) FROM outbox')"

mv "$pki/ca/people.key" away
cad
is 'a CA without its key shows' "$(value 'signet_ca_usable{ca="people"}')" 0
is '... and that there was an alarm' "$(value signet_cad_alarms_total)" 1
is '... and the other CA goes on' "$(value 'signet_ca_usable{ca="services"}')" 1
mv away "$pki/ca/people.key"

start signet-cad -d -c "$pki/cad.conf"
rm "$file"
ok 'a daemon writes it by itself' wait_for grep -q signet_crl_entries "$file"
done_testing
