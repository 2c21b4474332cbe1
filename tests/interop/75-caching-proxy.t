#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A caching proxy in front of responder and publisher does what their headers
# say: answers and lists come from the cache as long as they may, never when
# their time is over; what did not change is not fetched again; what is for
# one client only, or an error, is not kept.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/services.sh"
cd "$tmp" || exit 1
services_install
echo 'lifetime = "10s"; unknown_lifetime = "10s";' >>"$pki/ocspd.conf"
echo 'crl_max_age = "2s";' >>"$pki/crld.conf"
service_start cad crld ocspd
for name in www old; do
	ok "certificate $name" person $name tls-server
done

# --- the proxy ---------------------------------------------------------------

# No times of its own: what the origin says is all it goes by.
# shellcheck disable=SC2016 # nginx's variables
configure() {
	cat <<-CONF
	daemon off;
	worker_processes 1;
	pid $tmp/nginx/pid;
	error_log $tmp/nginx/error.log;
	events { worker_connections 64; }
	http {
		log_format cache '\$request_method \$status '
		    '\$upstream_cache_status \$upstream_status \$request_uri';
		access_log $tmp/nginx/access.log cache;
		client_body_temp_path $tmp/nginx/body;
		proxy_temp_path $tmp/nginx/proxy;
		fastcgi_temp_path $tmp/nginx/fastcgi;
		uwsgi_temp_path $tmp/nginx/uwsgi;
		scgi_temp_path $tmp/nginx/scgi;
		proxy_cache_path $tmp/nginx/cache keys_zone=status:1m;
		proxy_cache status;
		proxy_cache_revalidate on;
		merge_slashes off;
		add_header X-Cache \$upstream_cache_status always;
		server {
			listen 127.0.0.1:$proxy_port;
			location /ocsp { proxy_pass http://$ocsp_at; }
			location / { proxy_pass $http; }
		}
	}
	CONF
}

ocsp_at=${ocsp#http://}
ocsp_at=${ocsp_at%/ocsp}
proxy_port=$(free_ports 1)
proxy=http://127.0.0.1:$proxy_port
mkdir nginx
chmod 777 nginx
configure >nginx/conf
start nginx -p "$tmp/nginx" -c "$tmp/nginx/conf"
ok 'the proxy runs' wait_for curl -sSf -o crl "$proxy/crl/services.crl"

# get PATH [curl's options] - body to got
get() {
	get_path=$1
	shift
	curl -sS --max-time 20 -o got -D headers "$@" "$proxy$get_path"
}

cached() {
	tr -d '\r' <headers | sed -n 's/^X-Cache: //p'
}

status() {
	sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p' headers
}

# question NAME [options] - the path that asks for it
question() {
	question_name=$1
	shift
	openssl ocsp -issuer services.pem -cert "$question_name.pem" "$@" \
	    -reqout "$question_name.req" &&
	printf '/ocsp/%s\n' "$(base64 -w 0 <"$question_name.req" |
	    sed 's/+/%2B/g; s,/,%2F,g; s/=/%3D/g')"
}

# The answer in got: what it says, and the end of its time.
verdict() {
	openssl ocsp -respin got -issuer services.pem -cert "$1.pem" \
	    -CAfile root.pem -no_nonce >verdict 2>&1
	sed -n "s/^$1.pem: //p" verdict
}

# When the proxy sent it: looking at it may take a while.
seconds_left() {
	openssl ocsp -respin got -noverify -resp_text |
	    sed -n 's/^ *Next Update: //p' >until &&
	echo $(($(date -d "$(cat until)" +%s) -
	    $(date -d "$(sed -n 's/^Date: //p' headers | tr -d '\r')" +%s)))
}

# --- answers -----------------------------------------------------------------

www=$(question www -no_nonce)
ok 'E067: an answer is asked for' get "$www"
is '... and comes from the responder' "$(cached)" MISS
is '... good' "$(verdict www)" good
cp got first
ok 'asked for again' get "$www"
is '... it comes from the cache' "$(cached)" HIT
ok '... the same' cmp got first
etag=$(sed -n 's/^ETag: //p' headers | tr -d '\r')
ok 'who has it already' get "$www" -H "If-None-Match: $etag"
is '... is told so' "$(status)" 304
is '... from the cache' "$(cached)" HIT

# Longer than an answer lives: some from the cache, all in their time.
: >seen
stale=
end=$(($(date +%s) + 13))
while [ "$(date +%s)" -lt "$end" ]; do
	get "$www" && [ "$(seconds_left)" -gt 0 ] &&
	    [ "$(verdict www)" = good ] || stale="$stale $(cat headers verdict)"
	cached >>seen
	sleep 0.2
done
is 'no answer is kept for longer than its nextUpdate' "$stale" ''
ok '... most are from the cache' test "$(grep -c HIT seen)" -gt \
    "$(grep -vc HIT seen)"
ok '... some are not' test "$(grep -vc HIT seen)" -gt 0

nonce=$(question www -nonce)
for _ in 1 2; do
	ok 'an answer to a nonce' get "$nonce"
	is '... good' "$(verdict www)" good
	is '... is never from the cache' "$(cached)" MISS
done
for _ in 1 2; do
	ok 'a question that is none' get /ocsp/MAMCAQA%3D
	is '... an error, not from the cache' "$(cached)" MISS
	says 'malformedrequest' openssl ocsp -respin got -noverify
done
question www -no_nonce >path
for _ in 1 2; do
	ok 'a question by POST' get /ocsp --data-binary @www.req -H \
	    'Content-Type: application/ocsp-request'
	is '... is answered' "$(verdict www)" good
	not '... not from the cache' test "$(cached)" = HIT
done

# --- lists -------------------------------------------------------------------

count() {
	grep -c "$1" nginx/access.log
}

get /crl/services.crl
sleep 0.1
get /crl/services.crl
is 'a list comes from the cache' "$(cached)" HIT
sleep 3
get /crl/services.crl
is 'S010: when its time is over it has not changed' "$(cached)" REVALIDATED
ok '... so it is not fetched again' test \
    "$(count ' 200 REVALIDATED 304 /crl/')" -ge 1
is '... which it was once' "$(count ' [A-Z]* 200 /crl/')" 1
ok '... and is what the publisher has' sh -c "curl -sSf '$http/crl/services.crl' |
    cmp - got"

# --- revoked -----------------------------------------------------------------

old=$(question old -no_nonce)
get "$old"
is 'the other is good, too' "$(verdict old)" good
left=$(seconds_left)
ok 'until it is revoked' revoke old --reason superseded
old_revoked() {
	get "$old" && [ "$(verdict old)" = revoked ]
}
since=$(date +%s)
ok 'E066: which is seen through the proxy' wait_for old_revoked
ok '... when the time of the answer before is over' test \
    $(($(date +%s) - since)) -le $((left + 3))
ok '... and so says the list' wait_for listed old "$proxy/crl/services.crl"

service_stop ocspd
gone() {
	get "$www" && [ "$(status)" = 502 ]
}
since=$(date +%s)
ok 'without a responder an answer is there no more' wait_for gone
ok '... when its time is over' test $(($(date +%s) - since)) -le 13
done_testing
