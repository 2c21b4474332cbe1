#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Cards go in blank, and come out as those of the holders whom two officers
# approved (G039, G040, G044, N024, N029, E062).
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/cards.sh"
. "$srcdir/tests/lib/station.sh"
install_pki
station_configure
layout ec '
	{ slot = "authentication"; profile = "web-login"; alg = "ec:P-256"; },
	{ slot = "signature"; profile = "individual-sign"; alg = "ec:P-256"; },
	{ slot = "key management"; profile = "individual-encrypt"; alg = "ec:P-256"; },
	{ slot = "card authentication"; profile = "card-auth"; alg = "ec:P-256"; }
'

# --- settings ---
station_check() { signet-station check -c "$tmp/other.conf"; }
with() { sed "$1" "$tmp/station.conf" >"$tmp/other.conf"; }
with 's/^station = /sation = /'
says 'unknown setting "sation"' station_check
with 's/"bureau-1"/"a b"/'
says 'station: "a b" is not a name' station_check
with "s,agents/station\.,agents/crl.,; s,agent-station,agent-crl,"
says 'does not have the role station-agent' station_check
with "s,$tmp/seal.pem,$tmp/escrow.pem,"
says 'is not the certificate of' station_check
( umask 077 && echo short >"$tmp/short" )
with "s,file:$tmp/master,file:$tmp/short,"
says 'master: the key has 5 bytes, not 32' station_check
with 's,x,x,'
ok 'good settings are said to be right' station_check
sed -n 's/^	CONF_[A-Z_]*(conf, \([a-z_0-9]*\),.*/\1/p' \
    "$srcdir/personalize/settings.c" >"$tmp/settings"
ok 'there are settings' grep -qx escrow "$tmp/settings"
undescribed=
while read -r name; do
	grep -qx ".It Ic $name" "$srcdir/man/signet-station.conf.5" ||
	    undescribed="$undescribed $name"
done <"$tmp/settings"
is 'each setting is described' "$undescribed" ''
exits 2 'a batch has to be named' signet-station run -c "$tmp/station.conf"
readers_begin 2 >"$tmp/out" 2>&1
with "s,$tmp/seal.pem,$tmp/escrow.pem,"
exits 7 'what is wrong with the settings ends it' signet-station run -b one \
    -c "$tmp/other.conf"
said 'is not the certificate of'
says 'PC/SC: ' env PCSCLITE_CSOCK_NAME="$tmp/none" \
    signet-station run -b one -c "$tmp/station.conf"

# --- cards ---
ok 'there are two readers' readers_are_there
ok 'a batch of four is approved' card_batch one ec 4
card_insert 0 "$tmp/used" -x -n 2002
ok 'somebody uses a blank' card_maker make "$(reader_name 0)"
card_pull 0
mv "$tmp/letters/pin-letter" "$tmp/pin-letter"
exits 7 'without a template for its PIN letters no batch begins' \
    signet-station run -b one -c "$tmp/station.conf"
said 'batch one: the PIN letter of its layout ec: '
cp "$tmp/pin-letter" "$tmp/letters"
ca_start
card_insert 0 "$tmp/a" -x -n 1001
card_insert 1 "$tmp/b" -n 1002
says 'piv-serial:1001' signet-station readers
station_start --batch one
counted() { [ "$(grep -c "\"event\":\"$1\"" "$tmp/events")" -ge "$2" ]; }
ok 'two cards are made, side by side' wait_for counted issued 2
clerk=$(station_child clerk)
not 'the process that the operator started has no secret' in_memory \
    "$station" "$(cat "$tmp/master")"
ok '... which the clerk has' in_memory "$clerk" "$(cat "$tmp/master")"
is 'the one with extensions is issued' "$(card_state piv-serial:1001)" issued
is 'and the strict one' "$(sql "SELECT state FROM card
    WHERE identity NOT LIKE 'piv-serial%'")" issued
is 'each has four certificates, and they are good' "$(sql "SELECT
    string_agg(n, ' ') FROM (SELECT count(*) || status AS n
    FROM card_key k JOIN cert c USING (order_id, n)
    WHERE k.written_at IS NOT NULL GROUP BY k.card, status) x")" '4good 4good'
is 'no step is open' "$(sql "SELECT count(*) FROM card_step
    WHERE done_at IS NULL")" 0
is 'what stations kept is gone' "$(sql "SELECT count(*) FROM card_secret
    WHERE work IS NOT NULL")" 0
is 'no PIN is kept for anybody' "$(sql "SELECT count(*) FROM card_secret
    WHERE kind = 'pin' AND sealed IS NOT NULL")" 0

# The help desk's key opens the PUK, and it is the card's (N027).
sql "SELECT encode(sealed, 'base64') FROM card_secret s JOIN card c
    ON c.id = s.card WHERE kind = 'puk' AND identity = 'piv-serial:1001'" |
    base64 -d >"$tmp/puk.cms"
openssl cms -decrypt -inform DER -in "$tmp/puk.cms" -recip "$tmp/escrow.pem" \
    -inkey "$tmp/escrow.key" -out "$tmp/puk" 2>/dev/null
ok 'the escrow opens a PUK of eight digits' grep -qxE '[0-9]{8}' "$tmp/puk"
exits 4 'and another key does not' openssl cms -decrypt -inform DER \
    -in "$tmp/puk.cms" -recip "$tmp/mailing.pem" -inkey "$tmp/mailing.key" \
    -out "$tmp/none"

# The letter opens that card and no other (G043, E063).
first=$(sql "SELECT number FROM card WHERE identity = 'piv-serial:1001'")
ok 'the mailing house reads the letter' letter_of "$first" "$tmp/letter"
ok '... for that card' grep -q "$first" "$tmp/letter"
pin=$(sed -n 's/^ *\([0-9]\( *[0-9]\)\{5\}\) *$/\1/p' "$tmp/letter" |
    head -1 | tr -d ' ')
( umask 077 && echo "$pin" >"$tmp/pin" )
ok '... with a PIN of six digits' grep -qxE '[0-9]{6}' "$tmp/pin"
is 'nothing of it is in clear in the store or the log' "$(
    { pg_dump signet; cat "$tmp/station.log" "$tmp/events"; } |
    grep -c -e "[^0-9]${pin}[^0-9]" -e "$(tr -d ' ' <"$tmp/letter" |
	grep -oE '([0-9A-Z]{4}-){5}[0-9A-Z]{4}' | head -1)")" 0

