#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# signet-cad as a service: settings, processes, sandbox, signals, a dead key.
. "${srcdir:-.}/tests/integration/tap.sh"

start_pg
export SIGNET_PROFILES="$srcdir/etc/profiles" SIGNET_SQL="$srcdir/db" \
    SIGNET_GROUP=20 SIGNET_WORKERS=2
mkdir "$tmp/d"
ok 'an installation is set up' feed init "$tmp/d" "$conninfo"
conf=$tmp/d/cad.conf

order() {
	feed requests "$tmp/d" "$2" && feed "$1" "$tmp/d" "$conninfo" "$2"
}
finished() {
	[ "$(sql "SELECT count(*) FROM item WHERE state <> 'done'")" = 0 ]
}

# Settings.
ok 'good settings pass -t' signet-cad -t -c "$conf"
ok 'the sample settings pass -t' signet-cad -t -c "$srcdir/etc/cad.conf.sample"
sed 's/^workers/wokers/' "$conf" >"$tmp/bad.conf"
not 'an unknown setting is refused' signet-cad -t -c "$tmp/bad.conf"
says 'bad.conf:6: unknown setting "wokers"' signet-cad -t -c "$tmp/bad.conf"
sed 's/name = "people"/name = "services"/' "$conf" >"$tmp/bad.conf"
says 'two CAs are called "services"' signet-cad -t -c "$tmp/bad.conf"
sed '1i officers_ca = "staff";' "$conf" >"$tmp/bad.conf"
says 'officers_ca "staff" is not in cas' signet-cad -t -c "$tmp/bad.conf"
sed '1i heads = "heads.pem";' "$conf" >"$tmp/bad.conf"
says 'is neither file:/PATH nor exec:/COMMAND' signet-cad -t -c "$tmp/bad.conf"
says 'No such file or directory' signet-cad -t -c "$tmp/none.conf"
sed "s,host=$PGHOST,host=$tmp/nowhere," "$conf" >"$tmp/bad.conf"
says 'connect to database' signet-cad --once -d -c "$tmp/bad.conf"
chmod 644 "$tmp/d/people.key" "$tmp/d/services.key"
says 'open to others' signet-cad --once -d -c "$conf"
chmod 600 "$tmp/d/people.key" "$tmp/d/services.key"

# Processes.
start signet-cad -d -c "$conf"
cad=$last
ready() {
	[ "$(sql "SELECT count(*) FROM audit WHERE body LIKE 'act=start%'")" -gt 0 ]
}
ok 'it starts' wait_for ready
children() {
	ps -o pid= --ppid "$cad" | tr -d ' '
}
is 'three processes do its work' "$(children | wc -l)" 3
signer=$(ps -o pid=,rss= --ppid "$cad" | sort -k2 -n | tail -n 1 | awk '{print $1}')
for pid in $(children); do
	# One of them may have been begun a moment ago.
	ok "E002, E158: process $pid can gain no privileges" wait_for \
	    grep -q '^NoNewPrivs:.*1' "/proc/$pid/status"
	ok '... is under a system call filter' wait_for \
	    grep -q '^Seccomp:.*2' "/proc/$pid/status"
done
ok 'nothing listens' test -z "$(ss -Hltnp 2>/dev/null | grep "pid=$cad" ||
    for p in $(children); do ss -Hltnp 2>/dev/null | grep "pid=$p,"; done)"
ok 'G020: the signer leaves no core file' \
    grep -qE '^Max core file size +0 +0' "/proc/$signer/limits"
order batch 50 >"$tmp/out" 2>&1
ok 'it works' wait_for finished

# A child that dies takes the rest along: the service manager starts afresh.
family=$(children)
none_left() {
	for pid in $family; do
		! kill -0 "$pid" 2>/dev/null || return 1
	done
}
kill -9 "$signer"
wait "$cad"
is 'without its signer it ends with status 1' $? 1
ok '... and says why' grep -q 'ended with signal 9' "$tmp/log"
ok '... and no child is left' none_left

# Signals.
start signet-cad -d -c "$conf"
cad=$last
order batch 200 >"$tmp/out" 2>&1
kill -TERM "$cad"
wait "$cad"
is 'SIGTERM ends it with status 0' $? 0
ok 'what was left is issued by the next' signet-cad --once -d -c "$conf"
ok '... all of it' finished
ok 'nothing is in hand' test "$(sql 'SELECT count(*) FROM intent')" = 0

# E158: one dead key stops only itself.
mv "$tmp/d/people.key" "$tmp/d/away.key"
order batch 10 >"$tmp/out" 2>&1
: >"$tmp/log"
ok 'with one key away it starts' signet-cad --once -d -c "$conf"
says 'CA people: ' signet-cad --once -d -c "$conf"
ok 'orders to that CA wait' test \
    "$(sql "SELECT count(*) FROM item WHERE state = 'open'")" = 10
ok 'the other CA still makes its lists' test "$(sql "SELECT count(*) FROM crl
    WHERE ca = 'services'")" -ge 1
mv "$tmp/d/away.key" "$tmp/d/people.key"
ok 'with the key back they are issued' signet-cad --once -d -c "$conf"
ok '... all of them' finished

# The damaged ledger.
printf 'junk' >"$tmp/d/state/ledger"
says 'is not a ledger' signet-cad --once -d -c "$conf"

done_testing
