#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The store waits for a standby that does not exist, so that COMMIT never comes
# back.  Whichever process of a daemon waits there, the daemon ends when it is
# told to, in order; what was not committed is done at the next start.  And so
# does one that waits for a connection to hosts that are silent.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/rad.sh"
# shellcheck disable=SC2034 # publish.sh looks at it
ldap_base=dc=example,dc=org
. "$srcdir/tests/lib/publish.sh"
install_pki
rad_configure
publish_configure "main ldapi://$(printf %s "$tmp/nobody" | sed 's|/|%2F|g')"
sed -i -e '/^metrics_listen/d' -e '/^listen/d' "$pki/ocspd.conf"
cat >>"$pki/ocspd.conf" <<-CONF
metrics_listen = "";
listen = [ "127.0.0.1:$(free_ports 1)" ];
CONF
configure_store() {
	sql "ALTER SYSTEM SET synchronous_standby_names = '$1'" &&
	sql "ALTER SYSTEM SET synchronous_commit = 'on'" &&
	sql 'SELECT pg_reload_conf()' >/dev/null
}
# Does a commit wait?  The server says so earlier than it does.
commits_wait() {
	sql "SET application_name = 'attempt';
	    SELECT pg_logical_emit_message(true, 'test', '')" >"$tmp/attempt" &
	while ! stuck attempt; do
		kill -0 $! 2>/dev/null || return 1
	done
	sql "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
	    WHERE application_name = 'attempt'" >"$tmp/out"
	wait $! || :
}
stuck() {
	[ "$(sql "SELECT count(*) > 0 FROM pg_stat_activity
	    WHERE state = 'active' AND wait_event_type IN ('IPC', 'Lock')
	    AND application_name LIKE '$1'")" = t ]
}
run() {
	"signet-$1" -d -c "$pki/$1.conf" >"$tmp/$1.log" 2>&1 &
	eval "$1_pid=$!"
	pids="$pids $!"
}
# of PID - and of all that it has started
family() {
	echo "$1"
	for family_child in $(ps -o pid= --ppid "$1"); do
		family "$family_child"
	done
}
is_gone() {
	! process_runs "$1"
}

as o1 signet order new --code --profile tls-client --holder code \
    --holder-name Code --field name=Code --sign --yes >"$tmp/out" 2>&1
code=$(grep -oE '([0-9A-Z]{5}-){3}[0-9A-Z]{5}' "$tmp/out")
request code
openssl req -in "$tmp/code.csr" -outform DER | openssl base64 >"$tmp/code.b64"
ok 'the registration is there' rad_start
configure_store nobody
ok 'the store waits for a standby that does not exist' wait_for commits_wait
enrols() {
	visit /.well-known/est/simpleenroll -u "code:$code" \
	    -H 'Content-Type: application/pkcs10' \
	    --data-binary "@$tmp/code.b64" >"$tmp/enrolled"
}
enrols &
enrols=$!
run cad
run ocspd
run crld
for who in 'signet-cad %/0' 'signet-ocspd signet-ocspd agent' \
    'signet-crld signet-crld' 'signet-crld %/dispatcher' \
    'signet-rad signet-rad'; do
	ok "a process of ${who%% *} waits (${who#* })" wait_for stuck "${who#* }"
done
for who in cad ocspd crld rad; do
	eval "family \"\$${who}_pid\"" >"$tmp/$who.family"
	eval "kill \"\$${who}_pid\""
done
all_gone() {
	while read -r one; do
		is_gone "$one" || return 1
	done <"$tmp/$1.family"
}
# of NAME
ends() {
	eval "pid=\$${1}_pid"
	ok "signet-$1 ends when it is told to" wait_for is_gone "$pid"
	is_gone "$pid" || kill -KILL "$pid"
	wait "$pid"
	is '... orderly' $? 0
	ok '... with all that it had started' wait_for all_gone "$1"
	ok '... and says what it did not wait for' grep -q \
	    'no answer from the database, and the program ends' "$tmp/$1.log"
}
for who in cad ocspd crld rad; do
	ends "$who"
done
wait "$enrols"
not 'who asked is not told of success' grep -q '^2' "$tmp/enrolled"
ok 'the store does not wait any more' configure_store ''
cad >/dev/null
ok 'the next one does its work' cad

# One waits to be taken, which is all that there is room for: whoever else wants to
# connect gets no answer, and would wait for ten minutes.
python3 -c 'import socket, sys, time
wall, first = socket.socket(), socket.socket()
wall.bind(("127.0.0.1", 0))
wall.listen(0)
first.connect(wall.getsockname())
open(sys.argv[1], "w").write("%d" % wall.getsockname()[1])
time.sleep(600)' "$tmp/wall" &
pids="$pids $!"
wait_for test -s "$tmp/wall"
wall=$(cat "$tmp/wall")
# A system gives one up sooner, and so it is one of many.
walls=127.0.0.1
for _ in 1 2 3 4 5; do
	walls=$walls,$walls
done
sed -i "s|host='[^']*' port='[^']*'|host='$walls' port='$wall' connect_timeout='600'|" \
    "$pki"/*.conf
# The state is SYN_SENT.
connects() {
	grep -q "^ *[0-9]*: [0-9A-F:]* 0100007F:$(printf %04X "$wall") 02 " \
	    /proc/net/tcp
}
is_calm() {
	! connects
}
for who in cad ocspd crld rad; do
	ok 'nobody connects' wait_for is_calm
	run "$who"
	ok "signet-$who connects to a host that is silent" wait_for connects
	eval "family \"\$${who}_pid\"" >"$tmp/$who.family"
	eval "kill \"\$${who}_pid\""
	ends "$who"
done
done_testing
