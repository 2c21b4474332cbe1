#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ./quickstart as somebody who has just cloned it uses it: what it says is
# there is there, for stock clients; it can be repeated, stopped and taken away;
# two of them leave each other alone.
# Then nothing that was built for tests is on the path.
[ -z "${QUICKSTART_BUILD:-}" ] || SIGNET_BUILD=${QUICKSTART_BUILD%/*}
[ -z "${QUICKSTART_CC:-}" ] || export CC="$QUICKSTART_CC"
. "${srcdir:-.}/tests/integration/tap.sh"

built=${QUICKSTART_BUILD:-$SIGNET_BUILD/quickstart}
# quick STATE [options] VERB
quick() {
	quick_state=$1
	shift
	"$srcdir/quickstart" --no-install --build "$built" \
	    --state "$tmp/$quick_state" "$@"
}
# in_env STATE COMMAND... - in a shell that has read the file, and no more
in_env() {
	env -i HOME="$tmp" PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
	    sh -euc '. "$1/env" && shift && eval "$@"' - "$tmp/$1" "$2"
}

# --- what it does not do ---
exits 2 'an option that there is not is refused' quick a --nonsense
exits 2 'so are ports that are none' quick a --ports eighty
exits 2 'and ports that only root may have' quick a --ports 80
said '1024 to 65000'
mkdir "$tmp/mine" && echo precious >"$tmp/mine/file"
exits 1 'what it has not made it does not destroy' quick mine destroy
said 'nothing removed'
said 'next: '
ok '... it is still there' grep -q precious "$tmp/mine/file"
if [ "$(id -u)" -eq 0 ]; then
	mkdir "$tmp/theirs" && chown nobody "$tmp/theirs"
	exits 1 "nor does it take somebody else's" quick theirs start
	said 'belongs to nobody, not to root'
	said 'next: be that user, or choose another place: --state DIR'
fi
# Below those from which card readers and other tests have theirs.
base=$((10000 + $$ % 1000 * 10))
perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 1,
    LocalAddr => "127.0.0.1", LocalPort => $ARGV[0]) or exit 1;
    open F, ">", $ARGV[1]; close F; sleep 600' $((base + 3)) "$tmp/taken" &
pids="$pids $!"
taker=$!
wait_for test -e "$tmp/taken"
exits 1 'a port that somebody has is not taken' quick a --ports "$base" start
said "port $((base + 3)) is taken by another program"
said 'next: choose others: --ports BASE'
stop "$taker"
says 'not running' quick a status

# --- two of them ---
# The second where nobody else may look, and with a name for which one has to
# quote.
mkdir -m 700 "$tmp/a closed home"
b='a closed home/b'
trap 'quick a destroy; quick "$b" destroy; tap_clean_up' EXIT
# The second begins when there are programs, and both are at work at once.
quick a --ports "$base" start >"$tmp/first" 2>&1 &
first=$!
until grep -q 'Starting the store' "$tmp/first"; do
	kill -0 "$first" 2>/dev/null || break
	sleep 0.1
done
quick "$b" start >"$tmp/second" 2>&1 &
second=$!
# come_up PID OUTPUT
come_up() {
	wait "$1"
	came=$?
	cat "$2"
	return "$came"
}
ok 'one comes up on the ports that it is told' come_up "$first" "$tmp/first"
said 'There it is, after'
ok 'another one beside it, in a closed home' come_up "$second" "$tmp/second"
said 'There it is, after'
for name in SIGNET_CONFIG ROOT_CERT PEOPLE_CA_CERT SERVICES_CA_CERT \
    OFFICER1_P12 OFFICER2_P12 P12_PASSWORD_FILE; do
	ok "$name is a file" in_env a "test -s \"\$$name\""
done
ok 'SIGNET_STATE is the directory' in_env a "test \"\$SIGNET_STATE\" = $tmp/a"
for name in OCSP CRL AIA RA EST CMP; do
	ok "${name}_URL is in it, with a port of its own" in_env a \
	    "echo \"\$${name}_URL\" | grep -qE '^https?://[a-z0-9.]+:${base%?}[0-8]/?'"
done
ok 'PCSC_SOCKET is a socket' in_env a 'test -S "$PCSC_SOCKET"'
for name in P12_PASSWORD_FILE OFFICER1_P12 OFFICER2_P12; do
	is "$name is for its owner only" \
	    "$(in_env a "stat -c %a \"\$$name\"")" 600
done

# --- who is who ---
# user_of STATE DAEMON
user_of() {
	quick "$1" status | sed -n "s/^$2 .* of \\([a-z-]*\\).*/\\1/p"
}
for daemon in signet-cad signet-crld signet-ocspd signet-rad; do
	if [ "$(id -u)" -eq 0 ]; then
		is "$daemon is a user of its own" "$(user_of a $daemon)" $daemon
		is '... in a closed home, too' "$(user_of "$b" $daemon)" $daemon
	else
		is "$daemon is the user who started it" \
		    "$(user_of a $daemon)" "$(id -un)"
	fi
