#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From a fixed clock, key and randomness come the same octets each time, and
# they are those that an encoder made from the standards alone writes.
. "${srcdir:-.}/tests/integration/tap.sh"

golden() {
	perl "$srcdir/tests/lib/golden.pl" "$@"
}

# key DIR NAME OPTION...
key() {
	dir=$1 name=$2
	shift 2
	(umask 077 && openssl genpkey "$@" -out "$dir/$name.key") 2>>"$tmp/err" &&
	    openssl pkey -in "$dir/$name.key" -pubout -outform DER \
	    -out "$dir/$name.spki"
}

keys() {
	for name in root people; do
		key "$1" "$name" -algorithm "$2" ${3:+-pkeyopt "$3"} || return
	done
	case $2 in
	RSA)	key "$1" holder -algorithm RSA -pkeyopt rsa_keygen_bits:2048 ;;
	*)	key "$1" holder -algorithm EC -pkeyopt ec_paramgen_curve:P-256 ;;
	esac
}

# make DIR SCHEME: all of them, twice, with nothing but the key in common
make() {
	golden profiles "$1/profiles" && golden jobs "$2" >"$1/jobs" &&
	    golden_twice "$1"
}
golden_twice() {
	"$SIGNET_BUILD/tests/lib/golden" "$1" <"$1/jobs" &&
	    mkdir "$1/first" && mv "$1"/*.der "$1/first" &&
	    "$SIGNET_BUILD/tests/lib/golden" "$1" <"$1/jobs"
}

# How the peer signs and verifies with the issuer's key.
sign() {
	case $3 in
	rsa)	openssl dgst -sha256 -sign "$1" -out "$2.sig" "$2" ;;
	ed25519) openssl pkeyutl -sign -inkey "$1" -rawin -in "$2" \
		    -out "$2.sig" ;;
	esac
}
verify() {
	case $3 in
	rsa-pss) set -- "$1" "$2" -sha256 -sigopt rsa_padding_mode:pss \
		    -sigopt rsa_pss_saltlen:32 -sigopt rsa_mgf1_md:sha256 ;;
	p256)	set -- "$1" "$2" -sha256 ;;
	p384)	set -- "$1" "$2" -sha384 ;;
	esac
	cert=$1 signer=$2
	shift 2
	openssl pkey -in "$signer" -pubout -out "$cert.pub" &&
	    openssl asn1parse -inform DER -in "$cert" -strparse \
	    "$(bit_string "$cert")" -noout -out "$cert.sig" &&
	    openssl dgst "$@" -verify "$cert.pub" -signature "$cert.sig" \
	    "$cert.tbs"
}
bit_string() {
	openssl asn1parse -inform DER -in "$1" | awk '/d=1 .*BIT STRING/ {
		sub(/:.*/, "")
		print $0 + 0
	}'
}
# The first member of the sequence, as it is in the file.
tbs_of() {
	openssl asn1parse -inform DER -in "$1" -strparse "$(openssl asn1parse \
	    -inform DER -in "$1" | awk '/d=1 / { sub(/:.*/, "")
		print $0 + 0; exit }')" -noout -out "$1.tbs"
}

issuer_of() {
	case $1 in
	root|people) echo root ;;
	*) echo people ;;
	esac
}

# whole DIR NAME ALG: every octet of it
whole() {
	golden tbs "$1" "$2" "$3" >"$1/$2.want.tbs" &&
	    sign "$1/$(issuer_of "$2").key" "$1/$2.want.tbs" "$3" &&
	    golden wrap "$3" "$1/$2.want.tbs" "$1/$2.want.tbs.sig" \
	    >"$1/$2.want" && cmp "$1/$2.want" "$1/$2.der"
}

# signed DIR NAME ALG: what is signed, and that the signature fits
signed() {
	golden tbs "$1" "$2" "$3" >"$1/$2.want.tbs" && tbs_of "$1/$2.der" &&
	    cmp "$1/$2.want.tbs" "$1/$2.der.tbs" &&
	    verify "$1/$2.der" "$1/$(issuer_of "$2").key" "$3"
}

for row in rsa:RSA:rsa_keygen_bits:2048:- ed25519:ED25519:::- \
    rsa-pss:RSA:rsa_keygen_bits:2048:rsa-pss \
    p256:EC:ec_paramgen_curve:P-256:- p384:EC:ec_paramgen_curve:P-384:-; do
	alg=${row%%:*} scheme=${row##*:}
	option=${row#*:*:} option=${option%:*}
	[ "$option" != : ] || option=
	type=${row#*:} type=${type%%:*}
	d=$tmp/$alg
	mkdir -p "$d/profiles"
	ok "$alg: keys" keys "$d" "$type" "$option"
	ok "$alg: certificates and lists are made twice" make "$d" "$scheme"
	for name in $(golden names); do
		# The root's own signature is the usual one for its key.
		how=$alg
		[ "$name" != root ] || [ "$alg" != rsa-pss ] || how=rsa
		case $how in
		rsa|ed25519)
			ok "$alg $name: the same octets again" \
			    cmp "$d/first/$name.der" "$d/$name.der"
			ok "$alg $name: every octet is as expected" \
			    whole "$d" "$name" "$how" ;;
		*)
			ok "$alg $name: what is signed is as expected" \
			    signed "$d" "$name" "$how" ;;
		esac
	done
done

# The encoder would notice: one octet of a profile's value makes a difference.
d=$tmp/ed25519
sed -i 's/name=Bob/name=Rob/' "$d/jobs"
rm -r "$d/first"
ok 'another name is made' golden_twice "$d"
not '...and is not what is expected' whole "$d" login ed25519
ok '...the others still are' whole "$d" mail ed25519
done_testing
