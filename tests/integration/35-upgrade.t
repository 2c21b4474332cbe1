#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A store of each earlier version, with rows in it, becomes one of this version:
# nothing is lost, its schema and its rights are those of a new store, and the
# audit chain goes on.  Two of the versions, all with TEST_FULL.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/old_rows.sh"
start_pg
newest=$(old_newest)
cat >"$tmp/signet.conf" <<CONF
database = "host=$PGHOST port=$PGPORT dbname=new user=signet_cli";
schema = "$srcdir/db";
CONF
SIGNET_CONFIG=$tmp/signet.conf
export SIGNET_CONFIG

owner() {
	echo "host=$PGHOST port=$PGPORT dbname=$1 user=postgres"
}
# Without what is drawn at random, and without what only the test has.
schema_of() {
	pg_dump --schema-only --schema=signet --dbname="$1" |
	    grep -v '^\\' >"$tmp/$1.schema"
}
# Times and settings of roles are of a database, and not in its dump.
settings_of() {
	old_psql postgres -c "SELECT rolname, setconfig FROM pg_db_role_setting s
	    JOIN pg_roles r ON r.oid = s.setrole JOIN pg_database d
	    ON d.oid = s.setdatabase WHERE datname = '$1' ORDER BY 1"
}
version_of() {
	old_psql "$1" -c "SELECT max(version) FROM signet.schema_version"
}
# Each entry continues the one before, to the head.
chain_of() {
	old_psql "$1" -c "SELECT count(*), bool_and(hash = sha256('\\x01' ||
	    before || int8send(seq) || body)), bool_or(is_head) FROM (SELECT *,
	    coalesce(lag(hash) OVER (ORDER BY seq), decode(repeat('00', 32),
	    'hex')) AS before, (seq, hash) IN (SELECT seq, hash
	    FROM signet.audit_head) AS is_head FROM signet.audit) a"
}
migrate() {
	signet db migrate --owner "$(owner "$1")"
}

exits 6 'a store that is not there is not upgraded' migrate nowhere
said 'database "nowhere" does not exist'
ok 'a new store' signet db init --owner "$(owner new)"
schema_of new
old_psql postgres -c 'CREATE DATABASE old'
ok 'a store of the first version' old_apply old 1
exits 7 'this version does not work with it' signet order list \
    --config "$(sed 's/dbname=new/dbname=old/' "$tmp/signet.conf" \
    >"$tmp/old.conf" && echo "$tmp/old.conf")"
signet db migrate --plan --json --owner "$(owner old)" >"$tmp/plan"
is 'the plan says what is missing' \
    "$(jq -c '[.schema, .newest, (.missing | length),
    .missing[0].version]' "$tmp/plan")" "[1,$newest,$((newest - 1)),2]"
is '... and has changed nothing' "$(version_of old)" 1

# upgraded K - of a copy of the old one, as it is now
upgraded() {
	old_psql postgres -c "CREATE DATABASE up_$1 TEMPLATE old" &&
	    old_keep "up_$1"
	ok "version $1 is upgraded" migrate "up_$1"
	is '... to this one' "$(version_of "up_$1")" "$newest"
	if [ "$1" -lt 3 ]; then
		is '... no row is lost, and lists are in pieces' \
		    "$(old_lost "up_$1")" 'crl.der is gone'
		is '... the same bytes' "$(old_psql "up_$1" -c "SELECT
		    count(*), bool_and(sha256(der) = sha256(decode(repeat('c1',
		    300000), 'hex'))) FROM (SELECT string_agg(der, '' ORDER BY n)
		    AS der FROM signet.crl_part GROUP BY ca, number) p")" '1|t'
	else
		is '... no row is lost' "$(old_lost "up_$1")" ''
	fi
	schema_of "up_$1"
	ok '... schema and rights are those of a new one' \
	    diff -u "$tmp/new.schema" "$tmp/up_$1.schema"
	is '... and the limits of its roles' "$(settings_of "up_$1")" \
	    "$(settings_of new)"
	is '... the audit chain holds' "$(chain_of "up_$1" | cut -d '|' -f 2-)" \
	    't|t'
	sed "s/dbname=new/dbname=up_$1/" "$tmp/signet.conf" >"$tmp/up.conf"
	ok '... and goes on' signet holder new 9999 --name Somebody \
	    --config "$tmp/up.conf"
	is '... from where it was' "$(chain_of "up_$1")" \
	    "$(($(old_psql old -c 'SELECT count(*) FROM signet.audit') + 1))|t|t"
	says 'an old one' signet order list --config "$tmp/up.conf"
	ok '... a second time nothing happens' migrate "up_$1"
	old_psql postgres -c "DROP DATABASE up_$1"
}

seq $((newest - 1)) | some_points 14 >"$tmp/points"
k=1
while [ "$k" -lt "$newest" ]; do
	[ "$k" -eq 1 ] || old_apply old "$k" || tap_result 1 "migration $k"
	! grep -qx "$k" "$tmp/points" || upgraded "$k"
	[ "$k" -ne 5 ] ||
	    old_psql postgres -c 'CREATE DATABASE killed TEMPLATE old'
	k=$((k + 1))
done
# Where there are no rows none can be lost.
is 'each table had some' "$(old_psql old -c "SELECT table_name
    FROM information_schema.tables WHERE table_schema = 'signet'
    AND (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n
    FROM signet.%I', table_name), false, true, '')))[1]::text = '0'
    ORDER BY 1" | tr '\n' ' ')" ''
is 'what is lost would be seen' "$(old_keep old && old_psql old -c \
    "UPDATE signet.holder SET name = 'Eve'" && old_lost old)" 'holder: 1 rows'

# In the midst of it: it waits for a table that somebody reads.
old_keep killed
psql -X -q -d killed -c 'BEGIN' -c 'LOCK signet.cert IN ACCESS SHARE MODE' \
    -c 'SELECT pg_sleep(60)' >/dev/null 2>&1 &
reader=$!
pids="$pids $reader"
locked() {
	[ "$(old_psql postgres -c "SELECT count(*) FROM pg_locks l JOIN
	    pg_database d ON d.oid = l.database WHERE datname = 'killed' AND
	    mode = '$1' AND granted = $2")" -gt 0 ]
}
ok 'a table is being read' wait_for locked AccessShareLock true
start signet db migrate --owner "$(owner killed)"
ok 'an upgrade comes to it' wait_for locked AccessExclusiveLock false
kill -KILL "$last"
wait "$last" 2>/dev/null
old_psql postgres -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = 'killed'" >/dev/null
alone() {
	[ "$(old_psql postgres -c "SELECT count(*) FROM pg_stat_activity
	    WHERE datname = 'killed'")" -eq 0 ]
}
ok 'it is killed' wait_for alone
is 'what was begun is not there' "$(old_psql killed -c "SELECT count(*)
    FROM pg_attribute WHERE attrelid = 'signet.cert'::regclass
    AND attname = 'shard'")" 0
is '... and nothing says that it was' "$(version_of killed)" 5
is '... no row is lost' "$(old_lost killed)" ''
ok 'once more' migrate killed
schema_of killed
ok '... and it is whole' diff -u "$tmp/new.schema" "$tmp/killed.schema"
is '... as are its rows' "$(old_psql killed -c 'SELECT was.lost()' ||
    echo 'nobody could look')" ''
done_testing
