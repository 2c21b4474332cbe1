# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Somebody else is in the store, and keeps what a statement locks; after tap.sh:
#
#	hold STATEMENT		until let_go
#	let_go
#	has_locks TABLE GRANTED MODE
: "${tmp:?}"
mkfifo "$tmp/hold"

hold() {
	psql -X -q -d signet <"$tmp/hold" >"$tmp/psql.log" 2>&1 &
	holder=$!
	pids="$pids $holder"
	exec 8>"$tmp/hold"
	echo "BEGIN; $1;" >&8
}

let_go() {
	echo 'COMMIT;' >&8
	exec 8>&-
	wait "$holder"
}

has_locks() {
	[ "$(sql "SELECT count(*) FROM pg_locks WHERE relation =
	    'signet.$1'::regclass AND granted = $2 AND mode = '$3'")" -gt 0 ]
}
