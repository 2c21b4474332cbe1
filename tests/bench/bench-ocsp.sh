#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# OCSP answers per second, next to nginx serving the same bytes from a file and
# to what the processors can sign; and whether the number of certificates in
# the store matters.
#
# BENCH_CERTS certificates in the end (100000; the page has 10000000), at first
# 10000.  BENCH_SECONDS for each measurement (5).  The load is made on the same
# machine, so the figures are what is left of it.
# shellcheck source=tests/bench/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=tests/lib/ports.sh
. "$srcdir/tests/lib/ports.sh"
certs=${BENCH_CERTS:-100000}
seconds=${BENCH_SECONDS:-5}
clients=64
for tool in wrk h2load nginx; do
	command -v "$tool" >/dev/null || {
		echo "no $tool here: ./runtests --stage bench installs it" >&2
		exit 1
	}
done
PATH=$SIGNET_BUILD/cli:$SIGNET_BUILD/ca/root:$SIGNET_BUILD/ocsp:$PATH
pki=$tmp/pki
ocspd=
nginx=
stop_all() {
	for p in $ocspd $nginx; do
		kill "$p" 2>/dev/null && wait "$p" 2>/dev/null
	done
	bench_clean_up
}
trap stop_all EXIT

port=$(free_ports 1)
static=$(free_ports 1)

# --- an installation, and many certificates in its store -------------------------

PG_BUFFERS=512MB
pg_start "$tmp/pg" >/dev/null || exit 1
conninfo="host=$PGHOST port=$PGPORT dbname=signet"
signet init --dir "$pki" --data "$srcdir" --organization "Example AB" \
    --country SE --database "$conninfo user=postgres" \
    --url "http://127.0.0.1:$port" --root-key ec:P-256 --ca-key ec:P-256 \
    --key ec:P-256 --security-officer "s1:Sara One" \
    --security-officer "s2:Sten Two" --officer "o1:Olga One" --yes \
    </dev/null >"$tmp/init.log" 2>&1 || { cat "$tmp/init.log" >&2; exit 1; }
signet-cad -d -c "$pki/cad.conf" 2>"$tmp/log" &
cad=$!

# What the responder never looks at goes: filling takes long enough.
sql "ALTER TABLE cert DROP CONSTRAINT cert_order_id_n_key;
    DROP INDEX cert_holder, cert_key, cert_expiry"
filled=0
fill() {
	sql "INSERT INTO cert (ca, serial, order_id, n, profile, subject,
	    key_digest, not_before, not_after, der, issued_at)
	    SELECT 'people', set_byte(substr(sha256(int8send(g)), 1, 20), 0,
	    get_byte(sha256(int8send(g)), 0) & 63 | 64), substr(sha256(int8send(-g)),
	    1, 16), 0, 'mail-dual', 'CN=' || g, sha256(int8send(g)), now(),
	    now() + interval '300 days', decode(repeat('30', 64), 'hex'), now()
	    FROM generate_series($filled + 1, $1) g"
	sql "ANALYZE cert"
	filled=$1
}
serials() {
	sql "SELECT encode(serial, 'hex') FROM cert WHERE ca = 'people'
	    AND profile = 'mail-dual' ORDER BY sha256(serial) LIMIT $1"
}
fill 10000

# --- the servers ------------------------------------------------------------------

# ocspd_start [setting]...
ocspd_start() {
	rm -rf "$tmp/ocspd"
	{
		sed '/^listen/d; /^metrics_listen/d; /^state/d; /^signer_key/d; /^per_address/d' \
		    "$pki/ocspd.conf"
		echo "listen = [ \"127.0.0.1:$port\" ];"
		echo "metrics_listen = \"unix:$tmp/metrics\";"
		echo "state = \"$tmp/ocspd\";"
		printf '%s\n' "$@"
	} >"$tmp/ocspd.conf"
	mkdir -p "$tmp/ocspd"
	signet-ocspd -d -c "$tmp/ocspd.conf" 2>"$tmp/ocspd.log" &
	ocspd=$!
	one=$(serials 1)
	for try in $(seq 300); do
		ask_one "$one" >"$tmp/answer" 2>/dev/null &&
		    openssl ocsp -respin "$tmp/answer" -noverify -resp_text \
		    2>/dev/null | grep -q 'Cert Status: good' && return
		kill -0 "$ocspd" 2>/dev/null || break
		sleep 0.2
	done
	echo "no answer from signet-ocspd ($try tries)" >&2
	cat "$tmp/ocspd.log" >&2
	exit 1
}
ocspd_stop() {
	kill "$ocspd"
	wait "$ocspd"
	ocspd=
}
# request SERIAL [option of openssl ocsp]...
request() {
	hex=$1
	shift
	openssl ocsp -issuer "$pki/ca/people.pem" -serial "0x$hex" \
	    -reqout "$tmp/request" "$@" >/dev/null 2>&1
}
path_of() {
	request "$1" -no_nonce && base64 -w 0 "$tmp/request" |
	    sed 's,/,%2F,g; s,+,%2B,g; s,=,%3D,g'
}
ask_one() {
	curl -sf "http://127.0.0.1:$port/$(path_of "$1")"
}

