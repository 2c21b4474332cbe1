#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Crowds that never come to an end, at signet-rad: others are served, and the
# crowd is gone in the end.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/rad.sh"
install_pki
rad_configure
rad_set timeout 3
rad_set per_address 40
rad_set connections 1000
rad_start

client=$srcdir/tests/lib/tls_raw.py
mkfifo "$tmp/until"
# crowd WHAT N - so many of them, from 16 addresses
crowd() {
	python3 "$client" hold "$rad_port" "$2" "$1" <"$tmp/until" \
	    >"$tmp/crowd" 2>&1 &
	crowd_pid=$!
	pids="$pids $crowd_pid"
	exec 7>"$tmp/until"
	wait_for grep -q '^held' "$tmp/crowd"
}
# How many of them the server has still not closed.
crowd_leaves() {
	exec 7>&-
	wait "$crowd_pid"
	left=$(sed -n 's/^left //p' "$tmp/crowd")
}
# How long the slowest of five visitors waited, at most MS.
served() {
	python3 "$client" look "$rad_port" 5 "$1" >"$tmp/ms" 2>&1 || {
		cat "$tmp/ms"
		return 1
	}
	echo "slowest of five: $(cat "$tmp/ms") ms"
	[ "$(cat "$tmp/ms")" -le "$2" ]
}
connections() {
	curl -s "$rad_metrics/metrics" | awk '/^signet_rad_connections/ \
	    { n += $NF } END { print n + 0 }'
}
few() {
	[ "$(connections)" -le "$1" ]
}

ok 'alone one is served' served / 2000
for what in handshake head body idle; do
	crowd "$what" 120
	held=$(sed -n 's/^held //p' "$tmp/crowd")
	ok "a crowd is there: $what" test "${held:-0}" -ge 50
	ok '... and others are served' served / 3000
	ok '... also with what needs the store' served /search 3000
	ok '... the crowd does not stay' wait_for few 20
	crowd_leaves
	ok '... and has seen that' test "$left" -le 20
done

# A crowd that takes every place: whoever comes waits, but not for ever.
rad_stop
rad_set connections 60
rad_set per_address 0
rad_start
crowd handshake 200
patient() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		served / 12000 && return
		sleep 1
	done
	return 1
}
ok 'when all places are taken one waits' patient
crowd_leaves
ok 'and then there is room' wait_for few 5
is 'it is the same process' "$(kill -0 "$rad_pid" && echo yes)" yes
rad_stop
done_testing
