#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is sealed to the escrow is opened once, for two officers, and written
# down (N027); and a card is taken out of a station's hands.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/cards.sh"
. "$srcdir/tests/lib/station.sh"
. "$srcdir/tests/lib/formats.sh"
. "$srcdir/tests/lib/softhsm.sh"
install_pki
station_configure
ok 'there are two readers' readers_begin 2
ok 'two cards are made' cards_issued autumn 2
mark
card() { sql "SELECT number FROM card_item WHERE batch = 1 AND n = $1"; }
ask() { as "$1" signet card "$2" "$(card "$3")" --yes; }
opened() {
	opened_kind=$1 opened_card=$2
	shift 2
	signet card "$opened_kind" "$(card "$opened_card")" \
	    --escrow-key "$tmp/escrow.key" --escrow-cert "$tmp/escrow.pem" "$@"
}
approve() { as "$1" signet order approve "$2" --yes; }
sealed() {
	sql "SELECT encode(s.sealed, 'base64') FROM card_secret s JOIN card c
	    ON c.id = s.card WHERE c.n = $2 AND s.kind = '$1'
	    AND s.void_at IS NULL" | base64 -d | openssl cms -decrypt -binary \
	    -inform DER -recip "$tmp/escrow.pem" -inkey "$tmp/escrow.key"
}

# --- one officer is not two ---
exits 4 'a mistyped number is said to be one' signet card puk T0000001X
exits 7 'nobody asks without a key' signet card puk "$(card 1)" --yes
exits 3 'nor a program' signet card puk "$(card 1)" --yes \
    --key "$pki/agents/station.key" --cert "$pki/agents/station.pem" \
    --passphrase "file:$pki/secrets/agent-station"
said 'your approval would not count'
is '... nothing is stored' "$(sql "SELECT count(*) FROM orders WHERE kind = 'permit'")" 0
exits 0 'an officer signs for it' as o1 signet card puk "$(card 1)" --reason 'PIN forgotten' --yes
said 'another officer has to: signet order approve'
first=$(last_order)
exits 3 'one officer does not open it' opened puk 1
said 'is not approved by two officers'
exits 5 'nor one who signs twice' approve o1 "$first"
is 'the PUK is not in any of that' "$(grep -c "$(sealed puk 1)" "$tmp/out")" 0

# --- two officers, and another card ---
exits 0 'another officer signs' approve o2 "$first"
said 'permits:'
exits 3 'it is not for another card' opened puk 2 --order "$first"
said "permits \"puk $(card 1)\" and not \"puk $(card 2)\""
exits 3 'nor for another secret' opened management 1 --order "$first"
other=$(sql "SELECT encode(id, 'hex') FROM orders WHERE kind = 'batch' LIMIT 1")
exits 3 'nor is any other order' opened puk 1 --order "$other"
said 'is to batch, and permits nothing'
tamper "CREATE TABLE kept AS SELECT * FROM card_secret;
    UPDATE card_secret SET sealed = (SELECT s.sealed FROM card_secret s
    JOIN card c ON c.id = s.card WHERE c.n = 2 AND s.kind = 'puk')
    WHERE kind = 'puk' AND card = (SELECT id FROM card WHERE n = 1)"
exits 3 'what was put in its place is not opened' opened puk 1
said 'as it was, and it is another now'
tamper "UPDATE card_secret SET sealed = NULL WHERE kind = 'puk'
    AND card = (SELECT id FROM card WHERE n = 1)"
exits 4 'what is not there neither' opened puk 1
is '... the order waits' "$(order_state "$first")" ready
tamper "UPDATE card_secret s SET sealed = k.sealed FROM kept k WHERE k.card = s.card
    AND k.kind = s.kind AND k.version = s.version; DROP TABLE kept"

# --- opened, once ---
exits 7 'without the key of the escrow nothing is used up' signet card puk "$(card 1)"
said 'no key of the escrow to open it with; nothing was used up'
exits 3 'nor with a wrong one' signet card puk "$(card 1)" \
    --escrow-key "$tmp/mailing.key" --escrow-cert "$tmp/mailing.pem"
is '... the order waits still' "$(order_state "$first")" ready
exits 0 'with it the PUK is opened' opened puk 1
is '... which is the one' "$(sed "s/^.*: //" "$tmp/out")" "$(sealed puk 1)"
ok 'the audit chain has it' audited act=card-secret "card=$(card 1)" kind=puk \
    'persons=o' "id=$first"
