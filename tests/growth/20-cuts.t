#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The network between any two of the hosts is cut for a while, and one of them
# from all; what is sent is lost without a word.  Work goes on afterwards
# without hands, and nobody has been told what is not so.
# Runs with --full only.
. "${srcdir:-.}/tests/lib/hosts.sh"
. "$srcdir/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/growth/world.sh"
. "$srcdir/tests/growth/work.sh"
export pki
world_up synchronous
ok 'there is work' work_prepare 500 150
ok 'everybody is there' world_run
work_start
ok 'it is done' work_goes_on

# One replica is enough for a commit, so that these only slow things down.
for pair in 'db1 db2' 'oc1 db2' 'pub1 dir1' 'dir2 dir1' 'ca1 db1' 'ra1 db1' \
    'pub2 db1'; do
	# shellcheck disable=SC2086 # two
	part $pair
	ok "between $pair nothing comes through: the others work" work_goes_on
	# shellcheck disable=SC2086
	rejoin $pair
	ok '... and afterwards' work_goes_on
done
answers() {
	[ "$(ocsp=http://$(host_ip oc1):8081 status "$1")" = 'revoked superseded' ]
}
part oc1 db2
part oc1 db3
gone=$(sed -n 's/^revoked //p' "$work/done" | head -n 1)
ok 'a responder that reaches no replica asks the primary' wait_for answers \
    "$gone"
rejoin oc1 db2
rejoin oc1 db3

# No standby has what is done, so it is not done.
part db1 db2
part db1 db3
stuck=$(grep -c '^issued' "$work/done")
sleep 8
last_issued=$(grep -c '^issued' "$work/done")
sleep 5
is 'a primary without replicas acknowledges nothing' \
    "$(grep -c '^issued' "$work/done")" "$last_issued"
ok '... but what was under way' test "$((last_issued - stuck))" -le 8
rejoin db1 db2
rejoin db1 db3
ok 'they are there again, and work goes on' work_goes_on
cut_off ca2
cut_off ra2
ok 'two hosts have no network at all: the others work' work_goes_on
plug_in ca2
plug_in ra2
ok '... and afterwards' work_goes_on
work_end
sed 's/^/# /' "$work/counts"
ok 'in the end all is done' wait_for world_quiet
nothing_is_wrong
same_directory() {
	dir_holds dir1 >"$tmp/dir1.ldif"
	dir_holds dir2 | cmp "$tmp/dir1.ldif" -
}
ok 'a directory has what its provider has' wait_for same_directory
done_testing
