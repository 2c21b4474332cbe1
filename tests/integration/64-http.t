#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The HTTP server of lib/net, over real sockets: what a proxy could read in
# two ways is refused, limits hold, conditional requests and ranges are right,
# and stalled clients do not stay.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"

head -c 1500 /dev/zero | tr '\0' x >"$tmp/body"
printf 'begin' | dd of="$tmp/body" conv=notrunc 2>/dev/null
printf 'end' | dd of="$tmp/body" bs=1 seek=1497 conv=notrunc 2>/dev/null

# The server reads a fifo that this script keeps open.
mkfifo "$tmp/control"
start sh -c "exec httpd 127.0.0.1:0 'unix:$tmp/operator' 2 '$tmp/body' \
    <'$tmp/control' >'$tmp/port'"
server=$last
exec 9>"$tmp/control"
wait_for grep -q port "$tmp/port"
port=$(sed -n 's/^port //p' "$tmp/port")
url=http://127.0.0.1:$port
raw() {
	perl "$srcdir/tests/lib/raw_http.pl" -w "${wait:-0.3}" \
	    -s "${pause:-0}" "$port" "$@"
}
get() {
	curl -s --max-time 10 "$@"
}
operator() {
	get --unix-socket "$tmp/operator" "http://localhost$1"
}
# answers STATUS 'what' REQUEST...: the first line of the reply
answers() {
	want=$1 what=$2
	shift 2
	raw "$@" >"$tmp/out" 2>&1
	head -n 1 "$tmp/out" | grep -q "^HTTP/1.1 $want "
	tap_result $? "$what"
}
# status 'what' STATUS CURL...
status() {
	what=$1 want=$2
	shift 2
	is "$what" "$(get -o /dev/null -w '%{http_code}' "$@")" "$want"
}
h='Host: a\r\n'

# Who may listen where.
for bad in 0.0.0.0:0 '*:0' '[::]:0'; do
	httpd 127.0.0.1:0 "$bad" 1 "$tmp/body" </dev/null >"$tmp/out" 2>&1
	grep -q 'other machines could reach it' "$tmp/out"
	tap_result $? "an operator's listener at $bad is refused"
done
for bad in nonsense 127.0.0.1 127.0.0.1:70000 ::1:80 unix:relative; do
	not "$bad is no address" httpd "$bad" "unix:$tmp/other" 1 "$tmp/body"
	said '[config]'
done
not 'systemd has passed nothing' env -u LISTEN_FDS httpd systemd:0 \
    "unix:$tmp/other" 1 "$tmp/body"
said 'systemd has passed no such socket'
not 'a taken port is refused' httpd "127.0.0.1:$port" "unix:$tmp/other" 1 \
    "$tmp/body"
said 'Address already in use'
not 'so is a socket on which another listens' httpd 127.0.0.1:0 \
    "unix:$tmp/operator" 1 "$tmp/body"
said 'another process listens there'

# Two readings of one message.
answers 400 'two lengths are refused' \
    "POST /echo HTTP/1.1\r\n${h}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"
said '[closed after'
answers 400 'also when they are the same' \
    "POST /echo HTTP/1.1\r\n${h}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"
answers 400 'a length and chunks are refused' \
    "POST /echo HTTP/1.1\r\n${h}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
said '[closed after'
answers 400 'a coding other than chunked is refused' \
    "POST /echo HTTP/1.1\r\n${h}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"
answers 400 'chunks in HTTP/1.0 are refused' \
    "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
for length in -1 +5 0x5 '5, 5' 99999999999999999999 ''; do
	answers '4[01][03]' "a length of \"$length\" is refused" \
	    "POST /echo HTTP/1.1\r\n${h}Content-Length: $length\r\n\r\nhello"
	said '[closed after'
done
answers 400 'a blank before the colon is refused' \
    "POST /echo HTTP/1.1\r\n${h}Content-Length : 5\r\n\r\nhello"
