# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Cards that are made while somebody is killed, after tests/integration/tap.sh:
#
#	kills_of VICTIM		all of it, at each step
#	kills_begin COUNT		an installation with a CA, a station and
#					two readers, and a batch of so many
#	points_of POINT			how often the station passes it for two
#					cards
#	kill_at VICTIM POINT N		two blanks, a strict one and one with
#					extensions; at the N-th pass the clerk
#					stands still while somebody is killed:
#					station, clerk, workers, pcscd, store, ca
#	dies_at POINT N			the process that passes it is killed
#	ca_dies_at POINT		the process of the CA that passes it is
#	kills_end			what must hold of all cards that were made
: "${tmp:?}" "${srcdir:?}"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/cards.sh"
. "$srcdir/tests/lib/station.sh"
kills_run=0
station_env="SIGNET_FAULT_PLAN=$tmp/plan"
ca_env="SIGNET_FAULT_PLAN=$tmp/ca-plan SIGNET_FAULT_LIST=$tmp/ca-passed"

kills_begin() {
	# What is committed shall be there when PostgreSQL has died.
	PG_FSYNC=on
	export PG_FSYNC
	install_pki
	station_configure
	layout two '
	{ slot = "authentication"; profile = "web-login"; alg = "ec:P-256"; },
	{ slot = "key management"; profile = "individual-encrypt"; alg = "ec:P-256"; }'
	kills_count=$1
	plan none 0 KILL
	cp "$tmp/plan" "$tmp/ca-plan"
	readers_begin 2 && card_batch all two "$1" && ca_start &&
	    station_start --batch all
}

plan() {
	echo "$*" >"$tmp/plan"
}

plan_left() {
	cut -d ' ' -f 2 "$tmp/plan"
}

cards_ended() {
	[ "$(sql "SELECT count(*) FROM card
	    WHERE state IN ('issued', 'spoiled')")" -eq $((2 * kills_run)) ]
}

blanks_in() {
	kills_run=$((kills_run + 1))
	card_put 0 "$tmp/card-$kills_run-x" -x -n "$((2 * kills_run))"
	card_put 1 "$tmp/card-$kills_run-s" -n "$((2 * kills_run + 1))"
}

blanks_out() {
	rm "$tmp/place-0" "$tmp/place-1"
	wait_for both_out
}

both_out() {
	opensc-tool --list-readers >"$tmp/both"
	! grep -q '^[0-9]* *Yes' "$tmp/both"
}

plan_is_over() {
	[ "$(plan_left)" = 0 ] || cards_ended
}

# A run in which nobody dies.
points_of() {
	plan "$1" 9999 KILL
	blanks_in
	wait_for cards_ended || return 1
	points=$((9999 - $(plan_left)))
	blanks_out
}

kill_station() {
	kill -KILL "$station"
	wait "$station" 2>/dev/null
	station_start --batch all
}

kill_clerk() {
	kill -KILL "$(station_child clerk)"
}

kill_workers() {
	# shellcheck disable=SC2046
	kill -KILL $(station_child reader)
	clerk_goes_on
}

kill_pcscd() {
	kill -KILL "$readers"
	wait "$readers" 2>/dev/null
	readers_start
	clerk_goes_on
}

kill_store() {
	pg_kill "$tmp/pg"
	clerk_goes_on
	# Whoever inherits the dead may be slow to bury them.
	wait_for pg_again "$tmp/pg"
}

kill_ca() {
	kill -KILL "$ca"
	wait "$ca" 2>/dev/null
	clerk_goes_on
	ca_start
}

clerk_goes_on() {
	kill -CONT "$(station_child clerk)"
}

kill_at() {
	plan "$2" "$3" STOP
	blanks_in
	wait_for plan_is_over || kills_say || return 1
	cards_ended || "kill_$1"
	kills_finish
}

dies_at() {
	plan "$1" "$2" KILL
	blanks_in
	kills_finish
}

ca_dies_at() {
	plan none 0 KILL
	echo "$1 1 KILL" >"$tmp/ca-plan"
	blanks_in
	wait_for ca_plan_is_over || kills_say
	kill -KILL "$ca"
	wait "$ca" 2>/dev/null
	ca_start
	kills_finish
}

ca_plan_is_over() {
	grep -q ' 0 ' "$tmp/ca-plan"
}

kills_of() {
	ok 'a station is at work' kills_begin 160
	ok 'two cards are made' points_of clerk.done
	echo "# $points answers for two cards"
	kills_n=1
	while [ "$kills_n" -le "$points" ]; do
		kills_point=clerk.asked
		[ $((kills_n % 2)) -eq 0 ] || kills_point=clerk.done
		ok "$1 killed at $kills_point $kills_n" \
		    kill_at "$1" "$kills_point" "$kills_n"
		kills_n=$((kills_n + 1))
	done
}

kills_finish() {
	wait_for cards_ended || kills_say || return 1
	plan none 0 KILL
	blanks_out
	# The last answer of all may have stopped it when all was done.
	clerk_goes_on
}

