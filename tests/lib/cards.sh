# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Cards and readers without either, after tests/integration/tap.sh: a private
# pcscd with virtual readers (vsmartcard-vpcd), and tests/lib/pivcard in them.
#
#	readers_begin N			N readers, numbered from 0; libpcsclite
#					of this script finds them
#	readers_twice			as many again: the second slot of each,
#					numbered on (pcscd has 16 at most)
#	readers_stop, readers_start	pcscd dies and comes back
#	reader_name I			what PC/SC calls it
#	card_make FILE [OPTION...]	a blank card, in no reader (-x, -m ...)
#	card_insert I FILE [OPTION...]	that card into that reader
#	card_put I FILE [OPTION...]	likewise, without a look whether it is in
#	card_pull I			out again
#	cards_cut N [OPTION...]		make a card for each of N commands and
#					cut there, before and after, in all
#					readers at once; failures in $tmp/cut-*
#	card_say FILE			what it keeps, in lines, without values
# shellcheck source=tests/lib/ports.sh
. "$srcdir/tests/lib/ports.sh"
: "${tmp:?}"
pcsc_driver=/usr/lib/pcsc/drivers/serial/libifdvpcd.so
readers_count=0

readers_begin() {
	readers_count=$1
	mkdir -p "$tmp/readers"
	rm -f "$tmp/readers/all.conf"
	port_pairs "$1" >"$tmp/reader-ports" || return 1
	reader_i=0
	while read -r reader_port; do
		# One copy for each: the driver keeps its sockets in statics.
		cp "$pcsc_driver" "$tmp/vpcd-$reader_i.so" || return 1
		# All in one file: pcscd reads several in no order.
		cat >>"$tmp/readers/all.conf" <<-CONF
		FRIENDLYNAME "Test Reader $reader_i"
		DEVICENAME /dev/null:$reader_port
		LIBPATH $tmp/vpcd-$reader_i.so
		CHANNELID $reader_port
		CONF
		start "$SIGNET_BUILD/tests/lib/pivcard/pivcard" \
		    -p "$reader_port" "$tmp/place-$reader_i"
		reader_i=$((reader_i + 1))
	done <"$tmp/reader-ports"
	PCSCLITE_CSOCK_NAME=$tmp/pcscd.comm
	export PCSCLITE_CSOCK_NAME
	readers_start
}

# The daemon dies, and comes back with readers_start.
readers_stop() {
	stop "$readers"
}

readers_start() {
	rm -f "$PCSCLITE_CSOCK_NAME"
	# Its readers would listen on every address.
	start env LD_PRELOAD="$SIGNET_BUILD/tests/lib/pivcard/loopback.so" \
	    perl "$srcdir/tests/lib/pcscd.pl" "$PCSCLITE_CSOCK_NAME" \
	    "$tmp/readers"
	# shellcheck disable=SC2154 # set by start
	readers=$last
	wait_for readers_are_there
}

readers_are_there() {
	[ -S "$PCSCLITE_CSOCK_NAME" ] &&
	    [ "$(opensc-tool --list-readers | grep -c 'Test Reader .* 00 00')" \
	    -eq "$readers_count" ]
}

readers_twice() {
	reader_i=$readers_count
	while read -r reader_port; do
		start "$SIGNET_BUILD/tests/lib/pivcard/pivcard" \
		    -p "$((reader_port + 1))" "$tmp/place-$reader_i"
		reader_i=$((reader_i + 1))
	done <"$tmp/reader-ports"
}

reader_name() {
	if [ "$1" -lt "$readers_count" ]; then
		echo "Test Reader $1 00 00"
	else
		echo "Test Reader $(($1 - readers_count)) 00 01"
	fi
}

# As a number, which is how OpenSC's tools are told.
reader_number() {
	opensc-tool --list-readers | awk -v name="$(reader_name "$1")" '
	    index($0, name) { print $1 }'
}

card_make() {
	card_file=$1
	shift
	"$SIGNET_BUILD/tests/lib/pivcard/pivcard" "$@" "$card_file"
}

card_insert() {
	card_put "$@"
	wait_for card_is_in "$1"
}

card_put() {
	card_reader=$1 card_file=$2
	shift 2
	echo "$* $card_file" | sed 's/^ //' >"$tmp/place-$card_reader.new"
	mv "$tmp/place-$card_reader.new" "$tmp/place-$card_reader"
}

card_is_in() {
	opensc-tool --list-readers |
	    grep -qE "^[0-9]+ +Yes .*$(reader_name "$1")"
}

card_is_out() {
	opensc-tool --list-readers |
	    grep -qE "^[0-9]+ +No .*$(reader_name "$1")"
}

card_pull() {
	rm "$tmp/place-$1"
	wait_for card_is_out "$1"
}

card_say() {
	cut -d ' ' -f 1-4 "$1"
}

# One reader's share: the cuts whose number leaves that rest.
cards_cut_in() {
	cut_reader=$1 cut_last=$(($2 * 2)) cut_n=$((cut_reader + 1))
	shift 2
	while [ "$cut_n" -le "$cut_last" ]; do
		cut_when=before:$(((cut_n + 1) / 2))
		[ $((cut_n % 2)) -eq 1 ] || cut_when=after:$((cut_n / 2))
		card_put "$cut_reader" "$tmp/card-$cut_n" "$@" -a 450 \
		    -c "$cut_when"
		card_maker make "$(reader_name "$cut_reader")" \
		    >"$tmp/cut-out-$cut_reader" 2>&1 &&
		grep -q '^interrupted: ' "$tmp/cut-out-$cut_reader" ||
		    { echo "$cut_when"; cat "$tmp/cut-out-$cut_reader"; } \
		    >"$tmp/cut-$cut_n"
		cut_n=$((cut_n + readers_count))
	done
}

cards_cut() {
	cut_pids=
	cut_i=0
	while [ "$cut_i" -lt "$readers_count" ]; do
		cards_cut_in "$cut_i" "$@" &
		cut_pids="$cut_pids $!"
		cut_i=$((cut_i + 1))
	done
	for cut_pid in $cut_pids; do
		wait "$cut_pid"
	done
	rm -f "$tmp"/cut-out-*
	for cut_file in "$tmp"/cut-*; do
		[ ! -e "$cut_file" ] || { cat "$tmp"/cut-*; return 1; }
	done
}
