#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A holder makes a card for himself: a blank, a one-time code, a PIN of his
# choice; and whatever goes wrong, he says the same once more (N027).
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/enrol.sh"
. "$srcdir/tests/lib/cards.sh"
rad_host=ra.localhost		# which libcurl looks for on this machine
install_pki
ok 'the RA has its certificates' rad_certificates
ok 'the RA starts' rad_start 'patience = "2s"'
cad_start
ok 'there are two readers' readers_begin 2
umask 077
echo 48159263 >"$tmp/pin"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$tmp/escrow.key" -out "$tmp/escrow.pem" -subj /CN=escrow \
    -days 30 -addext keyUsage=critical,keyAgreement 2>/dev/null
reader=0

make_code() {		# HOLDER: one for it, in a file
	code_order "$1" web-login && echo "$code" >"$tmp/code"
}

# What is given replaces the usual.
station_enrol() {	# HOLDER [OPTION]...
	enrol_holder=$1
	shift
	case " $* " in *' --ra '*) ;; *) set -- "$@" --ra "$ra" ;; esac
	case " $* " in *' --root '*) ;;
	*) set -- "$@" --root "$pki/ca/root.pem" ;; esac
	case " $* " in *' --code '*) ;;
	*) set -- "$@" --code "file:$tmp/code" ;; esac
	case " $* " in *' --pin '*) ;;
	*) set -- "$@" --pin "file:$tmp/pin" ;; esac
	case " $* " in *' --wait '*) ;; *) set -- "$@" --wait 90s ;; esac
	signet-station enrol --holder "$enrol_holder" --state "$tmp/state" \
	    --reader "$(reader_name $reader)" "$@"
}

piv() {
	yubico-piv-tool --reader "$(reader_name $reader)" "$@"
}

opens() {		# the PIN does
	piv -a verify-pin -P "$(cat "$tmp/pin")" 2>&1 | grep -q Success
}

unblocks() {		# PUK
	piv -a unblock-pin -P "$1" -N 731946 2>&1 | grep -q Success
}

# The management key that the card shows after the PIN, as the tool's maker has
# them kept: 88 (89 key), and 80 (81 flags).
kept_key() {		# OPTION...
	piv "$@" -a read-object --id 0x5fc109 -f hex 2>/dev/null |
	    tr -d ' \n' | sed -n 's/^88228920//p'
}

card_key() {		# FILE - of the card
	awk '$1 == "manage" { print $NF }' "$1"
}

certs_of() {
	sql "SELECT count(*) FROM cert WHERE holder = '$1'"
}

has_cert() {		# HOLDER: the card has the one of the store
	piv -a read-certificate -s 9a -K DER -o "$tmp/read.der" &&
	[ "$(sql "SELECT encode(der, 'hex') FROM cert
	    WHERE holder = '$1'")" = "$(od -An -v -tx1 "$tmp/read.der" |
	    tr -d ' \n')" ]
}

puk_shown() {
	sed -n 's/^ *PUK: \([0-9]*\) \([0-9]*\)$/\1\2/p' "$tmp/said"
}

done_with() {		# HOLDER [OPTION]...: it says that the card is ready
	station_enrol "$@" >"$tmp/said" 2>&1
	done_status=$?
	cat "$tmp/said"
	[ "$done_status" = 0 ] && grep -q 'The card is ready' "$tmp/said"
}

# --- what is not begun at all ---
ok 'an officer makes a code' make_code h1
exits 2 'an address without TLS' station_enrol h1 --ra http://127.0.0.1
said 'not an address such as https://'
exits 2 'a slot that there is not' station_enrol h1 --slot ninth
said 'no slot "ninth" on cards'
exits 2 'an escrow without a file' station_enrol h1 --escrow "$tmp/escrow.pem"
said 'go together'
exits 7 'roots that are not there' station_enrol h1 --root "$tmp/none"
echo ABCDE >"$tmp/short"
exits 2 'a code that is none' station_enrol h1 --code "file:$tmp/short"
said 'has 20 characters, not 5'
exits 6 'no pcscd' env PCSCLITE_CSOCK_NAME="$tmp/none" signet-station enrol \
    --ra "$ra" --holder h1 --code "file:$tmp/code" --state "$tmp/state"
