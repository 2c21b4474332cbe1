#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The OCSP responder behind a caching proxy: whatever a request looks like it
# arrives, an answer is kept no longer than it holds, and what is for one
# client only is not kept at all.
. "${srcdir:-.}/tests/integration/tap.sh"
if ! command -v nginx >/dev/null; then
	echo '1..0 # SKIP no nginx here'
	exit 0
fi
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/ocspd.sh"
install_pki
lifetime=12

ok 'a signer with the key that all clients take' ocsp_signer services rsa:2048
ok 'a certificate' issued www
# shellcheck disable=SC2154 # set by issued
www=$serial
ok 'the responder starts' ocsp_start "lifetime = \"${lifetime}s\""
is_good() { [ "$(status "$www")" = good ]; }
ok '... and answers' wait_for is_good
openssl x509 -in "$pki/ca/services.pem" -outform DER -out "$tmp/ca.der"

# With its defaults, but for where things are.
proxy_port=$(free_port)
mkdir -p "$tmp/nginx"
cat >"$tmp/nginx.conf" <<CONF
daemon off; pid $tmp/nginx/pid; error_log stderr;
$([ "$(id -u)" -ne 0 ] || echo 'user root;')
events { }
http {
	access_log off;
	client_body_temp_path $tmp/nginx/b; proxy_temp_path $tmp/nginx/p;
	fastcgi_temp_path $tmp/nginx/f; uwsgi_temp_path $tmp/nginx/u;
	scgi_temp_path $tmp/nginx/s;
	proxy_cache_path $tmp/nginx/cache keys_zone=ocsp:1m;
	server {
		listen 127.0.0.1:$proxy_port;
		large_client_header_buffers 4 64k;
		location / {
			proxy_pass $ocsp;
			proxy_cache ocsp;
			add_header X-Cache \$upstream_cache_status always;
		}
	}
}
CONF
start nginx -p "$tmp/nginx" -c "$tmp/nginx.conf"
proxy=http://127.0.0.1:$proxy_port
ok 'the proxy answers' wait_for curl -so /dev/null "$proxy/"

# path [-nonce]: of a GET about the certificate
path() {
	openssl ocsp -issuer "$pki/ca/services.pem" -serial "0x$www" \
	    "${1:--no_nonce}" -reqout "$tmp/req" >/dev/null 2>&1
	base64 -w0 "$tmp/req" | sed 's,/,%2F,g; s/+/%2B/g; s/=/%3D/g'
}
# What the cache says of it; the answer is in $tmp/resp.
cache() {
	curl -s -o "$tmp/resp" -D "$tmp/head" "$proxy/$1"
	sed -n 's/^X-Cache: \([A-Z]*\).*/\1/p' "$tmp/head"
}
# What a client that forgives nothing makes of $tmp/resp.
judge() {
	openssl ocsp -issuer "$pki/ca/services.pem" -serial "0x$www" \
	    -CAfile "$pki/ca/root.pem" -verify_other "$pki/ca/services.pem" \
	    -no_nonce -validity_period 0 -respin "$tmp/resp" >"$tmp/out" 2>&1
	grep -q '^Response verify OK' "$tmp/out" || return 1
	! grep -q 'WARNING' "$tmp/out" || return 1
	sed -n "s/^0x$www: //p" "$tmp/out"
}

perl "$srcdir/tests/lib/ocsp_corpus.pl" any "$proxy_port" / "$tmp/ca.der" \
    "$www" >"$tmp/cases" 2>&1
while IFS='	' read -r got what; do
	is "through the proxy: $what" "$got" ok
done <"$tmp/cases"

plain=$(path)
is 'the first answer comes from the responder' "$(cache "$plain")" MISS
is '... and is good' "$(judge)" good
signatures=$(metric signet_ocsp_signatures_total)
is 'the second comes from the cache' "$(cache "$plain")" HIT
is '... and is good' "$(judge)" good
is '... and has cost nothing' "$(metric signet_ocsp_signatures_total)" \
    "$signatures"
is 'by POST' "$(status_url=$proxy status "$www")" good

nonced=$(path -nonce)
is 'with a nonce the responder answers' "$(cache "$nonced")" MISS
is '... each time' "$(cache "$nonced")" MISS
is '... rightly' "$(judge)" good
is 'an error is one' "$(cache "M$plain")" MISS
is '... and not kept' "$(cache "M$plain")" MISS
is 'nor is unauthorized' "$(
    openssl ocsp -issuer "$pki/ca/root.pem" -serial 1 -no_nonce \
	-reqout "$tmp/req" >/dev/null 2>&1
    foreign=$(base64 -w0 "$tmp/req" | sed 's,/,%2F,g; s/+/%2B/g; s/=/%3D/g')
    cache "$foreign"; cache "$foreign")" 'MISS
MISS'

# Revoked: the cache may say otherwise until the answer that it has is over.
cache "$plain" >/dev/null
ok 'it is revoked' change revoke "$www" --reason keyCompromise
began=$(date +%s)
stale=0
verdict=
while [ $(($(date +%s) - began)) -le $((lifetime + 2)) ]; do
	cache "$plain" >/dev/null
	verdict=$(judge) || stale=$((stale + 1))
	[ "$verdict" != revoked ] || break
	sleep 0.3
done
is 'the proxy says so when the answer that it had is over' "$verdict" revoked
is '... and has never given one that was over' "$stale" 0
is 'who asks the responder is told at once' "$(status "$www" -no_nonce)" \
    'revoked keyCompromise'
done_testing
