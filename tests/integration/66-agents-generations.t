#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each generation of a CA has its signer of OCSP answers, an old one as well;
# the daemon's process wakes up when the CA has answered; a revoked agent gets
# nothing; and the auditor finds all of it as it should be.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/roll.sh"
install_pki
. "$srcdir/tests/lib/agent.sh"
ok 'the people CA rolls over' generation people.g2
ok '... its next generation is taken in' signet ca import people "$roll_pem"
roll_configure people.g2
ok '... and in force' cad
is 'the old one keeps its lists, for whoever it certified' \
    "$(state people) $(state people.g2)" 'finished issuing'

# Live: nobody is started twice.
agent_conf people people.g2
start signet-cad -d -c "$pki/cad.conf"
cad=$last
start renewer -d -c "$tmp/agent.conf"
renewer=$last
ok 'the old generation has its signer' wait_for test -s "$pem"
ok 'and the new one' wait_for test -s "$tmp/signers/people.g2.pem"
ok 'the parent is told' wait_for grep -q '^signer people.g2$' "$tmp/log"
speaks_for() {
	openssl verify -partial_chain -trusted "$pki/ca/$1.pem" \
	    "$tmp/signers/$2.pem"
}
ok 'each from its own key' speaks_for people people
ok '... both of them' speaks_for people.g2 people.g2
not '... and no other' speaks_for people.g2 people
not '... nor the other way' speaks_for people people.g2
is 'orders name the generation' "$(sql "SELECT string_agg(ca, ' ' ORDER BY ca)
    FROM orders WHERE profile = 'ocsp-signer'")" 'people people.g2'
child=$(ps -o pid= --ppid "$renewer" | tr -d ' ')
ok 'the process with the key can gain no privileges' \
    grep -q '^NoNewPrivs:.*1' "/proc/$child/status"
idle() {
	[ "$(sql "SELECT count(*) FROM pg_stat_activity
	    WHERE usename = 'signet_agent'")" = 0 ]
}
ok 'it holds no connection while there is nothing to do' wait_for idle
stop "$renewer"
is 'SIGTERM ends it' $? 0
not '... and its child' kill -0 "$child"
start renewer -d -c "$tmp/agent.conf"
renewer=$last
has_child() {
	child=$(ps -o pid= --ppid "$renewer" | tr -d ' ')
	[ -n "$child" ]
}
wait_for has_child
kill -9 "$renewer"
wait "$renewer" 2>/dev/null
gone() {
	! process_runs "$child"
}
ok 'without its parent the child is gone, too' wait_for gone
stop "$cad"

# An officer may order one by hand, for either.
request signer -subj '/CN=by hand'
by_hand() {
	as s1 signet order new -p ocsp-signer --ca "$1" --csr "$tmp/signer.csr" \
	    --holder ocsp-2 --holder-name ocsp-2 --field name=by-hand \
	    --field 'org=Example AB' --sign --yes
}
ok 'ordered by hand for the new generation' by_hand people.g2
ok 'and for the old one with the same key' by_hand people
ok 'both are issued' cad
is 'each by its own' "$(sql "SELECT string_agg(ca, ' ' ORDER BY ca) FROM cert
    WHERE holder = 'ocsp-2'")" 'people people.g2'
is 'signers do not keep an old generation from its end' \
    "$(state people)" finished
ok 'the proof holds' proven

# A revoked agent.
exits 6 'the agent is revoked' as s1 signet cert revoke \
    "$(serial_in "$pki/agents/ocsp.pem")" --reason superseded --yes --wait 0s
ok 'in force' cad
was=$(serial "$pem")
travel 21
renew
ok 'it orders' logged 'signer of people: ordered'
ok 'and gets nothing' cad
renew
ok '... says the log' logged 'signer of people: order .* is refused: approval '
ok '... and why' logged \
    'by ocsp-agent ocsp-1 (OCSP agent ocsp-1): the certificate is revoked or on'
is '... the signer stays' "$(serial "$pem")" "$was"
travel 0

done_testing
