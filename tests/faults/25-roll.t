#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An issuing CA gets its next generation: a key and a request, what the root
# made of it is taken in; signet dies at each step, and there is one key and one
# certificate for it.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/roll.sh"
. "$srcdir/tests/lib/faults.sh"
install_pki
echo "secret of services.g2" >"$pki/secrets/ca-services.g2"
chmod 600 "$pki/secrets/ca-services.g2"
faults_begin

roll_issued() {
	find "$pki/root/issued" -name '*-services.g2.pem' | grep .
}
# The root has its own test, tests/integration/13-root-crash.t.
roll_run() {
	signet ca roll services --yes \
	    --passphrase "file:$pki/secrets/ca-services.g2" &&
	(unset LD_PRELOAD && roll_certify services.g2) &&
	signet ca import services "$(roll_issued)"
}
# What failed is done again, and nothing before it.
roll_again() {
	if roll_issued; then
		signet ca import services "$(roll_issued)"
	else
		roll_run
	fi
}
roll_holds() {
	[ "$(state services.g2)" = issuing ] &&
	[ "$(openssl pkey -in "$pki/ca/services.g2.key" -pubout \
	    -passin "file:$pki/secrets/ca-services.g2")" = \
	    "$(openssl x509 -in "$pki/ca/services.g2.pem" -noout -pubkey)" ] &&
	[ "$(sql "SELECT count(*) FROM audit WHERE body LIKE 'act=ca-add%'
	    AND position('services.g2'::bytea IN body) > 0")" = 1 ] && proven
}
faults_of roll
disk_of roll
faults_sum
done_testing
