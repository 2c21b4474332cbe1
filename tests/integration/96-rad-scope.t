#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An officer whose security key is for a part of all, at the addresses of the
# rest: nothing is shown, drafted or stored at the pages, and nothing is
# carried out when somebody has the RA store it all the same.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/rad.sh"
. "$srcdir/tests/lib/officer.sh"
install_pki
rad_configure
rad_set offices '[ "north", "south" ]'
rad_start
not_ok() { ! "$@"; }

# o1 may all; o2 web log-ins of example.net at the office "south".
ok 'a key for everything is bound to o1' bind o1 o1

# registering 'what' STATUS [curl's] - $tmp/o2.auth, with limits
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
    -out "$tmp/o2.auth" 2>/dev/null
registering() {
	registering_what=$1 registering_status=$2
	shift 2
	browse_as o2 /officer/credentials/new >/dev/null
	touch_key "$tmp/o2.auth" "$rad_host" "$rad_cert" "$(sed -n \
	    's/.*data-challenge="\([^"]*\)".*/\1/p' "$tmp/body" |
	    tr -- '-_' '+/' | sed 's/$/=/' | base64 -d | od -An -tx1 |
	    tr -d ' \n')" new >"$tmp/touched"
	while read -r line; do
		set -- "$@" --data-urlencode "$line"
	done <"$tmp/touched"
	is "$registering_what" \
	    "$(post o2 /officer/credentials/new "$@")" "$registering_status"
}
binds=$(sql "SELECT count(*) FROM orders WHERE kind = 'bind'")
registering 'a key is not for a profile that there is not' 400 \
    -d profile=web-login -d profile=web
ok '... which is said' shows 'Choose kinds of certificates of the list'
ok '... and what was chosen is still there' shows \
    'value="web-login" checked'
registering 'nor for one that officers do not approve' 400 -d profile=root
registering 'nor for an office that there is not' 400 -d office=east
ok '... which is said' shows 'Choose an office of the list'
for domain in 'a b@c' '*.example.net' 'example..net' '"><script>'; do
	registering "nor for names in $domain" 400 \
	    --data-urlencode "domains=example.net $domain"
	ok '... which is said' shows 'This is not a domain'
	ok '... and shown as text' not_ok shows '"><script>'
done
registering 'nor until yesterday' 400 -d until=2026-01-01
ok '... which is said' shows 'This day is over'
registering 'nor until some day' 400 -d until=soon
is 'nothing of that is an order' "$(sql "SELECT count(*) FROM orders
    WHERE kind = 'bind'")" "$binds"
registering 'a key is registered for a part' 303 -d profile=web-login \
    -d office=south -d until=2099-12-31 \
    --data-urlencode 'domains=Example.NET,  bücher.example'
limited=$(last_order)
browse_as o2 "/officer/credentials/new/$limited" >/dev/null
signet order show "$limited" >"$tmp/shown"
for line in 'profiles: *web-login' 'offices: *south' \
    'domains: *example.net' 'until: *2099-12-31T23:59:59Z'; do
	ok "the page has $line" grep -q "^ *$line" "$tmp/body"
	ok '... and so has signet order show' grep -q "^ *$line" "$tmp/shown"
done
is 'before it is signed it is for nothing' "$(browse_as o2 \
    /officer/queue)" 200
is '... nor is it bound' "$(sql "SELECT count(*) FROM credential
    WHERE person = 'o2'")" 0
as s1 signet order approve --yes "$limited" >"$tmp/out" 2>&1
as s2 signet order approve --yes "$limited" >"$tmp/out" 2>&1
cad
is 'two security officers sign it' "$(order_state "$limited")" 'done'
browse_as o2 /officer/credentials >/dev/null
ok 'the list of keys has what it is for' shows \
    'web-login; @example.net, xn--bcher-kva.example; south'

# B: an order that waits, a certificate, an application, an order of another
# office, and one to revoke.
order_tls www >/dev/null
www=$(last_order)
request served
order_tls served >/dev/null
as o1 signet order approve --yes "$(last_order)" >"$tmp/out" 2>&1
cad
served=$(serial_of "$(last_order)")
cert=/officer/cert/services/$served
person() {
	request "$1" && signet order new -p web-login --ca people --csr \
	    "$tmp/$1.csr" --holder "$1" --holder-name "$1" -f name="$1" \
	    -f mail="$1@$2" --yes </dev/null >"$tmp/out" 2>&1 &&
	    last_order
}
there=$(person there example.org)
here=$(person here example.net)
signet cert revoke "services/$served" --reason superseded --no-sign --yes \
    </dev/null >"$tmp/out" 2>&1
revoke=$(last_order)
openssl req -in "$tmp/here.csr" -outform DER -out "$tmp/der" 2>/dev/null
# apply ID OFFICE DOMAIN
apply() {
	tamper "INSERT INTO application (id, state, office, profile, fields,
	    request, key_digest, mail, lang, confirmed_at, expires_at)
	    VALUES (decode('$1', 'hex'), 'waiting', '$2',
	    'web-login', '[[\"name\", \"x\"], [\"mail\", \"x@$3\"]]',
	    decode('$(base64 -w 0 "$tmp/der")', 'base64'),
	    sha256('$1'), 'x@$3', 'en', now(), now() + interval '1 day')"
}
north=a0112233445566778899aabbccddeeff
names=b0112233445566778899aabbccddeeff
moved=c0112233445566778899aabbccddeeff
south=d0112233445566778899aabbccddeeff
apply "$north" north example.net
apply "$names" south example.org
apply "$south" south example.net
office=$(person office example.net)
tamper "INSERT INTO application (id, state, office, profile, fields, request,
    key_digest, mail, lang, confirmed_at, expires_at, order_id)
    SELECT decode('$moved', 'hex'), 'ordered', 'north', profile, fields,
    request, sha256('m'), mail, lang, confirmed_at, expires_at,
    decode('$office', 'hex') FROM application LIMIT 1" >"$tmp/out" 2>&1

