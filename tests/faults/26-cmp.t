#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Certificates by CMP: the first one with a shared secret, for which the client
# has to wait and asks again, another one and its successor by a certificate,
# and a revocation; signet-rad dies at each step, and the client begins anew.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/enrol.sh"
. "$srcdir/tests/lib/faults.sh"
install_pki
device_profile
(umask 077 && openssl rand -hex 16 >"$tmp/cmp-secret")
ok 'the RA has its certificates' rad_certificates
ok 'the RA has started' rad_start 'patience = "0s"' "cmp_secrets =
    ( { reference = \"plant\"; secret = \"file:$tmp/cmp-secret\";
    profile = \"device\"; names = \"plant-[a-z0-9]+\"; } )"
rad_stop

ask() {
	timeout 60 openssl cmp -server "127.0.0.1:$rad_port" -path /cmp \
	    -tls_used -tls_trusted "$pki/ca/root.pem" -tls_host "$rad_host" \
	    -trusted "$pki/ca/root.pem" -untrusted "$pki/ca/services.pem" \
	    -total_timeout 40 "$@"
}
with_secret() {
	secret_how=$1 secret_name=$2
	shift 2
	ask -cmd "$secret_how" -ref plant -secret "file:$tmp/cmp-secret" \
	    -newkey "$tmp/$secret_name.key" -subject "/CN=$secret_name" \
	    -certout "$tmp/$secret_name.pem" "$@"
}
with_key() {
	key_how=$1
	shift
	ask -cmd "$key_how" -cert "$tmp/plant-1.pem" \
	    -key "$tmp/plant-1.key" "$@"
}
is_issued() {
	openssl x509 -in "$tmp/$1.pem" -noout -pubkey >"$tmp/$1.pub" &&
	openssl pkey -in "$tmp/$1.key" -pubout | cmp -s - "$tmp/$1.pub" &&
	openssl verify -CAfile "$pki/ca/root.pem" \
	    -untrusted "$pki/ca/services.pem" "$tmp/$1.pem" >/dev/null
}
for name in plant-1 plant-2 more next; do
	openssl ecparam -name prime256v1 -genkey -noout -out "$tmp/$name.key"
done

# waits - something for the CA to do
waits() {
	[ "$(sql "SELECT count(*) FROM orders WHERE state = 'ready'")" -gt 0 ]
}
over() {
	! kill -0 "$client" 2>/dev/null
}
waits_or_over() {
	waits || over
}
# served CLIENT [ARG]... - the client and, if it waits for an order, the CA: who
# has lost its RA asks again before the CA has done anything
served() {
	"$@" &
	client=$!
	wait_for waits_or_over
	sleep 0.2
	over || cad
	wait "$client"
}
# daemon CLIENT [ARG]... - while signet-rad is there
daemon() {
	rad_while served "$@"
}
# once FILTER - one order, which is done, and an auditor agrees
once() {
	[ "$(sql "SELECT string_agg(state, ' ') FROM orders
	    WHERE $1")" = 'done' ] && proven
}

ok 'a client has a certificate' daemon with_secret ir plant-1
first=$(last_order)
wait_for faults_calm
faults_begin "$tmp/rad"

# The first one, for which it has to ask again.
ir_before() {
	rm -f "$tmp/plant-2.pem"
}
ir_client() {
	with_secret ir plant-2
}
ir_run() (
	export CRASH_IN=signet-rad
	daemon ir_client
)
ir_again() {
	daemon ir_client
}
ir_holds() {
	is_issued plant-2 && [ "$(sql "SELECT count(*) FROM cert
	    WHERE holder = 'plant-2'")" = 1 ] && once "holder = 'plant-2'"
}
faults_of ir

# With a certificate: one more of the same name, and a successor.
cr_before() {
	rm -f "$tmp/more.pem"
}
cr_client() {
	with_key cr -newkey "$tmp/more.key" -subject /CN=plant-1 \
	    -certout "$tmp/more.pem"
}
cr_run() (
	export CRASH_IN=signet-rad
	daemon cr_client
)
cr_again() {
	daemon cr_client
}
cr_holds() {
	is_issued more && one_more
}
kur_before() {
	rm -f "$tmp/next.pem"
}
kur_client() {
	with_key kur -oldcert "$tmp/plant-1.pem" -newkey "$tmp/next.key" \
	    -certout "$tmp/next.pem"
}
kur_run() (
	export CRASH_IN=signet-rad
	daemon kur_client
)
kur_again() {
	daemon kur_client
}
kur_holds() {
	is_issued next && one_more
}
# The one that was there, and another one by an order of its own.
one_more() {
	[ "$(sql "SELECT count(*) FROM cert WHERE holder = 'plant-1'")" = 2 ] &&
	    once "holder = 'plant-1' AND id <> '\\x$first'"
}
faults_of cr
faults_of kur

# Revoked.  A client that has heard nothing of it asks again, and is refused if
# it is a stranger by now; if not, it is told of the order that is there.
rr_client() {
	with_key rr -oldcert "$tmp/plant-1.pem"
}
rr_run() (
	export CRASH_IN=signet-rad
	daemon rr_client
)
rr_again() {
	daemon rr_client || rr_revoked
}
rr_revoked() {
	[ "$(sql "SELECT status FROM cert WHERE holder = 'plant-1'")" = revoked ]
}
rr_holds() {
	rr_revoked && [ "$(sql "SELECT string_agg(state, ' ') FROM orders
	    WHERE kind = 'revoke'")" = 'done' ] && proven
}
sed -i 's/^patience = .*/patience = "20s";/' "$tmp/rad.conf"
faults_of rr
faults_sum
done_testing
