#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each profile's certificate, to the byte, and held against the standards by a
# program that shares nothing with ours; then what OpenSSL, GnuTLS, NSS and Java
# take it for and what for not, under which policies; then letters with each
# profile for mail, between OpenSSL and GnuPG.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/installation.sh"
. "$srcdir/tests/lib/samples.sh"
PATH=$srcdir/tests/interop:$PATH
cd "$tmp" || exit 1

is 'each profile has a row in profiles.table, and each row a profile' \
    "$(certlint --rows | sed 's/[: ].*//' | sort -u)" \
    "$(ls "$srcdir/etc/profiles")"
[ "$tap_failed" -eq 0 ] || done_testing

root_key=ec:P-384 ca_key=rsa:3072
install_pki
ok 'a certificate of each profile is issued' samples_make

certlint --samples samples.list >linted
while read -r name rest; do
	is "G015: $name is what the standards and its row say" \
	    "$(grep "^$name " linted)" ''
done <samples.list

# Debian has a linter from 13 on.  It cannot read object identifiers like those
# of our roles, and its rule of an OCSP address for each TLS server is from
# before short-lived certificates were allowed to go without.
zlint_finds() {
	case $2 in
	smime)	zlint_sources=RFC5280,CABF_SMIME_BR ;;
	tls)	zlint_sources=RFC5280,CABF_BR ;;
	*)	zlint_sources=RFC5280 ;;
	esac
	if zlint -includeSources "$zlint_sources" "$1.pem" >"$1.zlint" 2>&1; then
		tr ',' '\n' <"$1.zlint" | grep -E '"(error|fatal)"' |
		    grep -v e_sub_cert_aia_does_not_contain_ocsp_url
		return
	fi
	grep -q 'base 128 integer too large' "$1.zlint" &&
	    openssl x509 -in "$1.pem" -noout -text | grep -qF "$arc." ||
	    cat "$1.zlint"
}
if command -v zlint >/dev/null 2>&1; then
	while read -r name profile rest; do
		is "zlint finds no error in $name" "$(zlint_finds "$name" \
		    "$(row "$profile" rules | sed 's/ .*//')")" ''
	done <samples.list
else
	echo '# zlint is not here (a package of Debian 13): not asked'
fi

# --- what others take them for -----------------------------------------------

# A line for each but the CAs' own: name, what for, and "policy:" one.
grep -v ' - ' samples.list >leaves
while read -r name profile kind rest; do
	echo "$name $kind $(row "$profile" rules | sed 's/ .*//')" \
	    "$(row "$profile" for) $(row "$profile" policy | sed 's/^/policy:/')"
done <leaves >uses
names=$(cut -d ' ' -f 1 leaves)
pems=$(printf '%s.pem ' $names)
policies=$(grep -o 'policy:.*' uses | sort -u | cut -d : -f 2)
cat people.pem services.pem >cas.pem
openssl crl -inform DER -in "$(find "$pki/root/crl" -name '*.crl')" \
    -out root.crl
for ca in people services; do
	ok "the list of $ca is there" signet crl export $ca --out $ca.crl
done

# Each says "NAME use", a line for each use that it takes it for.  OpenSSL 3.0
# has no purpose for code, and asks nothing of who answers.
by_openssl() {
	for use in smimesign:sign smimeencrypt:encrypt sslclient:login \
	    sslserver:server timestampsign:time; do
		# shellcheck disable=SC2086 # a list of files
		openssl verify -x509_strict -purpose "${use%:*}" -crl_check_all \
		    -CAfile root.pem -untrusted cas.pem -CRLfile root.crl \
		    -CRLfile people.crl -CRLfile services.crl $pems \
		    2>/dev/null | sed -n "s/\.pem: OK/ ${use#*:}/p"
	done
	for policy in $policies; do
		# shellcheck disable=SC2086 # a list of files
		openssl verify -x509_strict -explicit_policy -policy "$policy" \
		    -CAfile root.pem -untrusted cas.pem $pems 2>/dev/null |
		    sed -n "s/\.pem: OK/ policy:$policy/p"
	done
}

by_gnutls() {
	for name in $names; do
		cat "$name.pem" cas.pem >chain
		for use in 4:mail 2:login 1:server 3:code 8:time 9:answers; do
			certtool --verify --verify-profile medium --infile \
			    chain --load-ca-certificate root.pem \
			    --verify-purpose "1.3.6.1.5.5.7.3.${use%:*}" \
			    >/dev/null 2>&1 && echo "$name ${use#*:}"
		done
	done
}

# What is for code it takes below a CA alone that says so.
by_nss() {
	mkdir nss
	certutil -N -d sql:nss --empty-password
	certutil -A -d sql:nss -n root -t CT,C,C -i root.pem
	for ca in people services; do
		certutil -A -d sql:nss -n $ca -t ,, -i $ca.pem
	done
	for name in $names; do
		for use in 4:sign 5:encrypt 0:login 1:server 10:answers; do
			vfychain -d sql:nss -u "${use%:*}" -a "$name.pem" \
			    >/dev/null 2>&1 && echo "$name ${use#*:}"
		done
	done
}

# Its own words are one line for each certificate.
by_java() {
	# shellcheck disable=SC2086 # a list of files
	java "$srcdir/tests/interop/Takers.java" $pems 2>java.err |
	    awk '{ for (i = 2; i <= NF; i++) print $1, $i }'
}

