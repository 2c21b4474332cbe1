# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# A station that personalises the cards of tests/lib/cards.sh, with a CA that
# runs; after installation.sh and cards.sh:
#
#	station_configure	settings in $tmp/station.conf, after install_pki
#	layout NAME SLOTS	a layout with these slots (libconfig)
#	card_batch NAME LAYOUT COUNT	a batch that two officers approved
#	ca_start, ca_stop	signet-cad, log in $tmp/cad.log
#	station_start [options]	in the background, events in $tmp/events
#	station_stop
#	event WORDS...		the last event has all of these
#	card_state IDENTITY	of the newest card that the plastic was
: "${tmp:?}" "${srcdir:?}" "${pki:?}"
conninfo=${conninfo:-}

# seal_pair NAME - key and certificate that secrets are sealed to
seal_pair() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$tmp/$1.key" -out "$tmp/$1.pem" -subj "/CN=$1" -days 30 \
	    -addext keyUsage=critical,keyAgreement 2>/dev/null
	chmod 600 "$tmp/$1.key"
}

station_configure() {
	for name in seal escrow mailing; do
		seal_pair "$name"
	done
	( umask 077 && head -c 24 /dev/urandom | base64 >"$tmp/master" )
	mkdir -p "$tmp/layouts"
	cat >"$tmp/station.conf" <<-CONF
	station = "bureau-1";
	database = "$conninfo user=signet_station";
	layouts = "$tmp/layouts";
	agent_key = "$pki/agents/station.key";
	agent_cert = "$pki/agents/station.pem";
	agent_passphrase = "file:$pki/secrets/agent-station";
	seal_key = "$tmp/seal.key";
	seal_cert = "$tmp/seal.pem";
	escrow = "$tmp/escrow.pem";
	mailing_house = "$tmp/mailing.pem";
	letters = "$srcdir/etc/letters";
	activate_at = "https://cards.example.org";
	master = "file:$tmp/master";
	CONF
}

# letter_of NUMBER FILE - as the mailing house reads it
letter_of() {
	sql "SELECT encode(l.sealed, 'base64') FROM letter l JOIN card c
	    ON c.id = l.card WHERE c.number = '$1' AND l.void_at IS NULL" |
	    base64 -d >"$2.cms"
	openssl cms -decrypt -inform DER -in "$2.cms" \
	    -recip "$tmp/mailing.pem" -inkey "$tmp/mailing.key" \
	    -out "$2.pdf" && pdftotext -layout "$2.pdf" "$2"
}

layout() {
	cat >"$tmp/layouts/$1" <<-LAYOUT
	description = "for tests";
	slots = ( $2 );
	management = "derived";
	pin_length = 6;
	letter = "pin-letter";
	number = "T";
	LAYOUT
}

# What each profile has fields for.
card_rows() {
	case $3 in
	card-auth)
		echo holder,org,card,csr
		for i in $(seq "$2"); do
			echo "$1-h$i,Example AB,T-$1-$i,"
		done ;;
	*)
		echo holder,name,given,surname,mail,country,csr
		for i in $(seq "$2"); do
			echo "$1-h$i,H $i,H,$i,h$i@example.org,SE,"
		done ;;
	esac
}

# Rows by hand: what "signet card batch import" will store.
card_batch() {
	for i in $(seq "$3"); do
		signet holder new "$1-h$i" --name "H $i" >/dev/null 2>&1
	done
	sed -n 's/.*slot = "\([^"]*\)"; profile = "\([^"]*\)".*/\1:\2/p' \
	    "$tmp/layouts/$2" >"$tmp/$1.slots"
	sql "INSERT INTO card_batch (name, layout, per_holder, made_by)
	    VALUES ('$1', '$2', 0, 'test')" >/dev/null
	while IFS=: read -r slot profile; do
		card_rows "$1" "$3" "$profile" >"$tmp/$1.csv"
		as o1 signet order import --csv "$tmp/$1.csv" -p "$profile" \
		    --sign --yes >"$tmp/out" 2>&1 && id=$(last_order) &&
		as o2 signet order approve --yes "$id" >>"$tmp/out" 2>&1 || {
			sed 's/^/# /' "$tmp/out"
			return 1
		}
		sql "INSERT INTO card_batch_order SELECT id, 1, '$slot',
		    decode('$id', 'hex') FROM card_batch WHERE name = '$1'" \
		    >/dev/null
	done <"$tmp/$1.slots"
	sql "INSERT INTO card_item (batch, n, number, holder, place)
	    SELECT b.id, i, 'T-$1-' || i, '$1-h' || i, i
	    FROM card_batch b, generate_series(1, $3) i
	    WHERE b.name = '$1'" >/dev/null
}

ca_start() {
	signet-cad -d -c "$pki/cad.conf" >>"$tmp/cad.log" 2>&1 &
	ca=$!
	pids="$pids $ca"
}

ca_stop() {
	stop "$ca"
}

station_start() {
	signet-station run -c "$tmp/station.conf" --json "$@" \
	    >>"$tmp/events" 2>>"$tmp/station.log" &
	station=$!
	pids="$pids $station"
}

station_stop() {
	kill "$station" 2>/dev/null
	wait "$station" 2>/dev/null
}

event() {
	cp "$tmp/events" "$tmp/seen"
	for event_word; do
		grep -F -e "$event_word" "$tmp/seen" >"$tmp/seen.new" ||
		    return 1
		mv "$tmp/seen.new" "$tmp/seen"
	done
}

card_state() {
	sql "SELECT state FROM card WHERE identity = '$1'
	    ORDER BY claimed_at DESC LIMIT 1"
}
