#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What strangers, holders and other officers have written, with script in every
# field, on each page that officers look at: it is text there, and no part of
# the page.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/rad.sh"
. "$srcdir/tests/lib/officer.sh"
install_pki
rad_configure
rad_set offices '[ "north", "south" ]'
rad_start
bind o1 o1 >/dev/null

script="\"'></textarea></title>--><script>alert(1)</script>{{csrf}}"
image='"><img src=x onerror=alert(1)>'
# As it is, or as RFC 4514 writes it in a name.
mark='alert(1)'
clean() {
	python3 "$srcdir/tests/lib/page_check.py" "$tmp/body" "$@"
}
uri() {
	printf %s "$1" | jq -sRr @uri
}
# look PATH TEXT... - a page that is there, clean, and has the texts
look() {
	look_path=$1
	shift
	is "$look_path" "$(browse_as o1 "$look_path")" 200
	ok '... is clean' clean "$@"
}

# --- an application ---
request alice -subj "/CN=$(printf '%s' "$script" | sed 's,/,\\/,g')"
openssl req -in "$tmp/alice.csr" -outform DER -out "$tmp/alice.der"
app=00112233445566778899aabbccddeeff
fields=$(jq -cn --arg s "$script" --arg i "$image" '[["name", $s],
    ["given", $i], ["surname", $s], ["org", $i], ["orgid", "NTRSE-1"],
    ["country", "SE"], ["mail", "alice@example.org"]]' | sed "s/'/''/g")
quoted=$(printf %s "$script" | sed "s/'/''/g")
ok 'somebody has applied' tamper "INSERT INTO application (id, state, office,
    profile, fields, request, key_digest, mail, lang, note, confirmed_at,
    expires_at) VALUES (decode('$app', 'hex'), 'waiting', 'north',
    'mail-dual', '$fields', decode('$(base64 -w 0 "$tmp/alice.der")',
    'base64'), sha256('x'), 'alice@example.org', 'en', '$quoted', now(),
    now() + interval '1 day')"
look /officer
look '/officer/queue?kind=application' alice@example.org
for name in text kind profile office; do
	browse_as o1 "/officer/queue?$name=$(uri "$script")" >/dev/null
	ok "a filter of script ($name) is clean" clean
done
look "/officer/application/$app" "$mark" "$image" "$script"
order=/officer/application/$app/order
is 'an order without evidence comes back' "$(post o1 "$order" \
    --data-urlencode "holder=$script" --data-urlencode "holder_name=$script" \
    --data-urlencode "evidence=$script")" 400
ok '... clean' clean
browse_as o1 "/officer/application/$app" >/dev/null
is 'with script as evidence' "$(post o1 "$order" -d holder=4711 \
    --data-urlencode "holder_name=$script" -d evidence=passport \
    --data-urlencode "evidence_text=$script")" 200
ok '... the order that is signed is shown, as text' clean "$script"
ok '... and says what it is for' shows "$(form_order)"
is 'signed it is stored' "$(touch_it o1 "$(form_act)")" 303
id=$(last_order)
cad
look "/officer/order/$id" "$mark"
look "/officer/certs?text=alice@example.org" "$mark"
browse_as o1 "/officer/certs?text=$(uri "$script")&state=$(uri \
    "$image")&profile=$(uri "$script")" >/dev/null
ok 'a search for script is clean' clean
cert=/officer/cert/people/$(serial_of "$id")
look "$cert" "$mark"
is 'to revoke it for a reason of script' "$(post o1 "$cert" -d act=revoke \
    -d reason=superseded --data-urlencode "comment=$script")" 200
ok '... is shown as text' clean "$mark"
is 'signed it is stored' "$(touch_it o1 "$(form_act)")" 303
cad
look "$cert" "$mark"
for field in act reason; do
	browse_as o1 "$cert" >/dev/null
	post o1 "$cert" -d act=revoke --data-urlencode "$field=$script" \
	    >/dev/null
	ok "script as $field is clean" clean
done

# --- an order of somebody else, and why it is rejected ---
request bob
ok 'an officer orders' signet order new --profile mail-dual \
    --csr "$tmp/bob.csr" --holder bob --holder-name "$script" \
    --field country=SE --field "org=$image" \
    --field orgid=NTRSE-1 --field "given=$script" --field "surname=$image" \
    --field "name=$script" --field mail=bob@example.org \
    --comment "$image" --yes
