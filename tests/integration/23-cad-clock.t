#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A CA process whose machine has another time than the store dates nothing:
# certificates and lists wait until the clocks agree, and no order is refused
# for its date.  Revocations do not wait.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
install_pki
faketime=$(find /usr/lib -name libfaketimeMT.so.1 2>/dev/null | head -n 1)
[ -n "$faketime" ] || {
	echo 'Bail out! no libfaketime'
	exit 1
}
# cad_at SECONDS [options] - as on a machine whose clock is wrong by so much
cad_at() {
	cad_off=$1
	shift
	env LD_PRELOAD="$faketime" FAKETIME="$cad_off" \
	    FAKETIME_DONT_FAKE_MONOTONIC=1 \
	    timeout 60 signet-cad -c "$pki/cad.conf" "$@"
}
ordered() {
	as o1 order_tls "$1" --sign --wait 0s
}
state() {
	sql "SELECT state FROM orders WHERE holder = '$1'"
}
lists() {
	sql 'SELECT count(*) FROM crl'
}
ok 'a certificate is there' eval 'ordered u-old && cad'
old=$(sql "SELECT encode(serial, 'hex') FROM cert WHERE holder = 'u-old'")
count=0
for off in +600 -600 +86400; do
	count=$((count + 1))
	ok "an order waits ($count)" ordered "u-$count"
	exits 1 "a run $off s off ends with an error" cad_at "$off" --once -d
	said 'of this machine is'
	said 'no certificates and no lists until they agree'
	said 'hint: compare both with date -u'
	is '... the order waits' "$(state "u-$count")" ready
done
exits 0 'a clock that is 20 s fast is no matter' cad_at +20 --once -d
is '... all were issued' "$(sql "SELECT count(*) FROM orders WHERE holder
    LIKE 'u-_' AND state = 'done'")" 3

made=$(lists)
env LD_PRELOAD="$faketime" FAKETIME=+600 FAKETIME_DONT_FAKE_MONOTONIC=1 \
    signet-cad -d -c "$pki/cad.conf" >"$tmp/log" 2>&1 &
cad=$!
pids="$pids $cad"
ok 'as a daemon it says so' wait_for grep -q \
    'clock of this machine is [56][0-9][0-9] s ahead of that of the store' \
    "$tmp/log"
ok 'an order comes' ordered u-4
as o1 signet revoke "$old" \
    --reason keyCompromise --yes --wait 0s >/dev/null 2>&1
revoked() {
	[ "$(sql "SELECT status FROM cert WHERE holder = 'u-old'")" = revoked ]
}
ok 'it revokes' wait_for revoked
is '... but does not issue' "$(state u-4)" ready
is '... and makes no list' "$(lists)" "$made"
is '... and says it once, not with each look' "$(grep -c 'of this machine is' \
    "$tmp/log")" 1
stop "$cad"
ok 'with the right time' cad
is '... it issues' "$(state u-4)" 'done'
not '... and makes the list' test "$(lists)" = "$made"
done_testing
