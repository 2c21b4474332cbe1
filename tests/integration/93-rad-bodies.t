#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Requests that are too large, that can be read in two ways, that name a file,
# another host or another method: at each address of signet-rad.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/rad.sh"
. "$srcdir/tests/lib/sink.sh"
install_pki
sink_start
rad_configure
rad_set apply '[ "mail-dual" ]'
rad_mail "$sink_url"
# Each thread keeps the room of the largest upload that it has read: 16 MiB.
rad_set threads 2
rad_start

# Every address that takes a POST, as the tables of routes in the source say,
# with something in place of what varies.
posts() {
	{
		sed -n 's/^.*{ HTTP_POST, "\([^"]*\)", \(PAGE_[A-Z]*\),.*/\1 \2/p' \
		    "$srcdir"/ra/*.c
		sed -n 's/^.*{ HTTP_POST, "\([^"]*\)",$/\1 PAGE_OFFICER/p' \
		    "$srcdir"/ra/*.c
		sed -n 's/^	POST("\([^"]*\)"), *$/\1 PAGE_ANYONE/p;
		    s/^	POST("\([^"]*\)"),.*/\1 PAGE_ANYONE/p' "$srcdir/ra/cmp.c"
		sed -n 's,^	POST("\([^"]*\)".*,/.well-known/est\1 PAGE_ANYONE,p' \
		    "$srcdir/ra/est.c"
	} | sed 's/{profile}/mail-dual/; s/{[a-z]*}/0011aabb/g' | sort -u
}
posts >"$tmp/posts"
for known in /enrol/mail-dual /revoke /renew/prepare /cmp \
    /.well-known/est/simpleenroll; do
	ok "$known is one of the addresses" grep -q "^$known " "$tmp/posts"
done

# Memory of all processes of the daemon, MiB.
memory() {
	for pid in $rad_pid $(pgrep -P "$rad_pid"); do
		sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status"
	done | awk '{ n += $1 } END { print int(n / 1024) }'
}
# post PATH WHO [curl's] - status and how much of it was sent
post() {
	post_path=$1 post_who=$2
	shift 2
	set -- "$post_path" -X POST -H Expect: \
	    -w '%{http_code} %{size_upload}\n' "$@"
	if [ "$post_who" = PAGE_ANYONE ]; then
		visit "$@"
	else
		visit_as o1 "$@"
	fi
}
# Who still sends when the answer comes may not see it.
early() {
	read -r early_status early_sent <"$tmp/got"
	echo "status $early_status after $early_sent octets"
	case $early_status in
	413|4??|000) [ "$early_sent" -lt 33554432 ] ;;
	*)	return 1 ;;
	esac
}

# --- 100 MB ---
truncate -s 100M "$tmp/big"
visit / >/dev/null
before=$(memory)
while read -r path who; do
	post "$path" "$who" -T "$tmp/big" >"$tmp/got"
	ok "100 MB to $path are refused early" early
	post "$path" "$who" -T - -H 'Transfer-Encoding: chunked' \
	    <"$tmp/big" >"$tmp/got"
	ok '... also in pieces' early
	post "$path" "$who" -T "$tmp/big" -H 'Content-Type: multipart/form-data; boundary=x' \
	    >"$tmp/got"
	ok '... and as a form' early
done <"$tmp/posts"
rm -f "$tmp/big"
is 'it is still there' "$(visit /)" 200
after=$(memory)
echo "# $before MiB before, $after MiB after"
ok 'and no larger than by two uploads that are read' \
    test "$after" -le $((before + 40))

# --- what a proxy could read in two ways ---
say() {
	"$srcdir/tests/lib/tls_raw.py" say "$rad_port" "$@" >"$tmp/raw"
}
h='Host: pki.example.org\r\n'
hidden='GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n'
# refused WHAT HEAD - and whatever follows is not a request.  (libmicrohttpd
# writes the head of some of its own refusals twice, and closes.)
refused() {
	say "$2$hidden$hidden"
	ok "$1: refused" grep -qaE '^HTTP/1.1 (400|501|505) ' "$tmp/raw"
	is '... and what follows is no request' "$(grep -a '^HTTP/1.1' \
	    "$tmp/raw" | grep -cvaE '^HTTP/1.1 (400|501|505) ')" 0
	ok '... on no connection any more' grep -qa '^.closed' "$tmp/raw"
}
post="POST /revoke HTTP/1.1\\r\\n$h"
refused 'a length and chunks' \
    "${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
refused 'chunks and a length' \
    "${post}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"
refused 'two lengths' "${post}Content-Length: 0\r\nContent-Length: 44\r\n\r\n"
refused 'a list of lengths' "${post}Content-Length: 0, 44\r\n\r\n"
refused 'a length with a sign' "${post}Content-Length: +0\r\n\r\n"
refused 'another coding' "${post}Transfer-Encoding: x, chunked\r\n\r\n0\r\n\r\n"
refused 'a coding that is none' \
    "${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"
