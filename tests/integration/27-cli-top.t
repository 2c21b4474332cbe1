#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs with --full only.
# signet top: an installation at work on one page, on a terminal and elsewhere.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/services.sh"
services_install

exits 2 'so often nobody looks' signet top --interval 0
said '--interval: from 1 to 3600 seconds'
sed "s/port=[0-9]*/port=1/" "$pki/signet.conf" >"$pki/away.conf"
exits 6 'a store that is away' signet top --config "$pki/away.conf"
said 'store: connect to database'
said 'signet-ocspd  away'
signet top --config "$pki/away.conf" --json >"$tmp/json" 2>/dev/null
is '... is told to programs' \
    "$(jq -r '.queue, (.store_error | length > 0)' "$tmp/json" | tr '\n' ' ')" \
    'null true '
exits 0 'daemons that are away are no failure' signet top
said 'signet-crld   away'

service_start cad ocspd
order_tls waits >/dev/null 2>&1
sql "SELECT audit_append(ARRAY[convert_to('act=alarm' || chr(10) || 'at=' ||
    '2026-11-22T01:00:00Z' || chr(10) || 'what=test' || chr(10) ||
    'detail=' || chr(92) || 'x1b[2Jseen' || chr(10), 'UTF8')])" >/dev/null
exits 0 'at work' signet top --once
said 'orders: 1 to be approved'
said 'signet-cad    at work'
said 'signet-ocspd  up'
said 'x1b[2Jseen'
esc=$(printf '\033')
not 'nothing of it commands a terminal' grep -q "$esc" "$tmp/out"
(for _ in 1 2 3 4 5 6 7 8; do
	ocsp_ready people
	sleep 0.2
done) &
asking=$!
signet top --json >"$tmp/json"
wait "$asking"
is 'lists' "$(jq -r '.lists[].ca' "$tmp/json" | tr '\n' ' ')" \
    'people services '
is 'signers of OCSP' "$(jq -r '.signers[].ca' "$tmp/json" | sort |
    tr '\n' ' ')" 'people services '
ok 'when they end is what their certificates say' test "$(date -d \
    "$(jq -r '.signers[] | select(.ca == "people") | .not_after' \
    "$tmp/json")" +%Y%m%d)" = "$(date -d "$(openssl x509 -noout -enddate \
    -in "$pki/state/ocspd/signers/people.pem" | cut -d = -f 2)" +%Y%m%d)"
ok 'answers are counted' sh -c 'jq -e ".rates.ocsp > 0" "$1"' - "$tmp/json"
ok 'memory, too' sh -c 'jq -e ".daemons[] |
    select(.name == \"signet-ocspd\") | .up and .memory > 100000" "$1"' - \
    "$tmp/json"

# On a terminal: keys, sizes, and how it is left behind.
terminal() {
	{ sleep "$1"; printf 'x'; sleep 1; printf 'q'; } |
	    SHELL=/bin/sh timeout 30 script -qec \
	    "stty rows 9 cols 50; stty -a >$tmp/before; $2 signet top -i 60;
	    stty -a >$tmp/after" "$tmp/typescript" >"$tmp/out" 2>&1
}
ok 'on a terminal it ends with q' terminal 2 ''
is 'and leaves it as it was' "$(cat "$tmp/after")" "$(cat "$tmp/before")"
ok 'in the other page, which it gives back' sh -c \
    'grep -q "$1\[?1049h" "$2" && grep -q "$1\[?1049l" "$2"' - "$esc" \
    "$tmp/typescript"
is 'drawn at each key' "$(grep -o "$esc\\[H" "$tmp/typescript" | wc -l)" 2
ok 'in colour' grep -q "$esc\\[1;31m" "$tmp/typescript"
ok 'and in the window that there is' grep -q 'make the window higher' \
    "$tmp/typescript"
ok 'without colour where nobody wants it' terminal 2 NO_COLOR=1
not '... none' grep -q "$esc\\[1;" "$tmp/typescript"
done_testing
