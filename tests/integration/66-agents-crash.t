#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A daemon that is killed while it renews its certificates goes on where it
# was: there is a key with its certificate at any instant, and one order for each.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
install_pki
. "$srcdir/tests/lib/agent.sh"
agent_conf people
fault() {
	SIGNET_FAULT=agent.$1 renew
}
ok 'ordered' renew
ok 'carried out' cad
ok 'in place' renew

# A signer; killed before or after the CA has answered.
day=0
for point in pending handed-in journal placed; do
	day=$((day + 21))
	travel "$day"
	before=$(signer_orders) was=$(serial "$pem")
	case $point in
	pending|handed-in) fault "$point"; renew; cad ;;
	*) renew; cad; fault "$point" ;;
	esac
	ok "killed at $point: a signer is there" \
	    renewer load "$tmp/signers" people
	ok '... the next look finds the new one' renew
	not '... which is another' test "$(serial "$pem")" = "$was"
	is '... from one order' "$(signer_orders)" "$((before + 1))"
	not '... and nothing is left over' test -e "$pem.new"
done

# Our own certificate.
cert=$pki/agents/ocsp.pem
key_of() {
	openssl pkey -in "$pki/agents/ocsp.key" -pubout \
	    -passin "file:$pki/secrets/agent-ocsp"
}
pair() {
	[ "$(key_of)" = "$(openssl x509 -in "$cert" -noout -pubkey)" ]
}
agent_conf services
renewed=0
ok 'the agent has its key' pair
was=$(serial "$cert") key=$(key_of)
travel 270
renew
not 'in the third quarter of its life it is not renewed' test -e "$cert.new"
for point in handed-in journal half-placed; do
	travel "$((276 + renewed * 276))"
	case $point in
	handed-in) fault "$point"; renew; cad ;;
	*) renew; cad; fault "$point" ;;
	esac
	[ "$point" != half-placed ] ||
	    not 'between two files key and certificate differ' pair
	ok "killed at $point, it is renewed all the same" renew
	ok '... key and certificate belong together' pair
	not '... the certificate is new' test "$(serial "$cert")" = "$was"
	not '... and so is the key' test "$(key_of)" = "$key"
	not '... and nothing is left over' test -e "$cert.new"
	was=$(serial "$cert") key=$(key_of)
	renewed=$((renewed + 1))
done
travel 0
is 'each was ordered once' "$(sql "SELECT count(*) FROM orders
    WHERE profile = 'ocsp-agent'")" 4

done_testing
