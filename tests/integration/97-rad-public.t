#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs with --full only.
# Applicants and holders at signet-rad, forward and wrong: apply by form,
# confirm, follow, collect, revoke by code, redeem a code, search.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/rad.sh"
. "$srcdir/tests/lib/sink.sh"
install_pki
sink_start
rad_configure
rad_set apply '[ "mail-dual" ]'
rad_set offices '[ "north", "south" ]'
rad_mail "$sink_url"
rad_set mail_name '"Example PKI"'
ok 'signet-rad starts' rad_start

# apply JAR MAIL [curl's] - the form as a browser sends it
apply() {
	apply_jar=$1 apply_mail=$2
	shift 2
	browse "$apply_jar" /enrol/mail-dual >/dev/null
	browse "$apply_jar" /enrol/mail-dual \
	    --data-urlencode "csrf=$(token)" \
	    --data-urlencode "mail=$apply_mail" \
	    --data-urlencode "field.country=SE" \
	    --data-urlencode "field.org=Example AB" \
	    --data-urlencode "field.orgid=NTRSE-556677-8899" \
	    --data-urlencode "field.given=Alice" \
	    --data-urlencode "field.surname=Holm" \
	    --data-urlencode "field.name=Alice Holm" \
	    --data-urlencode "office=south" \
	    --data-urlencode "csr@$tmp/alice.csr" "$@"
}
state() {
	sql "SELECT state FROM application WHERE mail = '$1'
	    ORDER BY seq DESC LIMIT 1"
}
link_in() {
	last_mail "$1" | grep -oE "https://[^ ]*/$2/[0-9a-f]{40}" | head -n 1
}
path_of() {
	printf '%s\n' "$1" | sed "s,^$rad,,"
}
has() {
	grep -qF -e "$1" "$tmp/body"
}

# What is offered.
is 'the pages say what can be had' "$(visit /enrol)" 200
ok '... which is what the settings say' has /enrol/mail-dual
not '... and no other profile' has /enrol/officer
is 'a profile that has no form is not found' "$(visit /enrol/officer)" 404
is 'the form asks' "$(visit /enrol/mail-dual)" 200
ok '... for the fields of the profile' has 'name="field.surname"'
not '... but not for what only officers say' has 'name="field.upn"'
ok '... and for the office' has '<option value="south"'

# Wrong input: every field that is wrong, at once, and nothing is stored.
request alice
is 'a form with mistakes comes back' "$(apply a 'alice@@example.org' \
    --data-urlencode 'field.country=Sweden')" 400
ok '... at the address' has '#f-mail'
browse a /enrol/mail-dual >/dev/null
is 'of an empty form all mistakes are told' "$(browse a /enrol/mail-dual \
    --data-urlencode "csrf=$(token)" -d mail=)" 400
ok '... the missing names' has '#f-field.surname'
ok '... and the missing request' has '#f-csr'
echo junk >"$tmp/junk.csr"
cp "$tmp/alice.csr" "$tmp/good.csr"
cp "$tmp/junk.csr" "$tmp/alice.csr"
is 'a request that is none is refused' "$(apply a alice@example.org)" 400
cp "$tmp/good.csr" "$tmp/alice.csr"
is 'script in a field is refused or is text' "$(apply a \
    alice@@example.org --data-urlencode \
    'note="><script>alert(1)</script>')" 400
ok '... which is shown as it was typed' has '&#60;script&#62;alert(1)'
not '... and never runs' has '<script>alert'
is 'a header in an address is refused' "$(apply a "$(printf \
    'alice@example.org\r\nBcc: eve@example.org')")" 400
is '... and nothing was stored' "$(sql \
    'SELECT count(*) FROM application')" 0
is 'without the token of the form nothing happens' "$(browse a \
    /enrol/mail-dual -d mail=alice@example.org)" 403

# Forward.
is 'an application is taken' "$(apply a alice@example.org)" 200
ok '... the page says where the mail went' has alice@example.org
is '... it waits for the address' "$(state alice@example.org)" unconfirmed
ok 'a mail with a link comes' mailed 'TO:<alice@example.org>' 1
link=$(link_in 'TO:<alice@example.org>' confirm)
confirm=$(path_of "$link")
is 'the store has no link that works' "$(sql "SELECT count(*) FROM
    application_link WHERE encode(token, 'hex') = '${link##*/}'")" 0
