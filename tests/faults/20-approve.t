#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A second officer approves all that waits, some of it signed by the first one;
# signet dies at each step.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/faults.sh"
FAULTS_POINTS=3
install_pki
request tool
ok 'an order that takes two has one signature' as o1 signet order new \
    --profile code-sign --csr "$tmp/tool.csr" --holder tool \
    --holder-name Tool --field country=SE --field org='Example AB' \
    --field name=Tool --sign --yes
ok 'two others have none' order_tls www
ok '... and take one' order_tls mail
faults_begin

approve_run() {
	as o2 signet order approve --all-pending --yes
}
# Each has the signatures that it takes, each officer's once.
approve_signatures() {
	for approve_holder in tool www mail; do
		approve_id=$(sql "SELECT encode(id, 'hex') FROM orders
		    WHERE holder = '$approve_holder'")
		signet order show "$approve_id" --json | jq -r '.holder + " " +
		    .state + " " + ([.signed_by[].person] | sort | join(" "))'
	done
}
approve_holds() {
	[ "$(approve_signatures | tr '\n' ,)" = \
	    'tool ready o1 o2,www ready o2,mail ready o2,' ] && proven
}
faults_of approve
faults_sum
done_testing
