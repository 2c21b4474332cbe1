#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What distance costs (as root, in networks of its own): BENCH_FAR ("0 20 80") ms
# each way between the store and the CA, the registration, the responder, the
# command line or a replica that has to have each commit, and between publisher
# and directory; fsync is off, so that the rest is little.  BENCH_ITEMS (4000)
# certificates of a batch, half as many orders, a twentieth as many by EST.
srcdir=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
export srcdir
[ "$(id -u)" -eq 0 ] || {
	echo 'far: left out, since only root can have networks of its own' >&2
	exit 0
}
# shellcheck source=tests/growth/world.sh
. "$srcdir/tests/growth/world.sh"
. "$srcdir/tests/lib/publish.sh"
. "$srcdir/tests/bench/row.sh"
n=${BENCH_ITEMS:-4000}
near=$((n / 2)) est=$((n / 20))
: "${tmp:?}" "${pki:?}"
make -s -C "$SIGNET_BUILD" tests/bench/feed >/dev/null || exit 1

# list COUNT - of requests that nobody has seen
list() {
	rm -rf "$tmp/feed/pem" &&
	feed requests "$tmp/feed" "$1" && feed pem "$tmp/feed" "$1" || return 1
	{
		echo holder,name,csr
		for list_csr in "$tmp"/feed/pem/*; do
			listed=$((listed + 1))
			echo "d$listed,d$listed,$list_csr"
		done
	} >"$tmp/list.csv"
}
listed=0

is_over() {
	[ "$(sql "SELECT count(*) FROM item WHERE state IN ('open', 'signing')")" = 0 ]
}
# rate COUNT [--single] - $rate: certificates a second, from the first commit to
# the last
rate() {
	rate_from=$(sql 'SELECT coalesce(max(seq), 0) FROM orders')
	halt ca1
	list "$1" && as o1 signet order import -p device --csv "$tmp/list.csv" \
	    --sign ${2:+"$2"} >"$tmp/imported" 2>&1 || {
		tail -n 5 "$tmp/imported" >&2
		exit 1
	}
	as o2 signet order approve --all-pending --yes >"$tmp/approved" 2>&1
	run ca1
	until is_over; do
		sleep 0.5
	done
	rate=$(sql "SELECT round(((count(*) - count(*) FILTER (WHERE at = first)) /
	    nullif(extract(epoch FROM max(at) - min(at)), 0))::numeric, 1)
	    FROM (SELECT changed_at AS at, min(changed_at) OVER () AS first
	    FROM item WHERE state = 'done' AND order_id IN (SELECT id FROM orders
	    WHERE seq > $rate_from)) s")
}
# median COMMAND... - of seven, in ms
median() {
	for _ in 1 2 3 4 5 6 7; do
		median_began=$(date +%s%N)
		"$@" >"$tmp/out" 2>&1 || { cat "$tmp/out" >&2; return 1; }
		echo $((($(date +%s%N) - median_began) / 1000000))
	done | sort -n | sed -n 4p
}
one_order() {
	one=$(date +%s%N)
	request "one$one" && as o1 signet issue --profile device \
	    --csr "$tmp/one$one.csr" --holder "one$one" --holder-name One \
	    --field name=one --out "$tmp/one$one.pem"
}
enrol_one() {
	enrol_n=$((enrol_n + 1))
	enrol_with "$enrol_n"
}
# enrol_many FROM COUNT - 16 at once
enrol_many() {
	seq "$1" $(($1 + $2 - 1)) | (
		while read -r enrol_k; do
			[ $((enrol_k % 16)) -ne 0 ] || wait
			enrol_with "$enrol_k" &
		done
		wait
	) >"$tmp/errors" 2>&1
}
# Requests that nobody has seen.
enrol_prepare() {
	enrol_n=0
	while [ $enrol_n -lt $((est + 50)) ]; do
		enrol_n=$((enrol_n + 1))
		request "enrol$enrol_n" -subj /CN=key &&
		    sed '/^---/d' "$tmp/enrol$enrol_n.csr" >"$tmp/enrol$enrol_n.b64"
	done
	enrol_n=0
}
enrol_with() {
	on ra1 curl -sSf --cacert "$pki/ca/root.pem" --cert "$tmp/key.pem" \
	    --key "$tmp/key.key" --connect-to "::$(host_ip ra1):8444" \
	    -H 'Content-Type: application/pkcs10' --data-binary @"$tmp/enrol$1.b64" \
	    -o "$tmp/enrolled.$1" https://ra.example.org:8444/.well-known/est/device/simpleenroll
}
ask_one() {
	asked=$((${asked:-0} + 1))
	on oc1 curl -sSf -H 'Content-Type: application/ocsp-request' -o "$tmp/said" \
	    --data-binary @"$tmp/ask.$asked" "http://$(host_ip oc1):8081/" &&
	    [ "$(wc -c <"$tmp/said")" -gt 100 ]
}
asks() {
	sql "SELECT '0x' || encode(serial, 'hex') FROM cert WHERE profile = 'device'
	    LIMIT 8" >"$tmp/serials"
	asks_n=0 asked=0
	while read -r serial; do
		asks_n=$((asks_n + 1))
		openssl ocsp -issuer "$pki/ca/services.pem" -serial "$serial" \
		    -reqout "$tmp/ask.$asks_n" || return 1
	done <"$tmp/serials"
}
one_list() {
	on oc2 signet order list --state pending
}
published() {
	[ "$(sql 'SELECT (SELECT count(*) FROM outbox) + (SELECT count(*)
	    FROM delivery)')" = 0 ]
}
fill() {
	people "$n" && fill_began=$(date +%s%N) && run pub1 &&
	until published; do
		sleep 0.2
	done
	fill_took=$((($(date +%s%N) - fill_began) / 1000000))
	halt pub1
}

prepare() {
	world_hosts && store_up && world_certificates &&
	sed -i '$a unique_key = false;' "$pki/profiles/device" &&
	request key -subj /CN=key && as o1 signet order new --profile device \
	    --csr "$tmp/key.csr" --holder key --holder-name Key --field name=key \
	    --sign --yes && cad && cert_of "$(last_order)" >"$tmp/key.pem" &&
	openssl req -in "$tmp/key.csr" -outform DER | openssl base64 \
	    >"$tmp/key.b64" && cas_up && halt ca2 &&
	sed -i '/^group/d' "$tmp/ca1.conf" && responders_up && authorities_up &&
	halt ra2 && halt oc2 && halt oc3 && directories_up && publishers_up &&
	halt pub1 && halt pub2 && mkdir "$tmp/feed" && createdb feed &&
	feed init "$tmp/feed" "host=$tmp/pg dbname=feed"
}
prepare >"$tmp/prepared" 2>&1 || { tail -n 20 "$tmp/prepared" >&2; exit 1; }
again() {
	halt "$1"
	run "$1"
	sleep 3
}
# at MS NAME COMMAND... - with that host so far away
at() {
	at_ms=$1 at_name=$2
	shift 2
	[ "$at_ms" -eq 0 ] || lag "$at_name" "$at_ms"
	"$@"
	[ "$at_ms" -eq 0 ] || unlag "$at_name"
}
of_the_ca() {
	rate "$n"
	row "$1: a batch of $n" "$rate" /s
	rate "$near" --single
	row "$1: $near orders" "$rate" /s
	row "$1: one order, until it is done" "$(median one_order)" ms
}
of_the_ra() {
	again ra1
	wait_for host_well ra1
	# Each thread has its connection to the store then.
	enrol_prepare && enrol_many 11 40
	row "$1: one enrolment" "$(median enrol_one)" ms
	of_began=$(date +%s%N)
	enrol_many 51 "$est"
	row "$1: $est enrolments, 16 at once" "$(awk -v n="$est" \
	    -v ns="$(($(date +%s%N) - of_began))" \
	    'BEGIN { printf "%.1f", n * 1e9 / ns }')" /s
}
of_the_responder() {
	again oc1
	wait_for host_well oc1
	asks 2>"$tmp/errors"
	ask_one && row "$1: an answer that nobody has asked for yet" "$(median ask_one)" ms
}
of_the_cli() {
	row "$1: order list" "$(median one_list)" ms
}
of_the_directory() {
	fill
	row "$1: holders" "$(awk -v n="$n" -v ms="$fill_took" \
	    'BEGIN { printf "%.0f", n * 1000 / ms }')" /s
	sql "DELETE FROM cert WHERE holder LIKE 'p%'" >"$tmp/out"
}
for ms in ${BENCH_FAR:-0 20 80}; do
	at "$ms" ca1 of_the_ca "CA at $ms ms"
	synchronous db1 db2
	at "$ms" db2 of_the_ca "replica at $ms ms"
	synchronous db1
	at "$ms" ra1 of_the_ra "registration at $ms ms"
	at "$ms" oc1 of_the_responder "responder at $ms ms"
	at "$ms" oc2 of_the_cli "command line at $ms ms"
	at "$ms" dir1 of_the_directory "directory at $ms ms"
done
