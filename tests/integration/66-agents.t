#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A daemon orders its signers of OCSP answers by signed orders, in time, and
# takes nothing but what it ordered.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
install_pki
. "$srcdir/tests/lib/agent.sh"
agent_conf people services
field() {
	openssl x509 -in "$pem" -noout "$@"
}

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
says 'CN=Example AB People CA OCSP' field -subject -nameopt RFC2253
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

agent_conf people
day=21

# What is not given, or is not what was ordered.
next() {
	day=$((day + 21))
	travel "$day"
	was=$(serial "$pem")
	renew
}
stays() {
	is '... the signer stays' "$(serial "$pem")" "$was"
	not '... and the order is forgotten' test -e "$pem.new"
}
profile=$pki/profiles/ocsp-signer
cp "$profile" "$tmp/profile"
next
sed -i 's/^approvals = .*/approvals = [ "security-officer" ];/' "$profile"
ok 'a profile that asks for somebody else' cad
ok 'the order is refused' renew
ok '... says the log' logged \
    'signer of people: order .* is refused: needs security-officer; has'
ok '... and what to do' logged 'hint: signet explain order'
stays
cp "$tmp/profile" "$profile"
renew
sed -i 's/^ocsp_nocheck = .*/ocsp_nocheck = false;/' "$profile"
ok 'a profile without nocheck' cad
ok 'the certificate is not taken' renew
ok '... says the log' logged "signer of people: the CA's certificate is not \
used: clients would ask for its own status (no id-pkix-ocsp-nocheck)"
stays
cp "$tmp/profile" "$profile"
renew
id=$(last_order)
exits 6 'an officer rejects it, which the CA will do' as o1 signet order \
    reject "$id" --reason 'not this week' --yes --wait 0s
ok 'the CA hears that' cad
ok 'and so do we' renew
ok '... says the log' logged 'is rejected: not this week'
stays
renew
day=$((day + 2))
travel "$day"
ok 'an order that nobody carried out in a day' cad
ok 'has expired' renew
ok '... says the log' logged 'is refused: order expired at'
stays
renew
ok 'another one' cad
ok 'is carried out' renew
not '... at last' test "$(serial "$pem")" = "$was"


done_testing
