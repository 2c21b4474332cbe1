#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A daemon orders its signers of OCSP answers and renews its own certificate
# by signed orders, whatever happens in between.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
install_pki

agent_conf() {
	cat >"$tmp/agent.conf" <<-CONF
	database = "$conninfo user=signet_agent";
	root = "$pki/ca/root.pem";
	agent_key = "$pki/agents/ocsp.key";
	agent_cert = "$pki/agents/ocsp.pem";
	agent_passphrase = "file:$pki/secrets/agent-ocsp";
	signers = "$tmp/signers";
	cas = ( { name = "people"; cert = "$pki/ca/people.pem"; },
	    { name = "services"; cert = "$pki/ca/services.pem"; } );
	CONF
}
renew() {
	: >"$tmp/log"
	timeout 20 renewer -d --once -c "$tmp/agent.conf" >"$tmp/log" 2>&1
}
logged() {
	grep -q -e "$1" "$tmp/log"
}
pem=$tmp/signers/people.pem
serial() {
	openssl x509 -in "$1" -noout -serial 2>&1
}
field() {
	openssl x509 -in "$pem" -noout "$@"
}
signer_orders() {
	sql "SELECT count(*) FROM orders WHERE profile = 'ocsp-signer'"
}
travel() {
	SIGNET_CLOCK_OFFSET=$(($1 * 86400))
	export SIGNET_CLOCK_OFFSET
}
stay() {
	unset SIGNET_CLOCK_OFFSET
}
mkdir "$tmp/signers"
agent_conf

# What cannot work.
exits 4 'no signer yet' renewer load "$tmp/signers" people
said 'no signer for CA people yet'
sed "s,agents/ocsp.key,agents/crl.key," "$tmp/agent.conf" >"$tmp/bad.conf"
says 'is the passphrase right?' timeout 20 renewer -d --once \
    -c "$tmp/bad.conf"
sed "s,agents/ocsp,officers/o1,; s,/agent-ocsp,/officer-o1," \
    "$tmp/agent.conf" >"$tmp/bad.conf"
sed "s,port=[0-9]*,port=1," "$tmp/agent.conf" >"$tmp/away.conf"
says 'signer of people: connect to database' timeout 20 renewer -d --once \
    -c "$tmp/away.conf"
ok '... with its key on disk already' test -s "$pem.new"
is '... that nobody else may read' "$(stat -c %a "$pem.new")" 600
request=$(openssl req -in "$pem.new" -noout -pubkey)

# Ordered, carried out, in place.
ok 'the store is back' renew
ok 'what was on disk is handed in' logged 'signer of people: ordered order='
is 'once for each CA' "$(signer_orders)" 2
ok 'and once only' renew
is '... however often one looks' "$(signer_orders)" 2
ok 'the CA carries it out' cad
ok 'the next look finds it' renew
ok '... says the log' logged \
    'signer of people: new certificate is in place, serial=.* until=.* next='
ok '... says the parent' logged '^signer people$'
not 'nothing is under way any more' test -e "$pem.new"
is 'the key is the one of the request' "$(field -pubkey)" "$request"
is 'key and certificate are one file for its owner' \
    "$(stat -c %a "$pem")" 600
says 'CN = Example AB People CA OCSP' field -subject
says 'OCSP Signing' field -ext extendedKeyUsage
says 'OCSP No Check' field -text
ok 'it is the people CA that speaks' openssl verify -partial_chain \
    -trusted "$pki/ca/people.pem" "$pem"
says 'CN=Example AB People CA OCSP,O=Example AB' renewer load \
    "$tmp/signers" people
ok 'the agent approved it, says the audit chain' test "$(sql "SELECT count(*)
    FROM audit WHERE body LIKE 'act=order-approve%'
    AND body LIKE '%person=ocsp-1%role=ocsp-agent%'")" = 2

# In time.
first=$(serial "$pem")
travel 19
ok 'before two thirds of its life' renew
is '... nothing is ordered' "$(signer_orders)" 2
travel 21
ok 'after that' renew
is '... its successor is' "$(signer_orders)" 4
is '... the old one stays meanwhile' "$(serial "$pem")" "$first"
ok 'it comes' cad
ok 'and takes its place' renew
not '... with another key' test "$(serial "$pem")" = "$first"
ok '... well before the end of the old one' openssl x509 -in "$pem" \
    -noout -checkend $((40 * 86400))
stay

done_testing