# What is o2's.
is 'what is in scope is shown' "$(browse_as o2 "/officer/order/$here")" 200
ok '... with nobody yet' not_ok shows 'approved by:'
is 'an application, too' "$(browse_as o2 "/officer/application/$south")" 200

# What is not.
for page in "order/$www" "order/$www/sign" "order/$there" \
    "order/$there/sign" "order/$revoke" "order/$revoke/sign" \
    "order/$office" "order/$office/sign" "cert/services/$served" \
    "application/$north" "application/$names" \
    "cert/services/$(serial_in "$pki/officers/s1.pem")"; do
	is "there is no $page" "$(browse_as o2 "/officer/$page")" 404
done
is 'the queue is short' "$(browse_as o2 '/officer/queue')" 200
for id in "$www" "$there" "$revoke" "$office" "$north" "$names"; do
	ok "... without $id" not_ok shows "$id"
done
ok '... with what is in scope' shows "$here"
is 'a search finds nothing' "$(browse_as o2 '/officer/certs?text=served')" 200
ok '... of a certificate out of scope' not_ok shows "$served"
is 'no audit chain' "$(browse_as o2 /officer/audit)" 403

# Forms, with a token, and with what o1's page had in it.
form() {
	browse_as o2 "/officer/order/$here" >/dev/null
}
# posting 'what' PATH [curl's]
posting() {
	posting_what=$1
	shift
	form
	is "$posting_what" "$(post o2 "$@")" 404
}
signet order new -p web-login --ca people --code --holder coded \
    --holder-name coded -f name=coded -f mail=coded@example.org --yes \
    </dev/null >"$tmp/out" 2>&1
coded=$(last_order)
orders=$(sql 'SELECT count(*) FROM orders')
is 'o2 has a list of codes' "$(browse_as o2 /officer/codes)" 200
ok '... without one out of scope' not_ok shows "$coded"
is 'no code of another profile' \
    "$(browse_as o2 /officer/codes/new/tls-server)" 404
posting '... nor by its form' /officer/codes/new/tls-server -d holder=x
browse_as o2 /officer/codes/new/web-login >/dev/null
is 'no code for a name out of scope' "$(post o2 /officer/codes/new/web-login \
    -d holder=x -d holder_name=x -d days=3 -d evidence=passport \
    -d evidence_text=x -d field.name=x -d field.mail=x@example.org)" 403
