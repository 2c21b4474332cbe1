#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Renewing with the old key at signet-rad, in the two halves that a browser
# does; and a daemon that is killed between any two steps of applicants.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/rad.sh"
. "$srcdir/tests/lib/sink.sh"
. "$srcdir/tests/lib/formats.sh"
install_pki
sink_start
sed -i -e 's/^validity = .*/validity = "300d";/' \
    -e 's/^renewal_window = .*/renewal_window = "300d";/' \
    "$pki/profiles/mail-dual"
rad_configure
rad_set apply '[ "mail-dual" ]'
rad_mail "$sink_url"
ok 'signet-rad starts' rad_start

person() {
	as o1 signet order new --profile mail-dual --csr "$tmp/$1.csr" \
	    --holder "$1" --holder-name "$1" --field country=SE \
	    --field "org=Example AB" --field orgid=NTRSE-556677-8899 \
	    --field "given=$1" --field surname=Holm --field "name=$1 Holm" \
	    --field "mail=$1@example.org" --sign --yes >"$tmp/out" 2>&1 &&
	    cad && cert_of "$(last_order)" >"$tmp/$1.pem"
}
request alice
request bob
ok 'two people have certificates' person alice
ok '... both of them' person bob

# value NAME [FILE] - of the JSON in $tmp/body
value() {
	python3 -c 'import json, sys
print(json.load(open(sys.argv[1])).get(sys.argv[2], ""))' "$tmp/${2:-body}" "$1"
}
# prepare CERT CSR
prepare() {
	browse n /renew >/dev/null
	printf %s "$(token)" >"$tmp/csrf"
	browse n /renew/prepare --data-urlencode "csrf@$tmp/csrf" \
	    --data-urlencode "certificate@$tmp/$1.pem" \
	    --data-urlencode "csr@$tmp/$2.csr"
}
# sign KEY - the half in $tmp/prepared: $half and $signature
sign() {
	half=$(value token prepared)
	value bytes prepared | openssl base64 -d -A >"$tmp/bytes"
	signature=$(openssl dgst -sha256 -sign "$tmp/$1.key" "$tmp/bytes" |
	    openssl base64 -A)
}
finish() {
	browse n /renew/finish --data-urlencode "csrf@$tmp/csrf" \
	    --data-urlencode "token=$half" \
	    --data-urlencode "signature=$signature"
}
orders() {
	sql 'SELECT count(*) FROM orders'
}

request alice2 -subj /	# names come from the old certificate
before=$(orders)
is 'a certificate of somebody else is refused' "$(
    openssl req -x509 -key "$tmp/alice.key" -subj /CN=alice -days 9 \
	-out "$tmp/own.pem" 2>/dev/null; prepare own alice2)" 400
ok '... and told so' grep -q 'certificate was not issued here' "$tmp/body"
is 'a request that is none is refused' "$(echo junk >"$tmp/junk.csr"
    prepare alice junk)" 400
request mallory -subj "/CN=Mallory"
is 'another name is refused' "$(prepare alice mallory)" 403
is 'the first half is prepared' "$(prepare alice alice2)" 200
cp "$tmp/body" "$tmp/prepared"
is '... with the digest to use' "$(value hash)" SHA-256
sign bob
is "another's signature is refused" "$(finish)" 403
sign alice
good=$half
half=$(printf '%s' "$good" | openssl base64 -d -A | perl -0777 -pe \
    's/alice\@example/alfons\@exampl/g; s/(.{60}).(.*)/$1X$2/s' |
    openssl base64 -A)
is 'a half that was changed is refused' "$(finish)" 403
half=AAAA
is '... and one that is none' "$(finish)" 400
half=$good
is 'so far nothing is stored' "$(orders)" "$before"
is 'the second half makes the order' "$(finish)" 200
where=$(value location)
is '... once, and who asks again is told the same' \
    "$(finish; value location; orders)" "200
$where
$((before + 1))"
cad
is '... also when the CA has acted' "$(finish; value location; orders)" "200
$where
$((before + 1))"
is 'the new certificate is there' "$(visit "$(echo "$where" |
    sed s,status,collect,)/pem")" 200
ok '... for the new key' sh -c "openssl x509 -in '$tmp/body' -noout \
    -pubkey >'$tmp/new.pub'; openssl pkey -in '$tmp/alice2.key' -pubout |
    cmp -s - '$tmp/new.pub'"
ok '... with the old names' sh -c "openssl x509 -in '$tmp/body' -noout \
    -ext subjectAltName | grep -q alice@example.org"

# An answer that was lost: the first half is prepared, and the second handed in
# by several at once; or too late.
bob_once() {
	prepare bob "$1" >/dev/null && cp "$tmp/body" "$tmp/prepared" && sign bob
}
ask_at_once() {
	for i in 1 2 3 4; do
		curl -s --cacert "$pki/ca/root.pem" -o "$tmp/told$i" \
		    --resolve "$rad_host:$rad_port:127.0.0.1" \
		    -b "$tmp/n.jar" --data-urlencode "csrf@$tmp/csrf" \
		    --data-urlencode "token=$half" \
		    --data-urlencode "signature=$signature" \
		    "$rad/renew/finish" &
		jobs="${jobs:-} $!"
	done
	# shellcheck disable=SC2086 # numbers
	wait $jobs
	jobs=
}
before=$(orders)
request bob2 -subj /
bob_once bob2
ask_at_once
is 'of several at once each is told the same' "$(cat "$tmp"/told? |
    grep -o '/status/[0-9a-f]*' | sort | uniq -c | awk '{ print $1 }')" 4
