#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Where secrets are when the work is done: PIN, PUK, revocation code, master
# key, passphrases, CA keys and a one-time code are looked for, by their bytes,
# in the memory of every process, in logs, in the whole of PostgreSQL's and the
# directory's files, and in what daemons keep.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/services.sh"
. "$srcdir/tests/lib/rad.sh"
. "$srcdir/tests/lib/cards.sh"
. "$srcdir/tests/lib/station.sh"
services_install
rad_configure
station_configure
layout ec '{ slot = "authentication"; profile = "web-login"; alg = "ec:P-256"; }'
sed -i 's/pin_length = 6/pin_length = 8/' "$pki/cards/ec"
readers_begin 1 >"$tmp/out" 2>&1
service_start slapd cad crld ocspd
ok 'the registration authority starts' rad_start
ok 'there is a reader' readers_are_there
ok 'a batch is approved' card_batch one ec 1

# --- something is done with each ---
card_insert 0 "$tmp/a" -x -n 1001
station_start --batch one
ok 'a card is made' wait_for card_is issued piv-serial:1001
ok 'a holder is promised a certificate' as o1 signet order new --code \
    --profile tls-client --holder h7 --holder-name h7 --field name=h7 \
    --sign --yes
code=$(grep -oE '([0-9A-Z]{5}-){3}[0-9A-Z]{5}' "$tmp/out")
rm -f "$tmp/out"
request h7
openssl req -in "$tmp/h7.csr" -outform DER | base64 >"$tmp/h7.b64"
basic=$(printf 'h7:%s' "$code" | base64 -w 0)
( umask 077 && echo "header = \"Authorization: Basic $basic\"" >"$tmp/curlrc" )
is 'and takes it with the code' "$(visit /.well-known/est/simpleenroll \
    -K "$tmp/curlrc" -H 'Content-Type: application/pkcs10' \
    --data-binary "@$tmp/h7.b64")" 200

# --- what they are ---
mkdir -m 700 "$tmp/ours"
secrets=$tmp/ours/list
secret() {
	printf '%s %s\n' "$1" "$(printf %s "$2" | od -An -v -tx1 | tr -d ' \n')" \
	    >>"$secrets"
}
letter_of "$(sql "SELECT number FROM card")" "$tmp/ours/letter"
pin=$(sed -n 's/^ *\([0-9]\( *[0-9]\)\{7\}\) *$/\1/p' "$tmp/ours/letter" |
    head -n 1 | tr -d ' ')
revocation=$(tr -d ' ' <"$tmp/ours/letter" |
    grep -oE '([0-9A-Z]{4}-){5}[0-9A-Z]{4}' | head -n 1)
sql "SELECT encode(sealed, 'base64') FROM card_secret WHERE kind = 'puk'" |
    base64 -d >"$tmp/ours/puk.cms"
puk=$(openssl cms -decrypt -inform DER -in "$tmp/ours/puk.cms" \
    -recip "$tmp/escrow.pem" -inkey "$tmp/escrow.key" 2>/dev/null)
secret pin "$pin"
secret puk "$puk"
secret revocation-code "$revocation"
secret revocation-code-plain "$(echo "$revocation" | tr -d -)"
secret one-time-code "$code"
secret one-time-code-plain "$(echo "$code" | tr -d -)"
secret one-time-code-basic "$basic"
secret master "$(cat "$tmp/master")"
echo "master-raw $(base64 -d "$tmp/master" | od -An -v -tx1 | tr -d ' \n')" \
    >>"$secrets"
for name in ca-people ca-services agent-cad agent-crl agent-ocsp agent-ra \
    agent-ra-tls agent-station root; do
	secret "passphrase-$name" "$(cat "$pki/secrets/$name")"
done
private() {
	echo "key-$1 $(openssl pkey -in "$2" -passin "$3" -noout -text |
	    sed -n '/^priv:/,/^pub:/{ /^p/d; p; }' | tr -d ' :\n' |
	    sed 's/^00//')" >>"$secrets"
}
for name in people services; do
	key=$(find "$pki" -name "$name.key" | head -n 1)
	private "$name" "$key" "file:$pki/secrets/ca-$name"
done
ok 'all secrets are known' sh -c "! grep -vE '^[a-z-]+ [0-9a-f]{12,}\$' '$secrets' &&
    [ \$(wc -l <'$secrets') -eq 20 ]"

# --- where they are ---
search() { perl "$srcdir/tests/lib/find_secrets.pl" "$secrets" "$@"; }
below() {
	for below_pid in $(pgrep -P "$1"); do
		echo "pid:$below_pid"
		below "$below_pid"
	done
}
is 'who searches finds' "$(search "$tmp/master")" "master $tmp/master"
signer=$(pgrep -P "$(service_pid cad)" | head -n 1)
# A key that was renewed is opened as the one before it was: who has a key keeps
# that passphrase, and no other.
# shellcheck disable=SC2046 # several
is 'of the publisher the agent has its own' "$(search \
    "pid:$(service_pid crld)" $(below "$(service_pid crld)"))" \
    'passphrase-agent-crl memory of signet-crld: ag'
# shellcheck disable=SC2046
is 'of the responder the agent has its own' "$(search \
    "pid:$(service_pid ocspd)" $(below "$(service_pid ocspd)"))" \
    'passphrase-agent-ocsp memory of signet-ocspd: a'
# shellcheck disable=SC2046
is 'of the registration authority who has a key has its own' "$(search \
    "pid:$rad_pid" $(below "$rad_pid") | sort)" \
    'passphrase-agent-ra memory of signet-rad: age
passphrase-agent-ra memory of signet-rad: sea
passphrase-agent-ra-tls memory of signet-rad: kee
passphrase-agent-ra-tls memory of signet-rad: tls'
others=
for pid in $(pgrep -P "$(service_pid cad)"); do
	[ "$pid" = "$signer" ] || others="$others pid:$pid"
done
# shellcheck disable=SC2086
is 'of the CA none but the signer' "$(search "pid:$(service_pid cad)" \
    $others)" 'passphrase-agent-cad memory of signet-cad: age'
is 'the signer has the keys that it signs with, and no more' \
    "$(search "pid:$signer" | sed 's/-reversed//; s/ memory.*//' | sort -u |
    tr '\n' ' ')" 'key-people key-services passphrase-agent-cad '
clerk=$(station_child clerk)
is 'of the station the clerk has the master key' "$(search "pid:$clerk" |
    sed 's/ memory.*//; s/-raw//' | sort -u | tr '\n' ' ')" 'master passphrase-agent-station '
# shellcheck disable=SC2046
is '... and nobody else has anything' "$(search "pid:$station" \
    $(below "$station" | grep -vx "pid:$clerk"))" ''

station_stop
sql 'CHECKPOINT' >"$tmp/out"
is 'nothing is in the files of PostgreSQL' "$(search "$tmp/pg")" ''
is '... nor in those of the directory' "$(search "$tmp/slapd")" ''
is '... nor in what daemons keep' "$(search "$pki/state")" ''
is '... nor in a log' "$(search "$tmp/log" "$tmp/rad.log" \
    "$tmp/station.log" "$tmp/events")" ''
is 'and no process has left a core file' \
    "$(find "$tmp" "$pki" -name 'core*' -type f)" ''
done_testing
