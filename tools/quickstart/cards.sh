# shellcheck shell=sh disable=SC2034,SC2154 # shared with the other parts
# SPDX-License-Identifier: Apache-2.0
# Part of quickstart: two card readers that are programs, with a blank card in
# each, below a PC/SC daemon of their own; and what a station makes of them.
: "${state:?}"

driver=/usr/lib/pcsc/drivers/serial/libifdvpcd.so
readers="0 1"

has_readers() {
	[ -e "$driver" ] && { command -v pcscd || [ -x /usr/sbin/pcscd ]; } \
	    >/dev/null 2>&1
}

# What that user runs: it may not look into the clone, nor where it is built.
cards_place() {
	(umask 077 && mkdir -p "$cards" "$reading/conf") &&
	    install "$made/tests/lib/pivcard/pivcard" \
	    "$made/tests/lib/pivcard/loopback.so" "$reading" &&
	    cp "$top/tests/lib/pcscd.pl" "$reading" ||
	    die "cannot write in $home"
	# Where earlier versions had them.
	[ ! -e "$cards/place-0" ] || mv "$cards"/place-* "$cards"/card-[01]* \
	    "$reading" || die "cannot write in $reading"
}

# Two ports that follow each other, for each reader.
reader_ports() {
	perl -MIO::Socket::INET -e 'my @kept;
	    for my $at (map { 20000 + 2 * int(rand(6000)) } 1 .. 500) {
		my @pair = grep { defined } map { IO::Socket::INET->new(
		    Listen => 1, LocalPort => $_, LocalAddr => "127.0.0.1")
		    } $at, $at + 1;
		next if @pair < 2;
		push @kept, @pair;
		print "$at\n";
		exit 0 if @kept == 2 * $ARGV[0];
	    }
	    exit 1' 2
}

readers_there() {
	[ "$(PCSCLITE_CSOCK_NAME=$pcsc_socket signet-station readers \
	    2>/dev/null | grep -c ' card, ')" -eq 2 ]
}

# One copy of the driver for each: it keeps its sockets in statics.
reader_start() {
	cp "$driver" "$reading/driver-$1.so" &&
	cat >"$reading/conf/$1" <<-CONF || die "cannot write in $reading"
	FRIENDLYNAME "Example Reader $1"
	DEVICENAME /dev/null:$2
	LIBPATH $reading/driver-$1.so
	CHANNELID $2
	CONF
	[ -e "$reading/place-$1" ] ||
	    echo "-x -n $((1001 + $1)) card-$1" >"$reading/place-$1"
	stage_place "$reading" || die "cannot give $reading to $stage_user"
	(cd "$reading" && on_stage "in_background reader-$1" \
	    "$reading/pivcard" -p "$2" "place-$1")
}

# Where pcscd keeps its number; made at boot, but it has just been installed.
pcscd_has_place() {
	[ -d /run/pcscd ] || mkdir /run/pcscd 2>/dev/null ||
	    sudo -n mkdir -m 755 /run/pcscd 2>/dev/null
}

cards_start() {
	has_readers || {
		echo "no card readers: pcscd and vsmartcard-vpcd are not installed"
		return
	}
	pcscd_has_place || die "there is no /run/pcscd, which pcscd needs" \
	    "as root: mkdir /run/pcscd (it is there after each boot)"
	cards_place
	background_runs pcscd && return
	rm -f "$pcsc_socket"
	reader_ports >"$state/reader.ports" || die "no ports for card readers"
	for reader in $readers; do
		read -r reader_port
		background_stop "reader-$reader" pivcard >/dev/null
		reader_start "$reader" "$reader_port"
	done <"$state/reader.ports"
	on_stage "in_background pcscd" env \
	    LD_PRELOAD="$reading/loopback.so" \
	    perl "$reading/pcscd.pl" "$pcsc_socket" "$reading/conf"
	wait_for readers_there || die "the card readers do not come up" \
	    "see $state/log/pcscd.log"
	! has_users || chmod 666 "$pcsc_socket"
	echo "two card readers, with cards in them, at $pcsc_socket"
}

