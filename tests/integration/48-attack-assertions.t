#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The registration is owned: its key, its role in the store, and what officers'
# browsers have sent it.  Nothing comes out that no officer touched an
# authenticator for, and one that was bound by all the rules works.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
PATH=$SIGNET_BUILD/tests/lib:$PATH
origin=https://ra.example.org:8444
install_pki

# enrol NAME PROFILE ID "COMMON NAME" - its key in $tmp, without passphrase
enrol() {
	request "$1" &&
	as s1 signet order new --sign --profile "$2" --csr "$tmp/$1.csr" \
	    --holder "$3" --holder-name "$4" -f id="$3" -f name="$4" \
	    -f org="Example AB" --yes >/dev/null &&
	enrolled=$(last_order) &&
	as s2 signet order approve --yes "$enrolled" >/dev/null &&
	cad && cert_of "$enrolled" >"$tmp/$1.pem"
}

# bind NAME PERSON [options] - a credential, bound by two; its order $tmp/NAME.bind
bind() {
	bind_name=$1 bind_person=$2
	shift 2
	[ -e "$tmp/$bind_name.auth" ] ||
	    authenticator key P-256 "$tmp/$bind_name.auth" || return 1
	authenticator register "$tmp/$bind_name.auth" ra.example.org "$origin" \
	    >"$tmp/$bind_name.json" &&
	as s1 signet credential new "$tmp/$bind_name.json" \
	    --person "$bind_person" --origin "$origin" --yes "$@" &&
	bind_id=$(last_order) &&
	as s2 signet order approve --yes "$bind_id" >/dev/null && cad &&
	blob_get "$bind_id" "$tmp/$bind_name.bind" &&
	[ "$(order_state "$bind_id")" = 'done' ]
}

# What the next assertion is, unless something else is said in front of seal.
usual() {
	auth=$tmp/one.auth rp=ra.example.org at=$origin flags=05
	officer=$pki/officers/o1.pem bound=$tmp/one.bind challenge=
}
usual

# seal ID - the order, approved so, into the store by the role of the RA
seal() {
	blob_get "$1" "$tmp/blob" &&
	authenticator seal "$tmp/blob" "$tmp/sealed" "$auth" "$rp" "$at" \
	    "${challenge:-$(authenticator digest "$tmp/blob")}" "$flags" \
	    "$officer" "$bound" "$tmp/ra.key" "$tmp/ra.pem" \
	    "$pki/ca/services.pem" &&
	ra_put "$1" "$tmp/sealed"
}
as_ra() {
	psql -X -q -At -v ON_ERROR_STOP=1 -d signet -U signet_ra \
	    -c "SET search_path = signet" -c "$1" 2>&1
}
ra_put() {
	as_ra "UPDATE orders SET state = 'ready', approvals = 2,
	    blob = decode('$(base64 -w 0 "$2")', 'base64')
	    WHERE id = decode('$1', 'hex')"
}
# attack NAME 'what' 'why not' - until the next strike
attack() {
	order_tls "$1" >/dev/null
	id=$(last_order)
	ok "$2" seal "$id"
	printf '%s\t%s\t%s\n' "$id" "$2" "$3" >>"$tmp/attacks"
	usual
}
# The CA meets all of them at once.
strike() {
	cad
	tab=$(printf '\t')
	while IFS=$tab read -r id what why; do
		refused "$what" "$id" "$why"
	done <"$tmp/attacks"
	: >"$tmp/attacks"
}

ok 'there is an RA' enrol ra ra-agent ra-9 "RA nine"
ok 'and a second certificate of an officer' enrol o1b officer o1 "Olga One"

# Binding.
authenticator key P-256 "$tmp/one.auth"
authenticator register "$tmp/one.auth" ra.example.org "$origin" >"$tmp/one.json"
says 'the credential is for another relying party than ra.example.net' as s1 \
    signet credential new "$tmp/one.json" --person o1 \
    --origin "$origin" --rp-id ra.example.net --yes