# What each program should say.  OpenSSL wants keyEncipherment, which no EC key
# may have, for smimeencrypt (it encrypts to one all the same, see below).
# GnuTLS tells no signing from encryption, wants OCSPSigning in the CA, too, and
# cannot read Signet's roles (doc/oids.md).  To NSS each EC key is one to
# encrypt to; it knows neither time stamps nor policies.
expected() {
	awk -v by="$1" -v roles="$gnutls_roles" '{
		name = $1
		ec = $2 == "ec"
		role = $3 == "role"
		mail = 0
		for (i = 4; i <= NF; i++) {
			use = $i
			if (by == "openssl" && (use == "encrypt" && ec ||
			    use == "code" || use == "answers"))
				continue
			if (by == "nss" && (use ~ /^policy/ || use == "time" ||
			    use == "code" ||
			    use == "encrypt" && ec && / sign /))
				continue
			if (by == "gnutls" && (use ~ /^policy/ ||
			    use == "answers" || role && !roles))
				continue
			if (by == "gnutls" && (use == "sign" ||
			    use == "encrypt"))
				use = mail++ ? "" : "mail"
			if (use != "")
				print name, use
			if (by == "nss" && use == "sign" && ec)
				print name, "encrypt"
		}
	}' uses
}

gnutls_roles=''
if certtool -i --infile "$pki/officers/o1.pem" 2>&1 |
    grep -q 'TLS WWW Client'; then
	gnutls_roles=yes
fi

programs='openssl gnutls nss'
if command -v java >/dev/null && java --list-modules 2>/dev/null |
    grep -q '^jdk.compiler'; then
	programs="$programs java"
else
	echo '# java (a JDK) is not here: not asked'
fi
for program in $programs; do
	by_$program | sort >$program.takes
	expected $program | sort >$program.expected
	for name in $names; do
		want=$(grep "^$name " $program.expected | cut -d ' ' -f 2- |
		    xargs)
		is "E003, E166: $program takes $name for ${want:-nothing}" \
		    "$(grep "^$name " $program.takes | cut -d ' ' -f 2- |
		    xargs)" "$want"
	done
done
ok 'S073: OpenSSL takes the CAs, being strict' openssl verify -x509_strict \
    -crl_check -CRLfile root.crl -CAfile root.pem people.pem services.pem

# --- letters -----------------------------------------------------------------

GNUPGHOME=$tmp/gnupg
export GNUPGHOME
mkdir -m 700 gnupg
printf 'disable-crl-checks\ndisable-dirmngr\n' >gnupg/gpgsm.conf
echo "$(openssl x509 -in root.pem -noout -fingerprint -sha1 |
    sed 's/.*=//') S" >gnupg/trustlist.txt
# shellcheck disable=SC2046 # a list of files
ok 'GnuPG takes the certificates for mail' gpgsm --batch --import root.pem \
    people.pem $(awk '/ (sign|encrypt) / { print $1 ".pem" }' uses)
echo 'the goods arrive on Thursday' >letter

# GnuPG wants a hash as long as the curve.
sign() {
	case $1 in
	*p384) md=sha384 ;;
	*p521) md=sha512 ;;
	*) md=sha256 ;;
	esac
	openssl cms -sign -binary -nodetach -md $md -in letter -signer "$1.pem" \
	    -inkey "$1.key" -certfile people.pem -outform DER -out "$1.signed"
}
verify() {
	openssl cms -verify -inform DER -in "$1.signed" -CAfile root.pem \
	    -purpose smimesign -out plain && cmp plain letter
}
encrypt() {
	openssl cms -encrypt -binary -aes256 -in letter -outform DER -out \
	    "$1.sealed" "$1.pem"
}
by_gpgsm() {
	rm -f "$1.sealed"
	gpgsm --batch --output "$1.sealed" --encrypt --recipient \
	    "$(openssl x509 -in "$1.pem" -noout -fingerprint -sha1 |
	    sed 's/.*=//; s/://g')" letter
}
decrypt() {
	openssl cms -decrypt -binary -inform DER -in "$1.sealed" -recip \
	    "$1.pem" -inkey "$1.key" -out plain && cmp plain letter
}

# OpenSSL 3.0 signs no letters with Ed25519; GnuPG 2.2 verifies none with P-521
# and encrypts to no EC key.
while read -r name kind rest; do
	case " $rest " in
	*' sign '*)
		[ "$kind" != ed25519 ] || continue
		ok "G022: $name signs a letter" sign "$name"
		ok '... which OpenSSL verifies' verify "$name"
		case $name in *p521) continue ;; esac
		says 'Good signature from' gpgsm --batch --verify "$name.signed"
		;;
	*' encrypt '*)
		sign "$name" >out 2>&1
		says 'unsuitable certificate purpose' verify "$name" ;;
	esac
	case " $rest " in
	*' encrypt '*)
		ok "E168: OpenSSL encrypts to $name" encrypt "$name"
		ok '... which its key reads' decrypt "$name"
		[ "$kind" = rsa ] || continue
		ok '... and GnuPG does' by_gpgsm "$name"
		ok '... which its key reads' decrypt "$name" ;;
	*' sign '*)
		says 'Wrong key usage' by_gpgsm "$name" ;;
	esac
done <uses
gpgconf --kill all
done_testing