cards_stop() {
	background_stop pcscd
	for reader in $readers; do
		background_stop "reader-$reader" pivcard "card reader $reader"
	done
}

cards_status() {
	if background_runs pcscd; then
		echo "card readers  running, pcscd is process" \
		    "$(background_pid pcscd) of" \
		    "$(stat -c %U "/proc/$(background_pid pcscd)")"
	else
		echo "card readers  not running"
	fi
}

# --- what a station needs beside what signet init has made ---

seal_pair() {
	[ -s "$inst/station/$1.pem" ] || (umask 077 && openssl req -x509 \
	    -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$inst/station/$1.key" -out "$inst/station/$1.pem" \
	    -subj "/CN=$1" -days 1095 \
	    -addext keyUsage=critical,keyAgreement) 2>/dev/null ||
	    die "openssl makes no key for $1"
}

make_station() {
	mkdir -p "$inst/station"
	for name in seal escrow mailing-house; do
		seal_pair "$name"
	done
	if has_users; then
		for file in seal.key seal.pem escrow.pem mailing-house.pem; do
			install -m 600 -o signet-station -g signet-station \
			    "$inst/station/$file" "$inst/state/station/$file" ||
			    die "cannot write in $inst/state/station"
		done
	fi
	grep -q '^activate_at' "$inst/station.conf" || echo \
	    "activate_at = \"https://ra.localhost:$ra_port/\";" \
	    >>"$inst/station.conf"
}

two_people() {
	cat <<-EOF
	holder,name,surname,mail,unit,address
	4713,Dora Example,Example,dora@example.org,Laboratory,"1 Example Street, 12345 Exampletown"
	4714,Emil Example,Example,emil@example.org,Workshop,"2 Example Street, 12345 Exampletown"
	EOF
}

as_second() {
	run "$@" --key "$inst/officers/ro2.key" \
	    --cert "$inst/officers/ro2.pem" \
	    --passphrase "file:$inst/secrets/officer-ro2"
}

# make_batch - as a bureau does: a table, and two officers
make_batch() {
	two_people >"$cards/people.csv"
	signet card batch show first >/dev/null 2>&1 ||
	    run signet card batch import first --layout person-ec \
	    --csv "$cards/people.csv" || return 1
	[ ! -e "$cards/approved" ] || return 0
	run signet card batch approve first --yes &&
	    as_second signet card batch approve first --yes &&
	    : >"$cards/approved"
}

in_store() {
	psql -X -q -At -d "$conninfo" -c "SET search_path = signet" -c "$1"
}

# What the mailing house does, who alone has the key.
open_letters() {
	numbers=$(in_store "SELECT c.number FROM letter l JOIN card c
	    ON c.id = l.card WHERE l.void_at IS NULL ORDER BY 1") || return 1
	for number in $numbers; do
		[ ! -s "$cards/$number.pdf" ] || continue
		in_store "SELECT encode(l.sealed, 'base64') FROM letter l
		    JOIN card c ON c.id = l.card
		    WHERE c.number = '$number' AND l.void_at IS NULL" |
		    base64 -d >"$cards/$number.cms" &&
		(umask 077 && run openssl cms -decrypt -inform DER \
		    -in "$cards/$number.cms" \
		    -recip "$inst/station/mailing-house.pem" \
		    -inkey "$inst/station/mailing-house.key" \
		    -out "$cards/$number.pdf") || return 1
	done
}

show_cards() {
	has_readers || return 0
	say "Two people get cards: a batch, two officers, a station"
	make_station
	if [ ! -e "$cards/made" ]; then
		make_batch || die "no batch of cards"
		PCSCLITE_CSOCK_NAME=$pcsc_socket
		export PCSCLITE_CSOCK_NAME
		daemon_as station run timeout --foreground 900 signet-station \
		    run -c "$inst/station.conf" --batch first --lines \
		    --cards 2 || die "the cards are not made" \
		    "signet card list; signet audit show"
		: >"$cards/made"
	fi
	open_letters || die "no PIN letters"
	run signet card list --batch first
	echo "their PIN letters, as the mailing house opens them:" \
	    "$state/cards/*.pdf"
}
