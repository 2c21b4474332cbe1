#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs with --full only.
# As "signet init" leaves it, signet-ocspd orders its signers by itself, keeps
# the agent's key out of the process that clients talk to, and goes on when
# the agent's process dies.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/ocspd.sh"
install_pki

ok 'a certificate is issued' issued www
start signet-cad -d -c "$pki/cad.conf"
ocsp_port=$(free_ports 1) operator_port=$(free_ports 1)
ocsp=http://127.0.0.1:$ocsp_port
sed -e "s/^listen = .*/listen = [ \"127.0.0.1:$ocsp_port\" ];/" \
    -e "/^metrics_listen/d" "$pki/ocspd.conf" >"$pki/ocspd2.conf"
echo "metrics_listen = \"127.0.0.1:$operator_port\";" >>"$pki/ocspd2.conf"
cp "$pki/ocspd2.conf" "$tmp/ocspd.conf"
ok 'the settings are good' signet-ocspd -t -c "$tmp/ocspd.conf"
ocsp_restart
ok 'all CAs get a signer' wait_for healthy
says 'ok signer people:' cat "$tmp/health"
says 'ok signer services:' cat "$tmp/health"
is '... and answers are signed' "$(status "$serial")" good
ok '... with RSA, which every client takes' sh -c "openssl ocsp -issuer \
    '$pki/ca/services.pem' -serial 0x$serial -url '$ocsp' -noverify \
    -resp_text 2>/dev/null | grep -q 'Public-Key: (2048 bit)'"

# Who may do what.
# But for those who have keys in tokens.
children() {
	ps -o pid= -o comm= --ppid "$1" | awk '!/signet: token/ { print $1 }'
}
renewer=$(children "$ocspd")
agent=$(children "$renewer")
ok 'the agent has a process of its own' test -n "$agent"
not '... which does not listen' sh -c \
    "ls -l /proc/$agent/fd | grep -q 'socket:.*\$(sed -n \"s/.*:\
$(printf '%04X' "$ocsp_port") .* 0A .* \\([0-9]*\\) .*/\\1/p\" /proc/net/tcp)'"
ok 'what clients talk to cannot start programs' grep -q \
    'NoNewPrivs:.1' "/proc/$ocspd/status"
kill -9 "$agent"
another_agent() {
	agent2=$(children "$renewer")
	[ -n "$agent2" ] && [ "$agent2" != "$agent" ]
}
ok 'when it dies another takes its place' wait_for another_agent
ok '... which is said' grep -q "the agent's process has ended" \
    "$tmp/ocspd.log"
kill -9 "$renewer"
is_sick() {
	! healthy && grep -q '^FAIL renewer' "$tmp/health"
}
ok 'when nobody is left to do that, it is said' wait_for is_sick
is '... and answers go on' "$(status "$serial")" good
ocsp_stop
gone() {
	! process_runs "$agent2"
}
ok 'nobody is left behind' wait_for gone

done_testing
