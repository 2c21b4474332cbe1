#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Under load: the responder is killed and started again, the store is killed
# and comes back.  Clients see no more than lost connections and "try later";
# whatever is signed is true.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/services.sh"
cd "$tmp" || exit 1
services_install
# Answers are made again and again, so that the store is asked all the time.
echo 'lifetime = "10s";' >>"$pki/ocspd.conf"
service_start cad ocspd

for name in a b c d e f; do
	order_tls $name >out 2>&1
done
ok 'certificates are ordered' as o1 signet order approve --all-pending --yes
issued() {
	sql "SELECT encode(serial, 'hex') || ' ' || status FROM cert
	    WHERE profile = 'tls-server'
	    AND holder <> 'ra-tls-1' ORDER BY serial" >expected
	[ "$(wc -l <expected)" = 6 ]
}
ok '... and issued' wait_for issued
# shellcheck disable=SC2046 # two serial numbers
ok '... two of them are revoked' as o1 signet cert revoke \
    $(sed -n 's/ good$//p; 2q' expected) --reason superseded --yes
issued
is 'so there are good and revoked ones' \
    "$(cut -d ' ' -f 2 expected | sort | uniq -c | xargs)" '4 good 2 revoked'

openssl ocsp -issuer services.pem -serial 0x7a01 -no_nonce -reqout template
# load SECONDS NAME - kinds of answers in NAME, distinct ones in NAME.d
load() {
	mkdir -p "$2.d"
	"$srcdir/tests/lib/ask_ocsp.pl" load template "$1" "$2.d" "$ocsp" \
	    <expected >"$2" 2>"$2.err" &
	load_pid=$!
	sleep 1
}

# Each answer that was kept, by OpenSSL: those that are not what they should be
# or not signed.
untrue() {
	while read -r serial status; do
		for answer in "$1.d/$serial".*; do
			openssl ocsp -respin "$answer" -issuer services.pem \
			    -serial "0x$serial" -CAfile root.pem -no_nonce \
			    -validity_period 100 >said 2>&1
			grep -q "^0x$serial: $status" said &&
			    grep -q '^Response verify OK' said ||
			    echo "$answer: $(xargs <said)"
		done
	done <expected
}
kinds() {
	cut -d ' ' -f 1 "$1" | xargs
}
count() {
	sed -n "s/^$2 //p" "$1"
}

# --- the responder ---------------------------------------------------------------

load 8 killed
for n in 1 2 3; do
	service_stop ocspd KILL
	service_start ocspd
	ok "E067: killed, it is back ($n)" ocsp_ready services
done
wait "$load_pid"
is 'its clients are content' $? 0
is '... who had true answers and lost connections' "$(kinds killed |
    sed 's/error-3 //')" 'gone right'
ok '... and of true ones many' test "$(count killed right)" -gt 500
is 'each that was signed is true' "$(untrue killed)" ''

# --- the store -------------------------------------------------------------------

# What is at hand is still sent; a responder that was killed, too, has nothing.
load 10 stored
pg_kill "$tmp/pg"
sleep 1
service_stop ocspd KILL
start signet-ocspd -d -c "$pki/ocspd.conf"
# shellcheck disable=SC2034 # see service_pid
service_ocspd=$last
sleep 3
ok 'the store was killed, the responder as well; it comes back' \
    pg_again "$tmp/pg"
wait "$load_pid"
is 'clients are content, too' $? 0
is '... who had true answers, or were told to try later' "$(kinds stored)" \
    'error-3 gone right'
is 'each that was signed is true' "$(untrue stored)" ''
ok 'it goes on by itself' wait_for ocsp_ready services
done_testing
