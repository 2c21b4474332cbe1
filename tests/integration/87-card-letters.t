#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# PIN letters go to the mailing house when two officers have signed for a run
# of them, and what is void never does again (G043).
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/cards.sh"
. "$srcdir/tests/lib/station.sh"
. "$srcdir/tests/lib/formats.sh"
install_pki
station_configure
ok 'there are two readers' readers_begin 2
ok 'four cards are made' cards_issued autumn 4
readers_stop
ca_stop
mark
card() { sql "SELECT number FROM card_item WHERE n = $1"; }
letter() { sql "SELECT l.number FROM letter l JOIN card c ON c.id = l.card WHERE c.n = $1"; }
letters() { signet card letters "$@"; }
release() { as "$1" signet card letters release autumn --yes; }
runs() { letters list autumn --runs --json | jq -r "$1"; }
export_to() {
	export_dir=$tmp/$1
	shift
	letters export autumn --out "$export_dir" "$@"
}
in_dir() { find "$tmp/$1" -name '*.cms' | wc -l | tr -d ' '; }

# --- nothing goes without two ---
as_page 'signet card letters list' letters list autumn
is 'each card has a letter, and none is printed' "$(letters list autumn --json |
    jq -s -r 'map(select(.run == null and .void_at == null)) | length')" 4
exits 3 'nothing is exported before it is released' export_to early
said 'no letters of batch autumn were released'
exits 7 'nobody releases without a key' letters release autumn --yes
exits 3 'nor a program' letters release autumn --yes \
    --key "$pki/agents/station.key" --cert "$pki/agents/station.pem" \
    --passphrase "file:$pki/secrets/agent-station"
said 'your approval would not count'
is '... and nothing is drawn up' "$(runs .run)" ''
exits 4 'there is no such batch' as o1 signet card letters release winter --yes
exits 0 'one officer draws a run up' release o1
said 'another officer has to: signet card letters release autumn'
exits 3 'and does not release it' release o1
said 'is not approved by two officers'
exits 3 '... nor export it' export_to early --run 1
said 'run 1 was not released'
is '... so it waits' "$(runs .state)" waits
run=$(runs .order)
is 'what is signed is for these letters' "$(signet order show "$run" --json |
    jq -r '.kind + " " + .summary')" 'permit letters autumn 1'
exits 5 'meanwhile there is no other run' as o2 signet card letters reprint \
    autumn "$(letter 1)" --reason again --yes
said 'run 1 of batch autumn waits to be released'

# --- what the store says is not what was signed ---
tamper "UPDATE letter_run SET list = convert_to(replace(convert_from(list,
    'UTF8'), '\"made_by\":\"o1\"', '\"made_by\":\"o2\"'), 'UTF8')"
exits 3 'who has drawn it up cannot be altered' release o2
said 'as it was, and it is another now'
tamper "UPDATE letter_run SET list = convert_to(replace(convert_from(list,
    'UTF8'), '\"made_by\":\"o2\"', '\"made_by\":\"o1\"'), 'UTF8')"
tamper "UPDATE orders SET state = 'ready' WHERE id = decode('$run', 'hex')"
exits 3 'nor can somebody say that it is approved' export_to early --run 1
is 'by the tables nobody releases it' "$(sql "SET ROLE signet_cli;
    INSERT INTO letter_print (batch, run, letter)
    SELECT 1, 1, '$(letter 1)'" 2>&1 | grep -c 'was not released')" 1

# --- the second officer ---
as_page 'signet card letters release BATCH' as o2 signet card letters release \
    autumn --yes
is 'another officer releases it' "$(jq -r '.state + " " + .released_by' \
    "$tmp/json")" 'released o2'
as_page 'signet card letters list --runs' letters list autumn --runs
ok 'the audit chain says so' audited act=card-letters what=released run=1 reason=o2
is 'its order is used' "$(order_state "$run")" 'done'
is '... and cannot be used again' "$(sql "INSERT INTO permit_use (digest,
    order_id, who) SELECT digest, id, 'x' FROM orders
    WHERE id = decode('$run', 'hex')" 2>&1 | grep -c 'permits nothing')" 1
exits 4 'no letter is left' release o1
said 'has no letter that was in no run'
exits 0 'the mailing house gets them' export_to one
said 'Letters written:  4'
exits 5 '... not over other files' export_to one
ok 'the audit chain says that, too' audited act=card-letters what=exported
openssl cms -verify -binary -inform PEM -in "$tmp/one/manifest.pem" -purpose any \
    -CAfile "$pki/ca/root.pem" -out "$tmp/list" -signer "$tmp/signer.pem" 2>"$tmp/out"
is 'openssl verifies its manifest, by the second officer' "$(openssl x509 \
    -in "$tmp/signer.pem" -noout -subject | grep -c 'serialNumber = o2')" 1
is '... which has each letter as it is' "$(jq -r '.letters[] | .digest + "  " +
    .letter + ".cms"' "$tmp/list" | (cd "$tmp/one" && sha256sum -c --quiet) 2>&1)" ''