nginx_start() {
	mkdir -p "$tmp/n/logs" "$tmp/n/html"
	cp "$tmp/answer" "$tmp/n/html/answer"
	chmod -R a+rX "$tmp/n"
	cat >"$tmp/n/nginx.conf" <<-END
	daemon off; pid $tmp/n/pid; worker_processes auto; error_log $tmp/n/logs/error;
	events { worker_connections 1024; }
	http {
		access_log off; sendfile on; tcp_nopush on; keepalive_requests 10000000;
		open_file_cache max=100; default_type application/ocsp-response;
		client_body_temp_path $tmp/n/b; proxy_temp_path $tmp/n/p;
		fastcgi_temp_path $tmp/n/f; uwsgi_temp_path $tmp/n/u; scgi_temp_path $tmp/n/s;
		server { listen 127.0.0.1:$static; root $tmp/n/html;
		    add_header Cache-Control "max-age=3600, public, no-transform, must-revalidate"; }
	}
	END
	nginx -p "$tmp/n" -c "$tmp/n/nginx.conf" 2>/dev/null &
	nginx=$!
	sleep 1
}

# --- measuring ----------------------------------------------------------------------

# load URL [option of wrk]... - answers per second; any but 200 is said.
load() {
	loaded=$1
	shift
	wrk -t 1 -c "$clients" -d "${seconds}s" "$@" "$loaded" >"$tmp/wrk" 2>&1
	grep -E 'Non-2xx|Socket errors' "$tmp/wrk" >&2
	awk '/Requests\/sec/ { printf "%.0f", $2 }' "$tmp/wrk"
}
mean() {
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.0f", (a + b) / 2 }'
}
raw() {
	openssl speed -elapsed -seconds 3 "$@" 2>/dev/null | tail -n 1 |
	    awk '{ printf "%.0f", $(NF - 1) }'
}
memory() {
	awk '/VmHWM/ { printf "%.1f", $2 / 1024 }' "/proc/$ocspd/status"
}

