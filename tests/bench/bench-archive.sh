#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An archive of half of the certificates in a store: planned, written, approved,
# taken out, verified.
#
# What is shared out is CPU; memory is what a program keeps of its own, without
# the files that it maps.
#
# BENCH_ARCHIVE: certificates in the store, of each run ("10000 100000"); four
# fifths came in batches of a tenth of them, the others by orders of their own.
# shellcheck source=tests/bench/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=tests/bench/installation.sh
. "$srcdir/tests/bench/installation.sh"
# shellcheck source=tests/lib/travel.sh
. "$srcdir/tests/lib/travel.sh"
bench_start
grep -q 'define SIGNET_FAULTS 1' "$SIGNET_BUILD/config.h" || {
	echo 'bench-archive: needs a build that can travel in time' \
	    '(configure --enable-faults)' >&2
	exit 1
}

install() {
	bench_install
	# Half a year, so that they are old after two.
	sed -i 's/^validity = .*/validity = "200d";/' \
	    "$tmp/pki/profiles/mail-dual"
}

cad_lists() {
	signet-cad -d --once -c "$tmp/pki/cad.conf" 2>"$tmp/log" ||
	    { tail -n 5 "$tmp/log" >&2; exit 1; }
}

# half SKIP: as many certificates as half of the store is to have
half() {
	half_at=$1
	for i in 1 2 3 4; do
		feed batch "$tmp/d" "$conninfo" $((size / 10)) "$half_at" ||
		    exit 1
		half_at=$((half_at + size / 10))
	done
	feed single "$tmp/d" "$conninfo" $((size / 10)) "$half_at" || exit 1
	cad_until "$items_left"
}

# said WHAT KEY: rows beside those of the first size
said() {
	row "$gone of $size: $1" "$took" s
	beside "$2_own" "... CPU for each, program" "$(each "$own")" us
	beside "$2_store" "... CPU for each, store" "$(each "$store")" us
	beside "$2_mib" "... memory of the program" "$mib" MiB
}
each() {
	awk -v t="$1" -v n="$gone" 'BEGIN { printf "%.1f", t * 1e6 / n }'
}
beside() {
	eval "base=\${first_$1:-}"
	if [ -z "$base" ]; then
		eval "first_$1=$3"
		row "$2" "$3" "$4"
	else
		row "$2" "$3" "$4" "with $least" "$base"
	fi
}

one() {
	echo "# a store of $size" >&2
	travel -700
	install
	half 0
	feed revoke "$tmp/d" "$conninfo" $((size / 100)) || exit 1
	cad_until "SELECT count(*) FROM orders WHERE state = 'ready'"
	for day in 480 470 345; do
		travel "-$day"
		cad_lists
	done
	# the present, in which officers are as they were
	travel -340
	half $((size / 2))
	travel 0
	psql -X -q -d signet -c 'VACUUM ANALYZE'
	measured signet archive plan --older 366d --json
	gone=$(sed -n 's/.*"certificates": *\([0-9]*\).*/\1/p' "$tmp/out")
	before=$(sql "SELECT pg_database_size('signet') / 1048576")
	said plan plan
	as s1 measured signet archive write "$tmp/a$size" --older 366d
	said 'written, and proven' write
	id=$(sql "SELECT encode(id, 'hex') FROM orders WHERE kind = 'permit'")
	as s2 timed signet order approve "$id"
	measured signet archive run "$tmp/a$size" --yes
	said 'proven, and taken out' run
	measured signet archive verify "$tmp/a$size"
	said 'verified' verify
	[ "$(sql 'SELECT count(*) FROM archived')" -ge $((size / 2)) ] || exit 1
	psql -X -q -d signet -c 'VACUUM FULL'
	row "the store before" "$before" MiB
	row "... after, packed" \
	    "$(sql "SELECT pg_database_size('signet') / 1048576")" MiB
	row "the archive" "$(du -sm "$tmp/a$size" | cut -f 1)" MiB
	rm -rf "$tmp/a$size"
}

most=0
for size in ${BENCH_ARCHIVE:-10000 100000}; do
	[ "$size" -le "$most" ] || most=$size
	least=${least:-$size}
done
feed requests "$tmp/d" "$most" || exit 1
for size in ${BENCH_ARCHIVE:-10000 100000}; do
	one
done
