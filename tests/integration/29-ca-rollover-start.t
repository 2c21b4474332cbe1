#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A generation of the CA that names officers begins at its start, not before;
# officers of both generations count.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/roll.sh"
install_pki
ca_of() {
	sql "SELECT ca FROM cert WHERE order_id = decode('$1', 'hex')"
}

# The CA that names officers, from a minute to come on.
ok 'the next generation of the services' generation services.g2
exits 2 'a start is a time' signet ca import services "$roll_pem" --start soon
start=$(date -u -d '+6 seconds' +%Y-%m-%dT%H:%M:%SZ)
ok 'it is taken in with a start' \
    signet ca import services "$roll_pem" --start "$start"
said "start = \"$start\";"
roll_configure services.g2 "$start"
is 'it waits' "$(state services.g2)" waiting
is 'the old one issues' "$(state services)" issuing
ok 'an order' as o1 order_tls before --sign \
    --until "$(date -u -d '+20 days' +%Y-%m-%d)"
before=$(last_order)
ok 'is carried out' cad
is 'by the old generation' "$(ca_of "$before")" services
begun() {
	[ "$(date +%s)" -gt "$(date -d "$start" +%s)" ]
}
wait_for begun
ok 'another one after the start' as o1 order_tls after --sign
after=$(last_order)
ok 'is carried out' cad
is 'by the new generation' "$(ca_of "$after")" services.g2
is 'which issues' "$(state services.g2)" issuing

# A renewal on the old key's proof goes over to the new generation.
cert_of "$before" >"$tmp/before.pem"
request renewed
ok 'a certificate of the old generation is renewed' signet cert renew \
    "$(serial_of "$before")" --csr "$tmp/renewed.csr" \
    --proof-key "$tmp/before.key" --proof-cert "$tmp/before.pem"
renewed=$(last_order)
ok 'it is made' cad
is '... by the new generation' "$(ca_of "$renewed")" services.g2
request again
ok 'one of the new generation can be, too' signet cert renew \
    "$(serial_of "$after")" --csr "$tmp/again.csr" --yes
is '... by an order to the CA' "$(sql "SELECT ca FROM orders
    WHERE id = decode('$(last_order)', 'hex')")" services

# An officer of the new generation, next to those of the old one.
request o3
ok 'an officer is ordered' signet order new --profile officer \
    --csr "$tmp/o3.csr" --holder o3 --holder-name 'Orla Three' \
    --field 'name=Orla Three' --field id=o3 --field org='Example AB' \
    --field mail=o3@example.org --field country=SE --yes
id=$(last_order)
ok 'by two security officers' as s1 signet order approve "$id" --yes
ok '... of the old generation' as s2 signet order approve "$id" --yes
ok 'it is made' cad
is '... by the new generation' "$(ca_of "$id")" services.g2
cert_of "$id" >"$tmp/o3.pem"
ok 'an order' order_tls third
third=$(last_order)
ok 'that the new officer approves' signet order approve "$third" --yes \
    --key "$tmp/o3.key" --cert "$tmp/o3.pem"
ok '... is carried out' cad
is '... at once' "$(order_state "$third")" 'done'

ok 'the proof holds' proven

done_testing
