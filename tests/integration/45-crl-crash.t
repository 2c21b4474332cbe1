#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# signet-cad killed at every point of making a list, complete or delta: the
# next start makes or delivers the right one, and no number is missing or there
# twice.
. "${srcdir:-.}/tests/integration/tap.sh"

start_pg
export SIGNET_PROFILES="$srcdir/etc/profiles" SIGNET_SQL="$srcdir/db" \
    SIGNET_WORKERS=1
mkdir "$tmp/d"
ok 'an installation is set up' feed init "$tmp/d" "$conninfo"
ok 'with certificates' sh -c "feed requests '$tmp/d' 30 &&
    feed batch '$tmp/d' '$conninfo' 30"

cad_once() {
	signet-cad -d --once -c "$tmp/d/cad.conf"
}
# The bytes of the newest list of CA people, as a client has it.
newest() {
	sql "SELECT encode(string_agg(der, '' ORDER BY n), 'base64')
	    FROM crl_part WHERE ca = 'people' AND number = (SELECT max(number)
	    FROM crl WHERE ca = 'people' AND (base > 0) = $1)" |
	    base64 -d >"$tmp/newest.crl"
}
# well DELTA REVOKED - numbers without hole or twin; the newest list of that
# kind verifies and has all that were revoked (a delta: since its base).
well() {
	[ "$(sql "SELECT count(*) = max(number) AND
	    count(*) = count(DISTINCT number) FROM crl
	    WHERE ca = 'people'")" = t ] && newest "$1" &&
	openssl crl -inform DER -in "$tmp/newest.crl" -CAfile "$tmp/all.pem" \
	    -noout -text >"$tmp/text" 2>&1 && grep -q 'verify OK' "$tmp/text" &&
	[ "$(grep -c 'Serial Number' "$tmp/text")" = "$2" ] &&
	[ ! -e "$tmp/d/state/people.crl.new.tbs" ]
}
revoke() {
	feed revoke "$tmp/d" "$conninfo" 1 >"$tmp/out" 2>&1
}

ok 'the certificates are issued' cad_once
cat "$tmp/d/people.pem" "$tmp/d/root.pem" >"$tmp/all.pem"
ok 'the first list is empty, and has no list of entries' well false 0
not '... nor says that it has' grep -q 'Revoked Certificates:' "$tmp/text"

crash_everywhere() {
	: >"$tmp/passed"
	revoke
	n=$((n + 1))
	export SIGNET_FAULT_LIST="$tmp/passed"
	ok "$1: one is revoked" cad_once
	unset SIGNET_FAULT_LIST
	ok '... and on the list' well "$2" "$n"
	points=$(grep crl "$tmp/passed" | sort -u)
	ok '... through all its points' test "$(echo "$points" | wc -l)" -ge 6
	for point in $(echo "$points" | some_points); do
		revoke
		n=$((n + 1))
		SIGNET_FAULT=$point
		export SIGNET_FAULT
		not "$1, killed at $point" cad_once
		unset SIGNET_FAULT
		ok '... the next start works' cad_once
		ok '... and the list is right' well "$2" "$n"
	done
}
n=0
crash_everywhere complete false
sed -i 's/name = "people";/& crl_delta = "1h"; crl_delta_url = "http:\/\/x\/d";/' \
    "$tmp/d/cad.conf"
n=0
crash_everywhere delta true
is 'a delta is based on the last complete list' "$(sql "SELECT
    (SELECT max(base) FROM crl WHERE ca = 'people') =
    (SELECT max(number) FROM crl WHERE ca = 'people' AND base = 0)")" t

# What was torn or changed on disk is noticed at the start.
cp "$tmp/d/state/people.crl" "$tmp/good"
truncate -s -1 "$tmp/d/state/people.crl"
not 'a list cut short on disk is refused' cad_once
said 'last list of CA people'
cp "$tmp/d/state/people.delta.crl" "$tmp/d/state/people.crl"
not 'a delta is not taken for a complete list' cad_once
said 'is another kind of list'
cp "$tmp/good" "$tmp/d/state/people.crl"
rm "$tmp/d/state/people.delta.crl"
not 'a list that the ledger remembers must be there' cad_once
said 'is older than the ledger'

# Another instance, which has seen none of it, goes on from what the store has.
mkdir -m 700 "$tmp/d/state2"
sed -e 's/"bench"/"second"/' -e "s,$tmp/d/state,$tmp/d/state2," \
    "$tmp/d/cad.conf" >"$tmp/d/second.conf"
revoke
n=$((n + 1))
ok 'another instance takes over' signet-cad -d --once -c "$tmp/d/second.conf"
ok '... with the next number and the right list' well true "$n"
sql "UPDATE crl SET this_update = this_update - interval '2 days'" >/dev/null
ok '... and makes the next complete list' \
    signet-cad -d --once -c "$tmp/d/second.conf"
ok '... with all' well false "$(sql "SELECT count(*) FROM cert
    WHERE status <> 'good' AND ca = 'people'")"
done_testing
