#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs with --full only.
# signet doctor: mistakes of the store and its server, each found with its
# effect and its fix.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/doctor.sh"
. "$srcdir/tests/lib/formats.sh"
PG_FSYNC=on
install_pki
prlimit --pid=$$ --core=0:
healthy
conf=$pki/signet.conf

keep "$conf"
sed -i "s|^database = .*|database = \"host=$tmp/nowhere user=signet_cli dbname=signet\";|" "$conf"
finds store-away nowhere
as_page 'signet doctor' signet doctor --offline
back

# ---- schema ----
newest=$(sql "SELECT max(version) FROM schema_version")
tamper "UPDATE schema_version SET version = 1000 WHERE version = $newest"
finds schema-new 'version 1000'
tamper "UPDATE schema_version SET version = $newest WHERE version = 1000"
sql "CREATE TABLE kept_version AS SELECT * FROM schema_version
    WHERE version = $newest" >/dev/null
tamper "DELETE FROM schema_version WHERE version = $newest"
finds schema-old "need $newest"
tamper "INSERT INTO schema_version SELECT * FROM kept_version"
healthy

# ---- roles and grants ----
tamper "REVOKE INSERT ON cert FROM signet_ca"
finds store-grant 'role signet_ca may not INSERT cert'
tamper "GRANT INSERT ON cert TO signet_ca"
tamper "REVOKE SELECT ON crl FROM signet_ocsp"
finds store-grant 'role signet_ocsp may not SELECT crl'
tamper "GRANT SELECT ON crl TO signet_ocsp"
tamper "ALTER ROLE signet_audit RENAME TO signet_elsewhere"
finds store-role 'no role signet_audit'
tamper "ALTER ROLE signet_elsewhere RENAME TO signet_audit"
tamper "REVOKE SELECT ON audit FROM signet_cli"
finds store-grant 'audit'
tamper "GRANT SELECT ON audit TO signet_cli"
healthy

# ---- the server ----
tamper "ALTER SYSTEM SET fsync = off"
sql "SELECT pg_reload_conf()" >/dev/null
wait_for sh -c '[ "$(psql -XAtqc "SHOW fsync")" = off ]'
finds fsync 'fsync = off'
tamper "ALTER SYSTEM RESET fsync"
tamper "ALTER SYSTEM SET full_page_writes = off"
sql "SELECT pg_reload_conf()" >/dev/null
wait_for sh -c '[ "$(psql -XAtqc "SHOW full_page_writes")" = off ]'
finds full-page-writes 'full_page_writes = off'
tamper "ALTER SYSTEM RESET full_page_writes"
sql "SELECT pg_reload_conf()" >/dev/null
SIGNET_CLOCK_OFFSET=3600
export SIGNET_CLOCK_OFFSET
finds clock 's behind that of this machine'
SIGNET_CLOCK_OFFSET=-3600
finds clock 's ahead of this machine'
travel 0
createdb -U postgres --encoding=SQL_ASCII --template=template0 ascii &&
    pg_dump -U postgres signet | psql -U postgres -X -q -d ascii >"$tmp/log" 2>&1
keep "$conf"
sed -i "s|^database = .*|database = \"$(echo "$conninfo" | sed 's/dbname=[^ ]*//') dbname=ascii user=signet_cli\";|" "$conf"
finds encoding 'server_encoding = SQL_ASCII'
back

# ---- the server's log ----
sql "SELECT pg_create_physical_replication_slot('left', true)" >/dev/null
finds wal-slot 'slot left keeps'
sql "SELECT pg_drop_replication_slot('left')" >/dev/null
archiving_fails() {
	[ "$(sql 'SELECT failed_count > 0 FROM pg_stat_archiver')" = t ]
}
tamper "ALTER SYSTEM SET archive_mode = on"
tamper "ALTER SYSTEM SET archive_command = 'false'"
pg_stop "$tmp/pg" && pg_again "$tmp/pg"
sql 'SELECT pg_switch_wal()' >/dev/null
ok 'the server cannot archive its log' wait_for archiving_fails
finds wal-archive 'cannot be archived'
tamper "ALTER SYSTEM RESET archive_mode"
pg_stop "$tmp/pg" && pg_again "$tmp/pg"
healthy

