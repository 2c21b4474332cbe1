#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From the COMMIT of a revocation to the first OCSP answer that says so, at a
# responder that reads from the primary and at one that reads from a replica.
# Both had answered "good" just before.
#
# BENCH_ITEMS revocations (1000), one each BENCH_PAUSE seconds (0.1), an order
# each.  COMMIT is what the primary notes (track_commit_timestamp).
# shellcheck source=tests/bench/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=tests/lib/ports.sh
. "$srcdir/tests/lib/ports.sh"
items=${BENCH_ITEMS:-1000}
PATH=$SIGNET_BUILD/ocsp:$PATH
d=$tmp/d
responders=
stop_all() {
	for p in $responders; do
		kill "$p" 2>/dev/null && wait "$p" 2>/dev/null
	done
	pg_stop "$tmp/replica" >/dev/null 2>&1
	bench_clean_up
}
trap stop_all EXIT

# --- certificates, orders that wait, and a replica -------------------------------

bench_start
sql "ALTER SYSTEM SET track_commit_timestamp = on"
pg_stop "$tmp/pg" && pg_again "$tmp/pg" >/dev/null || exit 1
feed requests "$d" "$items" && feed batch "$d" "$conninfo" "$items" || exit 1
cad_run "$items_left"
cad_stop
feed revoke "$d" "$conninfo" "$items" || exit 1
sql "SET session_replication_role = replica;
    UPDATE orders SET state = 'pending' WHERE kind = 'revoke';
    CREATE TABLE to_revoke AS SELECT c.serial, o.id FROM orders o, cert c
    WHERE o.kind = 'revoke' AND position(c.serial IN o.blob) > 0;
    CREATE TABLE seen (serial text, n int, at float8)"
sql "SELECT encode(serial, 'hex') FROM to_revoke" >"$tmp/serials"
pg_replica_start "$tmp/replica" || exit 1

# --- two responders ----------------------------------------------------------------

cat >"$tmp/ext" <<-EXT
keyUsage = critical,digitalSignature
extendedKeyUsage = OCSPSigning
noCheck = yes
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
EXT
openssl req -new -newkey rsa:2048 -nodes -keyout "$tmp/signer.key" \
    -out "$tmp/signer.csr" -subj /CN=signer 2>/dev/null
openssl x509 -req -in "$tmp/signer.csr" -CA "$d/people.pem" -CAkey \
    "$d/people.key" -set_serial 0x7a0102030405060708 -days 9 \
    -extfile "$tmp/ext" -out "$tmp/signer.pem" 2>/dev/null || exit 1

# responder NAME HOST - sets url
responder() {
	mkdir -p "$tmp/at-$1/signers"
	(umask 077; cat "$tmp/signer.key" "$tmp/signer.pem" \
	    >"$tmp/at-$1/signers/people.pem")
	url=http://127.0.0.1:$(free_ports 1)
	cat >"$tmp/$1.conf" <<-CONF
	listen = [ "${url#http://}" ];
	metrics_listen = "unix:$tmp/at-$1/metrics";
	database = "host=$2 port=$PGPORT dbname=signet user=signet_ocsp";
	state = "$tmp/at-$1";
	root = "$d/root.pem";
	profiles = "$SIGNET_PROFILES";
	CONF
	signet-ocspd -d -c "$tmp/$1.conf" 2>"$tmp/$1.log" &
	responders="$responders $!"
	for _ in $(seq 100); do
		openssl ocsp -issuer "$d/people.pem" -serial \
		    "0x$(head -n 1 "$tmp/serials")" -url "$url" -noverify \
		    2>/dev/null | grep -q ': good' && return
		sleep 0.1
	done
	cat "$tmp/$1.log" >&2
	exit 1
}
# A replica is as old as the heartbeat that the CA writes.
signet-cad -d -c "$d/cad.conf" 2>"$tmp/log" &
cad=$!
responder primary "$PGHOST"
urls=$url
responder replica "$tmp/replica"
urls="$urls $url"

# --- revoke, and look --------------------------------------------------------------

openssl ocsp -issuer "$d/people.pem" -serial 0x7a01 -no_nonce \
    -reqout "$tmp/template"
now="UPDATE signet.orders SET state = 'ready' WHERE id = (SELECT id"
now="$now FROM signet.to_revoke WHERE serial = decode('%s', 'hex'));"
now="$now NOTIFY signet_order;"
# shellcheck disable=SC2086 # two URLs
"$srcdir/tests/lib/ask_ocsp.pl" watch "$tmp/template" \
    "${BENCH_PAUSE:-0.1}" "$now" "$tmp/seen" $urls <"$tmp/serials" |
    PGOPTIONS='-c session_replication_role=replica' psql -X -q -d signet \
    >/dev/null
cad_stop
psql -X -q -d signet -c "\\copy signet.seen FROM '$tmp/seen' DELIMITER ' '"

# milliseconds N FRACTION - of responder N
milliseconds() {
	sql "SELECT round((percentile_cont($2) WITHIN GROUP (ORDER BY s.at -
	    extract(epoch FROM pg_xact_commit_timestamp(c.xmin))) * 1000)::numeric)
	    FROM seen s JOIN status_change c ON encode(c.serial, 'hex') = s.serial
	    WHERE s.n = $1"
}
row "revocations seen at both responders" \
    "$(sql 'SELECT count(*) / 2 FROM seen')" ''
for n in 0 1; do
	[ $n = 0 ] && where=primary || where=replica
	row "COMMIT to revoked, $where, p50" "$(milliseconds $n 0.5)" ms
	row "COMMIT to revoked, $where, p99" "$(milliseconds $n 0.99)" ms
	row "COMMIT to revoked, $where, longest" "$(milliseconds $n 1)" ms
done