done
if [ "$(id -u)" -eq 0 ]; then
	as_rad="setpriv --reuid=signet-rad --regid=signet-rad --clear-groups"
	not "... who cannot read another's key" in_env a \
	    "$as_rad"' cat "${SIGNET_CONFIG%/*}/ca/people.key"'
	said 'Permission denied'
	not '... nor its passphrase' in_env a \
	    "$as_rad"' cat "${SIGNET_CONFIG%/*}/secrets/ca-people"'
	not "... nor be another to the store" in_env a \
	    "$as_rad"' psql -X "${DATABASE_URL}" -c "SELECT 1"'
	said 'Peer authentication failed'
fi

# --- stock clients, with nothing but the file ---
ok 'the store answers' in_env a 'psql -X -At "$DATABASE_URL" \
    -c "SELECT count(*) FROM signet.cert" | grep -qE "^[1-9]"'
ok 'the CA certificate is at its address' in_env a 'curl -sf "$AIA_URL" |
    openssl x509 -inform DER | openssl verify -CAfile "$ROOT_CERT"'
ok '... and the same as in the file' in_env a 'curl -sf "$AIA_URL" |
    openssl x509 -inform DER | cmp - "$PEOPLE_CA_CERT" ||
    openssl verify -CAfile "$ROOT_CERT" "$PEOPLE_CA_CERT" "$SERVICES_CA_CERT"'
ok 'the list is signed by it' in_env a 'curl -sf "$CRL_URL" |
    openssl crl -inform DER -CAfile "$PEOPLE_CA_CERT" -noout 2>&1 |
    grep -q "verify OK"'
ask='openssl ocsp -issuer "$PEOPLE_CA_CERT" -CAfile "$ROOT_CERT" \
    -verify_other "$PEOPLE_CA_CERT" -url "$OCSP_URL" \
    -cert "$SIGNET_STATE/people'
ok 'who was revoked is' in_env a "$ask/bob.pem\" | grep -q ': revoked'"
ok 'who was not is good' in_env a "$ask/alice.pem\" | grep -q ': good'"
if command -v slapd >/dev/null; then
	find='ldapsearch -x -LLL -H "$LDAP_URL" -b "$LDAP_BASE"'
	ok 'a certificate is in the directory' in_env a \
	    "$find '(mail=alice@example.org)' 'userCertificate;binary' |
	    grep -q '^userCertificate'"
	not 'a revoked one is not' in_env a \
	    "$find '(mail=bob@example.org)' 'userCertificate;binary' |
	    grep -q '^userCertificate'"
fi
page='curl -sSf --max-time 20 --cacert "$ROOT_CERT"'
ok 'the registration authority shows its page' in_env a \
    "$page \"\$RA_URL/\" | grep -q '<main'"
ok 'EST gives the CA certificates' in_env a \
    "$page \"\$EST_URL/cacerts\" | base64 -d |
    openssl pkcs7 -inform DER -print_certs | grep -q '^subject'"
ok 'its name is known to programs that are no browsers' in_env a \
    'gnutls-cli --x509cafile "$ROOT_CERT" </dev/null -p "${RA_URL##*:}" \
    "$(echo "$RA_URL" | sed "s|^https://||; s|:.*||")"'
ask='openssl cmp -server "${CMP_URL#https://}" -tls_used \
    -tls_trusted "$ROOT_CERT" -ref "$CMP_REFERENCE"'
not 'CMP with a wrong secret gets nothing' in_env a \
    "$ask -cmd genm -secret pass:none"
