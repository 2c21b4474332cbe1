# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# A certificate of each profile, with each key of its row in
# tests/interop/profiles.table.  After installation.sh and install_pki:
#
#	samples_make [PROFILE]...	these, or all of them, in the current directory
#	samples.list		lines: name, profile, kind of key, CA, officers
#	NAME.pem NAME.key NAME.csr
#	NAME.known		its order's fields and what else is known of it
#	root.pem, people.pem, services.pem

# row PROFILE WORD - the lines of its row that begin with the word
row() {
	[ -e rows ] || "$srcdir/tests/interop/certlint" --rows >rows
	sed -n "s/^$1 $2 //p" rows
}

# A key and a request that says nothing.
samples_key() {
	case $2 in
	rsa:*)	set -- "$1" -newkey "$2" ;;
	ec:*)	set -- "$1" -newkey ec -pkeyopt "ec_paramgen_curve:${2#ec:}" ;;
	*)	set -- "$1" -newkey "$2" ;;
	esac
	samples_name=$1
	shift
	openssl req -new "$@" -nodes -keyout "$samples_name.key" \
	    -out "$samples_name.csr" -subj / 2>/dev/null
}

# samples_order NAME PROFILE CA - hand it in
samples_order() (
	set -- --profile "$2" --ca "$3" --csr "$1.csr" --holder "$1" \
	    --holder-name "$1" --yes
	while read -r order_field; do
		set -- "$@" --field "$order_field"
	done <"$samples_name.fields"
	signet order new "$@" </dev/null >out 2>&1 || { cat out >&2; return 1; }
)

# samples_approve OFFICER - all that wait for this one
samples_approve() {
	approve_profiles=$(awk -v who="$1" '$5 ~ "," who "," && !seen[$2]++ {
	    printf "%s\047%s\047", comma, $2; comma = "," }' samples.list)
	[ -n "$approve_profiles" ] || return 0
	# shellcheck disable=SC2046 # a list of orders
	as "$1" signet order approve --yes $(sql "SELECT encode(id, 'hex')
	    FROM orders WHERE profile IN ($approve_profiles)
	    AND state = 'pending'") >out 2>&1 || { cat out >&2; return 1; }
}

# What a certificate's row may speak of, beside the fields.
samples_known() {
	cat <<-EOF
	cdp=http://pki.example.org/crl/$1.crl
	ocsp=http://pki.example.org/ocsp
	aia=http://pki.example.org/ca/$1.cer
	EOF
}

# Somebody else's CA, certified with every kind of limit.
samples_cross() {
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
	    -out cross.key 2>>out
	openssl req -x509 -key cross.key -subj '/C=DE/O=Partner/CN=Partner CA' \
	    -addext "subjectKeyIdentifier=$(openssl pkey -in cross.key \
	    -pubout -outform DER | tail -c 65 | openssl dgst -sha256 -r |
	    cut -c 1-40)" -addext keyUsage=critical,keyCertSign,cRLSign \
	    -days 4000 -out partner.pem
	openssl req -new -key cross.key -subj / -out cross.csr
	signet-root cross-certify --dir "$pki/root" --profiles "$pki/profiles" \
	    --passphrase "file:$pki/secrets/root" --operator tests --yes \
	    --certificate partner.pem --csr cross.csr --name cross \
	    --permitted mail:partner.example --policies 2.999.1 \
	    --policy-mappings 2.999.1=2.999.7.1 --require-explicit-policy 0 \
	    --inhibit-policy-mapping 1 --inhibit-any-policy 0 \
	    --cdp http://pki.example.org/crl/root.crl \
	    --aia http://pki.example.org/ca/root.cer >out 2>&1 ||
	    { cat out >&2; return 1; }
	cp "$pki"/root/issued/*-cross.pem cross.pem
	{
		row cross field
		samples_known root
	} >cross.known
	echo 'cross cross - root ,' >>samples.list
}

samples_of_ceremony() {
	for samples_name in root:root sub-ca:services sub-ca:people:people; do
		samples_profile=${samples_name%:*}
		samples_name=${samples_name##*:}
		sed -n '1,/-END/p' "$pki/ca/$samples_name.pem" \
		    >"$samples_name.pem"
		{
			row "$samples_profile" field
			samples_known root
		} >"$samples_name.known"
		echo "$samples_name $samples_profile - root ," >>samples.list
	done
}

# Every other one of a profile has all of its fields.
samples_of_profile() {
	samples_more="more" samples_ca=$(row "$1" ca)
	for samples_kind in $(row "$1" keys); do
		samples_name=$1-$(echo "$samples_kind" | tr -d :- | tr PR pr)
		{
			row "$1" field
			[ -z "$samples_more" ] || row "$1" more
		} >"$samples_name.fields"
		{
			cat "$samples_name.fields"
			row "$1" know
			samples_known "$samples_ca"
			echo "since=$(date +%s)"
		} >"$samples_name.known"
		samples_key "$samples_name" "$samples_kind" &&
		samples_order "$samples_name" "$1" "$samples_ca" || return 1
		echo "$samples_name $1 ${samples_kind%%:*} $samples_ca" \
		    ",$(row "$1" approve | tr ' ' ,)," >>samples.list
		if [ -n "$samples_more" ]; then
			samples_more=
		else
			samples_more='more'
		fi
	done
}

samples_fetch() {
	sql "SELECT holder || ' ' || translate(encode(der, 'base64'), E'\n', '')
	    FROM cert" >fetched
	while read -r samples_name _; do
		[ -e "$samples_name.pem" ] ||
		    sed -n "s/^$samples_name //p" fetched | base64 -d |
		    openssl x509 -inform DER -out "$samples_name.pem" ||
		    return 1
		echo "now=$(date +%s)" >>"$samples_name.known"
	done <samples.list
}

samples_make() {
	[ $# -gt 0 ] || set -- "$srcdir"/etc/profiles/*
	samples_of_ceremony
	for samples_one; do
		case ${samples_one##*/} in
		root|sub-ca) ;;
		cross) samples_cross || return 1 ;;
		*) samples_of_profile "${samples_one##*/}" || return 1 ;;
		esac
	done
	for samples_officer in o1 o2 s1 s2; do
		samples_approve $samples_officer || return 1
	done
	cad && samples_fetch
}