is 'to look at the link changes nothing' "$(visit "$confirm")" 200
is '... however often' "$(visit "$confirm")$(state alice@example.org)" \
    200unconfirmed
is 'a wrong link leads nowhere' "$(visit "${confirm%?????}00000")" 404
browse b "$confirm" >/dev/null
token=$(token)
for i in 1 2; do
	(browse b "$confirm" --data-urlencode "csrf=$token" >"$tmp/got$i"
	header Location >"$tmp/where$i") 2>/dev/null
done
is 'of two confirmations one counts' "$(sort "$tmp/got1" "$tmp/got2" |
    tr '\n' ' ')" '303 409 '
is '... and it waits for an officer' "$(state alice@example.org)" waiting
status=$(path_of "$(cat "$tmp/where1")")
is 'the applicant sees how it stands' "$(visit "$status")" 200
ok '... that it waits' has 'class="tag waiting"'
ok 'a second mail leads there, too' mailed '/status/' 1
is 'a link of one kind is none of the other' "$(visit \
    "$(echo "$confirm" | sed s,confirm,status,)")" 404
is 'there is nothing to collect yet' "$(visit \
    "$(echo "$status" | sed s,status,collect,)")" 404

# An officer makes the order (what the officers' page does).
as o1 signet order new --profile mail-dual --csr "$tmp/alice.csr" \
    --holder 4711 --holder-name "Alice Holm" --field country=SE \
    --field "org=Example AB" --field orgid=NTRSE-556677-8899 \
    --field given=Alice --field surname=Holm --field "name=Alice Holm" \
    --field mail=alice@example.org --sign --yes >"$tmp/order" 2>&1
id=$(last_order)
sql "UPDATE application SET state = 'ordered', order_id = '\\x$id'
    WHERE state = 'waiting'" >/dev/null
visit "$status" >/dev/null
ok 'the order is what the page shows' has 'class="tag ordered"'
cad
visit "$status" >/dev/null
ok 'when it is issued the page says so' has "$(echo "$status" |
    sed s,status,collect,)"
ok '... and a mail' mailed 'Your certificate is there' 1
collect=$(echo "$status" | sed s,status,collect,)
is 'it is collected' "$(visit "$collect")" 200
code=$(grep -oE '([0-9A-Z]{4}-){5}[0-9A-Z]{4}' "$tmp/body" | head -n 1)
ok '... with a revocation code' test -n "$code"
visit "$collect" >/dev/null
not '... which is shown once' has 'revocation-code'
is 'the store does not have it' "$(sql "SELECT count(*) FROM revocation_code
    WHERE encode(hash, 'escape') LIKE '%$code%'")" 0
is 'without the token of the page no other is made' "$(browse k \
    "$collect/code" -d x=y)" 403
old=$code
browse k "$collect" >/dev/null
is 'who has not seen it makes another one' "$(browse k "$collect/code" \
    --data-urlencode "csrf=$(token)")" 200
code=$(grep -oE '([0-9A-Z]{4}-){5}[0-9A-Z]{4}' "$tmp/body" | head -n 1)
ok '... which is shown' test -n "$code"
not '... and is not the first' test "$code" = "$old"
browse r /revoke >/dev/null
is '... which is void' "$(browse r /revoke --data-urlencode "csrf=$(token)" \
    --data-urlencode "code=$old")" 403
is 'of the certificate there is one code' "$(sql "SELECT count(*)
    FROM revocation_code")" 1
is 'as PEM' "$(visit "$collect/pem")" 200
ok '... for the key of the request' sh -c "openssl x509 -in '$tmp/body' \
    -noout -pubkey | cmp -s - /dev/fd/3 3<<E
$(openssl pkey -in "$tmp/alice.key" -pubout)
E"
is 'as DER' "$(visit "$collect/der")" 200
ok '... the same' openssl x509 -inform DER -in "$tmp/body" -noout
is 'as PKCS#7' "$(visit "$collect/p7")" 200
ok '... with its chain' sh -c "openssl pkcs7 -inform DER -in '$tmp/body' \
    -print_certs | grep -c '^subject' | grep -qx 2"