ok '... and why' shows 'not for names in'
is 'no batch out of scope' "$(browse_as o2 "/officer/batch/$www")" 404
for id in "$www" "$there" "$office"; do
	posting "no rejecting of $id" "/officer/order/$id/reject" -d reason=x
	form
	is '... nor signing' "$(touch_it o2 "/officer/order/$id/sign" \
	    "$(sql "SELECT encode(digest, 'hex') FROM orders
	    WHERE id = decode('$id', 'hex')")")" 404
	is '... it waits' "$(order_state "$id")" pending
done
posting 'no revoking' "$cert" -d act=revoke -d reason=superseded
posting 'no hold' "$cert" -d act=hold
browse_as o1 "$cert" >/dev/null
is "o1's page has an order to revoke" \
    "$(post o1 "$cert" -d act=revoke -d reason=superseded)" 200
cp "$tmp/body" "$tmp/drafted"
blob=$(form_blob)
# The draft goes to o2, who has a token of another page.
form
touch_key "$tmp/o2.auth" "$rad_host" "$rad_cert" "$(sed -n \
    's/.*SHA-256 <code>\([0-9a-f]\{64\}\)<.*/\1/p' "$tmp/drafted" |
    head -n 1)" >"$tmp/touched"
set --
while read -r line; do
	set -- "$@" --data-urlencode "$line"
done <"$tmp/touched"
is '... which o2 cannot sign' "$(post o2 "$cert/sign" \
    --data-urlencode "blob=$blob" "$@")" 404
for id in "$north" "$names"; do
	posting "no rejecting of application $id" \
	    "/officer/application/$id/reject" -d reason=x
	posting '... nor an order of it' "/officer/application/$id/order" \
	    -d holder=x -d holder_name=x -d evidence=passport \
	    -d evidence_text=x
	form
	is '... nor signing one' "$(post o2 "/officer/application/$id/sign" \
	    --data-urlencode "blob=$blob" "$@")" 404
done
is 'no order came of all that' "$(sql 'SELECT count(*) FROM orders')" "$orders"

# To another office.
where() {
	sql "SELECT coalesce(office, '-') || ' ' || state FROM application
	    WHERE id = decode('$1', 'hex')"
}
# moving 'what' STATUS WHO ID [curl's]
moving() {
	moving_what=$1 moving_status=$2 moving_who=$3 moving_id=$4
	shift 4
	browse_as "$moving_who" "/officer/order/$here" >/dev/null
	is "$moving_what" "$(post "$moving_who" \
	    "/officer/application/$moving_id/move" "$@")" "$moving_status"
}
nowhere=00112233445566778899aabbccddeeff
moving 'an application of another office is not moved' 404 o2 "$north" \
    -d office=south -d reason=x
same() {
	sed 's/[0-9a-f]\{32\}/ID/g; s/<code>[^<]*<\/code>//
	    s/value="[^"]*"//' "$tmp/body"
}
same >"$tmp/theirs"
moving '... nor one with names out of scope' 404 o2 "$names" \
    -d office=north -d reason=x
same >"$tmp/names"
moving '... as one that there is not' 404 o2 "$nowhere" -d office=south \
    -d reason=x
same >"$tmp/nowhere"
ok '... in the same words' diff "$tmp/theirs" "$tmp/nowhere"
ok '... each' diff "$tmp/names" "$tmp/nowhere"
moving 'nor with no reason' 400 o2 "$south" -d office=north
moving 'nor to an office that there is not' 400 o2 "$south" -d office=east \
    -d reason=x
ok '... and what to do' shows 'Choose an office of the list'
moving 'nor to where it is' 409 o2 "$south" -d office=south -d reason=x
ok '... for this reason' shows 'is at this office already'
moving 'nor what is an order by now' 409 o1 "$moved" -d office=south \
    -d reason=x
browse_as o2 "/officer/application/$south" >/dev/null
is 'nor by a form of another site' "$(browse_as o2 \
    "/officer/application/$south/move" -H "Origin: https://evil.example" \
    --data-urlencode "csrf=$(token)" -d office=north -d reason=x)" 403
is '... it is where it was' "$(where "$south")" 'south waiting'
moves="FROM audit WHERE convert_from(body, 'UTF8') LIKE
    'act=application-move%'"
