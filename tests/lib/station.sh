# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# A station that personalises the cards of tests/lib/cards.sh, with a CA that
# runs; after installation.sh and cards.sh:
#
#	station_configure	settings in $tmp/station.conf, after install_pki
#	layout NAME SLOTS	a layout with these slots (libconfig)
#	card_batch NAME LAYOUT COUNT	a batch that two officers approved, with
#					as many blanks; holders NAME-h1 ...
#	batch_from NAME LAYOUT	likewise, of $tmp/NAME.csv
#	ca_start, ca_stop	signet-cad, log in $tmp/cad.log
#	station_start [options]	in the background, events in $tmp/events
#	station_stop
#	station_child NAME	pid of its process of that name
#	in_memory PID TEXT	that process has it
#	event WORDS...		an event has all of these
#	events_forget		... of those from now on
#	cards_issued NAME N	a batch whose cards are made; holders 1 ... N
#	card_number I		on the face of the one whose holder is I
#	card_state IDENTITY	of the newest card that the plastic was
#	card_is STATE IDENTITY
: "${tmp:?}" "${srcdir:?}" "${pki:?}"
conninfo=${conninfo:-}

# seal_pair NAME - key and certificate that secrets are sealed to
seal_pair() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$tmp/$1.key" -out "$tmp/$1.pem" -subj "/CN=$1" -days 1095 \
	    -addext keyUsage=critical,keyAgreement 2>/dev/null
	chmod 600 "$tmp/$1.key"
}

station_configure() {
	for name in seal escrow mailing; do
		seal_pair "$name"
	done
	# Not where they are: the clerk looks into nobody's closed home.
	cp -R "$srcdir/etc/letters" "$tmp/letters"
	( umask 077 && head -c 24 /dev/urandom | base64 >"$tmp/master" )
	cat >"$tmp/station.conf" <<-CONF
	station = "bureau-1";
	database = "$conninfo user=signet_station";
	layouts = "$pki/cards";
	agent_key = "$pki/agents/station.key";
	agent_cert = "$pki/agents/station.pem";
	agent_passphrase = "file:$pki/secrets/agent-station";
	seal_key = "$tmp/seal.key";
	seal_cert = "$tmp/seal.pem";
	escrow = "$tmp/escrow.pem";
	mailing_house = "$tmp/mailing.pem";
	letters = "$tmp/letters";
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
	cat >"$pki/cards/$1" <<-LAYOUT
	description = "for tests";
	slots = ( $2 );
	management = "derived";
	pin_length = 6;
	letter = "pin-letter";
	number = "T";
	validity = "365d";
	LAYOUT
}

card_batch() {
	{
		echo holder,name,given,surname,mail,country
		for i in $(seq "$3"); do
			echo "$1-h$i,H $i,H,$i,h$i@example.org,SE"
		done
	} >"$tmp/$1.csv"
	batch_from "$1" "$2"
}

batch_from() {
	{
		signet card batch import "$1" --layout "$2" \
		    --csv "$tmp/$1.csv" </dev/null &&
		as o1 signet card batch approve "$1" --yes &&
		as o2 signet card batch approve "$1" --yes &&
		signet card batch stock "$1" --received \
		    "$(($(wc -l <"$tmp/$1.csv") - 1))" </dev/null
	} >"$tmp/out" 2>&1 && return
	sed 's/^/# /' "$tmp/out"
	return 1
}

ca_start() {
	# shellcheck disable=SC2086
	env ${ca_env:-} signet-cad -d -c "$pki/cad.conf" >>"$tmp/cad.log" 2>&1 &
	ca=$!
	pids="$pids $ca"
}

ca_stop() {
	stop "$ca"
}

station_start() {
	# shellcheck disable=SC2086
	env ${station_env:-} signet-station run -c "$tmp/station.conf" --json "$@" \
	    >>"$tmp/events" 2>>"$tmp/station.log" &
	station=$!
	pids="$pids $station"
}

station_stop() {
	kill "$station" 2>/dev/null
	wait "$station" 2>/dev/null
}

station_child() {
	ps -o pid= -o comm= --ppid "$station" |
	    awk -v name="station: $1" 'index($0, name) { print $1 }'
}

in_memory() {
	TEXT=$2 perl -e '
	    open(my $maps, "<", "/proc/$ARGV[0]/maps") or exit 2;
	    open(my $mem, "<:raw", "/proc/$ARGV[0]/mem") or exit 2;
	    while (<$maps>) {
		/^([0-9a-f]+)-([0-9a-f]+) rw/ or next;
		my ($from, $to) = (hex $1, hex $2);
		seek($mem, $from, 0);
		read($mem, my $bytes, $to - $from) or next;
		exit 0 if index($bytes, $ENV{TEXT}) >= 0;
	    }
	    exit 1' "$1"
}

events_forgotten=0
events_forget() {
	events_forgotten=$(wc -l <"$tmp/events")
}

event() {
	tail -n "+$((events_forgotten + 1))" "$tmp/events" >"$tmp/seen"
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

card_is() {
	[ "$(card_state "$2")" = "$1" ]
}

# cards_issued NAME N - a batch by the suite's own means, and its cards made in
# readers 0 and 1; the CA goes on, the station has ended
cards_issued() {
	sed -i "s,^layouts = .*,layouts = \"$pki/cards\";," "$tmp/station.conf"
	layout one '{ slot = "authentication"; profile = "web-login"; alg = "ec:P-256"; }'
	awk -v n="$2" 'BEGIN { print "holder,name,mail,surname"
	    for (i = 1; i <= n; i++)
		printf "%d,Person %d,p%d@example.com,Family\n", i, i, i }' \
	    >"$tmp/$1.csv"
	{ signet card batch import "$1" --layout one --csv "$tmp/$1.csv" &&
	as o1 signet card batch approve "$1" --yes &&
	as o2 signet card batch approve "$1" --yes &&
	signet card batch stock "$1" --received "$2"; } >"$tmp/out" 2>&1 || {
		sed 's/^/# /' "$tmp/out"
		return 1
	}
	ca_start
	station_start --batch "$1"
	for i in $(seq "$2"); do
		card_insert $((i % 2)) "$tmp/$1-$i" -x -n $((1000 + i)) &&
		wait_for card_is issued "piv-serial:$((1000 + i))" || return 1
		card_pull $((i % 2))
	done
	station_stop
}

card_number() {
	sql "SELECT number FROM card_item WHERE n = $1"
}

# On cards that are spoiled.
no_valid_certificate() {
	[ "$(sql "SELECT count(*) FROM card c JOIN card_key k ON k.card = c.id
	    JOIN cert x ON x.order_id = k.order_id AND x.n = k.n
	    WHERE c.state = 'spoiled' AND x.status = 'good'")" -eq 0 ]
}