says 'the assertion was made at https://ra.example.org:8444' as s1 \
    signet credential new "$tmp/one.json" --person o1 \
    --origin https://ra.example.org --yes
says 'your approval would not count' as o1 signet credential new \
    "$tmp/one.json" --person o1 --origin "$origin" --yes
says 'needs security-officer and security-officer' as s1 signet credential new \
    "$tmp/one.json" --person o1 --origin "$origin" --yes
id=$(last_order)
blob_get "$id" "$tmp/one.bind"
ok 'the RA says that one is enough' as_ra "UPDATE orders SET state = 'ready'
    WHERE id = decode('$id', 'hex')"
cad
refused 'a credential bound by one security officer' "$id" \
    'needs security-officer and security-officer'
attack half 'an assertion with the order that one security officer signed' \
    'order that binds the credential: needs security-officer'
says 'permission denied' as_ra "INSERT INTO credential (bind, order_id, person,
    credential, rp_id, origin) SELECT digest, id, 'o1', 'x', 'x', 'x'
    FROM orders LIMIT 1"
ok 'whoever owns the store writes a row' tamper "INSERT INTO credential (bind,
    order_id, person, credential, rp_id, origin) SELECT digest, id, 'o1',
    'x', 'ra.example.org', '$origin' FROM orders
    WHERE id = decode('$id', 'hex')"
attack row 'an assertion by a credential that only a row knows' \
    'order that binds the credential: needs security-officer'

authenticator key P-256 "$tmp/never.auth"
authenticator register "$tmp/never.auth" ra.example.org "$origin" \
    >"$tmp/never.json"
as s1 signet credential new "$tmp/never.json" --person o1 --origin "$origin" \
    --yes >/dev/null
never=$(last_order)
as s2 signet order approve --yes "$never" >/dev/null
blob_get "$never" "$tmp/never.bind"
tamper "UPDATE orders SET state = 'pending' WHERE id = decode('$never', 'hex')"
auth=$tmp/never.auth bound=$tmp/never.bind
attack never 'a credential whose order the CA has not carried out' \
    'the credential is not bound'
strike
tamper 'DELETE FROM credential'

ok 'a credential is bound by two' bind one o1
one_id=$bind_id
says "$origin" signet credential list --person o1
hex=$(signet credential list --json | sed 's/.*"bind": *"\([0-9a-f]*\)".*/\1/')
says 'security-officer s2' signet credential show "$hex"
ok '... and so says the audit chain' audited act=bind person=o1
ok 'that is no tampering' proven

# Two that are not for everything.
ok 'a credential for one profile and domain' bind small o2 --profile mail-sign \
    --domain example.net
ok 'a credential for one domain' bind place o2 --domain example.net

# It works.
order_tls good >/dev/null
good=$(last_order)
ok 'an officer approves in the browser' seal "$good"
signet explain order "$good" >"$tmp/words"
for word in 'approved by:    officer o1 (Olga One)' \
    '  brought by:   ra-agent ra-9 (RA nine)' \
    '  bound to:     o1' '  bound by:     security-officer s2 (Sten Two)' \
    "  bind order:   $hex" "  origin:       $origin" \
    '  verified:     it signed the digest of this order' \
    '  counts:       yes'; do
	ok "in words: $word" grep -qF -e "$word" "$tmp/words"
done
says "bind order:   $hex" signet order show "$good"
says '"origin": "https://ra.example.org:8444"' \
    signet order show "$good" --json
cad
is 'and the certificate is there' "$(order_state "$good")" 'done'
ok '... which any auditor can prove' proven

# What was made for something else.
bound=-
attack alone 'the RA alone' 'has ra-agent ra-9'
blob_get "$good" "$tmp/blob"
challenge=$(authenticator digest "$tmp/blob")
attack other 'an assertion made for another order' \
    'the assertion was made for something else'
at=https://ra.example.net:8444
attack origin 'an assertion made at another origin' \
    'the assertion was made at https://ra.example.net'