said 'PC/SC'
exits 2 'two readers, and no word which' signet-station enrol --ra "$ra" \
    --holder h1 --code "file:$tmp/code" --state "$tmp/state"
said 'there are several readers'
exits 4 'no card' station_enrol h1 --wait 1s
said 'no card in Test Reader 0'

# --- cards that are not blank ---
card_insert 0 "$tmp/used" -x -n 2001
ok 'somebody uses a blank' card_maker make "$(reader_name 0)"
exits 5 'which is then refused' station_enrol h1
said 'this card is not blank'
card_pull 0

# --- PINs, and what the RA says ---
card_insert 0 "$tmp/a" -x -n 1001
for weak in 12345 123456 11111111 abcdefg; do
	echo $weak >"$tmp/weak"
	exits 2 "the PIN $weak" station_enrol h1 --pin "file:$tmp/weak"
done
is 'of all that nothing is kept' "$(ls "$tmp/state")" ''
exits 3 'an RA that these roots do not know' station_enrol h1 \
    --root "$tmp/escrow.pem"
said 'do the roots (--root) have its CA?'
rad_stop
exits 6 'an RA that is away' station_enrol h1
said 'nothing is lost: give the same command again when it is back'
ok 'it comes back' rad_again
echo 00000-11111-22222-33333 >"$tmp/wrong"
exits 3 'a wrong code' station_enrol h1 --code "file:$tmp/wrong"
said 'does not take this name and code'
exits 5 'the card that was begun is not for somebody else' station_enrol h2
said 'this card was begun for h1'
is 'nothing was certified so far' "$(certs_of h1)" 0
ok 'the right code: the card is ready' done_with h1
is '... which has the certificate' "$(certs_of h1)" 1
ok '... of the store' has_cert h1
ok 'its PIN is the one that was chosen' opens
is 'nothing is kept any more' "$(ls "$tmp/state")" ''
ok 'the card keeps its management key' grep -q \
    'keeps its management key for who has the PIN' "$tmp/said"
is '... shows it to nobody' "$(kept_key)" ''
is '... but to who has the PIN' "$(kept_key -a verify-pin -P "$(cat "$tmp/pin")")" \
    "$(card_key "$tmp/a")"
is '... which is a key' "$(card_key "$tmp/a" | awk '{ print length }')" 64
is '... and says so' "$(piv -a read-object --id 0x5fff00 -f hex 2>/dev/null |
    tr -d ' \n')" 8003810102
puk=$(puk_shown)
ok 'N027: the PUK that was shown unblocks it' unblocks "$puk"
exits 5 'it is not made twice' station_enrol h1
said 'this card is not blank: it has a name'
card_pull 0
card_insert 0 "$tmp/b" -x -n 1002
exits 3 'the code is of no use for another card' station_enrol h1
is '... nor is there another certificate' "$(certs_of h1)" 1
card_pull 0

# --- a code that was guessed at ---
ok 'another holder gets a code' make_code h2
card_insert 0 "$tmp/c" -x -n 1003
for _ in 1 2 3 4 5 6; do
	station_enrol h2 --code "file:$tmp/wrong" >"$tmp/out" 2>&1
done
exits 3 'after wrong ones the right one does nothing' station_enrol h2
said 'after several wrong tries there is a pause'
ok 'an officer makes another' make_code h2
ok '... and the card goes on with that' done_with h2
said 'this card was begun before'
card_pull 0

# --- the CA is away, the card is pulled, the program ends ---
ok 'a third holder gets a code' make_code h3
cad_stop
card_insert 0 "$tmp/d" -x -n 1004
exits 6 'no certificate yet' station_enrol h3 --wait 1s
said 'not there yet'
cad_start
ok 'later there is one, with the same code' done_with h3
is '... and one only' "$(certs_of h3)" 1
card_pull 0
ok 'a fourth holder gets a code' make_code h4
cuts=
for cut in 14 26 34 42 47; do
	card_put 0 "$tmp/e" -x -n 1005 -c "after:$cut" -a 9000
	wait_for card_is_in 0
	station_enrol h4 --wait 1s >"$tmp/out" 2>&1
	cuts="$cuts $?"
	grep -q 'taken out before it was ready' "$tmp/out" &&
	    grep -q 'same command again: nothing is lost' "$tmp/out" ||
	    cuts="$cuts?"
	rm -f "$tmp/place-0"
	wait_for card_is_out 0
	sleep 0.5	# else pcscd may miss the next one (tests/bench/cards.pl)
