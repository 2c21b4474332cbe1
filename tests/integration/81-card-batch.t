#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A bureau takes a batch of cards in: the table with all its mistakes at once,
# orders and numbers in one act, two officers with one command each, the count
# of blanks, and the lists for printer and mailing.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/formats.sh"
install_pki
mkdir "$tmp/c"
csv=$tmp/c/people.csv
shown() { signet card batch show "$1" --json | jq -r "$2"; }
import() {
	signet card batch import "$1" --layout person-ec --csv "${2:-$csv}"
}

# --- layouts ---
says person-rsa signet card layout list
exits 4 'a layout that is not there' signet card layout show person-xy
said "$pki/cards"
sed 's/web-login/no login/' "$pki/cards/person-ec" >"$tmp/c/broken"
exits 7 'a layout with a mistake' signet card layout check "$tmp/c/broken"
said 'slots: group 1: "no login" is no name of a profile'
exits 0 'the samples are good' signet card layout check "$pki"/cards/*

# --- a table with mistakes: all of them, with their places ---
printf '\357\273\277holder,name,mail,unit,replaces,surname\r\n' >"$tmp/c/bad.csv"
{
	printf '1,Alice Holm,alice@example.com,Lab,,Holm\r\n'
	printf '2,,bo@example.com,Lab,,Holm\r\n'
	printf '3,Cia Ek,not an address,Lab,,Holm\r\n'
	printf '1,Alice Holm,alice@example.com,Lab,,Holm\r\n'
	printf ',Dan Ek,dan@example.com,Lab,,Holm\r\n'
	printf '5,Eva "Ek,eva@example.com,Lab,,Holm\r\n'
	printf '6,Fia Ek,fia@example.com,Lab,P123,Ek\r\n'
	printf '7,Gun Ek,gun@example.com\r\n'
} >>"$tmp/c/bad.csv"
exits 2 'a table with mistakes is refused' import autumn "$tmp/c/bad.csv"
said 'bad.csv: line 3, column 3: '
said 'bad.csv: line 4, column 10: '
said 'line 5, column 1: "holder": the same as in line 2'
said 'bad.csv: line 6, column 1: web-login: no holder'
said 'bad.csv: line 7, column 7: a quote inside a cell'
said 'line 8, column 30: "replaces": P123 is no card number'
said 'bad.csv: line 9'
said '7 of 8 rows are bad; nothing was stored'
is 'and nothing was' "$(sql 'SELECT count(*) FROM orders o JOIN item i ON i.order_id = o.id WHERE kind = '\''batch'\''')" 0
printf 'name,mail\nA,b@example.com\n' >"$tmp/c/head.csv"
exits 2 'a table without holders' import autumn "$tmp/c/head.csv"
said 'no column "holder"'
printf 'holder,card\n1,P12\n' >"$tmp/c/head.csv"
exits 2 'nobody brings card numbers' import autumn "$tmp/c/head.csv"
said 'line 1, column 8: "card" is neither on the face of layout person-ec'
exits 2 'a batch has a name' import 'a b'

# --- a good one ---
{
	printf 'holder,name,mail,unit,photo,surname,address,birth\r\n'
	printf '1,Alice Holm,alice@example.com,Lab,1.jpg,Holm,"Gata 1\n11122 Stad",1971-05-24\r\n'
	printf '2,Bo Ek,bo@example.com,=1+1,2.jpg,Ek,,\r\n'
	printf '3,"Cia ""C"" Ek",cia@example.com,,,Ek,,\r\n'
} >"$csv"
exits 2 'a line break in an address is no clean text' import autumn
sed -i 's/"Gata 1$/"Gata 1 /' "$csv"
awk '{ if (sub(/Gata 1 $/, "Gata 1, ")) printf "%s", $0; else print }' "$csv" >"$tmp/c/flat" &&
    mv "$tmp/c/flat" "$csv"
says 'Alice Holm' signet card batch preview --layout person-ec --csv "$csv"
said 'card authentication'
is 'a preview stores nothing' "$(sql 'SELECT count(*) FROM card_batch')" 0
exits 0 'the batch is made' import autumn
said 'signet card batch approve autumn'
exits 5 'there is one of this name' import autumn
said 'there is a batch "autumn", with 3 cards'
is 'an order per key, all of the same items' \
    "$(sql 'SELECT count(*) || '\'' '\'' || sum(items) FROM orders WHERE kind = '\''batch'\''')" '3 9'
is 'the cards have numbers' "$(sql 'SELECT count(DISTINCT number) FROM card_item')" 3
ok 'the audit chain has it' audited 'act=card-batch'
is 'orders wait' "$(shown autumn .orders)" pending

# --- two officers ---
# What the store says about the items is not believed: it is what is signed.
exits 0 'the first officer' as o1 signet card batch approve autumn --yes
said 'Alice Holm'
said 'another officer has to: signet card batch approve autumn'
is 'one is not enough' "$(shown autumn .orders)" pending
exits 5 'nor the same twice' as o1 signet card batch approve autumn --yes
exits 0 'the second officer' as o2 signet card batch approve autumn --yes
said 'stations may begin'
is 'orders are ready' "$(shown autumn .orders)" ready
is 'and so are their items' "$(sql "SELECT count(*) FROM item WHERE state = 'waiting'")" 9
exits 5 'nothing is left to sign' as o1 signet card batch approve autumn --yes

# --- orders of different people are not signed together ---
sed 's/^\([1-3]\),/9\1,/' "$csv" >"$tmp/c/others.csv"
exits 0 'another batch' import winter "$tmp/c/others.csv"
sed '3,$d' "$tmp/c/others.csv" | sed 's/^91,/94,/' >"$tmp/c/one.csv"
exits 0 'and one more' import spring "$tmp/c/one.csv"
tamper "DELETE FROM card_batch_order bo USING card_batch b WHERE b.id = bo.batch
    AND b.name IN ('spring', 'winter') AND slot = 'signature'"
tamper "INSERT INTO card_batch_order SELECT b.id, 1, 'signature', o.id FROM card_batch b, orders o
    WHERE b.name = 'winter' AND o.kind = 'batch' AND o.items = 1 AND o.profile = 'individual-sign'"
exits 3 'a foreign order among them is seen' as o1 signet card batch approve winter --yes
said 'its orders have 3 and 1 items'

# --- what is for the printer ---
exits 2 'which list?' signet card batch export autumn
exits 0 'faces' signet card batch export autumn --face --out "$tmp/c/face.csv"
ok 'no cell is a formula' grep -q "\"'=1+1\"" "$tmp/c/face.csv"
ok 'quotes are doubled' grep -q '"Cia ""C"" Ek"' "$tmp/c/face.csv"
ok 'the date of birth is not in it' sh -c "! grep -q '1971\\|birth' '$tmp/c/face.csv'"
is 'lines end as RFC 4180 says' "$(tr -cd '\r' <"$tmp/c/face.csv" | wc -c | tr -d ' ')" 4
is 'programs read it, too' "$(signet card batch export autumn --face --json |
    jq -s -r '.[0].photo + " " + .[1].unit')" '1.jpg =1+1'
exits 0 'nothing is packed yet' signet card batch export autumn --packing
is 'a file is not replaced' "$(signet card batch export autumn --face --out "$tmp/c/face.csv" 2>&1 | grep -c 'face.csv')" 1

# --- count ---
exits 2 'one count at a time' signet card batch stock autumn --received 3 --returned 1
exits 2 'nothing is no count' signet card batch stock autumn --received 0
exits 0 'five blanks' signet card batch stock autumn --received 5
is 'they are blank' "$(shown autumn .blank)" 5
exits 5 'a batch with open items stays open' signet card batch close autumn
said 'has 3 items that are neither issued nor dropped'
exits 0 'paused' signet card batch pause autumn
is 'it is' "$(shown autumn .state)" paused
exits 0 'resumed' signet card batch resume autumn
exits 2 'what is dropped has a reason' signet card batch drop autumn 1
exits 0 'all have left' signet card batch drop autumn 1 2 3 --reason 'has left'
exits 5 'they are gone already' signet card batch drop autumn 1 --reason 'has left'
exits 5 'blanks are missing' signet card batch close autumn
said '5 blanks received, but 0 issued + 0 spoiled + 0 useless + 0 returned = 0'
exits 0 'four back in the box' signet card batch stock autumn --returned 4 --note 'box 3'
exits 0 'one is bent' signet card batch stock autumn --useless 1
exits 0 'now it closes' signet card batch close autumn
exits 5 'and stays closed' signet card batch resume autumn
exits 5 'nothing more is counted' signet card batch stock autumn --received 1
says 'has left' signet card batch show autumn --items
is 'listed' "$(signet card batch list --state closed --json | jq -r .name)" autumn

# --- orders that spoiled cards have used ---
printf 'holder,name,mail,surname\n' >"$tmp/c/again.csv"
for i in 1 2 3; do printf 'a%s,Ann %s,a%s@example.com,Ek\n' "$i" "$i" "$i"; done >>"$tmp/c/again.csv"
exits 0 'a batch' import again "$tmp/c/again.csv"
exits 4 'nothing is spent yet' signet card batch reorder again
said 'has no item whose orders are used up'
tamper "UPDATE card_item SET state = 'spent' WHERE holder IN ('a1', 'a3')"
as_page 'signet card batch reorder BATCH' signet card batch reorder again
is 'two are ordered again' "$(jq -r .ordered "$tmp/json")" 2
is 'they wait, at the places of the new orders' "$(sql "SELECT string_agg(holder || ':' || state || ':' || round || '.' || place, ' ' ORDER BY n)
    FROM card_item WHERE holder LIKE 'a%'")" 'a1:waiting:2.1 a2:waiting:1.2 a3:waiting:2.2'
ok 'who is cut off has signed one of them' as o1 signet order approve "$(last_order)" --yes
exits 0 'officers sign the new round' as o1 signet card batch approve again --yes
said 'Batch again: 2 cards'
said 'a3 Ann 3'
exits 0 'both of them' as o2 signet card batch approve again --yes
is 'with the same card numbers, in what is signed' "$(sql "SELECT count(*) FROM orders o, card_item i
    WHERE i.holder = 'a3' AND o.profile = 'card-auth'
    AND position(convert_to(i.number, 'UTF8') IN o.blob) > 0")" 2

# --- many ---
awk 'BEGIN { print "holder,name,mail,unit,surname"
    for (i = 1; i <= 10000; i++)
	printf "m%d,Person %d,p%d@example.com,Unit %d,Family\n", i, i, i, i % 50 }' >"$tmp/c/many.csv"
before=$(date +%s)
exits 0 'ten thousand' import many "$tmp/c/many.csv"
took=$(($(date +%s) - before))
echo "# 10,000 cards, 3 keys each: $took s"
ok 'within seconds' [ "$took" -lt 30 ]
is 'all of them' "$(shown many .waiting)" 10000
ok 'the audit proves it' proven
done_testing
