#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What strangers and guests try with signet-rad.
# shellcheck source=tests/integration/tap.sh
# Runs with --full only.
. "${srcdir:=.}/tests/integration/tap.sh"
# shellcheck source=tests/lib/installation.sh
. "$srcdir/tests/lib/installation.sh"
# shellcheck source=tests/lib/rad.sh
. "$srcdir/tests/lib/rad.sh"

install_pki
rad_configure
rad_set per_address 20

is() {
	echo "got $2, wanted $3" >"$tmp/out"
	[ "$2" = "$3" ]
	tap_result $? "$1"
}
officer_page=/officer/session

# A holder: a certificate of the right installation, without a role.
holder() {
	request h1 && signet order new --profile web-login --ca people \
	    --csr "$tmp/h1.csr" --holder h1 --holder-name "Hans One" \
	    --field "name=Hans One" --yes </dev/null >"$tmp/new" 2>&1 &&
	    as o1 signet order approve "$(last_order)" --yes >"$tmp/new" 2>&1 &&
	    cad && cert_of "$(last_order)" >"$tmp/h1.pem" && [ -s "$tmp/h1.pem" ]
}

rad_start

# --- script ---
evil='%22%3E%3Cscript%3Ealert(1)%3C/script%3E'
is 'a script in the address finds nothing' "$(visit "/x$evil")" 404
not 'and is not on the page' grep -qi '<script>' "$tmp/body"
visit "/?lang=$evil&message=$evil" >/dev/null
not 'nor one in the query' grep -qi '<script>alert' "$tmp/body"
visit / -H 'Accept-Language: "><script>alert(1)</script>' \
    -H 'Cookie: __Host-signet-lang="><script>' >/dev/null
not 'nor one in a header' grep -qi '<script>alert' "$tmp/body"

# --- paths ---
for path in /static/../settings.c /static/%2e%2e/settings.c /../../etc/passwd \
    //etc/passwd /static//etc/passwd /%00 /officer/../session '/static/' \
    '/static/..%5c..%5cetc/passwd'; do
	is "$path leads nowhere" "$(visit "$path")" 404
done

# --- headers ---
for path in '/?lang=sv%0d%0aX-Evil:1' '/%0d%0aX-Evil:%201' \
    '/officer/session%0aX-Evil:1'; do
	visit "$path" >/dev/null
	not "no header comes of $path" grep -qi '^X-Evil' "$tmp/head"
done
printf 'GET / HTTP/1.1\r\nHost: x\r\nX-A: b\rX-Evil: 1\r\n\r\n' |
    timeout 5 openssl s_client -quiet -connect "127.0.0.1:$rad_port" \
    >"$tmp/raw" 2>/dev/null
not 'nor of a bare CR' grep -qi '^X-Evil' "$tmp/raw"
printf 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n' |
    timeout 5 openssl s_client -quiet -connect "127.0.0.1:$rad_port" \
    >"$tmp/raw" 2>/dev/null
ok 'two hosts are none' grep -q '^HTTP/1.1 400' "$tmp/raw"

# --- forged requests ---
session_token() { jq -r .token "$tmp/body"; }
end=/session/end
browse_as o1 $officer_page >/dev/null
good=$(session_token)
is 'a form without its token is refused' "$(browse_as o1 $end -d x=1)" 403
ok 'in words' grep -q 'too old, or not from this site' "$tmp/body"
is 'so is one with a made-up token' "$(browse_as o1 $end -d csrf=AAAA)" 403
is 'and one without any cookie' "$(visit_as o1 $end -d "csrf=$good")" 403
is 'and one from another site' "$(browse_as o1 $end -d "csrf=$good" \
    -H 'Origin: https://evil.example')" 403
ok 'that is said' grep -q 'sent by another site' "$tmp/body"
is 'as browsers say it now' "$(browse_as o1 $end -d "csrf=$good" \
    -H 'Sec-Fetch-Site: cross-site')" 403
is 'the address for everybody is another site' "$(browse_as o1 $end \
    -d "csrf=$good" -H "Origin: $rad")" 403
browse_as o2 $officer_page >/dev/null
is 'the token of another session is none' "$(browse_as o2 $end -d "csrf=$good")" 403
is 'a token in the address is none' "$(browse_as o1 "$end?csrf=$good" -d x=1)" 403
is 'what is no form is refused' "$(browse_as o1 $end -H 'Content-Type: application/json' \
    -H "X-Signet-Token: $good" -d '{}')" 400
