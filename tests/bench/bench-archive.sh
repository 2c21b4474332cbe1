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
PATH=$PATH:$SIGNET_BUILD/ca/root
SIGNET_CONFIG=$tmp/pki/signet.conf
export SIGNET_CONFIG
bench_start
grep -q 'define SIGNET_FAULTS 1' "$SIGNET_BUILD/config.h" || {
	echo 'bench-archive: needs a build that can travel in time' \
	    '(configure --enable-faults)' >&2
	exit 1
}

days() {
	SIGNET_CLOCK_OFFSET=$(($1 * -86400))
	export SIGNET_CLOCK_OFFSET
}

# Feed's own installation gave the tables of its keys; this one is real.
install() {
	rm -rf "$tmp/pki"
	psql -X -q -d postgres -c 'DROP DATABASE signet' || exit 1
	signet init --dir "$tmp/pki" --data "$srcdir" \
	    --organization "Example AB" --country SE \
	    --database "$conninfo user=postgres" --url http://pki.example.org \
	    --root-key ec:P-256 --ca-key ec:P-256 --key ec:P-256 \
	    --security-officer "s1:Sara One" --security-officer "s2:Sten Two" \
	    --officer "o1:Olga One" --officer "o2:Otto Two" --yes \
	    </dev/null >"$tmp/out" 2>&1 || { tail -n 5 "$tmp/out" >&2; exit 1; }
	for i in 1 2; do
		cp "$tmp/pki/officers/o$i.pem" "$tmp/d/officer$i.pem"
		rm -f "$tmp/d/officer$i.key"
		(umask 077 && openssl pkey -in "$tmp/pki/officers/o$i.key" \
		    -passin "file:$tmp/pki/secrets/officer-o$i" \
		    -out "$tmp/d/officer$i.key") || exit 1
	done
	# Half a year, so that they are old after two.
	sed -i 's/^validity = .*/validity = "200d";/' \
	    "$tmp/pki/profiles/mail-dual"
}

cad_until() {
	cad_run "$1" "$tmp/pki/cad.conf"
	cad_stop
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

as() {
	who=$1
	shift
	"$@" --key "$tmp/pki/officers/$who.key" \
	    --cert "$tmp/pki/officers/$who.pem" --yes \
	    --passphrase "file:$tmp/pki/secrets/officer-$who"
}

# Seconds in $took, MiB at most in $mib; what it said in $tmp/out.
timed() {
	"$@" >"$tmp/out" 2>&1 </dev/null || { tail -n 5 "$tmp/out" >&2; exit 1; }
}
measured() {
	store=$(cpu_tree "$(head -n 1 "$tmp/pg/data/postmaster.pid")")
	timed python3 -c 'import os, subprocess, sys, time
began = time.monotonic()
p = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL)
most = 0
while p.poll() is None:
    with open("/proc/%d/status" % p.pid) as f:
        most = max([most] + [int(l.split()[1]) for l in f
            if l.startswith("RssAnon")])
    time.sleep(0.05)
t = os.times()
with open(sys.argv[1], "w") as f:
    print("%.2f %.2f %d" % (time.monotonic() - began, t.children_user +
        t.children_system, most / 1024), file=f)
sys.exit(p.returncode)' "$tmp/took" "$@"
	read -r took own mib <"$tmp/took"
	store=$(awk -v before="$store" -v after="$(cpu_tree \
	    "$(head -n 1 "$tmp/pg/data/postmaster.pid")")" \
	    'BEGIN { print after - before }')
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
	days 700
	install
	half 0
	feed revoke "$tmp/d" "$conninfo" $((size / 100)) || exit 1
	cad_until "SELECT count(*) FROM orders WHERE state = 'ready'"
	for day in 480 470 345; do
		days $day
		cad_lists
	done
	# the present, in which officers are as they were
	days 340
	half $((size / 2))
	unset SIGNET_CLOCK_OFFSET
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