answers 400 'HTTP/1.1 without Host is refused' 'GET /shared HTTP/1.1\r\n\r\n'
answers 400 'two Hosts are refused' "GET /shared HTTP/1.1\r\n$h$h\r\n"
answers 200 'HTTP/1.0 needs none' 'GET /shared HTTP/1.0\r\n\r\n'
said '[closed after'
for line in 'GET' 'GET /shared' '/shared' 'GET /shared HTTP/9.9' ''; do
	raw "$line\r\n\r\n\r\n" >"$tmp/out" 2>&1
	not "\"$line\" is no request that gets a 200" \
	    grep -q '^HTTP/1.1 200' "$tmp/out"
done
# The smuggled second request must not be answered.
raw "POST /echo HTTP/1.1\r\n${h}Content-Length: 2\r\nContent-Length: 50\r\n\r\nabGET /echo/smuggled HTTP/1.1\r\n${h}\r\n" >"$tmp/out" 2>&1
is 'after a refused message nothing more is read' \
    "$(grep -c '^HTTP/1.1' "$tmp/out")" 1

# Bodies.
answers 200 'chunks are joined' \
    "POST /echo/c HTTP/1.1\r\n${h}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
said 'POST /echo/c - 5'
said 'abcde'
pause=0.2 answers 200 'a body in slow pieces is joined' \
    "POST /echo HTTP/1.1\r\n${h}Content-Type: a/b\r\nContent-Le" \
    "ngth: 6\r\n\r\nab" 'cd' 'ef'
said 'POST /echo a/b 6'
head -c 1000 "$tmp/body" >"$tmp/full"
head -c 1001 "$tmp/body" >"$tmp/over"
status 'a body of max_body octets is taken' 200 --data-binary "@$tmp/full" \
    "$url/echo"
status 'one more gets 413' 413 --data-binary "@$tmp/over" "$url/echo"
status '...also in chunks' 413 -H 'Transfer-Encoding: chunked' \
    --data-binary "@$tmp/over" "$url/echo"
# Cut off at once, some would see that and not the answer.
head -c 900000 /dev/zero >"$tmp/much"
for _ in $(seq 20); do
	curl -s -o /dev/null -w '%{http_code} ' -H Expect: \
	    --data-binary "@$tmp/much" "$url/echo"
done >"$tmp/told"
is '...and who is sending 900 kB already is told each time' \
    "$(cat "$tmp/told")" "$(yes '413' | head -n 20 | tr '\n' ' ')"
now=$(date +%s)
answers 413 'who stops in the middle of too much is not waited for' \
    "POST /echo HTTP/1.1\r\n${h}Content-Length: 65537\r\n\r\nxxxx"
ok '...the answer is there in a moment' test $(($(date +%s) - now)) -lt 5
head -c 100000000 /dev/zero | curl -s --max-time 20 -o /dev/null -T - -X POST \
    -H 'Transfer-Encoding: chunked' -H Expect: -w '%{size_upload}' \
    "$url/echo" >"$tmp/sent"
ok '...whoever sends chunks without end is cut off' \
    test "$(cat "$tmp/sent")" -lt 20000000
answers 413 'a large body is refused before it is sent' \
    "POST /echo HTTP/1.1\r\n${h}Content-Length: 4000000000\r\nExpect: 100-continue\r\n\r\n"
not '...without 100 Continue' grep -q '^HTTP/1.1 100' "$tmp/out"
pause=0.3 answers 100 'one that is welcome is asked for' \
    "POST /echo HTTP/1.1\r\n${h}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n" \
    'ok'
said 'POST /echo - 2'
status 'a type that is not wanted gets 415' 415 -H 'Content-Type: video/mp4' \
    --data-binary abc "$url/echo"
status 'a header of 40 kB gets 431' 431 \
    -H "X-Long: $(head -c 40000 /dev/zero | tr '\0' y)" "$url/shared"
ok '...and a path of 40 kB 414 or 431' sh -c "curl -s -o /dev/null \
    -w '%{http_code}' $url/\$(head -c 40000 /dev/zero | tr '\\0' y) |
    grep -qE '414|431'"

# Paths stay as they are.
is 'nothing in a path is decoded' \
    "$(get --path-as-is "$url/echo%2F+a//b/../c%00%zz?x=y%20z")" \
    'GET /echo%2F+a//b/../c%00%zz - 0'

# Methods.
for method in PUT DELETE OPTIONS PATCH TRACE CONNECT GETT get; do
	answers 405 "$method gets 405" "$method /shared HTTP/1.1\r\n${h}\r\n"
	said 'Allow: GET, HEAD, POST'