is 'the right token is taken' "$(browse_as o1 $end -d "csrf=$good" \
    -H "Origin: $rad_cert" -H 'Sec-Fetch-Site: same-origin')" 303
is 'and leads on' "$(header Location)" /
is 'once: the session has ended' "$(browse_as o1 $end -d "csrf=$good")" 403

# --- foreign and made-up sessions ---
browse_as o1 $officer_page >/dev/null
good=$(session_token)
cp "$tmp/o1.jar" "$tmp/o2.jar"
is "another's cookie and token are worth nothing" "$(browse_as o2 $end -d "csrf=$good")" 403
cookie=$(sed -n 's/.*__Host-signet-cert	//p' "$tmp/o1.jar")
planted() {
	visit_as o1 $officer_page -b "__Host-signet-cert=$1" >/dev/null
	grep -qi "^set-cookie: __Host-signet-cert=" "$tmp/head"
}
not 'a session of ours goes on' planted "$cookie"
ok 'a changed one is replaced' planted "g${cookie#?}"
ok 'a planted one is replaced' planted 00112233445566778899aabbccddeeff
ok 'one that is planted twice is replaced' planted "$cookie; __Host-signet-cert=$cookie"

# --- certificates ---
is 'no certificate: no' "$(rad_ask "$rad_cert$officer_page")" 403
ok 'a holder gets a certificate' holder
is 'a holder is one' "$(visit_as h1 /session)" 200
is 'and no officer' "$(visit_as h1 $officer_page)" 403
ok 'that is said' grep -qi 'this page is for an officer' "$tmp/body"
openssl req -new -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$tmp/self.key" -out "$tmp/self.pem" -days 30 \
    -subj "$(openssl x509 -in "$tmp/o1.pem" -noout -subject -nameopt compat |
    sed 's/^subject=//')" 2>/dev/null
is 'a certificate of oneself: no' "$(visit_as self $officer_page)" 403
ok 'and why' grep -q 'not from a CA of this installation' "$tmp/body"
cp "$pki/agents/ra.pem" "$tmp/ra.pem"
openssl pkey -in "$pki/agents/ra.key" -passin "file:$pki/secrets/agent-ra" \
    -out "$tmp/ra.key" 2>/dev/null
is "the RA's own is no officer's" "$(visit_as ra $officer_page)" 403
cp "$pki/tls/ra-tls.pem" "$tmp/srv.pem"
openssl pkey -in "$pki/tls/ra-tls.key" \
    -passin "file:$pki/secrets/agent-ra-tls" -out "$tmp/srv.key" 2>/dev/null
is "a server's is not for logging in" "$(visit_as srv /session)" 403
ok 'says why' grep -qi 'not for logging in' "$tmp/body"

# The connection stays; the officer does not.
mkfifo "$tmp/hold"
openssl s_client -quiet -connect "127.0.0.1:$rad_cert_port" -cert "$tmp/o2.pem" \
    -key "$tmp/o2.key" <"$tmp/hold" >"$tmp/held" 2>/dev/null &
pids="$pids $!"
exec 7>"$tmp/hold"
ask_held() {
	printf 'GET %s HTTP/1.1\r\nHost: x\r\n\r\n' $officer_page >&7
}
ask_held
ok 'an officer has a connection open' wait_for grep -q '^HTTP/1.1 200' "$tmp/held"
order_revoke() {
	as s1 signet cert revoke "$(serial_in "$pki/officers/o2.pem")" \
	    --reason privilegeWithdrawn --wait 1s --yes
}
order_revoke >"$tmp/new" 2>&1
ask_held
ok 'and loses the right' cad
statuses() { grep -ao 'HTTP/1.1 [0-9]*' "$tmp/held"; }
two() { [ "$(statuses | wc -l)" -eq 2 ]; }
three() { [ "$(statuses | wc -l)" -eq 3 ]; }
wait_for two
ask_held
wait_for three
is 'with the next request on it' "$(statuses | tail -n 1)" 'HTTP/1.1 403'
exec 7>&-
is 'and on another' "$(visit_as o2 $officer_page)" 403
ok 'as revoked' grep -qi 'your certificate is revoked' "$tmp/body"