refused 'two codings' \
    "${post}Transfer-Encoding: chunked\r\n"'Transfer-Encoding: identity\r\n\r\n0\r\n\r\n'
refused 'a space before the colon' "${post}Content-Length : 44\r\n\r\n"
refused 'a folded header' "${post}X-A: b\r\n Content-Length: 44\r\n\r\n"
refused 'two hosts' "GET / HTTP/1.1\r\n${h}Host: evil.example\r\n\r\n"
refused 'no host' 'GET / HTTP/1.1\r\n\r\n'

# --- methods ---
for method in PUT DELETE OPTIONS PATCH CONNECT PROPFIND get G; do
	is "$method is not spoken" "$(visit /revoke -X $method)" 405
done
say "TRACE / HTTP/1.1\r\n${h}Cookie: secret=1\r\nConnection: close\r\n\r\n"
not 'TRACE tells nothing' grep -qa secret "$tmp/raw"
browse m /revoke >/dev/null
good=$(token)
is 'a method in a header counts nothing' "$(browse m /revoke/confirm \
    -H 'X-HTTP-Method-Override: POST' -H 'X-Method-Override: POST')" 405
is 'nor one in a field' "$(browse m "/revoke/confirm?_method=POST&csrf=$good")" \
    405
is 'what changes something is no GET' "$(browse m \
    "/session/end?csrf=$good")" 405

# --- hosts ---
request alice
# apply_with CURL... - an application by somebody who claims another host
apply_with() {
	browse h /enrol/mail-dual >/dev/null
	browse h /enrol/mail-dual --data-urlencode "csrf=$(token)" \
	    --data-urlencode "mail=$1@example.org" -d field.country=SE \
	    --data-urlencode 'field.org=Example AB' \
	    -d field.orgid=NTRSE-556677-8899 -d field.given=A \
	    -d field.surname=B --data-urlencode 'field.name=A B' \
	    --data-urlencode "csr@$tmp/alice.csr" "$2" "$3"
}
n=0
for header in 'Host: evil.example' 'X-Forwarded-Host: evil.example' \
    'Forwarded: host=evil.example;proto=http' 'X-Original-URL: /evil' \
    'X-Forwarded-Proto: http'; do
	n=$((n + 1))
	apply_with "h$n" -H "$header" >"$tmp/got"
	not "$header is on no page" grep -q evil "$tmp/body" "$tmp/head"
	[ "$(cat "$tmp/got")" = 200 ] || continue
	ok '... and the mail' mailed "TO:<h$n@example.org>" 1
	ok '... leads to us' sh -c 'grep -qF "$1" "$2"' - "$rad/confirm/" \
	    "$(grep -lF "TO:<h$n@example.org>" "$tmp"/sink/mail/*.eml)"
done
not 'no mail leads elsewhere' grep -rq evil "$tmp/sink/mail"
ok 'there were mails' test "$(mails "$rad/confirm/")" -ge 3
say "GET https://evil.example/ HTTP/1.1\r\n${h}Connection: close\r\n\r\n"
not 'an address of another is none of ours' grep -qa '^HTTP/1.1 200' "$tmp/raw"

# --- paths ---
secret=$(head -n 1 /etc/passwd)
for up in ../../../../../../../etc/passwd ..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd \
    ..%5c..%5cetc%5cpasswd %2e%2e/%2e%2e/rad.conf ....//....//etc/passwd \
    /etc/passwd %2fetc%2fpasswd file:%2f%2f%2fetc%2fpasswd; do
	for at in static/ static/0123456789abcdef/ enrol/ ca/ ca/people/ \
	    search/people/ search/people/00/ status/ collect/00/ confirm/ \
	    .well-known/est/ officer/ templates/ texts/ brand/ '?lang=' \
	    'enrol?lang='; do
		visit "/$at$up" -H "Accept-Language: $up" \
		    -b "__Host-signet-lang=$up" >>"$tmp/statuses"
		cat "$tmp/body" >>"$tmp/bodies"
	done
done
not 'no path leads to a file of the machine' grep -qF -e "$secret" \
    -e agent_passphrase "$tmp/bodies"
is 'and none is more than not found, or the home page' "$(grep -cvE \
    '^(200|400|404|405)$' "$tmp/statuses")" 0
is '... which is what a language asks for' "$(grep -c '^200$' \
    "$tmp/statuses")" 16

# --- leading elsewhere ---
for path in //evil.example /%2f/evil.example '/\evil.example' \
    '/?next=//evil.example' '/session?url=https://evil.example' \
    '/?lang=//evil.example' /https://evil.example; do
	visit "$path" -H 'Referer: https://evil.example/' >/dev/null
	is "$path leads nowhere" "$(header Location)" ''
done
browse_as o1 /session >/dev/null
good=$(jq -r .token "$tmp/body")
is 'whoever logs out' "$(browse_as o1 '/session/end?next=//evil.example' \
    -d "csrf=$good" -d next=https://evil.example \
    -H 'Referer: https://evil.example/')" 303
is '... comes to our own page' "$(header Location)" /
done_testing
