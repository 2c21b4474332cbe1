#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The files that signet writes for others: a bundle for the auditor, and a list
# of keys that are never certified in the place of an older one.  signet dies at
# each step, or finds no disk: they are whole or not there, and nothing is left
# beside them.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/faults.sh"
FAULTS_POINTS=2
install_pki
mkdir "$tmp/made"
for _ in 1 2 3 4; do
	head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'
	echo
done >"$tmp/keys.txt"
head -n 1 "$tmp/keys.txt" >"$tmp/old.txt"
ok 'there is a list' signet blocklist make -o "$tmp/made/weak.keys" \
    "$tmp/old.txt"
faults_begin "$tmp/made"

bundle_run() {
	signet audit export "$tmp/made/bundle"
}
bundle_again() {
	[ -e "$tmp/made/bundle" ] || bundle_run
}
bundle_holds() {
	signet audit verify "$tmp/made/bundle" --root "$pki/ca/root.pem" \
	    --profiles "$pki/profiles"
}
faults_of bundle
disk_of bundle

listed() {
	signet blocklist show "$tmp/made/weak.keys" --json |
	    jq -r '[.[] | numbers] | add'
}
list_run() {
	signet blocklist make -o "$tmp/made/weak.keys" "$tmp/keys.txt"
}
# The old one or the new one, at any time.
list_again() {
	case $(listed) in
	1 | 4) list_run ;;
	*) false ;;
	esac
}
list_holds() {
	[ "$(listed)" = 4 ]
}
faults_of list
disk_of list
faults_sum
done_testing
