#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# signet-crld and what is not a complete list: deltas come and go, shards keep
# their addresses.
. "${srcdir:-.}/tests/integration/tap.sh"
# In its sandbox LeakSanitizer sees nothing, and complains.
ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
export ASAN_OPTIONS

start_pg
mkdir "$tmp/profiles" "$tmp/d" "$tmp/cas"
cp "$srcdir"/etc/profiles/* "$tmp/profiles"
sed -i -e 's/"emailProtection", //' -e '/^policies/,/^);/d' \
    -e '$acrl = "shard";' "$tmp/profiles/mail-dual"
export SIGNET_PROFILES="$tmp/profiles" SIGNET_SQL="$srcdir/db" \
    SIGNET_WORKERS=1
ok 'an installation is set up' feed init "$tmp/d" "$conninfo"
cp "$tmp/d/cad.conf" "$tmp/plain.conf"
sed -i 's/name = "people";/& crl_shards = 2;\
	crl_shard_url = "http:\/\/pki.example\/crl\/people-%d.crl";/' \
    "$tmp/plain.conf"
sed 's/name = "people";/& crl_delta = "1h";\
	crl_delta_url = "http:\/\/pki.example\/crl\/people-delta.crl";/' \
    "$tmp/plain.conf" >"$tmp/delta.conf"
cp "$tmp/delta.conf" "$tmp/d/cad.conf"
ok 'with certificates' sh -c "feed requests '$tmp/d' 30 &&
    feed batch '$tmp/d' '$conninfo' 30"
cat >"$tmp/crld.conf" <<C
database = "$conninfo user=signet_crl";
root = "$tmp/d/root.pem";
ca_dir = "$tmp/cas";
profiles = "$tmp/profiles";
directory = "$tmp/www";
state = "$tmp/crld";
metrics_listen = "";
C
cad_once() {
	signet-cad -d --once -c "$tmp/d/cad.conf"
}
crld_once() {
	signet-crld -d --once -c "$tmp/crld.conf"
}
revoke() {
	feed revoke "$tmp/d" "$conninfo" 1 >"$tmp/revoked" 2>&1 && cad_once
}
list=$tmp/www/crl/people
text() {
	openssl crl -inform DER -in "$list$1.crl" -noout -text
}
number() {
	openssl crl -inform DER -in "$list$1.crl" -noout -crlnumber |
	    sed 's/crlNumber=0x0*//'
}
verified() {
	openssl crl -inform DER -in "$list$1.crl" -noout \
	    -CAfile "$tmp/d/people.pem" 2>&1 | grep -q 'verify OK'
}

ok 'the certificates are issued' cad_once
ok 'what there is is published' crld_once
for kind in '' -1 -2; do
	ok "people$kind.crl verifies" verified "$kind"
done
not 'there is no delta yet' ls "$list-delta.crl"
for shard in 1 2; do
	ok "shard $shard says where it belongs" sh -c "openssl crl \
	    -inform DER -in '$list-$shard.crl' -noout -text |
	    grep -q 'URI:http://pki.example/crl/people-$shard.crl'"
done
not 'the complete list does not' sh -c "openssl crl -inform DER \
    -in '$list.crl' -noout -text | grep -q 'Issuing Distribution'"

# A delta.
before=$(number '')
ok 'one is revoked' revoke
ok 'what is new is published' crld_once
is 'the complete list is as it was' "$(number '')" "$before"
ok 'the delta verifies' verified -delta
ok '...has a higher number' [ "$(number -delta)" -gt "$before" ]
text -delta >"$tmp/text"
ok '...and says what it adds to' grep -q 'Delta CRL Indicator: critical' \
    "$tmp/text"
is '...and has the one that is revoked' \
    "$(grep -c 'Serial Number' "$tmp/text")" 1
is 'so have the shards, between them' "$(for shard in 1 2; do
    text -$shard; done | grep -c 'Serial Number')" 1
delta=$(sha256sum <"$list-delta.crl")

# A complete list overtakes it; it stays until it has expired.
cp "$tmp/plain.conf" "$tmp/d/cad.conf"
ok 'a complete list is made' revoke
ok '...and published' crld_once
ok '...with a higher number' [ "$(number '')" -gt "$(number -delta)" ]
is 'the delta is good to those who have the old list' \
    "$(sha256sum <"$list-delta.crl")" "$delta"
later() {
	SIGNET_CLOCK_OFFSET=$((8 * 86400)) signet-crld -d --once \
	    -c "$tmp/crld.conf"
}
ok 'when it has expired' later
not '...it is gone' ls "$list-delta.crl"
ok '...and nothing else' ls "$list.crl" "$list-1.crl" "$list-2.crl"
ok 'and does not come back' crld_once
not '...for it is not in the store as the newest' ls "$list-delta.crl"

# The store has the lists of two shards exchanged: each verifies, and each
# would clear those on the other.
cp "$list-1.crl" "$tmp/one.crl"
sql "SET session_replication_role = replica;
    CREATE TABLE kept AS SELECT * FROM crl WHERE shard > 0;
    CREATE TABLE kept_part AS SELECT * FROM crl_part WHERE shard > 0"
# lists SHARD: all of them, each under that shard
lists() {
	sql "SET session_replication_role = replica;
	    DELETE FROM crl_part WHERE shard > 0;
	    DELETE FROM crl WHERE shard > 0;
	    UPDATE kept SET shard = $1; UPDATE kept_part SET shard = $1;
	    INSERT INTO crl SELECT * FROM kept;
	    INSERT INTO crl_part SELECT * FROM kept_part"
}
lists '3 - shard'
rm "$list-1.crl" "$list-2.crl"
not 'exchanged shards are refused' crld_once
said 'its issuingDistributionPoint is another than before'
is '...each' "$(grep -c 'ALARM publish: list .* for crl/people-[12].crl' \
    "$tmp/out")" 2
not '...and not published, though nothing else is' ls "$list-1.crl"
lists '3 - shard'
ok 'put back, all is well' crld_once
ok '...and as it was' cmp "$list-1.crl" "$tmp/one.crl"

# One list whose rows are gone altogether.
sql "SET session_replication_role = replica;
    DELETE FROM crl WHERE ca = 'people' AND shard = 1"
not 'a shard that the store has lost' crld_once
said 'for crl/people-1.crl: the store has none any more'
ok '...is published as it was' cmp "$list-1.crl" "$tmp/one.crl"
done_testing