done
is 'five times its card is pulled, wherever it is' "$cuts" ' 1 1 1 1 1'
ok 'it is put in once more' card_insert 0 "$tmp/e"
ok 'then it is finished' done_with h4
is '... with one certificate' "$(certs_of h4)" 1
ok '... its PIN' opens
ok '... and its PUK' unblocks "$(puk_shown)"
card_pull 0

ok 'a sixth holder gets a code' make_code h6
card_insert 0 "$tmp/g" -x -n 1007
killed=
for fault in enrol-step:1 enrol-diary:1 enrol-diary:2 enrol-answer:1 \
    enrol-diary:1 enrol-step:1 enrol-diary:1 enrol-step:1 enrol-step:2 \
    enrol-step:3 enrol-step:4; do
	SIGNET_FAULT=$fault station_enrol h6 >"$tmp/out" 2>&1
	killed="$killed $?"
done
is 'the program is killed, wherever it is' "$killed" \
    ' 137 137 137 137 137 137 137 137 137 137 137'
ok '... secrets that it keeps are sealed' grep -q '"sealed"' "$tmp"/state/*
exits 3 '... by the code' station_enrol h6 --code "file:$tmp/wrong"
said 'this card was begun with another one-time code'
ok 'then it is finished' done_with h6
is '... with one certificate' "$(certs_of h6)" 1
ok '... its PIN' opens
ok '... and its PUK' unblocks "$(puk_shown)"
not 'nothing of it is kept' test -e "$tmp/state/piv-serial-1007.card"
card_pull 0

# --- a strict card, RSA, and an escrow ---
ok 'a fifth holder gets a code' make_code h5
reader=1
card_insert 1 "$tmp/f" -n 1006
exits 7 'a key that the card does not make' station_enrol h5 --alg rsa:4096
said 'this card does not make such keys'
ok 'a strict card with an RSA key' done_with h5 --alg rsa:2048 \
    --escrow "$tmp/escrow.pem" --sealed "$tmp/sealed"
ok '... which keeps the management key of its factory' grep -q \
    'keeps the management key that it came with' "$tmp/said"
not '... whose PUK is not shown' grep -q 'PUK:' "$tmp/said"
ok '... has its certificate' has_cert h5
openssl cms -decrypt -inform DER -in "$tmp/sealed" -recip "$tmp/escrow.pem" \
    -inkey "$tmp/escrow.key" -out "$tmp/opened" 2>/dev/null
ok '... the escrow has the PUK' unblocks \
    "$(sed -n 's/^PUK //p' "$tmp/opened")"
card_pull 1

# --- typed ---
ok 'a seventh holder gets a code' make_code h7
reader=0
card_insert 0 "$tmp/h" -x -n 1008
mkfifo "$tmp/keys"
cat >"$tmp/typing" <<-E
signet-station enrol --ra $ra --root $pki/ca/root.pem --holder h7 \\
    --state $tmp/state --reader '$(reader_name 0)'
E
script -qfec "sh $tmp/typing" "$tmp/screen" <"$tmp/keys" >"$tmp/out" 2>&1 &
typing=$!
pids="$pids $typing"
exec 5>"$tmp/keys"
asked() { [ "$(grep -c "$1" "$tmp/screen")" -ge "$2" ]; }
type_when() {		# QUESTION COUNT ANSWER
	wait_for asked "$1" "$2" && sleep 0.2 && printf '%s\r' "$3" >&5
}
ok 'the code is asked for' type_when 'one-time code: ' 1 "$code"
ok '... then the PIN' type_when '6 to 8 digits: ' 1 48159263
ok '... once more' type_when '(again): ' 1 48159264
ok '... anew, when they differ' type_when '6 to 8 digits: ' 2 48159263
ok '... once more' type_when '(again): ' 2 48159263
ok 'the card is ready' wait_for asked 'The card is ready' 1
exec 5>&-
wait "$typing"
is 'nothing that was typed shows' "$(grep -c -e 4815926 -e "$code" \
    "$tmp/screen")" 0
ok 'the PIN opens the card' opens
done_testing
