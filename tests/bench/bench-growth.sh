#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Batch items per second with more and more certificates in the store.
#
# BENCH_GROWTH: how many certificates before each run ("1000 100000 1000000").
# shellcheck source=tests/bench/common.sh
. "$(dirname "$0")/common.sh"
bench_start
items=5000
first=

# Rows as the CA writes them: order, item, certificate, names, audit entry.
fill() {
	have=$(sql "SELECT count(*) FROM cert")
	[ "$have" -lt "$1" ] || return 0
	sql "SET session_replication_role = replica;
	CREATE TEMP TABLE g AS SELECT n, decode(lpad(to_hex(n), 32, '0'), 'hex')
	    AS id, sha256(int8send(n)) AS h FROM generate_series($have + 1::bigint,
	    $1::bigint) n;
	INSERT INTO orders (id, digest, kind, state, ca, profile, holder, summary,
	    blob, approvals, items, created_at, expires_at) SELECT id, h, 'issue',
	    'done', 'people', 'mail-dual', 'h' || n, 'filled', h || h || h || h || h
	    || h || h || h || h || h || h || h || h || h || h || h, 1, 1, now(),
	    now() + interval '7 days' FROM g;
	INSERT INTO item (order_id, n, state, holder) SELECT id, 0, 'done',
	    'h' || n FROM g;
	INSERT INTO cert (ca, serial, order_id, n, profile, holder, subject,
	    key_digest, not_before, not_after, der, issued_at) SELECT 'people',
	    substr(h, 1, 20), id, 0, 'mail-dual', 'h' || n, 'CN=Person ' || n ||
	    ',O=Example AB,C=SE', h, now(), now() + interval '2 years', h || h || h
	    || h || h || h || h || h || h || h || h || h || h || h || h || h || h
	    || h || h || h || h, now() FROM g;
	INSERT INTO cert_name (cert, kind, value) SELECT id, 'mail', 'p' || id ||
	    '@example.org' FROM cert WHERE id > $have;
	SELECT audit_append(array_agg(convert_to('act=holder-new' || chr(10) ||
	    'at=2026-01-01T00:00:00Z' || chr(10) || 'holder=' || n || chr(10) ||
	    'note=' || encode(h, 'hex') || encode(h, 'hex') || encode(h, 'hex') ||
	    chr(10), 'UTF8'))) FROM g GROUP BY n / 1000;
	ANALYZE" >/dev/null
}

for n in ${BENCH_GROWTH:-1000 100000 1000000}; do
	fill "$n"
	s=$(date +%s.%N)
	signet-cad --once -d -c "$tmp/d/cad.conf" 2>"$tmp/log" ||
	    { cat "$tmp/log" >&2; exit 1; }
	e=$(date +%s.%N)
	row "start, following the chain, at $n" \
	    "$(awk -v s="$s" -v e="$e" 'BEGIN { printf "%.2f", e - s }')" s
	mark=$(sql "SELECT max(seq) FROM orders")
	feed requests "$tmp/d" "$items" && feed batch "$tmp/d" "$conninfo" "$items" ||
	    exit 1
	cad_run "$items_left"
	rate=$(rate_of "$mark")
	cad_stop
	: "${first:=$rate}"
	row "batch items issued at $n certificates" "$rate" /s "the first" "$first"
done
