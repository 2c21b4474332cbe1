#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# More ceremonies of a root whose key is split: it is made, certifies a foreign
# CA, approves orders, and destroys the key of its old generation.  signet-root
# dies at each step, or finds no disk: the ceremony has not happened then, or is
# all there once it was resumed, and the transcript proves it.
# Runs with --full only.
# That tries 40 points of each kind, TEST_HUGE all.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/root.sh"
root=$tmp/roots/root
. "$srcdir/tests/lib/faults.sh"
faults_full=40
faults_stored=
[ -z "${TEST_HUGE:-}" ] || faults_full=0
install_pki
cd "$tmp" || exit 1
csr people
csr partner
openssl req -x509 -key partner.key -subj /C=DE/O=Partner/CN=Partner \
    -out partner.pem -days 400 -addext basicConstraints=critical,CA:TRUE \
    2>/dev/null
for who in Alice Bob; do
	root_order make "$who.der" "$who" 36000
done
mkdir "$tmp/roots" "$tmp/approved"

# ---- init: there is no root before it ----
faults_begin "$tmp/roots" "$tmp/approved"
init_names() { number_out 1; }
init_run() {
	new_root "$root"
}
init_again() {
	[ ! -e "$root/journal" ] ||
	    signet-root resume --dir "$root" || return
	[ -e "$root/root.pem" ] || init_run
}
init_holds() {
	proves 1 root.pem root.key
}
faults_of init
disk_of init

# ---- the others: of a root in its second generation ----
rm -rf "$root"
ok 'a root is made' new_root "$root"
# shellcheck disable=SC2086
ok '... and gets its next generation' ceremony roll $profiles --name root-g2 \
    --key ec:P-256 --threshold 2 --new-custodian ann=file:ann.pass \
    --new-custodian cy=file:cy.pass
faults_begin

cross_names() { number_out 3; }
cross_run() {
	# shellcheck disable=SC2086
	ceremony cross-certify $profiles --certificate partner.pem \
	    --csr partner.csr --name partner --policies 2.999.1 \
	    --permitted mail:partner.example
}
crossed() {
	find "$root/issued" -name '*-partner.pem' -printf 'issued/%f\n'
}
cross_again() {
	signet-root resume --dir "$root" && {
		[ -n "$(crossed)" ] || cross_run
	}
}
cross_holds() {
	proves 3 "$(crossed)" && openssl verify -CAfile "$root/root.pem" \
	    "$root/$(crossed)"
}
faults_of cross
disk_of cross

approve_names() { number_out 3; }
approve_run() {
	ceremony approve Alice.der Bob.der -o "$tmp/approved/"
}
approve_again() {
	unless_done ../../approved/Bob.der approve_run
}
approve_holds() {
	proves 2 root.pem &&
	root_order check "$tmp/approved/Alice.der" "$root/root.pem" |
	    grep -qx 'root approved for Alice' &&
	root_order check "$tmp/approved/Bob.der" "$root/root.pem" |
	    grep -qx 'root approved for Bob'
}
faults_of approve
disk_of approve

# The key of the old generation is gone for good.
retire_names() { number_out 3; }
retire_run() {
	ceremony retire --generation 1
}
retire_again() {
	signet-root resume --dir "$root" || return
	[ ! -e "$root/old/1/root.key" ] || retire_run
}
retire_holds() {
	[ ! -e "$root/old/1/root.key" ] && proves 2 root.pem
}
faults_of retire
disk_of retire
faults_sum
done_testing
