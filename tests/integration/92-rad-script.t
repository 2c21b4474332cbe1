#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Script and broken headers in every field that strangers can fill in at
# signet-rad: it comes back as text on every page that shows it, in mails and
# file names, and never as a part of the page.
# Runs with --full only.
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
rad_start

# It leaves an attribute, a text field, a title, a comment and a template.
script="\"'></textarea></title>--><script>alert(1)</script>{{csrf}}"
image='"><img src=x onerror=alert(1)>'

# A page with these texts in it, and nothing that our templates do not have.
# shellcheck disable=SC2120 # without a text it is the second alone
shows() {
	python3 "$srcdir/tests/lib/page_check.py" "$tmp/body" "$@"
}
# from N VISIT... - of another address of this machine: each is limited
from() {
	from_host=$1
	shift
	"$@" --interface "127.0.3.$from_host"
}

# --- the check itself ---
wrong() {
	printf '%s\n' "$1" >"$tmp/body"
	shows
}
for page in '<p onclick="x">' '<script>x</script>' '<a href="javascript:x">' \
    '<p style="x">' '<iframe>' '<a href="//evil.example">' '<!-- x -->' \
    '<script src="https://evil.example/x.js"></script>' 'words'; do
	not "the check finds $page" wrong "$page"
done
printf '<p>&lt;x' >"$tmp/body"
ok 'and text is text' shows '<x'
not 'if it is there' shows '<y'

# --- the form ---
# apply FIELD=VALUE... - with good values in the other fields
apply() {
	from "$1" browse "a$1" /enrol/mail-dual >/dev/null
	for field in mail=alice@example.org field.country=SE \
	    'field.org=Example AB' field.orgid=NTRSE-556677-8899 \
	    field.given=Alice field.surname=Holm 'field.name=Alice Holm' \
	    office=south note=please; do
		printf '%s\n' "$field"
	done >"$tmp/fields"
	apply_from=$1
	shift
	for field; do
		sed -i "/^${field%%=*}=/d" "$tmp/fields"
		printf '%s\n' "$field" >>"$tmp/fields"
	done
	set -- --data-urlencode "csrf=$(token)"
	grep -q '^csr=' "$tmp/fields" ||
	    set -- "$@" --data-urlencode "csr@$tmp/alice.csr"
	while IFS= read -r field; do
		set -- "$@" --data-urlencode "$field"
	done <"$tmp/fields"
	from "$apply_from" browse "a$apply_from" /enrol/mail-dual "$@"
}
request alice -subj "/CN=$(printf '%s' "$script" | sed 's,/,\\/,g')"
n=10
for field in mail field.country field.org field.orgid field.given \
    field.surname field.name note csr; do
	# With another field that is wrong, so that it all comes back.
	n=$((n + 1))
	bad=field.country=Sweden
	[ $field != field.country ] || bad=mail=nobody
	is "$field comes back" "$(apply $n "$bad" "$field=$script")" 400
	ok '... as text' shows "$script"
	is "$field with a header" "$(apply $n "$field=$(printf \
	    'x\r\nSet-Cookie: evil=1\r\n\r\n<script>')")" 400
	not '... makes none' grep -qi '^set-cookie: evil' "$tmp/head"
	ok '... and no page' shows
done
is 'an office that there is not' "$(apply 30 "office=$script")" 400
ok '... is on no page' shows
is 'the name of a file' "$(apply 31 mail=nobody >/dev/null
    from 31 browse a31 /enrol/mail-dual -F "csrf=$(token)" -F mail=nobody \
    -F "csr_file=@$tmp/alice.csr;filename=\"$image.csr\"")" 400
ok '... is neither' shows
is 'a field of that name' "$(from 31 browse a31 /enrol/mail-dual \
    --data-urlencode "csrf=$(token)" --data-urlencode "$image=$image")" 400
ok '... is not there' shows
is 'a language' "$(from 31 browse a31 "/enrol/mail-dual?lang=$(printf %s \
    "$image" | jq -sRr @uri)" -H "Accept-Language: $script" \
    -b "__Host-signet-lang=$image")" 200
ok '... is one of ours' shows
is 'nothing of all this was stored' "$(sql \
    'SELECT count(*) FROM application')" 0

# --- what is stored, and who sees it ---
is 'names may have such characters' "$(apply 40 "field.name=$script" \
    "field.org=$image" "field.given=$script" "field.surname=$image" \
    "note=$script")" 200
ok 'the page says where to look' shows alice@example.org
ok 'a mail comes' mailed 'TO:<alice@example.org>' 1
link=$(last_mail 'TO:<alice@example.org>' | grep -oE '/confirm/[0-9a-f]{40}')
is 'its link' "$(from 40 browse a40 "$link")" 200
ok '... shows a page of ours' shows alice@example.org
is 'it is confirmed' "$(from 40 browse a40 "$link" \
    --data-urlencode "csrf=$(token)")" 303
status=$(header Location)
is 'how it stands' "$(from 40 browse a40 "$status")" 200
ok '... is shown with its names as text' shows "$script" "$image"
ok 'one mail more' mailed 'TO:<alice@example.org>' 2