rp=ra.example.net
attack party 'an assertion for another relying party' \
    'for another relying party'
flags=01
attack touch 'an assertion by a touch alone' '(flag UV)'
flags=04
attack nobody 'an assertion that nobody was there for' '(flag UP)'
officer=$pki/officers/o2.pem
attack officer "an assertion with another officer's certificate" \
    'the credential is bound to another person (o1)'
officer=$pki/officers/s1.pem
attack grave "an assertion with a security officer's certificate" \
    'counts for officers alone'
officer=$tmp/ra.pem
attack itself 'an assertion of the RA about itself' \
    'the same certificate approves twice'
auth=$tmp/never.auth
attack unknown 'an assertion by another authenticator' \
    'by another credential than the one that was bound'

# Card and browser of one person.
rm -rf "$tmp/requests" && mkdir "$tmp/requests"
make_requests "$tmp/requests" 1
signet order import --csv "$tmp/requests/people.csv" -p mail-sign --yes \
    </dev/null >/dev/null
id=$(last_order)
ok 'an officer approves a batch by card' as o1 signet order approve --yes "$id"
officer=$tmp/o1b.pem
ok '... and in the browser with another certificate' seal "$id"
usual
printf '%s\t%s\t%s\n' "$id" 'one officer in two ways' \
    'not all different people' >>"$tmp/attacks"

# Scope.
auth=$tmp/small.auth bound=$tmp/small.bind officer=$pki/officers/o2.pem
attack scope 'a profile that the credential is not for' \
    'the credential is not for profile tls-server'
auth=$tmp/place.auth bound=$tmp/place.bind officer=$pki/officers/o2.pem
attack place 'a name that the credential is not for' \
    'not for names in "place.example.org"'
strike

# Used once.
ok 'the order that was carried out is made ready again' \
    tamper "UPDATE orders SET state = 'ready', open_items = 1
    WHERE id = decode('$good', 'hex'); UPDATE item SET state = 'open'
    WHERE order_id = decode('$good', 'hex')"
cad
is 'no second certificate comes of it' "$(sql 'SELECT count(*) FROM cert')" \
    "$certs_mark"
says 'this order was used before' order_reason "$good"
tamper "UPDATE orders SET state = 'done', open_items = 0, reason = NULL
    WHERE id = decode('$good', 'hex'); UPDATE item SET state = 'done',
    reason = NULL WHERE order_id = decode('$good', 'hex')"

# Taken away.
says 'is approved and stored' as o2 signet credential unbind "$hex" \
    --comment 'key lost' --wait 0s --yes
cad
is 'it is' "$(sql "SELECT count(*) FROM credential WHERE unbound_at
    IS NOT NULL")" 1
ok '... and so says the audit chain' audited act=unbind "unbinds=$hex"
attack taken 'an assertion by a credential that was taken away' \
    'the credential is not bound (any more)'
strike
ok 'whoever owns the store gives it back' tamper "UPDATE credential
    SET unbound_at = NULL, unbound_by = NULL"
attack edited 'an assertion by a credential that a row gave back' \
    'the credential is not bound (any more)'
make_ready "$one_id"
printf '%s\t%s\t%s\n' "$one_id" 'the order that bound it, once more' \
    'the credential that this order bound was taken away since' \
    >>"$tmp/attacks"
strike

# The officer is gone.
ok 'a new credential' bind one o1
as s1 signet cert revoke "$(serial_in "$pki/officers/o1.pem")" \
    --reason privilegeWithdrawn --no-sign --yes >/dev/null
id=$(last_order)
as s1 signet order approve --yes "$id" >/dev/null
cad
is 'an officer is revoked' "$(order_state "$id")" 'done'
attack gone 'an assertion of an officer who is revoked' \
    'the certificate is revoked or on hold'
strike

# What was carried out is as it was; what was put into the store is shown.
unproven 'the auditor is shown' 'its challenge is not the one asked for'
says '14 of its items are wrong' cat "$tmp/proof"
done_testing
