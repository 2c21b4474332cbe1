#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What init made for the daemons does not end while they run: the registration's
# web certificate and the one by which directories know the publisher.  (The
# responder's is in 74-ocspd-agent.t, the station's in 88-station-agent.t.)
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/rad.sh"
install_pki
rad_configure
tls=$pki/tls/ra-tls.pem crl=$pki/agents/crl.pem
key_in() { openssl x509 -in "$1" -noout -pubkey; }
holder_in() {
	sql "SELECT holder FROM cert WHERE encode(serial, 'hex') =
	    '$(serial_in "$1")'"
}
# The world's clock stands still, so it is asked for the bytes alone.
served() {
	echo | openssl s_client -connect "127.0.0.1:$rad_port" \
	    -servername "$rad_host" 2>"$tmp/out" >"$tmp/served"
	serial_in "$tmp/served"
}

# --- settings ---
sed '/^agent_key/d' "$pki/crld.conf" >"$tmp/crld.conf"
exits 1 'a publisher that is to renew nothing' \
    signet-crld -t -c "$tmp/crld.conf"
said 'agent_database: what is renewed is agent_key and agent_cert'
is 'init gives the publisher what it renews' "$(grep -cE \
    '^agent_(database|key|cert|passphrase) = ' "$pki/crld.conf")" 4

# --- of another CA ---
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 200 \
    -keyout "$tmp/else.key" -out "$tmp/else.pem" -subj /CN=else \
    -addext "subjectAltName=DNS:$rad_host" -addext keyUsage=digitalSignature \
    2>/dev/null
cp "$pki/rad.conf" "$tmp/ours.conf"
rad_set tls_key "\"$tmp/else.key\""
rad_set tls_cert "\"$tmp/else.pem\""
sed -i '/^tls_passphrase/d' "$pki/rad.conf"
travel 160
ok 'a web certificate may come from elsewhere' rad_start
ok '... and is renewed there' wait_for grep -q \
    "else.pem is not of this store's CAs" \
    "$tmp/rad.log"
rad_stop
is '... nothing is ordered' "$(sql "SELECT count(*) FROM orders
    WHERE summary LIKE 'tls-server%' AND state <> 'done'")" 0
cp "$tmp/ours.conf" "$pki/rad.conf"

# --- the web certificate: 199 days, and its last quarter has begun ---
was=$(serial_in "$tls") key=$(key_in "$tls") holder=$(holder_in "$tls")
start signet-cad -d -c "$pki/cad.conf"
rad_start
renewed() { [ "$(serial_in "$tls")" != "$was" ]; }
ok "the web server's certificate is renewed" wait_for renewed
is '... for the same holder' "$(holder_in "$tls")" "$holder"
is '... and names' "$(openssl x509 -in "$tls" -noout -ext subjectAltName |
    tail -n 1 | tr -d ' ')" "DNS:$rad_host"
not '... with another key' test "$(key_in "$tls")" = "$key"
new=$(serial_in "$tls")
is_served() { [ "$(served)" = "$new" ]; }
ok '... and served without a restart' wait_for is_served
is 'its order says what it is' "$(sql "SELECT summary FROM orders
    WHERE profile = 'tls-server' ORDER BY seq DESC LIMIT 1")" \
    "tls-server for $holder: $rad_host"
rad_stop

# --- the publisher's: a year ---
stop "$last"
was=$(serial_in "$crl") key=$(key_in "$crl") holder=$(holder_in "$crl")
travel 280
start signet-cad -d -c "$pki/cad.conf"
cad=$last
sed -i -e 's/^listen.*/listen = [ ];/' -e '/^directories/d' "$pki/crld.conf"
echo 'metrics_listen = "";' >>"$pki/crld.conf"
start signet-crld -d -c "$pki/crld.conf"
renewed() { [ "$(serial_in "$crl")" != "$was" ]; }
ok "the publisher's certificate is renewed" wait_for renewed
is '... for the same holder' "$(holder_in "$crl")" "$holder"
is '... with the old key, in its place' "$(key_in "$crl")" \
    "$(openssl pkey -in "$pki/agents/crl.key" -passin \
    "file:$pki/secrets/agent-crl" -pubout)"
agent=$(ps -o pid=,comm= --ppid "$last" | awk '/: ag/ { print $1 }')
kill -9 "$agent"
ended() { ! kill -0 "$last" 2>/dev/null; }
ok 'when that process dies, the daemon ends to be started afresh' \
    wait_for ended
stop "$cad"
signet audit export "$tmp/audit" >"$tmp/out" 2>&1
ok 'an auditor finds nothing in that' signet audit verify "$tmp/audit" \
    --root "$pki/ca/root.pem" --profiles "$pki/profiles"
done_testing
