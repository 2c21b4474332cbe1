#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Attacks on the secrets of CMP: other references, other secrets, another kind
# of protection than was made, messages sent again, transactions of others.
# None of them gets a certificate, and none leaves anything behind.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/enrol.sh"
install_pki
device_profile
(umask 077 && openssl rand -hex 16 >"$tmp/plant" &&
    openssl rand -hex 16 >"$tmp/mill")
one() {
	printf '{ reference = "%s"; secret = "file:%s"; profile = "device";
	    names = "%s-[a-z0-9]+"; }' "$1" "$tmp/$1" "$1"
}
ok 'the RA has its certificates' rad_certificates
ok 'the RA starts' rad_start 'patience = "8s"' \
    "cmp_secrets = ( $(one plant), $(one mill) )"
cad_start
for name in dev1 dev2; do
	code_order $name device
	enrol $name simpleenroll -u "$name:$code"
	ok "$name has a certificate" issued_to $name
	openssl x509 -in "$tmp/$name.pem" -outform DER -out "$tmp/$name.cert"
done

# message FILE NAME [option]... - an ir that is written down and not sent
message() {
	message_file=$1 message_name=$2
	shift 2
	[ -e "$tmp/$message_name.key" ] || openssl ecparam -name prime256v1 \
	    -genkey -noout -out "$tmp/$message_name.key"
	openssl cmp -cmd ir -server 127.0.0.1:1 -recipient /CN=x \
	    -newkey "$tmp/$message_name.key" -subject "/CN=$message_name" \
	    -reqout "$tmp/$message_file" -certout "$tmp/none.pem" \
	    -total_timeout 1 "$@" >"$tmp/out" 2>&1
	[ -s "$tmp/$message_file" ]
}
with() {
	message "$1.der" "$2" -ref "${3:-plant}" -secret \
	    "file:$tmp/${4:-plant}"
}
post() {
	status=$(rad_curl -o "$tmp/answer" -D "$tmp/head" -w '%{http_code}' --max-time 20 \
	    -H 'Content-Type: application/pkixcmp' --data-binary "@$1" \
	    "$ra/cmp")
}
twist() {
	twist_of=$1
	shift
	perl "$srcdir/tests/lib/cmp_twist.pl" "$@" <"$tmp/$twist_of.der" \
	    >"$tmp/twisted"
}
# answered 'what' FILE STATUS TEXT
answered() {
	post "$2"
	is "$1" "$status" "$3"
	says "$4" tr -cd '[:print:]' <"$tmp/answer"
}
twisted() {
	twisted_what=$1 twisted_of=$2 twisted_status=$3 twisted_text=$4
	shift 4
	twist "$twisted_of" "$@"
	answered "$twisted_what" "$tmp/twisted" "$twisted_status" \
	    "$twisted_text"
}
# The number of a message's body: 1 answers an ir, 23 is an error.
body_of() {
	openssl asn1parse -inform DER -in "$1" 2>/dev/null |
	    sed -n 's/^ *[0-9]*:d=1 .*cont \[ \([0-9]*\) \].*/\1/p' | head -n 1
}
hex() { printf %s "$1" | od -An -tx1 | tr -d ' \n'; }
stand() {
	sql "SELECT (SELECT count(*) FROM cert), (SELECT count(*) FROM orders),
	    (SELECT count(*) FROM request), (SELECT count(*) FROM holder)"
}
before=$(stand)
ok 'a good message' with good plant-1
ok 'one that is signed' message signed.der dev1 -cert "$tmp/dev1.pem" \
    -key "$tmp/dev1.key"

# ---- who ----
# What of an answer is the same for everybody: its headers, and its body but for
# what is drawn anew or is of the message that was sent.
shape() {
	tr -d '\r' <"$tmp/head" | sed 's/^\(date\): .*/\1/I'
	{ openssl asn1parse -inform DER -in "$tmp/answer" 2>"$tmp/out" ||
	    cat "$tmp/answer"; } | sed '
	    s/\(OCTET STRING *\[HEX DUMP\]:\).*/\1/
	    s/\(OCTET STRING *:\).*/\1/; s/\(GENERALIZEDTIME *:\).*/\1/
	    s/^ *[0-9]*://; s/([0-9a-f]*)$//'
}
with stranger plant-1 nobody
answered 'the right secret under a reference that there is not' \
    "$tmp/stranger.der" 200 'wrong pbm value'
with guess plant-1 plant mill
answered 'the secret of somebody else' "$tmp/guess.der" 200 'wrong pbm value'
shape >"$tmp/guess.shape"
with plane plant-1 plane
answered 'a reference that there is not, as long' "$tmp/plane.der" 200 \
    'wrong pbm value'
shape >"$tmp/plane.shape"
ok '... is answered as one that there is, to the last header' \
    diff "$tmp/guess.shape" "$tmp/plane.shape"
ok '... which was long enough to differ' \
    test "$(wc -l <"$tmp/plane.shape")" -gt 40
# An answer is a message under the same reference, with a MAC that fits.
cp "$tmp/answer" "$tmp/reflected.der"
post "$tmp/reflected.der"
is 'an answer that is sent back is of no transaction' "$status" 404
shape >"$tmp/plane.shape"
post "$tmp/guess.der"
cp "$tmp/answer" "$tmp/reflected.der"
post "$tmp/reflected.der"
is '... of a reference that there is' "$status" 404
shape >"$tmp/guess.shape"
is '... which is not told either' \
    "$(diff "$tmp/guess.shape" "$tmp/plane.shape")" ''
