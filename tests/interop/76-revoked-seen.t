#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Whoever is revoked is so for the world in a moment, also where a responder
# reads from a replica and had said "good" just before.  How long it takes a
# thousand times: tests/bench/bench-revoked-seen.sh.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/services.sh"
cd "$tmp" || exit 1
services_install
service_start cad ocspd

n=20
for i in $(seq $n); do
	order_tls "www$i" >out 2>&1 || break
done
ok "$n certificates are ordered" as o1 signet order approve --all-pending --yes
all_issued() {
	[ "$(sql "SELECT count(*) FROM cert WHERE holder LIKE 'www%'")" = $n ]
}
ok '... and issued' wait_for all_issued
sql "SELECT encode(serial, 'hex') FROM cert WHERE holder LIKE 'www%'" \
    >serials

# --- a second responder, which reads from a replica ----------------------------

ok 'a replica runs' pg_replica_start "$tmp/replica"
second=127.0.0.1:$(free_ports 1)
sed -e "s|^listen = .*|listen = [ \"$second\" ];|" \
    -e "s|^database = .*|database = \"host=$tmp/replica port=$PGPORT \
dbname=signet user=signet_ocsp\";|" -e '/^agent_/d' \
    -e "s|^state = .*|state = \"$tmp/second\";|" \
    -e "s|^metrics_listen = .*|metrics_listen = \"unix:$tmp/metrics\";|" \
    "$pki/ocspd.conf" >second.conf
mkdir second
cp -r "$pki/state/ocspd/signers" second/signers
start signet-ocspd -d -c "$tmp/second.conf"
second_ready() (
	ocsp=http://$second/ocsp
	ocsp_ready services
)
ok '... and a responder there' wait_for second_ready

# --- revoked, one after the other ------------------------------------------------

openssl ocsp -issuer services.pem -serial 0x7a01 -no_nonce -reqout template
revoke_all() {
	while read -r serial; do
		as o1 signet cert revoke "$serial" --reason superseded \
		    --wait 20s --yes >>revoke.log 2>&1 &&
		echo "$serial $(date +%s.%N)" >>revoked
	done
}
"$srcdir/tests/lib/ask_ocsp.pl" watch template 0.3 %s seen "$ocsp" \
    "http://$second/ocsp" <serials 2>watch.err | revoke_all
is 'all are revoked' "$(wc -l <revoked)" $n
is 'E066: ... which both responders say' "$(wc -l <seen)" $((2 * n))
is '... of each within five seconds of its COMMIT' "$(awk '
    FNR == NR { at[$1] = $2; next }
    $3 - at[$1] > 5 { print $1, $2, $3 - at[$1] }' revoked seen)" ''
cat watch.err
pg_stop "$tmp/replica"
done_testing
