#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What OpenSSL, GnuTLS, Java and NSS are told of certificates in each state: by
# GET and POST, with each hash, with a nonce and without, one at a time and all
# at once.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/ocspd.sh"
install_pki

ok 'a signer with the key that all clients take' ocsp_signer services rsa:2048
ok 'the responder starts' ocsp_start
# is_told SERIAL STATE
is_told() {
	openssl ocsp -issuer "$pki/ca/services.pem" -serial "$1" -noverify \
	    -url "$ocsp" 2>&1 | grep -q "^$1: $2"
}
ok '... and answers' wait_for is_told 1 unknown
# Clients find it in the certificates.
sed -i "s,^\([[:blank:]]*ocsp = \).*,\1[ \"$ocsp\" ];," "$pki/cad.conf"
openssl x509 -in "$pki/ca/services.pem" -out "$tmp/ca.pem"
cat "$pki/ca/root.pem" "$tmp/ca.pem" >"$tmp/both.pem"
mkdir "$tmp/certs"

# name, state, reason: as clients are to be told.
table() {
	cat <<-E
	aauthority revoked aacompromise
	affiliation revoked affiliationchanged
	cauthority revoked cacompromise
	cessation revoked cessationofoperation
	compromise revoked keycompromise
	expired good
	good good
	held revoked certificatehold
	never unknown
	noreason revoked
	outrevoked revoked superseded
	privilege revoked privilegewithdrawn
	released good
	superseded revoked superseded
	E
}
table >"$tmp/table"

# What revocation takes from them, "-" for nothing.
orders() {
	cat <<-E
	aauthority revoke aACompromise
	affiliation revoke affiliationChanged
	cauthority revoke cACompromise
	cessation revoke cessationOfOperation
	compromise revoke keyCompromise
	held hold -
	noreason revoke unspecified
	privilege revoke privilegeWithdrawn
	released hold -
	superseded revoke superseded
	E
}
changes() {
	orders | while read -r name kind reason; do
		[ "$reason" != - ] || reason=
		as o1 signet order new --kind "$kind" --wait 0s --yes \
		    "$(number "$name")" ${reason:+--reason "$reason"}
	done
	cad && [ "$(sql "SELECT count(*) FROM cert
	    WHERE status <> 'good'")" -eq $(($(orders | wc -l) + 1)) ]
}
release() {
	as o1 signet order new --kind release --wait 0s --yes \
	    "$(number released)"
	cad && [ "$(order_state "$(last_order)")" = 'done' ]
}
number() {
	openssl x509 -in "$tmp/certs/$1.pem" -noout -serial | cut -d= -f2
}

# Two that expire soon, one of them revoked before; then the others, in one go.
order_short() {
	until=$(date -u -d '+15 seconds' +%Y-%m-%dT%H:%M:%SZ)
	for name in expired outrevoked; do
		as o1 order_tls "$name" --sign --until "$until" || return 1
	done
	cad && change revoke "$(serial_of "$(last_order)")" \
	    --reason superseded
}
order_long() {
	cut -d' ' -f1 "$tmp/table" | grep -v 'expired\|never\|outrevoked' |
	    while read -r name; do
		as o1 order_tls "$name" --sign || exit 1
	done && cad
}
take_certs() {
	for name in $(cut -d' ' -f1 "$tmp/table"); do
		[ "$name" != never ] || continue
		sql "SELECT encode(der, 'base64') FROM cert
		    WHERE holder = '$name'" | base64 -d |
		    openssl x509 -inform DER -out "$tmp/certs/$name.pem" ||
		    return 1
	done
}
ok 'two are issued for seconds, and one of them is revoked' order_short
ok 'the others are issued' order_long
ok '... and taken' take_certs
# By the CA's key and unknown to the store.
request never
echo "authorityInfoAccess = OCSP;URI:$ocsp" >"$tmp/never.ext"
ok 'one is signed behind the back of the CA' openssl x509 -req -days 30 \
    -in "$tmp/never.csr" -CA "$tmp/ca.pem" -CAkey "$pki/ca/services.key" \
    -passin "file:$pki/secrets/ca-services" -set_serial 0x4711 \
    -extfile "$tmp/never.ext" -out "$tmp/certs/never.pem"
ok 'some are revoked and held' changes
ok 'one is released' release
past() { [ "$(date +%s)" -gt "$(date -d "$until" +%s)" ]; }
until=$(openssl x509 -in "$tmp/certs/expired.pem" -noout -enddate |
    cut -d= -f2)
ok 'two expire' wait_for past

