#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Hosts far away: 80 ms each way, and up to 20 more.  One of each daemon, a
# replica that has to have what is committed, and a directory that follows;
# then wires that lose frames, bring some twice and others too late.  Work goes
# on, and nobody has been told what is not so.
# Runs with --full only.
. "${srcdir:-.}/tests/growth/world.sh"
. "$srcdir/tests/growth/work.sh"
far='ca1 ra1 oc1 oc2 pub1 dir3 db3'
# of MS... - as lag takes them
lag_all() {
	for name in $far; do
		lag "$name" "$@" || return 1
	done
}
unlag_all() {
	for name in $far; do
		unlag "$name" || return 1
	done
}
# is_far TIMES NAME NAME - so many times what it was
is_far() {
	trip=$(round_trip "$2" "$3")
	echo "$2 and $3: $near ms, now $trip ms" >>"$tmp/trips"
	awk "BEGIN { exit !($trip >= $1 * $near) }"
}
world_up synchronous
near=$(round_trip ca1 db1)
ok 'there is work' work_prepare 600 120
ok 'everybody is there' world_run
work_start
ok 'it is done' work_goes_on

ok 'one of each is far away' lag_all 80 20
ok '... which is so' is_far 20 ca1 db1
not '... and not of those that are not' is_far 20 ca2 db2
ok 'work goes on' work_goes_on
again() {
	halt "$1"
	run "$1"
}
for name in $far; do
	case $name in
	db*)	;;
	*)	ok "far away, $name starts again" again "$name" ;;
	esac
done
ok '... and is well' eval 'wait_for host_well oc1 && wait_for host_well oc2 &&
    wait_for host_well ra1'
ok '... and work goes on' work_goes_on

halt ca2
halt ra2
ok 'CA and registration are only far away: work goes on' work_goes_on
run ca2
run ra2
part db1 db2
sleep 8
ok 'the only replica is far away: work goes on' work_goes_on
rejoin db1 db2
ok '... and afterwards' work_goes_on

ok 'wires lose frames, bring some twice or late' lag_all 40 20 2 2 4
ok '... work goes on' work_goes_on
ok '... and on' work_goes_on
ok 'everybody is near again' unlag_all
not '... which is so' is_far 20 ca1 db1
ok '... and work goes on' work_goes_on

work_end
sed 's/^/# /' "$tmp/trips" "$work/counts"
ok 'in the end all is done' wait_for world_quiet
nothing_is_wrong
same_directory() {
	dir_holds dir1 >"$tmp/dir1.ldif"
	dir_holds "$1" | cmp "$tmp/dir1.ldif" -
}
ok 'a directory has what its provider has' wait_for same_directory dir2
ok '... and so has the one that was far away' wait_for same_directory dir3
done_testing