# post.lua: the same request again and again; nonce.lua: with other nonces, which
# are made before: making one costs the client more than sending it.
lua() {
	request "$1" -no_nonce
	cp "$tmp/request" "$tmp/plain"
	cat >"$tmp/post.lua" <<-END
	local f = io.open("$tmp/plain", "rb")
	wrk.method = "POST"
	wrk.body = f:read("*a")
	wrk.headers["Content-Type"] = "application/ocsp-request"
	END
	request "$1" -nonce
	cp "$tmp/request" "$tmp/nonced"
	cat >"$tmp/nonce.lua" <<-END
	local f = io.open("$tmp/nonced", "rb")
	local body = f:read("*a")
	local head = body:sub(1, #body - 8)
	local n, ready = 0, {}
	init = function()
		wrk.method = "POST"
		wrk.headers["Content-Type"] = "application/ocsp-request"
		for i = 1, 5000 do
			ready[i] = wrk.format(nil, nil, nil, head .. string.format("%08d", i))
		end
	end
	request = function()
		n = n + 1
		return ready[(n - 1) % #ready + 1]
	end
	END
}
# cold.lua: another certificate each time, as many as there are at first: what
# is cached in the end is the same in a store of any size.
cold_lua() {
	serials 10000 >"$tmp/serials"
	request "$(head -n 1 "$tmp/serials")" -no_nonce
	cp "$tmp/request" "$tmp/plain"
	cat >"$tmp/cold.lua" <<-END
	local f = io.open("$tmp/plain", "rb")
	local body = f:read("*a")
	local head = body:sub(1, #body - 20)
	local serial = {}
	for line in io.lines("$tmp/serials") do
		serial[#serial + 1] = line:gsub("%x%x", function(h) return string.char(tonumber(h, 16)) end)
	end
	local n, ready = 0, {}
	init = function()
		wrk.method = "POST"
		wrk.headers["Content-Type"] = "application/ocsp-request"
		for i = 1, #serial do
			ready[i] = wrk.format(nil, nil, nil, head .. serial[i])
		end
	end
	request = function()
		n = n + 1
		return ready[(n - 1) % #ready + 1]
	end
	END
}
# first - answers per second to serials that nobody has asked about: each is read
# from the store and signed.
first() {
	serials 10000 | perl -ne 'BEGIN {
		use MIME::Base64;
		my ($plain, $url) = splice @ARGV, 0, 2;
		open my $f, "<:raw", $plain or die; { local $/; $head = <$f>; }
		$head = substr $head, 0, -20; $u = $url; }
		chomp; $b = encode_base64($head . pack("H*", $_), "");
		$b =~ s/([^A-Za-z0-9])/sprintf "%%%02X", ord $1/ge;
		print "$u/$b\n"' "$tmp/plain" "http://127.0.0.1:$port" >"$tmp/uris"
	h2load --h1 -c 16 -t 1 -n "$(wc -l <"$tmp/uris")" -i "$tmp/uris" |
	    awk '/^finished in/ { printf "%.0f", $4 } /status codes:/ {
	    if ($3 < 10000) print $0 >"/dev/stderr" }'
}
# Of requests that come evenly at half the rate that was reached.
p99_at() {
	h2load --h1 -c 16 -t 1 --rps $(($1 / 2 / 16)) -D "$seconds" \
	    --log-file="$tmp/h2.log" "$2" >/dev/null 2>&1
	awk '{ print $3 }' "$tmp/h2.log" | sort -n | awk '{ v[NR] = $1 }
	    END { printf "%.2f", v[int(NR * 0.99)] / 1000 }'
}

# hot WHAT - GET and POST beside nginx
hot() {
	url=http://127.0.0.1:$port/$(path_of "$one")
	file=http://127.0.0.1:$static/answer
	lua "$one"
	load "$file" >/dev/null
	n1=$(load "$file"); get1=$(load "$url"); post1=$(load "http://127.0.0.1:$port/" -s "$tmp/post.lua")
	n2=$(load "$file"); get2=$(load "$url"); post2=$(load "http://127.0.0.1:$port/" -s "$tmp/post.lua")
	n=$(mean "$n1" "$n2")
	get=$(mean "$get1" "$get2")
	row "$1, hot GET" "$get" /s "nginx, the same as a file" "$n"
	row "$1, hot POST" "$(mean "$post1" "$post2")" /s "nginx, the same as a file" "$n"
	row "... p99 of GET at half of that" "$(p99_at "$get" "$url")" ms \
	    "nginx" "$(p99_at "$get" "$file")"
}

# --- the table ------------------------------------------------------------------------

ocspd_start 'signer_key = "rsa:2048";'
nginx_start
hot "RSA-2048, 10000 certificates"
cold_lua
clients=16
load "http://127.0.0.1:$port/" -s "$tmp/cold.lua" >/dev/null
row "... memory" "$(memory)" MiB
ocspd_stop

ocspd_start 'signer_key = "ec:P-256";'
lua "$one"
clients=32
a=$(raw ecdsap256)
smallfirst=$(first)
rate=$(load "http://127.0.0.1:$port/" -s "$tmp/nonce.lua")
row "P-256, nonce, 10000 certificates" "$rate" /s "raw signatures, one core" \
    "$(mean "$a" "$(raw ecdsap256)")"
small=$rate
smallcold=$(load "http://127.0.0.1:$port/" -s "$tmp/cold.lua")
small_mb=$(memory)
ocspd_stop
[ "$certs" -gt 10000 ] || exit 0

echo "filling the store up to $certs certificates" >&2
fill "$certs"
ocspd_start 'signer_key = "rsa:2048";'
clients=64
# nginx keeps the file open: another one takes its place.
cp "$tmp/answer" "$tmp/n/html/new" && mv "$tmp/n/html/new" "$tmp/n/html/answer"
hot "RSA-2048, $certs certificates"
ocspd_stop
ocspd_start 'signer_key = "ec:P-256";'
lua "$one"
cold_lua
clients=32
row "P-256, asked for the first time, $certs certificates" "$(first)" /s \
    "with 10000" "$smallfirst"
row "P-256, nonce, $certs certificates" \
    "$(load "http://127.0.0.1:$port/" -s "$tmp/nonce.lua")" /s "with 10000" "$small"
row "P-256, others each time, $certs certificates" \
    "$(load "http://127.0.0.1:$port/" -s "$tmp/cold.lua")" /s "with 10000" "$smallcold"
row "... memory" "$(memory)" MiB "with 10000" "$small_mb"