# --- cards that are not for us ---
card_pull 0
card_insert 0 "$tmp/a" -x -n 1001
ok 'an issued card is refused' wait_for event refused 'this is card T'
is '... and stays what it was' "$(card_state piv-serial:1001)" issued
card_pull 0
card_insert 0 "$tmp/used"
ok 'so is a card that somebody has begun to use' \
    wait_for event refused 'this is no blank'
is '... of which nothing is stored' "$(card_state piv-serial:2002)" ''
card_pull 0
card_insert 0 "$tmp/odd" -m 0c -n 77
ok 'a blank with another factory key is spoiled' \
    wait_for event '"spoiled"' 'management key'
is '... and its item waits for another' "$(sql "SELECT count(*) FROM card_item
    WHERE state = 'waiting'")" 2
card_pull 0
card_insert 0 "$tmp/d" -x -n 1003 -c after:40
ok 'a card that is cut off in the middle is told so' wait_for event '"gone"'
ok '... and finished when it is back' wait_for counted issued 3
is '... issued' "$(card_state piv-serial:1003)" issued
is '... with four certificates, not more' "$(sql "SELECT count(*) FROM card_key k
    JOIN card c ON c.id = k.card JOIN cert x
    ON x.order_id = k.order_id AND x.n = k.n WHERE c.identity = 'piv-serial:1003'")" 4
card_pull 1
sed 's/^body = .*/body = "{nonsense}";/' "$tmp/pin-letter" \
    >"$tmp/letters/pin-letter"
card_insert 1 "$tmp/e" -x -n 1004
ok 'a letter that somebody spoils meanwhile is told' wait_for event refused \
    'the card is left as it is: ' '{nonsense}'
is '... and spoils no card' "$(card_state piv-serial:1004)" claimed
card_pull 1
cp "$tmp/pin-letter" "$tmp/letters"
card_insert 1 "$tmp/e"
ok 'the last of the batch' wait_for counted issued 4
card_pull 1
card_insert 1 "$tmp/f" -x -n 1005
ok 'after which no work waits' wait_for event '"nothing"'
is '... and the blank is still one' "$(card_state piv-serial:1005)" ''
station_stop
card_pull 0
card_insert 0 "$tmp/a"
ok 'the PIN of the letter opens the card' sh -c "
    yubico-piv-tool --reader '$(reader_name 0)' -a verify-pin \
    -P \"\$(cat '$tmp/pin')\" 2>&1 | grep -q Success"
ok 'the PUK of the escrow unblocks the card (E063)' sh -c "
    yubico-piv-tool --reader '$(reader_name 0)' -a unblock-pin \
    -P \"\$(cat '$tmp/puk')\" -N 654321 2>&1 | grep -q Success"
ca_stop
ok 'an auditor who believes nothing finds it in order' proven
if ! grep -q '"issued".*"issued"' "$tmp/events" && [ -s "$tmp/station.log" ]; then
	sed 's/^/# /' "$tmp/station.log"
fi
done_testing
