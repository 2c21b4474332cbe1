#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Does issuing wait for the directory?  Certificates per second in batches of
# BENCH_ITEMS (10000), with signet-crld publishing each, while its directory is
# up, answers 4 s late, refuses, and is away; first without signet-crld, since
# both share two cores.  Then what has piled up is drained into a slapd that
# writes in its own time, beside ldapadd of the same entries.

# shellcheck source=tests/bench/common.sh
. "$(dirname "$0")/common.sh"
items=${BENCH_ITEMS:-10000}
slapd_pid='' proxy='' crld='' pids=''
# shellcheck source=tests/lib/slapd.sh
. "$srcdir/tests/lib/slapd.sh"
# shellcheck source=tests/bench/ldapadd.sh
. "$srcdir/tests/bench/ldapadd.sh"
PATH=$SIGNET_BUILD/crl:$PATH
stop_all() {
	for p in $crld $proxy $slapd_pid; do
		kill "$p" 2>/dev/null && wait "$p" 2>/dev/null
	done
	bench_clean_up
}
trap stop_all EXIT
wait_for() {
	for _ in $(seq 300); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.1
	done
	return 1
}

bench_start
slapd_start "$tmp/ldap"
real=$ldapi
mkdir "$tmp/cas"
late=ldapi://$(printf '%s' "$tmp/late" | sed 's|/|%2F|g')
nowhere=ldapi://$(printf '%s' "$tmp/nowhere" | sed 's|/|%2F|g')
python3 "$srcdir/tests/lib/slow_proxy.py" "$tmp/late" "$tmp/ldap/ldapi" 4 &
proxy=$!

# crld_start URL
crld_start() {
	cat >"$tmp/directories.conf" <<-CONF
	targets = ({ name = "main"; url = "$1"; base = "$ldap_base";
	    window = 128; });
	CONF
	cat >"$tmp/crld.conf" <<-CONF
	database = "$conninfo user=signet_crl";
	root = "$tmp/d/root.pem";
	profiles = "$SIGNET_PROFILES";
	ca_dir = "$tmp/cas";
	directory = "$tmp/www";
	state = "$tmp/crld";
	listen = [ ];
	metrics_listen = "";
	directories = "$tmp/directories.conf";
	CONF
	signet-crld -d -c "$tmp/crld.conf" 2>>"$tmp/crld.log" &
	crld=$!
}
crld_stop() {
	kill "$crld" && wait "$crld"
	crld=
}
left() {
	kill -0 "$crld" || { cat "$tmp/crld.log" >&2; exit 1; }
	sql "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*)
	    FROM delivery)"
}
# read_only TRUE|FALSE - whether the directory refuses to write
read_only() {
	slapd_stop
	slapmodify -n 0 -F "$tmp/ldap/conf" <<-LDIF || exit 1
	dn: olcDatabase={1}mdb,cn=config
	changetype: modify
	replace: olcReadOnly
	olcReadOnly: $1
	LDIF
	slapd_start "$tmp/ldap"
}
# issue - sets rate: certificates per second
issue() {
	mark=$(sql "SELECT coalesce(max(seq), 0) FROM orders")
	feed requests "$tmp/d" "$items" >&2 &&
	    feed batch "$tmp/d" "$conninfo" "$items" >&2 || exit 1
	cad_run "$items_left"
	rate=$(rate_of "$mark")
	cad_stop
}

issue
alone=$rate
crld_start "$real"
issue
up=$rate
while n=$(left) && [ "$n" -gt 0 ]; do
	sleep 0.5
done
crld_stop
crld_start "$late"
issue
slow=$rate
crld_stop
read_only TRUE
crld_start "$real"
issue
refusing=$rate
crld_stop
read_only FALSE
crld_start "$nowhere"
issue
away=$rate
crld_stop

sql "UPDATE delivery SET next_at = now(), attempts = 0, dead = false,
    error = NULL, leased_until = NULL" >/dev/null
crld_start "$real"
waiting=$(left)
s=$(date +%s.%N)
while n=$(left) && [ "$n" -gt 0 ]; do
	sleep 0.2
done
drain=$(awk -v n="$waiting" -v s="$s" -v e="$(date +%s.%N)" \
    'BEGIN { printf "%.0f", n / (e - s) }')
crld_stop
ldapadd_again || exit 1

row "issued, directory up" "$up" /s "without signet-crld" "$alone"
row "issued, directory 4 s late" "$slow" /s "directory up" "$up"
row "issued, directory refusing" "$refusing" /s "directory up" "$up"
row "issued, directory away" "$away" /s "directory up" "$up"
row "drained afterwards ($waiting waited)" "$drain" entries/s \
    "ldapadd, one after the other" "$add"
