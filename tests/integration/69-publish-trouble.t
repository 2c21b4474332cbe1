#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Directories that are away, slow or refuse, and publishers that are killed:
# the others do not wait, and nothing is lost.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/slapd.sh"
. "$srcdir/tests/lib/publish.sh"
. "$srcdir/tests/lib/formats.sh"

install_pki
slapd_start "$tmp/b"
b=$ldapi
slapd_stop
slapd_start "$tmp/a"
a=$ldapi
proxy=ldapi://$(printf '%s' "$tmp/slow" | sed 's|/|%2F|g')
publish_configure "a $a retry_max=\"1s\";" "b $b retry_max=\"1s\";" \
    "c $a people=\"nosuch={holder},{base}\";" \
    "d $proxy base=\"ou=d,$ldap_base\"; publishers=1;"
# The base of the last one is its own.
sed -i "/name = \"d\"/s/base = \"$ldap_base\"; //" "$pki/directories.conf"
sed -i "s|^metrics_listen.*|metrics_listen = \"unix:$tmp/m.sock\";|" \
    "$pki/crld.conf"
sed -i 's/^poll.*//' "$pki/crld.conf" && echo 'poll = "1s";' >>"$pki/crld.conf"
start signet-crld -d -c "$pki/crld.conf"
told() {
	curl -s --unix-socket "$tmp/m.sock" "http://x/$1"
}
tells() {
	told "$1" | grep -q "$2"
}
has() {
	[ "$(sql "SELECT count(*) FROM delivery WHERE target = '$1'
	    AND NOT dead AND kind = 'person'")" = "$2" ]
}

ok 'a certificate is issued' certify anna mail-encrypt anna 'Anna Ek' \
    anna@example.org
ldapi=$a
ok 'the directory that is there has it soon' wait_for offers anna anna
ok 'for the one that is away it waits' has b 1
fails() {
	signet publish status >"$tmp/status" &&
	    grep -q '^b .*failing' "$tmp/status" &&
	    grep -q '^a .*well' "$tmp/status"
}
ok '... after it was tried' wait_for fails
says 'failing' grep '^b ' "$tmp/status"
says "Can't contact LDAP server" grep '^b ' "$tmp/status"
says 'well' grep '^a ' "$tmp/status"
ok 'its metrics say how much waits for it' wait_for tells metrics \
    '^signet_publish_waiting{directory="b"} [2-9]'
ok '... since when' wait_for tells metrics \
    '^signet_publish_oldest_seconds{directory="b"} [0-9]*\.[0-9]*[1-9]'
ok '... and that it is away' wait_for tells metrics \
    '^signet_publish_failing{directory="b"} 1'
ok '... but not the other one' wait_for tells metrics \
    '^signet_publish_failing{directory="a"} 0'
ok 'so does its health' wait_for tells healthz \
    "^FAIL directory b: since 20.*Can't contact LDAP server"
ok '... of the other one and of the outbox nothing bad' wait_for eval \
    'tells healthz "^ok directory a: " && tells healthz "^ok outbox: "'
ok 'it is not forgotten: two more' certify bo mail-encrypt bo 'Bo Alm' \
    bo@example.org
ok '... of which one is revoked at once' status revoke bo --reason superseded
ok 'the directory that is there knows' wait_for no_entry bo
slapd_start "$tmp/b"
ldapi=$b
ok 'E053: the other one comes back, and has the certificate' \
    wait_for offers anna anna
ok '... and not the one that was revoked meanwhile' wait_for no_entry bo
ok '... and nothing waits any more' wait_for has b 0
ok '... which its metrics and its health say' eval 'wait_for tells metrics \
    "^signet_publish_waiting{directory=\"b\"} 0" &&
    wait_for tells healthz "^ok directory b: nothing waits"'

# For good.
ok 'what a directory can never take is given up' wait_for \
    eval '[ "$(sql "SELECT count(*) FROM delivery WHERE target = '"'c'"' AND
    dead AND key = '"'anna'"'")" = 1 ]'
signet publish dead >"$tmp/dead"
says 'anna' grep '^c  *person' "$tmp/dead"
as_page 'signet publish dead' signet publish dead
as_page 'signet publish status' signet publish status
says 'Invalid DN syntax' cat "$tmp/dead"
ok '... and its metrics count it' wait_for tells metrics \
    '^signet_publish_dead{directory="c"} [1-9]'

# Slow: every answer comes four seconds late.
start python3 "$srcdir/tests/lib/slow_proxy.py" "$tmp/slow" "$tmp/a/ldapi" 4
s=$(date +%s)
ok 'another one is issued meanwhile' certify cia mail-encrypt cia 'Cia Dal' \
    cia@example.org
ok '... without waiting for the slow one' [ $(($(date +%s) - s)) -lt 15 ]
ldapi=$a
ok 'the quick ones have it at once' wait_for offers cia cia
publisher() {
	ps -e -o pid= -o ppid= -o comm= | awk -v top="$1" '
		{ parent[$1] = $2; name[$1] = $3 " " $4 }
		END { for (p in parent) if (parent[parent[p]] == top &&
		    name[p] ~ /crld: publish/) print p }'
}
main=$(echo "$pids" | awk '{ print $3 }')
at_work() { [ -n "$(publisher "$main")" ]; }
ok 'there are publishers at work' wait_for at_work
# One that has gone by itself meanwhile has been started again.
# shellcheck disable=SC2046 # pids
kill_all() { kill -9 $(publisher "$main"); }
ok 'all of them are killed' wait_for kill_all
ok 'it gets to the slow one, too' wait_for has d 0
is '... whole' "$(found "uid=cia,ou=people,ou=d,$ldap_base" base \
    '(objectClass=*)' mail | sed -n 's/^mail: //p')" cia@example.org
ok 'the log says that they were started again' grep -q \
    'ended with signal 9 and is started again' "$tmp/log"
as_page 'signet publish forget NAME' signet publish forget c --yes
done_testing