is 'as nothing else' "$(visit "$collect/p12")" 404

# Searching.
is 'it is found by its address' "$(visit '/search?mail=Alice%40example.org')" \
    200
ok '... with its name' has 'Alice Holm'
is 'a part of an address is refused' "$(visit '/search?mail=alice')" 400
visit '/search?mail=%25%40example.org' >/dev/null
not 'and a wildcard finds nobody' has 'Alice Holm'
visit '/search?mail=alic_%40example.org' >/dev/null
not '... of either kind' has 'Alice Holm'

# The authorities.
is 'their certificates are shown' "$(visit /ca)" 200
print=$(openssl x509 -in "$pki/ca/root.pem" -noout -fingerprint -sha256 |
    cut -d = -f 2)
ok '... with fingerprints' has "$print"
is '... and can be had' "$(visit /ca/people/pem)" 200
ok '... as they are' cmp -s "$tmp/body" "$pki/ca/people.pem"
is 'no other file is one' "$(visit /ca/..%2f..%2frad.conf/pem)" 404

# Revoking by code: what is on the same card goes with it.
for n in 4711 4713; do
	request "card$n"
	as o1 signet order new --profile web-login --csr "$tmp/card$n.csr" --holder "$n" \
	    --holder-name "Holder $n" --field "name=Holder $n" --sign --yes >"$tmp/out" 2>&1
done
cad
tamper "UPDATE cert SET card = 'T0000001B' WHERE holder IN ('4711', '4713')"
is 'a wrong code is refused' "$(browse r /revoke >/dev/null
    browse r /revoke --data-urlencode "csrf=$(token)" \
    -d code=0000-0000-0000-0000-0000-0000)" 403
cp "$tmp/body" "$tmp/unknown"
is '... and one of a code that there is' "$(browse r /revoke \
    --data-urlencode "csrf=$(token)" \
    --data-urlencode "code=${code%????}0000")" 403
ok '... is told in the same words' sh -c "sed 's/value=\"[^\"]*\"//g' \
    '$tmp/unknown' >'$tmp/1'; sed 's/value=\"[^\"]*\"//g' '$tmp/body' \
    >'$tmp/2'; grep 'href=\"#f-code' '$tmp/1' >'$tmp/1a';
    grep 'href=\"#f-code' '$tmp/2' | cmp -s - '$tmp/1a'"
is 'the right one shows what it is for' "$(browse r /revoke \
    --data-urlencode "csrf=$(token)" --data-urlencode "code=$code")" 200
ok '... the certificate' has 'Alice Holm'
ok '... and what else is on its card' has "$(sql "SELECT encode(serial, 'hex')
    FROM cert WHERE holder = '4711' AND profile = 'web-login'")"
not '... of the same holder alone' has "$(sql "SELECT encode(serial, 'hex')
    FROM cert WHERE holder = '4713'")"
is 'without a reason it is not revoked' "$(browse r /revoke/confirm \
    --data-urlencode "csrf=$(token)" --data-urlencode "code=$code")" 400
browse r /revoke >/dev/null
is 'it is revoked' "$(browse r /revoke/confirm \
    --data-urlencode "csrf=$(token)" --data-urlencode "code=$code" \
    -d reason=keyCompromise)" 200
browse r /revoke >/dev/null
is '... and who asks again before the CA has acted' "$(browse r \
    /revoke/confirm --data-urlencode "csrf=$(token)" \
    --data-urlencode "code=$code" -d reason=keyCompromise)" 200
is '... orders nothing more' "$(sql "SELECT count(*) FROM orders
    WHERE kind = 'revoke'")" 1
cad
is '... by the CA' "$(sql "SELECT status, reason FROM cert
    WHERE holder = '4711' AND profile = 'mail-dual'")" 'revoked|1'
is '... with all of the card, and nothing of another holder' "$(sql "SELECT
    string_agg(holder || ' ' || status, ', ' ORDER BY holder) FROM cert
    WHERE profile = 'web-login'")" '4711 revoked, 4713 good'
ok '... and a mail says so' mailed 'Your certificate was revoked' 1
last_mail 'Your certificate was revoked' >"$tmp/words"
ok '... in words, and whose it was' sh -c "grep -q 'Alice Holm' '$tmp/words' &&
    grep -q 'reason: Somebody else may have the key' '$tmp/words'"
