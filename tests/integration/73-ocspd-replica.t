#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Two responders, one on the primary and one on a replica, say the same within
# a second; a replica that is behind is not believed, and one that becomes the
# primary is.  Shows E067.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/ocspd.sh"
# Otherwise commits reach the replica when the log writer comes along.
PG_FSYNC=on
export PG_FSYNC
install_pki
ocsp_allow_ec
sed -i 's/^poll = .*/poll = "1s";/' "$pki/cad.conf"

for name in one two three four five; do
	as o1 order_tls "$name" --sign >/dev/null
done
ok 'certificates are issued' cad
one=$(serial_of "$(last_order 4)") two=$(serial_of "$(last_order 3)")
three=$(serial_of "$(last_order 2)") four=$(serial_of "$(last_order 1)")
five=$(serial_of "$(last_order 0)")
ok 'a signer is made' ocsp_signer services
ok 'a replica starts' pg_replica_start "$tmp/replica"
replica_sql() {
	psql -X -q -At -h "$tmp/replica" -d postgres -c "$1"
}
ok '... as one' test "$(replica_sql 'SELECT pg_is_in_recovery()')" = t

start signet-cad -d -c "$pki/cad.conf"
cad_pid=$last
ocsp_start
ocsp_ready
on_primary=$ocsp
cp -r "$tmp/ocspd" "$tmp/second"
ocsp_db="host=$tmp/replica port=5432 dbname=signet"
ocsp_state=$tmp/second ocsp_start 'max_lag = "2s"'
ok 'a responder on the replica is ready' ocsp_ready
says 'of a replica' cat "$tmp/health"
on_replica=$ocsp
both() {
	status_url=$on_primary
	echo "$(status "$@") $(status_url=$on_replica status "$@")"
}
is 'both say good' "$(both "$one" -no_nonce)" 'good good'

# Order it, and a second after the row has changed is when answers count.
revoke_wait() {
	as o1 signet order new --kind revoke --reason superseded --wait 0s \
	    --yes "$1" >"$tmp/out" 2>&1
	wait_for sh -c "psql -X -At -d signet -c \"SELECT status FROM
	    signet.cert WHERE serial = '\\\\x$1'\" | grep -qx revoked"
	sleep 0.9
}
revoke_wait "$one"
is 'revoked: both say so within a second, though they had signed' \
    "$(both "$one" -no_nonce)" 'revoked superseded revoked superseded'

# Behind.
is 'another is good on the replica' \
    "$(status_url=$on_replica status "$three" -no_nonce)" good
replica_sql 'SELECT pg_wal_replay_pause()' >/dev/null
revoke_wait "$two"
is 'the primary knows of the next' \
    "$(status_url=$on_primary status "$two")" 'revoked superseded'
replica_late() {
	[ "$(status_url=$on_replica status "$two")" = trylater ]
}
ok 'the replica that is behind says: try later' wait_for replica_late
is '... but sends what it had signed' \
    "$(status_url=$on_replica status "$three" -no_nonce)" good
is_sick() {
	! healthy && grep -q '^FAIL store: the replica is' "$tmp/health"
}
ok '... and is not healthy, because of that' wait_for is_sick
replica_sql 'SELECT pg_wal_replay_resume()' >/dev/null
replica_knows() {
	[ "$(status_url=$on_replica status "$1" -no_nonce)" = "$2" ]
}
ok 'when it has caught up it knows' wait_for replica_knows "$two" \
    'revoked superseded'

# Nothing writes the heartbeat: the replica cannot know that it is up to date.
stop "$cad_pid"
ok 'without a heartbeat it says: try later' wait_for replica_late

# Becomes the primary.
ok 'the replica is promoted' pg_replica_promote "$tmp/replica"
ok '... and answered from' wait_for replica_knows "$four" good
pg_stop "$tmp/pg"
sed "s,host=[^ ]*,host=$tmp/replica,g" "$pki/cad.conf" >"$tmp/cad2.conf"
sed "s,host=[^ ]*,host=$tmp/replica,g" "$pki/signet.conf" >"$tmp/signet2.conf"
cp "$tmp/signet2.conf" "$pki/signet.conf"
PGHOST=$tmp/replica
start signet-cad -d -c "$tmp/cad2.conf"
revoke_wait "$four"
is '... and what is revoked there is known within a second' \
    "$(status_url=$on_replica status "$four" -no_nonce)" \
    'revoked superseded'
not '... without reading everything anew' grep -q 'another history' \
    "$tmp/ocspd.log"
is 'the responder of the lost primary says: try later' \
    "$(status_url=$on_primary status "$five")" trylater

done_testing
