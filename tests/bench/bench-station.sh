#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Cards per second of a station, and what a card costs beside its own time:
# real pcscd with 16 virtual readers, test cards as slow as real ones, real
# store (fsync on) and CA; beside the same driver on the same cards without
# station, store and CA, and what the disk and a processor can do.
#
# BENCH_CARDS (1000) with P-256 keys and BENCH_RSA (as many) with RSA-2048
# through all readers; BENCH_EACH (3) for each reader of 1, 2, 4, 8 and 16.
# BENCH_LAYOUTS says which of "ec rsa" (both).  The test card makes its keys on
# the same processors: so with RSA, they are its own.  BENCH_PACE=none has cards
# answer at once: for long runs, of which memory is looked at and not time.
srcdir=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
export srcdir
# shellcheck source=tests/integration/tap.sh
. "$srcdir/tests/integration/tap.sh"
# shellcheck source=tests/lib/installation.sh
. "$srcdir/tests/lib/installation.sh"
# shellcheck source=tests/lib/cards.sh
. "$srcdir/tests/lib/cards.sh"
# shellcheck source=tests/lib/station.sh
. "$srcdir/tests/lib/station.sh"
# shellcheck source=tests/bench/row.sh
. "$srcdir/tests/bench/row.sh"
cards=${BENCH_CARDS:-1000} rsa=${BENCH_RSA:-${BENCH_CARDS:-1000}}
each=${BENCH_EACH:-3} layouts=${BENCH_LAYOUTS:-ec rsa}
pace=${BENCH_PACE:-real}
options="-x -d $pace" serial=1

make -s -C "$SIGNET_BUILD" tests/lib/pivcard/pivcard tests/lib/card_maker \
    tests/lib/pivcard/loopback.so >/dev/null || exit 1
PG_FSYNC=on start_pg
install_pki
station_configure
cp "$tmp/station.conf" "$tmp/base.conf"

# four_slots NAME ALGORITHM
four_slots() {
	layout "$1" "
	{ slot = \"authentication\"; profile = \"web-login\"; alg = \"$2\"; },
	{ slot = \"signature\"; profile = \"individual-sign\"; alg = \"$2\"; },
	{ slot = \"key management\"; profile = \"individual-encrypt\"; alg = \"$2\"; },
	{ slot = \"card authentication\"; profile = \"card-auth\"; alg = \"$2\"; }
"
}
four_slots ec ec:P-256
four_slots rsa rsa:2048

# bench_run BATCH READERS COUNT: figures in $tmp/figures
bench_run() {
	rm -f "$tmp/events"
	mkfifo "$tmp/events"
	cp "$tmp/base.conf" "$tmp/station.conf"
	i=0
	while [ $i -lt "$2" ]; do
		echo "\"$(reader_name $i)\""
		i=$((i + 1))
	done | paste -sd, | sed 's/.*/readers = [ & ];/' >>"$tmp/station.conf"
	station_start --batch "$1"
	# shellcheck disable=SC2086 # options
	"$srcdir/tests/bench/cards.pl" "$tmp" "$2" "$serial" "$3" \
	    station="$station" cad="$ca" store="$pg_pid" pcscd="$readers_pid" \
	    cards="$places" -- $options <"$tmp/events" >"$tmp/figures" || {
		tail -n 5 "$tmp/station.log" "$tmp/cad.log" >&2
		exit 1
	}
	serial=$((serial + $3))
	station_stop
}
figure() {
	sed -n "s/^$1 //p" "$tmp/figures"
}

# bare ALGORITHM: ms of a card, beside its own, with the driver alone
bare() {
	i=0
	while [ $i -lt 5 ]; do
		rm -f "$tmp/bare" "$tmp/bare.log"
		card_insert 0 "$tmp/bare" -x -d "$pace" -l "$tmp/bare.log"
		s=$(date +%s%3N)
		card_maker make "$(reader_name 0)" >"$tmp/out" 2>&1 || {
			cat "$tmp/out" >&2
			exit 1
		}
		e=$(date +%s%3N)
		awk -v s="$s" -v e="$e" '{ us += $6 } END {
		    printf "%.0f %d\n", e - s - us / 1000, NR }' "$tmp/bare.log"
		card_pull 0
		i=$((i + 1))
	done | sort -n | sed -n 3p
}

signs=$(openssl speed -seconds 1 ecdsap256 2>/dev/null | tail -n 1 |
    awk '{ printf "%.0f", $(NF - 1) }')
syncs=$(dd if=/dev/zero of="$tmp/sync" bs=512 count=1000 oflag=dsync 2>&1 |
    awk '/copied/ { for (i = 1; i < NF; i++) if ($(i + 1) == "s,")
	printf "%.0f", 1000 / $i }')
readers_begin 8 && readers_twice || exit 1
readers_pid=$readers
readers=$readers_count
places=$(pgrep -P $$ -x pivcard | paste -sd,)
pg_pid=$(head -n 1 "$tmp/pg/data/postmaster.pid")
bare_ms=$(bare)
ca_start

# rows NAME COUNT: of the last run
rows() {
	count=$2
	row "$1: a card beside its own time, median" "$(figure own)" ms \
	    "driver alone" "${bare_ms% *}"
	row "$1: the card's own time" "$(figure card)" ms
	for part in $(sed -n 's/^cpu\.\([^ ]*\) .*/\1/p' "$tmp/figures"); do
		row "$1: CPU of a card, $part" "$(figure "cpu.$part")" ms
	done
	for part in parent clerk workers; do
		first=$(figure "rss.$part.100")
		row "$1: peak memory of $part, $count cards" \
		    "$(figure "rss.$part.$count")" KiB "after 100" \
		    "${first:-0}"
	done
}

for name in $layouts; do
	n=$cards
	[ "$name" = ec ] || n=$rsa
	card_batch "$name" "$name" $((n + 31 * each)) || exit 1
	one=
	for r in 1 2 4 8 16; do
		[ "$each" -gt 0 ] || break
		bench_run "$name" $r $((r * each))
		: "${one:=$(figure rate)}"
		row "$name: cards with $r readers" "$(figure rate)" /s \
		    "one reader times $r" \
		    "$(awk -v a="$one" -v r=$r 'BEGIN { print a * r }')"
		[ $r -gt 1 ] || row "$name: beside its own time, alone" \
		    "$(figure own)" ms "driver alone" "${bare_ms% *}"
	done
	[ "$n" -gt 0 ] || continue
	bench_run "$name" 16 "$n"
	row "$name: cards with 16 readers ($n)" "$(figure rate)" /s
	rows "$name" "$n"
done
commits=$(sql "SELECT round((SELECT count(*) FROM card_step)::numeric /
    (SELECT count(*) FROM card WHERE state = 'issued'), 1)")
row "steps in the journal of a card" "$commits" ''
row "synced writes of 512 bytes" "$syncs" /s
row "P-256 signatures of one core" "$signs" /s
