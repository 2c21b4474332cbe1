#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What expired long ago is written to an archive, approved and taken out of the
# store; signet dies at each step, and nothing is lost or in both places.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/faults.sh"

# An installation that is seven hundred days old.
travel -700
key=ec:P-256 install_pki
ok 'a certificate is ordered' as o1 order_tls one --sign
ok '... and another one' as o1 order_tls two --sign
ok 'they are issued' cad
as s1 signet cert revoke "$(serial_of "$(last_order)")" \
    --reason keyCompromise --yes --wait 0s >"$tmp/out" 2>&1
for day in 699 480 470 345; do
	travel -$day
	cad
done
travel 0
arch=$tmp/arch/a1
mkdir "$tmp/arch"
all="SELECT string_agg(ca || ' ' || encode(serial, 'hex') || ' ' || status, ','
    ORDER BY ca, serial)"
before=$(sql "$all FROM cert")
lists=$(sql "SELECT count(*) FROM crl")
faults_begin "$tmp/arch"

archive_asked() {
	sql "SELECT state FROM orders WHERE kind = 'permit'"
}
archive_run() {
	as s1 signet archive write "$arch" --older 366d --yes &&
	as s2 signet order approve "$(last_order)" --yes &&
	signet archive run "$arch" --yes </dev/null
}
# As its page says: to write goes on, and so does to run.
archive_again() {
	[ -n "$(archive_asked)" ] ||
	    as s1 signet archive write "$arch" --older 366d --yes || return
	[ "$(archive_asked)" != pending ] ||
	    as s2 signet order approve "$(last_order)" --yes || return
	signet archive run "$arch" --yes </dev/null
}
# Each certificate is in one place, with the status that it had, and lists in
# the store or in the archive.
archive_holds() {
	[ "$(sql "$all FROM (SELECT ca, serial, status FROM cert UNION ALL
	    SELECT ca, serial, status FROM archived) x")" = "$before" ] &&
	[ "$(sql "SELECT count(*) > 1 FROM archived")" = t ] &&
	[ "$(sql "SELECT (SELECT count(*) FROM crl) + (SELECT lists
	    FROM archive)")" = "$lists" ] &&
	[ "$(sql "SELECT count(*) FROM archive WHERE done_at IS NOT NULL")" = 1 ] &&
	[ "$(sql "SELECT count(*) FROM audit
	    WHERE body LIKE 'act=archive%'")" = 1 ] &&
	signet archive verify "$arch" >"$tmp/proof" 2>&1
}
faults_of archive
disk_of archive
faults_sum
done_testing