# Each client's lines become those of the table.
in_words() {
	sed 's/[_ ]*unspecified//I' | awk '{ name = $1; state = $2
	    r = ""; for (i = 3; i <= NF; i++) r = r $i
	    r = tolower(r); gsub(/[^a-z]/, "", r)
	    print name " " state (r == "" ? "" : " " r) }' | sort
}
# OpenSSL has no names for the reasons above 8.
openssl_lines() {
	awk '/^[^ \t].*: (good|revoked|unknown)$/ {
	    if (line != "") print line
	    name = $1; sub(/.*\//, "", name); sub(/\.pem:$/, "", name)
	    line = name " " $2 }
	/Reason:/ && line ~ /^aauthority / { sub(/\(UNKNOWN\)/, "aACompromise") }
	/Reason:/ { sub(/\(UNKNOWN\)/, "privilegeWithdrawn")
	    line = line " " $2 }
	/Error|Failure/ { line = line " " $0 }
	END { print line }'
}
# openssl_asks METHOD HASH NONCE CERT...
openssl_asks() {
	oa_method=$1 oa_hash=$2 oa_nonce=$3
	shift 3
	for name; do
		set -- "$@" -cert "$tmp/certs/$name.pem"
		shift
	done
	set -- "-$oa_hash" -issuer "$tmp/ca.pem" "$@" -CAfile "$tmp/both.pem"
	if [ "$oa_method" = POST ]; then
		openssl ocsp "$@" "-$oa_nonce" -url "$ocsp" 2>&1
		return
	fi
	openssl ocsp "$@" "-$oa_nonce" -reqout "$tmp/req" >/dev/null 2>&1
	curl -sf -o "$tmp/resp" "$ocsp/$(base64 -w0 "$tmp/req" |
	    sed 's,/,%2F,g; s/+/%2B/g; s/=/%3D/g')"
	openssl ocsp "$@" -no_nonce -reqin "$tmp/req" -respin "$tmp/resp" 2>&1
}

names=$(cut -d' ' -f1 "$tmp/table")
for hash in sha1 sha256 sha384 sha512; do
	for nonce in nonce no_nonce; do
		for method in POST GET; do
			how="$method, $hash, $nonce"
			for name in $names; do
				openssl_asks $method $hash $nonce "$name" |
				    openssl_lines
			done | in_words >"$tmp/got"
			is "S033, S111: OpenSSL, $how, one at a time" \
			    "$(diff "$tmp/table" "$tmp/got")" ''
			# shellcheck disable=SC2086 # a list
			openssl_asks $method $hash $nonce $names \
			    >"$tmp/all.out"
			openssl_lines <"$tmp/all.out" | in_words >"$tmp/got"
			is "OpenSSL, $how, all at once" \
			    "$(diff "$tmp/table" "$tmp/got")" ''
			ok '... verified' grep -q '^Response verify OK' \
			    "$tmp/all.out"
			not '... the nonce, too' grep -qi nonce "$tmp/all.out"
		done
	done
done

# GnuTLS does not say what for.
cut -d' ' -f1,2 "$tmp/table" >"$tmp/short"
gnutls_asks() {
	for name in $names; do
		ocsptool "--ask=$ocsp" "--$1" --load-cert \
		    "$tmp/certs/$name.pem" --load-issuer "$tmp/ca.pem" \
		    --load-trust "$tmp/both.pem" >"$tmp/gnutls" 2>&1
		awk -v name="$name" '/Certificate Status:/ { s = $NF }
		    /Verifying OCSP Response: Success/ { v = 1 }
		    END { print name, v ? s : "unverified" }' "$tmp/gnutls"
	done | in_words
}
if command -v ocsptool >/dev/null; then
	for nonce in nonce no-nonce; do
		gnutls_asks $nonce >"$tmp/got"
		is "GnuTLS, $nonce" "$(diff "$tmp/short" "$tmp/got")" ''
	done
fi

java_asks() {
	java_nonce=$1
	shift
	for name in $names; do
		set -- "$@" "$tmp/certs/$name.pem"
	done
	java "-Djdk.security.certpath.ocspNonce=$java_nonce" \
	    "$srcdir/tests/interop/OcspClient.java" "$ocsp" \
	    "$pki/ca/root.pem" "$tmp/ca.pem" "$@" 2>"$tmp/java.err" |
	    sed 's/refused: .*unknown.*/unknown/' | in_words
}
if command -v java >/dev/null; then
	for nonce in true false; do
		java_asks $nonce >"$tmp/got"
		is "Java, nonce: $nonce" "$(diff "$tmp/table" "$tmp/got")" ''
	done
fi

