#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Ceremonies of a root whose key is split: a list, a CA that is certified and
# one that is revoked, a new generation.  signet-root dies at each step, or finds
# no disk: the ceremony has not happened then, or is all there once it was
# resumed, and the transcript proves it.  No part of the key is left in clear.
# Runs with --full only.
# That tries 40 points of each kind, TEST_HUGE all.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/root.sh"
. "$srcdir/tests/lib/faults.sh"
faults_full=40
faults_stored=
[ -z "${TEST_HUGE:-}" ] || faults_full=0
install_pki
cd "$tmp" || exit 1
ok 'a root is made' new_root root
csr people
csr other
certify() {
	# shellcheck disable=SC2086
	ceremony certify $profiles --csr "$tmp/$1.csr" --name "$1"
}
ok '... and has certified a CA' certify people
faults_begin "$tmp/root"

list_names() { number_out 3; }
certify_names() { number_out 3; }
revoke_names() { number_out 3; }
turn_names() { number_out 3; }

list_run() {
	ceremony crl
}
list_again() {
	unless_done crl/0002.crl list_run
}
list_holds() {
	proves 3 crl/0002.crl
}
faults_of list
disk_of list

certify_run() {
	certify other
}
certify_again() {
	unless_done issued/0003-other.pem certify_run
}
certify_holds() {
	proves 3 issued/0003-other.pem && openssl verify \
	    -CAfile "$tmp/root/root.pem" "$tmp/root/issued/0003-other.pem"
}
faults_of certify
disk_of certify

revoke_run() {
	ceremony revoke --target people --reason superseded
}
revoke_again() {
	unless_done crl/0002.crl revoke_run
}
revoke_holds() {
	proves 3 crl/0002.crl && signet-root show --dir "$tmp/root" |
	    grep -q '^0002 people .* revoked '
}
faults_of revoke
disk_of revoke

turn_run() {
	# shellcheck disable=SC2086
	ceremony roll $profiles --name root-g2 --key ec:P-256 --threshold 2 \
	    --new-custodian ann=file:ann.pass --new-custodian bo=file:bo.pass
}
turn_again() {
	unless_done old/1/root.key turn_run
}
turn_holds() {
	proves 3 old/1/root.key issued/0003-root-g2.pem
}
faults_of turn
disk_of turn
faults_sum
done_testing