last_mail 'Your certificate is there' >"$tmp/words"
ok 'as one did when it was issued' grep -q 'Alice Holm' "$tmp/words"
visit '/search?mail=alice%40example.org' >/dev/null
not 'it is found no more' has 'Alice Holm'

# A one-time code.
as o1 signet order new --code --profile mail-dual --holder 4712 \
    --holder-name "Bob Berg" --field country=SE --field "org=Example AB" \
    --field orgid=NTRSE-556677-8899 --field given=Bob --field surname=Berg \
    --field "name=Bob Berg" --field mail=bob@example.org --sign --yes \
    >"$tmp/out" 2>&1
once=$(grep -oE '([0-9A-Z]{5}-){3}[0-9A-Z]{5}' "$tmp/out")
request bob
browse c /code >/dev/null
is 'a guessed code is refused' "$(browse c /code \
    --data-urlencode "csrf=$(token)" -d user=4712 \
    -d code=00000-00000-00000-00000 --data-urlencode "csr@$tmp/bob.csr")" 403
is 'the right one is redeemed' "$(browse c /code \
    --data-urlencode "csrf=$(token)" -d user=4712 -d "code=$once" \
    --data-urlencode "csr@$tmp/bob.csr")" 303
status=$(header Location)
cad
is '... and leads to the certificate' "$(visit "$(echo "$status" |
    sed s,status,collect,)/pem")" 200
cp "$tmp/body" "$tmp/bob.pem"
request eve
browse c /code >/dev/null
is 'it works once' "$(browse c /code --data-urlencode "csrf=$(token)" \
    -d user=4712 -d "code=$once" --data-urlencode "csr@$tmp/eve.csr")" 403

# By the certificate itself.
is 'a holder sees the own certificates' "$(browse_as bob /my)" 200
ok '... this one' has 'Bob Berg'
serial=$(openssl x509 -in "$tmp/bob.pem" -noout -serial | cut -d = -f 2 |
    tr A-F a-f)
other=$(sql "SELECT encode(serial, 'hex') FROM cert WHERE holder = '4711'
    AND profile = 'mail-dual'")
is "another's is not there" "$(browse_as bob "/my/cert/$other/revoke")" 404
is 'without a certificate nobody is a holder' "$(visit /my)" 403
browse_as bob "/my/cert/$serial/revoke" >/dev/null
is 'the holder revokes it' "$(browse_as bob "/my/cert/$serial/revoke" \
    --data-urlencode "csrf=$(token)" -d reason=superseded)" 200
cad
is '... and is cut off' "$(visit_as bob /my)" 403

# Too many: mail is sent to nobody who did not ask.
before=$(mails 'TO:<victim@example.org>')
for i in 1 2 3 4 5; do
	apply s victim@example.org >/dev/null
done
sleep 2
ok 'a stranger gets three mails a day at most' \
    test "$(mails 'TO:<victim@example.org>')" -le $((before + 3))
for i in $(seq 30); do
	last=$(apply s "v$i@example.org")
	[ "$last" != 429 ] || break
done
is 'one address cannot apply without end' "$last" 429
ok '... and is told when to come again' test -n "$(header Retry-After)"

# limited PATH [DATA]... - is the address told to wait before it has asked 25 times?
limited() {
	limited_at=$1
	shift
	browse g "$limited_at" >/dev/null
	for _ in $(seq 24); do
		[ $# -eq 0 ] || set -- --data-urlencode "csrf=$(token)" "$@"
		[ "$(browse g "$limited_at" "$@")" != 429 ] || return 0
		[ $# -eq 0 ] || shift 2
	done
	return 1
}
ok '... nor guess revocation codes' limited /revoke \
    -d code=0000-0000-0000-0000-0000-0000
ok '... nor one-time codes' limited /code -d user=4711 -d code=AAAA
ok '... nor ask who is here' limited '/search?mail=nobody%40example.org'
rad_stop
rad_set people_per_address 3
rad_start
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
	last=$(apply s "w$i@example.org")
done
is 'behind a proxy it may be that of several people' "$last" 200
done_testing
