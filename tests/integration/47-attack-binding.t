#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Whose a security key is: two security officers say so, in an order that the
# CA has carried out and nobody has undone.  Nothing that an RA can make or
# write, and no row of the store, takes the place of that.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/owned_ra.sh"
. "$srcdir/tests/lib/formats.sh"
install_pki
ok 'there is an RA' owned_ra

# What the command takes.
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

# Signed by one.
ok 'one security officer signs' half one o1
says 'needs security-officer and security-officer' signet explain order \
    "$bind_id"
ok 'the RA says that one is enough' as_ra "UPDATE orders SET state = 'ready'
    WHERE id = decode('$bind_id', 'hex')"
attack_on "$bind_id" 'a credential bound by one security officer' \
    'needs security-officer and security-officer'
attack 'an assertion with the order that one security officer signed' \
    'order that binds the credential: needs security-officer'

# Signed by the RA: alone, and beside one.
ok 'an order to bind' half two o1
blob_get "$bind_id" "$tmp/by-ra"
sign_as "$tmp/by-ra" "$tmp/ra.key" "$tmp/ra.pem" -certfile \
    "$pki/ca/services.pem"
ok 'the RA signs it instead' ra_put "$bind_id" "$tmp/by-ra"
attack_on "$bind_id" 'a credential bound by the RA' \
    'needs security-officer and security-officer; has ra-agent ra-9'
auth=$tmp/two.auth bound=$tmp/by-ra
attack 'an assertion with the order that the RA signed' \
    'order that binds the credential: needs security-officer'
ok 'an order to bind' half three o1
blob_get "$bind_id" "$tmp/with-ra"
sign_too "$tmp/with-ra" "$tmp/ra.key" "$tmp/ra.pem"
ok 'the RA signs beside one' ra_put "$bind_id" "$tmp/with-ra"
attack_on "$bind_id" 'a credential bound by one and the RA' \
    'needs security-officer and security-officer; has '

# Signed by two, but not carried out.
half never o1 >/dev/null
as s2 signet order approve --yes "$bind_id" >/dev/null
blob_get "$bind_id" "$tmp/never.bind"
ok 'the RA keeps an order back' as_ra "UPDATE orders SET state = 'pending'
    WHERE id = decode('$bind_id', 'hex')"
auth=$tmp/never.auth bound=$tmp/never.bind
attack 'a credential whose order the CA has not carried out' \
    'the credential is not bound'

# Rows.
says 'permission denied' as_ra "INSERT INTO credential (bind, order_id, person,
    credential, rp_id, origin) SELECT digest, id, 'o1', 'x', 'x', 'x'
    FROM orders LIMIT 1"
says 'permission denied' as_ra 'UPDATE credential SET unbound_at = NULL'
says 'permission denied' as_ra 'DELETE FROM credential'
ok 'whoever owns the store writes a row' tamper "INSERT INTO credential (bind,
    order_id, person, credential, rp_id, origin) SELECT digest, id, 'o1',
    'x', 'ra.example.org', '$origin' FROM orders WHERE kind = 'bind' LIMIT 1"
attack 'an assertion by a credential that only a row knows' \
    'order that binds the credential: needs security-officer'
strike
tamper 'DELETE FROM credential'

# By all the rules.
ok 'a credential is bound by two' bind one o1
one_id=$bind_id hex=$bind_hex
says "$origin" signet credential list --person o1
says 'security-officer s2' signet credential show "$hex"
as_page 'signet credential list' signet credential list
as_page 'signet credential show ID' signet credential show "$hex"
ok '... and so says the audit chain' audited act=bind person=o1

# A credential binds no other one, and does not free itself of its bounds.
as_page 'signet credential new FILE' half next o1
blob_get "$bind_id" "$tmp/blob"
ok '... approved by an assertion' seal "$bind_id"
attack_on "$bind_id" 'a credential bound by one and an assertion' \
    'needs security-officer and security-officer; has '
ok 'an order to bind' half next2 o1
officer=$pki/officers/s2.pem
ok '... by an assertion in the name of another' seal "$bind_id"
attack_on "$bind_id" 'a credential bound in the name of the other' \
    'counts for officers alone'

# Taking away takes an officer; the RA cannot.
as_page 'signet credential unbind ID' signet credential unbind "$hex" --comment x \
    --no-sign --yes
id=$(last_order)
blob_get "$id" "$tmp/unbind"
sign_as "$tmp/unbind" "$tmp/ra.key" "$tmp/ra.pem" -certfile \
    "$pki/ca/services.pem"
ok 'the RA orders to take it away' ra_put "$id" "$tmp/unbind"
attack_on "$id" 'a credential taken away by the RA' \
    'needs officer, or security-officer; has ra-agent ra-9'
strike
says 'is approved and stored' as o2 signet credential unbind "$hex" \
    --comment 'key lost' --wait 0s --yes
cad
is 'an officer can' "$(sql "SELECT count(*) FROM credential WHERE unbound_at
    IS NOT NULL")" 1
ok '... and so says the audit chain' audited act=unbind "unbinds=$hex"
attack 'an assertion by a credential that was taken away' \
    'the credential is not bound (any more)'
strike
ok 'whoever owns the store gives it back' tamper "UPDATE credential
    SET unbound_at = NULL, unbound_by = NULL"
attack 'an assertion by a credential that a row gave back' \
    'the credential is not bound (any more)'
make_ready "$one_id"
attack_on "$one_id" 'the order that bound it, once more' \
    'the credential that this order bound was taken away since'
strike
unproven 'the auditor sees what the RA took out of an order' \
    'the approval by s1 is gone from the order'
done_testing