is '... of one order' "$(orders)" "$((before + 1))"
where=$(value location told1)
is '... which has the approval of the registration once' "$(sql "SELECT
    count(*) FROM audit WHERE body LIKE
    E'act=order-approve%id=${where#/status/}%'")" 1
rad_stop
rad_start
is 'a daemon that was stopped in between says so, too' \
    "$(finish; value location)" "200
$where"
request bob3 -subj /
bob_once bob3
SIGNET_CLOCK_OFFSET=700
export SIGNET_CLOCK_OFFSET
rad_stop
rad_start
is 'what is handed in too late makes no order' "$(finish; orders)" "403
$((before + 1))"
unset SIGNET_CLOCK_OFFSET
rad_stop
rad_start
sed -i 's/^renewal_window = .*/renewal_window = "5d";/' \
    "$pki/profiles/mail-dual"
rad_stop
rad_start
is 'before its time nothing is renewed' "$(prepare bob bob)" 403

# Killed at any time: what was stored counts, and nothing else.
state() {
	sql "SELECT state FROM application"
}
request carol
browse k /enrol/mail-dual >/dev/null
csrf=$(token)
sink_mode busy
apply() {
	browse k /enrol/mail-dual --data-urlencode "csrf=$csrf" \
	    -d mail=carol@example.org -d field.country=SE \
	    -d field.org=Example -d field.orgid=NTRSE-556677-8899 \
	    -d field.given=Carol -d field.surname=Holm \
	    -d "field.name=Carol" --data-urlencode "csr@$tmp/carol.csr"
}
rad_kill() {
	kill -9 "$rad_pid"
	wait "$rad_pid" 2>/dev/null
	wait_for not_listening
	rad_start
}
not_listening() {
	! curl -sk --max-time 1 "https://127.0.0.1:$rad_port/" >"$tmp/none" \
	    2>&1
}
is 'with a dead mail server the form works' "$(apply)" 200
rad_kill
is 'killed after the form, it is there' "$(state)" unconfirmed
sink_mode ok
ok '... and the mail comes' mailed 'TO:<carol@example.org>' 1
link=$(last_mail 'TO:<carol@example.org>' |
    grep -oE 'https://[^ ]*/confirm/[0-9a-f]{40}')
confirm=${link#"$rad"}
rad_kill
browse k "$confirm" >/dev/null
csrf=$(token)
for i in 1 2 3 4 5 6 7 8; do
	curl -s --cacert "$pki/ca/root.pem" -o "$tmp/body$i" \
	    --resolve "$rad_host:$rad_port:127.0.0.1" -w '%{http_code}\n' \
	    -b "$tmp/k.jar" --data-urlencode "csrf=$csrf" "$rad$confirm" \
	    >"$tmp/code$i" &
	jobs="${jobs:-} $!"
done
# shellcheck disable=SC2086 # numbers
wait $jobs
is 'of eight confirmations at once one counts' "$(cat "$tmp"/code? |
    sort | uniq -c | awk '{ printf "%sx%s ", $1, $2 }')" '1x303 7x409 '
rad_kill
is 'killed after that, it waits for an officer' "$(state)" waiting
ok '... the applicant has a link' mailed /status/ 1
status=$(last_mail /status/ | grep -oE 'https://[^ ]*/status/[0-9a-f]{40}')
is '... that works' "$(browse k "${status#"$rad"}")" 200
csrf=$(token)
is 'it can be withdrawn' "$(browse k "${status#"$rad"}/withdraw" \
    --data-urlencode "csrf=$csrf")" 303
is '... once' "$(browse k "${status#"$rad"}/withdraw" \
    --data-urlencode "csrf=$csrf")" 409
is '... and is' "$(state)" withdrawn
sleep 2
is 'no mail came twice' "$(mails 'TO:<carol@example.org>')" 2

# What the operator sees of it.
says '0 wait, 0 of them are due; 0 were given up' signet notice status
sink_mode unknown
sql "INSERT INTO notice (kind, application, mail, lang)
    SELECT 'expired', id, 'nobody@example.org', 'en' FROM application;
    ALTER TABLE application DISABLE TRIGGER ALL;
    UPDATE application SET state = 'expired'" >/dev/null
dead() {
	signet notice dead | grep -q "$1"
}
ok 'what a server refuses for good is listed' wait_for dead \
    'nobody@example.org.*550 5.1.1 no such mailbox'
as_page 'signet notice dead' signet notice dead
exits 2 'retrying needs to know what' signet notice retry
exits 4 'what was not given up is not retried' signet notice retry 999999
said 'was not given up'
sink_mode ok
as_page 'signet notice retry --all' signet notice retry --all
ok '... and go' mailed 'TO:<nobody@example.org>' 1
ok 'signet notice status has JSON' sh -c "signet notice status --json |
    python3 -c 'import json, sys; exit(json.load(sys.stdin)[\"dead\"])'"
done_testing
