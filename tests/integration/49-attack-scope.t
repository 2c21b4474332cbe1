#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The registration is owned, and officers' security keys are for some profiles,
# domains and a time only: what they sign beyond that nobody carries out.  One
# officer is one, however many keys and certificates there are.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/owned_ra.sh"
install_pki
ok 'there is an RA' owned_ra
ok 'and a second certificate of an officer' enrol o1b officer o1 "Olga One"
ok 'a credential for everything' bind one o1
ok 'a credential for one profile and domain' bind small o2 \
    --profile mail-sign --domain example.net
ok 'a credential for one domain' bind place o2 --domain example.net
ok 'a credential for a domain and a profile' bind tls o2 \
    --profile tls-server --domain place.example.org
ok 'a second one of the same officer' bind second o1
until=$(($(date +%s) + 8))
ok 'a credential for a moment' bind moment o1 \
    --until "$(date -u -d "@$until" +%Y-%m-%dT%H:%M:%SZ)"

small() {
	auth=$tmp/small.auth bound=$tmp/small.bind officer=$pki/officers/o2.pem
}
place() {
	auth=$tmp/place.auth bound=$tmp/place.bind officer=$pki/officers/o2.pem
}
tls() {
	auth=$tmp/tls.auth bound=$tmp/tls.bind officer=$pki/officers/o2.pem
}

# Names.
request place
request held
for name in place held; do
	an_order "$name"
	usual
	[ "$name" = held ] || tls
	ok "within: $name.example.org" seal "$id"
done
usual
cad
held=$(serial_of "$id")
place=$(serial_of "$(last_order 1)")
ok 'a credential serves for what it is for' test -n "$place"
ok 'and one for everything' test -n "$held"
small
attack 'a profile that the credential is not for' \
    'the credential is not for profile tls-server'
place
attack 'a name that the credential is not for' \
    'not for names in "same.example.org"'
tls
attack 'a name beside the one that it is for' \
    'not for names in "otherplace.example.org"' otherplace
bound=$tmp/place.bind auth=$tmp/small.auth officer=$pki/officers/o2.pem
attack 'one credential with the bind order of another' \
    'by another credential than the one that was bound'
bound=$tmp/one.bind auth=$tmp/place.auth officer=$pki/officers/o2.pem
attack 'a credential with the bind order of another officer' \
    'by another credential than the one that was bound'
strike

# Certificates that there are already.
# change KIND SERIAL - an order that nobody has signed, sealed
change() {
	case $1 in
	revoke)	change_reason=superseded ;;
	*)	change_reason= ;;
	esac
	signet cert "$1" "services/$2" ${change_reason:+--reason \
	    "$change_reason"} --no-sign --yes </dev/null >"$tmp/order.out" \
	    2>&1 && id=$(last_order) && seal "$id"
}
# status KIND SERIAL 'what' 'why not'
status() {
	ok "$3" change "$1" "$2"
	attack_on "$id" "$3" "$4"
}
small
status revoke "$held" 'revoking what the credential is not for' \
    'the credential is not for profile tls-server'
place
status hold "$held" 'a hold of what the credential is not for' \
    'not for names in "held.example.org"'
strike
is 'it is as it was' "$(sql "SELECT status FROM cert
    WHERE serial = '\\x$held'")" good
tls
ok 'a hold of what the credential is for' change hold "$place"
cad
is '... is carried out' "$(sql "SELECT status FROM cert
    WHERE serial = '\\x$place'")" held
place
status release "$place" 'a release of what the credential is not for' \
    'not for names in "place.example.org"'
bound=-
status release "$place" 'a release by the RA alone' 'has ra-agent ra-9'
bound=-
status revoke "$held" 'revoking by the RA alone what has no self_revoke' \
    'has ra-agent ra-9'
bound=-
status revoke "$(serial_in "$pki/officers/o2.pem")" \
    'an officer revoked by the RA alone' 'has ra-agent ra-9'
strike

# Card and browser of one person.
batch() {
	rm -rf "$tmp/requests" && mkdir "$tmp/requests"
	make_requests "$tmp/requests" 1
	signet order import --csv "$tmp/requests/people.csv" -p mail-sign \
	    --yes </dev/null >/dev/null
	id=$(last_order)
}
batch
ok 'an officer approves a batch by card' as o1 signet order approve --yes "$id"
usual
officer=$tmp/o1b.pem
ok '... and in the browser with another certificate' seal "$id"
attack_on "$id" 'one officer in two ways' 'not all different people'
batch
usual
ok 'an officer approves a batch in the browser' seal "$id"
usual
auth=$tmp/second.auth bound=$tmp/second.bind officer=$tmp/o1b.pem
ok '... and with another security key and certificate' seal "$id"
attack_on "$id" 'one officer with two security keys' 'not all different people'

# Time, and the officer is gone.
while [ "$(date +%s)" -le "$until" ]; do
	sleep 1
done
auth=$tmp/moment.auth bound=$tmp/moment.bind
attack 'a credential past its time' 'bound until an earlier time'
strike
as s1 signet cert revoke "$(serial_in "$pki/officers/o1.pem")" \
    --reason privilegeWithdrawn --no-sign --yes >/dev/null
id=$(last_order)
as s1 signet order approve --yes "$id" >/dev/null
cad
is 'an officer is revoked' "$(order_state "$id")" 'done'
attack 'an assertion of an officer who is revoked' \
    'the certificate is revoked or on hold'
strike

# What was carried out is as it was; what was put into the store is shown.
unproven 'the auditor is shown what the RA put into the store' \
    'of orders.pem: approved order: approval 1: the assertion is by another'
done_testing
