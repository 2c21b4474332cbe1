#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Certificates per second of a CA with an RSA-3072 key in a file, on one thread
# and on all processors, against what the processors can sign at all.
#
# BENCH_ITEMS items (4000).  The raw rate is measured before and after, for
# whatever else the machine is doing.
# shellcheck source=tests/bench/common.sh
. "$(dirname "$0")/common.sh"
items=${BENCH_ITEMS:-4000}
SIGNET_PEOPLE_KEY=rsa:3072
export SIGNET_PEOPLE_KEY
bench_start

# The last line ends in signatures and verifications.  By the clock on the wall:
# by that of the processor others would not count.
raw() {
	openssl speed -elapsed -seconds 3 -multi "$1" rsa3072 2>/dev/null | tail -n 1 |
	    awk '{ printf "%.0f", $(NF - 1) }'
}
mean() {
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.0f", (a + b) / 2 }'
}
# measure THREADS
measure() {
	sed '/^signing_threads/d' "$tmp/d/cad.conf" >"$tmp/conf"
	echo "signing_threads = $1;" >>"$tmp/conf"
	mv "$tmp/conf" "$tmp/d/cad.conf"
	mark=$(sql "SELECT coalesce(max(seq), 0) FROM orders")
	feed requests "$tmp/d" "$items" || exit 1
	feed batch "$tmp/d" "$conninfo" "$items" || exit 1
	cad_run "$items_left"
	rate_of "$mark"
	cad_stop
}

cpus=$(getconf _NPROCESSORS_ONLN)
before=$(raw "$cpus")
all=$(measure 0) || exit 1
between=$(raw "$cpus")
one=$(measure 1) || exit 1
after=$(raw "$cpus")
row "RSA-3072: issued, all processors" "$all" /s \
    "raw signatures, $cpus processes" "$(mean "$before" "$between")"
row "RSA-3072: issued, one thread" "$one" /s \
    "raw signatures, $cpus processes" "$(mean "$between" "$after")"
