#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Two CA processes, two registration authorities, three responders, two
# publishers, a directory with two consumers, and a store with two replicas, one
# of which has each commit before it counts; all with work to do.  One of each
# is killed and started again; the primary is lost and a replica promoted.
# Nothing that was acknowledged is lost, nothing comes twice, no wrong answer is
# given, and who was not killed finds the new primary without hands.
. "${srcdir:-.}/tests/growth/world.sh"
. "$srcdir/tests/growth/work.sh"
world_up synchronous
ok 'there is work' work_prepare "${WORK_DEVICES:-150}" "${WORK_OLD:-40}"
ok 'everybody is there' world_run
work_start
ok 'it is done' work_goes_on

for name in ca1 ra2 oc1 pub1 dir2; do
	halt "$name" KILL
done
for name in ca1 ra2 oc1 pub1 dir2; do
	run "$name"
done
ok 'one of each is killed, started again, and work goes on' work_goes_on

fence db1
ok 'the primary is lost, a replica promoted' promote db2
ok '... the other follows it' follows db3 db2
ok '... and has to have what is committed' synchronous db2 db3
ok 'work goes on' work_goes_on
alive() {
	for name in ca1 ca2 ra1 ra2 oc1 oc2 oc3 pub1 pub2 dir1 dir2 dir3; do
		kill -0 "$(pid_of "$name")" || return 1
	done
}
ok '... by the same processes' alive
work_end
sed 's/^/# /' "$work/counts"
ok 'in the end all is done' wait_for world_quiet
PGHOST=$tmp/db2
nothing_is_wrong
list_is() {
	openssl crl -inform DER -in "$tmp/list" -noout -crlnumber >"$tmp/$1.number"
}
ok 'both publishers have lists' eval 'list_of pub1 services && list_is pub1 &&
    list_of pub2 services && list_is pub2'
same_directory() {
	dir_holds dir1 >"$tmp/dir1.ldif"
	dir_holds "$1" | cmp "$tmp/dir1.ldif" -
}
ok 'a directory has what its provider has' wait_for same_directory dir2
ok '... and so has the other' wait_for same_directory dir3
ok '... which is something' grep -q certificateRevocationList "$tmp/dir1.ldif"
done_testing