done

# Several requests on one connection.
raw "GET /echo/1 HTTP/1.1\r\n${h}\r\nPOST /echo/2 HTTP/1.1\r\n${h}Content-Length: 2\r\n\r\nabHEAD /shared HTTP/1.1\r\n${h}\r\nGET /echo/4 HTTP/1.1\r\n${h}Connection: close\r\n\r\n" \
    >"$tmp/raw" 2>&1
is 'pipelined requests are answered' \
    "$(grep -o 'HTTP/1.1 200' "$tmp/raw" | wc -l)" 4
is 'in their order' "$(grep -oE '/echo/[0-9]' "$tmp/raw" | tr '\n' ' ')" \
    '/echo/1 /echo/2 /echo/4 '
ok 'and the last one closes' grep -q '^\[closed' "$tmp/raw"
raw "GET /echo/1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" \
    "GET /echo/2 HTTP/1.0\r\n\r\n" >"$tmp/out" 2>&1
is 'HTTP/1.0 may keep its connection' "$(grep -c '^HTTP/1.1 200' "$tmp/out")" 2

# What goes with a reply.
get -D "$tmp/head" -o "$tmp/got" "$url/shared"
ok 'the body is the file' cmp "$tmp/body" "$tmp/got"
header() {
	tr -d '\r' <"$tmp/head" | sed -n "s/^$1: //p"
}
is 'its type' "$(header Content-Type)" application/test
is 'its tag is strong' "$(header ETag)" '"abc"'
is 'its date' "$(header Last-Modified)" 'Tue, 14 Nov 2023 22:13:20 GMT'
is 'no cache keeps it longer than max_age' "$(header Cache-Control)" \
    'max-age=600, public, no-transform, must-revalidate'
is 'Expires says the same' "$(($(date -d "$(header Expires)" +%s) -
    $(date -d "$(header Date)" +%s)))" 600
is 'nothing tells what served it' "$(header Server)" ''
for path in shared file own; do
	get -D "$tmp/head" -o "$tmp/got" "$url/$path"
	ok "/$path is the file" cmp "$tmp/body" "$tmp/got"
	is '...HEAD says its length' "$(get -I "$url/$path" | tr -d '\r' |
	    sed -n 's/^Content-Length: //p')" 1500
	status '...its tag gets 304' 304 -H 'If-None-Match: "abc"' "$url/$path"
	status '...in a list, weak' 304 -H 'If-None-Match: "x", W/"abc"' \
	    "$url/$path"
	status '...any tag' 304 -H 'If-None-Match: *' "$url/$path"
	status '...another does not' 200 -H 'If-None-Match: "abcd", "ab"' \
	    "$url/$path"
	status '...nor half a list' 200 -H 'If-None-Match: "abc' "$url/$path"
	status '...its date gets 304' 304 -H \
	    'If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT' "$url/$path"
	status '...in the oldest form' 304 -H \
	    'If-Modified-Since: Tue Nov 14 22:13:20 2023' "$url/$path"
	status '...and in the older' 304 -H \
	    'If-Modified-Since: Tuesday, 14-Nov-23 22:13:20 GMT' "$url/$path"
	status '...an earlier one does not' 200 -H \
	    'If-Modified-Since: Tue, 14 Nov 2023 22:13:19 GMT' "$url/$path"
	status '...nor a date that is none' 200 -H \
	    'If-Modified-Since: yesterday' "$url/$path"
	status '...a tag counts more than a date' 200 -H 'If-None-Match: "x"' \
	    -H 'If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT' "$url/$path"
	is '...the first octets' "$(get -r 0-4 "$url/$path")" begin
	is '...the last' "$(get -r -3 "$url/$path")" end
	is '...from one on' "$(get -r 1497- "$url/$path")" end
	is '...past the end' "$(get -r 1497-9999999999999999999999 \
	    "$url/$path")" end
	status '...a part gets 206' 206 -r 0-4 "$url/$path"
	is '...and says which' "$(get -D - -o /dev/null -r 5-9 "$url/$path" |
	    tr -d '\r' | sed -n 's/^Content-Range: //p')" 'bytes 5-9/1500'
	status '...what is not there gets 416' 416 -r 1500- "$url/$path"
	status '...no octet gets 416' 416 -r -0 "$url/$path"
	status '...several parts get all' 200 -r 0-1,3-4 "$url/$path"
	status '...a range that is none gets all' 200 -H 'Range: bytes=5-1' \
	    "$url/$path"
	status '...a part of what it was' 206 -H 'If-Range: "abc"' -r 0-4 \
	    "$url/$path"
	status '...all of what it is now' 200 -H 'If-Range: "old"' -r 0-4 \
	    "$url/$path"
	status '...a weak tag is no proof' 200 -H 'If-Range: W/"abc"' -r 0-4 \
	    "$url/$path"
