#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Revocations per second, and a list with all of them.
#
# BENCH_ITEMS orders (5000), one certificate each, one approval each.
# shellcheck source=tests/bench/common.sh
. "$(dirname "$0")/common.sh"
items=${BENCH_ITEMS:-5000}
bench_start
feed requests "$tmp/d" "$items" && feed batch "$tmp/d" "$conninfo" "$items" ||
    exit 1
cad_run "$items_left"
batch=$(rate_of)
cad_stop
feed revoke "$tmp/d" "$conninfo" "$items" || exit 1
cad_run "SELECT count(*) FROM orders WHERE state = 'ready'"
rate=$(sql "SELECT round((count(*) - count(*) FILTER (WHERE at = first)) /
    extract(epoch FROM max(at) - min(at))) FROM (SELECT changed_at AS at,
    min(changed_at) OVER () AS first FROM orders WHERE kind = 'revoke') s")
sleep 3
entries=$(sql "SELECT entries FROM crl WHERE ca = 'people' ORDER BY number DESC
    LIMIT 1")
bytes=$(sql "SELECT size FROM crl WHERE ca = 'people' ORDER BY number DESC
    LIMIT 1")
cad_stop
row "certificates revoked, an order each" "$rate" /s "batch items issued" "$batch"
row "entries on the list" "$entries" entries
row "bytes per entry" "$(awk -v b="$bytes" -v n="$entries" \
    'BEGIN { printf "%.1f", (n > 0 ? b / n : 0) }')" bytes