is '... without the PUK' "$(sql "SELECT count(*) FROM audit
    WHERE position(convert_to('$(sealed puk 1)', 'UTF8') IN body) > 0")" 0
is 'so has its history' "$(signet card show "$(card 1)" --json |
    jq -r '.history[-1].what')" 'puk opened'
is 'the order is used' "$(order_state "$first")" 'done'
exits 5 '... and is not used again' opened puk 1 --order "$first"
said 'was used: what it permits is done once'
tamper "UPDATE orders SET state = 'ready' WHERE id = decode('$first', 'hex')"
exits 5 '... though somebody says that it was not' opened puk 1
said 'what was permitted has been done'
tamper "UPDATE orders SET state = 'done' WHERE id = decode('$first', 'hex')"
exits 0 'for another time it takes other signatures' ask o1 puk 1
exits 0 '... two' approve o2 "$(last_order)"
as_page 'signet card puk NUMBER --escrow-key URI' opened puk 1
is '... and opens the same' "$(jq -r .puk "$tmp/json")" "$(sealed puk 1)"

# --- the management key, by security officers ---
as_page 'signet card management NUMBER' as s1 signet card management "$(card 1)" --yes
exits 0 'another, too' approve s2 "$(last_order)"

# --- by an escrow whose key is in a token ---
tokens_begin
token_make escrow && token_tool escrow --write-object "$tmp/escrow.key" \
    --type privkey --label escrow --id 01 --usage-derive >"$tmp/out" 2>&1 &&
    openssl pkey -in "$tmp/escrow.key" -pubout -outform DER \
    -out "$tmp/escrow.pub" &&
    token_tool escrow --write-object "$tmp/escrow.pub" --type pubkey \
    --label escrow --id 01 >>"$tmp/out" 2>&1 || sed 's/^/# /' "$tmp/out"
by_token() {		# PIN-FILE
	by_pin=$1
	shift
	signet card management "$(card 1)" --escrow-cert "$tmp/escrow.pem" \
	    --escrow-key 'pkcs11:token=escrow;object=escrow' \
	    --escrow-passphrase "file:$by_pin" "$@"
}
order=$(last_order)
exits 3 'a wrong PIN opens nothing' by_token "$tmp/wrong-pin"
said 'token escrow refuses the PIN'
token_unplug escrow
exits 6 'nor a token that is away' by_token "$tmp/pin"
said 'no such token in module'
is '... the order waits' "$(order_state "$order")" ready
token_plug escrow
as_page 'signet card management NUMBER --escrow-key URI' by_token "$tmp/pin"
is 'the token opens the key, as hex' "$(jq -r .management "$tmp/json")" \
    "$(sealed management 1 | od -An -v -tx1 | tr -d ' \n')"

# --- what others have sealed ---
tamper "CREATE TABLE kept AS SELECT * FROM card_secret"
printf '12\033[2J34' | openssl cms -encrypt -binary -aes-256-gcm -outform DER \
    -recip "$tmp/escrow.pem" -keyopt ecdh_kdf_md:sha256 >"$tmp/evil"
tamper "UPDATE card_secret SET sealed = decode('$(od -An -v -tx1 "$tmp/evil" |
    tr -d ' \n')', 'hex') WHERE kind = 'puk'
    AND card = (SELECT id FROM card WHERE n = 2)"
exits 0 'officers sign for it unseen' as o1 signet card puk "$(card 2)" --yes
evil=$(last_order)
exits 0 '... both' approve o2 "$evil"
exits 2 'what no card can have as a PUK is not shown' opened puk 2
said 'what was sealed is no PUK; nothing was used up'
is '... and no terminal obeys it' "$(grep -c "$(printf '\033')" "$tmp/out")" 0
tamper "UPDATE card_secret s SET sealed = k.sealed FROM kept k WHERE k.card = s.card
    AND k.kind = s.kind AND k.version = s.version; DROP TABLE kept;
    UPDATE orders SET state = 'expired' WHERE id = decode('$evil', 'hex')"

# --- too late ---
exits 2 'an order lasts for some time' as o1 signet card puk "$(card 2)" --valid soon --yes
as_page 'signet card puk NUMBER' as o1 signet card puk "$(card 2)" --valid 2s --yes
late=$(last_order)
sleep 3
exits 5 'nobody approves it later' approve o2 "$late"
said 'expired on'
exits 3 'nor opens anything with it' opened puk 2 --order "$late"
said 'expired on'