is '... and nothing is in the audit chain' "$(sql "SELECT count(*) $moves")" 0
browse_as o2 "/officer/application/$south" >/dev/null
moving 'who is of the office sends it to another' 303 o2 "$south" \
    -d office=north --data-urlencode 'reason=<b>lives in the north'
is '... it waits there' "$(where "$south")" 'north waiting'
is '... is gone for who sent it' \
    "$(browse_as o2 "/officer/application/$south")" 404
browse_as o2 /officer/queue >/dev/null
ok '... from the queue, too' not_ok shows "$south"
moving '... who cannot have it back' 404 o2 "$south" -d office=south \
    -d reason=x
browse_as o1 /officer/queue >/dev/null
ok 'those there have it in their queue' shows "$south"
is '... and see it' "$(browse_as o1 "/officer/application/$south")" 200
ok '... with where it came from, and why' shows \
    'Sent here from south, by o2: &#60;b&#62;lives in the north'
is 'the audit chain says all of it' "$(sql "SELECT string_agg(line, ' '
    ORDER BY line) FROM (SELECT unnest(string_to_array(convert_from(body,
    'UTF8'), chr(10))) AS line $moves) AS l
    WHERE line ~ '^(application|from|to|person|reason|act)='")" \
    "act=application-move application=$south from=south person=o2 \
reason=<b>lives in the north to=north"

# Two keys of one officer: the page is shown because of the one, and the other
# one touched would spoil the order.
ok 'another key for everything is bound to o2' bind o2all o2
browse_as o2 "/officer/order/$there/sign" >/dev/null
is 'the wrong one of two keys is refused' \
    "$(touch_it o2 "/officer/order/$there/sign")" 403
is '... and nothing is stored' "$(sql "SELECT approvals FROM orders
    WHERE id = decode('$there', 'hex')")" 0
browse_as o2 "/officer/order/$there/sign" >/dev/null
is 'the right one is taken' "$(key=$tmp/o2all.auth \
    touch_it o2 "/officer/order/$there/sign")" 303
browse_as o2 "/officer/order/$there" >/dev/null
ok '... and the page says in words what is behind it' shows \
    'how:          by a security key in the browser'
ok '... and that it counts' shows 'counts:       yes'
cad
is '... and the CA agrees' "$(order_state "$there")" 'done'

# The RA lets o2 have what the pages refuse: the CA does not.
cp "$pki/agents/ra.pem" "$tmp/ra.pem"
openssl pkey -in "$pki/agents/ra.key" -passin "file:$pki/secrets/agent-ra" \
    -out "$tmp/ra.key" 2>/dev/null
o2_bind=$(sql "SELECT encode(order_id, 'hex') FROM credential
    WHERE person = 'o2' ORDER BY bound_at LIMIT 1")
blob_get "$o2_bind" "$tmp/o2.bind"
for id in "$www" "$revoke"; do
	blob_get "$id" "$tmp/blob"
	ok 'an owned RA stores it' authenticator seal "$tmp/blob" \
	    "$tmp/sealed" "$tmp/o2.auth" "$rad_host" "$rad_cert" \
	    "$(authenticator digest "$tmp/blob")" 05 \
	    "$pki/officers/o2.pem" "$tmp/o2.bind" "$tmp/ra.key" \
	    "$tmp/ra.pem" "$pki/ca/services.pem" 7 - ''
	blob_put "$id" "$tmp/sealed"
	make_ready "$id"
done
cad
for id in "$www" "$revoke"; do
	refused 'out of scope' "$id" 'the credential is not for'
done
is 'the certificate is as it was' "$(sql "SELECT status FROM cert
    WHERE serial = '\\x$served'")" good

# Cut off.
is 'o2 is let in' "$(browse_as o2 /officer)" 200
as s1 signet cert revoke --holder o2 --reason keyCompromise --yes --wait 0s \
    >"$tmp/out" 2>&1
cad
at=$(date +%s%N)
code=$(browse_as o2 /officer)
is 'a revoked officer with an open session is out' "$code" 403
ok '... within a second of the CA'"'"'s word' test \
    "$((($(date +%s%N) - at) / 1000000))" -lt 1000
done_testing
