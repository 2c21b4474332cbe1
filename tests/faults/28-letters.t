#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# PIN letters are drawn up by one officer, released by another one and written
# for the mailing house, and one of them once more; signet dies at each step, or
# finds no disk.  No letter is in no folder, none that is void in a later one,
# and each is for its own card.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/cards.sh"
. "$srcdir/tests/lib/station.sh"
. "$srcdir/tests/lib/faults.sh"
install_pki
station_configure
ok 'there are two readers' readers_begin 2
ok 'three cards are made' cards_issued autumn 3
readers_stop
ca_stop
letter() {
	sql "SELECT l.number FROM letter l JOIN card c ON c.id = l.card
	    WHERE c.n = $1"
}
torn=$(letter 1) lost=$(letter 2)
mkdir "$tmp/mail"
wait_for faults_calm
faults_begin "$tmp/mail"

release() {
	as "$1" signet card letters release autumn --yes
}
run_state() {
	signet card letters list autumn --runs --json |
	    jq -r "select(.run == $1).state"
}
export_run() {
	signet card letters export autumn --run "$1" --out "$tmp/mail/run-$1"
}
reprint() {
	as o1 signet card letters reprint autumn "$torn" --reason torn --yes
}
void() {
	signet card letters void autumn "$lost" --reason opened
}
letters_run() {
	release o1 && release o2 && export_run 1 && void && reprint &&
	    release o2 && export_run 2 &&
	    mv "$tmp/mail/run-1" "$tmp/mail/printed" && export_run 1
}
# Until run 1 is written; until 2 is; what is left.
again_first() {
	[ -n "$(run_state 1)" ] || release o1 || return
	[ "$(run_state 1)" = released ] || release o2 || return
	[ -d "$tmp/mail/printed" ] || [ -d "$tmp/mail/run-1" ] || export_run 1
}
again_second() {
	[ "$(sql "SELECT count(*) FROM letter
	    WHERE void_at IS NOT NULL")" = 1 ] || void || return
	[ -n "$(run_state 2)" ] || reprint || return
	[ "$(run_state 2)" = released ] || release o2 || return
	[ -d "$tmp/mail/run-2" ] || export_run 2
}
letters_again() {
	again_first && again_second && {
		[ -d "$tmp/mail/printed" ] ||
		    mv "$tmp/mail/run-1" "$tmp/mail/printed"
	} && {
		[ -d "$tmp/mail/run-1" ] || export_run 1
	}
}
# in_folder NAME LETTER... - these and no others, as the manifest has them
in_folder() {
	folder=$tmp/mail/$1
	shift
	openssl cms -verify -binary -inform PEM -in "$folder/manifest.pem" \
	    -purpose any -CAfile "$pki/ca/root.pem" -out "$tmp/list" &&
	jq -r '.letters[] | .digest + "  " + .letter + ".cms"' "$tmp/list" \
	    >"$tmp/sums" &&
	(cd "$folder" && sha256sum -c --quiet --ignore-missing "$tmp/sums") &&
	printf '%s.cms\n' "$@" | sort >"$tmp/wanted" &&
	(cd "$folder" && ls ./*.cms) | sed 's,^\./,,' | sort |
	    cmp - "$tmp/wanted"
}
# Its card is the one that the letter names.
is_for_its_card() {
	openssl cms -decrypt -inform DER -in "$1" -recip "$tmp/mailing.pem" \
	    -inkey "$tmp/mailing.key" -out "$tmp/letter.pdf" &&
	pdftotext -layout "$tmp/letter.pdf" - | grep -q "$(sql "SELECT c.number
	    FROM letter l JOIN card c ON c.id = l.card
	    WHERE l.number = '$(basename "$1" .cms)'")"
}
letters_hold_once() {
	[ "$(sql "SELECT count(*) FROM letter_run WHERE released_at IS NOT NULL
	    AND void_at IS NULL")" = 2 ] &&
	[ "$(sql "SELECT count(*) FROM audit WHERE body LIKE 'act=card-letters%'
	    AND position('what=released'::bytea IN body) > 0")" = 2 ]
}
letters_holds() {
	letters_hold_once &&
	in_folder printed "$torn" "$lost" "$(letter 3)" &&
	in_folder run-2 "$torn" && in_folder run-1 "$(letter 3)" &&
	is_for_its_card "$tmp/mail/run-2/$torn.cms" &&
	is_for_its_card "$tmp/mail/run-1/$(letter 3).cms" && proven
}
faults_of letters
disk_of letters
faults_sum
done_testing
