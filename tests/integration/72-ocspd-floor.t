#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The owner of the store edits rows.  What a signed list revokes, signet-ocspd
# answers as it stands there, with an alarm; what those have released whom the
# profile asks for is good.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/ocspd.sh"
install_pki
ocsp_allow_ec
# A list with each change.
sed -i 's/crl_reasons = .*/crl_reasons = [ "all" ];/' "$pki/cad.conf"

# One whose holds two officers end together.
{
	cat "$pki/profiles/tls-server"
	echo 'revoke_approvals = [ "officer + officer" ];'
} >"$pki/profiles/tls-pair"

names='good back gone date reason hold foreign early moved released'
for name in $names; do
	as o1 order_tls "$name" --sign >/dev/null
done
ok 'certificates are issued' cad
good='' back='' gone='' date='' reason='' hold='' foreign='' early=''
moved='' released=''
n=10
for name in $names; do
	n=$((n - 1))
	eval "$name=\$(serial_of \"\$(last_order $n)\")"
done
pair() {
	request "$1"
	as o1 signet order new --profile tls-pair --csr "$tmp/$1.csr" \
	    --holder "$1" --holder-name "$1" --field "dns=$1.example.org" \
	    --sign --yes >"$tmp/out" 2>&1
	cad
	serial_of "$(last_order)"
}
pair=$(pair pair)
single=$(pair single)
agent=$(sql "SELECT encode(serial, 'hex') FROM cert
    WHERE profile = 'ocsp-agent'")
ok 'two of them ask for two officers, one for a security officer' \
    [ -n "$pair" -a -n "$single" -a -n "$agent" ]
many() {
	many_kind=$1
	shift
	for many_serial; do
		as o1 signet order new --kind "$many_kind" --wait 0s --yes \
		    ${many_reason:+--reason "$many_reason"} "$many_serial"
	done >"$tmp/out" 2>&1
	cad
}
# released has a release that was used; early one from before its hold.
many hold "$early" "$released"
sleep 1
many release "$early" "$released"
early_release=$(last_order 1)
released_release=$(last_order 0)
sleep 1
many_reason=keyCompromise
many revoke "$back" "$gone" "$date" "$reason"
many_reason=
many hold "$hold" "$foreign" "$early" "$moved"
# together KIND SERIAL - both officers
together() {
	as o1 signet order new --kind "$1" --wait 0s --yes "$2"
	as o2 signet order approve "$(last_order)" --yes
} >"$tmp/out" 2>&1
together hold "$pair"
together hold "$single"
as s1 signet order new --kind hold --wait 0s --yes "$agent" >"$tmp/out" 2>&1
cad
held() {
	sql "SELECT status FROM cert WHERE serial = '\\x$1'"
}
is 'two together hold what needs two' "$(held "$pair")/$(held "$single")" \
    held/held
is '... and a security officer an agent' "$(held "$agent")" held
# One officer alone: the CA does neither.
as o1 signet order new --kind release --wait 0s --yes "$single" \
    >"$tmp/out" 2>&1
single_release=$(last_order)
as o1 signet order new --kind release --wait 0s --yes "$agent" \
    >"$tmp/out" 2>&1
agent_release=$(last_order)
cad
is 'one officer releases neither' "$(held "$single")/$(held "$agent")" \
    held/held
ok 'a signer is made' ocsp_signer services
number=$(sql "SELECT max(number) FROM crl WHERE ca = 'services'")
says 'Serial Number' sh -c "signet crl export services --format pem |
    openssl crl -noout -text"

# By hand.
good_row() {
	tamper "UPDATE cert SET status = 'good', revoked_at = NULL,
	    reason = NULL WHERE serial = '\\x$1';
	    DELETE FROM status_change WHERE serial = '\\x$1'"
}
# good_row with an order that says so
excused() {
	good_row "$1"
	tamper "INSERT INTO status_change (ca, serial, status, order_id,
	    changed_at) VALUES ('services', '\\x$1', 'good',
	    decode('$2', 'hex'), now())"
}
good_row "$back"
good_row "$hold"
excused "$foreign" "$released_release"
excused "$early" "$early_release"
excused "$single" "$single_release"
excused "$agent" "$agent_release"
tamper "UPDATE cert SET profile = 'tls-server' WHERE serial = '\\x$agent'"
tamper "DELETE FROM cert WHERE serial = '\\x$gone';
    UPDATE cert SET revoked_at = revoked_at + interval '1 day'
    WHERE serial = '\\x$date';
    UPDATE cert SET reason = 5 WHERE serial = '\\x$reason';
    UPDATE cert SET revoked_at = revoked_at - interval '1 day'
    WHERE serial = '\\x$moved'"

