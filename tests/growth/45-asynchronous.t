#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Replication is asynchronous, and a replica is promoted that lacks the last
# certificates and revocations.  No number comes twice; what the signer of then
# has in its ledger and the store has lost is named one by one, with what mends
# it; and nobody is told 'good' of what was revoked without somebody being told
# that something is wrong.
# Runs with --full only.
. "${srcdir:-.}/tests/growth/world.sh"
. "$srcdir/tests/growth/work.sh"
world_up
certify() {
	as o1 order_tls keep --sign && as o1 order_tls gone --sign && cad
}
number_of() {
	db_sql "$1" "SELECT encode(serial, 'hex') FROM cert
	    WHERE holder = '$2'"
}
ok 'certificates are issued' certify
keep=$(number_of db1 keep)
gone=$(number_of db1 gone)
ok 'CA processes are there' cas_up
ok '... and responders' responders_up

# ---- what no replica hears of -----------------------------------------------------

halt ca1
halt ca2
ok 'an order waits' as o1 order_tls twice --sign --wait 0s
replicas_have() {
	for name in db2 db3; do
		[ "$(db_sql "$name" "SELECT count(*) FROM orders
		    WHERE holder = 'twice'")" = 1 ] || return 1
	done
}
ok '... and replicas have it' wait_for replicas_have
part db1 db2
part db1 db3
# Once it has said what is lost, and before a list is made of that, it will die.
echo 'cad.lost 1 KILL' >"$tmp/plan"
export SIGNET_FAULT_PLAN="$tmp/plan"
run ca1
unset SIGNET_FAULT_PLAN
as o1 order_tls lost --sign --wait 0s >"$tmp/out" 2>&1
is_issued() {
	[ -n "$(number_of "$1" "$2")" ]
}
ok 'it is carried out' wait_for is_issued db1 twice
ok '... and a later one' wait_for is_issued db1 lost
twice=$(number_of db1 twice)
lost=$(number_of db1 lost)
as o1 signet cert revoke "$gone" --reason superseded --wait 0s --yes \
    >"$tmp/out" 2>&1
is_revoked() {
	[ "$(db_sql "$1" "SELECT status FROM cert
	    WHERE holder = 'gone'")" = revoked ]
}
ok '... and a certificate is revoked' wait_for is_revoked db1
number_of_list() {
	db_sql "$1" "SELECT max(number) FROM crl WHERE ca = 'services'"
}
is '... on no list yet' "$(number_of_list db1)" "$(number_of_list db2)"
sleep 6
fence db1
ok 'the primary is lost, a replica promoted' promote db2
ok '... which the other follows' follows db3 db2
PGHOST=$tmp/db2
run ca2

# ---- until somebody has looked ----------------------------------------------------

ok 'the CA process that has seen it stops' wait_for seen_by ca1 \
    'ALARM chain: audit chain does not continue'
calls() {
	grep -qx 'signet_cad_chain_forked 1' "$tmp/ca1.prom"
}
ok '... and calls for help (SignetChainForked)' wait_for calls
ok '... while a responder says what the store says' wait_for said_of oc3 \
    "$gone" good
is '... and does not know what is lost' "$(says_of oc3 "$lost")" unknown
ok 'the other one carries out the order that is ready again' wait_for \
    is_issued db2 twice
not '... with another number' [ "$(number_of db2 twice)" = "$twice" ]

# ---- and afterwards ---------------------------------------------------------------

listed=$(number_of_list db2)
ok 'two security officers say where to go on' adopt
ok '... and the one that has stopped does' wait_for seen_by ca1 \
    'adopted audit entry'
not '... and not the other one' seen_by ca2 'adopted audit entry'
ok '... looks for what the store has lost' wait_for seen_by ca1 \
    'for what the ledger has: 3 are lost'
named() {
	sql "SELECT convert_from(body, 'UTF8') FROM audit" |
	    grep -q "^detail=$1"
}
ok '... and names the certificate' named "certificate $lost of CA services"
ok '... and the one that was issued again' named \
    "certificate $twice of CA services"
ok '... and the revocation' named "revocation of $gone of CA services"
is '... by a process that dies of it' "$(cut -d ' ' -f 2 "$tmp/plan")" 0
has_ended() {
	! kill -0 "$(pid_of ca1)"
}
ok '... all of it' wait_for has_ended
is '... before there is a list of it' "$(number_of_list db2)" "$listed"
run ca1
ok '... which is on a list, so that responders say it' wait_for said_of oc3 \
    "$gone" 'revoked superseded'
is '... and of another one what is so' "$(says_of oc3 "$keep")" good
doctor() {
	signet doctor --offline --json >"$tmp/found" 2>"$tmp/said"
	jq -er "select(.check == \"store-lost\") | .cause + \" \" + .fix" \
	    "$tmp/found" >"$tmp/lost"
}
finds() {
	doctor
	grep -q "$1" "$tmp/lost"
}
ok 'the operator is told of the certificate' finds "certificate $lost"
is '... once' "$(grep -c "certificate $lost" "$tmp/lost")" 1
ok '... of the other one' finds "certificate $twice"
ok '... and how to revoke again' finds \
    "revocation of $gone.*signet cert revoke $gone --reason"
again() {
	as o1 signet cert revoke "$gone" --reason superseded --wait 0s --yes
	wait_for is_revoked db2
}
# By the one that has it: for him nothing is new in it.
halt ca2
ok 'an officer does' again
not '... and it is not lost any more' finds "revocation of $gone"
ok '... but the certificates are' finds "certificate $lost"

as o1 order_tls newer --sign --wait 0s >"$tmp/out" 2>&1
ok 'the one that had stopped works, alone' wait_for is_issued db2 newer
# Its lists say since when it knows that, which is before what the store says.
before=$(number_of_list db2)
relisted() {
	[ "$(number_of_list db2)" -gt "$before" ]
}
as o1 signet cert revoke "$(number_of db2 newer)" --reason keyCompromise \
    --wait 0s --yes >"$tmp/out" 2>&1
ok '... makes a list of what is grave' wait_for relisted
{
	echo "$lost"
	echo "$twice"
	sql "SELECT encode(serial, 'hex') FROM cert"
} | sort | uniq -d >"$tmp/doubles"
is 'no number came twice' "$(cat "$tmp/doubles")" ''
is '... of a list neither' "$(sql "SELECT count(*) - count(DISTINCT (ca, shard,
    number)) FROM crl")" 0
ok 'the auditor finds what was given up, and nothing else' proven
done_testing
