#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Directory entries per second, from an empty directory: BENCH_ITEMS (20000)
# holders into a slapd as ldap-schema/ configures it, each entry written and
# read back, beside ldapadd of the same entries without looking at them.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/slapd.sh"
. "$srcdir/tests/lib/publish.sh"
. "$srcdir/tests/bench/ldapadd.sh"
. "$srcdir/tests/bench/row.sh"
items=${BENCH_ITEMS:-20000}

since() {
	awk -v n="$items" -v s="$1" -v e="$(date +%s.%N)" \
	    'BEGIN { printf "%.0f", n / (e - s) }'
}
left() {
	sql "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*)
	    FROM delivery)"
}

install_pki
slapd_start "$tmp/ldap"
publish_configure "main $ldapi window=128;"
crld
people "$items"
start signet-crld -d -c "$pki/crld.conf"
s=$(date +%s.%N)
while [ "$(left)" -gt 0 ]; do
	sleep 0.2
done
drain=$(since "$s")
stop "$last"
s=$(date +%s.%N)
signet publish check >/dev/null || exit 1
check=$(since "$s")

ldapadd_again || exit 1
row 'publish, write and read back' "$drain" entries/s \
    'ldapadd, one after the other' "$add"
row 'publish check' "$check" entries/s