# An officer's reason is read by the applicant.
order_with() {
	as o1 signet order new --profile mail-dual --csr "$tmp/$1.csr" \
	    --holder "$1" --holder-name "$script" --field country=SE \
	    --field "org=$image" --field orgid=NTRSE-556677-8899 \
	    --field "given=$script" --field "surname=$image" \
	    --field "name=$script" --field "mail=$1@example.org" \
	    --comment "$script" --sign --yes >"$tmp/order" 2>&1
}
ok 'an order with such names' order_with alice
id=$(last_order)
sql "UPDATE application SET state = 'ordered', order_id = '\\x$id'" >/dev/null
cad
is 'is issued' "$(sql "SELECT state FROM orders WHERE id = '\\x$id'")" 'done'
collect=$(echo "$status" | sed s,status,collect,)
is 'the page of the certificate' "$(from 40 browse a40 "$collect")" 200
ok '... has its name as text' shows "$script"
code=$(grep -oE '([0-9A-Z]{4}-){5}[0-9A-Z]{4}' "$tmp/body" | head -n 1)
for form in pem der p7; do
	is "it is downloaded as $form" \
	    "$(from 40 browse a40 "$collect/$form")" 200
	ok '... under a name without quotes' grep -qE \
	    '^Content-Disposition: attachment; filename="[A-Za-z0-9._-]+".?$' \
	    "$tmp/head"
	not '... as a type that is no page' grep -qi \
	    '^Content-Type:.*\(html\|xml\|svg\)' "$tmp/head"
done
from 40 browse a40 "$collect/pem" >/dev/null
cp "$tmp/body" "$tmp/alice.pem"
# The name as RFC 4514 writes it, or as it is.
written='alert(1)'
is 'it is found' "$(from 41 visit '/search?mail=alice@example.org')" 200
ok '... with the name as text' shows "$written"
is 'its holder' "$(browse_as alice /my)" 200
ok '... sees it, too' shows "$written"
serial=$(serial_in "$tmp/alice.pem")
is 'asked whether it shall be revoked' "$(browse_as alice \
    "/my/cert/$serial/revoke")" 200
ok '... as well' shows "$script"
is 'a reason that there is not' "$(browse_as alice "/my/cert/$serial/revoke" \
    --data-urlencode "csrf=$(token)" --data-urlencode "reason=$script")" 400
ok '... is on no page' shows
is 'the home page of who is logged in' "$(browse_as alice /)" 200
ok '... is ours' shows
from 42 browse r /revoke >/dev/null
is 'a code of script' "$(from 42 browse r /revoke --data-urlencode \
    "csrf=$(token)" --data-urlencode "code=$script")" 400
ok '... is on no page' shows
is 'the code of the certificate' "$(from 42 browse r /revoke \
    --data-urlencode "csrf=$(token)" -d "code=$code")" 200
ok '... shows the name as text' shows "$script"
ok 'the mails are text' sh -c "! grep -il 'content-type: *text/html' \
    '$tmp'/sink/mail/*.eml"
not 'and have no headers of others' grep -rqi '^set-cookie\|^bcc' "$tmp/sink"

# --- what only comes back ---
for q in "mail=$script" "mail=$(printf 'a@b\r\nX: y')" "mail=$image@x.org" \
    "x=$image"; do
	at="/search?$(printf %s "$q" | jq -sRr '@uri | sub("%3D"; "=")')"
	from 43 visit "$at" >/dev/null
	ok "a search for $(printf %.6s "$q")... comes back as text" shows
done
from 43 browse c /code >/dev/null
is 'a name with a one-time code' "$(from 43 browse c /code --data-urlencode \
    "csrf=$(token)" --data-urlencode "user=$script" \
    --data-urlencode "code=$script" --data-urlencode "csr=$script")" 400
ok '... comes back as text' shows "$script"
for at in "/status/$image" "/confirm/$image" "/collect/$image/pem" \
    "/enrol/$image" "/search/people/$image/pem" "/$image"; do
	from 44 visit "$(printf %s "$at" | jq -sRr '@uri | gsub("%2F"; "/")')" \
	    >/dev/null
	ok "$at is no page but ours" shows
done
for path in /renew/prepare /renew/finish; do
	from 44 browse r /renew >/dev/null
	from 44 browse r $path --data-urlencode "csrf=$(token)" \
	    --data-urlencode "cert=$script" --data-urlencode "csr=$script" \
	    >"$tmp/got"
	ok "$path refuses" grep -q '^4' "$tmp/got"
	ok '... in JSON that no browser takes for a page' grep -qi \
	    '^Content-Type: application/json' "$tmp/head"
done
for path in /simpleenroll "/$image/simpleenroll" /simplereenroll; do
	from 45 visit "/.well-known/est$(printf %s "$path" |
	    jq -sRr '@uri | gsub("%2F"; "/")')" -u "$image:$script" \
	    -H 'Content-Type: application/pkcs10' -d "$script" >"$tmp/got"
	ok "EST at $path refuses" grep -q '^4' "$tmp/got"
	not '... in no page' grep -qi '^Content-Type:.*html' "$tmp/head"
	ok '... and browsers shall not guess' grep -qi \
	    '^X-Content-Type-Options: nosniff' "$tmp/head"
done
done_testing
