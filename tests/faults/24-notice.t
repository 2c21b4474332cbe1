#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# signet-rad tells a holder by mail that a certificate is there, and dies at each
# step.  The mail goes out, and if it goes out twice, since who dies before the
# store has heard of it cannot know, it is the same mail to whoever gets it.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/rad.sh"
. "$srcdir/tests/lib/sink.sh"
. "$srcdir/tests/lib/faults.sh"
install_pki
sink_start
rad_configure
rad_set mail_server "\"$sink_url\""
rad_set mail_from '"pki@example.org"'
rad_set mail_clear true
ok 'signet-rad has run' rad_start
rad_stop
request carol
ok 'a certificate is ordered' as o1 signet order new --profile mail-dual \
    --csr "$tmp/carol.csr" --holder carol --holder-name Carol \
    --field country=SE --field 'org=Example AB' \
    --field orgid=NTRSE-556677-8899 --field given=Carol --field surname=Holm \
    --field 'name=Carol Holm' --field mail=carol@example.org --sign --yes
ok '... and issued' cad
faults_begin

notice_before() {
	rm -f "$tmp"/sink/mail/*.eml
}
notice_told() {
	[ "$(mails 'TO:<carol@example.org>')" -gt 0 ] &&
	    [ "$(sql "SELECT count(*) FROM notice
	    WHERE state = 'sent'")" = 1 ]
}
notice_over() {
	notice_told || ! kill -0 "$rad_pid" 2>/dev/null
}
# Until all is told or it has died.
notice_run() (
	signet-rad -d -c "$pki/rad.conf" >>"$tmp/rad.log" 2>&1 &
	rad_pid=$!
	wait_for notice_over
	rad_stop
	notice_told
)
notice_again() {
	rad_start && wait_for notice_told && rad_stop
}
notice_holds() {
	[ "$(mails 'TO:<carol@example.org>')" -le 2 ] && notice_told &&
	[ "$(cat "$tmp"/sink/mail/*.eml | grep -i '^Message-ID:' | sort -u |
	    wc -l)" = 1 ] &&
	[ "$(sql 'SELECT count(*) FROM notice')" = 1 ] && proven
}
faults_of notice
faults_sum
done_testing