is '... and says who drew it up' "$(jq -r .made_by "$tmp/list")" o1
openssl cms -decrypt -inform DER -in "$tmp/one/$(letter 2).cms" -recip \
    "$tmp/mailing.pem" -inkey "$tmp/mailing.key" -out "$tmp/letter.pdf" 2>"$tmp/out"
ok 'who has the key reads them' sh -c "pdftotext -layout '$tmp/letter.pdf' - |
    grep -q '$(card 2)'"

# --- again ---
exits 2 'a re-print has a reason' as o1 signet card letters reprint autumn "$(letter 1)" --yes
exits 4 'no letter of another batch' as o1 signet card letters reprint autumn \
    7QK2M9XA --reason jam --yes
as_page 'signet card letters reprint BATCH LETTER --reason TEXT' as o1 \
    signet card letters reprint autumn "$(letter 1)" --reason 'paper jam' --yes
is 'until that is released the first one counts' "$(runs .valid | tr '\n' ' ')" '4 0 '
exits 0 'a security officer may release, too' release s1
is 'then the first is void' "$(runs .valid | tr '\n' ' ')" '3 1 '
exits 0 'the first run has three' export_to two --run 1
is '... and not that one' "$(in_dir two) $(ls "$tmp/two/$(letter 1).cms" 2>/dev/null)" '3 '
as_page 'signet card letters export BATCH --out DIR' export_to three
is 'which is in the latest' "$(jq -r .letters "$tmp/json")" 1
is '... alone' "$(in_dir three) $(basename "$tmp"/three/*.cms)" "1 $(letter 1).cms"

# --- void ---
exits 2 'void for a reason' letters void autumn "$(letter 1)"
as_page 'signet card letters void BATCH LETTER --reason TEXT' letters void \
    autumn "$(letter 1)" --reason 'moved away'
is 'one is void' "$(jq -r '.letter + " " + .result' "$tmp/json")" "$(letter 1) void"
exits 5 'for ever' letters void autumn "$(letter 1)" --reason 'moved away'
exits 5 '... and is not printed again' as o1 signet card letters reprint autumn \
    "$(letter 1)" --reason jam --yes
said 'is void: moved away'
is 'not by the tables either' "$(sql "SET ROLE signet_cli; UPDATE letter
    SET void_at = NULL WHERE number = '$(letter 1)'" 2>&1 | grep -c 'stays so')" 1
exits 0 'its run is empty' export_to four
is '... indeed' "$(in_dir four)" 0
exits 0 'another is drawn up again' as o1 signet card letters reprint autumn \
    "$(letter 2)" "$(letter 3)" --reason jam --yes
exits 0 'a card is lost meanwhile' as o1 signet card lost "$(card 2)" --yes
is 'its letter is void' "$(letters list autumn --json |
    jq -r "select(.letter == \"$(letter 2)\").reason")" 'the card was lost'
exits 5 'so the run is given up' release o2
said 'is void since run 3 was drawn up: the card was lost'
is '... and what was printed stays so' "$(runs .state | tr '\n' ' ')" \
    'released released given up '
is 'no letter of it goes out' "$(export_to five --run 1 --json | jq -r .letters)" 2
mkdir "$tmp/torn.partial" "$tmp/own.partial"
echo >"$tmp/torn.partial/$(letter 1).cms"
echo >"$tmp/own.partial/notes"
exits 6 'in a folder where something else lies nothing is written' export_to own --run 1
said 'own.partial: Directory not empty'
not '... nor beside it' test -e "$tmp/own"
is 'what a killed export has left does not go out with the next one' \
    "$(export_to torn --run 1 --json | jq -r .letters) $(in_dir torn)" '2 2'
not '... and nothing is left of it' test -e "$tmp/torn.partial"

# --- what was altered is not exported ---
tamper "UPDATE letter SET sealed = sealed || '\\x00' WHERE number = '$(letter 3)'"
exits 3 'a letter that somebody put in its place' export_to six --run 1
said 'is not the one that officers released in run 1'
tamper "UPDATE letter_run SET list = list || ' ' WHERE run = 1"
exits 3 'nor a list' export_to seven --run 1
said 'manifest of run 1: it is not what officers signed'
tamper "UPDATE letter_run SET list = substring(list FROM 1 FOR length(list) - 1) WHERE run = 1;
    UPDATE letter_run SET manifest = (SELECT manifest FROM letter_run WHERE run = 2) WHERE run = 1"
exits 3 'nor with the manifest of another run' export_to eight --run 1

# --- orders that are not carried out ---
exits 0 'a run that is rejected' as o1 signet card letters reprint autumn "$(letter 4)" \
    --reason jam --yes
exits 6 '... by an order for the CA' as s1 signet order reject "$(runs .order | tail -1)" --reason 'why' --yes --wait 0s
exits 4 '... is given up' release o2
is '... as the list of runs says' "$(runs .state | tail -1)" 'given up'
ok 'the audit proves it' proven
done_testing
