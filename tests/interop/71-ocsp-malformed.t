#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Requests that are none, requests that are odd, and HTTP that is odd: each
# gets an answer at once, and none of it costs a signature or a query.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/ocspd.sh"
install_pki

ok 'a signer with the key that all clients take' ocsp_signer services rsa:2048
ok 'a certificate' issued www
# shellcheck disable=SC2154 # set by issued
www=$serial
ok 'the responder starts' ocsp_start
is_good() { [ "$(status "$www")" = good ]; }
ok '... and answers' wait_for is_good
openssl x509 -in "$pki/ca/services.pem" -outform DER -out "$tmp/ca.der"

# Each line of the corpus is a case of its own.
corpus() {
	perl "$srcdir/tests/lib/ocsp_corpus.pl" "$1" "$ocsp_port" "$2" \
	    "$tmp/ca.der" "$www" >"$tmp/cases" 2>"$tmp/out"
	tap_result $? "the cases of \"$1\" at $2 are tried"
	while IFS='	' read -r corpus_got corpus_what; do
		echo "$corpus_got" >"$tmp/out"
		[ "$corpus_got" = ok ]
		tap_result $? "$corpus_what"
	done <"$tmp/cases"
}
memory() {
	awk '/^VmRSS/ { print $2 }' "/proc/$ocspd/status"
}
counters() {
	for name in signatures store_reads; do
		metric "signet_ocsp_${name}_total"
	done
}

before=$(memory)
counters >"$tmp/before"
corpus malformed /ocsp
corpus malformed /
corpus refused /ocsp
counters >"$tmp/after"
is 'there is something to compare' "$(wc -l <"$tmp/before")" 2
ok 'no signature was made of it, and the store was not asked' \
    cmp "$tmp/before" "$tmp/after"
corpus changed /ocsp
corpus path /ocsp
corpus any /ocsp
corpus tolerated /ocsp
corpus path /
corpus http /ocsp
corpus stall /ocsp
not 'nothing of it was alarming' grep -q 'bug' "$tmp/ocspd.log"
is 'it still answers' "$(status "$www")" good
# What is freed stays with the sanitizers for a while.
grep -q 'define SIGNET_SANITIZED' "$SIGNET_BUILD/config.h" && room=400000
ok 'its memory has not grown by 32 MB' [ "$(memory)" -lt \
    $((before + ${room:-32768})) ]
ok 'it stops when told' ocsp_stop
done_testing
