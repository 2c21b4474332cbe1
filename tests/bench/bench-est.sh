#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# EST enrolments per second, end to end: TLS with a client certificate, order,
# RA's signature, CA, PKCS#7; beside the TLS handshakes that openssl s_time
# makes with the same server in the same run.
#
# BENCH_ENROLMENTS (2000) requests of BENCH_CLIENTS (32) at once, each on a
# connection of its own, with a handshake in full and by another certificate
# than the 300 before; keys and requests are made before.  The load is made on
# the same machine: what each part took of the processors says what would be
# left without it.
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
n=${BENCH_ENROLMENTS:-2000} clients=${BENCH_CLIENTS:-32}
devices=8 certs=304

PG_FSYNC=on start_pg
install_pki
device_profile
sed -i '$a unique_key = false;' "$pki/profiles/device"
rad_certificates || exit 1
rad_start 'per_address = 0' 'patience = "30s"' || exit 1
cad_start
mkdir "$tmp/est"
k=0
while [ $k -lt $devices ]; do
	code_order "dev$k" device && enrol "dev$k" simpleenroll \
	    -u "dev$k:$code" && issued_to "dev$k" || exit 1
	k=$((k + 1))
done

# requests N: keys are the devices', everything else is new each time.
requests() {
	i=0
	while [ $i -lt "$1" ]; do
		openssl req -new -key "$tmp/dev$((i % devices)).key" \
		    -subj "/CN=dev$((i % devices))" -outform DER |
		    openssl base64 >"$tmp/est/$i"
		i=$((i + 1))
	done
}
# plan N NAME M: what curl is to do, by $tmp/NAME0.pem to M - 1
plan() {
	i=0
	while [ $i -lt "$1" ]; do
		[ $i -eq 0 ] || echo next
		cat <<-C
		url = "$ra_cert/.well-known/est/device/simpleenroll"
		cacert = "$pki/ca/root.pem"
		connect-to = "$rad_host:$rad_cert_port:127.0.0.1:$rad_cert_port"
		cert = "$tmp/$2$((i % $3)).pem"
		key = "$tmp/dev$((i % devices)).key"
		header = "Content-Type: application/pkcs10"
		header = "Connection: close"
		no-sessionid
		data-binary = "@$tmp/est/$i"
		output = "$tmp/est/answer.$((i % certs))"
		write-out = "%{http_code} %{time_total}\\n"
		C
		i=$((i + 1))
	done >"$tmp/est/plan"
}
enrol_all() {
	curl -s -S --no-progress-meter --parallel --parallel-max "$clients" \
	    --config "$tmp/est/plan" >"$tmp/est/status" 2>"$tmp/est/curl"
}

# As many certificates as it takes to be a stranger each time.
requests $certs
plan $certs dev $devices
enrol_all
i=0
while [ $i -lt $certs ]; do
	base64 -d "$tmp/est/answer.$i" | openssl pkcs7 -inform DER \
	    -print_certs -out "$tmp/own$i.pem" || exit 1
	i=$((i + 1))
done
requests "$n"
plan "$n" own $certs

s_time() {
	openssl s_time -connect "127.0.0.1:$rad_cert_port" -new -time 5 \
	    -cert "$tmp/dev1.pem" -key "$tmp/dev1.key" 2>/dev/null |
	    awk '/connections in .* real seconds/ { print $1 / $4 }'
}
handshakes=$({ s_time & s_time & s_time & s_time; wait; } |
    awk '{ sum += $1 } END { printf "%.0f", sum }')

pg_pid=$(head -n 1 "$tmp/pg/data/postmaster.pid")
before=$(sql "SELECT count(*) FROM cert")
rad_cpu=$(cpu_tree "$rad") cad_cpu=$(cpu_tree "$cad_pid")
pg_cpu=$(cpu_tree "$pg_pid") own_cpu=$(cpu_children $$)
begun=$(date +%s.%N)
enrol_all
ended=$(date +%s.%N)
rad_cpu="$rad_cpu $(cpu_tree "$rad")" cad_cpu="$cad_cpu $(cpu_tree "$cad_pid")"
pg_cpu="$pg_cpu $(cpu_tree "$pg_pid")" own_cpu="$own_cpu $(cpu_children $$)"
good=$(grep -c '^200' "$tmp/est/status")
made=$(($(sql "SELECT count(*) FROM cert") - before))
[ "$good" -eq "$n" ] && [ "$made" -eq "$n" ] || {
	echo "$good of $n enrolled, $made certificates made" >&2
	cut -d ' ' -f 1 "$tmp/est/status" | sort | uniq -c >&2
	tail -n 5 "$tmp/rad.log" >&2
	exit 1
}

# ms_each BEFORE AFTER
ms_each() {
	awk -v a="$1" -v b="$2" -v n="$good" \
	    'BEGIN { printf "%.2f", (b - a) * 1000 / n }'
}
rate=$(awk -v n="$good" -v t0="$begun" -v t1="$ended" \
    'BEGIN { printf "%.0f", n / (t1 - t0) }')
row "EST: enrolments, $clients at once ($good)" "$rate" /s \
    "TLS handshakes" "$handshakes"
# shellcheck disable=SC2086 # a word and two numbers each
for part in "rad $rad_cpu" "CA $cad_cpu" "store $pg_cpu" "clients $own_cpu"; do
	set -- $part
	row "EST: CPU of an enrolment, $1" "$(ms_each "$2" "$3")" ms
done
row "EST: 99th percentile of an enrolment" "$(cut -d ' ' -f 2 \
    "$tmp/est/status" | sort -n | awk '{ v[NR] = $1 } END {
	printf "%.0f", v[int(NR * 0.99)] * 1000 }')" ms
rad_stop
cad_stop
