#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs with --full only.
# Operators see it when the store has two primaries, or one that waits for
# standbys and has none: signet-crld asks each host, also while it waits itself.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/ports.sh"
PG_FSYNC=on
install_pki
pg_replica_start "$tmp/replica"
pids="$pids $(head -n 1 "$tmp/replica/data/postmaster.pid")"
operator=127.0.0.1:$(free_ports 1)
sed -i -e '/^listen/d' -e '/^metrics_listen/d' -e '/^database/d' \
    "$pki/crld.conf"
cat >>"$pki/crld.conf" <<-CONF
listen = [ ];
metrics_listen = "$operator";
database = "host=$tmp/pg,$tmp/replica port=$PGPORT dbname=signet user=signet_crl target_session_attrs=read-write";
CONF
start signet-crld -d -c "$pki/crld.conf"
sees() {
	curl -sSf "http://$operator/metrics" |
	    grep -qx "signet_store_$1 $2"
}
ok 'there is one primary' wait_for sees primaries 1
ok '... which is not alone' sees alone 0
ok '... and everybody answers' wait_for sees hosts_away 0
ok 'the replica is promoted' pg_replica_promote "$tmp/replica"
ok 'there are two' wait_for sees primaries 2
ok '... says the log' grep -q 'warning: the store has 2 primaries' "$tmp/log"
pg_stop "$tmp/replica"
ok 'one of them is stopped' wait_for sees primaries 1
ok '... and does not answer' sees hosts_away 1
sql "ALTER SYSTEM SET synchronous_standby_names = 'nobody'"
sql 'SELECT pg_reload_conf()' >/dev/null
ok 'the other one waits for a standby, and has none' wait_for sees alone 1
ok '... says the log' grep -q \
    'warning: a primary of the store waits for standbys and has none' "$tmp/log"
sql 'ALTER SYSTEM RESET synchronous_standby_names'
sql 'SELECT pg_reload_conf()' >/dev/null
ok '... until it does not wait any more' wait_for sees alone 0
stop "$last"
is 'the publisher ends in order' $? 0
done_testing
