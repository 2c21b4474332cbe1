#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A generation ends with its last certificate, or when the root revokes it.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/roll.sh"
install_pki
conf=$pki/cad.conf
approved() {
	as o1 signet order approve "$1" --yes &&
	    as o2 signet order approve "$1" --yes
}
# A generation without a certificate is finished as soon as there is another.
ok 'the next generation of the people' generation people.g2
ok 'taken in' signet ca import people "$roll_pem"
roll_configure people.g2
ok 'in force' cad
is '... says the list' "$(state people)" finished
says 'Its entry in signet-cad.conf may go' signet ca show people
n=$(sql "SELECT count(*) FROM crl WHERE ca = 'people'")
tamper "UPDATE crl SET this_update = this_update - interval '30 days'
    WHERE ca LIKE 'people%'"
ok 'time goes by' cad
ok '... and one is told' grep -q 'CA people is finished' "$tmp/log"
is 'it makes no list any more' \
    "$(sql "SELECT count(*) FROM crl WHERE ca = 'people'")" "$n"

# The root revokes.
root() {
	verb=$1
	shift
	signet-root "$verb" --dir "$pki/root" --yes --operator test \
	    --passphrase "file:$pki/secrets/root" "$@"
}
ok 'the root revokes the newest' root revoke --target people.g2 \
    --reason cACompromise
newest_crl() {
	find "$pki/root/crl" -name '*.crl' | sort | tail -n 1
}
root_crl() {
	sed "s|^root_crl = .*|root_crl = \"$1\";|" "$conf"
}
root_crl "$tmp/none.crl" >"$tmp/bad.conf"
says "root's CRL $tmp/none.crl: " signet-cad -d --once -c "$tmp/bad.conf"
cp "$pki/ca/root.pem" "$tmp/none.crl"
says "root's CRL $tmp/none.crl: " signet-cad -d --once -c "$tmp/bad.conf"
cp "$(newest_crl)" "$tmp/root.crl"
root_crl "$tmp/root.crl" >"$tmp/new.conf"
cp "$tmp/new.conf" "$conf"
make_requests "$tmp/b" 2 ec:P-256
ok 'a batch' signet order import -p mail-sign --csv "$tmp/b/people.csv"
id=$(last_order)
ok 'approved' approved "$id"
ok 'is carried out' cad
is 'by the one before, which is in force' "$(issuers mail-sign)" 'people=2 '
is 'one is told' "$(grep -c 'the root has revoked CA people.g2: it issues no' \
    "$tmp/log")" 1
ok '... what to do' grep -q 'hint: signet ca roll people' "$tmp/log"
ok 'the root revokes that, too' root revoke --target people \
    --reason cACompromise
cp "$(newest_crl)" "$tmp/root.crl"
make_requests "$tmp/b2" 2 ec:P-256
ok 'another batch' signet order import -p mail-sign --csv "$tmp/b2/people.csv"
id=$(last_order)
ok 'approved' approved "$id"
ok 'is looked at' cad
is 'and waits' "$(order_state "$id")" ready
ok 'a third generation' generation people.g3
ok 'is taken in' signet ca import people "$roll_pem"
roll_configure people.g3
ok 'and carries it out' cad
is 'all of it' "$(order_state "$id") $(issuers mail-sign)" \
    'done people=2 people.g3=2 '

# Before certificates have to be shortened, the operator is told.
not 'nothing is due' grep -q 'is due for its next' "$tmp/log"
is '... says the list' "$(signet ca list --json |
    jq -r 'select(.roll_due) | .name')" ''
sed -i 's/name = "people.g3";/&\n\troll_before = "7000d";/' "$conf"
echo 'roll_before = "7000d";' >>"$pki/signet.conf"
ok 'earlier than usual' cad
ok 'the log says what is due' grep -q \
    'CA people.g3 is due for its next generation since' "$tmp/log"
ok '... and what to do' grep -q 'hint: signet ca roll people; then' "$tmp/log"
says 'The next generation is due: signet ca roll people' \
    signet ca show people.g3
is 'the list has all that is due, not what has a successor' "$(signet ca list \
    --json | jq -r 'select(.roll_due) | .name' | tr '\n' ' ')" \
    'people.g3 services '
ok 'the proof holds' proven

done_testing
