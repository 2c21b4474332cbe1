#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Two signet-cad of the same CAs, of which one has a revocation in its ledger
# and not in the store when the other is faster: by the same order, by another
# one with another reason, and by holds.  What the store has got decides, and
# the lists of both say the same.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/store_hold.sh"
install_pki
one=$pki/cad.conf two=$pki/two.conf
mkdir -m 700 "$pki/state/two"
sed -e 's/^instance = .*/instance = "cad-2";/' \
    -e "s,^state = .*,state = \"$pki/state/two\";," "$one" >"$two"
for name in one two three four five; do
	as o1 order_tls "$name" --sign >/dev/null
done
run() {
	signet-cad --once -d -c "$1" >>"$tmp/log" 2>&1
}
ok 'certificates are issued' run "$one"
ok 'the second instance knows of them' run "$two"
serial() {
	serial_of "$(last_order "$1")"
}
five=$(serial 0) four=$(serial 1) three=$(serial 2)
two_serial=$(serial 3) first=$(serial 4)
# order KIND SERIAL [options]
order() {
	order_kind=$1 order_serial=$2
	shift 2
	as o1 signet order new --kind "$order_kind" --wait 0s --yes "$@" \
	    "$order_serial" >"$tmp/out" 2>&1
}
# The first has it in its ledger, and dies.
dies() {
	SIGNET_FAULT=cad.status-before-commit
	export SIGNET_FAULT
	run "$one"
	dies_status=$?
	unset SIGNET_FAULT
	[ "$dies_status" -ne 0 ]
}
keep() {
	hold "SELECT FROM signet.orders WHERE state = 'ready' FOR UPDATE"
	wait_for has_locks orders true RowShareLock
}
# The clock goes on, so that two that are not the same are seen to be two.
later() {
	now=$(date +%s)
	while [ "$(date +%s)" -lt $((now + 2)) ]; do
		sleep 0.2
	done
}
# What list and store say of SERIAL.
listed() {
	signet crl export services --format pem | openssl crl -noout -text |
	    awk -v serial="$1" 'tolower($0) ~ "serial number: " serial { on = 1 }
	    on && /Revocation Date/ { sub(/.*Date: /, ""); print }
	    on && /Reason Code/ { getline; print $1 " " $2; exit }
	    on && /Serial Number/ && tolower($0) !~ serial { exit }'
}
stored() {
	LC_ALL=C TZ=UTC date -u -d "@$(sql "SELECT extract(epoch FROM
	    revoked_at)::bigint FROM cert WHERE serial = '\\x$1'")" \
	    '+%b %e %H:%M:%S %Y GMT'
}
due() {
	tamper "UPDATE crl SET this_update = this_update - interval '2d'
	    WHERE ca = 'services'"
}
same() {
	for conf in "$one" "$two"; do
		due && run "$conf" && [ "$(listed "$1" | head -n 1)" = \
		    "$(stored "$1")" ] || return 1
		listed "$1" >"$tmp/list.$(basename "$conf")"
	done
	cmp -s "$tmp/list.cad.conf" "$tmp/list.two.conf"
}

order revoke "$first" --reason superseded
ok 'the first instance dies over a revocation' dies
later
ok 'the second carries it out' run "$two"
ok '... and both lists say when that was' same "$first"

order revoke "$two_serial" --reason superseded
ok 'the first dies over another one' dies
keep
later
order revoke "$two_serial" --reason keyCompromise
ok 'the second has another order for the same' run "$two"
let_go
ok '... and both lists say what that was' same "$two_serial"
is '... with its reason' "$(listed "$two_serial" | tail -n 1)" 'Key Compromise'

order hold "$three"
ok 'the first dies over a hold' dies
keep
later
order hold "$three"
ok 'the second has another order for a hold' run "$two"
let_go
ok '... and both lists say when that was' same "$three"

order hold "$four"
ok 'the first dies over one more' dies
keep
later
order revoke "$four" --reason superseded
ok 'the second revokes' run "$two"
let_go
run "$one"
ok '... and that is what both lists say' same "$four"
# Neither dies: both have it in their ledgers before either has it in the store.
is_up() {
	[ "$(sql "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle'
	    AND application_name LIKE '$1/%'")" -gt 0 ]
}
come_up() {
	signet-cad -d -c "$1" >>"$tmp/log" 2>&1 &
	pids="$pids $!"
	jobs="${jobs:-} $!"
	wait_for is_up "$2"
}
holds() {
	[ "$(sql "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type =
	    'Lock' AND application_name LIKE 'cad-%'")" -ge "$1" ]
}
both_done() {
	[ "$(sql "SELECT count(*) FROM orders WHERE kind = 'revoke' AND
	    state <> 'done'")" = 0 ]
}
sed -i 's/^workers = .*/workers = 1;/' "$one" "$two"
ok 'both instances run' come_up "$one" cad-1
ok '... the second, too' come_up "$two" cad-2
hold 'LOCK TABLE signet.status_change IN SHARE MODE'
wait_for has_locks status_change true ShareLock
order revoke "$five" --reason superseded
ok 'one waits with a revocation in hand' wait_for holds 1
later
order revoke "$five" --reason keyCompromise
ok '... and the other with another one of the same' wait_for holds 2
let_go
ok 'both orders are done' wait_for both_done
# shellcheck disable=SC2086 # numbers
kill $jobs && wait $jobs
is '... of which one has changed it' "$(sql "SELECT count(*) FROM audit WHERE
    body LIKE E'act=revoke%serial=$five%'")" 1
ok '... and both lists say what that did' same "$five"
is '... with its reason' "$(listed "$five" | tail -n 1)" 'Superseded '

not 'nobody took the other for a fork of the chain' grep -qE \
    'does not continue|ALARM' "$tmp/log"
ok 'what is exported proves it' proven
done_testing