ok 'CMP is spoken to who has the secret' in_env a \
    "$ask -cmd genm -secret \"file:\$CMP_SECRET_FILE\""
ok 'an officer gets in with the file and its password' in_env a '
    (umask 077; printf "cert-type = P12\ncert = \"%s:%s\"\n" \
	"$OFFICER1_P12" "$(cat "$P12_PASSWORD_FILE")" >"$HOME/curlrc")
    curl -sSf --max-time 20 --cacert "$ROOT_CERT" -K "$HOME/curlrc" \
	"$RA_OFFICER_URL" |
    grep -q "<main"'
ok "the second one's opens, too" in_env a 'openssl pkcs12 -noout \
    -in "$OFFICER2_P12" -passin "file:$P12_PASSWORD_FILE"'
found='[ "$(opensc-tool --list-readers | grep -c "Yes .*Example Reader")" = 2 ]'
ok 'cards are in two readers, for whoever looks' in_env a "$found"
in_env a 'signet doctor' >"$tmp/doctor" 2>&1
says ': 0 problems,' cat "$tmp/doctor"
is 'they are issued' "$(in_env a 'signet card list --batch first' |
    grep -c ' issued ')" 2
# Whichever of the two came first has the first number.
chip=$(in_env a 'signet-station readers --json' |
    jq -r 'select(.reader == "Example Reader 0 00 00").identity')
number=$(in_env a 'signet card list --batch first --json' |
    jq -r "select(.identity == \"$chip\").card")
letter=$tmp/a/cards/$number.pdf
is 'a PIN letter is for its owner only' "$(stat -c %a "$letter")" 600
ok '... and a PDF' pdftotext -layout "$letter" "$tmp/letter"
pin=$(sed -n 's/^ *\([0-9]\( *[0-9]\)\{5\}\) *$/\1/p' "$tmp/letter" |
    head -n 1 | tr -d ' ')
ok '... with the PIN of that card' in_env a "yubico-piv-tool \
    --reader 'Example Reader 0 00 00' -a verify-pin -P '$pin' 2>&1 |
    grep -q Success"
ok 'a mail with a link can be read' sh -c \
    "cat '$tmp'/a/mail/*.eml | tr -d '=\r\n' | grep -q /confirm/"
ok 'signet is on the path' in_env a 'signet cert list | grep -q 4711'

# --- again ---
count='psql -X -At "$DATABASE_URL" -c "SELECT count(*) FROM signet.cert"'
root=$(in_env a 'openssl x509 -in "$ROOT_CERT" -noout -fingerprint')
certs=$(in_env a "$count")
ok 'it can be repeated' quick a start
is '... and makes nothing anew' "$(in_env a 'openssl x509 -in "$ROOT_CERT" \
    -noout -fingerprint')" "$root"
is '... no certificate either' "$(in_env a "$count")" "$certs"
exits 1 'other ports are refused later' quick a --ports $((base + 100)) start
said 'has other ports, which stand in its certificates'
exec 6>"$tmp/$b/lock" && flock 6
exits 1 'two are not at work in one directory' quick "$b" start
said 'another quickstart is at work'
exec 6>&-
says "signet-rad    running" quick a status
says "ldap" quick a status
ok 'it stops' quick a stop
says 'signet-rad    not running' quick a status
not '... and no reader is there' in_env a "$found"
not '... and nobody listens' in_env a "$page \"\$RA_URL/\""
ok '... but the other does' in_env "$b" "$page \"\$RA_URL/\" | grep -q '<main'"
ok 'it goes on' quick a start
is '... as it was' "$(in_env a 'openssl x509 -in "$ROOT_CERT" -noout \
    -fingerprint')" "$root"
ok '... and its cards are in' in_env a "$found"

# --- away ---
ok 'it goes away' quick a destroy
not '... with everything' test -e "$tmp/a"
ok '... but not the other' in_env "$b" "$page \"\$RA_URL/\" | grep -q '<main'"
ok 'which goes, too' quick "$b" destroy
not '... and nothing of either runs' sh -c "grep -slz -- '$tmp/[ab]/' \
    /proc/[0-9]*/cmdline | grep -v \"^/proc/\$\$/\" | grep ."
trap tap_clean_up EXIT
done_testing
