#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Officers order what comes later, and many at once: one-time codes (G066) and
# batches, at the web pages.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/rad.sh"
. "$srcdir/tests/lib/officer.sh"

install_pki
rad_configure
rad_start
bind o1 o1 >/dev/null
bind o2 o2 --profile web-login --domain example.org >/dev/null
orders() { sql 'SELECT count(*) FROM orders'; }
code() { sed -n 's/.*id="code">\([^<]*\)<.*/\1/p' "$tmp/body"; }

# ---- codes: who, for what ----
is 'a security officer without a key has nothing to order' \
    "$(browse_as s1 /officer/codes)" 200
ok '... no profile is offered' lacks /officer/codes/new/
is '... and no form' "$(visit_as s1 /officer/codes/new/web-login)" 403
is 'o2 is offered codes' "$(browse_as o2 /officer/codes)" 200
ok '... for the profile of the key' shows /officer/codes/new/web-login
ok '... and no other' lacks /officer/codes/new/tls-server
is '... whose form is not there either' \
    "$(visit_as o2 /officer/codes/new/tls-server)" 404
is 'officers do not make officers' \
    "$(visit_as o1 /officer/codes/new/officer)" 404
is 'there is no profile of any other name' \
    "$(visit_as o1 /officer/codes/new/nosuch)" 404

# ---- codes: the form ----
new=/officer/codes/new/web-login
is 'the form asks' "$(browse_as o1 "$new")" 200
ok '... for the fields of the profile' shows 'name="field.mail"'
is 'an empty form comes back' "$(post o1 "$new")" 400
for field in holder field.name evidence_text days; do
	ok "... and says what is wrong with $field" shows "#f-$field"
done
fill() {
	fill_who=$1
	shift
	post "$fill_who" "$new" -d holder=4711 \
	    --data-urlencode 'holder_name=Alice Holm' \
	    --data-urlencode 'field.name=Alice Holm' -d evidence=passport \
	    --data-urlencode 'evidence_text=seen today' "$@"
}
is 'a code for longer than orders last is refused' \
    "$(fill o1 -d days=31)" 400
ok '... at its field' shows '#f-days'
is 'a name with markup stays text' "$(fill o1 -d days=0 --data-urlencode \
    'field.org="><script>alert(1)</script>')" 400
ok '... in the form that comes back' lacks '<script>alert'
browse_as o2 "$new" >/dev/null
is 'a name out of scope is refused' \
    "$(fill o2 -d days=14 -d field.mail=alice@example.net)" 403
ok '... and why' shows 'not for names in'

# ---- codes: signed ----
browse_as o1 "$new" >/dev/null
is 'a good form shows the order' \
    "$(fill o1 -d days=10 -d 'field.mail=alice@example.org a.holm@example.org')" \
    200
