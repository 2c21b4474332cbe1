#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The store is killed, stopped and restarted while clients ask: what was signed
# is sent as long as it is valid, everything else is "try later", nothing wrong
# is ever signed, and it goes on by itself.  Shows E067.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/ocspd.sh"
install_pki
ocsp_allow_ec

ok 'a certificate is issued' issued good
good=$serial
ok '... and another' issued cold
cold=$serial
ok '... and one is revoked' issued bad
bad=$serial
change revoke "$bad" --reason superseded
ok 'a signer is made' ocsp_signer services
ocsp_start
ocsp_ready
is 'it answers' "$(status "$good" -no_nonce)" good

# ask N SERIAL: again and again, answers go to $tmp/asked.N
ask() {
	while [ ! -e "$tmp/enough" ]; do
		openssl ocsp -issuer "$pki/ca/services.pem" -CAfile \
		    "$pki/ca/root.pem" -verify_other "$pki/ca/services.pem" \
		    -url "$ocsp" -serial "0x$2" >"$tmp/ask.$1" 2>&1
		if grep -q 'verify OK' "$tmp/ask.$1"; then
			sed -n 's/^0x[0-9a-f]*: //p' "$tmp/ask.$1"
		else
			sed -n 's/^Responder Error: \([a-z]*\).*/\1/p; t
			    $s/.*/failed &/p' "$tmp/ask.$1" | tail -n 1
		fi
	done >"$tmp/asked.$1"
}
asking() {
	rm -f "$tmp/enough"
	ask 1 "$good" &
	asker1=$!
	ask 2 "$bad" &
	asker2=$!
	sleep 1
}
enough() {
	sleep 1
	touch "$tmp/enough"
	wait "$asker1" "$asker2"
}
# Each kind of answer once.
said_of() {
	sort -u "$tmp/asked.$1" | tr '\n' ' '
}

# Killed.
asking
pg_kill "$tmp/pg"
ok 'the store is killed: try later' wait_for grep -q trylater \
    "$tmp/asked.1"
is '... but what was signed is still sent' \
    "$(status "$good" -no_nonce)" good
is '... and nothing for others' "$(status "$cold" -no_nonce)" trylater
is_sick() {
	! healthy && grep -q '^FAIL store' "$tmp/health"
}
ok '... and it is not healthy, because of the store' wait_for is_sick
ok 'the store comes back' pg_again "$tmp/pg"
wait_for sh -c "tail -n 1 '$tmp/asked.1' | grep -qx good"
enough
is 'a good one was good, or try later' "$(said_of 1)" 'good trylater '
is 'a revoked one was revoked, or try later' "$(said_of 2)" \
    'revoked trylater '
is 'it goes on by itself' "$(status "$cold")" good
ok '... and the log says both' grep -q 'the store is there again' \
    "$tmp/ocspd.log"
ok '... in few lines' test "$(grep -c 'store' "$tmp/ocspd.log")" -lt 12

# Stopped, so that it takes connections and says nothing.
asking
pg_freeze "$tmp/pg"
ok 'the store falls silent: try later' wait_for grep -q trylater \
    "$tmp/asked.1"
began=$(date +%s%N)
is '... but what was signed is still sent' \
    "$(status "$good" -no_nonce)" good
ok '... and at once' test $((($(date +%s%N) - began) / 1000000)) -lt 1500
pg_thaw "$tmp/pg"
wait_for sh -c "tail -n 1 '$tmp/asked.1' | grep -qx good"
enough
is 'a good one was good, or try later' "$(said_of 1)" 'good trylater '
is 'a revoked one was revoked, or try later' "$(said_of 2)" \
    'revoked trylater '

# Restarted as an administrator does: hardly anybody sees it.
asking
pg_stop "$tmp/pg"
pg_again "$tmp/pg"
wait_for sh -c "tail -n 1 '$tmp/asked.1' | grep -qx good"
enough
not 'after a restart nobody gets a wrong answer' grep -vxE \
    'good|trylater' "$tmp/asked.1"

# A revocation while the responder does not see the store.
pg_freeze "$tmp/pg"
sleep 1
pg_thaw "$tmp/pg"
ok 'a certificate is revoked after a pause' change revoke "$good" \
    --reason superseded
ok '... and so is the answer that was at hand' wait_for sh -c \
    "curl -s '$ocsp/$(openssl ocsp -issuer "$pki/ca/services.pem" -serial \
    "0x$good" -no_nonce -reqout - 2>/dev/null | base64 -w 0 |
    sed 's,+,%2B,g; s,/,%2F,g; s,=,%3D,g')' |
    openssl ocsp -respin /dev/stdin -noverify -resp_text 2>/dev/null |
    grep -q 'Cert Status: revoked'"

# A store with another history: yesterday's copy of it.
pg_dump --create --dbname=signet >"$tmp/yesterday.sql"
ok 'a certificate is held' change hold "$cold"
is_now() {
	[ "$(status "$1" -no_nonce)" = "$2" ]
}
ok '... and the answer says so' wait_for is_now "$cold" \
    'revoked certificateHold'
psql -X -q -d postgres -c 'DROP DATABASE signet WITH (FORCE)'
psql -X -q -d postgres -f "$tmp/yesterday.sql" >"$tmp/out" 2>&1
rm -r "$tmp/ocspd/floor"
ok 'yesterday'"'"'s copy of the store is noticed' wait_for grep -q \
    'the store has another history than before: everything is read anew' \
    "$tmp/ocspd.log"
ok '... and what it says is answered' wait_for is_now "$cold" good

done_testing
