#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# EST enrolments per second, end to end: TLS with a client certificate, order,
# RA's signature, CA, PKCS#7; beside the TLS handshakes that openssl s_time
# makes with the same server in the same run, and one core's P-256 signatures.
#
# BENCH_ENROLMENTS (3000) requests of BENCH_CLIENTS (32) at once, by
# BENCH_DEVICES (300) in turn, each with a key and certificate of its own, on a
# connection of its own with a handshake in full.  tests/bench/enrollers makes
# the load on the same machine: what each part took of the processors says what
# would be left without it.
srcdir=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
export srcdir
# shellcheck source=tests/integration/tap.sh
. "$srcdir/tests/integration/tap.sh"
# shellcheck source=tests/lib/installation.sh
. "$srcdir/tests/lib/installation.sh"
# shellcheck source=tests/lib/enrol.sh
. "$srcdir/tests/lib/enrol.sh"
# shellcheck source=tests/bench/row.sh
. "$srcdir/tests/bench/row.sh"
n=${BENCH_ENROLMENTS:-3000} clients=${BENCH_CLIENTS:-32}
devices=${BENCH_DEVICES:-300}
make -s -C "$SIGNET_BUILD" tests/bench/enrollers >/dev/null || exit 1

PG_FSYNC=on start_pg
install_pki
device_profile
rad_certificates || exit 1

# What the devices have already.
echo holder,name,csr >"$tmp/devices.csv"
k=0
while [ $k -lt "$devices" ]; do
	request "dev$k" && echo "dev$k,dev$k,dev$k.csr" >>"$tmp/devices.csv" ||
	    exit 1
	k=$((k + 1))
done
as o1 signet order import -p device --csv "$tmp/devices.csv" --single --sign \
    >"$tmp/out" 2>&1 && cad || exit 1
sql "SELECT holder, replace(encode(der, 'base64'), E'\\n', '') FROM cert
    WHERE profile = 'device'" | while IFS='|' read -r holder der; do
	printf '%s' "$der" | base64 -d |
	    openssl x509 -inform DER -out "$tmp/$holder.pem"
done

rad_start 'per_address = 0' 'patience = "30s"' || exit 1
cad_start
enrol_all() {
	"$SIGNET_BUILD/tests/bench/enrollers" -C "$pki/ca/root.pem" \
	    -H "$rad_host" -a "$rad_cert_port" -c "$clients" -d "$devices" \
	    -p /.well-known/est/device/simpleenroll "$tmp" "$1" 2>"$tmp/errors"
}
# Connections to the store and statements are there, as after the first minute.
enrol_all $((clients * 4)) >"$tmp/out" || exit 1

s_time() {
	openssl s_time -connect "127.0.0.1:$rad_cert_port" -new -time 5 \
	    -cert "$tmp/dev1.pem" -key "$tmp/dev1.key" 2>/dev/null |
	    awk '/connections in .* real seconds/ { print $1 / $4 }'
}
handshakes=$({ s_time & s_time & s_time & s_time; wait; } |
    awk '{ sum += $1 } END { printf "%.0f", sum }')

signs=$(openssl speed -seconds 1 ecdsap256 2>/dev/null |
    awk 'END { printf "%.0f", $(NF - 1) }')

pg_pid=$(head -n 1 "$tmp/pg/data/postmaster.pid")
before=$(sql "SELECT count(*) FROM cert")
rad_cpu=$(cpu_tree "$rad") cad_cpu=$(cpu_tree "$cad_pid")
pg_cpu=$(cpu_tree "$pg_pid")
written=$(sql "SELECT pg_current_wal_lsn()")
commits=$(sql "SELECT xact_commit FROM pg_stat_database WHERE datname = 'signet'")
# shellcheck disable=SC2046 # numbers
set -- $(enrol_all "$n")
good=${1:-0} took=${2:-1} own_cpu=${3:-0} median=${4:-0} p99=${5:-0}
rad_cpu="$rad_cpu $(cpu_tree "$rad")" cad_cpu="$cad_cpu $(cpu_tree "$cad_pid")"
pg_cpu="$pg_cpu $(cpu_tree "$pg_pid")"
written=$(sql "SELECT round((pg_current_wal_lsn() - '$written') / $n)")
made=$(($(sql "SELECT count(*) FROM cert") - before))
[ "$good" -eq "$n" ] && [ "$made" -eq "$n" ] || {
	echo "$good of $n enrolled, $made certificates made" >&2
	head -n 5 "$tmp/errors" >&2
	tail -n 5 "$tmp/rad.log" >&2
	exit 1
}
sleep 1		# for the statistics of the store
commits=$(sql "SELECT xact_commit - $commits FROM pg_stat_database
    WHERE datname = 'signet'")

# each BEFORE AFTER FACTOR
each() {
	awk -v a="$1" -v b="$2" -v f="$3" -v n="$n" \
	    'BEGIN { printf "%.2f", (b - a) * f / n }'
}
rate=$(awk -v n="$n" -v t="$took" 'BEGIN { printf "%.0f", n / t }')
row "EST: enrolments, $clients at once ($n)" "$rate" /s \
    "TLS handshakes" "$handshakes"
row "EST: enrolments, $clients at once ($n)" "$rate" /s \
    "P-256 signatures of one core" "$signs"
# shellcheck disable=SC2086 # a word and two numbers each
for part in "rad $rad_cpu" "CA $cad_cpu" "store $pg_cpu" "clients 0 $own_cpu"; do
	set -- $part
	row "EST: CPU of an enrolment, $1" "$(each "$2" "$3" 1000)" ms
done
row "EST: WAL of an enrolment" "$written" bytes
row "EST: transactions of an enrolment" "$(each 0 "$commits" 1)" ""
row "EST: median of an enrolment" "$median" ms
row "EST: 99th percentile of an enrolment" "$p99" ms
rad_stop
cad_stop
