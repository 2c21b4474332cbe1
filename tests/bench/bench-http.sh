#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Requests per second that lib/net and signet-crld answer, next to nginx
# serving the same bytes from a file, in turn.
#
# BENCH_SECONDS for each measurement (3), of which there are two.  The load is
# made on the same machine, so the figures are what is left of it.
# shellcheck source=tests/bench/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=tests/lib/ports.sh
. "$srcdir/tests/lib/ports.sh"
seconds=${BENCH_SECONDS:-3}
clients=32
for tool in wrk nginx; do
	command -v "$tool" >/dev/null || {
		echo "no $tool here: ./runtests --stage bench installs it" >&2
		exit 1
	}
done
PATH=$SIGNET_BUILD/crl:$SIGNET_BUILD/tests/lib:$PATH
make -s -C "$SIGNET_BUILD" tests/lib/httpd >/dev/null || exit 1
httpd=
nginx=
crld=
stop_all() {
	for p in $httpd $nginx $crld; do
		kill "$p" 2>/dev/null && wait "$p" 2>/dev/null
	done
	bench_clean_up
}
trap stop_all EXIT

httpd_port=$(free_ports 1)
nginx_port=$(free_ports 1)
crld_port=$(free_ports 1)
until_up() {
	for try in $(seq 100); do
		curl -sf -o /dev/null "$1" && return
		sleep 0.1
	done
	echo "nothing answers at $1 ($try tries)" >&2
	cat "$tmp"/*.log >&2
	exit 1
}

# --- the same files for all --------------------------------------------------

mkdir "$tmp/www" "$tmp/nginx"
bench_start
signet-cad -d --once -c "$tmp/d/cad.conf" 2>"$tmp/log" ||
    { cat "$tmp/log" >&2; exit 1; }
cat >"$tmp/crld.conf" <<C
database = "$conninfo user=signet_crl";
root = "$tmp/d/root.pem";
ca_dir = "$tmp/none";
profiles = "$srcdir/etc/profiles";
directory = "$tmp/www";
state = "$tmp/crld";
listen = [ "127.0.0.1:$crld_port" ];
metrics_listen = "";
C
mkdir "$tmp/none"
signet-crld -d -c "$tmp/crld.conf" 2>"$tmp/crld.log" &
crld=$!
until_up "http://127.0.0.1:$crld_port/crl/people.crl"

cat >"$tmp/nginx.conf" <<C
daemon off;
worker_processes $(getconf _NPROCESSORS_ONLN);
pid $tmp/nginx/pid;
error_log $tmp/nginx/error;
events { worker_connections 1024; }
http {
	access_log off; sendfile on; tcp_nopush on;
	keepalive_requests 100000000;
	client_body_temp_path $tmp/nginx; proxy_temp_path $tmp/nginx;
	fastcgi_temp_path $tmp/nginx; uwsgi_temp_path $tmp/nginx;
	scgi_temp_path $tmp/nginx;
	server { listen 127.0.0.1:$nginx_port; root $tmp/www; }
}
C
nginx -c "$tmp/nginx.conf" 2>/dev/null &
nginx=$!
until_up "http://127.0.0.1:$nginx_port/crl/people.crl"

# --- in turn -----------------------------------------------------------------

load() {
	wrk -t1 -c"$clients" -d"$seconds" "$1" >"$tmp/wrk" || exit 1
	if grep -q 'Non-2xx' "$tmp/wrk"; then
		echo "$1 was not served" >&2
		exit 1
	fi
	sed -n 's,^Requests/sec: *,,p' "$tmp/wrk"
}
# compare WHAT URL PATH-AT-NGINX: the mean of two measurements of each
compare() {
	a1=$(load "$2") || exit 1
	b1=$(load "http://127.0.0.1:$nginx_port$3") || exit 1
	a2=$(load "$2") || exit 1
	b2=$(load "http://127.0.0.1:$nginx_port$3") || exit 1
	row "$1" "$(mean "$a1" "$a2")" /s "nginx, the same file" \
	    "$(mean "$b1" "$b2")"
}
mean() {
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.0f", (a + b) / 2 }'
}

compare "HTTP: signet-crld, a list of $(stat -c %s \
    "$tmp/www/crl/people.crl") octets" \
    "http://127.0.0.1:$crld_port/crl/people.crl" /crl/people.crl
for size in 1500 65536 10485760; do
	head -c "$size" /dev/urandom >"$tmp/www/$size"
	mkfifo "$tmp/in.$size"
	httpd "127.0.0.1:$httpd_port" "unix:$tmp/operator" \
	    "$(getconf _NPROCESSORS_ONLN)" "$tmp/www/$size" \
	    <"$tmp/in.$size" >/dev/null &
	httpd=$!
	exec 9>"$tmp/in.$size"
	until_up "http://127.0.0.1:$httpd_port/shared"
	[ "$size" -gt 65536 ] || compare "HTTP: $size octets, from memory" \
	    "http://127.0.0.1:$httpd_port/shared" "/$size"
	[ "$size" -gt 1500 ] && compare "HTTP: $size octets, from disk" \
	    "http://127.0.0.1:$httpd_port/file" "/$size"
	exec 9>&-
	wait "$httpd"
	httpd=
done