# ---- what it says of the work ----
travel 8
finds crl-expired 'the list of CA people has expired'
travel 6
finds crl-expiring 'the list of CA people expires soon'
travel 0
tamper "CREATE TABLE kept_crl AS SELECT * FROM crl"
tamper "DELETE FROM crl"
finds crl-missing 'CA people has made no list'
tamper "INSERT INTO crl SELECT * FROM kept_crl"
seq=$(sql "SELECT max(seq) - 1 FROM audit")
tamper "UPDATE audit SET body = body || decode('78', 'hex') WHERE seq = $seq"
finds audit-chain "entry $seq"
tamper "UPDATE audit SET body = substr(body, 1, length(body) - 1)
    WHERE seq = $seq"
healthy
tamper "UPDATE heartbeat SET at = now() - interval '1 hour'"
finds cad-silent 'not been at work'
tamper "UPDATE heartbeat SET at = now()"

# ---- a replica ----
# sees_beat WORDS - the replica has the heartbeat of which that is true
sees_beat() {
	[ "$(psql -h "$tmp/replica" -U postgres -d signet -XAtqc \
	    "SELECT at $1 FROM signet.heartbeat")" = t ]
}
tamper "UPDATE heartbeat SET at = now()"
pg_replica_start "$tmp/replica"
sed -i '/^database = /d; /^max_lag/d' "$pki/ocspd.conf"
cat >>"$pki/ocspd.conf" <<-E
	database = "host=$tmp/replica port=$PGPORT dbname=signet user=signet_ocsp";
	max_lag = "1h";
E
healthy
tamper "UPDATE heartbeat SET at = now() - interval '2 hours'"
ok 'the replica has an old heartbeat' wait_for sees_beat \
    "< now() - interval '1 hour'"
psql -h "$tmp/replica" -U postgres -XAtqc 'SELECT pg_wal_replay_pause()' \
    >"$tmp/log"
tamper "UPDATE heartbeat SET at = now()"
finds replica-lag 'behind'

# ---- several hosts ----
sed -i '/^database = /d; /^max_lag/d' "$pki/ocspd.conf"
echo "database = \"$conninfo user=signet_ocsp\";" >>"$pki/ocspd.conf"
sed -i "s|^database = .*|database = \"host=$tmp/pg,$tmp/replica,$tmp/nowhere port=$PGPORT dbname=signet user=signet_cli target_session_attrs=read-write\";|" "$conf"
finds store-host "host $tmp/nowhere of the store does not answer"
sed -i "s|,$tmp/nowhere||" "$conf"
healthy
psql -h "$tmp/replica" -U postgres -XAtqc 'SELECT pg_wal_replay_resume()' \
    >"$tmp/log"
ok 'the replica is promoted' pg_replica_promote "$tmp/replica"
finds store-primaries "$tmp/pg (timeline 1), in whose place is $tmp/replica (timeline 2)"
pg_stop "$tmp/replica"

# ---- a primary without the standbys that it waits for ----
sql "ALTER SYSTEM SET synchronous_standby_names = 'nobody'"
sql 'SELECT pg_reload_conf()' >/dev/null
wait_for sh -c '[ "$(psql -XAtqc "SHOW synchronous_standby_names")" = nobody ]'
finds store-alone "the primary $tmp/pg of the store waits for standbys"
sql 'ALTER SYSTEM RESET synchronous_standby_names'
sql 'SELECT pg_reload_conf()' >/dev/null
wait_for sh -c '[ "$(psql -XAtqc "SHOW synchronous_standby_names")" = "" ]'
not '... and only then' sh -c "signet doctor --offline --json |
    grep -q store-alone"
done_testing
