#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A directory that refuses whatever is written to it is in trouble itself: no
# entry is given up or tried over and over for it, whoever watches is told, and
# all follows by itself when it takes entries again.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/slapd.sh"
. "$srcdir/tests/lib/publish.sh"

# config ATTRIBUTE VALUE - of the database, which slapd has when it runs again
config() {
	slapd_stop
	slapmodify -n 0 -F "$tmp/a/conf" <<-LDIF || exit 1
	dn: olcDatabase={1}mdb,cn=config
	changetype: modify
	replace: $1
	$1: $2
	LDIF
	slapd_start "$tmp/a"
}
waiting() {
	sql "SELECT count(*) FROM delivery WHERE target = '$1' AND NOT dead
	    AND kind = 'person'"
}
waits() { [ "$(waiting "$1")" = "$2" ]; }
tried() {
	sql "SELECT count(*) FROM delivery WHERE target = '$1'
	    AND attempts > 0 AND kind = 'person'"
}
state() {
	signet publish status --json >"$tmp/status.json" &&
	    sed -n "s/^{\"directory\":\"$1\",\"state\":\"\([a-z]*\)\".*/\1/p" \
	    "$tmp/status.json"
}
dead() {
	sql "SELECT count(*) FROM delivery WHERE target = '$1' AND dead"
}
is_in() { [ "$(state "$1")" = "$2" ]; }
told() { curl -s --unix-socket "$tmp/m.sock" "http://x/$1"; }
tells() { told "$1" | grep -q "$2"; }

install_pki
slapd_start "$tmp/a"
# The second never takes a person: there is no such attribute.
publish_configure "a $ldapi" "c $ldapi people=\"nosuch={holder},{base}\";"
sed -i "s|^metrics_listen.*|metrics_listen = \"unix:$tmp/m.sock\";|" \
    "$pki/crld.conf"
config olcReadOnly TRUE
people 600 >"$tmp/out" 2>&1
start signet-crld -d -c "$pki/crld.conf"
crld=$last
ok 'a directory that is read only is said to refuse' \
    wait_for is_in a refusing
ok '... as is one that takes no person at all' wait_for is_in c refusing
ok 'the log has it, with the reason' grep -q \
    'a/[0-9].*it takes nothing that is written to it: .*(53' "$tmp/log"
is 'nothing is given up for it' "$(dead a)" 0
is '... everything waits' "$(waiting a)" 600
ok '... and of the other a handful at most' [ "$(dead c)" -lt 64 ]
ok '... of which only a few were tried' eval '[ "$(tried a)" -lt 60 ] &&
    [ "$(tried c)" -lt 60 ]'
signet publish status >"$tmp/status" 2>&1
says 'a is there and refuses whatever is written to it: may signet-crld' \
    cat "$tmp/status"
ok 'its metrics say so' wait_for tells metrics \
    '^signet_publish_failing{directory="a"} 1'
ok '... and its health' wait_for tells healthz \
    '^FAIL directory a: since 20.*takes nothing that is written'
config olcReadOnly FALSE
ok 'when it can be written, all is written' wait_for waits a 0
ok '... and it is well' wait_for is_in a well
ok 'the log says that, too' wait_for grep -q 'a/[0-9]: all is well again' \
    "$tmp/log"
ok '... of the other one still no more is given up' [ "$(dead c)" -lt 64 ]
ok 'an entry is there' wait_for found "uid=p0000600,ou=people,$ldap_base" \
    base '(objectClass=*)' cn

# Rights that are gone, found by a few entries.
config olcAccess '{0}to * by * read'
sql "DELETE FROM delivery WHERE target = 'c';
    INSERT INTO delivery (target, kind, key) SELECT 'a', 'name',
    'uid=p000000' || n || ',ou=people,$ldap_base'
    FROM generate_series(1, 5) n" >"$tmp/out"
ok 'a directory that gives no right to write is said to refuse' \
    wait_for is_in a refusing
# Whoever of the publishers has met the directory while it was away says that
# for a moment.
has_reason() {
	signet publish status --json | grep -q 'no write access'
}
ok '... with the reason' wait_for has_reason
stop "$crld"
done_testing