id=$(last_order)
look '/officer/queue?kind=order' "$mark"
look "/officer/order/$id" "$script" "$image"
look "/officer/order/$id/sign" "$mark"
browse_as o1 "/officer/order/$id" >/dev/null
post o1 "/officer/order/$id/reject" --data-urlencode "reason=$script" >/dev/null
[ "$(order_state "$id")" = rejected ] || touch_it o1 "$(form_act)" >/dev/null
is 'it is rejected' "$(order_state "$id")" rejected
look "/officer/order/$id" "$script"
look /officer/audit
look "/officer/audit?text=$(uri "$script")&before=1000000"

# --- codes ---
new=/officer/codes/new/web-login
browse_as o1 "$new" >/dev/null
is 'a form for a code comes back' "$(post o1 "$new" \
    --data-urlencode "holder=$script" --data-urlencode "holder_name=$script" \
    --data-urlencode "field.name=$script" --data-urlencode "field.org=$image" \
    --data-urlencode "days=$script" --data-urlencode "evidence=$script" \
    --data-urlencode "evidence_text=$script")" 400
ok '... with text in it' clean "$script" "$image"
browse_as o1 "$new" >/dev/null
is 'a code for such a name' "$(post o1 "$new" -d holder=4712 \
    --data-urlencode "holder_name=$script" \
    --data-urlencode "field.name=$script" --data-urlencode "field.org=$image" \
    -d days=7 -d evidence=passport --data-urlencode "evidence_text=$image")" 200
ok '... is shown as an order, in text' clean "$mark"
is 'signed it is there' "$(touch_it o1 "$new/sign")" 200
ok '... on a clean page' clean "$mark"
look /officer/codes "$mark"

# --- lists ---
csv() {
	{ printf 'holder,dns,%s\n' "${2:-csr}"
	printf '%s,%s,%s\n' "$1" "$1" "$1"
	} | sed 's/"/""/g; 2s/[^,][^,]*/"&"/g' >"$tmp/list.csv"
}
browse_as o1 /officer/batches >/dev/null
for text in "$script" "$image" '=cmd|calc!A0' "$(printf 'a\001b')"; do
	csv "$text"
	browse_as o1 /officer/batches >/dev/null
	upload o1 /officer/batches/new "$tmp/list.csv" -F profile=tls-server \
	    >"$tmp/got"
	ok 'cells of script are refused' grep -q '^4' "$tmp/got"
	ok '... on a clean page' clean
done
csv x "$(printf %s "$script" | tr -d ',')"
browse_as o1 /officer/batches >/dev/null
upload o1 /officer/batches/new "$tmp/list.csv" -F profile=tls-server \
    >"$tmp/got"
ok 'a heading of script is refused' grep -q '^4' "$tmp/got"
ok '... on a clean page' clean
csv www
browse_as o1 /officer/batches >/dev/null
browse_as o1 /officer/batches/new -H "Origin: $rad_cert" \
    -F "csrf=$(token)" -F profile=tls-server \
    -F "csv=@$tmp/list.csv;filename=\"<img src=x onerror=alert(1)>.csv\"" \
    >/dev/null
ok 'a file with a name of script is clean' clean
browse_as o1 /officer/batches >/dev/null
upload o1 /officer/batches/new "$tmp/list.csv" -F "profile=$image" >/dev/null
ok 'a profile of script is, too' clean
look /officer/batches

# --- security keys ---
browse_as o1 /officer/credentials/new >/dev/null
is 'a key that is script' "$(post o1 /officer/credentials/new \
    --data-urlencode "credential=$script" \
    --data-urlencode "public_key=$script" --data-urlencode "algorithm=$script" \
    --data-urlencode "authenticator_data=$script" \
    --data-urlencode "client_data=$script")" 400
ok '... is on no page' clean
look /officer/credentials

# --- addresses ---
for path in "order/$image" "application/$image" "cert/$image/00" "batch/$image" \
    "credentials/new/$image" "codes/new/$image" "$image"; do
	browse_as o1 "/officer/$(printf %s "$path" |
	    jq -sRr '@uri | gsub("%2F"; "/")')" >/dev/null
	ok "/officer/$path is clean" clean
done
not 'no page says anything of a broken template' grep -q 'has no value for' \
    "$tmp/rad.log"
done_testing
