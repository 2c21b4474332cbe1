#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Clocks that are wrong on one host: of a replica, by ten minutes before and
# behind; of a CA process and of a responder, by that and by a day.  A replica
# whose clock hides how far it is behind is not believed.
# Runs with --full only.
. "${srcdir:-.}/tests/growth/world.sh"
. "$srcdir/tests/growth/work.sh"
faketime=$(find /usr/lib -name libfaketimeMT.so.1 2>/dev/null | head -n 1)
[ -n "$faketime" ] || {
	echo 'Bail out! no libfaketime'
	exit 1
}
world_up synchronous
ok 'a certificate is issued' eval 'as o1 order_tls old --sign && cad'
old=$(serial_of "$(last_order)")
ok 'CA processes are there' cas_up
ok '... and responders' responders_up
# only NAME HOST - this responder has one host to ask
only() {
	halt "$1"
	sed -i "s|host=[0-9.,]*|host=$(host_ip "$2")|" "$tmp/$1.conf"
	run "$1"
}
clock_of() {
	pg_stop "$tmp/$1"
	db_under="env LD_PRELOAD=$faketime FAKETIME=$2 FAKETIME_DONT_FAKE_MONOTONIC=1"
	db_do "$1" pg_again "$tmp/$1"
	db_under=
}
only oc1 db2
ok 'a responder asks one replica' wait_for said_of oc1 "$old" good
why() {
	! said_of oc1 "$old" good && grep -q "$1" "$tmp/oc1.log"
}
ok 'its clock is ten minutes behind' clock_of db2 -600s
ok '... it is not believed, and why is said' wait_for why \
    'clock of the replica is [0-9]* s behind that of its primary'
halt oc1
: >"$tmp/oc1.log"
ok 'its clock is ten minutes fast' clock_of db2 +600s
run oc1
ok '... it is not believed either' wait_for why \
    'the replica is [0-9]* s behind, or nothing writes the heartbeat'
ok 'its clock is right again' clock_of db2 +0s
ok '... and it is believed' wait_for said_of oc1 "$old" good

# A replica that does not apply what comes, with a clock that hides it.
ok 'a replica stops, its clock behind' eval "db_sql db2 'SELECT
    pg_wal_replay_pause()' postgres"
ok '... and is not believed' wait_for why 'behind'
db_sql db2 'SELECT pg_wal_replay_resume()' postgres >/dev/null
ok '... until it goes on' wait_for said_of oc1 "$old" good

# CA processes: what one signs has its own time, so that has to be right.
halt ca1
ordered_by() {
	sql "SELECT state FROM orders WHERE holder = 'u$1'"
}
warned() {
	grep -q "clock of this machine is [0-9]* s $1" "$tmp/ca2.log"
}
decided() {
	ordered_by "$1" | grep -qE 'done|refused'
}
for skew in +600 +86400 -600; do
	halt ca2
	: >"$tmp/ca2.log"
	# shellcheck disable=SC2034 # run looks at it
	clock_ca2=$skew
	run ca2
	as o1 order_tls "u${skew#+}" --sign --wait 0s >"$tmp/out" 2>&1
	case $skew in -*) how=behind ;; *) how=ahead ;; esac
	ok "a CA process whose clock is $skew s off says so" wait_for warned \
	    "$how"
	is '... and decides nothing' "$(ordered_by "${skew#+}")" ready
done
ok 'one with the right time beside it is enough' run ca1
for skew in +600 +86400 -600; do
	ok "... for the order of then ($skew)" wait_for decided "${skew#+}"
	is '... which is carried out' "$(ordered_by "${skew#+}")" 'done'
done
halt ca1
halt ca2
unset clock_ca2
run ca1
run ca2
ok 'with right clocks both work' eval 'as o1 order_tls uright --sign --wait 0s &&
    wait_for decided right'
is '... and issue' "$(ordered_by right)" 'done'
done_testing
