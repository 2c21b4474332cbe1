#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A primary that is cut off, with clients on its side, and goes on when a replica
# is promoted on the other; it is even restarted.  It acknowledges nothing, and
# nobody on its side says what is not so any more.  When the network is whole
# again there are two primaries: all come over to the new one without hands,
# and the operator is told.  Then the old one becomes a replica again, while work
# goes on.
# Runs with --full only.
. "${srcdir:-.}/tests/growth/world.sh"
. "$srcdir/tests/growth/work.sh"
old_side='db1 ca1 ra1 oc3 pub1'
new_side='db2 db3 ca2 ra2 oc1 oc2 pub2 dir1 dir2 dir3'
between() {
	for a in $old_side; do
		for b in $new_side; do
			"$1" "$a" "$b" || return 1
		done
	done
}
says_in() {
	grep -q "$2" "$tmp/$1.log"
}
world_up synchronous
ok 'there is work' work_prepare 1000 200
ok 'everybody is there' world_run
work_start
ok 'it is done' work_goes_on

# ---- two sides --------------------------------------------------------------------

ok 'the primary is cut off, with one of each daemon' between part
ok 'a replica is promoted' promote db2
ok '... the other follows it' follows db3 db2
ok '... and has to have what is committed' synchronous db2 db3
seen() {
	db_sql db1 'SELECT (SELECT count(*) FROM cert), (SELECT count(*)
	    FROM orders), (SELECT max(seq) FROM audit), (SELECT count(*) FROM
	    crl), (SELECT count(*) FROM status_change)'
}
sleep 6
then=$(seen)
ok 'work goes on' work_goes_on
ok '... and on' work_goes_on
# store_is PUBLISHER METRIC VALUE - as Prometheus reads it there
store_is() {
	on "$1" curl -sSf --max-time 5 http://127.0.0.1:9641/metrics |
	    grep -qx "signet_store_$2 $3"
}
ok 'on the old side operators see a primary that is alone' wait_for store_is \
    pub1 alone 1
ok '... on the new side that one host is away' wait_for store_is pub2 \
    hosts_away 1
is '... and one primary, which is not alone' "$(store_is pub2 primaries 1 &&
    store_is pub2 alone 0 && echo so)" so
# From a host on that side: it hands an order to the only store that it reaches.
ordered_there() {
	request there && on ra1 signet order new --profile tls-server \
	    --csr "$tmp/there.csr" --holder there --holder-name There \
	    --field dns=there.example.org --sign --yes --wait 0s \
	    --key "$pki/officers/o1.key" --cert "$pki/officers/o1.pem" \
	    --passphrase "file:$pki/secrets/officer-o1"
}
ordered_there >"$tmp/there.out" 2>&1 &
there=$!
pids="$pids $there"
gone=$(sed -n 's/^revoked //p' "$work/done" | tail -n 1)
is 'on the new side a responder knows what was revoked' "$(says_of oc1 "$gone")" \
    'revoked superseded'
is '... and that of the old side says nothing of it' "$(says_of oc3 "$gone")" \
    trylater
is 'the old primary has not acknowledged anything' "$(seen)" "$then"

# What nobody was told of is there after a restart, and looks like the rest.
pg_stop "$tmp/pg"
wait "$there"
is 'an order there is not said to be taken' "$(($? > 0))" 1
ok 'the old primary is restarted' db_do db1 pg_again "$tmp/pg"
not '... and shows what nobody was told of' [ "$(seen)" = "$then" ]
refuses() {
	says_in ca1 'the database waits for standbys and has none'
}
ok '... from which no CA process goes on' wait_for refuses
sleep 5
is '... and no responder says anything' "$(says_of oc3 "$gone")" trylater
ok 'work goes on' work_goes_on

# ---- both in one network ----------------------------------------------------------

ok 'the network is whole again' between rejoin
is '... and there are two primaries' "$(for name in db1 db2; do
    db_sql "$name" 'SELECT pg_is_in_recovery()'; done | tr '\n' ' ')" 'f f '
ok '... which operators see' wait_for store_is pub2 primaries 2
comes_over() {
	said_of oc3 "$gone" 'revoked superseded'
}
ok 'the responder comes over' wait_for comes_over
halt ca2
halt ra2
ok 'CA and registration do: alone they work' work_goes_on
for name in ca1 ra1 oc3 pub1; do
	halt "$name"
	run "$name"
done
ok '... even when they start there' work_goes_on
ok '... and the responder' wait_for comes_over
has_left() {
	cat "$tmp"/ca?.prom | grep -q '^signet_cad_store_left_total [1-9]'
}
ok '... and it is counted that a CA process has left the old one' wait_for \
    has_left
run ca2
run ra2
not 'no CA process has seen another history' grep ALARM "$tmp/ca1.log" \
    "$tmp/ca2.log"
signet doctor --offline --json >"$tmp/found" 2>>"$tmp/log"
ok 'the operator is told' grep -q '"check":"store-primaries"' "$tmp/found"
ok 'work goes on' work_goes_on

# ---- the old one's way back -------------------------------------------------------

# As doc/scaling.md says.
ok 'the old primary is stopped' pg_stop "$tmp/pg"
rewind() {
	on db1 setpriv --reuid="$(pg_user)" --regid="$(id -g "$(pg_user)")" \
	    --clear-groups -- "$(pg_bindir)/pg_rewind" --target-pgdata="$tmp/pg/data" \
	    --source-server="host=$(host_ip db2) user=postgres dbname=postgres" &&
	pg_as touch "$tmp/pg/data/standby.signal" &&
	echo "unix_socket_directories = '$tmp/pg'" \
	    >>"$tmp/pg/data/postgresql.conf" &&
	echo "primary_conninfo = 'host=$(host_ip db2) user=postgres application_name=db1'" \
	    >>"$tmp/pg/data/postgresql.auto.conf"
}
ok '... and taken back to where the histories part' rewind
ok '... and started' db_do db1 pg_again "$tmp/pg"
is_back() {
	[ "$(db_sql db2 "SELECT count(*) FROM pg_stat_replication WHERE
	    application_name = 'db1' AND state = 'streaming'")" = 1 ]
}
ok 'it is a replica' wait_for is_back
ok '... and may be the one that has what is committed' synchronous db2 db1 db3
part db2 db3
sleep 8
ok '... so that work goes on with it alone' work_goes_on
rejoin db2 db3
ok '... and afterwards' work_goes_on

work_end
sed 's/^/# /' "$work/counts"
PGHOST=$tmp/db2
ok 'in the end all is done' wait_for world_quiet
nothing_is_wrong
all_of() {
	db_sql "$1" "SELECT (SELECT md5(string_agg(encode(hash, 'hex'), ''
	    ORDER BY seq)) FROM audit), (SELECT count(*) FROM cert)"
}
same_store() {
	[ "$(all_of db1)" = "$(all_of db2)" ]
}
ok 'the old primary has what the new one has' wait_for same_store
signet doctor --offline --json >"$tmp/found" 2>>"$tmp/log"
not 'the operator is not told of two primaries any more' grep \
    '"check":"store-primaries"' "$tmp/found"
done_testing