# --- a card in a station's hands ---
ca_stop
cut -d , -f 1-4 "$tmp/autumn.csv" | sed '2,$s/^/w/' >"$tmp/winter.csv"
{ signet card batch import winter --layout one --csv "$tmp/winter.csv" &&
    as o1 signet card batch approve winter --yes; } >"$tmp/out" 2>&1 || sed 's/^/# /' "$tmp/out"
as_page 'signet card batch approve BATCH' as o2 signet card batch approve winter --yes
station_start --batch winter
card_insert 0 "$tmp/w1" -x -n 2001
ok 'a card waits for the CA' wait_for card_is ordered piv-serial:2001
wait_of() { sql "SELECT number FROM card WHERE identity = '$1'"; }
number=$(wait_of piv-serial:2001)
item() { sql "SELECT state FROM card_item WHERE number = '$1'"; }
exits 5 'an issued card is not spoiled' signet card spoil "$(card 1)" --reason torn --yes
said 'is issued: no station works on it'
exits 2 'nor one without a reason' signet card spoil "$number" --yes
exits 4 'nor one that is not there' signet card cancel T0000001X --reason torn --yes
as_page 'signet card spoil NUMBER --reason TEXT' signet card spoil "$number" \
    --reason 'chip is torn' --yes
is '... in the store' "$(card_state piv-serial:2001)" spoiled
is '... by who did it' "$(sql "SELECT who || ': ' || e.reason FROM card_event e JOIN card c
    ON c.id = e.card WHERE c.number = '$number' AND what = 'spoiled'")" "$(id -un): chip is torn"
is '... with its secrets' "$(sql "SELECT count(*) FROM card_secret s JOIN card c
    ON c.id = s.card WHERE c.number = '$number' AND s.void_at IS NULL")" 0
is 'its orders are used, so its item waits for others' "$(item "$number")" spent
exits 5 'it is not spoiled twice' signet card spoil "$number" --reason torn --yes
said 'no station works on it, its item is spent'
cad
is 'nothing is certified for it' "$(sql "SELECT count(*) FROM cert WHERE card = '$number'")" 0
card_pull 0
card_insert 1 "$tmp/w2" -x -n 2002
ok 'the next waits for the CA' wait_for card_is ordered piv-serial:2002
number=$(wait_of piv-serial:2002)
card_pull 1
kill "$station"
station_gone() { ! kill -0 "$station" 2>/dev/null; }
ok 'a card that was taken away holds no station up' wait_for station_gone
kill -9 "$station" 2>/dev/null
wait "$station" 2>/dev/null
cad
is 'it is certified, and nobody tells the card' "$(sql "SELECT status FROM cert
    WHERE card = '$number'")" good
exits 7 'what has a certificate is not spoiled without a key' signet card spoil \
    "$number" --drop --reason torn --yes
is '... it is what it was' "$(card_state piv-serial:2002)" ordered
exits 0 'with a key it is, and no other is made' as o1 signet card spoil \
    "$number" --drop --reason torn --yes
is '... its item is dropped' "$(item "$number")" dropped
exits 5 'the certificate is still good' signet card check
cad
is 'the CA revokes it' "$(sql "SELECT status || reason FROM cert WHERE card = '$number'")" revoked5
exits 0 'then all is well' signet card check
as_page 'signet card cancel NUMBER --reason TEXT' signet card cancel \
    "$(sql "SELECT number FROM card_item WHERE state = 'spent'")" --reason 'has left' --yes
is 'items without a card are cancelled, too' "$(jq -r .item "$tmp/json")" dropped
is '... and nothing is open' "$(signet card batch show winter --json |
    jq -r '"\(.waiting) \(.claimed) \(.spent) \(.dropped)"')" '0 0 0 2'
exits 5 'cancelled is cancelled' signet card cancel "$number" --reason 'has left' --yes
exits 5 'the count says what is missing' signet card batch close winter
said 'spoiled'
exits 0 'two blanks came' signet card batch stock winter --received 2
as_page 'signet card batch close BATCH' signet card batch close winter
is 'and it closes' "$(jq -r .state "$tmp/json")" closed
ok 'the audit proves it' proven
done_testing
