#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# signet-cad killed at every point of issuing: afterwards no certificate is
# outside the store, none is there twice, no order is lost, the chain goes on.
. "${srcdir:-.}/tests/integration/tap.sh"

start_pg
export SIGNET_PROFILES="$srcdir/etc/profiles" SIGNET_SQL="$srcdir/db" \
    SIGNET_GROUP=10 SIGNET_WORKERS=1
mkdir "$tmp/d"
ok 'an installation is set up' feed init "$tmp/d" "$conninfo"

# Each key is certified once, so each order gets requests of its own.
order() {
	feed requests "$tmp/d" "$2" && feed "$1" "$tmp/d" "$conninfo" "$2"
}

cad_once() {
	signet-cad -d --once -c "$tmp/d/cad.conf"
}

# Everything that must hold whenever no signet-cad is running and none failed.
settled() {
	[ "$(sql "SELECT count(*) FROM intent")" = 0 ] || return 1
	[ "$(sql "SELECT count(*) FROM item WHERE state <> 'done'")" = 0 ] ||
	    return 1
	[ "$(sql "SELECT count(*) FROM orders WHERE state <> 'done'")" = 0 ] ||
	    return 1
	[ "$(sql "SELECT count(*) FROM cert")" = \
	    "$(sql "SELECT count(*) FROM item")" ] || return 1
	[ "$(sql "SELECT count(DISTINCT serial) FROM cert")" = \
	    "$(sql "SELECT count(*) FROM cert")" ] || return 1
	# One audit entry per certificate, naming exactly its bytes.
	[ "$(sql "SELECT count(*) FROM (SELECT
	    substring(convert_from(body, 'UTF8') FROM 'cert=([0-9a-f]{64})')
	    AS h FROM audit WHERE body LIKE 'act=issue%') a
	    FULL JOIN (SELECT encode(sha256(der), 'hex') AS h FROM cert) c
	    USING (h) WHERE a.h IS NULL OR c.h IS NULL")" = 0 ] || return 1
	# The chain, computed anew.
	[ "$(sql "WITH RECURSIVE c AS (
	    SELECT 0::bigint AS seq, decode(repeat('00', 32), 'hex') AS hash
	    UNION ALL SELECT a.seq, sha256('\\x01'::bytea || c.hash ||
	    int8send(a.seq) || a.body) FROM c JOIN audit a
	    ON a.seq = c.seq + 1)
	    SELECT count(*) FROM c JOIN audit a USING (seq)
	    WHERE a.hash <> c.hash")" = 0 ]
}

kinds='batch single'
list_of() {
	sort -u "$tmp/passed" | grep -E '^(cad|signer|ledger|file)'
}

# Which points are there?  A run that passes them all says so.
ok 'a batch is ordered' order batch 30
export SIGNET_FAULT_LIST="$tmp/passed"
ok 'it is issued' cad_once
unset SIGNET_FAULT_LIST
ok 'and all is well' settled
points=$(list_of)
ok 'the points of issuing are there' test "$(echo "$points" | wc -l)" -ge 8

for kind in $kinds; do
	for point in $(echo "$points" | some_points); do
		for pass in 1 2; do
			order "$kind" 25 >"$tmp/out" 2>&1
			SIGNET_FAULT=$point:$pass
			export SIGNET_FAULT
			cad_once >"$tmp/log" 2>&1
			unset SIGNET_FAULT
			ok "$kind, killed at $point, pass $pass: the next start works" \
			    cad_once
			ok "... and all is well" settled
		done
	done
done

# Revocations, at every point of theirs: each is in the row, in the history
# with its order, in the chain and on the list, once.
revoked_well() {
	settled || return 1
	[ "$(sql "SELECT count(*) FROM orders WHERE kind = 'revoke'")" = "$1" ] ||
	    return 1
	[ "$(sql "SELECT count(*) FROM cert WHERE status = 'revoked'
	    AND reason = 1")" = "$1" ] || return 1
	[ "$(sql "SELECT count(*), count(DISTINCT (ca, serial))
	    FROM status_change")" = "$1|$1" ] || return 1
	[ "$(sql "SELECT count(*) FROM audit WHERE body LIKE 'act=revoke%'")" = \
	    "$1" ] || return 1
	[ "$(sql "SELECT entries FROM crl WHERE ca = 'people'
	    ORDER BY number DESC LIMIT 1")" = "$1" ]
}
ok 'certificates are to be revoked' feed revoke "$tmp/d" "$conninfo" 3
revoked=3
: >"$tmp/passed"
export SIGNET_FAULT_LIST="$tmp/passed"
ok 'they are' cad_once
unset SIGNET_FAULT_LIST
ok '... once and everywhere' revoked_well "$revoked"
for point in $(list_of | some_points); do
	feed revoke "$tmp/d" "$conninfo" 3 >"$tmp/out" 2>&1
	revoked=$((revoked + 3))
	SIGNET_FAULT=$point
	export SIGNET_FAULT
	cad_once >"$tmp/log" 2>&1
	unset SIGNET_FAULT
	ok "revoking, killed at $point: the next start works" cad_once
	ok "E017: ... once and everywhere" revoked_well "$revoked"
done

# The trigger that fails one INSERT, after the key was used.
sql "CREATE FUNCTION public.fail_once() RETURNS trigger LANGUAGE plpgsql AS
\$\$ BEGIN IF nextval('public.fail') = 7 THEN
RAISE EXCEPTION 'this INSERT fails'; END IF; RETURN NEW; END \$\$;
CREATE SEQUENCE public.fail; GRANT USAGE ON SEQUENCE public.fail TO signet_ca;
GRANT USAGE ON SCHEMA public TO signet_ca;
CREATE TRIGGER fail BEFORE INSERT ON cert FOR EACH ROW
EXECUTE FUNCTION public.fail_once()" >/dev/null
order batch 25 >"$tmp/out" 2>&1
not 'a failing INSERT is an error' cad_once
before=$(sql "SELECT encode(tbs, 'hex') FROM intent ORDER BY n LIMIT 1")
ok 'the intents are still there' test -n "$before"
ok 'the next start stores what was signed' cad_once
ok '... and all is well' settled
ok '... with the bytes that were written ahead' \
    test "$(sql "SELECT count(*) FROM cert
    WHERE position(decode('$before', 'hex') in der) > 0")" = 1
sql "DROP TRIGGER fail ON cert" >/dev/null

# The store dies in the middle of everything.
order batch 40 >"$tmp/out" 2>&1
start signet-cad -d -c "$tmp/d/cad.conf"
for _ in 1 2 3 4 5; do
	sleep 0.05
	sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
	    WHERE usename = 'signet_ca'" >/dev/null
done
ok 'a store that drops its connections is taken up again' wait_for settled
stop "$last"
ok '... by a daemon that lived on' grep -q 'will try again' "$tmp/log"

done_testing
