#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Directory entries per second, from an empty directory: BENCH_ITEMS (20000)
# holders into a slapd as ldap-schema/ configures it, each entry written and
# read back, beside ldapadd of the same entries without looking at them.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/slapd.sh"
. "$srcdir/tests/lib/publish.sh"
items=${BENCH_ITEMS:-20000}
json=${BENCH_JSON:-$SIGNET_BUILD/bench.json}

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

# The yardstick: nothing is read, compared or verified.
found_by_publisher "ou=people,$ldap_base" one '(objectClass=pkiUser)' \
    '*' uid >"$tmp/entries"
slapd_stop
rm -rf "$tmp/ldap/data"/*
slapd_start "$tmp/ldap"
ldapadd -Q -Y EXTERNAL -H "$ldapi" >/dev/null <<LDIF
dn: $ldap_base
objectClass: organization
objectClass: dcObject
dc: example
o: example

dn: ou=people,$ldap_base
objectClass: organizationalUnit
ou: people
LDIF
s=$(date +%s.%N)
ldapadd -Q -Y EXTERNAL -H "$ldapi" -f "$tmp/entries" >/dev/null || exit 1
add=$(since "$s")
ratio=$(awk -v a="$drain" -v b="$add" 'BEGIN { printf "%.2f", a / b }')
printf '%-46s %10s %-8s %-28s %10s  ratio %s\n' 'publish, write and read back' \
    "$drain" entries/s 'ldapadd, one after the other' "$add" "$ratio"
printf '%-46s %10s %s\n' 'publish check' "$check" entries/s
printf '{"what":"publish","figure":%s,"unit":"1/s","yardstick":"ldapadd","yardstick_figure":%s,"ratio":%s}\n' \
    "$drain" "$add" "$ratio" >>"$json"
printf '{"what":"publish check","figure":%s,"unit":"1/s"}\n' "$check" >>"$json"
