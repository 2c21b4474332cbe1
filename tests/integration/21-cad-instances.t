#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Several signet-cad on one store: the work is shared, nothing comes twice, a
# dead one's work is taken over, and what one has used or revoked the others
# refuse though the store was edited.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"

start_pg
export SIGNET_PROFILES="$srcdir/etc/profiles" SIGNET_SQL="$srcdir/db" \
    SIGNET_GROUP=20 SIGNET_WORKERS=2
mkdir "$tmp/d" "$tmp/d/state2"
chmod 700 "$tmp/d/state2"
ok 'an installation is set up' feed init "$tmp/d" "$conninfo"
sed -e 's/"bench"/"second"/' -e "s,$tmp/d/state,$tmp/d/state2," \
    -e '1i takeover = "10s";' "$tmp/d/cad.conf" >"$tmp/d/second.conf"
sed -i '1i takeover = "10s";' "$tmp/d/cad.conf"

order() {
	feed requests "$tmp/d" "$2" && feed "$1" "$tmp/d" "$conninfo" "$2"
}
finished() {
	[ "$(sql "SELECT count(*) FROM item WHERE state <> 'done'")" = 0 ]
}
whole() {
	[ "$(sql "SELECT count(*), count(DISTINCT serial),
	    count(DISTINCT (order_id, n)) FROM cert")" = "$1|$1|$1" ] &&
	[ "$(sql "SELECT count(*) FROM audit WHERE body LIKE 'act=issue%'")" = "$1" ]
}

start signet-cad -d -c "$tmp/d/cad.conf"
first=$last
start signet-cad -d -c "$tmp/d/second.conf"
second=$last
ok 'both come up' wait_for sh -c "psql -X -At -d signet -c \"SELECT count(*)
    FROM signet.audit WHERE body LIKE 'act=start%'\" | grep -qx 2"
order batch 400 >"$tmp/out" 2>&1
order single 200 >"$tmp/out" 2>&1
ok 'a batch and single orders are issued by both' wait_for finished
ok '... each once' whole 600
ok '... and both had a share' test "$(sql "SELECT count(DISTINCT
    substring(convert_from(body, 'UTF8') FROM 'instance=([a-z]+)'))
    FROM audit WHERE body LIKE 'act=issue%'")" = 2
ok '... with one list per CA and number' test "$(sql "SELECT count(*) -
    count(DISTINCT (ca, number)) FROM crl")" = 0
stop "$first"
stop "$second"

# One dies with intents written; the other, after the time set, goes on.
order batch 40 >"$tmp/out" 2>&1
SIGNET_FAULT=cad.intended:1 signet-cad -d -c "$tmp/d/cad.conf" \
    >>"$tmp/log" 2>&1
ok 'one instance dies with work in hand' test \
    "$(sql "SELECT count(*) > 0 FROM intent")" = t
start signet-cad -d -c "$tmp/d/second.conf"
ok 'the other takes it over' wait_for finished
ok '... and nothing is there twice' whole 640
stop "$last"

# An order used by the first, set back by an attacker, offered to the second.
sql "SET session_replication_role = replica;
    DELETE FROM outbox; DELETE FROM cert_name;
    CREATE TEMP TABLE victim AS SELECT order_id, n FROM cert
	WHERE id = (SELECT min(id) FROM cert);
    DELETE FROM cert c USING victim v WHERE c.order_id = v.order_id
	AND c.n = v.n;
    UPDATE item i SET state = 'open' FROM victim v
	WHERE i.order_id = v.order_id AND i.n = v.n;
    UPDATE orders o SET state = 'ready', open_items = 1 FROM victim v
	WHERE o.id = v.order_id" >/dev/null
ok 'the second refuses a replay of what the first has used' \
    signet-cad --once -d -c "$tmp/d/second.conf"
ok '... and says so' test "$(sql "SELECT count(*) FROM item
    WHERE state = 'refused' AND reason LIKE '%used before%'")" = 1
ok '... in the audit chain too' test "$(sql "SELECT count(*) FROM audit
    WHERE body LIKE 'act=refuse%used before%'")" = 1

# One key, ordered by officers for two holders, offered to two instances at
# the same moment.
feed requests "$tmp/d" 40
ok '40 requests for two holders each' feed twins "$tmp/d" "$conninfo" 40
start signet-cad -d -c "$tmp/d/cad.conf"
first=$last
start signet-cad -d -c "$tmp/d/second.conf"
second=$last
ended() {
	[ "$(sql "SELECT count(*) FROM item
	    WHERE state NOT IN ('done', 'refused')")" = 0 ]
}
ok 'two instances have them' wait_for ended
is '... and no key has two holders' "$(sql "SELECT count(*) FROM (SELECT FROM
    cert GROUP BY key_digest HAVING count(DISTINCT holder) > 1) t")" 0
is '... one of each pair is refused' "$(sql "SELECT count(*) FROM item
    WHERE state = 'refused' AND reason LIKE '%for another holder%'")" 40
is '... nothing is left under way' "$(sql "SELECT count(*) FROM intent")" 0
stop "$first"
stop "$second"

# The same ledger cannot have two signers.
start signet-cad -d -c "$tmp/d/second.conf"
is_locked() {
	awk -v i="$(stat -c %i "$tmp/d/state2/lock")" '$2 == "FLOCK" &&
	    substr($6, length($6) - length(i)) == ":" i { n++ }
	    END { exit !n }' /proc/locks
}
ok 'it is running' wait_for is_locked
sed 's/"second"/"third"/' "$tmp/d/second.conf" >"$tmp/d/third.conf"
says 'each instance needs its own state directory' \
    signet-cad --once -d -c "$tmp/d/third.conf"
stop "$last"

done_testing