done
get -o "$tmp/got" -r 0-699 "$url/file"
ok 'a download is taken up where it ended' get -C - -o "$tmp/got" "$url/file"
ok '...and is the file' cmp "$tmp/body" "$tmp/got"
is 'a 304 has tag, date and Cache-Control, and no body' \
    "$(get -i -H 'If-None-Match: "abc"' "$url/shared" |
    grep -cE '^(ETag|Last-Modified|Cache-Control|Expires|Date): ')" 5
status 'a POST is not conditional' 200 -H 'If-None-Match: "abc"' -d a \
    "$url/own"
status 'what is not there gets 404' 404 "$url/nothing"
status 'a handler that does not reply is an error of ours' 500 "$url/never"
is '...that nobody stores' "$(get -I "$url/never" | tr -d '\r' |
    sed -n 's/^Cache-Control: //p')" no-store

# Noise: whatever comes, the next one is served.
is 'two thousand broken requests' \
    "$(perl "$srcdir/tests/lib/noise_http.pl" "$port" 2000)" '0 refused'
get -o "$tmp/got" "$url/shared"
ok '...change nothing' cmp "$tmp/body" "$tmp/got"

# Stalled clients: the time-out of this server is 2 s, twice that for one
# that sends an octet now and then.
wait=8 raw 'GET /sha' >"$tmp/stalled" 2>&1 &
stalled=$!
wait=8 pause=1 raw 'GET /shared HTTP/1.1\r\n' 'X: a' b c d e f g \
    >"$tmp/drip" 2>&1 &
drip=$!
wait=8 raw "GET /shared HTTP/1.1\r\n${h}\r\n" >"$tmp/idle" 2>&1 &
idle=$!
status 'others are served meanwhile' 200 "$url/shared"
wait "$stalled" "$drip" "$idle"
for how in stalled drip idle; do
	ok "a $how connection is closed" grep -q '^\[closed' "$tmp/$how"
done
not 'the dripping one gets nothing' grep -q '^HTTP/1.1 200' "$tmp/drip"

# Operators.
operator /healthz >"$tmp/out"
said "ok site: serves $tmp/body"
operator /metrics >"$tmp/metrics"
ok 'requests are counted' grep -qE \
    "^httpd_requests_total\\{site=\"$tmp/body\"\\} [0-9]{2}" "$tmp/metrics"
ok '...as Prometheus reads it' grep -qxF \
    '# TYPE httpd_requests_total counter' "$tmp/metrics"
printf f >&9
ok 'a check that fails is seen' wait_for sh -c "curl -s -o /dev/null \
    -w '%{http_code}' --unix-socket '$tmp/operator' http://x/healthz |
    grep -q 503"
operator /healthz >"$tmp/out"
said 'FAIL site: told so'
is 'there is nothing else to see' "$(operator /)" \
    'here are /metrics and /healthz'

# It stops when asked, after what it has in hand.
get -o "$tmp/got" "$url/slow" &
slow=$!
wait=8 raw 'GET /sha' >"$tmp/stalled" 2>&1 &
stalled=$!
sleep 0.2
began=$(date +%s)
exec 9>&-
wait "$server"
is 'it stops' $? 0
ok 'soon' [ $(($(date +%s) - began)) -le 2 ]
ok 'a request in hand is answered' wait "$slow"
ok '...in full' cmp "$tmp/body" "$tmp/got"
wait "$stalled"
ok 'one that was not complete is not waited for' \
    grep -q '^\[closed after [012] s' "$tmp/stalled"
is 'nothing was logged' "$(cat "$tmp/log")" ''
done_testing
