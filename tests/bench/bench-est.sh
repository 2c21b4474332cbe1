#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# EST enrolments per second, end to end: TLS with a client certificate, order,
# RA's signature, CA, PKCS#7; beside the TLS handshakes that openssl s_time
# makes with the same server in the same run.
#
# BENCH_ENROLMENTS (1000) requests by BENCH_CLIENTS (8, 10 at most) at once, each on a
# connection of its own; keys and requests are made before.
srcdir=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
export srcdir
# shellcheck source=tests/integration/tap.sh
. "$srcdir/tests/integration/tap.sh"
# shellcheck source=tests/lib/installation.sh
. "$srcdir/tests/lib/installation.sh"
# shellcheck source=tests/lib/enrol.sh
. "$srcdir/tests/lib/enrol.sh"
n=${BENCH_ENROLMENTS:-1000} clients=${BENCH_CLIENTS:-8}
[ -n "$tap_pg" ] || PG_FSYNC=on start_pg
install_pki
device_profile
sed -i '$a unique_key = false;' "$pki/profiles/device"
rad_certificates || exit 1
rad_start 'per_address = 0' 'patience = "30s"' || exit 1
cad_start
mkdir "$tmp/est"
k=0
while [ $k -lt "$clients" ]; do
	k=$((k + 1))
	code_order "dev$k" device && enrol "dev$k" simpleenroll \
	    -u "dev$k:$code" && issued_to "dev$k" || exit 1
done
i=0
while [ $i -lt "$n" ]; do
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$tmp/est/key" -subj "/CN=dev$((i % clients + 1))" \
	    -outform DER 2>/dev/null | openssl base64 >"$tmp/est/$i"
	i=$((i + 1))
done

# The yardstick: full handshakes, one after the other and at once.
s_time() {
	openssl s_time -connect "127.0.0.1:$rad_cert_port" -new -time 5 \
	    -cert "$tmp/dev1.pem" -key "$tmp/dev1.key" 2>/dev/null |
	    awk '/connections in .* real seconds/ { print $1 / $4 }'
}
handshakes=$({ s_time & s_time & s_time & s_time; wait; } |
    awk '{ sum += $1 } END { printf "%.0f", sum }')

# One curl per client, its requests one after the other.
k=0
while [ $k -lt "$clients" ]; do
	i=$k
	while [ $i -lt "$n" ]; do
		[ $i -eq $k ] || echo next
		cat <<-E
		url = "$ra_cert/.well-known/est/device/simpleenroll"
		cacert = "$pki/ca/root.pem"
		connect-to = "$rad_host:$rad_cert_port:127.0.0.1:$rad_cert_port"
		cert = "$tmp/dev$((k + 1)).pem"
		key = "$tmp/dev$((k + 1)).key"
		header = "Content-Type: application/pkcs10"
		header = "Connection: close"
		data-binary = "@$tmp/est/$i"
		output = "/dev/null"
		write-out = "%{http_code}\\n"
		E
		i=$((i + clients))
	done >"$tmp/est/config.$((k + 1))"
	k=$((k + 1))
done
before=$(sql "SELECT count(*) FROM cert")
begun=$(date +%s.%N)
curls=
k=0
while [ $k -lt "$clients" ]; do
	k=$((k + 1))
	curl -s --config "$tmp/est/config.$k" >"$tmp/est/status.$k" &
	curls="$curls $!"
done
# shellcheck disable=SC2086 # many
wait $curls
ended=$(date +%s.%N)
good=$(cat "$tmp"/est/status.* | grep -c '^200')
made=$(($(sql "SELECT count(*) FROM cert") - before))
awk -v good="$good" -v made="$made" -v n="$n" -v t0="$begun" -v t1="$ended" \
    -v h="$handshakes" 'BEGIN {
	rate = good / (t1 - t0)
	printf "%d of %d enrolled, %d certificates made\n", good, n, made
	printf "EST enrolments/s        %8.0f\n", rate
	printf "TLS handshakes/s        %8.0f\n", h
	printf "share                   %8.2f\n", h > 0 ? rate / h : 0
}'
rad_stop
cad_stop
[ "$good" -eq "$n" ] && [ "$made" -eq "$n" ]