ocsp_start
ok 'the responder starts' ocsp_ready
alarms=0
alarmed() {
	alarms=$((alarms + 1))
	is "$1" "$(status "$2")" "$3"
	is '... with an alarm' "$(metric signet_ocsp_floor_alarms_total)" \
	    "$alarms"
}
is 'what was not touched is good' "$(status "$good")" good
is '... without an alarm' "$(metric signet_ocsp_floor_alarms_total)" 0
alarmed 'revoked, set back to good: revoked' "$back" 'revoked keyCompromise'
ok '... which the log says' grep -q \
    "ALARM certificate $back of CA services .*: the store calls it good" \
    "$tmp/ocspd.log"
is '... when there is no nonce, too' "$(status "$back" -no_nonce)" \
    'revoked keyCompromise'
alarmed 'revoked, its row deleted: revoked' "$gone" 'revoked keyCompromise'
alarmed 'revoked, its date moved: revoked' "$date" 'revoked keyCompromise'
not '... at the date of the list' grep -q \
    "Revocation Time: $(date -u -d '1 day' '+%b %e')" "$tmp/status"
alarmed 'revoked, for another reason: for the same' "$reason" \
    'revoked keyCompromise'
alarmed 'held, set back to good: held' "$hold" 'revoked certificateHold'
alarmed 'held, released by the order of another: held' "$foreign" \
    'revoked certificateHold'
alarmed 'held, released by an order from before: held' "$early" \
    'revoked certificateHold'
alarmed 'held since yesterday: since today' "$moved" \
    'revoked certificateHold'
alarmed 'held by two, released by one: held' "$single" \
    'revoked certificateHold'
alarmed 'of a role, under a profile without, released by nobody: held' \
    "$agent" 'revoked certificateHold'
is 'held, released with an order: good' "$(status "$released")" good
# Each says why, if it is the first to be said.
says_why() {
	ocsp_stop
	ocsp_restart
	ocsp_ready
	status "$1" >"$tmp/out"
	wait_for grep -q "ALARM certificate $1 .*: its release: $2" \
	    "$tmp/ocspd.log"
}
ok 'who is missing is said' says_why "$single" \
    'needs officer and officer; has officer o1'
ok '... as the certificate itself asks for it' says_why "$agent" \
    'needs security-officer, or root; has nobody'

# As it should be: the hold is ended by an order, the list still has it.
ok 'an officer releases one' change release "$moved"
ok 'two release the one that needs two' together release "$pair"
cad
is '... which the CA does' "$(held "$pair")" good
tamper "DELETE FROM crl WHERE number > $number"
ocsp_stop
rm -r "$tmp/ocspd/floor"
ocsp_restart
ocsp_ready
is '... which is good though the list has it' "$(status "$moved")" good
is '... as is what two have released' "$(status "$pair")" good
is '... without an alarm' "$(metric signet_ocsp_floor_alarms_total)" 0

# Lists that are not as they were.
newest=$(sql "SELECT max(number) FROM crl WHERE ca = 'services'")
cp "$tmp/ocspd/floor/services.crl" "$tmp/kept.crl"
tamper "DELETE FROM crl WHERE ca = 'services' AND number = $newest"
ok 'a list that has gone is missed' wait_for grep -q \
    "ALARM: the store's newest list of CA services is" "$tmp/ocspd.log"
ocsp_stop
ocsp_restart
ocsp_ready
is 'the list that was kept counts after a restart, too' \
    "$(status "$back")" 'revoked keyCompromise'
tamper "INSERT INTO crl (ca, shard, number, base, this_update, next_update,
    entries, size, change) VALUES ('services', 0, $newest + 100, 0, now(),
    now() + '1d', 0, 600, 0);
    INSERT INTO crl_part (ca, shard, number, base, n, der)
    VALUES ('services', 0, $newest + 100, 0, 0,
    (SELECT substring(der FROM 1 FOR 300) || decode(repeat('00', 300), 'hex')
    FROM crl_part WHERE ca = 'services' AND n = 0
    ORDER BY number DESC LIMIT 1))"
ok 'a list that does not verify is not believed' wait_for grep -q \
    "ALARM: list $((newest + 100)) of CA services in the store is not believed" \
    "$tmp/ocspd.log"
ok '... and does not take the place of the one that did' \
    cmp "$tmp/kept.crl" "$tmp/ocspd/floor/services.crl"
ocsp_stop
printf x | dd of="$tmp/ocspd/floor/services.crl" bs=1 seek=300 \
    conv=notrunc 2>/dev/null
: >"$tmp/ocspd.log"
ocsp_restart
ok 'a kept list that was damaged is said' wait_for grep -q \
    'ALARM: the list that was kept for CA services is of no use' \
    "$tmp/ocspd.log"

done_testing