ok '... with the evidence' shows 'passport: seen today'
ok '... and each address' shows a.holm@example.org
ok '... and does not show the code' lacks 'id="code"'
cp "$tmp/body" "$tmp/order"
before=$(orders)
is 'with another code it is refused' \
    "$(sed -i 's/\(name="code" value="\)[^"]*/\1AAAAA-AAAAA-AAAAA-AAAAA/' \
    "$tmp/body" && touch_it o1 "$new/sign")" 400
ok '... and why' shows 'not the code of this order'
cp "$tmp/order" "$tmp/body"
is 'with the key of another officer it is refused' \
    "$(key=$tmp/o2.auth touch_it o1 "$new/sign")" 403
cp "$tmp/order" "$tmp/body"
is 'as one of another profile it is refused' \
    "$(touch_it o1 /officer/codes/new/mail-sign/sign)" 400
is '... and nothing is stored' "$(orders)" "$before"
cp "$tmp/order" "$tmp/body"
is 'with the right touch the code is shown' "$(touch_it o1 "$new/sign")" 200
code=$(code)
ok '... a whole one' sh -c "echo '$code' | grep -qE '^([0-9A-Z]{5}-){3}[0-9A-Z]{5}\$'"
ok '... which works at once' lacks 'Another officer has to approve'
id=$(last_order)
is '... for ten days' "$(sql "SELECT round(extract(epoch FROM expires_at -
    created_at) / 86400) FROM orders ORDER BY seq DESC LIMIT 1")" 10
cp "$tmp/order" "$tmp/body"
is 'who has had no answer sends the form once more' \
    "$(touch_it o1 "$new/sign")" 200
is '... and is told the same' "$(code)" "$code"
cp "$tmp/order" "$tmp/body"
is '... but nobody else' "$(key=$tmp/o2.auth touch_it o1 "$new/sign")" 403
is '... and nothing more is stored' "$(orders)" "$((before + 1))"
is '... nor approved' "$(sql "SELECT count(*) FROM audit WHERE body LIKE
    E'act=order-approve%id=$id%'")" 1
pg_dump --dbname=signet >"$tmp/dump"
ok 'the store has the order' grep -q 4711 "$tmp/dump"
ok '... and not the code' sh -c "! grep -q '$code' '$tmp/dump'"
ok '... nor in the log' sh -c "! grep -q '$code' '$tmp/rad.log'"
is 'it is in the list' "$(browse_as o1 /officer/codes)" 200
ok '... by its order' shows "/officer/order/$id"
browse_as o2 /officer/codes >/dev/null
ok '... of o2, too, whose scope it is in' shows "/officer/order/$id"

# ---- codes: redeemed ----
request alice -subj "/CN=Alice Holm"
request bob -subj "/CN=Alice Holm"
redeem() {
	browse guest /code >/dev/null
	browse guest /code -H "Origin: $rad" --data-urlencode \
	    "csrf=$(token)" -d user=4711 --data-urlencode "code=$1" \
	    --data-urlencode "csr@$tmp/${2:-alice}.csr"
}
is 'a guess is refused' "$(redeem 00000-00000-00000-00000)" 403
browse_as o1 /officer/codes >/dev/null
ok '... and counted in the list' shows '>1</td>'
is 'the code is taken' "$(redeem "$code")" 303
cad
is '... and there is a certificate' "$(order_state "$id")" 'done'
is 'for another request it is refused' "$(redeem "$code" bob)" 403
cp "$tmp/order" "$tmp/body"
is 'the form that made it is too late' "$(touch_it o1 "$new/sign")" 303
is '... and leads to its order' "$(header location)" "/officer/order/$id"
browse_as o1 /officer/codes >/dev/null
ok 'the list has it no more' lacks "/officer/order/$id"

# ---- codes: one that nobody has seen ----
lost() {
	browse_as "$1" "$new" >/dev/null
	fill "$1" -d days=10 -d field.mail=alice@example.org >/dev/null
	touch_it "$1" "$new/sign" >/dev/null
	last=$(last_order) lost_code=$(code)
}
lost o1
old=$last old_code=$lost_code
is 'the page of the order' "$(browse_as o1 "/officer/order/$old")" 200
ok '... offers another code' shows "action=\"/officer/order/$old/code\""
before=$(orders)
is 'the new order is shown' "$(post o1 "/officer/order/$old/code")" 200
ok '... with what the old one was for' shows 'passport: seen today'
cp "$tmp/body" "$tmp/again"
is '... and nothing has happened' "$(order_state "$old") $(orders)" \
    "ready $before"
is 'in the place of another order it is refused' \
    "$(touch_it o1 "/officer/order/$id/code/sign")" 400
cp "$tmp/again" "$tmp/body"
is 'with the key of another officer it is refused' \
    "$(key=$tmp/o2.auth touch_it o1 "/officer/order/$old/code/sign")" 403
cp "$tmp/again" "$tmp/body"
is 'with another code it is refused' "$(sed -i \
    's/\(name="code" value="\)[^"]*/\1AAAAA-AAAAA-AAAAA-AAAAA/' "$tmp/body"
    touch_it o1 "/officer/order/$old/code/sign")" 400
