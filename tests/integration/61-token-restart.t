#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A token is restarted in the middle of a batch: nothing is lost, nothing is
# issued twice.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
# shellcheck source=tests/lib/softhsm.sh
. "$srcdir/tests/lib/softhsm.sh"
start_pg
tokens_begin
token_make people
export SIGNET_PROFILES="$srcdir/etc/profiles" SIGNET_SQL="$srcdir/db" \
    SIGNET_GROUP=10 SIGNET_WORKERS=2
mkdir "$tmp/d"
feed init "$tmp/d" "$conninfo" || exit 1
pki=$tmp/d
conf=$pki/cad.conf
token_import people people "$pki/people.key" 01
sed "s,key = \"file:$pki/people.key\";,key = \
\"pkcs11:token=people;object=people\"; passphrase = \"file:$tmp/pin\";," \
    "$conf" >"$tmp/conf" && mv "$tmp/conf" "$conf"
rm "$pki/people.key"
cad_tokens
echo 'poll = "1s";' >>"$conf"

items=200
feed requests "$pki" "$items" && feed batch "$pki" "$conninfo" "$items"
count() {
	sql "SELECT count(*) FROM $1"
}
at_least() {
	[ "$(count cert)" -ge "$1" ]
}
finished() {
	[ "$(count "item WHERE state <> 'done'")" = 0 ]
}
# A store that takes its time leaves some to unplug the token in.
sql "CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_sleep(0.4); RETURN NULL; END';
    CREATE TRIGGER slow AFTER INSERT ON cert FOR EACH STATEMENT
    EXECUTE FUNCTION public.slow()"
start signet-cad -d -c "$conf"
ok 'a batch is being issued from a token' wait_for at_least 20
token_unplug people
ok 'the token goes away' wait_for grep -q 'ALARM key: CA people' "$tmp/log"
before=$(count cert)
sleep 2
is 'nothing is issued without it' "$(count cert)" "$before"
ok 'some was not' [ "$before" -lt "$items" ]
is 'what was begun is written down, what was not is open' \
    "$(count "item WHERE state NOT IN ('done', 'signing', 'open')")" 0
is 'the order stays ready' "$(sql "SELECT DISTINCT state FROM orders")" ready
token_plug people
ok 'with the token back it goes on by itself' wait_for finished
is 'nothing is lost' "$(count cert)" "$items"
is 'nothing is doubled' "$(sql "SELECT count(DISTINCT (order_id, n)) FROM cert
    WHERE n > 0")" "$items"
is '... nor any number' "$(sql "SELECT count(DISTINCT serial) FROM cert")" \
    "$items"
is 'nothing is in hand' "$(count intent)" 0
is 'the alarm was said once' "$(grep -c 'ALARM key' "$tmp/log")" 1
sql "DROP TRIGGER slow ON cert"
# The module forgets sessions and logins when it is begun anew; so does a
# token that was without power.
more=50
feed requests "$pki" "$more" && feed batch "$pki" "$conninfo" "$more"
token_unplug people
sleep 1
token_plug people
ok 'a short absence leaves no trace' wait_for finished
is 'all of the next batch is there' "$(count cert)" $((items + more))
stop "$last"
pids=
done_testing