# --- too much ---
head -c 104857600 /dev/zero >"$tmp/big"
is '100 MB are not read' "$(visit_as o1 $end --data-binary "@$tmp/big" -H Expect:)" 413
not 'nor without a length' grep -q 200 "$tmp/head"
visit_as o1 $end -T "$tmp/big" -X POST -H 'Transfer-Encoding: chunked' \
    -H Expect: >"$tmp/status"
ok 'in pieces neither' grep -qE '^(413|000)' "$tmp/status"
rm -f "$tmp/big"
# Who still sends when the answer comes may not see it.
long=$(head -c 100000 /dev/zero | tr '\0' a)
visit / -H "X-Big: $long" >"$tmp/status"
ok 'nor a header of 100 kB' grep -qE '^(431|000)' "$tmp/status"
visit "/$long" >"$tmp/status"
ok 'nor an address of 100 kB' grep -qE '^(414|000)' "$tmp/status"
is 'it is still there' "$(visit /)" 200

# --- too slow, too many ---
rad_stop
rad_set timeout 1
rad_start
slow() {
	timeout 15 perl -MIO::Socket::INET -e '
	    my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$ARGV[0]") or die;
	    $s->autoflush(1);
	    my $from = time;
	    $SIG{PIPE} = "IGNORE";
	    for (1 .. 40) {
		print $s substr("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" . "x" x 99, $_ - 1, 1) or last;
		my $r = ""; vec($r, fileno($s), 1) = 1;
		last if select($r, undef, undef, 0.25) && !sysread($s, my $b, 1);
	    }
	    exit(time - $from <= 6 ? 0 : 1)' "$1"
}
ok 'a handshake octet by octet is cut off' slow "$rad_port"
slow_tls() {
	(printf 'GET / HTTP/1.1\r\nHost: x\r\n'
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		sleep 0.4
		printf 'X-A: b\r\n' || break
	done) 2>/dev/null | timeout 15 openssl s_client -quiet \
	    -connect "127.0.0.1:$rad_cert_port" >"$tmp/slow" 2>&1
}
from=$(date +%s)
slow_tls
took=$(($(date +%s) - from))
ok 'so is a request over TLS' test "$took" -le 9
not 'which has no answer' grep -q '^HTTP/1.1 200' "$tmp/slow"
many() {
	timeout 15 perl -MIO::Socket::INET -e '
	    my @s = map { IO::Socket::INET->new(PeerAddr =>
		"127.0.0.1:$ARGV[0]") } 1 .. 40;
	    my $closed = 0;
	    select(undef, undef, undef, 0.5);
	    for my $s (@s) {
		my $r = ""; vec($r, fileno($s), 1) = 1;
		$closed++ if select($r, undef, undef, 0) && !sysread($s, my $b, 1);
	    }
	    print "$closed\n"' "$1"
}
is 'of 40 connections of one address 20 are kept' "$(many "$rad_port")" 20
is 'others are served' "$(visit /)" 200

# --- TLS ---
tls_with() {
	echo | timeout 5 openssl s_client -connect "127.0.0.1:$rad_port" "$@"
}
ok 'TLS 1.3 is spoken' tls_with -tls1_3
ok 'TLS 1.2, too' tls_with -tls1_2
not 'no older one' tls_with -tls1_1 -cipher 'ALL:@SECLEVEL=0'
not 'no key exchange without forward secrecy' tls_with -tls1_2 -cipher AES128-GCM-SHA256
not 'no CBC' tls_with -tls1_2 -cipher ECDHE-ECDSA-AES128-SHA
plain() { curl -s --max-time 5 "http://127.0.0.1:$rad_port/"; }
not 'nothing in clear' plain
rad_stop

# --- a certificate that has ended ---
travel 1500
rad_start
is 'a certificate that has ended: no' "$(visit_as o1 $officer_page)" 403
ok 'that is said' grep -qi 'expired' "$tmp/body"
rad_stop
travel 0

# --- a session that was left alone ---
rad_set idle '"10s"'
rm "$tmp/o1.jar"
rad_start
browse_as o1 $officer_page >/dev/null
good=$(session_token)
rad_stop
SIGNET_CLOCK_OFFSET=11
export SIGNET_CLOCK_OFFSET
rad_start
is 'after a while nothing is done' "$(browse_as o1 $end -d "csrf=$good")" 403
ok 'but told' grep -qi 'your session has ended, and nothing was done' "$tmp/body"
rad_stop
done_testing
