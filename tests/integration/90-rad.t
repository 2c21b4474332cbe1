#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# signet-rad as a daemon: its processes, its two addresses, who may have what.
# shellcheck source=tests/integration/tap.sh
. "${srcdir:=.}/tests/integration/tap.sh"
# shellcheck source=tests/lib/installation.sh
. "$srcdir/tests/lib/installation.sh"
# shellcheck source=tests/lib/rad.sh
. "$srcdir/tests/lib/rad.sh"

install_pki
rad_configure

# is WHAT GOT WANTED
is() {
	echo "got $2, wanted $3" >"$tmp/out"
	[ "$2" = "$3" ]
	tap_result $? "$1"
}
rad_try() { signet-rad -t -c "$pki/rad.conf"; }

# --- settings ---
ok 'what signet init wrote is right' rad_try
sed "s,/etc/signet,$pki,g; s,/usr/share/signet,$srcdir," \
    "$srcdir/etc/rad.conf.sample" >"$tmp/sample.conf"
ok 'the sample settings are right' signet-rad -t -c "$tmp/sample.conf"
cp "$pki/rad.conf" "$tmp/rad.conf"
rad_set colour '"blue"'
says 'unknown setting "colour"' rad_try
cp "$tmp/rad.conf" "$pki/rad.conf"
rad_set url '"http://pki.example.org"'
says 'is not https://HOST[:PORT]' rad_try
rad_set url "\"$rad_cert\""
says 'url and url_cert are the same' rad_try
cp "$tmp/rad.conf" "$pki/rad.conf"
mkdir -p "$tmp/brand/templates"
rad_set brand "\"$tmp/brand\""
printf '<p onclick="{{x}}">' >"$tmp/brand/templates/home.html"
says 'home.html:1: no value may stand in this attribute' rad_try
printf '\n{{>nowhere.html}}' >"$tmp/brand/templates/home.html"
says 'home.html:2: there is no template "nowhere.html"' rad_try
printf '<h1>{{t.brand.name}} of ours</h1>' >"$tmp/brand/templates/home.html"
mkdir -p "$tmp/brand/texts"
echo '{"brand.nome": "X"}' >"$tmp/brand/texts/en.json"
says '"brand.nome" is in no other language' rad_try
echo '{"brand.name": "<Our> CA"}' >"$tmp/brand/texts/en.json"
ok 'a brand of texts and templates is taken' rad_try

# --- the two addresses ---
rad_start
is 'the page with the brand is there' "$(visit /)" 200
ok 'its text is text' grep -qF '<h1>&#60;Our&#62; CA of ours</h1>' "$tmp/body"
rad_stop
cp "$tmp/rad.conf" "$pki/rad.conf"
rad_start
is 'the start page is for everybody' "$(visit /)" 200
ok 'in English' grep -q '<html lang="en">' "$tmp/body"
is 'on request in Swedish' "$(visit '/?lang=sv')" 200
ok 'says the page' grep -q '<html lang="sv">' "$tmp/body"
is 'as the browser wants it' "$(visit / -H 'Accept-Language: de, sv-FI;q=0.8, en;q=0.2')" 200
ok 'in Swedish again' grep -q '<html lang="sv">' "$tmp/body"
is 'HEAD has no body' "$(visit / -I)" 200
is 'what is not there is not found' "$(visit /nowhere)" 404
ok 'in words' grep -qi 'there is no such page' "$tmp/body"
is 'other methods are refused' "$(visit / -X DELETE)" 405
is 'and wrong ones' "$(visit / -d a=b)" 405

visit / >/dev/null
css=$(sed -n 's/.*href="\(\/static\/[^"]*site\.css\)".*/\1/p' "$tmp/body")
is 'static files have addresses with a digest' "$(visit "$css")" 200
ok 'that are good for a year' grep -qi '^cache-control: max-age=315' "$tmp/head"
visit / >/dev/null
ok 'pages are not kept' grep -qi '^cache-control: no-store' "$tmp/head"
for name in Content-Security-Policy X-Content-Type-Options X-Frame-Options \
    Referrer-Policy Strict-Transport-Security Cross-Origin-Opener-Policy; do
	ok "a page has $name" grep -qi "^$name: " "$tmp/head"
done
not 'no page has a script or style inside' grep -qE '<script>|<style|style=| on[a-z]+=' "$tmp/body"

# --- who ---
is 'an officer is known by the certificate' "$(visit_as o1 /officer/session)" 200
is 'by name' "$(jq -r '.person + " " + .role' "$tmp/body")" 'o1 officer'
is 'a security officer is an officer, too' "$(visit_as s1 /officer/session)" 200
is 'nobody is asked for a certificate elsewhere' "$(visit /officer/session)" 403
ok 'but told where' grep -q "$rad_cert" "$tmp/body"
is 'without a certificate it does not work' "$(rad_ask "$rad_cert/officer/session")" 403
ok 'and why is said' grep -q 'your browser sent none' "$tmp/body"
is 'what everybody may see is there as well' "$(rad_ask "$rad_cert/")" 200

# --- operators ---
ok 'healthz is well' curl -sSf -o /dev/null "$rad_metrics/healthz"
curl -sSf "$rad_metrics/metrics" >"$tmp/metrics"
for name in signet_rad_connections signet_rad_waiting signet_rad_tls_expires; do
	ok "metrics have $name" grep -q "^$name" "$tmp/metrics"
done
visit '/?secret=4711' -H 'Cookie: x=4712' >/dev/null
not 'the log has no queries' grep -q 4711 "$tmp/rad.log"
not 'and no cookies' grep -q 4712 "$tmp/rad.log"
ok 'but who did what' grep -q 'GET /officer/session 200 .* by=o1' "$tmp/rad.log"

# --- processes ---
children() { pgrep -P "$rad_pid"; }
locked_up() {
	for pid in $(children); do
		grep -q '^NoNewPrivs:	1' "/proc/$pid/status" || return 1
	done
}
ok 'no process may gain rights' locked_up
sealer=$(children | head -n 1)
ok 'the one with the key makes no socket' grep -q '^Seccomp:	2' "/proc/$sealer/status"
is 'nor has it one to the store' "$(find "/proc/$sealer/fd" -lname 'socket:*' | wc -l)" 1
kill -KILL "$sealer"
wait "$rad_pid"
is 'without it the daemon ends' $? 1
ok 'and says so' grep -q 'signet-rad: sealer ended with signal 9' "$tmp/rad.log"
rad_start
kill -HUP "$rad_pid"
wait "$rad_pid"
is 'SIGHUP ends it well' $? 0
rad_start
kill "$rad_pid"
wait "$rad_pid"
is 'so does SIGTERM' $? 0
done_testing
