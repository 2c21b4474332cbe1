#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A token that does not answer, neither yes nor no: its CA waits, the others
# do not, and nobody has to do anything when it answers again.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
# shellcheck source=tests/lib/installation.sh
. "$srcdir/tests/lib/installation.sh"
# shellcheck source=tests/lib/softhsm.sh
. "$srcdir/tests/lib/softhsm.sh"
tokens_begin
token_make people
token_make services
mkdir "$tmp/hang"
HANG_MODULE=$module HANG_FILE=$tmp/hang/token
export HANG_MODULE HANG_FILE
install_pki
cp "$SIGNET_BUILD/tests/lib/hang_token.so" "$tmp/hang/"
cat >>"$pki/cad.conf" <<CONF
pkcs11_module = "$tmp/hang/hang_token.so";
token_paths = [ "$tmp/tokens", "$tmp/softhsm2.conf", "$tmp/hang" ];
token_timeout = "2s";
CONF
ok 'a CA is in one token' ca_into_token people people
ok 'another in another' ca_into_token services services

# issue people|services NAME - an order; sets id
issue() {
	if [ "$1" = services ]; then
		as o1 order_tls "$2" --sign >/dev/null
	else
		request "$2" && as o1 signet order new --profile mail-encrypt \
		    --csr "$tmp/$2.csr" --holder "$2" --holder-name "A $2" \
		    --field country=SE --field "org=Example AB" \
		    --field orgid=NTRSE-5560000001 --field "surname=$2" \
		    --field given=A --field "name=A $2" \
		    --field "mail=$2@example.org" --sign --yes >/dev/null
	fi
	id=$(last_order)
}
is_state() {
	[ "$(order_state "$1")" = "$2" ]
}
wait_said() {
	wait_for grep -q "$1" "$tmp/log"
}
mark
sed -i 's/^workers.*/workers = 2; poll = "1s";/' "$pki/cad.conf"
: >"$tmp/log"
start signet-cad -d -c "$pki/cad.conf"
ok 'the daemon runs' wait_for audited 'act=start'
issue services www
ok 'one CA issues' wait_for is_state "$id" 'done'
issue people anna
ok 'the other, too' wait_for is_state "$id" 'done'

# Each key has a process, and these have a parent.
clerks() {
	ps -e -o pid= -o ppid= -o comm= | awk -v top="$last" '
		{ parent[$1] = $2; name[$1] = $3 " " $4 }
		END { for (p in parent)
			if (parent[parent[parent[p]]] == top &&
			    name[p] == "signet: token") print p }' | sort
}
before=$(clerks)
is 'each key has a process of its own' "$(echo "$before" | wc -l)" 2
echo services >"$tmp/hang/token"
issue services stuck
stuck=$id
s=$(date +%s)
issue people bo
ok 'while a token hangs the other CA goes on' wait_for is_state "$id" 'done'
ok '... soon' [ $(($(date +%s) - s)) -lt 15 ]
ok 'an alarm says which hangs' wait_said \
    'ALARM key: CA services issues nothing: .*token=services.*token d[a-z]* not answer'
ok '... with what to do' wait_said 'hint: see whether it answers at all'
ok '... and is audited' wait_for audited 'act=alarm' 'what=key' \
    'CA services issues nothing'
one_is_gone() {
	for p; do
		kill -0 "$p" 2>/dev/null || return 0
	done
	return 1
}
# shellcheck disable=SC2086 # numbers
ok 'the process that hung is gone' wait_for one_is_gone $before
is 'the order to it waits' "$(order_state "$stuck")" ready
s=$(date +%s)
for n in cia dag eva; do
	issue people "$n"
	ok 'the other CA issues again' wait_for is_state "$id" 'done'
done
ok '... as fast as before' [ $(($(date +%s) - s)) -lt 20 ]
rm "$tmp/hang/token"
ok 'with the token back it goes on by itself' wait_for is_state "$stuck" 'done'
ok '... and says so' wait_said 'CA services: its key is back'
stop "$last"
pids=

# From the start, and killed from outside.
echo people >"$tmp/hang/token"
mark
start signet-cad -d -c "$pki/cad.conf"
ok 'a token hangs at the start: the daemon starts' wait_for audited 'act=start'
issue services late
ok '... and the other CA issues' wait_for is_state "$id" 'done'
issue people fia
waits=$id
rm "$tmp/hang/token"
ok '... and this one later' wait_for is_state "$waits" 'done'
# shellcheck disable=SC2046 # several
kill -9 $(clerks)
issue services again
ok 'when its processes are killed they are started again' \
    wait_for is_state "$id" 'done'
stop "$last"
pids=
ok 'and all of it is proven' proven
done_testing