is '... and the old order stands' "$(order_state "$old") $(orders)" \
    "ready $before"
cp "$tmp/again" "$tmp/body"
is 'signed it shows the code' \
    "$(touch_it o1 "/officer/order/$old/code/sign")" 200
again_code=$(code)
not '... another one' test "$again_code" = "$old_code"
reject=$(sed -n 's,.*href="/officer/order/\([0-9a-f]*\)/sign".*,\1,p' \
    "$tmp/body")
is '... and the order before is rejected' "$(order_state "$old")" rejected
is '... which the audit chain has' "$(sql "SELECT count(*) FROM audit
    WHERE body LIKE E'act=order-reject%id=$old%person=o1%'")" 1
is '... its code is void' "$(redeem "$old_code")" 403
cp "$tmp/again" "$tmp/body"
is 'who has had no answer sends the form once more' \
    "$(touch_it o1 "/officer/order/$old/code/sign")" 200
is '... and is told the same' "$(code) $(orders)" \
    "$again_code $((before + 2))"
is 'the rejection waits' "$(order_state "$reject")" pending
is '... and can be looked at' \
    "$(browse_as o1 "/officer/order/$reject/sign")" 200
is '... and signed' "$(touch_it o1 "/officer/order/$reject/sign")" 303
cad
is '... so that the CA knows it' "$(order_state "$reject")" 'done'
request carol -subj "/CN=Alice Holm"
is 'the new code is taken' "$(redeem "$again_code" carol)" 303
cad
browse_as o1 "/officer/order/$old" >/dev/null
ok 'an order that is over is offered no code' lacks "/$old/code"
browse_as o1 "$new" >/dev/null
is '... nor gets one' "$(post o1 "/officer/order/$old/code")" 409
lost o1
is 'one who sees the new order' "$(browse_as o1 "/officer/order/$last" \
    >/dev/null; post o1 "/officer/order/$last/code")" 200
cp "$tmp/body" "$tmp/again"
request dave -subj "/CN=Alice Holm"
is '... while the old code is used' "$(redeem "$lost_code" dave)" 303
cp "$tmp/again" "$tmp/body"
is '... ends nothing' "$(touch_it o1 "/officer/order/$last/code/sign")" 409
cad
is '... and the holder has the certificate' "$(order_state "$last")" 'done'

# ---- codes: two officers ----
gate=/officer/codes/new/domain-gateway
browse_as o1 "$gate" >/dev/null
is 'a code that two must approve' "$(post o1 "$gate" -d holder=gate \
    -d holder_name=Gate -d field.org=Example -d field.domain=example.org \
    -d evidence=other -d evidence_text=contract -d days=7)" 200
is '... is shown to the first' "$(touch_it o1 "$gate/sign")" 200
ok '... who reads that another must approve' shows \
    'Another officer has to approve'
is '... and does not work yet' "$(order_state "$(last_order)")" pending

# ---- batches: many without typing (G053) ----
row() {
	request "$1" >/dev/null 2>&1
	printf '%s,%s.example.org,%s\n' "$1" "$1" \
	    "$(openssl req -in "$tmp/$1.csr" -outform DER | base64 -w 0)"
}
{ echo holder,dns,csr; row w1; row w2; row w3; } >"$tmp/good.csv"
up() {
	browse_as "${2:-o1}" /officer/batches >/dev/null
	upload "${2:-o1}" /officer/batches/new "$tmp/$1" -F "profile=${3:-tls-server}"
}
before=$(orders)
is 'a page without a file is refused' "$(browse_as o1 /officer/batches >/dev/null
    post o1 /officer/batches/new -d profile=tls-server -d csv=x)" 400
is 'a batch out of scope is refused' "$(up good.csv o2)" 404
{ echo holder,dns,csr; echo w1,w1.example.org,/etc/passwd
  echo w2,bad_host!,; echo ,w3.example.org,
  sed -n 2p "$tmp/good.csv"; sed -n 2p "$tmp/good.csv"
  echo 'w5,"w5.example.org'; } >"$tmp/bad.csv"
