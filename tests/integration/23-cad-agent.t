#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# signet-cad renews the certificate that signs its audit heads, by an order to
# itself, and signs with the new one without being started again.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
install_pki
conf=$pki/cad.conf
sed -i 's/^heads_interval = .*/heads_interval = "1s";/' "$conf"
cert=$pki/agents/cad.pem
was=$(serial_in "$cert") key=$(cksum <"$pki/agents/cad.key")

# The certificate with which the last head was signed.
head_signer() {
	awk '/BEGIN CMS/ { text = "" } { text = text $0 "\n" }
	    END { printf "%s", text }' "$pki/heads.pem" >"$tmp/head" &&
	openssl cms -verify -noverify -inform PEM -in "$tmp/head" -out /dev/null \
	    -signer "$tmp/signer.pem" 2>/dev/null && serial_in "$tmp/signer.pem"
}
signs() {
	[ "$(head_signer)" = "$1" ]
}
grep -v '^agent_[kcp]' "$conf" >"$tmp/bad.conf"
says 'agent_database without agent_key' signet-cad -t -c "$tmp/bad.conf"

travel 260
heads=$(grep -c BEGIN "$pki/heads.pem")
start signet-cad -d -c "$conf"
cad=$last
four() {
	[ "$(ps -o pid= --ppid "$cad" | wc -l)" = 4 ]
}
ok 'four processes: signer, two workers, agent' wait_for four
more_heads() {
	[ "$(grep -c BEGIN "$pki/heads.pem")" -gt "$heads" ]
}
ok 'heads are signed' wait_for more_heads
ok '... with what it has in the third quarter of its life' signs "$was"
is '... and nothing is renewed' "$(serial_in "$cert")" "$was"
stop "$cad"

travel 280
start signet-cad -d -c "$conf"
cad=$last
renewed() {
	[ "$(serial_in "$cert")" != "$was" ]
}
ok 'in the last it renews' wait_for renewed
not '... with another key' test "$(cksum <"$pki/agents/cad.key")" = "$key"
ok '... says the log' wait_for grep -q \
    'agent certificate: new certificate is in place, serial=' "$tmp/log"
new=$(serial_in "$cert")
# Something to sign.
ok 'an order is handed in' order_tls www
ok 'the next head is signed with it' wait_for signs "$new"
is 'the order was its own' "$(sql "SELECT state FROM orders
    WHERE profile = 'ca-agent' ORDER BY seq DESC LIMIT 1")" 'done'
ps -o pid=,args= --ppid "$cad" >"$tmp/children"
ok 'its process can gain no privileges' grep -q '^NoNewPrivs:.*1' \
    "/proc/$(tail -n 1 "$tmp/children" | awk '{ print $1 }')/status"

# It is no pillar of the CA.
kill -9 "$(tail -n 1 "$tmp/children" | awk '{ print $1 }')"
ok 'when that process dies' wait_for grep -q \
    "agent's certificate is not renewed any more: its process ended with" \
    "$tmp/log"
ok '... the CA goes on' kill -0 "$cad"
stop "$cad"
is '... to its end' $? 0
ok 'the proof holds, old heads and new' proven --heads "$pki/heads.pem"
travel 0

done_testing
