# SPDX-License-Identifier: Apache-2.0
# Sourced by the benches: a private PostgreSQL with fsync on, an installation
# made by tests/bench/feed.  For its rows see row.sh.
srcdir=$(cd "${srcdir:-.}" && pwd)
SIGNET_BUILD=$(cd "${SIGNET_BUILD:-.}" && pwd)
# shellcheck source=tests/lib/pg.sh
. "$srcdir/tests/lib/pg.sh"
# shellcheck source=tests/bench/row.sh
. "$srcdir/tests/bench/row.sh"
PATH=$SIGNET_BUILD:$SIGNET_BUILD/ca/issuing:$SIGNET_BUILD/tests/bench:$PATH
export SIGNET_PROFILES="$srcdir/etc/profiles" SIGNET_SQL="$srcdir/db"
tmp=$(mktemp -d "${TMPDIR:-/tmp}/signet-bench.XXXXXX") || exit 1
chmod 755 "$tmp"
cad=

bench_clean_up() {
	[ -z "$cad" ] || kill "$cad" 2>/dev/null
	pg_stop "$tmp/pg" >/dev/null 2>&1
	rm -rf "$tmp"
}
trap bench_clean_up EXIT
trap 'exit 1' INT TERM

bench_start() {
	make -s -C "$SIGNET_BUILD" tests/bench/feed >/dev/null || exit 1
	PG_FSYNC=on pg_start "$tmp/pg" >/dev/null || exit 1
	conninfo="host=$PGHOST port=$PGPORT dbname=signet"
	mkdir "$tmp/d"
	feed init "$tmp/d" "$conninfo" || exit 1
}

sql() {
	psql -X -q -At -v ON_ERROR_STOP=1 -d signet \
	    -c "set search_path = signet" -c "$1"
}

# cad_run QUESTION [SETTINGS] - until nothing is open; looks once a second, so that
# looking costs little.
cad_run() {
	signet-cad -d -c "${2:-$tmp/d/cad.conf}" 2>"$tmp/log" &
	cad=$!
	while [ "$(sql "$1")" != 0 ]; do
		kill -0 "$cad" 2>/dev/null || { cat "$tmp/log" >&2; exit 1; }
		sleep 1
	done
}
cad_stop() {
	kill "$cad"
	wait "$cad"
	cad=
}
items_left="SELECT count(*) FROM item WHERE state IN ('open', 'signing')"

# Certificates per second between the first group's commit and the last's, by
# the store's own clock: start-up is not in it.
rate_of() {
	sql "SELECT round((count(*) - count(*) FILTER (WHERE at = first)) /
	    extract(epoch FROM max(at) - min(at))) FROM (SELECT changed_at AS at,
	    min(changed_at) OVER () AS first FROM item WHERE state = 'done'
	    AND order_id IN (SELECT id FROM orders WHERE seq > ${1:-0})) s"
}