with mill plant-1 mill mill
post "$tmp/mill.der"
says 'not a name that this reference may ask for' \
    tr -cd '[:print:]' <"$tmp/answer"
twisted 'a reference changed to that of somebody else' good 200 \
    'wrong pbm value' reference "$(hex mill)"
twisted 'a reference changed to nobody' good 200 'wrong pbm value' \
    reference "$(hex nobody)"
twisted 'in other letters' good 200 'wrong pbm value' reference \
    "$(hex PLANT)"
twisted 'with a NUL behind it' good 200 'wrong pbm value' reference \
    "$(hex plant)00"
twisted 'the beginning of it' good 200 'wrong pbm value' reference \
    "$(hex plan)"
twisted 'an empty one' good 403 'no reference (senderKID) says whose' \
    reference ''

# ---- by what ----
ecdsa=300a06082a8648ce3d040302 ed25519=300506032b6570
twisted 'a MAC that is called a signature' good 403 'is not in extraCerts' \
    algorithm $ecdsa
twist good signer "$tmp/dev1.cert"
cp "$tmp/twisted" "$tmp/both.der"
twist both algorithm $ecdsa
post "$tmp/twisted"
is '... with a certificate beside it: the MAC is no signature of that' \
    "$(body_of "$tmp/answer")" 23
twisted 'a MAC of a kind that there is not' good 403 'CMP message' \
    algorithm 3003060100
twist good algorithm 300b06092a864886f70d01050e
post "$tmp/twisted"
ok 'a MAC that is called PBMAC1, without its parameters' test "$status" = 400 \
    -o "$status" = 403 -o "$(grep -ac . "$tmp/answer")" -ge 1
twisted 'made with SHA-256, said to be with SHA-1' good 200 \
    'wrong pbm value' hash 2b0e03021a
twisted 'a one-way function that there is not' good 400 \
    'object identifier is cut off' hash 2b0e030299
pbm=$(perl -e '
	local $/; my $in = <STDIN>;
	$in =~ /\xa1(.)(\x30..*?\x06\x09\x2a\x86\x48\x86\xf6\x7d\x07\x42\x0d)/s;
	print unpack "H*", substr $in, $-[2], ord $1;' <"$tmp/good.der")
ok 'how a MAC is named' [ "${#pbm}" -gt 40 ]
twisted 'a signature that is called a MAC' signed 200 'wrong pbm value' \
    algorithm "$pbm"
twist signed algorithm "$pbm"
cp "$tmp/twisted" "$tmp/named.der"
twisted 'a signature by another algorithm than it says' signed 200 \
    'wrong public key type' algorithm $ed25519
is '... is answered by an error' "$(body_of "$tmp/answer")" 23
twist signed signer "$tmp/dev2.cert"
post "$tmp/twisted"
is "a signature beside somebody else's certificate is, too" \
    "$(body_of "$tmp/answer")" 23
openssl x509 -in "$pki/ca/services.pem" -outform DER -out "$tmp/ca.cert"
twisted "... beside the CA's" signed 403 'CMP message' signer "$tmp/ca.cert"
is 'nothing of all that left anything' "$(stand)" "$before"

# ---- again ----
answered 'the good message' "$tmp/good.der" 200 ''
is '... gets its certificate' "$(sql "SELECT count(*) FROM cert
    WHERE holder = 'plant-1'")" 1
after=$(stand)
answered 'sent again' "$tmp/good.der" 409 'this transactionID is going on'
# A name is [4], too.
id=$(openssl asn1parse -inform DER -in "$tmp/good.der" | awk -F: '
    four && /OCTET STRING/ { print $NF; exit }
    { four = /d=2 .*cont \[ 4 \]/ }')
ok 'the name of its transaction' [ -n "$id" ]
with other mill-1 mill mill
twisted "somebody else's message in that transaction" other 409 \
    'this transactionID is going on' transaction "$id"
twist other transaction "$id"
cp "$tmp/twisted" "$tmp/confirm.der"
twisted '... as if it were to confirm' confirm 403 \
    "the transaction is another's" body 24
twisted '... to ask again' confirm 403 "the transaction is another's" body 25
is 'nothing came of it' "$(stand)" "$after"

# ---- guessing ----
i=0
while [ $i -lt 640 ]; do
	i=$((i + 1))
	[ $i -eq 1 ] || echo next
	cat <<-C
	url = "$ra/cmp"
	cacert = "$pki/ca/root.pem"
	connect-to = "$rad_host:$rad_port:127.0.0.1:$rad_port"
	header = "Content-Type: application/pkixcmp"
	data-binary = "@$tmp/guess.der"
	output = "$tmp/guessed"
	write-out = "%{http_code}\\n"
	C
done >"$tmp/guesses"
curl -s --config "$tmp/guesses" | sort | uniq -c >"$tmp/statuses"
ok 'whoever goes on guessing is slowed down' grep -q ' 429$' "$tmp/statuses"
is 'nothing came of that' "$(stand)" "$after"
not 'no secret is in the log' grep -qF -f "$tmp/plant" "$tmp/rad.log"
ok 'the auditor finds all well' proven
rad_stop
cad_stop
done_testing
