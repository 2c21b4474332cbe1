#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The network between any two of the hosts that have to do with each other is cut
# for a while, whole hosts have none, and links become slow; what is sent is lost
# without a word.  Work goes on afterwards without hands, and nobody has been
# told what is not so.
# Runs with --full only.
. "${srcdir:-.}/tests/growth/world.sh"
. "$srcdir/tests/growth/work.sh"
world_up synchronous
ok 'there is work' work_prepare 1500 400
ok 'everybody is there' world_run
work_start 3
ok 'it is done' work_goes_on

# ---- between two ------------------------------------------------------------------

# One replica is enough for a commit, and one of each daemon for its work.  Eight
# seconds, which is longer than anybody waits for a host that keeps silent.
for pair in 'db1 db2' 'db1 db3' 'ca1 db1' 'ca2 db1' 'ra1 db1' 'ra2 db1' \
    'pub1 db1' 'pub2 db1' 'pub1 dir1' 'pub2 dir1' 'dir2 dir1' 'dir3 dir1' \
    'oc1 db2' 'oc2 db3' 'oc3 db1'; do
	# shellcheck disable=SC2086 # two
	part $pair && sleep 8
	ok "nothing comes through between $pair: the others work" work_goes_on
	# shellcheck disable=SC2086
	rejoin $pair
	ok '... and afterwards' work_goes_on
done
answers() {
	said_of oc1 "$1" 'revoked superseded'
}
part oc1 db2
part oc1 db3
gone=$(sed -n 's/^revoked //p' "$work/done" | head -n 1)
ok 'a responder that reaches no replica asks the primary' wait_for answers \
    "$gone"
part oc1 db1
silent() {
	! said_of oc1 "$fresh" good
}
fresh=$(sed -n 's/^issued [0-9]* //p' "$work/done" | tail -n 1)
ok '... and one that reaches none does not call anything good' wait_for silent
rejoin oc1 db1
rejoin oc1 db2
rejoin oc1 db3
ok '... until it does' wait_for answers "$gone"

# ---- hosts without a network ------------------------------------------------------

# No standby has what is done, so it is not done.
part db1 db2
part db1 db3
sleep 8
stuck=$(work_count issued)
sleep 5
is 'a primary without replicas acknowledges nothing' "$(work_count issued)" \
    "$stuck"
rejoin db1 db2
rejoin db1 db3
ok 'they are there again, and work goes on' work_goes_on
for name in ca2 ra2 oc3 pub2 dir3; do
	cut_off "$name"
done
sleep 8
ok 'one of each has no network at all: the others work' work_goes_on
for name in ca2 ra2 oc3 pub2 dir3; do
	plug_in "$name"
done
ok '... and afterwards' work_goes_on

# ---- slow links -------------------------------------------------------------------

for name in db3 oc1 ra1 pub1 dir2 ca1; do
	slow_down "$name" 64kbit
done
sleep 8
ok 'links of one of each are slow: work goes on' work_goes_on
ok '... and on' work_goes_on
for name in db3 oc1 ra1 pub1 dir2 ca1; do
	speed_up "$name"
done
ok '... and afterwards' work_goes_on

work_end
sed 's/^/# /' "$work/counts"
ok 'in the end all is done' wait_for world_quiet
nothing_is_wrong
same_directory() {
	dir_holds dir1 >"$tmp/dir1.ldif"
	dir_holds "$1" | cmp "$tmp/dir1.ldif" -
}
ok 'a directory has what its provider has' wait_for same_directory dir2
ok '... and so has the other' wait_for same_directory dir3
done_testing
