# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Rolling over an issuing CA of an installation; after installation.sh:
#
#	roll_certify NAME [options of signet-root]	by the root: $roll_pem
#	generation NAME			ca roll and roll_certify
#	state NAME			what the CA list says that it does
#	roll_configure NAME [start]	its entry in cad.conf
#	issuers				how many certificates by which generation
: "${pki:?}" "${tmp:?}"

roll_certify() {
	roll_name=$1
	shift
	roll_family=${roll_name%.g*}
	# The ceremony of the first generation, with other names.
	sed "s/^name = .*/name = \"$roll_name\";/
	    s/ CA\"/ CA G${roll_name##*.g}\"/
	    s|/$roll_family\.csr|/$roll_name.csr|" \
	    "$pki/founding/certify-$roll_family.conf" \
	    >"$pki/founding/certify-$roll_name.conf" &&
	signet-root certify --dir "$pki/root" --profiles "$pki/profiles" \
	    --yes --passphrase "file:$pki/secrets/root" "$@" \
	    "$pki/founding/certify-$roll_name.conf" &&
	roll_pem=$(find "$pki/root/issued" -name "*-$roll_name.pem" | sort |
	    tail -n 1) && [ -n "$roll_pem" ]
}

roll_configure() {
	roll_start=
	[ -z "${2:-}" ] || roll_start="start = \"$2\";"
	sed -i '$d' "$pki/cad.conf"
	cat >>"$pki/cad.conf" <<CONF
, {
	name = "$1";
	cert = "$pki/ca/$1.pem";
	key = "file:$pki/ca/$1.key";
	passphrase = "file:$pki/secrets/ca-$1";
	$roll_start
	cdp = [ "http://pki.example.org/crl/$1.crl" ];
	ocsp = [ "http://pki.example.org/ocsp" ];
	aia = [ "http://pki.example.org/ca/$1.cer" ];
	crl_reasons = [ "all" ];
}
);
CONF
}

issuers() {
	sql "SELECT ca || '=' || count(*) FROM cert WHERE profile = '$1'
	    GROUP BY ca ORDER BY ca" | tr '\n' ' '
}

generation() {
	echo "secret of $1" >"$pki/secrets/ca-$1"
	chmod 600 "$pki/secrets/ca-$1"
	signet ca roll "${1%.g*}" --passphrase "file:$pki/secrets/ca-$1" \
	    --yes &&
	roll_certify "$1"
}
state() {
	signet ca list --json | jq -r "select(.name == \"$1\") | .state"
}