# Where it stands that did not come to an end.
kills_say() {
	for kills_file in events station.log cad.log; do
		tail -n 10 "$tmp/$kills_file" | cut -c 1-300
	done
	sql "SELECT identity, state, reader, reason FROM card
	    WHERE state NOT IN ('issued', 'spoiled')"
	return 1
}

# ---- what must hold ----

# Each issued card, in lines: GUID, number, letter, PUK, certificates.
issued_cards() {
	sql "SELECT encode(c.id, 'hex'), c.number,
	    translate(encode(l.sealed, 'base64'), E'\n', ''),
	    translate(encode(s.sealed, 'base64'), E'\n', ''),
	    (SELECT string_agg(encode(x.der, 'hex'), ' ') FROM card_key k
	    JOIN cert x ON x.order_id = k.order_id AND x.n = k.n
	    WHERE k.card = c.id)
	    FROM card c JOIN letter l ON l.card = c.id AND l.void_at IS NULL
	    JOIN card_secret s ON s.card = c.id AND s.kind = 'puk'
	    AND s.void_at IS NULL WHERE c.state = 'issued'" | tr '|' ' '
}

# opened NAME OUT - what is sealed to that key, base64, from standard input
opened() {
	base64 -d >"$2.cms" && openssl cms -decrypt -inform DER -in "$2.cms" \
	    -recip "$tmp/$1.pem" -inkey "$tmp/$1.key" -out "$2"
}

letter_pin() {
	pdftotext -layout "$1" - |
	    sed -n 's/^ *\([0-9]\( *[0-9]\)\{5\}\) *$/\1/p' | head -n 1 |
	    tr -d ' '
}

# plastic_has FILE pin|puk DIGITS - it has this one, and all tries for it
plastic_has() {
	grep -q "^$2 3 3 0 $(printf %s "$3" | od -An -tx1 | tr -d ' \n')f*\$" \
	    "$1"
}

# card_opens FILE LETTER PUK CERT CERT
card_opens() {
	printf %s "$2" | opened mailing "$tmp/letter" &&
	printf %s "$3" | opened escrow "$tmp/puk" &&
	plastic_has "$1" pin "$(letter_pin "$tmp/letter")" &&
	plastic_has "$1" puk "$(cat "$tmp/puk")" &&
	grep -q "$4" "$1" && grep -q "$5" "$1"
}

cards_open() {
	issued_cards >"$tmp/issued"
	[ "$(wc -l <"$tmp/issued")" -eq "$(sql "SELECT count(*) FROM card
	    WHERE state = 'issued'")" ] || return 1
	open_bad=0
	while read -r id number letter puk certs; do
		# shellcheck disable=SC2086
		file=$(grep -l "$id" "$tmp"/card-*-[xs]) &&
		    card_opens "$file" "$letter" "$puk" $certs || {
			echo "card $number, $id, file $file"
			open_bad=1
		}
	done <"$tmp/issued"
	[ "$open_bad" -eq 0 ]
}

# What is left over goes back into the box; then the count must balance.
stock_balances() {
	sql "SELECT n FROM card_item WHERE state IN ('waiting', 'spent')" \
	    >"$tmp/items"
	# shellcheck disable=SC2046
	signet card batch drop all $(cat "$tmp/items") --reason 'end of the test' &&
	signet card batch stock all --returned $((kills_count - 2 * kills_run)) &&
	signet card batch close all
}

kills_end() {
	sql "SELECT count(*) || ' ' || state FROM card GROUP BY state" |
	    sed 's/^/# /'
	ok 'no certificate of a spoiled card is valid' \
	    wait_for no_valid_certificate
	is 'no holder has two cards' "$(sql "SELECT count(*) FROM (SELECT holder
	    FROM card WHERE state = 'issued' GROUP BY holder
	    HAVING count(*) > 1) x")" 0
	is 'no certificate is of no card' "$(sql "SELECT count(*) FROM cert x
	    JOIN orders o ON o.id = x.order_id JOIN card_batch_order b
	    ON b.order_id = o.id WHERE NOT EXISTS (SELECT FROM card_key k
	    WHERE k.order_id = x.order_id AND k.n = x.n)")" 0
	is 'no step is open, and nothing is kept to go on with' "$(sql "SELECT
	    (SELECT count(*) FROM card_step WHERE done_at IS NULL) +
	    (SELECT count(*) FROM card_secret WHERE work IS NOT NULL)")" 0
	is 'no letter is for a card that was not issued' "$(sql "SELECT count(*)
	    FROM letter l JOIN card c ON c.id = l.card
	    WHERE l.void_at IS NULL AND c.state <> 'issued'")" 0
	ok 'letter, escrow and certificates of each issued card are its own' \
	    cards_open
	station_stop
	ok 'the stock balances' stock_balances
	ca_stop
	ok 'an auditor who believes nothing finds it in order' proven
}
