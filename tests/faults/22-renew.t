#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A daemon renews its certificate with a new key and gets a signer of answers;
# it dies at each step.  There is a key with its certificate at any instant, and
# each is ordered once.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/faults.sh"
FAULTS_POINTS=2
install_pki
. "$srcdir/tests/lib/agent.sh"
agent_conf people
cert=$pki/agents/ocsp.pem
key_of() {
	openssl pkey -in "$pki/agents/ocsp.key" -pubout \
	    -passin "file:$pki/secrets/agent-ocsp"
}
was=$(serial "$cert") key=$(key_of)
ok 'key and certificate are there' test -n "$key"
travel 276
faults_begin "$tmp/signers"

renew_run() (
	export CRASH_IN=renewer
	renew && cad && renew
)
renew_again() {
	renew && cad && renew && renew
}
# That it belongs to its key is what the signer's loading asks, too.
renew_holds() {
	[ "$(key_of)" = "$(openssl x509 -in "$cert" -noout -pubkey)" ] &&
	[ "$(key_of)" != "$key" ] && [ "$(serial "$cert")" != "$was" ] &&
	renewer load "$tmp/signers" people &&
	[ "$(signer_orders)" = 1 ] &&
	[ "$(sql "SELECT count(*) FROM orders
	    WHERE profile = 'ocsp-agent'")" = 2 ] &&
	[ "$(sql "SELECT count(*) FROM cert
	    WHERE profile IN ('ocsp-agent', 'ocsp-signer')")" = 3 ] && proven
}
faults_of renew
disk_of renew
faults_sum
done_testing
