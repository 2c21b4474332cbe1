#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A list of a million: time, memory, and revoking one more then.
#
# BENCH_LIST entries (1000000), 20-octet serials, one reason each, against
# "openssl ca -gencrl" on the same entries (BENCH_PEER=no: without).
# shellcheck source=tests/bench/common.sh
. "$(dirname "$0")/common.sh"
n=${BENCH_LIST:-1000000}
more=${BENCH_REVOKE:-400}
make -s -C "$SIGNET_BUILD" tests/bench/lists >/dev/null || exit 1
bench_start

# Rows as revoked long ago: certificate and status, an order for all.
fill() {
	sql "SET session_replication_role = replica;
	INSERT INTO cert (ca, serial, order_id, n, profile, holder, subject,
	    key_digest, not_before, not_after, der, issued_at, status,
	    revoked_at, reason)
	SELECT 'people', set_byte(substr(h, 1, 20), 0,
	    1 + get_byte(h, 0) % 127), substr(h, 1, 16), 0, 'mail-dual',
	    'h' || n, 'CN=Person ' || n || ',O=Example AB,C=SE', h,
	    now() - interval '1 year', now() + interval '1 year',
	    h || h || h || h || h || h || h || h || h || h || h || h || h || h
	    || h || h || h || h || h || h, now() - interval '1 year',
	    'revoked', date_trunc('second', now()) - interval '3 days' -
	    n % 8640000 * interval '1 second', 1 + n % 5
	FROM (SELECT n, sha256(int8send(n)) AS h
	    FROM generate_series($1::bigint, $2::bigint) n) g" >/dev/null
}

hwm() {
	awk '/^VmHWM/ { print $2 }' "/proc/$1/status" 2>/dev/null || echo 0
}
mib() {
	awk -v k="$1" 'BEGIN { printf "%.1f", k / 1024 }'
}
newest() {
	sql "SELECT coalesce(max(number), 0) FROM crl WHERE ca = 'people'"
}
until_list() {
	while [ "$(newest)" -lt "$1" ]; do
		kill -0 "$cad" 2>/dev/null || { cat "$tmp/log" >&2; exit 1; }
		sleep 0.5
	done
}
# "... (1234 ms to make, 567 ms to store)" of list $1
ms() {
	sed -n "s/.*CRL $1 of CA people has [0-9]* entries.*($2/\\1/p" "$tmp/log"
}
start_cad() {
	signet-cad -d -c "$tmp/d/cad.conf" 2>"$tmp/log" &
	cad=$!
}
again() {
	sql "UPDATE crl SET this_update = this_update - interval '3 days'
	    WHERE ca = 'people'"
}

# revoke LOG: some more, one after the other; sorted milliseconds.
revoke() {
	feed requests "$tmp/d" "$more" &&
	    feed batch "$tmp/d" "$conninfo" "$more" || exit 1
	while [ "$(sql "$items_left")" != 0 ]; do sleep 0.5; done
	lists revoke "$tmp/d" "$conninfo" "$more" >"$tmp/$1.raw" || exit 1
	sort -n "$tmp/$1.raw" >"$tmp/$1"
}

# quantile FILE Q
quantile() {
	sed -n "$(awk -v n="$(wc -l <"$tmp/$1")" -v q="$2" \
	    'BEGIN { k = int(n * q + 0.999); print (k < 1 ? 1 : k) }')p" \
	    "$tmp/$1"
}

start_cad
revoke before
cad_stop
done_=0
while [ "$done_" -lt "$n" ]; do
	next=$((done_ + 500000 < n ? done_ + 500000 : n))
	fill $((done_ + 1)) "$next"
	done_=$next
done
sql "VACUUM ANALYZE cert"
lists make "$tmp/d" "$conninfo" || exit 1

# The first list begins with fetching the last one from the store; the second
# is every day's.
last=$(newest)
start_cad
until_list $((last + 1))
cad_stop
again
start_cad
until_list $((last + 2))
signer=0 worker=0
for p in $(ps -o pid= --ppid "$cad"); do
	m=$(hwm "$p")
	if grep -q ': sig' "/proc/$p/comm"; then
		signer=$m
	elif [ "$m" -gt "$worker" ]; then
		worker=$m
	fi
done
made=$(ms $((last + 2)) '\([0-9]*\) ms to make.*')
stored=$(ms $((last + 2)) '.* \([0-9]*\) ms to store.*')
bytes=$(sql "SELECT size FROM crl WHERE ca = 'people'
    AND number = $((last + 2))")
revoke after
cad_stop

peer_ms=0 peer_kib=0
peer() {
	mkdir "$tmp/ca"
	sql "SELECT concat_ws(E'\\t', 'R',
	    to_char(not_after AT TIME ZONE 'UTC', 'YYMMDDHH24MISS\"Z\"'),
	    to_char(revoked_at AT TIME ZONE 'UTC', 'YYMMDDHH24MISS\"Z\"') || ',' ||
	    (ARRAY['keyCompromise', 'CACompromise', 'affiliationChanged',
	    'superseded', 'cessationOfOperation'])[reason],
	    upper(encode(serial, 'hex')), 'unknown', '/CN=' || id)
	    FROM cert WHERE status <> 'good'" >"$tmp/ca/index.txt"
	echo 03 >"$tmp/ca/crlnumber"
	cat >"$tmp/ca/conf" <<-CONF
	[ca]
	default_ca = c
	[c]
	database = $tmp/ca/index.txt
	crlnumber = $tmp/ca/crlnumber
	certificate = $tmp/d/people.pem
	private_key = $tmp/d/people.key
	default_md = sha256
	default_crl_days = 7
	unique_subject = no
	crl_extensions = x
	[x]
	authorityKeyIdentifier = keyid
	CONF
	s=$(date +%s%N)
	openssl ca -gencrl -config "$tmp/ca/conf" -out "$tmp/ca/crl.pem" \
	    2>"$tmp/ca/err" &
	p=$!
	while kill -0 "$p" 2>/dev/null; do
		m=$(hwm "$p")
		[ "${m:-0}" -le "$peer_kib" ] || peer_kib=$m
		sleep 0.05
	done
	wait "$p" || { cat "$tmp/ca/err" >&2; exit 1; }
	peer_ms=$((($(date +%s%N) - s) / 1000000))
}
[ "${BENCH_PEER:-yes}" = no ] || peer

beside() {
	[ "$peer_ms" = 0 ] || set -- "$@" "openssl ca -gencrl" "$peer"
	row "$@"
}
peer=$peer_ms
beside "list of $n: to a verified file" "$made" ms
row "... and into the store" "$stored" ms
row "... its size" "$(awk -v b="$bytes" 'BEGIN { printf "%.1f", b / 1e6 }')" MB
peer=$(mib "$peer_kib")
beside "... peak memory, signer and worker" "$(mib $((signer + worker)))" MiB
row "... of it the signer" "$(mib "$signer")" MiB
row "revoking one with $n revoked, median" "$(quantile after 0.5)" ms \
    "with none" "$(quantile before 0.5)"
row "... p99" "$(quantile after 0.99)" ms "with none" \
    "$(quantile before 0.99)"
