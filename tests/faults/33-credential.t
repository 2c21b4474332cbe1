#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A security key is bound to an officer by two security officers, and taken away
# again; whoever passes a step dies there, signet or the CA.  It is bound once,
# and what was taken away stays so.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/faults.sh"
FAULTS_POINTS=2
install_pki
origin=https://ra.example.org:8444
authenticator key P-256 "$tmp/key.auth"
authenticator register "$tmp/key.auth" ra.example.org "$origin" >"$tmp/key.json"
faults_begin

ordered() {
	sql "SELECT state FROM orders WHERE kind = '$1'"
}
bound() {
	sql "SELECT encode(credential_id, 'hex') FROM credential"
}
# The first of two signs, which is said.
bind_asked() {
	as s1 signet credential new "$tmp/key.json" --person o1 \
	    --origin "$origin" --yes
}
bind_run() {
	bind_asked && as s2 signet order approve "$(last_order)" --yes &&
	    faults_cad
}
bind_again() {
	[ -n "$(ordered bind)" ] || bind_asked || return
	for who in s1 s2; do
		[ "$(ordered bind)" != pending ] || signed "$who" ||
		    as "$who" signet order approve "$(last_order)" --yes ||
		    return
	done
	faults_cad
}
signed() {
	signet order show "$(last_order)" --json |
	    jq -e --arg who "$1" 'any(.signed_by[]; .person == $who)'
}
bind_holds() {
	[ "$(ordered bind)" = 'done' ] && [ "$(told bind)" = 1 ] &&
	[ "$(sql "SELECT string_agg(person, ' ') FROM credential
	    WHERE unbound_at IS NULL")" = o1 ] && proven
}
# told WORD - so many entries of the chain are about that
told() {
	sql "SELECT count(*) FROM audit WHERE body LIKE 'act=$1%'
	    AND body NOT LIKE 'act=$1-%'"
}
faults_of bind
disk_of bind

ok 'it is bound' bind_again
hex=$(signet credential list --json | jq -r .bind)
wait_for faults_calm
faults_begin

unbind_asked() {
	as o2 signet credential unbind "$hex" --comment 'key lost' --wait 0s \
	    --yes
	[ $? -ne 137 ]	# nobody carries it out yet, which is said so
}
unbind_run() {
	unbind_asked && faults_cad
}
unbind_again() {
	[ -n "$(ordered unbind)" ] || unbind_asked || return
	[ "$(ordered unbind)" != pending ] ||
	    as o2 signet order approve "$(last_order)" --yes || return
	faults_cad
}
unbind_holds() {
	[ "$(ordered unbind)" = 'done' ] && [ "$(told unbind)" = 1 ] &&
	[ "$(sql "SELECT count(*) FROM credential
	    WHERE unbound_at IS NOT NULL")" = 1 ] && proven
}
faults_of unbind
disk_of unbind
faults_sum
done_testing
