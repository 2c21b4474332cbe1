#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Officers at the pages say what becomes of a card: what has an effect on its
# certificates is an order that their security key signs, the rest is noted;
# and what is out of an officer's scope is not there.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/rad.sh"
. "$srcdir/tests/lib/officer.sh"
. "$srcdir/tests/lib/cards.sh"
. "$srcdir/tests/lib/station.sh"

install_pki
station_configure
ok 'there are two readers' readers_begin 2
ok 'three cards are made' cards_issued autumn 3
ca_stop
rad_configure
ok 'signet-rad starts' rad_start
bind o1 o1 >/dev/null
bind o2 o2 --profile tls-server >/dev/null
one=$(card_number 1) two=$(card_number 2)
page=/officer/card/$one
state() { sql "SELECT state FROM card WHERE number = '$1'"; }
status() { sql "SELECT status FROM cert WHERE holder = '$1'
    AND profile = 'web-login'"; }
orders() { sql 'SELECT count(*) FROM orders'; }
became() {		# VERB [curl's]: noted, or shown to be signed
	browse_as o1 "$page" >/dev/null
	became_act=$1
	shift
	post o1 "$page" -d "act=$became_act" "$@"
}

# ---- who may look ----
is 'a certificate without a key opens no card' "$(browse_as s1 "$page")" 404
is 'nor does a key for other profiles' "$(browse_as o2 "$page")" 404
browse_as o2 '/officer/cards?state=issued' >/dev/null
ok '... and finds none' lacks /officer/card/
is 'a number that there is not' "$(browse_as o1 /officer/card/T0000001)" 404
is 'what is too long to look for is refused' "$(browse_as o1 \
    "/officer/cards?text=$(printf '%0200d' 0)")" 400

# ---- search ----
is 'nothing is listed before somebody asks' \
    "$(browse_as o1 /officer/cards)" 200
ok '... and nothing is' lacks "$page"
browse_as o1 "/officer/cards?text=$one" >/dev/null
ok 'a card is found by its number' shows "$page"
ok '... and no other' lacks "/officer/card/$two"
browse_as o1 '/officer/cards?text=2' >/dev/null
ok 'by its holder' shows "/officer/card/$two"
browse_as o1 '/officer/cards?state=lost' >/dev/null
ok 'by its state' lacks /officer/card/
ok '... which none has' shows 'No card was found'

# ---- the card ----
is 'it is shown' "$(browse_as o1 "$page")" 200
ok '... with its chip' shows piv-serial:1001
ok '... its certificate' shows /officer/cert/people/
ok '... and what may become of it' shows 'value="packed"'
ok '... and not what may not' lacks 'value="resumed"'
browse_as o1 "$page" -H 'Accept-Language: sv' >/dev/null
ok 'in Swedish, too' shows 'Vad det blir av kortet'

# ---- what has no effect ----
is 'a verb that is none' "$(became flown)" 409
is 'one that is not for it now' "$(became activated)" 409
is '... nor without the token' "$(browse_as o1 "$page" \
    -H "Origin: $rad_cert" -d act=packed)" 403
is 'a comment of two lines' "$(became packed --data-urlencode \
    'comment=a
b')" 400
is 'all that changed nothing' "$(state "$one")" issued
before=$(orders)
is 'it is packed' "$(became packed)" 303
is '... delivered' "$(became delivered)" 303
is '... activated' "$(became activated -d 'comment=met+in+person')" 303
is '... in the store' "$(state "$one")" activated
is '... without an order' "$(orders)" "$before"
browse_as o1 "$page" >/dev/null
ok 'its history says why' shows 'met in person'
ok 'the audit chain says who' audited act=card "card=$one" what=activated by=o1

# ---- what has one ----
is 'a hold is shown first' "$(became suspended -d comment=leave)" 200
ok '... as an order' shows "card:$one"
is '... and nothing has happened' "$(state "$one")" activated
cp "$tmp/body" "$tmp/hold"
is 'another key signs nothing' "$(openssl genpkey -algorithm EC \
    -pkeyopt ec_paramgen_curve:P-256 -out "$tmp/stranger" 2>/dev/null
    key=$tmp/stranger touch_it o1 "$(form_act)")" 403
is '... nor is the card moved' "$(state "$one")" activated
cp "$tmp/hold" "$tmp/body"
is 'the order is for no other card' "$(touch_it o1 \
    "/officer/card/$(card_number 3)/sign")" 409
cp "$tmp/hold" "$tmp/body"
is 'the key signs' "$(touch_it o1 "$(form_act)")" 303
is '... the card is suspended' "$(state "$one")" suspended
cad
is '... and its certificate on hold' "$(status 1)" held
cp "$tmp/hold" "$tmp/body"
is 'not a second time' "$(touch_it o1 "$(form_act)")" 409
is 'a way back is shown' "$(became resumed)" 200
is '... and signed' "$(touch_it o1 "$(form_act)")" 303
cad
is '... the certificate is good' "$(status 1)" good
is 'a lost card' "$(became lost)" 200
is '... is signed for' "$(touch_it o1 "$(form_act)")" 303
cad
is '... and its certificate revoked' "$(status 1)" revoked
is 'found again, it is returned' "$(became returned)" 303
is '... and destroyed' "$(became destroyed)" 303
browse_as o1 "$page" >/dev/null
ok 'after which nothing comes' shows 'Nothing can become of this card'
ok 'cards and certificates agree' signet card check

# ---- the registration's role ----
is 'it has nothing of secrets' "$(psql -X -q -At -d signet -U signet_ra \
    -c 'SELECT count(*) FROM signet.card_secret' 2>&1 |
    grep -c 'permission denied')" 1
is '... and without an order moves no card that has certificates' \
    "$(psql -X -q -At -d signet -U signet_ra -c "UPDATE signet.card
    SET state = 'lost' WHERE number = '$two'" 2>&1 |
    grep -c 'without an order to revoke')" 1
ok 'an auditor finds it in order' proven
tamper "UPDATE card SET state = 'verified', issued_at = NULL
    WHERE number = '$two'"
not '... and none that a station is at work with' psql -X -q -At \
    -v ON_ERROR_STOP=1 -d signet -U signet_ra \
    -c "UPDATE signet.card SET state = 'issued' WHERE number = '$two'"
is '... which stays what it was' "$(state "$two")" verified
done_testing
