#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# signet-cad killed at every point of making a shard's list: the next start
# makes or delivers the right one, and no number of any shard is missing or
# there twice.
. "${srcdir:-.}/tests/integration/tap.sh"

start_pg
# A profile of people that no mail program meets.
mkdir "$tmp/profiles" "$tmp/d"
cp "$srcdir"/etc/profiles/* "$tmp/profiles"
sed -i -e 's/"emailProtection", //' -e '/^policies/,/^);/d' \
    -e '$acrl = "shard";' "$tmp/profiles/mail-dual"
export SIGNET_PROFILES="$tmp/profiles" SIGNET_SQL="$srcdir/db" \
    SIGNET_WORKERS=1
ok 'an installation is set up' feed init "$tmp/d" "$conninfo"
sed -i 's/name = "people";/& crl_shards = 2;\
	crl_shard_url = "http:\/\/pki.example\/people-%d.crl";/' \
    "$tmp/d/cad.conf"
ok 'with certificates' sh -c "feed requests '$tmp/d' 30 &&
    feed batch '$tmp/d' '$conninfo' 30"

cad_once() {
	signet-cad -d --once -c "$tmp/d/cad.conf"
}
# The newest list of a shard, as a client has it.
newest() {
	sql "SELECT encode(string_agg(der, '' ORDER BY n), 'base64')
	    FROM crl_part WHERE ca = 'people' AND shard = $1 AND number =
	    (SELECT max(number) FROM crl WHERE ca = 'people' AND shard = $1)" |
	    base64 -d >"$tmp/newest.crl"
}
numbers_are_well() {
	[ "$(sql "SELECT bool_and(x.well) FROM (SELECT count(*) = max(number)
	    AND count(*) = count(DISTINCT number) AS well FROM crl
	    GROUP BY ca, shard) x")" = t ]
}
# Each shard's newest list verifies, says its address and has who is revoked
# and names it; between them they have all.
well() {
	numbers_are_well && [ ! -e "$tmp/d/state/people.crl.new.tbs" ] ||
	    return 1
	for shard in 1 2; do
		newest $shard && openssl crl -inform DER -in "$tmp/newest.crl" \
		    -CAfile "$tmp/all.pem" -noout -text >"$tmp/text.$shard" \
		    2>&1 && grep -q 'verify OK' "$tmp/text.$shard" &&
		grep -q "URI:http://pki.example/people-$shard.crl" \
		    "$tmp/text.$shard" || return 1
		sed -n 's/ *Serial Number: //p' "$tmp/text.$shard" |
		    tr '[:upper:]' '[:lower:]' | sort >"$tmp/has"
		sql "SELECT encode(serial, 'hex') FROM cert WHERE ca = 'people'
		    AND status <> 'good' AND position(convert_to(
		    'http://pki.example/people-$shard.crl', 'UTF8') IN der) > 0
		    ORDER BY 1" >"$tmp/want"
		cmp "$tmp/has" "$tmp/want" || return 1
	done
	[ "$(cat "$tmp/text.1" "$tmp/text.2" | grep -c 'Serial Number')" = "$1" ]
}
revoke() {
	feed revoke "$tmp/d" "$conninfo" 1 >"$tmp/out" 2>&1
}

ok 'the certificates are issued' cad_once
cat "$tmp/d/people.pem" "$tmp/d/root.pem" >"$tmp/all.pem"
is 'each names the shard of its row, and both are drawn' "$(sql "SELECT
    count(DISTINCT shard), bool_and(position(convert_to('/people-' || shard ||
    '.crl', 'UTF8') IN der) > 0) FROM cert WHERE ca = 'people'")" '2|t'
ok 'both shards have an empty list' well 0
is 'what is published next knows of them' "$(sql "SELECT string_agg(
    shard::text, ' ' ORDER BY shard) FROM outbox WHERE topic = 'crl'
    AND ca = 'people'")" '0 1 2'

: >"$tmp/passed"
revoke
n=1
export SIGNET_FAULT_LIST="$tmp/passed"
ok 'one is revoked' cad_once
unset SIGNET_FAULT_LIST
ok '... and on its shard' well "$n"
# What is passed twice is passed for the complete list, then for the shard.
points=$(grep crl "$tmp/passed" | sort | uniq -d)
ok '... through all points of a list' \
    test "$(echo "$points" | wc -l)" -ge 6
for point in $(echo "$points" | some_points); do
	revoke
	n=$((n + 1))
	SIGNET_FAULT=$point:2
	export SIGNET_FAULT
	not "killed at $point" cad_once
	unset SIGNET_FAULT
	ok '... the next start works' cad_once
	ok '... and the lists are right' well "$n"
done

# What was torn or taken away on disk is noticed at the start.
cp "$tmp/d/state/people+1.crl" "$tmp/good"
truncate -s -1 "$tmp/d/state/people+1.crl"
not 'a list cut short on disk is refused' cad_once
said 'last list of CA people'
cp "$tmp/d/state/people.crl" "$tmp/d/state/people+1.crl"
not 'the complete list is not taken for that of a shard' cad_once
said 'is older than the ledger'
rm "$tmp/d/state/people+1.crl"
not 'a list that the ledger remembers must be there' cad_once
said 'people+1.crl'
cp "$tmp/good" "$tmp/d/state/people+1.crl"

# Another instance, which has seen none of it, goes on from what the store has.
mkdir -m 700 "$tmp/d/state2"
sed -e 's/"bench"/"second"/' -e "s,$tmp/d/state,$tmp/d/state2," \
    "$tmp/d/cad.conf" >"$tmp/d/second.conf"
revoke
n=$((n + 1))
ok 'another instance takes over' signet-cad -d --once -c "$tmp/d/second.conf"
ok '... with the next numbers and the right lists' well "$n"
sql "UPDATE crl SET this_update = this_update - interval '2 days'" >/dev/null
ok '... and makes them all again' signet-cad -d --once -c "$tmp/d/second.conf"
ok '... right' well "$n"

# While somebody else is making a shard's list, the others are made.
sql "UPDATE crl SET this_update = this_update - interval '2 days'" >/dev/null
before=$(sql "SELECT max(number) FROM crl WHERE ca = 'people' AND shard = 2")
psql -X -q -At -d signet -c "SELECT pg_advisory_lock(hashtextextended(
    'signet crl people+1', 0))" -c 'SELECT pg_sleep(600)' >"$tmp/locked" &
locker=$!
ok 'another instance has the lease of shard 1' wait_for test -s "$tmp/locked"
ok '... lists are made' signet-cad -d --once -c "$tmp/d/second.conf"
is '... but for shard 1' "$(sql "SELECT string_agg(shard::text, ' ' ORDER BY
    shard) FROM crl WHERE ca = 'people' AND this_update > now() -
    interval '1 day'")" '0 2'
is '... with the next number' "$(sql "SELECT max(number) FROM crl
    WHERE ca = 'people' AND shard = 2")" "$((before + 1))"
kill "$locker" 2>/dev/null
wait "$locker" 2>/dev/null
done_testing
