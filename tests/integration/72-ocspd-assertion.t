#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A hold that an officer ended in the browser: signet-ocspd and signet-crld see
# for themselves that an officer did, while their list still has it.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/owned_ra.sh"
. "$srcdir/tests/lib/ocspd.sh"
install_pki
ocsp_allow_ec
sed -i 's/crl_reasons = .*/crl_reasons = [ "all" ];/' "$pki/cad.conf"
ok 'there is an RA' owned_ra
ok 'a credential is bound by two' bind one o1
for name in freed faked; do
	request "$name"
	an_order "$name"
	usual
	seal "$id"
done >"$tmp/out" 2>&1
cad
faked=$(serial_of "$(last_order)")
freed=$(serial_of "$(last_order 1)")
usual
for serial in "$freed" "$faked"; do
	as o1 signet cert hold "$serial" --wait 0s --yes
done >"$tmp/out" 2>&1
cad
ok 'a signer is made' ocsp_signer services
number=$(sql "SELECT max(number) FROM crl WHERE ca = 'services'")
says 'Certificate Hold' sh -c "signet crl export services --format pem |
    openssl crl -noout -text"

as o1 signet cert release "$freed" --no-sign --yes >"$tmp/out" 2>&1
ok 'an officer releases one in the browser' seal "$(last_order)"
as o1 signet cert release "$faked" --no-sign --yes >"$tmp/out" 2>&1
fake=$(last_order)
usual
bound=-
ok 'the RA alone releases the other' seal "$fake"
cad
is 'that is refused' "$(order_state "$fake")" refused
is 'the first is done' "$(order_state "$(last_order 1)")" 'done'
ok 'who owns the store says that it is not' tamper "UPDATE cert
    SET status = 'good', revoked_at = NULL, reason = NULL
    WHERE serial = '\\x$faked'; INSERT INTO status_change (ca, serial,
    status, order_id, changed_at) VALUES ('services', '\\x$faked', 'good',
    decode('$fake', 'hex'), now()); DELETE FROM crl WHERE number > $number"

ocsp_start
ok 'the responder starts' ocsp_ready
is 'released in the browser: good' "$(status "$freed")" good
is '... without an alarm' "$(metric signet_ocsp_floor_alarms_total)" 0
is 'released by the RA alone: held' "$(status "$faked")" \
    'revoked certificateHold'
is '... with an alarm' "$(metric signet_ocsp_floor_alarms_total)" 1
ok '... which says why' wait_for grep -q "$faked.*its release: needs officer, or security-officer" \
    "$tmp/ocspd.log"
done_testing
