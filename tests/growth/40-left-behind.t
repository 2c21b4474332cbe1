#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A primary that was left behind: replication is asynchronous and it takes
# commits with it that were acknowledged; or nobody has told it that another is
# in its place.  No CA process goes on from a store that lacks what it has seen;
# it says so, and two security officers say from where to go on.
# Runs with --full only.
. "${srcdir:-.}/tests/growth/world.sh"
. "$srcdir/tests/growth/work.sh"
world_up
name_signer() {
	as o1 order_tls old --sign && cad
}
ok 'a certificate is issued' name_signer
old=$(serial_of "$(last_order)")
ok 'CA processes are there' cas_up
ok '... and responders' responders_up
is 'a responder says good' "$(says_of oc1 "$old")" good

# ---- replicas lack what was acknowledged ------------------------------------------

halt ca2
part db1 db2
part db1 db3
not_ready() {
	! said_of oc1 "$old" good
}
ok 'a replica that is cut off is not believed for long' wait_for not_ready
as o1 order_tls lost --sign --wait 0s >"$tmp/out" 2>&1
is_done() {
	[ "$(db_sql db1 "SELECT count(*) FROM cert WHERE holder = 'lost'")" = 1 ]
}
ok 'a certificate is issued that no replica hears of' wait_for is_done
lost=$(db_sql db1 "SELECT encode(serial, 'hex') FROM cert WHERE holder = 'lost'")
sleep 3
fence db1
ok 'the primary is lost, a replica promoted' promote db2
ok '... which the other follows' follows db3 db2
PGHOST=$tmp/db2
run ca2
ok 'the CA process that has seen what is lost refuses to go on' wait_for \
    seen_by ca1 'ALARM chain: audit chain does not continue'
ok '... it says what to do' seen_by ca1 'kind adopt'
ok 'the one that has not works' eval 'as o1 order_tls new --sign --wait 0s'
ok '... for there it is' wait_for eval 'sql "SELECT count(*) FROM cert
    WHERE holder = '"'new'"'" | grep -qx 1'
is 'the responders do not know what is lost' "$(wait_for said_of oc3 "$old" good
    says_of oc3 "$lost")" unknown
alarmed() {
	[ "$(sql "SELECT count(*) FROM audit WHERE body LIKE
	    'act=alarm%does not continue%'")" -ge 1 ]
}
ok 'the alarm is in the chain that goes on' wait_for alarmed
ok 'security officers say where to go on' adopt
ok '... and so it does' wait_for seen_by ca1 'adopted audit entry'
not '... and not the one that has no need of it' seen_by ca2 \
    'adopted audit entry'
halt ca2
ok '... and works' as o1 order_tls newer --sign --wait 0s
ok '... alone' wait_for eval 'sql "SELECT count(*) FROM cert
    WHERE holder = '"'newer'"'" | grep -qx 1'
run ca2

# ---- nobody has told the primary --------------------------------------------------

ok 'from now on a replica has to have what is committed' synchronous db2 db3
part db2 db3
part db2 ca2
for name in oc1 oc2; do
	part "$name" db2
done
part oc3 db3
ok 'the other replica is promoted, and both are primaries' promote db3
request split
# It waits for what does not come, until that host is gone.
as o1 order_tls split --sign --wait 0s >"$tmp/split.out" 2>&1 &
pids="$pids $!"
sleep 10
is 'the first issues nothing' "$(db_sql db2 "SELECT count(*) FROM cert
    WHERE holder = 'split'")" 0
quiet() {
	[ "$(says_of oc3 "$old")" = trylater ]
}
ok '... and is not believed by a responder that sees no other' wait_for quiet
works_on_db3() {
	said_of oc1 "$old" good
}
ok 'who sees the second works with that' wait_for works_on_db3
fence db2
rejoin db2 ca2
rejoin oc3 db3
PGHOST=$tmp/db3
ok 'the first is taken away: its responder comes over' wait_for said_of oc3 \
    "$old" good
halt ca2
ok '... and its CA process, without hands' as o1 order_tls after --sign \
    --wait 0s
ok '... which works there' wait_for eval 'sql "SELECT count(*) FROM cert
    WHERE holder = '"'after'"'" | grep -qx 1'
done_testing