is 'a list with mistakes is refused' "$(up bad.csv)" 400
ok '... line 2: a path is no request' shows 'line 2, column 19'
ok '... line 3: no host name' shows 'line 3, column 4'
ok '... line 4: no holder' shows 'line 4, column 1'
ok '... line 6: the same request as in line 5' shows 'the same request as line 5'
ok '... line 7: an open quote' shows 'line 7'
ok '... all in one answer' shows 'There are mistakes: 5'
ok '... and cannot go on' lacks /officer/batches/order
printf 'holder,nonsense\nw1,x\n' >"$tmp/column.csv"
is 'a column that the profile does not have is refused' \
    "$(up column.csv)" 400
ok '... by its name' shows 'line 1, column 8'
printf 'holder,dns\n' >"$tmp/empty.csv"
is 'a list without lines is refused' "$(up empty.csv)" 400
printf 'holder,dns\n<script>alert(1)</script>,w9.example.org\n' \
    >"$tmp/<b>x.csv"
is 'markup in a cell and a file name' "$(up '<b>x.csv')" 200
ok '... is text' lacks '<script>alert'
ok '... both' lacks '<b>x'
is 'a good list is shown' "$(up good.csv)" 200
ok '... with its columns' shows '<th scope="col">dns</th>'
ok '... and lines' shows w3.example.org
is '... and nothing is stored yet' "$(orders)" "$before"
cp "$tmp/body" "$tmp/preview"
sed -i 's/\(name="blob" value="\)[^"]*/\1aG9sZGVyCncx/' "$tmp/body"
is 'another list in its place is read like the first' \
    "$(post_hidden o1 /officer/batches/order)" 400
is '... and not stored' "$(orders)" "$before"
cp "$tmp/preview" "$tmp/body"
is 'it becomes an order' "$(post_hidden o1 /officer/batches/order)" 303
batch=$(last_order)
is '... that is signed' "$(header location)" "/officer/order/$batch/sign"
is '... and shown' "$(browse_as o1 "/officer/order/$batch/sign")" 200
ok '... with all that it names' shows w2.example.org
is 'one assertion approves all of it' \
    "$(touch_it o1 "/officer/order/$batch/sign")" 303
is '... for the first of two officers' "$(order_state "$batch")" pending
is 'it is not for o2 to see' "$(visit_as o2 "/officer/batch/$batch")" 404
is 'its page says so' "$(browse_as o1 "/officer/batch/$batch")" 200
ok '... that it is open' shows '<progress id="progress" max="3" value="0">'
as o2 signet order approve --yes "$batch" >/dev/null
cad
is 'when both have it is carried out' "$(order_state "$batch")" 'done'
is 'its page shows it' "$(browse_as o1 "/officer/batch/$batch")" 200
ok '... the progress' shows '<progress id="progress" max="3" value="3">'
ok '... and each certificate' shows "$(sql "SELECT encode(serial, 'hex')
    FROM cert WHERE order_id = decode('$batch', 'hex') AND n = 2")"
is 'the list has it' "$(browse_as o1 /officer/batches)" 200
ok '... as done' shows "/officer/batch/$batch"
is 'an order that is no batch has no such page' \
    "$(visit_as o1 "/officer/batch/$id")" 404
is 'the batch as an order' "$(visit_as o1 "/officer/order/$batch")" 200
ok '... leads to its progress' shows "/officer/batch/$batch"
{ echo holder,name,csr; printf '4712,Bob,%s\n' "$(openssl req -in \
    "$tmp/alice.csr" -outform DER | base64 -w 0)"; } >"$tmp/key.csv"
is 'a key that is somebody else'"'"'s is refused' \
    "$(up key.csv o1 web-login)" 400
ok '... and why' shows 'certified for another holder'
done_testing