# NSS finds the responder in the certificate, does not say what for, and takes
# "unknown" for revoked.
nss_asks() {
	mkdir "$tmp/nss"
	certutil -N -d "sql:$tmp/nss" --empty-password
	certutil -A -d "sql:$tmp/nss" -n root -t CT,, -a -i "$pki/ca/root.pem"
	certutil -A -d "sql:$tmp/nss" -n ca -t ,, -a -i "$tmp/ca.pem"
	for name in $names; do
		vfychain -d "sql:$tmp/nss" -pp -g leaf -m ocsp -s failIfNoInfo \
		    -u 1 -a "$tmp/certs/$name.pem" >"$tmp/nss.out" 2>&1
		awk -v name="$name" '/Chain is good/ { s = "good" }
		    /ERROR -8180/ { s = "revoked" }
		    /ERROR/ { if (s == "") s = $2 }
		    END { print name, s }' "$tmp/nss.out"
	done
}
if command -v vfychain >/dev/null; then
	nss_asks >"$tmp/got"
	sed 's/^expired .*/expired -8181:/; s/^outrevoked .*/outrevoked -8181:/
	    s/^never .*/never revoked/' "$tmp/short" >"$tmp/nss.table"
	ok 'NSS' diff "$tmp/nss.table" "$tmp/got"
fi

# All have found the signer by the digest of its key: no name is in the answer.
key_digest() {
	openssl x509 -in "$tmp/ocspd/signers/services.pem" -noout -pubkey |
	    openssl pkey -pubin -outform DER >"$tmp/spki"
	openssl asn1parse -inform DER -in "$tmp/spki" -strparse "$(openssl \
	    asn1parse -inform DER -in "$tmp/spki" |
	    sed -n 's/^ *\([0-9]*\):.*BIT STRING.*/\1/p')" -noout \
	    -out "$tmp/bits" && sha1sum <"$tmp/bits" | cut -d' ' -f1
}
openssl_asks GET sha1 nonce good >"$tmp/out"
openssl ocsp -respin "$tmp/resp" -noverify -resp_text >"$tmp/text" 2>&1
is 'OpenSSL: the responder is named by its key' \
    "$(sed -n 's/^ *Responder Id: //p' "$tmp/text" | tr A-F a-f)" \
    "$(key_digest)"
if command -v ocsptool >/dev/null; then
	ocsptool --response-info --infile "$tmp/resp" >"$tmp/text" 2>&1
	is 'GnuTLS: the responder is named by its key' "$(sed -n \
	    's/^[[:blank:]]*Responder Key ID: //p' "$tmp/text")" \
	    "$(key_digest)"
fi

# By policy: what was never issued is revoked, and for how long is answered.
ok 'the responder stops' ocsp_stop
ok '... and starts with another policy' ocsp_start \
    'never_issued = "revoked"' 'archive_cutoff = "365d"'
wait_for is_told 1 revoked
sed 's/^never .*/never revoked certificatehold/' "$tmp/table" >"$tmp/policy"
for method in POST GET; do
	# shellcheck disable=SC2086 # a list
	openssl_asks $method sha1 nonce $names >"$tmp/all.out"
	openssl_lines <"$tmp/all.out" | in_words >"$tmp/got"
	is "extended revoked, OpenSSL, $method" \
	    "$(diff "$tmp/policy" "$tmp/got")" ''
done
openssl ocsp -respin "$tmp/resp" -noverify -resp_text >"$tmp/text" 2>&1
od -An -v -tx1 "$tmp/resp" | tr -d ' \n' >"$tmp/hex"
ok 'the response says that it uses that' grep -q 2b06010505073001090402 \
    "$tmp/hex"
ok '... in 1970' grep -q 'Revocation Time: Jan  1 00:00:00 1970' "$tmp/text"
ok '... and since when it knows' grep -q 'Archive Cutoff' "$tmp/text"
if command -v ocsptool >/dev/null; then
	gnutls_asks nonce >"$tmp/got"
	cut -d' ' -f1,2 "$tmp/policy" >"$tmp/want"
	ok 'extended revoked, GnuTLS' diff "$tmp/want" "$tmp/got"
fi
if command -v java >/dev/null; then
	java_asks false >"$tmp/got"
	ok 'extended revoked, Java' diff "$tmp/policy" "$tmp/got"
fi

# Not ours.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$tmp/other.key" -out "$tmp/other.pem" -subj /CN=Other 2>/dev/null
ok "of the root its list speaks" sh -c "openssl ocsp -issuer \
    '$pki/ca/root.pem' -serial 5 -url '$ocsp' 2>&1 | grep -q unauthorized"
exits 1 "another's certificate" openssl ocsp -issuer "$tmp/other.pem" \
    -serial 5 -url "$ocsp"
said 'Responder Error: unauthorized (6)'
openssl ocsp -issuer "$tmp/other.pem" -serial 5 -reqout "$tmp/req" 2>"$tmp/out"
ok '... by GET' curl -sf -o "$tmp/resp" "$ocsp/$(base64 -w0 "$tmp/req" |
    sed 's,/,%2F,g; s/+/%2B/g; s/=/%3D/g')"
is '... likewise' "$(od -An -tx1 "$tmp/resp" | tr -d ' ')" 30030a0106
done_testing
